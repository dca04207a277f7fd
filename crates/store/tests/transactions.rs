//! Transactions: records, the changes over the store, and numbers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{collections::BTreeMap, sync::Arc};

use common::*;
use proptest::prelude::*;
use sidelight_format::{
    EntryId, EnvelopeId, MailboxName, SpaceId, Timestamp,
    record::{
        Fact, FactRecord, ImportedRecord, OutboxRecord, Record, SearchDirectory, SpaceRecord, Table,
    },
};

fn fact(found: i64) -> FactRecord {
    FactRecord {
        found: Timestamp(found),
        fact: Fact::SecondJoiner,
    }
}

fn imported(id: u8) -> ImportedRecord {
    ImportedRecord {
        entry: EntryId([id; 32]),
    }
}

fn commit(store: &mut dyn Store, change: impl FnOnce(&mut Txn<'_>)) {
    let mut txn = Txn::begin(store).unwrap();
    change(&mut txn);
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
}

#[test]
fn a_transaction_sees_its_own_changes_and_the_store_does_not() {
    for disk in Disk::both() {
        let mut store = disk.create();
        commit(&mut *store, |txn| {
            txn.put(Key::Name(b"kept"), &imported(1));
            txn.put(Key::Name(b"changed"), &imported(2));
            txn.put(Key::Name(b"deleted"), &imported(3));
        });
        let mut txn = Txn::begin(&*store).unwrap();
        assert!(txn.is_empty());
        txn.put(Key::Name(b"changed"), &imported(4));
        txn.delete::<ImportedRecord>(Key::Name(b"deleted"));
        txn.put(Key::Name(b"new"), &imported(5));
        assert!(!txn.is_empty());
        let shown = |txn: &Txn<'_>| {
            [&b"kept"[..], b"changed", b"deleted", b"new"].map(|name| {
                let record = txn.get::<ImportedRecord>(Key::Name(name)).unwrap();
                record.map(|record| record.entry.0[0])
            })
        };
        assert_eq!(shown(&txn), [Some(1), Some(4), None, Some(5)]);
        let begun = Txn::begin(&*store).unwrap();
        assert_eq!(shown(&begun), [Some(1), Some(2), Some(3), None]);
        drop(begun);

        let batch = txn.into_batch();
        assert_eq!(batch.len(), 3);
        store.commit(batch).unwrap();
        let txn = Txn::begin(&*store).unwrap();
        assert_eq!(shown(&txn), [Some(1), Some(4), None, Some(5)]);
    }
}

#[test]
fn a_transaction_that_is_dropped_changes_nothing() {
    for disk in Disk::both() {
        let store = disk.create();
        let mut txn = Txn::begin(&*store).unwrap();
        txn.put(Key::Name(b"name"), &imported(1));
        drop(txn);
        let txn = Txn::begin(&*store).unwrap();
        assert_eq!(txn.get::<ImportedRecord>(Key::Name(b"name")), Ok(None));
        assert!(txn.into_batch().is_empty());
    }
}

#[test]
fn a_transaction_reads_the_state_in_which_it_began() {
    for disk in Disk::both() {
        let mut writer = disk.create();
        commit(&mut *writer, |txn| txn.put(Key::Number(0), &fact(1)));
        let reader = disk.open(Access::Read);
        let txn = Txn::begin(&*reader).unwrap();
        assert_eq!(txn.get(Key::Number(0)), Ok(Some(fact(1))));
        commit(&mut *writer, |txn| {
            txn.put(Key::Number(0), &fact(2));
            txn.put(Key::Number(1), &fact(3));
        });
        assert_eq!(txn.get(Key::Number(0)), Ok(Some(fact(1))));
        assert_eq!(txn.last_number(Table::Facts), Ok(Some(0)));
        drop(txn);
        let txn = Txn::begin(&*reader).unwrap();
        assert_eq!(txn.get(Key::Number(0)), Ok(Some(fact(2))));
    }
}

#[test]
fn appending_gives_the_next_number() {
    for disk in Disk::both() {
        let mut store = disk.create();
        let record = OutboxRecord {
            mailbox: MailboxName([1; 32]),
            envelope: EnvelopeId([2; 32]),
        };
        let outbox = Table::Outbox;
        let mut txn = Txn::begin(&*store).unwrap();
        assert_eq!(txn.last_number(outbox), Ok(None));
        assert_eq!(txn.append(&record), Ok(0));
        assert_eq!(txn.append(&record), Ok(1));
        assert_eq!(txn.append(&record), Ok(2));
        let batch = txn.into_batch();
        store.commit(batch).unwrap();

        let mut txn = Txn::begin(&*store).unwrap();
        assert_eq!(txn.last_number(outbox), Ok(Some(2)));
        txn.delete::<OutboxRecord>(Key::Number(0));
        assert_eq!(txn.append(&record), Ok(3));
        txn.delete::<OutboxRecord>(Key::Number(2));
        txn.delete::<OutboxRecord>(Key::Number(3));
        assert_eq!(txn.last_number(outbox), Ok(Some(1)));
        txn.delete::<OutboxRecord>(Key::Number(1));
        assert_eq!(txn.last_number(outbox), Ok(None));
        assert_eq!(txn.append(&record), Ok(0), "as in an empty table");
        txn.put(Key::Number(u64::MAX), &record);
        assert_eq!(txn.append(&record), Err(StoreError::Damaged));
    }
}

#[test]
fn all_records_with_the_changes_over_them() {
    let space = |since| SpaceRecord {
        persons: vec![],
        epochs: vec![],
        unread: vec![],
        since: Timestamp(since),
        left: false,
        copied: vec![],
        pending: vec![],
        relay: None,
        unconfirmed: false,
    };
    let name = |id: u8| [id; SpaceId::LEN];
    for disk in Disk::both() {
        let mut store = disk.create();
        commit(&mut *store, |txn| {
            // Two of them are alike.
            for (id, since) in [(1, 10), (2, 20), (3, 10), (4, 40)] {
                txn.put(Key::Name(&name(id)), &space(since));
            }
        });
        let mut txn = Txn::begin(&*store).unwrap();
        txn.put(Key::Name(&name(1)), &space(11));
        txn.put(Key::Name(&name(2)), &space(20));
        txn.delete::<SpaceRecord>(Key::Name(&name(4)));
        txn.delete::<SpaceRecord>(Key::Name(&name(5)));
        txn.put(Key::Name(&name(6)), &space(60));
        let all = txn.all::<SpaceRecord>().unwrap();
        let mut all: Vec<i64> = all.iter().map(|space| space.since.0).collect();
        all.sort_unstable();
        assert_eq!(all, [10, 11, 20, 60]);
    }
}

#[test]
fn a_table_without_records_is_known_to_have_none() {
    for disk in Disk::both() {
        let mut store = disk.create();
        let has_none = |store: &dyn Store| Txn::begin(store).unwrap().has_none::<ImportedRecord>();
        // Rows of the tables before and behind it are none of its own.
        commit(&mut *store, |txn| {
            txn.append(&fact(1)).unwrap();
            txn.put(Key::One, &SearchDirectory::default());
        });
        assert_eq!(has_none(&*store), Ok(true));
        let mut txn = Txn::begin(&*store).unwrap();
        txn.delete::<ImportedRecord>(Key::Name(b"another"));
        assert_eq!(txn.has_none::<ImportedRecord>(), Ok(true));
        txn.put(Key::Name(b"one"), &imported(1));
        assert_eq!(txn.has_none::<ImportedRecord>(), Ok(false));
        drop(txn);
        commit(&mut *store, |txn| {
            txn.put(Key::Name(b"one"), &imported(1));
        });
        assert_eq!(has_none(&*store), Ok(false));
        commit(&mut *store, |txn| {
            txn.delete::<ImportedRecord>(Key::Name(b"one"));
        });
        assert_eq!(has_none(&*store), Ok(true));
    }
}

#[test]
fn a_row_that_is_no_record_is_damage() {
    let longer = [fact(1).to_record(), vec![0]].concat();
    let mut newer = fact(1).to_record();
    newer[0] += 1;
    for bytes in [vec![], longer, newer, b"text".to_vec()] {
        let mut store = MemoryDisk::new().create(Arc::new(Unsealed)).unwrap();
        let mut batch = Batch::new();
        batch.put(Table::Facts, Key::Number(0), bytes);
        store.commit(batch).unwrap();
        let txn = Txn::begin(&store).unwrap();
        let damaged = StoreError::Damaged;
        assert_eq!(txn.get::<FactRecord>(Key::Number(0)), Err(damaged));
        assert_eq!(txn.all::<FactRecord>(), Err(damaged));
        let range = txn.range::<FactRecord>(0, Direction::Up, 1);
        assert_eq!(range, Err(damaged));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64, i64),
    Delete(u64),
    Append(i64),
    Range(u64, bool, usize),
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..24_u64, any::<i64>()).prop_map(|(number, found)| Step::Put(number, found)),
        4 => (0..24_u64).prop_map(Step::Delete),
        2 => any::<i64>().prop_map(Step::Append),
        6 => (0..30_u64, any::<bool>(), 0..9_usize)
            .prop_map(|(from, up, limit)| Step::Range(from, up, limit)),
        1 => Just(Step::Commit),
    ]
}

proptest! {
    #[test]
    fn a_numbered_table_is_a_sorted_map(steps in prop::collection::vec(step(), 1..60)) {
        let mut store = MemoryDisk::new().create(Arc::new(Unsealed)).unwrap();
        let mut model = BTreeMap::new();
        let mut txn = Txn::begin(&store).unwrap();
        for step in steps {
            match step {
                Step::Put(number, found) => {
                    txn.put(Key::Number(number), &fact(found));
                    model.insert(number, fact(found));
                }
                Step::Delete(number) => {
                    txn.delete::<FactRecord>(Key::Number(number));
                    model.remove(&number);
                }
                Step::Append(found) => {
                    let next = model.keys().last().map_or(0, |last| last + 1);
                    prop_assert_eq!(txn.append(&fact(found)), Ok(next));
                    model.insert(next, fact(found));
                }
                Step::Range(from, true, limit) => {
                    let expected = model.range(from..).take(limit);
                    let expected = expected.map(|(number, record)| (*number, *record)).collect();
                    prop_assert_eq!(txn.range(from, Direction::Up, limit), Ok(expected));
                }
                Step::Range(from, false, limit) => {
                    let expected = model.range(..=from).rev().take(limit);
                    let expected = expected.map(|(number, record)| (*number, *record)).collect();
                    prop_assert_eq!(txn.range(from, Direction::Down, limit), Ok(expected));
                }
                Step::Commit => {
                    let batch = txn.into_batch();
                    store.commit(batch).unwrap();
                    txn = Txn::begin(&store).unwrap();
                }
            }
            let last = model.keys().last().copied();
            prop_assert_eq!(txn.last_number(Table::Facts), Ok(last));
            prop_assert_eq!(txn.all::<FactRecord>().unwrap().len(), model.len());
        }
    }
}
