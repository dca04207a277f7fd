use core::time::Duration;
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    thread,
    time::Instant,
};

use crate::StoreError;

/// The writer's turn: a lock that the operating system takes back when its process ends in
/// whatever way.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "dropping it is what matters")] File);

/// Short, since a command seldom keeps the turn for longer than a commit takes.
const POLL_FIRST: Duration = Duration::from_millis(1);

/// Long enough to cost nothing; short enough that several tries fall into the pause of 25 ms that
/// a busy program makes for others, also where sleeping takes longer than it was asked to.
const POLL_LAST: Duration = Duration::from_millis(5);

impl Turn {
    pub(super) fn take(folder: &Path, wait: Duration) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("writer.lock"))?;
        let begin = Instant::now();
        let mut poll = POLL_FIRST;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) => {}
            }
            let left = wait.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Err(StoreError::Busy);
            }
            thread::sleep(poll.min(left));
            poll = (poll * 2).min(POLL_LAST);
        }
    }
}
