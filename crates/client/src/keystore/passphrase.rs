//! The storage key under a passphrase, for a device whose platform keeps none.

use core::fmt;
use std::path::{Path, PathBuf};

use sidelight_crypto::{PassphraseError, SEALED_STORAGE_KEY_LEN};
use zeroize::Zeroizing;

use super::{KEY_LEN, KeyStore, KeyStoreError, file};
use crate::sealing::system_rng;

/// How many bytes a new passphrase has at least. No cost of a guess makes up for fewer.
pub const PASSPHRASE_LEN_MIN: usize = 8;

/// How many bytes a new passphrase has at most: far more than anybody types, so that a file
/// handed over by mistake is refused.
pub const PASSPHRASE_LEN_MAX: usize = 1024;

/// The key in a file, sealed under a passphrase by Argon2id at a fixed cost (RFC 9106's second
/// recommended option: 64 MiB, three passes), a tenth of a second or so for each guess on one
/// core. Whoever gets the journal and the file can guess for as long as they like: the passphrase
/// is all that stands against them. Five words drawn at random are beyond that, a pet's name is
/// not.
///
/// Passphrases are bytes as they were typed: neither case nor accents are made alike.
#[derive(Clone)]
pub struct PassphraseKeyStore {
    path: PathBuf,
    passphrase: Zeroizing<Vec<u8>>,
}

impl PassphraseKeyStore {
    /// In the file at `path`, under `passphrase`; its folder is made if need be.
    pub fn new(path: impl Into<PathBuf>, passphrase: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            passphrase: Zeroizing::new(passphrase.into()),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Seals the key under another passphrase, in place of this one. The key stays the same: an
    /// earlier copy of the file still opens under the passphrase that it had.
    ///
    /// # Errors
    /// [`KeyStoreError::PassphraseLength`] for a new one that is too short or too long; `Other`
    /// if there is no key here; otherwise those of [`load`](KeyStore::load). The file is as it
    /// was, then.
    pub fn change(&mut self, passphrase: impl Into<Vec<u8>>) -> Result<(), KeyStoreError> {
        let passphrase = Zeroizing::new(passphrase.into());
        let key = self.load()?.map(Zeroizing::new);
        let sealed = seal(&key.ok_or(KeyStoreError::Other)?, &passphrase)?;
        file::replace(&self.path, &sealed)?;
        self.passphrase = passphrase;
        Ok(())
    }
}

impl KeyStore for PassphraseKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        let Some(sealed) = file::read(&self.path, SEALED_STORAGE_KEY_LEN)? else {
            return Ok(None);
        };
        let key = sidelight_crypto::open_storage_key(&sealed, &self.passphrase)?;
        Ok(Some(key.to_vec()))
    }

    fn save(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        file::begin(&self.path, &seal(key, &self.passphrase)?)
    }
}

fn seal(key: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
    if !(PASSPHRASE_LEN_MIN..=PASSPHRASE_LEN_MAX).contains(&passphrase.len()) {
        return Err(KeyStoreError::PassphraseLength);
    }
    let key: &[u8; KEY_LEN] = key.try_into().map_err(|_| KeyStoreError::Other)?;
    Ok(sidelight_crypto::seal_storage_key(
        key,
        passphrase,
        &mut system_rng(),
    )?)
}

impl From<PassphraseError> for KeyStoreError {
    fn from(error: PassphraseError) -> Self {
        match error {
            PassphraseError::Wrong => Self::WrongPassphrase,
            PassphraseError::Unknown => Self::NewerVersion,
            PassphraseError::NoMemory => Self::NoMemory,
            _ => Self::Other,
        }
    }
}

impl fmt::Debug for PassphraseKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassphraseKeyStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Error, ErrorKind};

    const WORDS: &str = "five random words of one's own";

    #[test]
    fn a_key_opens_under_its_passphrase_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/storage.key.sealed");
        let keys = PassphraseKeyStore::new(&path, WORDS);
        assert_eq!(keys.load(), Ok(None));
        keys.save(&[7; KEY_LEN]).unwrap();
        assert_eq!(keys.load(), Ok(Some(vec![7; KEY_LEN])));
        // Never replaced, and nothing left beside it.
        assert!(keys.save(&[8; KEY_LEN]).is_err());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        // The key is nowhere in the file.
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(4).any(|part| part == [7; 4]));
        let wrong = PassphraseKeyStore::new(&path, "five random words of another's");
        assert_eq!(wrong.load(), Err(KeyStoreError::WrongPassphrase));
        let error = Error::from(wrong.load().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::KeysLocked);
        assert!(!format!("{wrong:?}").contains("another"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_changed_passphrase_opens_the_same_key_and_the_former_one_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage.key.sealed");
        let mut keys = PassphraseKeyStore::new(&path, WORDS);
        assert_eq!(keys.change("nothing is here"), Err(KeyStoreError::Other));
        keys.save(&[7; KEY_LEN]).unwrap();
        for length in [0, PASSPHRASE_LEN_MIN - 1, PASSPHRASE_LEN_MAX + 1] {
            let changed = keys.change("x".repeat(length));
            assert_eq!(changed, Err(KeyStoreError::PassphraseLength));
        }
        let mut wrong = PassphraseKeyStore::new(&path, "not this one");
        let changed = wrong.change("other words");
        assert_eq!(changed, Err(KeyStoreError::WrongPassphrase));
        assert!(keys.load().is_ok(), "what failed changed nothing");

        keys.change("other words").unwrap();
        assert_eq!(keys.load(), Ok(Some(vec![7; KEY_LEN])));
        let former = PassphraseKeyStore::new(&path, WORDS);
        assert_eq!(former.load(), Err(KeyStoreError::WrongPassphrase));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_and_one_of_a_newer_version_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage.key.sealed");
        let keys = PassphraseKeyStore::new(&path, WORDS);
        keys.save(&[7; KEY_LEN]).unwrap();
        let whole = fs::read(&path).unwrap();
        for len in [0, 1, whole.len() - 1, whole.len() + 1, 4096] {
            let mut bytes = whole.clone();
            bytes.resize(len, 0);
            fs::write(&path, bytes).unwrap();
            assert_eq!(keys.load(), Err(KeyStoreError::WrongPassphrase), "{len}");
        }
        let mut newer = whole;
        newer[2] += 1;
        fs::write(&path, newer).unwrap();
        let error = Error::from(keys.load().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::UpdateNeeded);
    }
}
