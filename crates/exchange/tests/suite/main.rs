//! Everything in, everything out, and what strangers send.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod elsewhere;
mod hostile;
mod page;
mod round;
mod support;
