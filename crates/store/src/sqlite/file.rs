//! The database file: where it lies, how it begins, what brings an earlier version up to date,
//! and what SQLite's errors mean.

use core::time::Duration;
use std::{
    fs::{self, File, Metadata},
    io,
    path::Path,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};

use crate::{
    Access, StoreError,
    sealing::{Place, Sealer},
};

/// The version of the layout, kept in `user_version`.
pub(super) const VERSION: u8 = 1;

/// Rows keep their place in the table and are found by a narrow index. Measured against the same
/// table `WITHOUT ROWID`: batches of thousands of rows with random names go in four times as
/// fast, a small commit writes two thirds as much, a read takes two thirds of the time.
const LAYOUT: &str = "CREATE TABLE rows (
    tab INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (tab, key)
)";

/// What leads from each version to the next. Version 0 was never released: its table had another
/// name. It stays as the step on which the ladder is tested.
const MIGRATIONS: [&str; VERSION as usize] = ["ALTER TABLE records RENAME TO rows"];

const NAME: &str = "journal.db";

/// Under which it is created.
const NAME_NEW: &str = "journal.db.new";

/// How long SQLite itself waits for locks that another opener has only while it opens, closes
/// or recovers: the write-ahead log lets nobody wait otherwise.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How long a reader is waited for before the log is emptied another time.
const SCRUB_WAIT: Duration = Duration::from_millis(200);

/// What tells whether the file that was opened is still the one of that name.
#[derive(PartialEq, Eq)]
pub(super) struct DatabaseFile(u64, u64);

impl DatabaseFile {
    pub(super) fn find(folder: &Path) -> Result<Self, StoreError> {
        match fs::metadata(folder.join(NAME)) {
            Ok(metadata) if metadata.is_file() => Ok(Self::of(&metadata)),
            Ok(_) => Err(StoreError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    /// Elsewhere an open file cannot be deleted.
    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// Creates the file whole or not at all: under another name first.
pub(super) fn create(folder: &Path, sealer: &Sealer) -> Result<(), StoreError> {
    match DatabaseFile::find(folder) {
        Err(StoreError::Missing) => {}
        Ok(_) | Err(StoreError::Damaged) => return Err(StoreError::Exists),
        Err(error) => return Err(error),
    }
    let new = folder.join(NAME_NEW);
    for rest in [&new, &folder.join(format!("{NAME_NEW}-journal"))] {
        match fs::remove_file(rest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&new, flags).map_err(failure)?;
    prepare_reading(&connection)?;
    // Not yet with a write-ahead log: that would be a second file to rename.
    let transaction = connection.transaction().map_err(failure)?;
    transaction.execute_batch(LAYOUT).map_err(failure)?;
    let header = Place::header();
    transaction
        .execute(
            super::PUT,
            (header.table(), header.key(), sealer.seal_header(0)),
        )
        .map_err(failure)?;
    set_version(&transaction, VERSION)?;
    transaction.commit().map_err(failure)?;
    drop(connection);

    fs::rename(&new, folder.join(NAME))?;
    // The new name must be durable as well. Windows opens no folders and needs no such thing.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

pub(super) fn connect(folder: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write { .. } => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(NAME), flags).map_err(failure)?;
    prepare_reading(&connection)?;
    Ok(connection)
}

fn prepare_reading(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(LOCK_WAIT).map_err(failure)?;
    // The schema comes from a disk that a thief may have had: nothing in it may run functions,
    // and a page is checked before it is believed. What SQLite puts aside stays in memory.
    connection
        .execute_batch(
            "PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA secure_delete = ON;
             PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;",
        )
        .map_err(failure)
}

/// For who has the writer's turn.
pub(super) fn prepare_writing(connection: &Connection) -> Result<(), StoreError> {
    // The limit cuts the log back after a large batch; it is in bytes.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA journal_size_limit = 4194304;",
        )
        .map_err(failure)
}

/// Moves the write-ahead log into the database and leaves it empty. Whether it did: a reader who
/// still needs the log is waited for, but not for long, since a person waits as well.
pub(super) fn empty_log(connection: &Connection) -> bool {
    let emptied = connection.busy_timeout(SCRUB_WAIT).and_then(|()| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        })
    });
    // Nothing fails for want of a longer wait but what is tried again.
    let _ = connection.busy_timeout(LOCK_WAIT);
    emptied == Ok(0)
}

/// The version of the layout, at most ours.
pub(super) fn version(connection: &Connection) -> Result<u8, StoreError> {
    let number = |pragma| -> Result<i64, StoreError> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(failure)
    };
    // No store of any version was ever without a table, but an empty file is.
    if number("schema_version")? == 0 {
        return Err(StoreError::Damaged);
    }
    let version = number("user_version")?;
    match u8::try_from(version) {
        Ok(version) if version <= VERSION => Ok(version),
        Ok(version) => Err(StoreError::NewerVersion(version)),
        Err(_) if version > 0 => Err(StoreError::NewerVersion(u8::MAX)),
        Err(_) => Err(StoreError::Damaged),
    }
}

fn set_version(connection: &Connection, version: u8) -> Result<(), StoreError> {
    connection
        .pragma_update(None, "user_version", version)
        .map_err(failure)
}

/// Brings a store of version `from` to ours, whole or not at all, and only with its key.
pub(super) fn migrate(
    connection: &mut Connection,
    from: u8,
    sealer: &Sealer,
) -> Result<(), StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failure)?;
    for step in &MIGRATIONS[usize::from(from)..] {
        transaction.execute_batch(step).map_err(failure)?;
    }
    revision(&transaction, sealer)?;
    set_version(&transaction, VERSION)?;
    transaction.commit().map_err(failure)
}

/// The revision, from the header row: the first that an opening reads.
pub(super) fn revision(connection: &Connection, sealer: &Sealer) -> Result<u64, StoreError> {
    let header = Place::header();
    let sealed: Vec<u8> = connection
        .prepare_cached(super::READ)
        .and_then(|mut read| read.query_row((header.table(), header.key()), |row| row.get(0)))
        .map_err(failure)?;
    sealer.open_header(&sealed)
}

/// What an error of SQLite's means here. Its own text may hold a path, so it is dropped.
pub(super) fn failure(error: rusqlite::Error) -> StoreError {
    // The statements are fixed: a missing row, or a column of another type, is damage.
    let rusqlite::Error::SqliteFailure(error, _) = error else {
        return StoreError::Damaged;
    };
    match error.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        // `Unknown` is what a fixed statement gets from a schema that is not ours.
        ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::SchemaChanged
        | ErrorCode::Unknown => StoreError::Damaged,
        // The file is there, and so is its folder: both were looked at before.
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            StoreError::Io(io::ErrorKind::PermissionDenied)
        }
        ErrorCode::OutOfMemory => StoreError::Io(io::ErrorKind::OutOfMemory),
        ErrorCode::TooBig => StoreError::Io(io::ErrorKind::FileTooLarge),
        ErrorCode::SystemIoFailure => match error.extended_code {
            // Growing the log's index is refused by a full disk only.
            ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full,
            ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS => StoreError::Damaged,
            _ => StoreError::Io(io::ErrorKind::Other),
        },
        _ => StoreError::Io(io::ErrorKind::Other),
    }
}
