//! A device's store: sealed records, on disk and in memory.
//!
//! Being written; the traits are settled.

mod batch;
mod error;
mod memory;
mod sealing;
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
