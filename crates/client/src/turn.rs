//! The writer's turn, from the device thread's side: taken for what there is to do, given up
//! when there is nothing more, and not kept from others by being busy.

use std::time::{Duration, Instant};

use sidelight_store::{Store, StoreError};

use crate::{Error, ErrorKind};

/// How long the device thread may work without a pause that lets another program have a turn.
const STREAK_MAX: Duration = Duration::from_millis(500);

/// The pause: longer than others wait between two tries.
const PAUSE: Duration = Duration::from_millis(25);

/// A pause that comes by itself is long enough if another program can have noticed it.
const IDLE_MIN: Duration = Duration::from_millis(20);

/// What the device thread knows of the turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    held: bool,
    /// When this run of work began, and when the turn was last given up in it.
    streak: Option<(Instant, Instant)>,
    /// The store's revision when the turn was given up.
    revision: Option<u64>,
}

impl Turn {
    /// Takes the turn unless it is held, and says whether somebody else committed meanwhile.
    pub(crate) fn take(&mut self, store: &mut dyn Store, wait: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let busy_for_long = |(began, _): (Instant, Instant)| now - began > STREAK_MAX;
        if self.held {
            if !self.streak.is_some_and(busy_for_long) {
                return Ok(false);
            }
            self.release(store);
        }
        match self.streak {
            Some(streak) if now.saturating_duration_since(streak.1) < IDLE_MIN => {
                if busy_for_long(streak) {
                    std::thread::sleep(PAUSE);
                    self.streak = None;
                }
            }
            _ => self.streak = None,
        }
        let changed = store.take_turn(wait).map_err(|error| match error {
            StoreError::Busy => busy(),
            error => error.into(),
        })?;
        self.taken();
        Ok(changed)
    }

    /// The store was opened with the turn.
    pub(crate) fn taken(&mut self) {
        self.held = true;
        let now = Instant::now();
        self.streak.get_or_insert((now, now));
    }

    /// The store is closed, and the turn given up with it.
    pub(crate) fn lost(&mut self) {
        *self = Self::default();
    }

    /// Gives the turn up.
    pub(crate) fn release(&mut self, store: &mut dyn Store) {
        if !self.held {
            return;
        }
        // Nobody else can have committed yet. What cannot be read now is taken for changed.
        self.revision = store.revision().ok();
        store.release_turn();
        self.held = false;
        if let Some((_, given_up)) = &mut self.streak {
            *given_up = Instant::now();
        }
    }

    /// Whether somebody else has committed since the turn was given up.
    pub(crate) fn is_stale(&self, store: &dyn Store) -> bool {
        !self.held && store.revision().ok() != self.revision
    }
}

/// What another program's turn means to whoever waited for it.
pub(crate) fn busy() -> Error {
    Error::new(
        ErrorKind::Storage,
        "another program is writing to this journal; nothing was changed, try again when it has \
         finished",
    )
}
