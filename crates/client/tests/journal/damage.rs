//! What befalls the files of a journal while it is in use: deleted, damaged, out of room.

use std::path::Path;
use std::process::Command;

use sidelight::{Draft, ErrorKind, Journal, MemoryKeyStore, PageRequest, SearchRequest};
use sidelight_format::EntryId;
use sidelight_format::record::Table;
use sidelight_store::{Access, Batch, Key, Store};

use crate::support::*;

#[tokio::test]
async fn a_store_that_is_deleted_under_a_running_program_acknowledges_nothing_more() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal.write(shared("kept")).await.unwrap();
    sync(&ada.journal).await;
    std::fs::remove_dir_all(ada.path()).unwrap();

    let error = ada.journal.write(shared("into nothing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    bo.journal.write(shared("for Ada")).await.unwrap();
    sync(&bo.journal).await;
    // What arrives cannot be kept either, which is said at once.
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");

    // Another journal in its place is not taken for it.
    let keys = std::sync::Arc::new(MemoryKeyStore::new());
    let other = Journal::create(ada.path(), keys, person("Cy", None));
    let other = other.await.unwrap();
    let error = ada
        .journal
        .write(shared("into another's"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Storage),
        "{error}"
    );
    assert!(entries(&other).await.is_empty());
    assert_eq!(texts(&bo.journal).await, ["for Ada", "kept"]);
}

/// Writes over what is kept rendered of entries: under the right key, so that only what it says
/// is wrong.
async fn damage_rendered(home: &Home, ids: &[&str], with: Option<&[u8]>) {
    let key = sidelight::KeyStore::load(&*home.keys).unwrap().unwrap();
    let mut store = store_at(home, &key, Access::Write { wait: PATIENCE });
    let mut batch = Batch::new();
    for id in ids {
        let id = EntryId::from_hex(id).unwrap();
        match with {
            Some(bytes) => batch.put(Table::Rendered, Key::Name(&id.0), bytes.to_vec()),
            None => batch.delete(Table::Rendered, Key::Name(&id.0)),
        }
    }
    store.commit(batch).unwrap();
}

#[tokio::test]
async fn damaged_or_lost_rendered_entries_are_made_anew_of_their_documents() {
    let home = home("Ada", None).await;
    let drafts = (0..60).map(|n| Draft::new(format!("day {n:02} by the river")));
    let ids = home.journal.write_many(drafts.collect()).await.unwrap();
    home.journal
        .set_text(ids[7].clone(), "day 07 on the hill".to_owned())
        .await
        .unwrap();
    home.journal.prepare_search(PATIENCE).await.unwrap();
    let before = entries(&home.journal).await;
    home.journal.shutdown().await;

    let damaged: Vec<&str> = ids.iter().step_by(2).map(String::as_str).collect();
    let lost: Vec<&str> = ids.iter().skip(1).step_by(2).map(String::as_str).collect();
    damage_rendered(&home, &damaged, Some(b"no record")).await;
    damage_rendered(&home, &lost, None).await;

    let journal = home.open_again().await;
    assert!(entries(&journal).await == before, "a page is as it was");
    let found = journal.search(SearchRequest {
        words: "\"on the hill\"".to_owned(),
        limit: 10,
        ..SearchRequest::default()
    });
    assert_eq!(found.await.unwrap().entries[0].id, ids[7]);
    // An edit keeps what is shown again, and the timeline has each entry once.
    for id in [&ids[0], &ids[1], &ids[7]] {
        let text = journal.entry(id.clone()).await.unwrap().text + ", again";
        journal.set_text(id.clone(), text).await.unwrap();
    }
    let after = entries(&journal).await;
    assert_eq!(after.len(), before.len());
    let again = after.iter().filter(|entry| entry.text.ends_with(", again"));
    assert_eq!(again.count(), 3);
    journal.shutdown().await;
    let key = sidelight::KeyStore::load(&*home.keys).unwrap().unwrap();
    let store = store_at(&home, &key, Access::Read);
    let id = EntryId::from_hex(&ids[0]).unwrap();
    let kept = store.read(Table::Rendered, Key::Name(&id.0)).unwrap();
    assert!(kept.is_some_and(|kept| kept != b"no record"));
}

/// A disk of so many megabytes, while it is there.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this user may not mount one.
    fn mount(megabytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a thread of the journal may still close its files.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_device_with_ten_megabytes_of_room_says_so_keeps_what_it_has_and_goes_on_with_more() {
    let Some(disk) = SmallDisk::mount(60) else {
        println!("left out: only root may mount a small disk");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![7; 50 << 20]).unwrap();
    let relay = relay().await;
    let address = relay.address().to_string();
    let keys = std::sync::Arc::new(MemoryKeyStore::new());
    let at = disk.path().join("journal");
    let ada = Journal::create(at, keys, person("Ada", Some(address.clone())));
    let ada = ada.await.unwrap();
    let bo = home("Bo", Some(address)).await;
    pair(&ada, &bo.journal).await;
    ada.write(shared("before")).await.unwrap();
    sync(&ada).await;

    // More comes than fits: 24 entries of 200 kB, each kept thrice.
    let long = |n: usize| shared(&format!("{n:02} {}", "words of the day. ".repeat(11_000)));
    for n in 0..24 {
        bo.journal.write(long(n)).await.unwrap();
    }
    sync(&bo.journal).await;
    let error = ada.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.detail().contains("disk is full"), "{error}");
    let mut kept = 0;
    let refused = loop {
        match ada.write(long(kept)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 60, "the disk never fills");
    };
    assert_eq!(refused.kind(), ErrorKind::Storage, "{refused}");
    // What is there can be read.
    let request = PageRequest {
        limit: 1000,
        before: None,
    };
    let shown = ada.page(request).await.unwrap().entries;
    assert!(shown.iter().any(|entry| entry.text == "before"));

    std::fs::remove_file(ballast).unwrap();
    ada.write(shared("room again")).await.unwrap();
    sync(&ada).await;
    let all = texts(&ada).await;
    assert_eq!(all.len(), 24 + kept + 2);
    sync(&bo.journal).await;
    assert_eq!(texts(&bo.journal).await, all);
    ada.shutdown().await;
}
