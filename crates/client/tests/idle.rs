//! A journal that nobody uses takes nothing of the processor: a program of its own, since the
//! device's thread is found by its name.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use sidelight::{Journal, MemoryKeyStore, NewPerson};

/// Longer than the device waits before it looks after its index.
const WHILE: Duration = Duration::from_secs(2);

/// A hundredth of a second each: a thread that never waits would take two hundred.
const TICKS_MAX: u64 = 20;

/// What the device's thread has taken of the processor, in hundredths of a second.
fn ticks() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let mut paths = tasks.map(|task| task.unwrap().path());
    let device = paths.find(|path| fs::read_to_string(path.join("comm")).unwrap() == "sidelight\n");
    let stat = fs::read_to_string(device.unwrap().join("stat")).unwrap();
    // proc(5): after the name, `utime` and `stime` are the twelfth and the thirteenth.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

async fn taken() -> u64 {
    let before = ticks();
    // Not waited for anything: this is how long it is watched.
    tokio::time::sleep(WHILE).await;
    ticks() - before
}

#[tokio::test]
async fn a_journal_that_is_open_or_suspended_takes_nothing_of_the_processor() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(MemoryKeyStore::new());
    let person = NewPerson {
        name: "Ada".to_owned(),
        relay: None,
        ticket: None,
    };
    let journal = Journal::create(folder.path().join("journal"), keys, person)
        .await
        .unwrap();
    let open = taken().await;
    assert!(open < TICKS_MAX, "open: {open} hundredths of a second");
    journal.suspend().await.unwrap();
    let suspended = taken().await;
    assert!(
        suspended < TICKS_MAX,
        "suspended: {suspended} hundredths of a second"
    );
    journal.resume().await.unwrap();
    journal.shutdown().await;
}
