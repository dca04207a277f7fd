use core::{cell::Cell, fmt, time::Duration};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use sidelight_format::record::Table;

use crate::{
    Access, Batch, Direction, Key, Sealing, Store, StoreError,
    sealing::{Place, Sealer},
};
use file::{DatabaseFile, failure};
use turn::Turn;

mod file;
mod turn;

/// A [`Store`] in a folder: an SQLite database in WAL mode, `journal.db`, and the file
/// `writer.lock`, which the one opener locks that may write.
///
/// A commit is one transaction with `synchronous=FULL`: one `fdatasync` of the write-ahead log
/// before it returns. Every 4 MB or so one of them also moves the log into the database. A
/// read-only opener in another process needs no lock of ours and never waits for the writer.
///
/// Deleted rows are overwritten in the database. After a batch that [scrubs](Batch::scrub) the
/// log is moved into the database and emptied as well; where a reader is in its way, with the
/// next commit, or when the last opener closes.
pub struct SqliteStore {
    // The connection goes before the turn: its end may move the log into the database.
    connection: Option<Connection>,
    turn: Option<Turn>,
    folder: PathBuf,
    file: Option<DatabaseFile>,
    sealer: Sealer,
    access: Access,
    /// Whether [`resume`](Store::resume) takes the turn.
    turn_on_resume: bool,
    /// The revision when this opener last had the turn or was told of it.
    seen: u64,
    held: Cell<u32>,
    /// The write-ahead log still has rows that were to leave the disk: a reader was in its way.
    scrub_due: bool,
}

const READ: &str = "SELECT value FROM rows WHERE tab = ?1 AND key = ?2";
const ALL: &str = "SELECT key, value FROM rows WHERE tab = ?1";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM rows WHERE tab = ?1)";
const UP: &str = "SELECT key, value FROM rows WHERE tab = ?1 AND key BETWEEN ?2 AND ?3 \
                  ORDER BY key LIMIT ?4";
const DOWN: &str = "SELECT key, value FROM rows WHERE tab = ?1 AND key BETWEEN ?2 AND ?3 \
                    ORDER BY key DESC LIMIT ?4";
const PUT: &str = "INSERT INTO rows (tab, key, value) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM rows WHERE tab = ?1 AND key = ?2";

impl SqliteStore {
    /// Creates a store in `folder`, and the folder if need be, with the writer's turn. A
    /// creation that was interrupted leaves no store.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a store, [`StoreError::Busy`] if another opener
    /// creates one just now, [`StoreError::Full`], [`StoreError::Io`].
    pub fn create(folder: &Path, sealing: Arc<dyn Sealing>) -> Result<Self, StoreError> {
        let wait = Duration::ZERO;
        std::fs::create_dir_all(folder)?;
        let mut store = Self::closed(folder, sealing, Access::Write { wait });
        store.turn = Some(Turn::take(folder, wait)?);
        file::create(folder, &store.sealer)?;
        store.resume()?;
        Ok(store)
    }

    /// Opens the store in `folder`. For writing this takes the writer's turn and brings a store
    /// of an earlier version up to date.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Busy`], [`StoreError::WrongKey`],
    /// [`StoreError::Damaged`], [`StoreError::NewerVersion`], [`StoreError::OlderVersion`] for
    /// reading, [`StoreError::Io`].
    pub fn open(
        folder: &Path,
        sealing: Arc<dyn Sealing>,
        access: Access,
    ) -> Result<Self, StoreError> {
        let mut store = Self::closed(folder, sealing, access);
        store.resume()?;
        Ok(store)
    }

    fn closed(folder: &Path, sealing: Arc<dyn Sealing>, access: Access) -> Self {
        Self {
            connection: None,
            turn: None,
            folder: folder.to_owned(),
            file: None,
            sealer: Sealer::new(sealing),
            access,
            turn_on_resume: access != Access::Read,
            seen: 0,
            held: Cell::new(0),
            scrub_due: false,
        }
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or(StoreError::Suspended)
    }

    /// Fails if the database was deleted or replaced under the open connection, which would
    /// take every further commit along into nothing.
    fn check_file(&self) -> Result<(), StoreError> {
        match DatabaseFile::find(&self.folder)? {
            found if Some(&found) == self.file.as_ref() => Ok(()),
            _ => Err(StoreError::Missing),
        }
    }

    /// Ends what a [`Txn`](crate::Txn) that was never dropped still holds.
    fn end_hold(&self) {
        if self.held.get() > 0 {
            self.held.set(1);
            self.release();
        }
    }

    /// Opens the file, with the turn or without, and returns the revision.
    fn connect(&mut self) -> Result<u64, StoreError> {
        let file = DatabaseFile::find(&self.folder)?;
        let turn = match (self.turn.take(), self.access) {
            (None, Access::Write { wait }) if self.turn_on_resume => {
                Some(Turn::take(&self.folder, wait)?)
            }
            (turn, _) => turn,
        };
        let mut connection = file::connect(&self.folder, self.access)?;
        let version = file::version(&connection)?;
        if version < file::VERSION {
            if turn.is_none() {
                return Err(StoreError::OlderVersion);
            }
            file::migrate(&mut connection, version, &self.sealer)?;
        }
        let revision = file::revision(&connection, &self.sealer)?;
        if turn.is_some() {
            file::prepare_writing(&connection)?;
        }
        self.connection = Some(connection);
        self.turn = turn;
        self.file = Some(file);
        Ok(revision)
    }
}

impl Store for SqliteStore {
    fn read(&self, table: Table, key: Key<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let connection = self.connection()?;
        let place = self.sealer.place(table, key);
        let mut statement = connection.prepare_cached(READ).map_err(failure)?;
        let sealed: Option<Vec<u8>> = statement
            .query_row((place.table(), place.key()), |row| row.get(0))
            .optional()
            .map_err(failure)?;
        sealed
            .map(|sealed| self.sealer.open(&place, &sealed))
            .transpose()
    }

    fn range(
        &self,
        table: Table,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let (sql, low, high) = match direction {
            Direction::Up => (UP, from, u64::MAX),
            Direction::Down => (DOWN, 0, from),
        };
        let (low, high) = (Place::numbered(table, low), Place::numbered(table, high));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection()?.prepare_cached(sql).map_err(failure)?;
        let mut rows = statement
            .query((low.table(), low.key(), high.key(), limit))
            .map_err(failure)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            let (place, plain) = self.open_row(table, row)?;
            found.push((place.number()?, plain));
        }
        Ok(found)
    }

    fn all(&self, table: Table) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.connection()?.prepare_cached(ALL).map_err(failure)?;
        let mut rows = statement.query([table as u8]).map_err(failure)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            match self.open_row(table, row) {
                Err(StoreError::Locked) => {}
                opened => found.push(opened?.1),
            }
        }
        Ok(found)
    }

    fn is_empty(&self, table: Table) -> Result<bool, StoreError> {
        let mut statement = self.connection()?.prepare_cached(ANY).map_err(failure)?;
        let any: bool = statement
            .query_row([table as u8], |row| row.get(0))
            .map_err(failure)?;
        Ok(!any)
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.connection()?;
        if self.turn.is_none() {
            return Err(StoreError::ReadOnly);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.end_hold();
        self.check_file()?;
        // With the turn, nobody else can have committed.
        let revision = self.seen.checked_add(1).ok_or(StoreError::Damaged)?;
        let connection = self.connection.as_mut().ok_or(StoreError::Suspended)?;
        // Dropping the transaction on any error rolls it back.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failure)?;
        {
            let mut put = transaction.prepare_cached(PUT).map_err(failure)?;
            let mut delete = transaction.prepare_cached(DELETE).map_err(failure)?;
            for (table, key, plain) in batch.changes() {
                let place = self.sealer.place(table, key);
                match plain {
                    Some(plain) => {
                        let sealed = self.sealer.seal(&place, plain)?;
                        put.execute((place.table(), place.key(), sealed))
                    }
                    None => delete.execute((place.table(), place.key())),
                }
                .map_err(failure)?;
            }
            let header = Place::header();
            let sealed = self.sealer.seal_header(revision);
            put.execute((header.table(), header.key(), sealed))
                .map_err(failure)?;
        }
        transaction.commit().map_err(failure)?;
        self.seen = revision;
        if self.scrub_due || batch.scrubs() {
            // Committed it is, whatever becomes of this; what is left is tried again.
            self.scrub_due = !file::empty_log(connection);
        }
        Ok(())
    }

    fn revision(&self) -> Result<u64, StoreError> {
        file::revision(self.connection()?, &self.sealer)
    }

    fn hold(&self) -> Result<(), StoreError> {
        let connection = self.connection()?;
        if self.held.get() == 0 {
            let mut begin = connection.prepare_cached("BEGIN").map_err(failure)?;
            begin.execute([]).map_err(failure)?;
        }
        self.held.set(self.held.get() + 1);
        Ok(())
    }

    fn release(&self) {
        let held = self.held.get();
        self.held.set(held.saturating_sub(1));
        if held == 1
            && let Some(connection) = &self.connection
        {
            // It only read, so there is nothing that could fail to be written.
            let _ = connection
                .prepare_cached("COMMIT")
                .and_then(|mut commit| commit.execute([]));
        }
    }

    fn take_turn(&mut self, wait: Duration) -> Result<bool, StoreError> {
        self.connection()?;
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        if self.turn.is_some() {
            return Ok(false);
        }
        self.end_hold();
        self.check_file()?;
        let turn = Turn::take(&self.folder, wait)?;
        // A newer program may have had the turn and brought the store up to its own version.
        let connection = self.connection()?;
        file::version(connection)?;
        let now = self.revision()?;
        file::prepare_writing(connection)?;
        self.turn = Some(turn);
        Ok(mem::replace(&mut self.seen, now) != now)
    }

    fn release_turn(&mut self) {
        self.turn = None;
    }

    fn suspend(&mut self) {
        if self.connection.is_some() {
            self.turn_on_resume = self.turn.is_some();
            self.held.set(0);
            self.connection = None;
            self.turn = None;
        }
    }

    fn resume(&mut self) -> Result<bool, StoreError> {
        if self.connection.is_some() {
            return Ok(false);
        }
        let now = self.connect()?;
        Ok(mem::replace(&mut self.seen, now) != now)
    }
}

impl SqliteStore {
    fn open_row(
        &self,
        table: Table,
        row: &rusqlite::Row<'_>,
    ) -> Result<(Place, Vec<u8>), StoreError> {
        let blob = |column| {
            let value = row.get_ref(column).map_err(failure)?;
            value.as_blob().map_err(|_| StoreError::Damaged)
        };
        let place = Place::of(table as u8, blob(0)?);
        let plain = self.sealer.open(&place, blob(1)?)?;
        Ok((place, plain))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("access", &self.access)
            .field("turn", &self.turn.is_some())
            .field("suspended", &self.connection.is_none())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
