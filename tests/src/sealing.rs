//! Real sealing of stores, under keys and nonces from a seed.

use std::sync::Mutex;

use sidelight_crypto::StorageKey;
use sidelight_store::{Sealing, Unreadable};

use crate::sim::Chance;

/// Seals the rows of one home.
#[derive(Debug)]
pub struct SeededSealing {
    key: StorageKey,
    dice: Mutex<Chance>,
}

impl SeededSealing {
    /// Under a key named by `key`, with nonces from `dice`.
    pub fn new(key: u8, dice: Chance) -> Self {
        Self {
            key: StorageKey::new([key; 32]),
            dice: Mutex::new(dice),
        }
    }
}

impl Sealing for SeededSealing {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut dice = self
            .dice
            .lock()
            .expect("one thread, and no panic while it is held");
        self.key.seal(place, plain, dice.rng())
    }
    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        self.key
            .open(place, sealed)
            .map_err(|_| Unreadable::Changed)
    }
    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        self.key.blind(place, name)
    }
}
