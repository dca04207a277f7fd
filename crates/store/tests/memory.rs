//! What the disk in memory does for simulations.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;

use common::*;
use sidelight_format::record::Table;

fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(Table::Facts, Key::Number(number), b"a planted text".into());
    batch.put(Table::Device, Key::One, b"a planted text".into());
    batch
}

#[test]
fn what_was_committed_survives_a_crash_and_the_turn_is_free() {
    let disk = MemoryDisk::new();
    let mut store = disk.create(sealing(1)).unwrap();
    store.commit(numbered(0)).unwrap();
    let mut txn = Txn::begin(&store).unwrap();
    txn.delete::<sidelight_format::record::FactRecord>(Key::Number(0));
    drop(txn);
    drop(store);
    let store = disk.open(sealing(1), WRITE).unwrap();
    assert_eq!(store.all(Table::Facts).unwrap().len(), 1);
}

#[test]
fn commits_fail_where_they_are_told_to_and_change_nothing() {
    let disk = MemoryDisk::new();
    let mut store = disk.create(sealing(1)).unwrap();
    disk.fail_after(2);
    store.commit(numbered(0)).unwrap();
    store.commit(Batch::new()).unwrap();
    store.commit(numbered(1)).unwrap();
    let (revision, sealed) = (store.revision(), disk.sealed());
    for _ in 0..2 {
        assert_eq!(store.commit(numbered(2)), Err(StoreError::Full));
        assert_eq!(store.revision(), revision);
        assert_eq!(disk.sealed(), sealed);
    }
    disk.recover();
    store.commit(numbered(2)).unwrap();
    assert_eq!(store.all(Table::Facts).unwrap().len(), 3);
}

#[test]
fn a_recording_disk_keeps_all_that_was_ever_written() {
    for (disk, rows) in [(MemoryDisk::new(), 12), (MemoryDisk::recording(), 31)] {
        let mut store = disk.create(sealing(1)).unwrap();
        for number in 0..10 {
            store.commit(numbered(number)).unwrap();
        }
        let sealed = disk.sealed();
        assert_eq!(sealed.len(), rows);
        let nonces: BTreeSet<&[u8]> = sealed.iter().map(|row| &row[..24]).collect();
        assert_eq!(nonces.len(), rows, "no nonce twice");
    }
}
