//! Sealing a device's own rows.

use core::fmt;
use rand_core::CryptoRng;
use sidelight_format::VERSION;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::derive::{Extracted, Label, SUITE, derive, labelled};
use crate::{Tampered, aead};

/// Seals what a device keeps. The 32 bytes it is made from are kept by the platform (Keychain,
/// Keystore); here live only the keys derived from them.
///
/// A sealed row is `version ‖ suite ‖ nonce ‖ ciphertext ‖ tag`, and opens only in its place.
/// Nothing here keeps an old row from being put back: whoever can write to the disk can roll it
/// back as a whole or row by row.
#[derive(Clone, ZeroizeOnDrop)]
pub struct StorageKey {
    sealing: Zeroizing<[u8; 32]>,
    blinding: Extracted,
}

/// Version and suite.
const PREFIX: [u8; 2] = [VERSION, SUITE as u8];

/// What a sealed row has beyond the row: 42 bytes.
pub const STORED_OVERHEAD: usize = PREFIX.len() + aead::NONCE_LEN + aead::TAG_LEN;

impl StorageKey {
    /// From the platform's 32 random bytes.
    pub fn new(mut key: [u8; 32]) -> Self {
        let derived = Self {
            sealing: derive(&key, Label::StorageSealing, &[]),
            blinding: Extracted::of(&derive(&key, Label::StorageBlinding, &[])),
        };
        key.zeroize();
        derived
    }

    /// Seals a row for one place (its table and key).
    pub fn seal(&self, place: &[u8], plain: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(STORED_OVERHEAD + plain.len());
        sealed.extend_from_slice(&PREFIX);
        aead::seal_into(
            &mut sealed,
            &self.sealing,
            &associated(place),
            |out| out.extend_from_slice(plain),
            rng,
        );
        sealed
    }

    /// Opens a row of one place.
    ///
    /// # Errors
    /// [`Tampered`]: changed, from another place, of another version, or under another key.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Tampered> {
        let sealed = sealed.strip_prefix(&PREFIX).ok_or(Tampered)?;
        aead::open(&self.sealing, &associated(place), sealed)
            .map(|mut plain| core::mem::take(&mut *plain))
    }

    /// What a row is found by in place of its name, which would tell an id to whoever has the
    /// disk. `place` is the table: one name in two tables has two blinded forms.
    pub fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        *self.blinding.derive(Label::StorageBlinding, &[place, name])
    }
}

fn associated(place: &[u8]) -> Vec<u8> {
    labelled("sidelight row", &[place])
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(…)")
    }
}
