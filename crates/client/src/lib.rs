//! Written shortly.
pub mod device;
mod error;

pub use error::{Error, ErrorKind};
