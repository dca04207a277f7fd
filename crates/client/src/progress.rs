//! How far a long call is, for whoever asks meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;
use crate::records::ExchangeProgress;

/// One kind of long call, of which one at a time is under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Long(Arc<Mutex<Option<ExchangeProgress>>>);

/// A long call; over when it is dropped, however it ends.
pub(crate) struct Underway(Long);

impl Long {
    pub(crate) fn progress(&self) -> Option<ExchangeProgress> {
        *self.lock()
    }

    /// Begins one, unless another is under way; `sentence` says so then.
    pub(crate) fn begin(&self, sentence: &str) -> Result<Underway, Error> {
        let mut progress = self.lock();
        if progress.is_some() {
            return Err(Error::invalid(sentence));
        }
        *progress = Some(ExchangeProgress::default());
        Ok(Underway(self.clone()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ExchangeProgress>> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Underway {
    pub(crate) fn total(&self, total: u64) {
        *self.0.lock() = Some(ExchangeProgress { done: 0, total });
    }

    pub(crate) fn done(&self, count: usize) {
        if let Some(progress) = &mut *self.0.lock() {
            progress.done += count as u64;
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}
