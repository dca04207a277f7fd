//! The log of the mailboxes, in SQLite.
//!
//! One table row is one envelope, keyed by its mailbox's number and its position together, so
//! that a fetch reads neighbours. WAL with `synchronous=FULL`: when a commit returns, it is on
//! the disk. `secure_delete` zeroes what is dropped, and the WAL is emptied after a drop, so that
//! no later copy of the files has the body; what a disk itself keeps aside is beyond a program.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, ToSql, params};
use sidelight_format::{
    Bytes, Class, Contents, Direction, EnvelopeId, Item, MailboxName, Position, RelayInstance,
    RunningHash, Timestamp,
};
use sidelight_mailbox::{Ledger, Log, LogError, Place, Range};

/// The version of the schema, in SQLite's `user_version`. The first had a longer index of ids.
const SCHEMA_VERSION: i64 = 2;

/// "SdlR", so that `file` can tell what the database is.
const APPLICATION_ID: i64 = 0x5364_6c52;

const SCHEMA: &str = "
    CREATE TABLE relay (
        instance BLOB NOT NULL
    ) STRICT;
    -- AUTOINCREMENT: the number of a mailbox that was swept names rows yet to be deleted, and
    -- must not be given to another.
    CREATE TABLE mailboxes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name BLOB NOT NULL UNIQUE,
        length INTEGER NOT NULL,
        hash BLOB NOT NULL,
        live_allowance INTEGER NOT NULL,
        refilled INTEGER NOT NULL,
        bulk_bytes INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX mailboxes_expires ON mailboxes (expires);
    CREATE TABLE envelopes (
        place INTEGER PRIMARY KEY,
        mailbox INTEGER NOT NULL,
        id BLOB NOT NULL,
        class INTEGER NOT NULL,
        len INTEGER NOT NULL,
        erase_hash BLOB NOT NULL,
        dropped INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE swept (
        mailbox INTEGER PRIMARY KEY
    ) STRICT;
";

/// Finds an envelope by its id. Ids are hashes, so each append changes a page somewhere in it:
/// what it weighs is most of what an append writes. Eight of the 32 bytes tell ids apart, and who
/// makes two that begin alike finds both looked at.
const INDEX: &str = "CREATE INDEX envelopes_short ON envelopes (mailbox, substr(id, 1, 8));";

/// From the first schema to this one.
const UPGRADE: &str = "DROP INDEX envelopes_id;";

/// How many bits of an envelope's key are its position: 69 billion in a mailbox, and 134 million
/// mailboxes in the life of a database.
const POSITION_BITS: u32 = 36;

/// How long the WAL grows before its pages move into the database, in pages of 4 KiB. SQLite's
/// 1,000 would interrupt every third full burst.
const CHECKPOINT_PAGES: i64 = 16_000;

/// How many bytes of pages are remembered. The kernel remembers the rest; and at the end of a
/// commit that has put pages of the index in order, SQLite looks through all that are remembered,
/// a seventh of the storage thread's time with 64 MiB.
const CACHE_KIB: i64 = 16 * 1024;

/// How many mailboxes' numbers are remembered.
const NUMBERS_MAX: usize = 100_000;

/// A [`Log`] in an SQLite database.
pub struct SqliteLog {
    connection: Connection,
    instance: RelayInstance,
    /// How many mailboxes there are, uncommitted ones included.
    mailboxes: u64,
    numbers: RefCell<BTreeMap<MailboxName, i64>>,
    /// Whether a change failed, so that only discarding is left.
    failed: bool,
    /// Whether the WAL may have the body of something dropped. Once too often does no harm.
    dropped: bool,
}

/// Why a database could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenLogError {
    /// It was written by a later version.
    #[error("the database has schema {0}, which this version does not know; update the relay")]
    NewerVersion(i64),
    /// It is the database of another program.
    #[error("the database is not a relay's")]
    Foreign,
    /// It cannot be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl SqliteLog {
    /// Opens the database at `path`, and makes it if it does not exist; then `new_instance`
    /// names its life.
    ///
    /// # Errors
    /// [`OpenLogError`].
    pub fn open(path: &Path, new_instance: RelayInstance) -> Result<Self, OpenLogError> {
        let connection = Connection::open(path).map_err(|error| trouble(&error))?;
        Self::with(connection, new_instance)
    }

    /// How many bodies of each length are kept, the shortest first: all that a relay can say
    /// of what it keeps. Reads the whole table.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn lengths(&self) -> Result<Vec<(u64, u64)>, LogError> {
        let sql = "SELECT len, count(*) FROM envelopes WHERE dropped = 0 GROUP BY len ORDER BY len";
        let mut statement = self
            .connection
            .prepare(sql)
            .map_err(|error| trouble(&error))?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .map_err(|error| trouble(&error))?;
        rows.map(|row| {
            let (len, count) = row.map_err(|error| trouble(&error))?;
            Ok((len.unsigned_abs(), count.unsigned_abs()))
        })
        .collect()
    }

    fn with(connection: Connection, new_instance: RelayInstance) -> Result<Self, OpenLogError> {
        // Looked at before anything is changed: the file may be somebody else's.
        let number = |sql| {
            let number = connection.query_row(sql, [], |row| row.get::<_, i64>(0));
            number.map_err(|error| trouble(&error))
        };
        let version = number("PRAGMA user_version")?;
        let application = number("PRAGMA application_id")?;
        let tables = number("SELECT count(*) FROM sqlite_schema")?;
        match (version, application, tables) {
            (1..=SCHEMA_VERSION, APPLICATION_ID, _) | (0, 0, 0) => {}
            (_, APPLICATION_ID, _) => return Err(OpenLogError::NewerVersion(version)),
            _ => return Err(OpenLogError::Foreign),
        }
        prepare(&connection).map_err(|error| trouble(&error))?;
        let made = match (tables, version) {
            (0, _) => create(&connection, new_instance),
            (_, SCHEMA_VERSION) => Ok(()),
            _ => upgrade(&connection),
        };
        made.map_err(|error| trouble(&error))?;
        let instance: Vec<u8> = connection
            .query_row("SELECT instance FROM relay", [], |row| row.get(0))
            .map_err(|error| trouble(&error))?;
        let instance =
            RelayInstance::try_from(instance.as_slice()).map_err(|_| LogError::Damaged)?;
        let mut log = Self {
            connection,
            instance,
            mailboxes: 0,
            numbers: RefCell::default(),
            failed: false,
            dropped: false,
        };
        log.mailboxes = log.count().map_err(|error| trouble(&error))?;
        Ok(log)
    }

    /// Begins another life of the same data, as after restoring a backup: devices then compare
    /// the whole list and refill what is missing. (Without it they notice by the running hash.)
    ///
    /// # Errors
    /// [`LogError`].
    pub fn begin_instance(&mut self, instance: RelayInstance) -> Result<(), LogError> {
        self.connection
            .execute("UPDATE relay SET instance = ?1", [&instance.0])
            .map_err(|error| trouble(&error))?;
        self.instance = instance;
        Ok(())
    }

    /// Bounds the database to about `bytes`; past that every commit fails with
    /// [`LogError::Full`].
    ///
    /// # Errors
    /// [`LogError`].
    pub fn limit_bytes(&mut self, bytes: u64) -> Result<(), LogError> {
        let page_size: i64 = self
            .connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(|error| trouble(&error))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page_size.max(1);
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))
            .map_err(|error| trouble(&error))
    }

    /// Moves everything into the database file, so that it can be copied alone.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn checkpoint(&self) -> Result<(), LogError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| trouble(&error))
    }

    fn count(&self) -> rusqlite::Result<u64> {
        let count = "SELECT count(*) FROM mailboxes";
        let count: i64 = self.connection.query_row(count, [], |row| row.get(0))?;
        Ok(count as u64)
    }

    fn number(&self, mailbox: &MailboxName) -> Result<Option<i64>, LogError> {
        if let Some(number) = self.numbers.borrow().get(mailbox) {
            return Ok(Some(*number));
        }
        let number = self.query(
            "SELECT number FROM mailboxes WHERE name = ?1",
            params![mailbox.0],
            |row| row.get(0),
        )?;
        if let Some(number) = number {
            let mut numbers = self.numbers.borrow_mut();
            if numbers.len() >= NUMBERS_MAX {
                numbers.clear();
            }
            numbers.insert(*mailbox, number);
        }
        Ok(number)
    }

    fn query<T>(
        &self,
        sql: &str,
        params: &[&dyn ToSql],
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LogError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(|error| trouble(&error))
    }

    /// Runs a change in the transaction that the next commit ends; how many rows it touched.
    fn change(&mut self, sql: &str, params: &[&dyn ToSql]) -> Result<usize, LogError> {
        if self.failed {
            return Err(LogError::Unreachable);
        }
        let run = || {
            if self.connection.is_autocommit() {
                self.connection.execute_batch("BEGIN IMMEDIATE")?;
            }
            self.connection.prepare_cached(sql)?.execute(params)
        };
        run().map_err(|error| {
            self.failed = true;
            trouble(&error)
        })
    }

    /// The number of a mailbox, which begins if there is none.
    fn number_or_begin(&mut self, mailbox: &MailboxName) -> Result<i64, LogError> {
        if let Some(number) = self.number(mailbox)? {
            return Ok(number);
        }
        self.change(
            "INSERT INTO mailboxes (name, length, hash, live_allowance, refilled, bulk_bytes,
                bytes, expires) VALUES (?1, 0, ?2, 0, 0, 0, 0, 0)",
            params![mailbox.0, RunningHash::START.0],
        )?;
        self.mailboxes += 1;
        let number = self.connection.last_insert_rowid();
        self.numbers.borrow_mut().insert(*mailbox, number);
        Ok(number)
    }
}

impl Log for SqliteLog {
    fn instance(&self) -> RelayInstance {
        self.instance
    }

    fn mailboxes(&self) -> Result<u64, LogError> {
        Ok(self.mailboxes)
    }

    fn ledger(&self, mailbox: &MailboxName) -> Result<Option<Ledger>, LogError> {
        self.query(
            "SELECT length, hash, live_allowance, refilled, bulk_bytes, bytes, expires
             FROM mailboxes WHERE name = ?1",
            params![mailbox.0],
            |row| {
                // u64 as i64 and back: the same 64 bits.
                let number = |at| row.get::<_, i64>(at);
                Ok(Ledger {
                    length: Position(number(0)? as u64),
                    hash: RunningHash(row.get(1)?),
                    live_allowance: number(2)? as u64,
                    refilled: Timestamp(number(3)?),
                    bulk_bytes: number(4)? as u64,
                    bytes: number(5)? as u64,
                    expires: Timestamp(number(6)?),
                })
            },
        )
    }

    fn place_of(&self, mailbox: &MailboxName, id: &EnvelopeId) -> Result<Option<Place>, LogError> {
        let Some(number) = self.number(mailbox)? else {
            return Ok(None);
        };
        self.query(
            "SELECT place, class, len, erase_hash, dropped FROM envelopes
             WHERE mailbox = ?1 AND substr(id, 1, 8) = ?2 AND id = ?3",
            params![number, &id.0[..8], id.0],
            |row| {
                Ok(Place {
                    position: position(row.get(0)?),
                    class: class(row.get(1)?)?,
                    len: row.get(2)?,
                    erase_hash: row.get(3)?,
                    dropped: row.get(4)?,
                })
            },
        )
    }

    fn read(&self, mailbox: &MailboxName, range: &Range) -> Result<Vec<Item>, LogError> {
        let Some(number) = self.number(mailbox)? else {
            return Ok(Vec::new());
        };
        // No position lies past the bits it has, so clamping there finds nothing that is not.
        let first = range.first.0.min((1 << POSITION_BITS) - 1);
        let (sql, from, to) = match range.direction {
            Direction::Forward => (
                "SELECT id, class, dropped, body FROM envelopes
                 WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT ?3",
                key(number, first),
                key(number + 1, 0) - 1,
            ),
            Direction::Backward => (
                "SELECT id, class, dropped, body FROM envelopes
                 WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT ?3",
                key(number, 0),
                key(number, first),
            ),
        };
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let count = i64::try_from(range.count).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![from, to, count])?;
            let (mut items, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let class = class(row.get(1)?)?;
                let contents = if row.get(2)? {
                    Contents::Dropped
                } else if !range.classes.contains(class) {
                    Contents::Skipped
                } else {
                    let body = row.get_ref(3)?.as_blob()?;
                    bytes += body.len();
                    if !items.is_empty() && bytes > range.bytes {
                        break;
                    }
                    Contents::Whole(Bytes::from(body))
                };
                let id = EnvelopeId(row.get(0)?);
                items.push(Item {
                    id,
                    class,
                    contents,
                });
            }
            Ok(items)
        };
        read().map_err(|error: rusqlite::Error| trouble(&error))
    }

    fn set_ledger(&mut self, mailbox: &MailboxName, ledger: &Ledger) -> Result<(), LogError> {
        let number = self.number_or_begin(mailbox)?;
        self.change(
            "UPDATE mailboxes SET length = ?2, hash = ?3, live_allowance = ?4, refilled = ?5,
                bulk_bytes = ?6, bytes = ?7, expires = ?8 WHERE number = ?1",
            params![
                number,
                ledger.length.0 as i64,
                ledger.hash.0,
                ledger.live_allowance as i64,
                ledger.refilled.0,
                ledger.bulk_bytes as i64,
                ledger.bytes as i64,
                ledger.expires.0
            ],
        )
        .map(drop)
    }

    fn append(
        &mut self,
        mailbox: &MailboxName,
        id: &EnvelopeId,
        place: &Place,
        envelope: Bytes,
    ) -> Result<(), LogError> {
        if place.position.0 >> POSITION_BITS != 0 {
            return Err(LogError::Full);
        }
        let number = self.number_or_begin(mailbox)?;
        self.change(
            "INSERT INTO envelopes (place, mailbox, id, class, len, erase_hash, dropped, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
            params![
                key(number, place.position.0),
                number,
                id.0,
                place.class as u8,
                place.len,
                place.erase_hash,
                envelope.as_slice()
            ],
        )
        .map(drop)
    }

    fn drop_body(&mut self, mailbox: &MailboxName, position: Position) -> Result<(), LogError> {
        if let Some(number) = self.number(mailbox)? {
            self.change(
                "UPDATE envelopes SET dropped = 1, body = x'' WHERE place = ?1",
                params![key(number, position.0)],
            )?;
            self.dropped = true;
        }
        Ok(())
    }

    /// A mailbox goes with its ledger, at once; its rows follow, some in every sweep.
    fn sweep(&mut self, now: Timestamp, budget: usize) -> Result<usize, LogError> {
        let budget = i64::try_from(budget).unwrap_or(i64::MAX);
        let begun = self.change(
            "INSERT INTO swept (mailbox)
             SELECT number FROM mailboxes WHERE expires < ?1 LIMIT ?2",
            params![now.0, budget],
        )?;
        if begun > 0 {
            let gone = "DELETE FROM mailboxes WHERE number IN (SELECT mailbox FROM swept)";
            self.mailboxes -= self.change(gone, &[])? as u64;
            self.numbers.borrow_mut().clear();
        }
        let deleted = self.change(
            "DELETE FROM envelopes WHERE place IN (
                SELECT place FROM envelopes JOIN swept USING (mailbox) LIMIT ?1)",
            params![budget],
        )?;
        let finished = self.change(
            "DELETE FROM swept WHERE NOT EXISTS (
                SELECT 1 FROM envelopes WHERE envelopes.mailbox = swept.mailbox)",
            &[],
        )?;
        Ok(begun + deleted + finished)
    }

    fn commit(&mut self) -> Result<(), LogError> {
        if self.failed {
            return Err(LogError::Unreachable);
        }
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch("COMMIT").map_err(|error| {
            self.failed = true;
            trouble(&error)
        })?;
        if std::mem::take(&mut self.dropped) {
            // The commit stands, whatever comes of this; the next one tries again.
            self.dropped = self.checkpoint().is_err();
        }
        Ok(())
    }

    fn discard(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails, the database is beyond reach and the next change says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.failed = false;
        self.numbers.borrow_mut().clear();
        self.mailboxes = self.count().unwrap_or(self.mailboxes);
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteLog(…)")
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // Must come before the first table, and costs nothing afterwards.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn create(connection: &Connection, instance: RelayInstance) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute_batch(INDEX)?;
    transaction.execute("INSERT INTO relay (instance) VALUES (?1)", [&instance.0])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

fn upgrade(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(UPGRADE)?;
    transaction.execute_batch(INDEX)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

fn key(number: i64, position: u64) -> i64 {
    (number << POSITION_BITS) | position as i64
}

fn position(key: i64) -> Position {
    Position(key as u64 & ((1 << POSITION_BITS) - 1))
}

fn class(byte: u8) -> rusqlite::Result<Class> {
    let found = Class::ALL.into_iter().find(|class| *class as u8 == byte);
    found.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, byte.into()))
}

/// What a failure of SQLite means to a mailbox. Its text is left behind: it may quote values.
fn trouble(error: &rusqlite::Error) -> LogError {
    match error {
        rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
            ErrorCode::DiskFull => LogError::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => LogError::Damaged,
            _ => LogError::Unreachable,
        },
        _ => LogError::Damaged,
    }
}
