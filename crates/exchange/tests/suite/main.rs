//! Everything in, everything out, and what strangers send.

mod elsewhere;
mod hostile;
mod page;
mod round;
mod support;
