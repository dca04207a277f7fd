//! Both stores behind one face, so that each promise is tested on each.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test program uses its own part of this"
)]

use std::{sync::Arc, time::Duration};

pub use sidelight_store::{
    Access, Batch, Direction, Key, MemoryDisk, Sealing, SqliteStore, Store, StoreError, Txn,
    Unreadable,
};

#[path = "../../src/testing.rs"]
mod testing;
pub(crate) use testing::{Unsealed, sealing};

pub const WRITE: Access = Access::Write {
    wait: Duration::ZERO,
};

/// Where a store lies.
pub enum Disk {
    Memory(MemoryDisk),
    Folder(tempfile::TempDir),
}

impl Disk {
    pub fn both() -> [Self; 2] {
        [
            Self::Memory(MemoryDisk::new()),
            Self::Folder(tempfile::tempdir().unwrap()),
        ]
    }

    pub fn create(&self) -> Box<dyn Store> {
        self.try_create().unwrap()
    }

    pub fn try_create(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::Memory(disk) => Box::new(disk.create(sealing(1))?),
            Self::Folder(folder) => Box::new(SqliteStore::create(folder.path(), sealing(1))?),
        })
    }

    pub fn open(&self, access: Access) -> Box<dyn Store> {
        self.try_open(sealing(1), access).unwrap()
    }

    pub fn try_open(
        &self,
        sealing: Arc<dyn Sealing>,
        access: Access,
    ) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::Memory(disk) => Box::new(disk.open(sealing, access)?),
            Self::Folder(folder) => Box::new(SqliteStore::open(folder.path(), sealing, access)?),
        })
    }

    /// Every byte at rest.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Memory(disk) => disk.sealed().concat(),
            Self::Folder(folder) => std::fs::read_dir(folder.path())
                .unwrap()
                .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect(),
        }
    }
}
