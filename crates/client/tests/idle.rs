//! A journal that nobody uses takes nothing of the processor: a program of its own, since the
//! device's thread is found by its name.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use sidelight::{Event, Journal, MemoryKeyStore, NewPerson, SyncState};
use sidelight_relay::Config;

/// Longer than the device waits before it looks after its index.
const WHILE: Duration = Duration::from_secs(2);

/// Far more than anything here takes, so that only what hangs gets there.
const PATIENCE: Duration = Duration::from_secs(300);

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

async fn assert_idle(what: &str) {
    let before = ticks();
    // Nothing is waited for: this is how long it is watched.
    tokio::time::sleep(WHILE).await;
    let taken = ticks() - before;
    assert!(taken < TICKS_MAX, "{what}: {taken} hundredths of a second");
}

async fn until(journal: &Journal, up_to_date: bool) {
    let reached = async {
        while let Some(event) = journal.next_event().await {
            if let Event::SyncChanged { state, .. } = event
                && (state == SyncState::UpToDate) == up_to_date
                && state != SyncState::Working
            {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(PATIENCE, reached).await;
    waited.expect("it gets there within five minutes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_with_nothing_to_do_takes_nothing_of_the_processor() {
    let relay = sidelight_relay::run(Config::in_memory()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(MemoryKeyStore::new());
    let person = NewPerson {
        name: "Ada".to_owned(),
        relay: Some(relay.address().to_string()),
        ticket: None,
    };
    let journal = Journal::create(folder.path().join("journal"), keys, person);
    let journal = journal.await.unwrap();
    assert_idle("open").await;
    journal.go_live().await.unwrap();
    until(&journal, true).await;
    assert_idle("live and up to date").await;
    relay.stop().await;
    until(&journal, false).await;
    assert_idle("live without its relay").await;
    journal.suspend().await.unwrap();
    assert_idle("suspended").await;
    journal.resume().await.unwrap();
    assert_idle("resumed").await;
    journal.shutdown().await;
}
