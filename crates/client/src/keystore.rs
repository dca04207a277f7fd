//! Where the storage key is kept: the one key that an app hands in.

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::{Error, ErrorKind};

mod file;
mod passphrase;

pub use passphrase::{PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN, PassphraseKeyStore};

/// How many bytes a storage key has.
pub const KEY_LEN: usize = 32;

/// Keeps the storage key: a platform's vault, or a file. It is asked on the library's own
/// threads, and may take its time.
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// The key; none if none was ever saved here.
    ///
    /// # Errors
    /// [`KeyStoreError`]; never for a key that is only missing.
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError>;

    /// Saves a new key, durably when it returns. A key that is there already is not replaced:
    /// with it would go whatever it had sealed.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn save(&self, key: &[u8]) -> Result<(), KeyStoreError>;
}

/// Why the key cannot be had or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The device, or its vault, is locked.
    #[error("the storage key is locked away; unlock the device and try again")]
    Locked,
    /// The person, or the system, does not allow it.
    #[error("this program may not use the storage key; allow it in the system's settings")]
    Denied,
    /// The passphrase does not open it. Bytes that were damaged look the same.
    #[error(
        "the passphrase does not open the storage key; try again, or, if it surely is the right \
         one, put the key's file back from a backup"
    )]
    WrongPassphrase,
    /// A new passphrase is too short, or too long.
    #[error("a passphrase has 8 to 1,024 bytes; choose another, such as five random words")]
    PassphraseLength,
    /// A newer version keeps it in a way that is not known here.
    #[error("the storage key was kept by a newer version; update this program")]
    NewerVersion,
    /// A passphrase takes 64 MiB of memory to check.
    #[error("there is too little memory to check the passphrase; end other programs, try again")]
    NoMemory,
    /// Anything else.
    #[error("the storage key cannot be read or kept; check where it is stored")]
    Other,
}

impl From<KeyStoreError> for Error {
    fn from(error: KeyStoreError) -> Self {
        let kind = match error {
            KeyStoreError::PassphraseLength => ErrorKind::Invalid,
            KeyStoreError::NewerVersion => ErrorKind::UpdateNeeded,
            _ => ErrorKind::KeysLocked,
        };
        Self::new(kind, error.to_string())
    }
}

/// The key that is kept, checked.
pub(crate) fn load(keys: &dyn KeyStore) -> Result<Option<Zeroizing<[u8; KEY_LEN]>>, Error> {
    let Some(key) = keys.load()?.map(Zeroizing::new) else {
        return Ok(None);
    };
    match <[u8; KEY_LEN]>::try_from(key.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(Error::new(
            ErrorKind::KeysLocked,
            format!(
                "the storage key has {} bytes instead of {KEY_LEN}; put the right one in its place",
                key.len()
            ),
        )),
    }
}

/// The key in a file of 32 bytes that only its owner may read. It protects against those who
/// get the journal without the file, and against nobody who gets both.
#[derive(Clone)]
pub struct FileKeyStore {
    path: PathBuf,
}

impl FileKeyStore {
    /// In the file at `path`; its folder is made if need be.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        file::read(&self.path, KEY_LEN)
    }

    fn save(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        file::begin(&self.path, key)
    }
}

impl fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKeyStore").finish_non_exhaustive()
    }
}

/// The key in memory, gone with its last clone: for tests and demonstrations. Clones are the
/// same vault.
#[derive(Clone, Default)]
pub struct MemoryKeyStore {
    vault: Arc<Mutex<Vault>>,
}

#[derive(Default)]
struct Vault {
    key: Option<Zeroizing<Vec<u8>>>,
    locked: bool,
}

impl MemoryKeyStore {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Locks it, as a device's screen may, or unlocks it.
    pub fn lock(&self, locked: bool) {
        self.vault().locked = locked;
    }

    fn vault(&self) -> std::sync::MutexGuard<'_, Vault> {
        // Each change is one assignment.
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for MemoryKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        let vault = self.vault();
        if vault.locked {
            return Err(KeyStoreError::Locked);
        }
        Ok(vault.key.as_ref().map(|key| key.to_vec()))
    }

    fn save(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        let mut vault = self.vault();
        if vault.locked {
            return Err(KeyStoreError::Locked);
        }
        if vault.key.is_some() {
            return Err(KeyStoreError::Other);
        }
        vault.key = Some(Zeroizing::new(key.to_vec()));
        Ok(())
    }
}

impl fmt::Debug for MemoryKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryKeyStore(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_for_its_owner_alone_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let keys = FileKeyStore::new(folder.path().join("deep/storage.key"));
        assert_eq!(keys.load(), Ok(None));
        keys.save(&[7; KEY_LEN]).unwrap();
        assert_eq!(keys.load(), Ok(Some(vec![7; KEY_LEN])));
        assert!(keys.save(&[8; KEY_LEN]).is_err());
        assert_eq!(keys.load(), Ok(Some(vec![7; KEY_LEN])));
        let left = fs::read_dir(folder.path().join("deep")).unwrap().count();
        assert_eq!(left, 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(keys.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_key_of_another_length_is_told_apart_from_none() {
        let folder = tempfile::tempdir().unwrap();
        for len in [0, 31, 33, 4096] {
            let path = folder.path().join(len.to_string());
            fs::write(&path, vec![1; len]).unwrap();
            let error = load(&FileKeyStore::new(path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::KeysLocked, "{len}");
        }
        assert!(load(&MemoryKeyStore::new()).unwrap().is_none());
    }
}
