//! Calls, each a task of the library's own runtime.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::JournalError;
use crate::mirror::Give;

/// Does `work` as a task, and gives its answer in this crate's form. Whoever drops the future
/// stops waiting; the work is done all the same. Work that panics is Internal.
pub(crate) fn run<T, U, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> impl Future<Output = Result<U, JournalError>> + Send
where
    T: Give<U> + Send + 'static,
    U: Send + 'static,
    E: Into<JournalError> + Send + 'static,
{
    answer(Box::pin(told(work)))
}

/// The same; once `cancel` says so, the work is stopped where it is, too.
pub(crate) fn run_until<T, U, E>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> impl Future<Output = Result<U, JournalError>> + Send
where
    T: Give<U> + Send + 'static,
    U: Send + 'static,
    E: Into<JournalError> + Send + 'static,
{
    let work: Work = Box::pin(told(work));
    answer(match cancel {
        None => work,
        Some(cancel) => Box::pin(until(cancel, work)),
    })
}

/// Whatever a call does and answers, its task is of this one type, which none answers if it was
/// cancelled. With a type for each of some hundred calls, each would have a copy of all that runs
/// tasks and waits for them.
type Work = Pin<Box<dyn Future<Output = Option<Told>> + Send>>;

/// A [`Result`] with a [`JournalError`].
type Told = Box<dyn Any + Send>;

async fn told<T, U, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Option<Told>
where
    T: Give<U> + Send + 'static,
    U: Send + 'static,
    E: Into<JournalError> + Send + 'static,
{
    let told: Result<U, JournalError> = match work.await {
        Ok(done) => Ok(done.give()),
        Err(error) => Err(error.into()),
    };
    Some(Box::new(told))
}

async fn until(cancel: Arc<CancelToken>, work: Work) -> Option<Told> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        told = work => told,
    }
}

async fn answer<U: 'static>(work: Work) -> Result<U, JournalError> {
    let told = done(work).await?.downcast::<Result<U, JournalError>>();
    *told.expect("`told` answers for the type that its caller waits for")
}

async fn done(work: Work) -> Result<Told, JournalError> {
    let told = sidelight::runtime()?.spawn(work).await;
    // Nobody stops a task but by its token, so that one without an end has panicked.
    told.map_err(|_| JournalError::panicked())?
        .ok_or_else(JournalError::cancelled)
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
