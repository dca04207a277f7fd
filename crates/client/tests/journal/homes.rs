//! One home: its key, its pages, and several programs that have it open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sidelight::{
    Draft, ErrorKind, Event, Journal, KEY_LEN, KeyStore, MemoryKeyStore, PageRequest, Reader,
};
use sidelight_store::Access;

use crate::support::*;

#[tokio::test]
async fn two_programs_write_into_one_home_and_see_each_other() {
    let home = home("Ada", None).await;
    let other = home.open_again().await;
    let write = async |journal: &Journal, name: &str| {
        for n in 0..20 {
            journal
                .write(Draft::new(format!("{name} {n:02}")))
                .await
                .unwrap();
        }
    };
    tokio::join!(write(&home.journal, "one"), write(&other, "two"));
    let all = texts(&home.journal).await;
    assert_eq!(all.len(), 40);
    assert_eq!(texts(&other).await, all);
    // Its next turn shows it, if none did before.
    home.journal.write(Draft::new("last")).await.unwrap();
    event(&home.journal, |event| *event == Event::Lagged).await;
    // Nobody keeps the turn while idle: it is given up after the answers.
    soon(async {
        while is_taken(&home) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_busy_program_lets_another_have_its_turn() {
    let home = home("Ada", None).await;
    let other = home.open_again().await;
    let done = AtomicBool::new(false);
    let busy = async {
        while !done.load(Ordering::Relaxed) {
            let drafts = (0..8).map(|n| Draft::new(format!("import {n}")));
            home.journal.write_many(drafts.collect()).await.unwrap();
        }
    };
    let patient = async {
        for n in 0..5 {
            other
                .write(Draft::new(format!("by hand {n}")))
                .await
                .unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    soon(async { tokio::join!(busy, patient) }).await;
}

#[tokio::test]
async fn what_another_program_writes_is_sent_by_the_one_that_is_live() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal.go_live().await.unwrap();
    bo.journal.go_live().await.unwrap();
    let other = ada.open_again().await;
    other.write(shared("from the command line")).await.unwrap();
    until(&bo.journal, || async {
        texts(&bo.journal).await == ["from the command line"]
    })
    .await;
}

#[tokio::test]
async fn a_command_waits_for_the_turn_and_says_so() {
    let home = home("Ada", None).await;
    let key = home.keys.load().unwrap().unwrap();
    // It has the turn for a moment still: that of its beginning.
    let wait = PATIENCE;
    let other = store_at(&home, &key, Access::Write { wait });
    let error = home.journal.write(Draft::new("now")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(
        error.detail().contains("another program is writing"),
        "{error}"
    );
    // Reading needs no turn.
    assert!(entries(&home.journal).await.is_empty());
    drop(other);
    home.journal.write(Draft::new("now")).await.unwrap();
}

#[tokio::test]
async fn what_has_begun_is_not_begun_again_while_somebody_has_the_turn() {
    let home = home("Ada", None).await;
    let key = home.keys.load().unwrap().unwrap();
    let wait = PATIENCE;
    let other = store_at(&home, &key, Access::Write { wait });
    let beginning = Journal::create(home.path(), home.keys.clone(), person("Eve", None));
    let beginning = tokio::spawn(beginning);
    tokio::task::yield_now().await; // its thread has started; it waits for the turn
    drop(other);
    let begun = soon(beginning).await.unwrap();
    assert_eq!(begun.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_reader_reads_beside_the_writer() {
    let home = home("Ada", None).await;
    let reader = Reader::open(home.path(), home.keys.clone()).await.unwrap();
    let id = home.journal.write(Draft::new("first")).await.unwrap();
    assert_eq!(reader.entry(id).await.unwrap().text, "first");
    let reading = async {
        for _ in 0..20 {
            let page = reader
                .page(PageRequest {
                    limit: 1000,
                    before: None,
                })
                .await
                .unwrap();
            assert!(page.entries.iter().all(|entry| !entry.text.is_empty()));
        }
    };
    let writing = async {
        for n in 0..20 {
            home.journal
                .write(Draft::new(format!("{n}")))
                .await
                .unwrap();
        }
    };
    tokio::join!(reading, writing);
    assert_eq!(reader.status().await.unwrap().entries, 21);

    let nowhere = home.folder.path().join("nowhere");
    let error = Reader::open(nowhere, home.keys.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let home = home("Ada", None).await;
    let drafts = (0..25).map(|n| Draft::new(format!("{n:02}")));
    home.journal.write_many(drafts.collect()).await.unwrap();
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = home
            .journal
            .page(PageRequest { limit: 10, before })
            .await
            .unwrap();
        seen.extend(page.entries.into_iter().map(|entry| entry.text));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..25).rev().map(|n| format!("{n:02}")).collect();
    assert_eq!(seen, expected);
    let nonsense = PageRequest {
        limit: 10,
        before: Some("half".to_owned()),
    };
    assert_eq!(
        home.journal.page(nonsense).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn texts_at_and_past_the_limits() {
    let home = home("Ada", None).await;
    for fine in ["x", "👩‍👧", "שלום עולם", &"ü".repeat(128 * 1024)] {
        let id = home.journal.write(Draft::new(fine)).await.unwrap();
        assert_eq!(home.journal.entry(id).await.unwrap().text, fine);
    }
    for bad in ["", "nul\0", &"x".repeat(256 * 1024 + 1)] {
        let error = home.journal.write(Draft::new(bad)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(entries(&home.journal).await.len(), 4);
}

#[tokio::test]
async fn a_storage_key_that_is_locked_lost_or_another_is_told_apart() {
    let home = home("Ada", None).await;
    home.journal.shutdown().await;
    home.keys.lock(true);
    let open = |keys: Arc<dyn KeyStore>| Journal::open(home.path(), keys);
    let error = open(home.keys.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    home.keys.lock(false);

    let error = open(Arc::new(MemoryKeyStore::new())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);
    assert!(error.detail().contains("missing"), "{error}");

    let other = Arc::new(MemoryKeyStore::new());
    other.save(&[1; KEY_LEN]).unwrap();
    let error = open(other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysLocked);

    // A new beginning where the key is missing makes no second one.
    let none = Arc::new(MemoryKeyStore::new());
    let begun = Journal::create(home.path(), none.clone(), person("Eve", None)).await;
    assert_eq!(begun.unwrap_err().kind(), ErrorKind::KeysLocked);
    assert_eq!(none.load().unwrap(), None);

    open(home.keys.clone()).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_a_matter_of_storage_and_of_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let keys = Arc::new(MemoryKeyStore::new());
    let begun = Journal::create(file.join("home"), keys.clone(), person("Ada", None)).await;
    assert_eq!(begun.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(keys.load().unwrap(), None, "no key was made for it");
}
