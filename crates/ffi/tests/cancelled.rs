//! What cancelled syncs leave behind: no thread, no socket, no memory. A process of its own, so
//! that nobody else's are counted.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;

use sidelight_ffi::{CancelToken, Journal, JournalError, NewPerson, memory_key_store};

/// How many syncs are cancelled before anything is counted, so that what is made once is there.
const FIRST: usize = 20;

/// How many are cancelled then.
const SYNCS: usize = 1000;

/// An hour, in milliseconds: none of the syncs ends by itself.
const DEADLINE_MS: i64 = 3_600_000;

/// How much memory may be held in the end that was not before: what an allocator keeps for
/// itself. One endpoint's receive buffer alone is 3 MB.
const RESIDENT_MAX: u64 = 16 * 1024 * 1024;

#[test]
fn a_thousand_cancelled_syncs_leave_no_thread_no_socket_and_no_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let home = tempfile::tempdir().unwrap();
        // It takes everything and answers nothing.
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = silent.local_addr().unwrap().port();
        let person = NewPerson {
            name: "Ana".to_owned(),
            relay: Some(format!(
                "sidelight://127.0.0.1:{port}/relay#{}",
                "A".repeat(43)
            )),
            ticket: None,
        };
        let at = home.path().to_str().unwrap().to_owned();
        let journal = Journal::create(at, memory_key_store(), person)
            .await
            .unwrap();
        for round in 0..FIRST {
            cancelled(&journal, round).await;
        }
        journal.suspend().await.unwrap();
        let before = Held::now();
        journal.resume().await.unwrap();
        for round in 0..SYNCS {
            cancelled(&journal, round).await;
        }
        println!("before suspend {:?}", Held::now());
        // It waits for every socket.
        journal.suspend().await.unwrap();
        let after = Held::now();
        println!("{before:?}, then {after:?}");
        assert_eq!((after.threads, after.files), (before.threads, before.files));
        assert!(
            after.resident < before.resident + RESIDENT_MAX,
            "{before:?}, then {after:?}"
        );
        journal.shutdown().await.unwrap();
    });
}

/// A sync that is stopped: by its token, before it has begun or once it is under way.
async fn cancelled(journal: &Arc<Journal>, round: usize) {
    let token = Arc::new(CancelToken::new());
    let syncing = journal.sync_now(DEADLINE_MS, Some(token.clone()));
    let stop = async {
        if round.is_multiple_of(2) {
            // Done after the sync has begun.
            journal.status().await.unwrap();
        }
        token.cancel();
    };
    let (ended, ()) = tokio::join!(syncing, stop);
    assert!(matches!(ended, Err(JournalError::Cancelled { .. })));
}

/// What this process holds.
#[derive(Debug)]
struct Held {
    threads: usize,
    files: usize,
    /// Bytes of memory.
    resident: u64,
}

impl Held {
    fn now() -> Self {
        let count = |folder| std::fs::read_dir(folder).unwrap().count();
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
            resident: pages * 4096,
        }
    }
}
