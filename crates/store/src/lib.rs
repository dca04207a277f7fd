//! The first floor's store: what one device keeps, sealed row by row, on disk and in memory.
//!
//! # Duty
//!
//! - **Sealed.** Every row is sealed for its place by a [`Sealing`] that is handed in, so a row
//!   can neither be read nor moved without the storage key. On disk lie in clear the number of a
//!   row's table, its blinded 16-byte name or its number, its size, and the order in which rows
//!   first came; nothing is put aside in temporary files.
//! - **Durable.** [`Store::commit`] does a whole [`Batch`] or nothing of it, and returns when the
//!   batch is on the disk. A process may be killed at any moment.
//! - **One writer, many readers.** An opener takes the writer's turn, waits for it for a bounded
//!   time, and gives it up in an instant; readers in other processes see consistent states
//!   meanwhile. [`Store::suspend`] releases everything.
//! - **Versioned.** A store of an earlier version is brought up to date at opening, one of a newer
//!   version is left alone.
//!
//! [`SqliteStore`] is the store of a device; [`MemoryStore`] keeps the same promises in memory,
//! for simulations, where [`MemoryDisk`] lets commits fail and shows every sealed byte. Records
//! are read and written through a [`Txn`]; [`timeline`] keeps the index of entries in pages,
//! [`search`] that of their terms.
//!
//! # What it does not know
//!
//! Not the key: [`Sealing`] has it. Not what the records mean; their types are those of
//! [`sidelight_format::record`]. No clock but to wait for the writer's turn, no randomness, no
//! network. It cannot notice that somebody put back an earlier copy of the whole store, or cut
//! single rows out of it: a sealed row proves that it is genuine, not that it is the newest. The
//! logs of envelopes, and the relay that has them, are what reveals that.
//!
//! # A complete exchange
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use sidelight_format::{EntryId, record::SharedRecord};
//! use sidelight_store::{
//!     Access, Key, Sealing, SqliteStore, Store, StoreError, Txn, Unreadable,
//! };
//!
//! /// A toy that hides nothing from anybody! It shows the shape of a sealing, and that a row
//! /// is bound to its place and key. A real one encrypts with a storage key of the platform's.
//! #[derive(Debug)]
//! struct Toy(u8);
//!
//! impl Sealing for Toy {
//!     fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
//!         [&[self.0], place, plain].concat()
//!     }
//!     fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
//!         let rest = sealed.strip_prefix(&[self.0]).ok_or(Unreadable::Changed)?;
//!         Ok(rest.strip_prefix(place).ok_or(Unreadable::Changed)?.to_vec())
//!     }
//!     fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
//!         let hash = sidelight_format::digest("toy", &[&[self.0], place, name]);
//!         *hash.first_chunk().expect("a hash has 32 bytes")
//!     }
//! }
//!
//! let folder = tempfile::tempdir()?;
//! let mut store = SqliteStore::create(folder.path(), Arc::new(Toy(1)))?;
//!
//! // A transaction collects changes and already sees them; a commit makes them last.
//! let private = EntryId([7; 32]);
//! let mut txn = Txn::begin(&store)?;
//! txn.put(Key::Name(private.as_bytes()), &SharedRecord { copy: EntryId([8; 32]) });
//! let batch = txn.into_batch();
//! store.commit(batch)?;
//!
//! // A share extension reads beside the app, and cannot write.
//! let reader = SqliteStore::open(folder.path(), Arc::new(Toy(1)), Access::Read)?;
//! let txn = Txn::begin(&reader)?;
//! let shared: Option<SharedRecord> = txn.get(Key::Name(private.as_bytes()))?;
//! assert_eq!(shared, Some(SharedRecord { copy: EntryId([8; 32]) }));
//! drop(txn);
//!
//! // A second writer waits for as long as it likes, and then says so.
//! let wait = Duration::from_millis(5);
//! let second = SqliteStore::open(folder.path(), Arc::new(Toy(1)), Access::Write { wait });
//! assert_eq!(second.unwrap_err(), StoreError::Busy);
//! store.release_turn();
//! let second = SqliteStore::open(folder.path(), Arc::new(Toy(1)), Access::Write { wait })?;
//! drop(second);
//!
//! // Whoever has the disk but not the key has nothing.
//! let thief = SqliteStore::open(folder.path(), Arc::new(Toy(2)), Access::Read);
//! assert_eq!(thief.unwrap_err(), StoreError::WrongKey);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod error;
mod memory;
mod sealing;
pub mod search;
mod sqlite;
mod store;
#[cfg(test)]
mod testing;
pub mod timeline;
mod txn;

pub use batch::Batch;
pub use error::StoreError;
pub use memory::{MemoryDisk, MemoryStore};
pub use sealing::{Sealing, Unreadable};
pub use sqlite::SqliteStore;
pub use store::{Access, Direction, Key, Store};
pub use txn::Txn;
