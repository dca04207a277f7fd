//! The terminal client as processes: what people type and what scripts read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alone;
mod bad;
mod bad_pairing;
mod days;
mod demo;
mod device;
mod erasing;
mod evidence;
mod files;
mod fortnight;
mod keys;
mod needs;
mod pairing;
mod parting;
mod reading;
mod recovery;
mod relay;
mod run;
mod safety;
#[cfg(target_os = "linux")]
mod service;
mod status;
mod stolen;
mod words;
