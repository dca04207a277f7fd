//! Two journals and a relay: pairing, writing, sharing, editing.

use crate::support::*;
use sidelight::{Draft, ErrorKind, Event, Space, SyncState, TextEdit};

#[tokio::test]
async fn two_devices_pair_and_read_each_other() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let status = ada.journal.status().await.unwrap();
    assert_eq!(status.partner.unwrap().name, "Bo");

    ada.journal.write(shared("the tea you made")).await.unwrap();
    bo.journal
        .write(shared("your laugh at the gate"))
        .await
        .unwrap();
    ada.journal.write(Draft::new("only mine")).await.unwrap();
    let report = sync(&ada.journal).await;
    assert_eq!(report.sent, 2);
    let report = sync(&bo.journal).await;
    assert_eq!((report.sent, report.received), (1, 1));
    sync(&ada.journal).await;

    let both = ["the tea you made", "your laugh at the gate"];
    assert_eq!(texts(&bo.journal).await, both);
    assert_eq!(texts(&ada.journal).await, ["only mine", both[0], both[1]]);
    for entry in entries(&bo.journal).await {
        assert_eq!(entry.mine, entry.author_name == "Bo");
        assert_eq!(entry.space, Space::Shared);
    }
    let report = sync(&ada.journal).await;
    assert_eq!((report.sent, report.received, report.waiting), (0, 0, 0));
    assert!(ada.journal.status().await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn sharing_copies_a_private_entry_once() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let private = ada
        .journal
        .write(Draft::new("said aloud later"))
        .await
        .unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    assert!(entries(&bo.journal).await.is_empty());

    let ids = vec![private[..8].to_owned()];
    let copies = ada.journal.share(ids.clone()).await.unwrap();
    assert_eq!(ada.journal.share(ids).await.unwrap(), copies);
    assert_ne!(copies, [private]);
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    assert_eq!(texts(&bo.journal).await, ["said aloud later"]);

    let error = ada.journal.share(copies).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn both_type_into_one_entry_at_the_versions_they_saw() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let draft = Draft {
        together: true,
        ..shared("milk and bread")
    };
    let id = ada.journal.write(draft).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;

    let seen = bo.journal.entry(id.clone()).await.unwrap().version;
    ada.journal
        .set_text(id.clone(), "oat milk and bread".to_owned())
        .await
        .unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    // Bo still sees the first text, and types at its end.
    let edit = TextEdit {
        at: 14,
        delete: 0,
        insert: ", please".to_owned(),
    };
    bo.journal
        .edit(id.clone(), Some(seen), vec![edit])
        .await
        .unwrap();
    sync(&bo.journal).await;
    sync(&ada.journal).await;
    for journal in [&ada.journal, &bo.journal] {
        let entry = journal.entry(id.clone()).await.unwrap();
        assert_eq!(entry.text, "oat milk and bread, please");
        assert_eq!(entry.amendments, 2);
    }
}

#[tokio::test]
async fn while_live_an_entry_arrives_by_itself() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal.go_live().await.unwrap();
    bo.journal.go_live().await.unwrap();
    ada.journal.write(shared("now")).await.unwrap();
    until(&bo.journal, || async {
        texts(&bo.journal).await == ["now"]
    })
    .await;
    // A sync while live goes over the same links.
    ada.journal.write(shared("and now")).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    assert_eq!(texts(&bo.journal).await, ["and now", "now"]);
    ada.journal.shutdown().await;
    bo.journal.go_quiet().await.unwrap();
    let off = |event: &Event| {
        matches!(
            event,
            Event::SyncChanged {
                state: SyncState::Off,
                ..
            }
        )
    };
    event(&bo.journal, off).await;
}

#[tokio::test]
async fn pairing_goes_through_while_both_are_live() {
    let relay = relay().await;
    let address = relay.address().to_string();
    let (ada, bo) = (home("Ada", Some(address)).await, home("Bo", None).await);
    ada.journal.go_live().await.unwrap();
    bo.journal.go_live().await.unwrap();
    let hour = std::time::Duration::from_secs(3600);
    let invited = ada.journal.invite(hour).await.unwrap();
    bo.journal.join(invited.link.clone()).await.unwrap();
    for journal in [&ada.journal, &bo.journal] {
        until(journal, || async {
            stage(journal).await == sidelight::PairingStage::Compare
        })
        .await;
        journal.confirm(true).await.unwrap();
    }
    for journal in [&ada.journal, &bo.journal] {
        until(journal, || async {
            stage(journal).await == sidelight::PairingStage::Done
        })
        .await;
    }
    // A pairing is over once; the invitation is spent.
    let error = ada.journal.join(invited.link).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    bo.journal.write(shared("we did it")).await.unwrap();
    until(&ada.journal, || async {
        texts(&ada.journal).await == ["we did it"]
    })
    .await;
}

#[tokio::test]
async fn a_comparison_refused_on_one_side_shares_nothing() {
    let relay = relay().await;
    let address = relay.address().to_string();
    let (ada, bo) = (
        home("Ada", Some(address.clone())).await,
        home("Bo", Some(address)).await,
    );
    let hour = std::time::Duration::from_secs(3600);
    let invited = ada.journal.invite(hour).await.unwrap();
    bo.journal.join(invited.link).await.unwrap();
    for _ in 0..3 {
        sync(&ada.journal).await;
        sync(&bo.journal).await;
    }
    bo.journal.confirm(false).await.unwrap();
    ada.journal.confirm(true).await.unwrap();
    for _ in 0..2 {
        sync(&bo.journal).await;
        sync(&ada.journal).await;
    }
    for journal in [&ada.journal, &bo.journal] {
        assert!(matches!(
            stage(journal).await,
            sidelight::PairingStage::Ended(_)
        ));
        let error = journal.write(shared("to whom?")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotPaired);
    }
}
