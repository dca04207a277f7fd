//! The host from outside: frames in, frames out, and a disk that forgets what was not committed.

mod access;
mod common;
mod conformance;
mod exchange;
mod weather;
