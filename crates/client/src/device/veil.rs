//! A second sealing within the first: private rows under a key that a further secret opens.
//!
//! Every row is sealed under the storage key. Once the person has chosen a further secret, rows
//! that say something of private entries, or open what does, are sealed under a key of their own
//! before that; without it they neither open nor can be written. Which rows those are the row that
//! keeps that key says, whoever reads it: so programs that have one journal open agree.

use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidelight_crypto::StorageKey;
use sidelight_format::SpaceId;
use sidelight_format::record::{PrivateLockRecord, Record, Table};
use sidelight_store::{Sealing, Unreadable};

use crate::sealing::system_rng;

/// Stands before what is sealed under the key of private rows. Other rows begin with a version.
const VEILED: u8 = 0xff;

/// Seals rows, and private ones twice.
pub struct Veil {
    rows: Arc<dyn Sealing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Which rows are private, once that matters.
    lock: Option<PrivateLockRecord>,
    key: Option<StorageKey>,
}

impl Veil {
    /// As `rows` seals, until a key of private rows is found.
    pub fn new(rows: Arc<dyn Sealing>) -> Self {
        Self {
            rows,
            state: Mutex::default(),
        }
    }

    /// From now on private rows are sealed under `key`.
    pub fn draw(&self, lock: &PrivateLockRecord, key: &[u8; 32]) {
        let mut state = self.state();
        state.lock = Some(lock.clone());
        state.key = Some(StorageKey::new(*key));
    }

    /// From now on private rows are sealed like others; what lies under their key still opens.
    pub fn lift(&self) {
        self.state().lock = None;
    }

    /// Private rows open from now on. Whether this is the key the caller has found out.
    pub fn unlock(&self, key: &[u8; 32]) {
        self.state().key = Some(StorageKey::new(*key));
    }

    /// Forgets the key: private rows do not open any more.
    pub fn close(&self) {
        self.state().key = None;
    }

    /// Forgets everything, until the row that says it is read again.
    pub fn forget(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Another program may have changed the secret: its key is another one, then.
    fn heed(&mut self, plain: &[u8]) {
        let lock = PrivateLockRecord::from_record(plain).ok();
        let lock = lock.filter(|lock| !lock.sealed.is_empty());
        if lock != self.lock {
            self.lock = lock;
            self.key = None;
        }
    }

    fn veils(&self, place: &[u8], plain: &[u8]) -> bool {
        let (Some(lock), Some(table)) = (&self.lock, place.first()) else {
            return false;
        };
        const OF_SPACES: [Table; 3] = [Table::Epochs, Table::Entries, Table::Rendered];
        const WHOLE: [Table; 5] = [
            Table::Dismissed,
            Table::SearchRuns,
            Table::SearchKeys,
            Table::SearchPages,
            Table::PrivateKeys,
        ];
        // Records of these three begin with their space, after the version.
        let of_space = |space: &SpaceId| plain.get(1..=SpaceId::LEN) == Some(space.0.as_slice());
        WHOLE.iter().any(|whole| *whole as u8 == *table)
            || OF_SPACES.iter().any(|some| *some as u8 == *table)
                && lock.spaces.iter().any(of_space)
    }
}

impl Sealing for Veil {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        let state = self.state();
        if !state.veils(place, plain) {
            return self.rows.seal(place, plain);
        }
        let mut veiled = vec![VEILED];
        // Without the key nothing is left of it: the store asks before whether it is withheld.
        if let Some(key) = &state.key {
            veiled.extend(key.seal(place, plain, &mut system_rng()));
        }
        self.rows.seal(place, &veiled)
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let plain = self.rows.open(place, sealed)?;
        let mut state = self.state();
        if place.first() == Some(&(Table::PrivateLock as u8)) {
            state.heed(&plain);
        }
        let Some((&VEILED, veiled)) = plain.split_first() else {
            return Ok(plain);
        };
        let key = state.key.as_ref().ok_or(Unreadable::Locked)?;
        key.open(place, veiled).map_err(|_| Unreadable::Changed)
    }

    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        self.rows.blind(place, name)
    }

    fn withholds(&self, place: &[u8], plain: &[u8]) -> bool {
        let state = self.state();
        state.key.is_none() && state.veils(place, plain)
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil(…)")
    }
}
