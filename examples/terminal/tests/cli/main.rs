//! The terminal client as processes: what people type and what scripts read.

mod alone;
mod bad;
mod bad_pairing;
mod files;
mod pairing;
mod relay;
mod run;
mod safety;
