//! Calls, each a task of the library's own runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::JournalError;
use crate::mirror::Give;

/// Does `work` as a task, and gives its answer in this crate's form. Whoever drops the future
/// stops waiting; the work is done all the same. Work that panics is Internal.
pub(crate) async fn run<T, U, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<U, JournalError>
where
    T: Give<U> + Send + 'static,
    E: Into<JournalError> + Send + 'static,
{
    Ok(task(work).await?.map_err(Into::into)?.give())
}

/// Whatever the work is, to the runtime it is one type: with one for each call, what tokio makes of
/// a task would be there some hundred times.
async fn task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JournalError> {
    let (answer, answered) = oneshot::channel();
    let work: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        // Nobody may be waiting any more.
        let _ = answer.send(work.await);
    });
    drop(sidelight::runtime()?.spawn(work));
    // Work that panics drops what would answer.
    answered.await.map_err(|_| JournalError::panicked())
}

/// The same; once `cancel` says so, the work is stopped where it is, too.
pub(crate) async fn run_until<T, U, E>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<U, JournalError>
where
    T: Give<U> + Send + 'static,
    E: Into<JournalError> + Send + 'static,
{
    let Some(cancel) = cancel else {
        return run(work).await;
    };
    let task = task(async move {
        tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            done = work => Some(done),
        }
    });
    match task.await? {
        Some(done) => Ok(done.map_err(Into::into)?.give()),
        None => Err(JournalError::cancelled()),
    }
}

/// Milliseconds of another language as a duration.
pub(crate) fn duration(ms: i64) -> Result<Duration, JournalError> {
    let ms = u64::try_from(ms);
    let ms = ms.map_err(|_| JournalError::invalid("a time cannot be negative; give another"))?;
    Ok(Duration::from_millis(ms))
}

/// Stops the calls that it is given to: they end where they are, as Cancelled, and keep what
/// they have done. Cancelling the future of a call only stops waiting for it.
#[derive(Debug, uniffi::Object)]
pub struct CancelToken {
    cancelled: watch::Sender<bool>,
}

#[uniffi::export]
impl CancelToken {
    /// One that cancels nothing yet.
    #[uniffi::constructor]
    #[expect(
        clippy::new_without_default,
        reason = "other languages know no Default"
    )]
    pub fn new() -> Self {
        Self {
            cancelled: watch::Sender::new(false),
        }
    }

    /// Stops the calls that it was given to, and those that it will be given to.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }
}

impl CancelToken {
    pub(crate) async fn cancelled(&self) {
        let mut watched = self.cancelled.subscribe();
        // It cannot be dropped while it is borrowed.
        let _ = watched.wait_for(|cancelled| *cancelled).await;
    }
}
