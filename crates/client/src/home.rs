//! Where a journal is kept, and how it is opened with its key.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand_core::Rng;
use sidelight_store::{Access, MemoryDisk, Sealing, SqliteStore, Store, StoreError};
use zeroize::Zeroizing;

use crate::device::Veil;
use crate::keystore::{self, KEY_LEN};
use crate::sealing::{RowSealing, system_rng};
use crate::{Error, ErrorKind, KeyStore};

/// How long a command waits for the writer's turn.
pub(crate) const TURN_WAIT: Duration = Duration::from_secs(5);

/// A place for a journal.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Folder(PathBuf),
    Memory(MemoryDisk),
}

/// A journal's place with its key: opens it any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    place: Place,
    veil: Arc<Veil>,
}

impl Place {
    /// Whether there is a store. The key does not matter for that.
    fn is_empty(&self) -> bool {
        matches!(self.look(), Err(StoreError::Missing))
    }

    /// What opening it with a key that fits nothing meets.
    fn look(&self) -> Result<(), StoreError> {
        let sealing = Arc::new(RowSealing::new(&[0; KEY_LEN]));
        self.clone().with(sealing).open(Access::Read).map(drop)
    }

    fn with(self, sealing: Arc<dyn Sealing>) -> Home {
        Home {
            place: self,
            veil: Arc::new(Veil::new(sealing)),
        }
    }

    /// The place of a journal that has begun.
    pub(crate) fn open(self, keys: &dyn KeyStore) -> Result<Home, Error> {
        let key = match keystore::load(keys) {
            Ok(Some(key)) => key,
            Err(error) if !self.is_empty() => return Err(error),
            Ok(None) if !self.is_empty() => return Err(key_lost()),
            _ => return Err(StoreError::Missing.into()),
        };
        Ok(self.with(Arc::new(RowSealing::new(&key))))
    }

    /// The place for a new journal, and the new store there with the writer's turn. The key is
    /// kept before anything is sealed with it. A beginning that was interrupted is gone on with.
    pub(crate) fn create(self, keys: &dyn KeyStore) -> Result<(Home, Box<dyn Store>), Error> {
        let key = match keystore::load(keys)? {
            Some(key) => key,
            None => {
                match self.look() {
                    Err(StoreError::Missing) => {}
                    // The folder cannot be reached at all: nobody knows of a key.
                    Err(error @ StoreError::Io(_)) => return Err(error.into()),
                    _ => return Err(key_lost()),
                }
                let mut key = Zeroizing::new([0; KEY_LEN]);
                system_rng().fill_bytes(&mut *key);
                keys.save(&*key)?;
                key
            }
        };
        let home = self.with(Arc::new(RowSealing::new(&key)));
        let created: Result<Box<dyn Store>, StoreError> = match &home.place {
            Place::Folder(folder) => SqliteStore::create(folder, home.veil.clone())
                .map(|store| Box::new(store) as Box<dyn Store>),
            Place::Memory(disk) => disk
                .create(home.veil.clone())
                .map(|store| Box::new(store) as Box<dyn Store>),
        };
        let store = match created {
            // Whoever has the turn just now has begun one, or is about to.
            Err(StoreError::Exists | StoreError::Busy) => {
                home.open(Access::Write { wait: TURN_WAIT })?
            }
            created => created?,
        };
        Ok((home, store))
    }
}

impl Home {
    /// What seals the rows of every store that is opened here.
    pub(crate) fn veil(&self) -> &Arc<Veil> {
        &self.veil
    }

    /// Opens the store that is there.
    pub(crate) fn open(&self, access: Access) -> Result<Box<dyn Store>, StoreError> {
        let sealing = self.veil.clone();
        Ok(match &self.place {
            Place::Folder(folder) => Box::new(SqliteStore::open(folder, sealing, access)?),
            Place::Memory(disk) => Box::new(disk.open(sealing, access)?),
        })
    }
}

fn key_lost() -> Error {
    Error::new(
        ErrorKind::KeysLocked,
        "there is a journal here, but its storage key is missing; put the key back in its place",
    )
}
