//! The relay: keeps mailboxes, and can read nothing.

mod config;
mod data_dir;
mod error;
mod run;
mod serve;
mod sqlite;
mod storage;

pub use config::{Config, DEFAULT_PORT, Data};
pub use data_dir::{DATABASE_FILE, DataDir, KEY_FILE, LOCK_FILE};
pub use error::RunError;
pub use run::{Running, run};
pub use sqlite::{OpenLogError, SqliteLog};
