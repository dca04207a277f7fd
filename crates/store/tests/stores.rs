//! What every store promises, on disk and in memory alike.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::*;
use sidelight_format::record::Table;

fn batch(rows: &[(Table, Key<'_>, &str)]) -> Batch {
    let mut batch = Batch::new();
    for (table, key, text) in rows {
        batch.put(*table, *key, text.as_bytes().to_vec());
    }
    batch
}

fn put(store: &mut dyn Store, text: &str) {
    store
        .commit(batch(&[(Table::Device, Key::One, text)]))
        .unwrap();
}

fn text(store: &dyn Store) -> String {
    let row = store.read(Table::Device, Key::One).unwrap();
    String::from_utf8(row.unwrap_or_default()).unwrap()
}

fn numbers(store: &dyn Store, from: u64, direction: Direction, limit: usize) -> Vec<u64> {
    let rows = store.range(Table::Outbox, from, direction, limit).unwrap();
    rows.into_iter()
        .map(|(number, row)| {
            assert_eq!(row, number.to_string().as_bytes());
            number
        })
        .collect()
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    for disk in Disk::both() {
        let mut store = disk.create();
        let rows = [
            (Table::Device, Key::One, "device"),
            (Table::Outbox, Key::Number(7), "seven"),
            (Table::Entries, Key::Name(b"a name"), "entry"),
            // The same name in another table is another row.
            (Table::Rendered, Key::Name(b"a name"), ""),
        ];
        store.commit(batch(&rows)).unwrap();
        drop(store);
        let store = disk.open(Access::Read);
        for (table, key, text) in rows {
            let row = store.read(table, key).unwrap();
            assert_eq!(row.as_deref(), Some(text.as_bytes()), "{table:?}");
        }
        assert_eq!(store.read(Table::Outbox, Key::Number(8)), Ok(None));
        assert_eq!(store.read(Table::Entries, Key::Name(b"other")), Ok(None));
    }
}

#[test]
fn a_batch_replaces_and_deletes_and_its_last_word_counts() {
    for disk in Disk::both() {
        let mut store = disk.create();
        store
            .commit(batch(&[
                (Table::Device, Key::One, "old"),
                (Table::Outbox, Key::Number(1), "1"),
            ]))
            .unwrap();
        let mut next = batch(&[(Table::Device, Key::One, "new")]);
        next.delete(Table::Outbox, Key::Number(1));
        next.delete(Table::Outbox, Key::Number(2));
        next.put(Table::Outbox, Key::Number(3), vec![]);
        next.delete(Table::Outbox, Key::Number(3));
        store.commit(next).unwrap();
        assert_eq!(text(&*store), "new");
        assert_eq!(store.all(Table::Outbox), Ok(vec![]));
    }
}

#[test]
fn a_range_goes_up_and_down_from_any_number() {
    for disk in Disk::both() {
        let mut store = disk.create();
        let mut batch = Batch::new();
        // The ends, both sides of a byte's border, and neighbours in other tables.
        for number in [0, 3, 255, 256, 70_000, u64::MAX] {
            batch.put(
                Table::Outbox,
                Key::Number(number),
                number.to_string().into(),
            );
        }
        batch.put(Table::Listed, Key::Number(4), vec![]);
        batch.put(Table::Replicas, Key::Name(b"mailbox"), vec![]);
        store.commit(batch).unwrap();
        let store = &*store;
        use Direction::{Down, Up};
        assert_eq!(numbers(store, 0, Up, 3), [0, 3, 255]);
        assert_eq!(numbers(store, 4, Up, 9), [255, 256, 70_000, u64::MAX]);
        assert_eq!(numbers(store, 256, Up, 1), [256]);
        assert_eq!(numbers(store, u64::MAX, Down, 2), [u64::MAX, 70_000]);
        assert_eq!(numbers(store, 256, Down, 9), [256, 255, 3, 0]);
        assert_eq!(numbers(store, 2, Down, usize::MAX), [0]);
        assert_eq!(numbers(store, 0, Up, 0), []);
    }
}

#[test]
fn all_rows_of_a_table_and_of_no_other() {
    for disk in Disk::both() {
        let mut store = disk.create();
        store
            .commit(batch(&[
                (Table::Spaces, Key::Name(b"a"), "one"),
                (Table::Spaces, Key::Name(b"b"), "two"),
                (Table::Epochs, Key::Name(b"a"), "three"),
            ]))
            .unwrap();
        let mut all = store.all(Table::Spaces).unwrap();
        all.sort();
        assert_eq!(all, [b"one", b"two"]);
    }
}

#[test]
fn the_revision_grows_with_every_commit_by_anyone() {
    for disk in Disk::both() {
        let mut writer = disk.create();
        let reader = disk.open(Access::Read);
        let mut last = reader.revision().unwrap();
        assert_eq!(writer.revision(), Ok(last));
        for _ in 0..3 {
            put(&mut *writer, "text");
            let now = reader.revision().unwrap();
            assert!(now > last);
            assert_eq!(writer.revision(), Ok(now));
            last = now;
        }
        writer.commit(Batch::new()).unwrap();
        assert_eq!(
            reader.revision(),
            Ok(last),
            "an empty batch is not a commit"
        );
        drop(writer);
        assert_eq!(disk.open(WRITE).revision(), Ok(last));
    }
}

#[test]
fn one_writes_while_any_number_read() {
    for disk in Disk::both() {
        let mut writer = disk.create();
        put(&mut *writer, "one");
        let mut readers = [disk.open(Access::Read), disk.open(Access::Read)];
        let refused = disk.try_open(sealing(1), WRITE).unwrap_err();
        assert_eq!(refused, StoreError::Busy);
        put(&mut *writer, "two");
        for reader in &mut readers {
            assert_eq!(text(&**reader), "two");
            let refused = reader.commit(batch(&[(Table::Device, Key::One, "")]));
            assert_eq!(refused, Err(StoreError::ReadOnly));
            assert_eq!(reader.take_turn(Duration::ZERO), Err(StoreError::ReadOnly));
        }
        drop(writer);
        put(&mut *disk.open(WRITE), "three");
        assert_eq!(text(&*readers[0]), "three");
    }
}

#[test]
fn the_turn_is_handed_over_and_the_next_learns_whether_anything_changed() {
    for disk in Disk::both() {
        let mut first = disk.create();
        first.release_turn();
        let refused = first.commit(batch(&[(Table::Device, Key::One, "")]));
        assert_eq!(refused, Err(StoreError::ReadOnly));

        let mut second = disk.open(WRITE);
        assert_eq!(first.take_turn(Duration::ZERO), Err(StoreError::Busy));
        second.release_turn();
        assert_eq!(first.take_turn(Duration::ZERO), Ok(false));
        first.release_turn();

        assert_eq!(second.take_turn(Duration::ZERO), Ok(false));
        put(&mut *second, "second");
        assert_eq!(second.take_turn(Duration::ZERO), Ok(false), "it has it");
        second.release_turn();
        assert_eq!(text(&*first), "second", "reading needs no turn");
        assert_eq!(first.take_turn(Duration::ZERO), Ok(true));
        put(&mut *first, "first");
        first.release_turn();
        first.release_turn();
        assert_eq!(second.take_turn(Duration::ZERO), Ok(true));
    }
}

#[test]
fn suspending_gives_up_the_turn_and_resuming_takes_it_again() {
    for disk in Disk::both() {
        let mut store = disk.create();
        put(&mut *store, "before");
        store.suspend();
        store.suspend();
        assert_eq!(
            store.read(Table::Device, Key::One),
            Err(StoreError::Suspended)
        );
        assert_eq!(store.revision(), Err(StoreError::Suspended));
        assert_eq!(store.hold(), Err(StoreError::Suspended));
        assert_eq!(store.take_turn(Duration::ZERO), Err(StoreError::Suspended));
        assert_eq!(
            store.commit(batch(&[(Table::Device, Key::One, "")])),
            Err(StoreError::Suspended)
        );

        let mut other = disk.open(WRITE);
        assert_eq!(store.resume(), Err(StoreError::Busy));
        assert_eq!(store.revision(), Err(StoreError::Suspended));
        put(&mut *other, "meanwhile");
        drop(other);
        assert_eq!(store.resume(), Ok(true));
        assert_eq!(store.resume(), Ok(false), "it is awake");
        assert_eq!(text(&*store), "meanwhile");
        put(&mut *store, "after");

        store.release_turn();
        store.suspend();
        assert_eq!(store.resume(), Ok(false));
        drop(disk.open(WRITE));
        assert_eq!(store.take_turn(Duration::ZERO), Ok(false));
    }
}

#[test]
fn a_transaction_reads_one_state_whatever_others_commit() {
    for disk in Disk::both() {
        let mut writer = disk.create();
        put(&mut *writer, "one");
        let reader = disk.open(Access::Read);
        reader.hold().unwrap();
        assert_eq!(text(&*reader), "one");
        reader.hold().unwrap();
        put(&mut *writer, "two");
        assert_eq!(text(&*reader), "one");
        reader.release();
        assert_eq!(text(&*reader), "one", "the outer hold goes on");
        reader.release();
        assert_eq!(text(&*reader), "two");
        reader.release();
        assert_eq!(text(&*reader), "two");
    }
}

#[test]
fn a_transaction_that_was_never_dropped_does_not_stop_the_writer() {
    for disk in Disk::both() {
        let mut store = disk.create();
        std::mem::forget(Txn::begin(&*store).unwrap());
        put(&mut *store, "one");
        assert_eq!(text(&*store), "one");
        std::mem::forget(Txn::begin(&*store).unwrap());
        store.suspend();
        store.resume().unwrap();
        put(&mut *store, "two");
        assert_eq!(text(&*store), "two");
    }
}

#[test]
fn a_store_is_created_once_and_opened_only_where_there_is_one() {
    for disk in Disk::both() {
        for access in [WRITE, Access::Read] {
            let missing = disk.try_open(sealing(1), access).unwrap_err();
            assert_eq!(missing, StoreError::Missing);
        }
        let mut store = disk.create();
        put(&mut *store, "text");
        drop(store);
        assert_eq!(disk.try_create().unwrap_err(), StoreError::Exists);
        assert_eq!(text(&*disk.open(WRITE)), "text");
    }
}

#[test]
fn another_key_opens_nothing_and_harms_nothing() {
    for disk in Disk::both() {
        put(&mut *disk.create(), "text");
        for access in [WRITE, Access::Read] {
            let refused = disk.try_open(sealing(2), access).unwrap_err();
            assert_eq!(refused, StoreError::WrongKey);
        }
        assert_eq!(text(&*disk.open(WRITE)), "text");
    }
}

#[test]
fn nothing_lies_there_in_clear() {
    const SECRETS: [&str; 3] = ["a planted sentence", "a planted name", "planted again"];
    for disk in Disk::both() {
        let mut store = disk.create();
        let rows = [
            (
                Table::Rendered,
                Key::Name(SECRETS[1].as_bytes()),
                SECRETS[0],
            ),
            (Table::Outbox, Key::Number(1), SECRETS[0]),
            (Table::Device, Key::One, SECRETS[2]),
        ];
        let found = |bytes: Vec<u8>| {
            SECRETS.iter().any(|secret| {
                let windows = bytes.windows(secret.len());
                windows.into_iter().any(|part| part == secret.as_bytes())
            })
        };
        store.commit(batch(&rows)).unwrap();
        // While the log holds the rows, and when the database does.
        assert!(!found(disk.bytes()));
        drop(store);
        assert!(!found(disk.bytes()));
        let mut control = disk.bytes();
        control.extend_from_slice(SECRETS[2].as_bytes());
        assert!(found(control), "the search would find one");
    }
}

#[test]
fn thousands_of_rows_go_in_at_once() {
    for disk in Disk::both() {
        let mut store = disk.create();
        let mut batch = Batch::new();
        for number in 0..2000_u64 {
            batch.put(
                Table::Entries,
                Key::Name(&number.to_be_bytes()),
                vec![0; 300],
            );
            batch.put(Table::Listed, Key::Number(number), vec![0; 64]);
        }
        assert_eq!(batch.len(), 4000);
        store.commit(batch).unwrap();
        assert_eq!(store.all(Table::Entries).unwrap().len(), 2000);
        drop(store);
        let store = disk.open(Access::Read);
        let rows = store.range(Table::Listed, 0, Direction::Up, 6000).unwrap();
        assert_eq!(rows.len(), 2000);
    }
}

#[test]
fn an_error_says_what_to_do_and_gives_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private-place");
    let errors = [
        SqliteStore::open(&path, sealing(1), WRITE).unwrap_err(),
        StoreError::NewerVersion(9),
        StoreError::Io(std::io::ErrorKind::PermissionDenied),
    ];
    for error in errors {
        let sentence = error.to_string();
        assert!(
            sentence.contains("; ") || sentence.contains("check"),
            "{sentence}"
        );
        assert!(!sentence.contains("private-place") && !sentence.contains(".db"));
    }
    let store = SqliteStore::create(&path, sealing(1)).unwrap();
    assert!(!format!("{store:?}").contains("private-place"));
    let mut batch = Batch::new();
    batch.put(Table::Device, Key::Name(b"mailbox"), b"text".to_vec());
    let shown = format!("{batch:?} {:?}", Key::Name(b"mailbox"));
    assert_eq!(shown, "Batch(1 rows) Name(…)");
}
