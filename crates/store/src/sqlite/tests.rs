//! What only a disk can do: fill up, break, be cut short, be of another version.

use std::{fs, io, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::testing::sealing;

const WRITE: Access = Access::Write {
    wait: Duration::ZERO,
};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("journal.db")
}

fn open(folder: &TempDir, access: Access) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(folder.path(), sealing(1), access)
}

fn refusals(folder: &TempDir) -> [StoreError; 2] {
    [Access::Read, WRITE].map(|access| open(folder, access).unwrap_err())
}

fn rows(numbers: impl IntoIterator<Item = u64>, len: usize) -> Batch {
    let mut batch = Batch::new();
    for number in numbers {
        batch.put(Table::Outbox, Key::Number(number), vec![number as u8; len]);
    }
    batch
}

fn count(store: &SqliteStore) -> usize {
    store.all(Table::Outbox).unwrap().len()
}

const ROWS: u64 = 24;

/// A store with [`ROWS`] rows of 1 kB that nobody has open.
fn filled() -> TempDir {
    let folder = folder();
    let mut store = SqliteStore::create(folder.path(), sealing(1)).unwrap();
    store.commit(rows(0..ROWS, 1000)).unwrap();
    folder
}

#[test]
fn a_full_disk_changes_nothing_and_later_commits_work() {
    let folder = filled();
    let mut store = open(&folder, WRITE).unwrap();
    let connection = store.connection().unwrap();
    let pages: i64 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = |store: &SqliteStore, pages: i64| {
        let connection = store.connection().unwrap();
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    };
    limit(&store, pages + 3);
    let revision = store.revision().unwrap();
    let mut batch = rows(100..199, 1000);
    batch.delete(Table::Outbox, Key::Number(0));
    batch.put(Table::Outbox, Key::Number(1), b"new".to_vec());
    assert_eq!(store.commit(batch), Err(StoreError::Full));
    assert_eq!(count(&store), ROWS as usize);
    let untouched = store.read(Table::Outbox, Key::Number(1)).unwrap().unwrap();
    assert_eq!(untouched, [1; 1000]);
    assert_eq!(store.revision(), Ok(revision));

    store.commit(rows([99], 1000)).unwrap();
    assert_eq!(store.commit(rows(100..199, 1000)), Err(StoreError::Full));
    limit(&store, 1_000_000);
    store.commit(rows(100..199, 1000)).unwrap();
    assert_eq!(store.revision(), Ok(revision + 2));
    drop(store);
    let kept = count(&open(&folder, Access::Read).unwrap());
    assert_eq!(kept, ROWS as usize + 100);
}

#[test]
fn a_file_that_is_no_store_is_damaged() {
    let not_stores: [&[u8]; 3] = [b"", b"SQLite format 3\0", &[0x5a; 8192]];
    for bytes in not_stores {
        let folder = folder();
        fs::write(database(&folder), bytes).unwrap();
        assert_eq!(refusals(&folder), [StoreError::Damaged; 2]);
        let created = SqliteStore::create(folder.path(), sealing(1));
        assert_eq!(created.unwrap_err(), StoreError::Exists);
        assert_eq!(fs::read(database(&folder)).unwrap(), bytes, "left as it is");
    }
    let folder = folder();
    Connection::open(database(&folder))
        .unwrap()
        .execute_batch("CREATE TABLE something_else (x); PRAGMA user_version = 1")
        .unwrap();
    assert_eq!(refusals(&folder), [StoreError::Damaged; 2]);
}

#[test]
fn a_store_that_was_cut_short_is_damaged_wherever_it_was_cut() {
    let whole = fs::read(database(&filled())).unwrap();
    let pages = (0..whole.len()).step_by(4096);
    for cut in pages.chain([1, 99, 100, 512, whole.len() / 2 + 9]) {
        let folder = folder();
        fs::write(database(&folder), &whole[..cut]).unwrap();
        assert_eq!(refusals(&folder), [StoreError::Damaged; 2], "cut at {cut}");
    }
    // Within the last page only its rows tell.
    let last = (whole.len() - 4096 + 1..whole.len()).step_by(500);
    for cut in last {
        let folder = folder();
        fs::write(database(&folder), &whole[..cut]).unwrap();
        let read = open(&folder, Access::Read).and_then(|store| store.all(Table::Outbox));
        assert_eq!(read, Err(StoreError::Damaged), "cut at {cut}");
    }
}

#[test]
fn changed_bytes_are_refused_and_never_shown() {
    let whole = fs::read(database(&filled())).unwrap();
    let expected: Vec<Vec<u8>> = (0..ROWS).map(|number| vec![number as u8; 1000]).collect();
    let mut refused = 0;
    // Every page, at changing offsets, those of its header included.
    let places = (0..whole.len()).step_by(101);
    for place in places.clone() {
        let folder = folder();
        let mut bytes = whole.clone();
        bytes[place] ^= 0x41;
        fs::write(database(&folder), bytes).unwrap();
        let read = open(&folder, Access::Read).and_then(|store| {
            (0..ROWS)
                .map(|number| store.read(Table::Outbox, Key::Number(number)))
                .collect::<Result<Vec<_>, _>>()
        });
        match read {
            // A row may be lost with its index entry, never changed.
            Ok(rows) => rows
                .into_iter()
                .zip(&expected)
                .for_each(|(found, expected)| {
                    assert!(found.is_none_or(|found| found == *expected));
                }),
            Err(error) => {
                assert_ne!(error, StoreError::Missing, "at {place}");
                assert_ne!(error, StoreError::Busy, "at {place}");
                refused += 1;
            }
        }
    }
    assert!(refused > places.count() / 2);
}

#[test]
fn a_row_that_was_moved_does_not_open() {
    let folder = filled();
    for swap in [
        "UPDATE rows SET value = (SELECT value FROM rows WHERE key = x'0000000000000001') \
         WHERE key = x'0000000000000002'",
        "UPDATE rows SET tab = 7 WHERE key = x'0000000000000002'",
    ] {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(database(&folder), database(&copy)).unwrap();
        let connection = Connection::open(database(&copy)).unwrap();
        assert_eq!(connection.execute(swap, []).unwrap(), 1);
        drop(connection);
        let store = open(&copy, Access::Read).unwrap();
        let table = if swap.contains("tab = 7") {
            Table::Listed
        } else {
            Table::Outbox
        };
        let moved = store.read(table, Key::Number(2));
        assert_eq!(moved, Err(StoreError::Damaged));
        assert_eq!(store.all(table), Err(StoreError::Damaged));
        let range = store.range(table, 0, Direction::Up, 9);
        assert_eq!(range, Err(StoreError::Damaged));
    }
}

#[test]
fn a_newer_version_is_refused_and_left_as_it_is() {
    for (version, named) in [(2, 2), (255, 255), (256, 255)] {
        let folder = filled();
        let connection = Connection::open(database(&folder)).unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(connection);
        let before = fs::read(database(&folder)).unwrap();
        assert_eq!(refusals(&folder), [StoreError::NewerVersion(named); 2]);
        assert_eq!(fs::read(database(&folder)).unwrap(), before);
    }
    let folder = filled();
    let connection = Connection::open(database(&folder)).unwrap();
    connection.pragma_update(None, "user_version", -1).unwrap();
    drop(connection);
    assert_eq!(refusals(&folder), [StoreError::Damaged; 2]);
}

#[test]
fn a_newer_program_may_have_had_the_turn() {
    let folder = filled();
    let mut store = open(&folder, WRITE).unwrap();
    store.release_turn();
    let connection = Connection::open(database(&folder)).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    let refused = store.take_turn(Duration::ZERO);
    assert_eq!(refused, Err(StoreError::NewerVersion(9)));
    let refused = store.commit(rows([0], 1));
    assert_eq!(refused, Err(StoreError::ReadOnly));
}

/// A store as version 0 wrote it: the table had another name.
fn version_0() -> TempDir {
    let folder = filled();
    Connection::open(database(&folder))
        .unwrap()
        .execute_batch("ALTER TABLE rows RENAME TO records; PRAGMA user_version = 0")
        .unwrap();
    folder
}

#[test]
fn version_0_is_brought_up_to_date_without_loss() {
    let folder = version_0();
    let before = fs::read(database(&folder)).unwrap();
    let refused = open(&folder, Access::Read).unwrap_err();
    assert_eq!(refused, StoreError::OlderVersion);
    let refused = SqliteStore::open(folder.path(), sealing(2), WRITE).unwrap_err();
    assert_eq!(refused, StoreError::WrongKey);
    assert_eq!(
        fs::read(database(&folder)).unwrap(),
        before,
        "left as it is"
    );

    let mut store = open(&folder, WRITE).unwrap();
    let upgraded = store.range(Table::Outbox, 0, Direction::Up, 200).unwrap();
    let expected = (0..ROWS).map(|number| (number, vec![number as u8; 1000]));
    assert!(upgraded.into_iter().eq(expected));
    assert_eq!(store.revision(), Ok(1));
    store.commit(rows([ROWS], 1)).unwrap();
    drop(store);
    assert_eq!(
        count(&open(&folder, Access::Read).unwrap()),
        ROWS as usize + 1
    );
    let connection = Connection::open(database(&folder)).unwrap();
    assert_eq!(file::version(&connection), Ok(file::VERSION));
}

#[test]
fn a_file_that_only_claims_to_be_version_0_is_damaged() {
    let folder = filled();
    let connection = Connection::open(database(&folder)).unwrap();
    connection.pragma_update(None, "user_version", 0).unwrap();
    drop(connection);
    let refused = open(&folder, WRITE).unwrap_err();
    assert_eq!(refused, StoreError::Damaged);
}

#[test]
fn an_interrupted_creation_leaves_no_store_and_can_be_repeated() {
    let folder = folder();
    fs::write(folder.path().join("journal.db.new"), b"half").unwrap();
    fs::write(folder.path().join("journal.db.new-journal"), b"half").unwrap();
    assert_eq!(refusals(&folder), [StoreError::Missing; 2]);
    drop(SqliteStore::create(folder.path(), sealing(1)).unwrap());
    assert_eq!(count(&open(&folder, WRITE).unwrap()), 0);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["journal.db", "writer.lock"]);
}

#[test]
fn a_store_that_was_deleted_or_replaced_takes_no_commit_into_nothing() {
    let folder = filled();
    let mut store = open(&folder, WRITE).unwrap();
    let copy = folder.path().join("copy");
    fs::copy(database(&folder), &copy).unwrap();
    fs::remove_file(database(&folder)).unwrap();
    assert_eq!(store.commit(rows([0], 1)), Err(StoreError::Missing));
    fs::rename(copy, database(&folder)).unwrap();
    assert_eq!(store.commit(rows([0], 1)), Err(StoreError::Missing));
    store.release_turn();
    let refused = store.take_turn(Duration::ZERO);
    assert_eq!(refused, Err(StoreError::Missing));
}

#[test]
fn suspending_leaves_no_log_no_lock_and_no_open_file() {
    let folder = filled();
    let mut store = open(&folder, WRITE).unwrap();
    store.commit(rows([7], 1)).unwrap();
    let exists = |name: &str| folder.path().join(name).exists();
    assert!(exists("journal.db-wal"));
    store.suspend();
    assert!(!exists("journal.db-wal") && !exists("journal.db-shm"));
    #[cfg(target_os = "linux")]
    {
        let open_files = fs::read_dir("/proc/self/fd").unwrap();
        let ours = open_files
            .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
            .filter(|target| target.starts_with(folder.path()));
        assert_eq!(ours.count(), 0);
    }
    store.resume().unwrap();
    assert_eq!(count(&store), ROWS as usize);
}

#[test]
fn commits_are_durable_and_rows_that_go_are_overwritten() {
    let folder = filled();
    let store = open(&folder, WRITE).unwrap();
    let ask = |name: &str| {
        let value = store
            .connection()
            .unwrap()
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        format!("{:?}", value.unwrap())
    };
    assert_eq!(ask("journal_mode"), "Text(\"wal\")");
    assert_eq!(ask("synchronous"), "Integer(2)");
    assert_eq!(ask("secure_delete"), "Integer(1)");
    assert_eq!(ask("temp_store"), "Integer(2)");
}

#[test]
fn what_the_system_refuses_is_named() {
    let folder = filled();
    // Root may write into any folder, but not even root locks a folder as a file.
    fs::remove_file(folder.path().join("writer.lock")).unwrap();
    fs::create_dir(folder.path().join("writer.lock")).unwrap();
    let refused = open(&folder, WRITE).unwrap_err();
    assert_eq!(refused, StoreError::Io(io::ErrorKind::IsADirectory));
    assert_eq!(count(&open(&folder, Access::Read).unwrap()), ROWS as usize);
}

#[test]
fn a_turn_is_waited_for_but_not_longer_than_asked() {
    let folder = filled();
    let first = open(&folder, WRITE).unwrap();
    let (begin, wait) = (std::time::Instant::now(), Duration::from_millis(40));
    let refused = open(&folder, Access::Write { wait }).unwrap_err();
    assert_eq!(refused, StoreError::Busy);
    assert!(begin.elapsed() >= wait);

    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let wait = Duration::from_secs(60);
            open(&folder, Access::Write { wait }).map(|store| count(&store))
        });
        drop(first);
        waiting.join().unwrap()
    });
    assert_eq!(waiting, Ok(ROWS as usize));
}

/// Every file of the folder, end to end.
fn disk_bytes(folder: &TempDir) -> Vec<u8> {
    let files = fs::read_dir(folder.path()).unwrap();
    files.fold(Vec::new(), |mut all, file| {
        all.extend(fs::read(file.unwrap().path()).unwrap());
        all
    })
}

/// The sealed rows of a table, as they lie on disk.
fn sealed(store: &SqliteStore) -> Vec<Vec<u8>> {
    let connection = store.connection().unwrap();
    let mut rows = connection.prepare("SELECT value FROM rows").unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// How many of `rows` have left 24 bytes anywhere on the disk, in their middle or at their end:
/// a page holds part of a long row only.
fn found_on(disk: &[u8], rows: &[Vec<u8>]) -> usize {
    let windows: std::collections::BTreeSet<&[u8]> = disk.windows(24).collect();
    let pieces = |row: &[u8]| {
        let at = [row.len() / 2 - 12, row.len() - 24, row.len() / 4];
        at.map(|at| row[at..at + 24].to_vec())
    };
    let found = |row: &&Vec<u8>| pieces(row).iter().any(|piece| windows.contains(&piece[..]));
    rows.iter().filter(found).count()
}

#[test]
fn what_is_scrubbed_is_nowhere_in_the_files() {
    use sidelight_format::digest;
    let folder = folder();
    let mut store = SqliteStore::create(folder.path(), sealing(1)).unwrap();
    // Rows that share a page and rows that fill several, of bytes that repeat nowhere.
    let text = |number: u64, len: usize| {
        let hash = |at: usize| digest("x", &[&number.to_be_bytes(), &at.to_be_bytes()]);
        (0..len.div_ceil(32)).flat_map(hash).collect::<Vec<u8>>()
    };
    for round in 0..3 {
        let mut batch = Batch::new();
        for number in round * 40..round * 40 + 40 {
            let len = [200, 1500, 9000][(number % 3) as usize];
            batch.put(Table::Outbox, Key::Number(number), text(number, len));
        }
        store.commit(batch).unwrap();
    }
    let before = sealed(&store);
    assert_eq!(found_on(&disk_bytes(&folder), &before), before.len());

    // Without scrubbing they stay in the log at least.
    let mut batch = Batch::new();
    (0..20).for_each(|number| batch.delete(Table::Outbox, Key::Number(number)));
    store.commit(batch).unwrap();
    let gone = |store: &SqliteStore| {
        let left = sealed(store);
        let gone = before.iter().filter(|row| !left.contains(row));
        gone.cloned().collect::<Vec<_>>()
    };
    assert!(found_on(&disk_bytes(&folder), &gone(&store)) > 0);

    let mut batch = Batch::new();
    (20..60).for_each(|number| batch.delete(Table::Outbox, Key::Number(number)));
    // Replaced by less, by as much, and by more.
    for number in 60..90 {
        let len = [9000, 200, 1500][(number % 3) as usize];
        batch.put(Table::Outbox, Key::Number(number), text(number + 1000, len));
    }
    batch.scrub();
    store.commit(batch).unwrap();
    let gone = gone(&store);
    assert!(gone.len() >= 90);
    assert_eq!(found_on(&disk_bytes(&folder), &gone), 0);
}

#[test]
fn what_a_reader_holds_is_scrubbed_once_it_lets_go() {
    let folder = filled();
    let mut store = open(&folder, WRITE).unwrap();
    store.commit(rows(100..101, 3000)).unwrap();
    let before = sealed(&store);
    let reader = open(&folder, Access::Read).unwrap();
    reader.hold().unwrap();
    assert_eq!(count(&reader), ROWS as usize + 1);

    let mut batch = Batch::new();
    batch.delete(Table::Outbox, Key::Number(100));
    batch.scrub();
    store.commit(batch).unwrap();
    let left = sealed(&store);
    let gone: Vec<_> = before
        .into_iter()
        .filter(|row| !left.contains(row))
        .collect();
    assert!(
        found_on(&disk_bytes(&folder), &gone) > 0,
        "a reader needs it"
    );
    reader.release();
    store.commit(rows(200..201, 10)).unwrap();
    assert_eq!(found_on(&disk_bytes(&folder), &gone), 0);
}
