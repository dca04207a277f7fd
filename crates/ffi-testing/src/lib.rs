//! What tests of an app need: journals in memory, a clock that is set, a key store that can be
//! locked, a relay on this machine whose network can be cut and slowed, and what a call costs in Rust.
//!
//! The library that is built from this crate holds all of `sidelight-ffi`, too, and stands in its
//! place in a test: two of them in one process would not know each other's journals. What is
//! shipped to people is built without it, and so without a relay.

// What uniffi generates is `extern "C"`, and takes pointers; nothing that is written here does.
#![allow(unsafe_code)]

mod measure;
mod memory;
mod network;
mod relay;

pub use measure::page_in_rust_ns;
pub use memory::{LockableKeyStore, MemoryHome, TestClock, fail_internally};
pub use relay::LoopbackRelay;

uniffi::setup_scaffolding!("sidelight_testing");

use sidelight_ffi::JournalError;

/// Does `work` as a task of the library's runtime; a panic in it is Internal.
async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, JournalError>> + Send + 'static,
) -> Result<T, JournalError> {
    let task = sidelight::runtime()?.spawn(work);
    task.await.unwrap_or_else(|_| {
        Err(JournalError::Internal {
            detail: "this is a bug in Sidelight (a call did not end); please report it".to_owned(),
        })
    })
}
