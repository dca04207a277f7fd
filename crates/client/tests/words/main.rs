//! The words that come with the library, and how an app's own are read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod choosing;
mod files;
mod help;
mod shipped;
mod tone;
