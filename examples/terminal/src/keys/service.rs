//! The storage key with the desktop's secret service (GNOME Keyring, KWallet, KeePassXC and
//! others, over D-Bus; the key crosses it encrypted). A file in the home names the key there.
//!
//! Only `unlock` and what `init` and `keys move` were told to do may ask the person something: a
//! command in a script never waits behind a window that nobody sees.

use std::collections::HashMap;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use rand_core::TryRng;
use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error};
use sidelight::{ErrorKind, FileKeyStore, KeyStore, KeyStoreError};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// What programs that list their secrets show to the person.
const LABEL: &str = "Storage key of a Sidelight journal";

/// The key with the secret service.
#[derive(Clone, Debug)]
pub(super) struct ServiceKeyStore {
    /// The name: 32 hexadecimal digits, which come and go whole as a key's 32 bytes do.
    name: FileKeyStore,
}

impl ServiceKeyStore {
    /// Named by the file at `path`, once a key is saved.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            name: FileKeyStore::new(path),
        }
    }

    /// Whether there is a service with room for a key, and it is unlocked.
    pub(super) fn is_open(&self) -> bool {
        let open = || connect()?.get_default_collection()?.is_locked();
        open().is_ok_and(|locked| !locked)
    }

    /// Has the place for new keys unlocked; the person may be asked.
    pub(super) fn ready(&self) -> Result<(), Failure> {
        let ready = || {
            let service = connect()?;
            let collection = service.get_default_collection()?;
            if collection.is_locked()? {
                collection.unlock()?;
            }
            collection.ensure_unlocked()
        };
        ready().map_err(|error| match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => locked(),
            _ => Failure::of(
                ErrorKind::KeysLocked,
                "no secret service keeps keys in this session; start one (GNOME Keyring, KWallet, \
                 KeePassXC) and give it a default keyring, or choose another place with --keys",
            ),
        })
    }

    /// The key that is there.
    pub(super) fn require(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match self.load() {
            Ok(Some(key)) => Ok(Zeroizing::new(key)),
            Ok(None) => Err(gone()),
            Err(KeyStoreError::Locked) => Err(locked()),
            Err(_) => Err(unreached()),
        }
    }

    /// Has the key's keyring unlocked; the person may be asked.
    pub(super) fn unlock(&self) -> Result<(), Failure> {
        let name = self.name().map_err(|_| gone())?.ok_or_else(gone)?;
        let unlock = || {
            let service = connect()?;
            match item(&service, &name)? {
                Some(item) if item.is_locked()? => {
                    item.unlock()?;
                    item.ensure_unlocked()
                }
                Some(_) => Ok(()),
                None => {
                    // Some services do not name what is locked.
                    service.get_default_collection()?.unlock()?;
                    item(&service, &name)?.map(drop).ok_or(Error::NoResult)
                }
            }
        };
        unlock().map_err(|error| match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => locked(),
            Error::NoResult => gone(),
            _ => unreached(),
        })
    }

    /// Takes the key away.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        let remove = || {
            let Some(name) = self.name()? else {
                return Ok(());
            };
            let service = connect().map_err(kind)?;
            if let Some(item) = item(&service, &name).map_err(kind)? {
                item.delete().map_err(kind)?;
            }
            std::fs::remove_file(self.name.path()).map_err(|_| KeyStoreError::Other)
        };
        remove().map_err(|_| {
            Failure::of(
                ErrorKind::Storage,
                "the storage key is still with the secret service as well; unlock that, then \
                 give the same `sidelight keys move` again",
            )
        })
    }

    /// What names the key, if one was saved.
    fn name(&self) -> Result<Option<String>, KeyStoreError> {
        let name = self.name.load()?.map(String::from_utf8);
        name.transpose().map_err(|_| KeyStoreError::Other)
    }
}

impl KeyStore for ServiceKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        let Some(name) = self.name()? else {
            return Ok(None);
        };
        let service = connect().map_err(kind)?;
        match item(&service, &name).map_err(kind)? {
            None => Ok(None),
            Some(item) => {
                item.ensure_unlocked().map_err(kind)?;
                item.get_secret().map(Some).map_err(kind)
            }
        }
    }

    fn save(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        if self.name()?.is_some() {
            return Err(KeyStoreError::Other);
        }
        let mut random = [0; 16];
        getrandom::SysRng
            .try_fill_bytes(&mut random)
            .map_err(|_| KeyStoreError::Other)?;
        let name = HEXLOWER.encode(&random);
        let service = connect().map_err(kind)?;
        let collection: Collection<'_> = service.get_default_collection().map_err(kind)?;
        collection.ensure_unlocked().map_err(kind)?;
        collection
            .create_item(
                LABEL,
                attributes(&name),
                key,
                false,
                "application/octet-stream",
            )
            .map_err(kind)?;
        // The name last: where it is, there is a key.
        self.name.save(name.as_bytes())
    }
}

/// Secrets cross the bus encrypted, for what little that is worth: against bystanders that log it.
fn connect() -> Result<SecretService<'static>, Error> {
    SecretService::connect(EncryptionType::Dh)
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", "sidelight"), ("journal", name)])
}

/// The key of that name, locked or not.
fn item<'a>(service: &'a SecretService<'a>, name: &str) -> Result<Option<Item<'a>>, Error> {
    let found = service.search_items(attributes(name))?;
    Ok(found.unlocked.into_iter().chain(found.locked).next())
}

fn kind(error: Error) -> KeyStoreError {
    match error {
        Error::Locked => KeyStoreError::Locked,
        Error::Prompt | Error::PromptDisconnected => KeyStoreError::Denied,
        _ => KeyStoreError::Other,
    }
}

fn locked() -> Failure {
    Failure::of(
        ErrorKind::KeysLocked,
        "the desktop's secret service is locked, and the storage key with it; unlock it, or let \
         `sidelight unlock` ask you to",
    )
}

fn gone() -> Failure {
    Failure::of(
        ErrorKind::KeysLocked,
        "the secret service knows no storage key of this journal; unlock the keyring or database \
         that held it, or put that back from a backup",
    )
}

fn unreached() -> Failure {
    Failure::of(
        ErrorKind::KeysLocked,
        "the storage key is with the desktop's secret service, which does not answer here; log in \
         to the desktop, or start the service",
    )
}
