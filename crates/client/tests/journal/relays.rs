//! Relays that are down, restart, are somebody else, or say no.

use std::time::Duration;

use sidelight::{ErrorKind, Event, SyncState};
use sidelight_format::{RelayAddress, RelayKey};
use sidelight_mailbox::Admission;
use sidelight_relay::Config;

use crate::support::*;

#[tokio::test]
async fn a_relay_that_is_down_loses_nothing_and_a_restarted_one_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let relay = relay_at(data.path(), None).await;
    let listen = relay.listen();
    let (ada, bo) = couple(&relay).await;
    ada.journal.write(shared("before")).await.unwrap();
    sync(&ada.journal).await;
    relay.stop().await;

    ada.journal.write(shared("meanwhile")).await.unwrap();
    let second = Duration::from_secs(1);
    let error = ada.journal.sync_now(second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Offline);
    assert!(error.detail().contains("everything is kept"), "{error}");
    assert_eq!(ada.journal.status().await.unwrap().outbox_len, 1);

    let relay = relay_at(data.path(), Some(listen)).await;
    assert_eq!(sync(&ada.journal).await.sent, 1);
    assert_eq!(sync(&bo.journal).await.received, 2);
    assert_eq!(texts(&bo.journal).await, ["before", "meanwhile"]);
    assert!(bo.journal.status().await.unwrap().warnings.is_empty());
    relay.stop().await;
}

#[tokio::test]
async fn live_journals_come_back_by_themselves_when_the_relay_does() {
    let data = tempfile::tempdir().unwrap();
    let relay = relay_at(data.path(), None).await;
    let listen = relay.listen();
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
    event(&bo.journal, up).await;
    relay.stop().await;
    let lost = |event: &Event| matches!(event, Event::SyncChanged { state, .. } if *state != SyncState::UpToDate);
    event(&ada.journal, lost).await;
    ada.journal.write(shared("into the dark")).await.unwrap();
    let relay = relay_at(data.path(), Some(listen)).await;
    until(&bo.journal, || async {
        texts(&bo.journal).await == ["into the dark"]
    })
    .await;
    event(&ada.journal, up).await;
    assert_eq!(ada.journal.status().await.unwrap().outbox_len, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_lost_its_data_is_given_everything_again() {
    let data = tempfile::tempdir().unwrap();
    let relay = relay_at(data.path(), None).await;
    let listen = relay.listen();
    let (ada, bo) = couple(&relay).await;
    ada.journal.write(shared("kept by us")).await.unwrap();
    sync(&ada.journal).await;
    relay.stop().await;
    for file in std::fs::read_dir(data.path()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name();
        if name
            .to_string_lossy()
            .starts_with(sidelight_relay::DATABASE_FILE)
        {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    let relay = relay_at(data.path(), Some(listen)).await;
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    assert_eq!(texts(&bo.journal).await, ["kept by us"]);
    let warnings = ada.journal.status().await.unwrap().warnings;
    let kinds: Vec<_> = warnings.iter().map(|warning| warning.kind).collect();
    assert!(
        kinds.contains(&sidelight::WarningKind::Refilled),
        "{warnings:?}"
    );
    relay.stop().await;
}

#[tokio::test]
async fn another_relay_in_the_place_of_the_named_one_gets_nothing() {
    let relay = relay().await;
    let address = relay.address();
    let other = RelayAddress::new(address.host(), RelayKey([9; 32])).unwrap();
    let ada = home("Ada", Some(other.to_string())).await;
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        error
            .detail()
            .contains("not the relay that its address names"),
        "{error}"
    );
    assert!(ada.journal.status().await.unwrap().outbox_len > 0);
}

#[tokio::test]
async fn a_relay_that_admits_by_ticket_says_so_and_takes_one_that_is_named_later() {
    let mut config = Config::in_memory();
    config.policy.admission = Admission::by_tickets(["for friends"]);
    let relay = sidelight_relay::run(config).await.unwrap();
    let address = relay.address().to_string();
    let ada = home("Ada", Some(address.clone())).await;
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.detail().contains("ticket"), "{error}");
    // While live it is told as well.
    ada.journal.go_live().await.unwrap();
    let refused = |event: &Event| {
        matches!(event, Event::SyncChanged { state: SyncState::Refused, detail: Some(why) }
            if why.contains("ticket"))
    };
    event(&ada.journal, refused).await;
    ada.journal.go_quiet().await.unwrap();

    let name = async |ticket: &str| {
        let ticket = Some(ticket.to_owned());
        ada.journal.use_relay(address.clone(), ticket).await
    };
    name("for others").await.unwrap();
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert!(error.detail().contains("ticket"), "{error}");
    name("for friends").await.unwrap();
    sync(&ada.journal).await;
    // Another relay is not named over it: that is a move.
    let other = relay_at(tempfile::tempdir().unwrap().path(), None).await;
    let other = ada.journal.use_relay(other.address().to_string(), None);
    assert_eq!(other.await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_relay_without_room_gives_what_it_has_and_says_so() {
    let mut config = Config::in_memory();
    config.policy.mailboxes_max = 0;
    let relay = sidelight_relay::run(config).await.unwrap();
    let ada = home("Ada", Some(relay.address().to_string())).await;
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.detail().contains("full"), "{error}");
    ada.journal
        .write(sidelight::Draft::new("kept here"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_journal_without_a_relay_says_what_it_lacks() {
    let ada = home("Ada", None).await;
    let error = ada.journal.sync_now(PATIENCE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let relay = relay().await;
    let hour = Duration::from_secs(3600);
    assert_eq!(
        ada.journal.invite(hour).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    ada.journal
        .use_relay(relay.address().to_string(), None)
        .await
        .unwrap();
    ada.journal.invite(hour).await.unwrap();
    sync(&ada.journal).await;
}

#[tokio::test]
async fn a_relay_that_has_had_enough_for_now_is_asked_again_when_it_says() {
    let mut config = Config::in_memory();
    // The first envelopes fit; then some 1 KiB a second.
    config.policy.live_burst_bytes = 64 * 1024;
    config.policy.live_bytes_per_hour = 3600 * 64 * 1024;
    let relay = sidelight_relay::run(config).await.unwrap();
    let ada = home("Ada", Some(relay.address().to_string())).await;
    let drafts = (0..100).map(|n| sidelight::Draft::new(format!("entry {n}")));
    ada.journal.write_many(drafts.collect()).await.unwrap();
    assert_eq!(sync(&ada.journal).await.waiting, 0);
}
