//! The relay from outside: its database, its library over QUIC, its program as a process.

mod common;
mod database;
mod library;
mod program;
