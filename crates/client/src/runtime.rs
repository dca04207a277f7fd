//! The library's own runtime, for all journals of the process: they work in any executor, or
//! in none.

use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::{Error, ErrorKind};

/// Carrying frames is little work; sealing and keeping them is the device threads'.
const WORKERS: usize = 2;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// A runtime that lost a race to be the one would have to be dropped, which tokio forbids in
/// tasks.
static STARTING: Mutex<()> = Mutex::new(());

/// The runtime.
///
/// # Errors
/// Storage, if the system gives no thread.
pub fn get() -> Result<&'static Runtime, Error> {
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("sidelight-net")
        .enable_all()
        .build()
        .map_err(|_| no_thread())?;
    Ok(RUNTIME.get_or_init(|| built))
}

/// The system gives no thread.
pub(crate) fn no_thread() -> Error {
    Error::new(
        ErrorKind::Storage,
        "the system gives no more threads; close other programs and try again",
    )
}
