//! Moving to another relay: everything comes along, and nobody is left behind.

use std::path::Path;

use sidelight::{Draft, ErrorKind, Journal, WarningKind};
use sidelight_format::RelayInstance;
use sidelight_relay::{DATABASE_FILE, Running};

use crate::support::*;

/// Only the envelopes that carry [`long`] texts are longer.
const LONG: u64 = 30_000;

fn long(what: &str, shared: bool) -> Draft {
    let text = format!("{what} {}", "and so on ".repeat(4000));
    Draft {
        shared,
        ..Draft::new(text)
    }
}

/// How many long envelopes a relay that has stopped has the bodies of.
fn long_at(data: &Path) -> u64 {
    let path = data.join(DATABASE_FILE);
    let log = sidelight_relay::SqliteLog::open(&path, RelayInstance([9; 16])).unwrap();
    let lengths = log.lengths().unwrap().into_iter();
    lengths
        .filter(|(len, _)| *len > LONG)
        .map(|(_, count)| count)
        .sum()
}

async fn move_to(journal: &Journal, relay: &Running, lost: bool) {
    let address = relay.address().to_string();
    journal.move_to_relay(address, None, lost).await.unwrap();
}

async fn sync_both(ada: &Journal, bo: &Journal) {
    for _ in 0..3 {
        sync(ada).await;
        sync(bo).await;
    }
}

async fn kinds(journal: &Journal) -> Vec<WarningKind> {
    let warnings = journal.status().await.unwrap().warnings;
    warnings.iter().map(|warning| warning.kind).collect()
}

#[tokio::test]
async fn a_move_takes_everything_along_and_leaves_nothing_of_ones_own() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let former = relay_at(old.path(), None).await;
    let (ada, bo) = couple(&former).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    ada.write(long("hers", true)).await.unwrap();
    ada.write(long("her own", false)).await.unwrap();
    bo.write(long("his", true)).await.unwrap();
    sync_both(ada, bo).await;

    let relay = relay_at(new.path(), None).await;
    move_to(ada, &relay, false).await;
    sync_both(ada, bo).await;
    let status = ada.status().await.unwrap();
    assert_eq!((status.moving, status.shared_relay), (0, None));
    assert_eq!(status.relay, Some(relay.address().to_string()));
    assert_eq!(kinds(ada).await, []);
    let status = bo.status().await.unwrap();
    assert_eq!(status.moving, 0);
    assert_eq!(status.shared_relay, Some(relay.address().to_string()));
    assert_eq!(
        status.relay,
        Some(former.address().to_string()),
        "his own stays"
    );
    assert_eq!(kinds(bo).await, [WarningKind::Moved]);

    former.stop().await;
    ada.write(shared("after")).await.unwrap();
    sync(ada).await;
    let report = bo.sync_now(PATIENCE).await.unwrap();
    assert!(!report.up_to_date, "his private journal's relay is down");
    assert!(texts(bo).await.contains(&"after".to_owned()));
    relay.stop().await;
    assert_eq!(long_at(old.path()), 0, "each has dropped what they wrote");
    assert_eq!(long_at(new.path()), 3);
}

#[tokio::test]
async fn a_partner_who_comes_late_is_led_over_and_nothing_is_missing() {
    let former = relay().await;
    let (ada, bo) = couple(&former).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    ada.write(shared("before")).await.unwrap();
    bo.write(shared("late")).await.unwrap();

    let relay = relay().await;
    move_to(ada, &relay, false).await;
    ada.write(shared("after")).await.unwrap();
    sync(ada).await;
    sync(ada).await;
    assert_eq!(ada.status().await.unwrap().moving, 0);
    let error = ada
        .move_to_relay(relay.address().to_string(), None, false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);

    sync(bo).await;
    bo.write(shared("new")).await.unwrap();
    sync_both(bo, ada).await;
    let all = ["after", "before", "late", "new"];
    assert_eq!(texts(ada).await, all);
    assert_eq!(texts(bo).await, all);
    assert_eq!(kinds(bo).await, [WarningKind::Moved]);
    assert_eq!(kinds(ada).await, []);
    former.stop().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_vanished_with_its_key_strands_nobody() {
    let former = relay().await;
    let (ada, bo) = couple(&former).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    ada.write(shared("old")).await.unwrap();
    sync_both(ada, bo).await;
    ada.write(shared("hers, unsent")).await.unwrap();
    bo.write(shared("his, unsent")).await.unwrap();
    former.stop().await;

    let relay = relay().await;
    move_to(ada, &relay, true).await;
    sync(ada).await;
    move_to(bo, &relay, true).await;
    sync_both(bo, ada).await;
    let all = ["hers, unsent", "his, unsent", "old"];
    assert_eq!(texts(ada).await, all);
    assert_eq!(texts(bo).await, all);
    bo.write(shared("from there on")).await.unwrap();
    sync_both(bo, ada).await;
    assert_eq!(texts(ada).await[0], "from there on");
    assert_eq!(kinds(ada).await, []);
    assert_eq!(kinds(bo).await, []);
    relay.stop().await;
}

#[tokio::test]
async fn both_who_move_elsewhere_at_once_meet_at_one_relay() {
    let former = relay().await;
    let (ada, bo) = couple(&former).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let (hers, his) = (relay().await, relay().await);
    move_to(ada, &hers, false).await;
    move_to(bo, &his, false).await;
    ada.write(shared("hers")).await.unwrap();
    bo.write(shared("his")).await.unwrap();
    sync_both(ada, bo).await;
    ada.write(shared("again")).await.unwrap();
    sync_both(ada, bo).await;
    sync_both(ada, bo).await;
    let all = ["again", "hers", "his"];
    assert_eq!(texts(ada).await, all);
    assert_eq!(texts(bo).await, all);
    let at = |status: sidelight::Status| status.shared_relay.or(status.relay);
    assert_eq!(
        at(ada.status().await.unwrap()),
        at(bo.status().await.unwrap())
    );
    for running in [former, hers, his] {
        running.stop().await;
    }
}

#[tokio::test]
async fn the_words_bring_a_journal_back_from_where_it_was_moved_to_and_lead_on_from_where_it_was() {
    for knows_of_the_move in [true, false] {
        let former = relay().await;
        let (ada, bo) = couple(&former).await;
        let (ada, bo) = (&ada.journal, &bo.journal);
        let words = ada.recovery_begin().await.unwrap().words.join(" ");
        ada.recovery_check(words.clone()).await.unwrap();
        ada.write(shared("hers")).await.unwrap();
        ada.write(Draft::new("her own".to_owned())).await.unwrap();
        sync_both(ada, bo).await;
        let relay = relay().await;
        move_to(ada, &relay, false).await;
        ada.write(Draft::new("after".to_owned())).await.unwrap();
        sync_both(ada, bo).await;
        assert_eq!(ada.status().await.unwrap().moving, 0);
        let address = if knows_of_the_move {
            former.stop().await;
            relay.address().to_string()
        } else {
            former.address().to_string()
        };

        let home = tempfile::tempdir().unwrap();
        let back = Journal::recover(
            home.path().join("journal"),
            std::sync::Arc::new(sidelight::MemoryKeyStore::new()),
            sidelight::Recover {
                words,
                relay: address,
                ticket: None,
                device: "new phone".to_owned(),
            },
        )
        .await
        .unwrap();
        for _ in 0..3 {
            back.sync_now(PATIENCE).await.unwrap();
        }
        let status = back.status().await.unwrap();
        assert_eq!(status.recovery, sidelight::RecoveryStage::Checked);
        assert_eq!(status.relay, Some(relay.address().to_string()));
        assert_eq!(texts(&back).await, ["after", "her own", "hers"]);
        assert_eq!((status.moving, kinds(&back).await), (0, vec![]));
        back.shutdown().await;
        relay.stop().await;
    }
}
