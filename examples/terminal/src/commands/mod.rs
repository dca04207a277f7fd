//! The commands, by what they are about. Each opens the home, asks the library, and tells.

pub(crate) mod alone;
pub(crate) mod begin;
pub(crate) mod between;
pub(crate) mod days;
pub(crate) mod device;
pub(crate) mod editor;
pub(crate) mod erase;
mod fields;
pub(crate) mod files;
pub(crate) mod help;
pub(crate) mod hold;
pub(crate) mod keys;
pub(crate) mod needs;
pub(crate) mod pair;
pub(crate) mod parting;
pub(crate) mod past;
pub(crate) mod private;
pub(crate) mod read;
pub(crate) mod recovery;
pub(crate) mod relay;
pub(crate) mod today;
pub(crate) mod travel;
pub(crate) mod verify;
pub(crate) mod words;
pub(crate) mod write;

use std::io::Read;

use crate::failure::Failure;

/// More than any entry or link may have: what is too long is refused by the library, in its
/// words, and standard input without an end does not fill the memory.
const STDIN_LEN_MAX: u64 = 4 * 1024 * 1024;

/// An argument, or standard input if it is `-`, without the newline that ends its last line.
async fn text_or_stdin(argument: String) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument);
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(STDIN_LEN_MAX)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    });
    let bytes = read
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
        .map_err(|error| {
            Failure::invalid(format!(
                "standard input cannot be read ({error}); try again"
            ))
        })?;
    let mut text = String::from_utf8(bytes).map_err(|_| {
        Failure::invalid("standard input is not UTF-8 text; convert it, then try again")
    })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Waits for Ctrl-C, or for what a supervisor sends.
pub(crate) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
