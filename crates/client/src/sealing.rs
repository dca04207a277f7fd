//! The storage key as the store wants it.

use rand_core::UnwrapErr;
use sidelight_crypto::StorageKey;
use sidelight_store::{Sealing, Unreadable};

/// The operating system's randomness. A system without any cannot make a key or a nonce, and a
/// panic is better than a guess.
pub(crate) fn system_rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// Seals a store's rows under the storage key.
#[derive(Debug)]
pub(crate) struct RowSealing(StorageKey);

impl RowSealing {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(StorageKey::new(*key))
    }
}

impl Sealing for RowSealing {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        self.0.seal(place, plain, &mut system_rng())
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        self.0.open(place, sealed).map_err(|_| Unreadable::Changed)
    }

    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        self.0.blind(place, name)
    }
}
