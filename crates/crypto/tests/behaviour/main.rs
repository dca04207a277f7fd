//! What the crate promises, each promise a test.

#![allow(clippy::unwrap_used, reason = "tests and what they share")]

mod envelope_refusal;
mod golden;
mod passphrase;
mod refusal;
mod samples;
mod sealing;
mod secrecy;
mod signing;
