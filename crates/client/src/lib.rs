//! Written shortly.
mod convert;
mod date;
mod day_one;
#[doc(hidden)] // for the simulator and tools, which drive it without sockets and clocks
pub mod device;
mod driver;
mod error;
mod events;
mod export;
mod home;
mod import;
mod journal;
mod keystore;
mod links;
mod reader;
mod reading;
mod records;
mod runtime;
mod sealing;
mod splice;
mod syncing;
mod turn;
mod warning;

pub use date::Date;
pub use error::{Error, ErrorKind};
pub use events::{EVENTS_MAX, Event, SyncState};
pub use journal::Journal;
pub use keystore::{FileKeyStore, KEY_LEN, KeyStore, KeyStoreError, MemoryKeyStore};
pub use reader::Reader;
pub use records::*;
pub use warning::{Warning, WarningKind};
