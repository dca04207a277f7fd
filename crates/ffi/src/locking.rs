//! A further secret for the private entries of a device.

use crate::mirror::mirrored;
use crate::task::run;
use crate::{Journal, JournalError, Reader};

mirrored! {
    /// Whether private entries need a further secret on a device.
    #[of(sidelight::PrivateLock, Locked)]
    pub enum PrivateLock {
        /// They do not.
        None,
        /// They do, and it was given.
        Open,
        /// They do, and it was not given: they are neither shown nor written, sent or fetched.
        Locked,
    }
}

/// A further secret for private entries.
#[uniffi::export]
impl Journal {
    /// Puts the private entries of this device under a further secret, of 8 to 1,024 bytes: once
    /// they are locked, and whenever the journal is opened, nobody reads one here without it,
    /// whoever holds the device unlocked. It is guessed no faster than a passphrase, and nobody
    /// can put a forgotten one back: the recovery words, or another device, still have
    /// everything. It is this device's: another own device asks for none, or its own.
    ///
    /// Fails as Invalid for a secret out of bounds, if there is one already, or as long as the
    /// recovery words have not been checked; Removed; Storage.
    pub async fn begin_private_secret(&self, secret: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.begin_private_secret(secret).await }).await
    }

    /// Another secret for the private entries in place of the present one. A backup from before
    /// still opens with the one that it had.
    ///
    /// Fails as KeysLocked for a wrong secret; Invalid for a new one out of bounds, or if there
    /// is none; Storage.
    pub async fn change_private_secret(
        &self,
        secret: String,
        new_secret: String,
    ) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.change_private_secret(secret, new_secret).await }).await
    }

    /// Takes the further secret away: private entries need none on this device any more.
    ///
    /// Fails as KeysLocked for a wrong secret; Invalid if there is none; Storage.
    pub async fn end_private_secret(&self, secret: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.end_private_secret(secret).await }).await
    }

    /// Unlocks private entries for this journal, until it is locked or shut down. It takes 64 MiB
    /// for an instant.
    ///
    /// Fails as KeysLocked for a wrong secret; Invalid if there is none; Storage.
    pub async fn unlock_private(&self, secret: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.unlock_private(secret).await }).await
    }

    /// Locks private entries. While they are, they cannot be read, written or shared here, and
    /// nothing private is fetched or sent; own devices cannot be linked or removed, nor keys
    /// renewed. What is shared is read, written and kept in sync as ever.
    ///
    /// Fails as Invalid if there is no further secret; Storage.
    pub async fn lock_private(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.lock_private().await }).await
    }
}

/// A further secret for private entries.
#[uniffi::export]
impl Reader {
    /// Unlocks private entries for this reader.
    ///
    /// Fails as `Journal.unlock_private`.
    pub async fn unlock_private(&self, secret: String) -> Result<(), JournalError> {
        let reader = self.reader();
        run(async move { reader.unlock_private(secret).await }).await
    }
}
