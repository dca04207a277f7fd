//! The log in SQLite, and its file.

use std::fs;
use std::path::{Path, PathBuf};

use sidelight_format::{Class, Position, RelayInstance, Timestamp};
use sidelight_mailbox::conformance::{Reopen, check};
use sidelight_mailbox::{Ledger, Log, LogError, Place, Policy};
use sidelight_relay::{OpenLogError, SqliteLog};
use tempfile::TempDir;

use crate::common::{Key, live};

const FIRST: RelayInstance = RelayInstance([1; 16]);
const SECOND: RelayInstance = RelayInstance([2; 16]);

struct Sqlite(PathBuf);

impl Reopen for Sqlite {
    type Log = SqliteLog;

    fn reopen(&mut self) -> SqliteLog {
        SqliteLog::open(&self.0, FIRST).expect("the database opens")
    }
}

fn dir() -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("test.sqlite");
    (dir, path)
}

/// Appends the `n`th envelope, uncommitted.
fn append(log: &mut SqliteLog, key: &Key, n: u64) -> Result<(), LogError> {
    let envelope = live(n, 1024);
    let place = Place {
        position: Position(n),
        class: Class::Live,
        len: 1024,
        erase_hash: [0; 32],
        dropped: false,
    };
    let ledger = Ledger {
        length: Position(n + 1),
        ..Ledger::new(&Policy::default(), Timestamp(0))
    };
    log.append(&key.mailbox(), &key.id(&envelope), &place, envelope)?;
    log.set_ledger(&key.mailbox(), &ledger)
}

#[test]
fn the_log_in_sqlite_conforms() {
    let (_dir, path) = dir();
    check(&mut Sqlite(path));
}

#[test]
fn the_instance_is_that_of_the_creation_until_another_begins() {
    let (_dir, path) = dir();
    assert_eq!(SqliteLog::open(&path, FIRST).unwrap().instance(), FIRST);
    let mut log = SqliteLog::open(&path, SECOND).unwrap();
    assert_eq!(log.instance(), FIRST);
    log.begin_instance(SECOND).unwrap();
    assert_eq!(log.instance(), SECOND);
    drop(log);
    assert_eq!(SqliteLog::open(&path, FIRST).unwrap().instance(), SECOND);
}

#[test]
fn a_full_database_fails_the_burst_and_keeps_what_was_committed() {
    let (_dir, path) = dir();
    let key = Key::new(1);
    let mut log = SqliteLog::open(&path, FIRST).unwrap();
    log.limit_bytes(256 * 1024).unwrap();
    let mut kept = 0;
    let error = loop {
        assert!(kept < 1000, "it never gets full");
        match append(&mut log, &key, kept).and_then(|()| log.commit()) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, LogError::Full);
    assert!(kept > 50, "{kept}");
    assert_eq!(
        log.commit(),
        Err(LogError::Unreachable),
        "only discarding is left"
    );
    log.discard();
    let length = |log: &SqliteLog| log.ledger(&key.mailbox()).unwrap().unwrap().length.0;
    assert_eq!(length(&log), kept);
    log.limit_bytes(1 << 30).unwrap();
    append(&mut log, &key, kept).unwrap();
    log.commit().unwrap();
    drop(log);
    let log = SqliteLog::open(&path, FIRST).unwrap();
    assert_eq!(length(&log), kept + 1);
}

#[test]
fn a_dropped_body_is_in_none_of_the_files() {
    let (dir, path) = dir();
    let key = Key::new(1);
    let mut log = SqliteLog::open(&path, FIRST).unwrap();
    for n in 0..100 {
        append(&mut log, &key, n).unwrap();
    }
    log.commit().unwrap();
    let secret = &live(50, 1024)[200..400];
    assert!(found(dir.path(), secret), "the search finds what is there");
    log.drop_body(&key.mailbox(), Position(50)).unwrap();
    log.commit().unwrap();
    assert!(!found(dir.path(), secret), "while the relay runs");
    assert!(found(dir.path(), &live(51, 1024)[200..400]), "others stay");
}

fn found(dir: &Path, needle: &[u8]) -> bool {
    let files = fs::read_dir(dir).expect("a directory");
    files
        .map(|file| fs::read(file.expect("an entry").path()).expect("a file"))
        .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn a_database_of_another_version_or_program_is_left_alone() {
    let (_dir, path) = dir();
    drop(SqliteLog::open(&path, FIRST).unwrap());
    let change = |sql: &str| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    change("PRAGMA user_version = 3");
    let error = SqliteLog::open(&path, FIRST).unwrap_err();
    assert_eq!(error, OpenLogError::NewerVersion(3));
    change("PRAGMA user_version = 2; PRAGMA application_id = 7");
    assert_eq!(
        SqliteLog::open(&path, FIRST).unwrap_err(),
        OpenLogError::Foreign
    );
    change("PRAGMA user_version = 0; PRAGMA application_id = 0");
    assert_eq!(
        SqliteLog::open(&path, FIRST).unwrap_err(),
        OpenLogError::Foreign
    );
}

#[test]
fn a_database_of_the_first_schema_is_taken_over_with_what_it_holds() {
    let (_dir, path) = dir();
    let key = Key::new(1);
    let mut log = SqliteLog::open(&path, FIRST).unwrap();
    append(&mut log, &key, 0).unwrap();
    log.commit().unwrap();
    let id = key.id(&live(0, 1024));
    let place = log.place_of(&key.mailbox(), &id).unwrap();
    assert!(place.is_some());
    drop(log);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let earlier = "DROP INDEX envelopes_short;
        CREATE UNIQUE INDEX envelopes_id ON envelopes (mailbox, id);
        PRAGMA user_version = 1;";
    connection.execute_batch(earlier).unwrap();
    drop(connection);
    for _ in 0..2 {
        let log = SqliteLog::open(&path, FIRST).unwrap();
        assert_eq!(log.place_of(&key.mailbox(), &id).unwrap(), place);
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    let index = "SELECT group_concat(name) FROM sqlite_schema
        WHERE type = 'index' AND tbl_name = 'envelopes'";
    let names: String = connection.query_row(index, [], |row| row.get(0)).unwrap();
    assert_eq!(names, "envelopes_short");
}

/// An append must not read through what lies in its mailbox already.
#[test]
fn an_envelope_is_found_by_the_index_of_ids() {
    let (_dir, path) = dir();
    drop(SqliteLog::open(&path, FIRST).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let plan = |sql: &str| -> String {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let row = connection.query_row(&explain, [], |row| row.get(3));
        row.unwrap()
    };
    let found = plan(
        "SELECT place FROM envelopes
        WHERE mailbox = 1 AND substr(id, 1, 8) = x'00' AND id = x'00'",
    );
    assert!(
        found.contains("envelopes_short (mailbox=? AND <expr>=?)"),
        "{found}"
    );
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let (_dir, path) = dir();
    fs::write(&path, vec![7; 8192]).unwrap();
    let error = SqliteLog::open(&path, FIRST).unwrap_err();
    assert_eq!(error, OpenLogError::Log(LogError::Damaged));
}
