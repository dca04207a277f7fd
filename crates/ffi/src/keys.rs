//! Where the storage key is kept: the one key that an app hands in.

use core::fmt::Debug;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::task::run;
use crate::{JournalError, mirror::Give};

/// Keeps the storage key, 32 bytes: a platform's vault, or one of those that come with the
/// library. It is called on threads of the library's own, never on the app's main thread, and
/// may take its time.
#[uniffi::export(rust, foreign)]
pub trait KeyStore: Send + Sync + Debug {
    /// The key; none if none was ever saved here.
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError>;

    /// Saves a new key, durably when it returns. A key that is there already must not be
    /// replaced: with it would go whatever it had sealed.
    fn save(&self, key: Vec<u8>) -> Result<(), KeyStoreError>;
}

/// Why the key cannot be had or kept. An app's own store throws the first two, or `Other`;
/// anything else that it throws counts as `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// The device, or its vault, is locked.
    #[error("locked")]
    Locked,
    /// The person, or the system, does not allow it.
    #[error("denied")]
    Denied,
    /// The passphrase does not open it.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// A passphrase has 8 to 1,024 bytes.
    #[error("the passphrase is too short or too long")]
    PassphraseLength,
    /// A newer version keeps it in a way that is not known here.
    #[error("kept by a newer version")]
    NewerVersion,
    /// A passphrase takes 64 MiB of memory to check.
    #[error("too little memory")]
    NoMemory,
    /// Anything else.
    #[error("it failed")]
    Other,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // What was thrown may say anything, so none of it goes on.
        Self::Other
    }
}

impl From<KeyStoreError> for sidelight::KeyStoreError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Locked => Self::Locked,
            KeyStoreError::Denied => Self::Denied,
            KeyStoreError::WrongPassphrase => Self::WrongPassphrase,
            KeyStoreError::PassphraseLength => Self::PassphraseLength,
            KeyStoreError::NewerVersion => Self::NewerVersion,
            KeyStoreError::NoMemory => Self::NoMemory,
            KeyStoreError::Other => Self::Other,
        }
    }
}

impl Give<KeyStoreError> for sidelight::KeyStoreError {
    fn give(self) -> KeyStoreError {
        match self {
            Self::Locked => KeyStoreError::Locked,
            Self::Denied => KeyStoreError::Denied,
            Self::WrongPassphrase => KeyStoreError::WrongPassphrase,
            Self::PassphraseLength => KeyStoreError::PassphraseLength,
            Self::NewerVersion => KeyStoreError::NewerVersion,
            Self::NoMemory => KeyStoreError::NoMemory,
            _ => KeyStoreError::Other,
        }
    }
}

/// The key in a file that only its owner may read, at `path`; its folder is made if need be. It
/// protects against those who get the journal without the file, and against nobody who gets both.
#[uniffi::export]
pub fn file_key_store(path: String) -> Arc<dyn KeyStore> {
    Arc::new(Ours(sidelight::FileKeyStore::new(path)))
}

/// The key in memory, gone with its last holder: for tests and demonstrations.
#[uniffi::export]
pub fn memory_key_store() -> Arc<dyn KeyStore> {
    Arc::new(Ours(sidelight::MemoryKeyStore::new()))
}

/// The key in a file at `path`, sealed under `passphrase` as it was typed, in UTF-8. Each check
/// takes a tenth of a second or so and 64 MiB. Whoever gets journal and file can guess for as
/// long as they like.
#[uniffi::export]
pub fn passphrase_key_store(path: String, passphrase: String) -> Arc<dyn KeyStore> {
    Arc::new(Ours(sidelight::PassphraseKeyStore::new(path, passphrase)))
}

/// Seals the key in the file at `path` under another passphrase. The key stays the same: an
/// earlier copy of the file still opens under the passphrase that it had.
#[uniffi::export]
pub async fn change_passphrase(
    path: String,
    passphrase: String,
    new_passphrase: String,
) -> Result<(), JournalError> {
    run(async move {
        let changed = tokio::task::spawn_blocking(move || {
            let mut keys = sidelight::PassphraseKeyStore::new(path, passphrase);
            let changed = keys.change(new_passphrase);
            changed.map_err(sidelight::Error::from)
        });
        changed
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    })
    .await
}

/// A store of `sidelight`'s own, for other languages.
#[derive(Debug)]
struct Ours<K>(K);

impl<K: sidelight::KeyStore> KeyStore for Ours<K> {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        self.0.load().map_err(Give::give)
    }

    fn save(&self, key: Vec<u8>) -> Result<(), KeyStoreError> {
        let key = Zeroizing::new(key);
        self.0.save(&key).map_err(Give::give)
    }
}

/// A store of another language as `sidelight` takes it.
#[doc(hidden)] // for sidelight-ffi-testing
pub fn keys(theirs: Arc<dyn KeyStore>) -> Arc<dyn sidelight::KeyStore> {
    Arc::new(Theirs(theirs))
}

/// A store of another language, for `sidelight`.
#[derive(Debug)]
struct Theirs(Arc<dyn KeyStore>);

impl sidelight::KeyStore for Theirs {
    fn load(&self) -> Result<Option<Vec<u8>>, sidelight::KeyStoreError> {
        self.0.load().map_err(Into::into)
    }

    fn save(&self, key: &[u8]) -> Result<(), sidelight::KeyStoreError> {
        self.0.save(key.to_vec()).map_err(Into::into)
    }
}
