//! Sleep, full disks, odd clocks, and the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sidelight::{Draft, ErrorKind, Event, Journal, MemoryKeyStore, Reader, SyncState};
use sidelight_store::MemoryDisk;

use crate::support::*;

#[tokio::test]
async fn suspended_it_holds_nothing_and_resumed_it_goes_on() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal.go_live().await.unwrap();
    bo.journal.go_live().await.unwrap();
    let up = |event: &Event| {
        matches!(
            event,
            Event::SyncChanged {
                state: SyncState::UpToDate,
                ..
            }
        )
    };
    event(&ada.journal, up).await;

    ada.journal.suspend().await.unwrap();
    assert!(!is_taken(&ada));
    assert!(open_files_in(&ada).is_empty(), "{:?}", open_files_in(&ada));
    for error in [
        ada.journal.write(shared("asleep")).await.unwrap_err(),
        ada.journal.status().await.unwrap_err(),
        ada.journal.sync_now(PATIENCE).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
    bo.journal.write(shared("good morning")).await.unwrap();

    ada.journal.resume().await.unwrap();
    until(&ada.journal, || async {
        texts(&ada.journal).await == ["good morning"]
    })
    .await;
    ada.journal.suspend().await.unwrap();
    ada.journal.suspend().await.unwrap();
    ada.journal.resume().await.unwrap();
    ada.journal.resume().await.unwrap();
    ada.journal.write(shared("awake")).await.unwrap();
    until(&bo.journal, || async {
        texts(&bo.journal).await.len() == 2
    })
    .await;
}

#[tokio::test]
async fn a_sync_that_is_under_way_ends_with_suspension() {
    // Nobody answers there.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let host = socket.local_addr().unwrap().to_string();
    let relay = sidelight_format::RelayAddress::new(&host, [1; 32].into()).unwrap();
    let home = home("Ada", Some(relay.to_string())).await;
    let journal = home.journal.clone();
    let syncing = tokio::spawn(async move { journal.sync_now(PATIENCE).await });
    let connecting = |event: &Event| {
        matches!(
            event,
            Event::SyncChanged {
                state: SyncState::Connecting,
                ..
            }
        )
    };
    event(&home.journal, connecting).await;
    home.journal.suspend().await.unwrap();
    let error = soon(syncing).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn after_shutdown_every_call_is_cancelled() {
    let home = home("Ada", None).await;
    home.journal.write(Draft::new("last words")).await.unwrap();
    home.journal.shutdown().await;
    assert!(open_files_in(&home).is_empty());
    let error = home
        .journal
        .write(Draft::new("too late"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let error = home.journal.status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    home.journal.shutdown().await;
    while home.journal.next_event().await.is_some() {}
    assert_eq!(texts(&home.open_again().await).await, ["last words"]);
}

#[tokio::test]
async fn a_dropped_journal_ends_its_thread_and_closes_its_files() {
    let relay = relay().await;
    let Home {
        journal,
        folder,
        keys,
    } = home("Ada", Some(relay.address().to_string())).await;
    journal.go_live().await.unwrap();
    let weak = Arc::downgrade(&keys);
    drop(journal);
    let home = folder.path().to_owned();
    soon(async {
        while !files_below(&home).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(keys);
    assert!(weak.upgrade().is_none());
}

#[tokio::test]
async fn a_full_disk_is_an_error_once_and_forgotten_when_there_is_room() {
    let relay = relay().await;
    let disk = MemoryDisk::new();
    let keys = Arc::new(MemoryKeyStore::new());
    let address = relay.address().to_string();
    let ada = Journal::in_memory(
        &disk,
        keys,
        Some(person("Ada", Some(address.clone()))),
        None,
    );
    let ada = ada.await.unwrap();
    let bo = home("Bo", Some(address)).await;
    pair(&ada, &bo.journal).await;
    let id = ada.write(shared("kept")).await.unwrap();

    disk.fail_after(0);
    let error = ada.write(shared("no room")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.detail().contains("disk is full"), "{error}");
    let error = ada.set_text(id, "changed".to_owned()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(texts(&ada).await, ["kept"]);
    // What arrives cannot be kept either, and is not acknowledged to anybody.
    bo.journal.write(shared("for Ada")).await.unwrap();
    sync(&bo.journal).await;
    let error = ada.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);

    disk.recover();
    ada.write(shared("room again")).await.unwrap();
    sync(&ada).await;
    sync(&bo.journal).await;
    let all = ["for Ada", "kept", "room again"];
    assert_eq!(texts(&ada).await, all);
    assert_eq!(texts(&bo.journal).await, all);
}

#[tokio::test]
async fn a_full_disk_while_live_is_told_and_passes() {
    let relay = relay().await;
    let disk = MemoryDisk::new();
    let keys = Arc::new(MemoryKeyStore::new());
    let address = relay.address().to_string();
    let ada = Journal::in_memory(
        &disk,
        keys,
        Some(person("Ada", Some(address.clone()))),
        None,
    );
    let ada = ada.await.unwrap();
    let bo = home("Bo", Some(address)).await;
    pair(&ada, &bo.journal).await;
    ada.go_live().await.unwrap();
    let state = |wanted| move |event: &Event| matches!(event, Event::SyncChanged { state, .. } if *state == wanted);
    event(&ada, state(SyncState::UpToDate)).await;
    disk.fail_after(0);
    bo.journal.write(shared("for Ada")).await.unwrap();
    sync(&bo.journal).await;
    event(&ada, state(SyncState::Failing)).await;
    disk.recover();
    until(&ada, || async { texts(&ada).await == ["for Ada"] }).await;
}

#[tokio::test]
async fn a_beginning_that_a_full_disk_interrupted_can_be_begun_again() {
    let disk = MemoryDisk::new();
    let keys = Arc::new(MemoryKeyStore::new());
    let begin = || Journal::in_memory(&disk, keys.clone(), Some(person("Ada", None)), None);
    disk.fail_after(0);
    assert_eq!(begin().await.unwrap_err().kind(), ErrorKind::Storage);
    let open = Journal::in_memory(&disk, keys.clone(), None, None).await;
    assert_eq!(open.unwrap_err().kind(), ErrorKind::NotFound);
    disk.recover();
    let journal = begin().await.unwrap();
    journal.write(Draft::new("here we are")).await.unwrap();
    journal.shutdown().await;
    let error = begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[tokio::test]
async fn clocks_of_1970_and_2100_break_nothing() {
    let relay = relay().await;
    let address = relay.address().to_string();
    let begin = async |name: &str, seconds: i64| {
        let clock = Arc::new(AtomicI64::new(seconds));
        let person = person(name, Some(address.clone()));
        let keys = Arc::new(MemoryKeyStore::new());
        let disk = MemoryDisk::new();
        let begun = Journal::in_memory(&disk, keys, Some(person), Some(clock.clone()));
        (begun.await.unwrap(), clock)
    };
    let (ada, clock) = begin("Ada", -1).await;
    let (bo, bos_clock) = begin("Bo", 4_102_444_800).await;
    // By Bo's clock, Ada's invitation has long expired, and that is said.
    let hour = Duration::from_secs(3600);
    let invited = ada.invite(hour).await.unwrap();
    assert_eq!(invited.expires_ms, 3_599_000);
    let error = bo.join(invited.link).await.unwrap_err();
    assert!(error.detail().contains("expired"), "{error}");
    bos_clock.store(-2, Ordering::Relaxed);
    pair(&ada, &bo).await;
    for seconds in [i64::MIN, i64::MAX, 0, 4_102_444_800] {
        clock.store(seconds, Ordering::Relaxed);
        ada.write(shared(&seconds.to_string())).await.unwrap();
        sync(&ada).await;
        ada.status().await.unwrap();
    }
    sync(&bo).await;
    assert_eq!(texts(&bo).await.len(), 4);
    clock.store(i64::MAX, Ordering::Relaxed);
    let error = ada.invite(Duration::MAX).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn it_works_without_any_executor_of_tokios() {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Wake, Waker};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => return value,
                Poll::Pending => std::thread::park(),
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(MemoryKeyStore::new());
    // Port 9 of this machine: nobody is there, and it takes a socket and a timer to know.
    let relay = sidelight_format::RelayAddress::new("127.0.0.1:9", [1; 32].into()).unwrap();
    block_on(async {
        let person = person("Ada", Some(relay.to_string()));
        let journal = Journal::create(folder.path().to_owned(), keys.clone(), person).await;
        let journal = journal.unwrap();
        journal.write(Draft::new("anywhere")).await.unwrap();
        let second = Duration::from_secs(1);
        let error = journal.sync_now(second).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Offline);
        let reader = Reader::open(folder.path().to_owned(), keys).await.unwrap();
        assert_eq!(reader.status().await.unwrap().entries, 1);
        journal.shutdown().await;
    });
}
