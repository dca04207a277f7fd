//! Sharing with second thoughts: what goes along, when, and what is left of what is taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sidelight::{
    Date, Draft, Entry, ErrorKind, Field, FieldValue, Journal, MemoryKeyStore, PageRequest,
    Promotion, Retracted, Space,
};
use sidelight_store::MemoryDisk;

use crate::support::{couple, home, pair, person, relay, sync};

fn field(name: &str, value: FieldValue) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

fn draft(text: &str) -> Draft {
    Draft {
        date: Some(Date::parse("2024-05-06", 0).unwrap()),
        kind: "gratitude".to_owned(),
        fields: vec![
            field("toward", FieldValue::Text("the neighbour".to_owned())),
            field("tags", FieldValue::List(vec!["small".to_owned()])),
        ],
        ..Draft::new(text)
    }
}

async fn all(journal: &Journal) -> Vec<Entry> {
    let request = PageRequest {
        limit: 99,
        before: None,
    };
    journal.page(request).await.unwrap().entries
}

#[tokio::test]
async fn only_what_was_chosen_is_shared_and_the_day_only_if_it_is_chosen() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let id = ada.journal.write(draft("a loaf of bread")).await.unwrap();
    let chosen = Promotion {
        fields: Some(vec!["tags".to_owned()]),
        ..Promotion::of(&id)
    };
    for wrong in [
        Promotion {
            fields: Some(vec!["mood".to_owned()]),
            ..chosen.clone()
        },
        Promotion {
            text: false,
            ..chosen.clone()
        },
    ] {
        let error = ada.journal.promote(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    let copy = ada.journal.promote(chosen.clone()).await.unwrap();
    assert_ne!(copy, id);
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    let there = bo.journal.entry(copy.clone()).await.unwrap();
    assert_eq!(there.text, "a loaf of bread");
    let names: Vec<_> = there
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["tags"]);
    assert_ne!(there.date.year, 2024);
    // Once, until that is taken back.
    assert!(ada.journal.promote(chosen).await.is_err());
    let same = ada.journal.share(vec![id.clone()]).await.unwrap();
    assert_eq!(same.first(), Some(&copy));
    assert_eq!(
        ada.journal.retract(id.clone()).await.unwrap(),
        Retracted::Everywhere
    );
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    let marker = &all(&bo.journal).await[0];
    assert!(marker.taken_back && marker.text.is_empty());
    assert_eq!(
        bo.journal.entry(copy).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        ada.journal.entry(id.clone()).await.unwrap().text,
        "a loaf of bread"
    );
    let again = Promotion {
        date: true,
        ..Promotion::of(&id)
    };
    let again = ada.journal.promote(again).await.unwrap();
    let again = ada.journal.entry(again).await.unwrap();
    assert_eq!((again.date.year, again.fields.len()), (2024, 2));
    assert_eq!(
        ada.journal.retract(again.id).await.unwrap(),
        Retracted::Everywhere
    );
    let error = ada.journal.retract(id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_held_leaves_when_it_is_due_and_what_is_retracted_before_leaves_nothing() {
    let relay = relay().await;
    let address = relay.address().to_string();
    let begin = 1_790_000_000;
    let clock = Arc::new(AtomicI64::new(begin));
    let (disk, keys) = (MemoryDisk::new(), Arc::new(MemoryKeyStore::new()));
    let open = async |who| {
        let journal = Journal::in_memory(&disk, keys.clone(), who, Some(clock.clone()));
        journal.await.unwrap()
    };
    let ada = open(Some(person("Ada", Some(address.clone())))).await;
    let bo = home("Bo", Some(address)).await;
    // An invitation is judged by both clocks, so Ada's is right for so long.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_secs() as i64;
    clock.store(now, Ordering::Relaxed);
    pair(&ada, &bo.journal).await;

    let (kept, gone) = (draft("kept in mind"), draft("said in anger"));
    let ids = ada.write_many(vec![kept, gone]).await.unwrap();
    let hour = Duration::from_secs(3600);
    let error = ada
        .hold(Promotion::of(&ids[0]), 24 * 31 * hour)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for id in &ids {
        let due = ada.hold(Promotion::of(id), hour).await.unwrap();
        assert_eq!(due, (now + 3600) * 1000);
    }
    sync(&ada).await;
    sync(&bo.journal).await;
    assert!(all(&bo.journal).await.is_empty());
    assert_eq!(ada.held().await.unwrap().len(), 2);
    assert_eq!(ada.retract(ids[1].clone()).await.unwrap(), Retracted::Held);
    // It survives the end of the program, and a minute too few.
    ada.shutdown().await;
    clock.store(now + 3599, Ordering::Relaxed);
    let ada = open(None).await;
    sync(&ada).await;
    sync(&bo.journal).await;
    assert!(all(&bo.journal).await.is_empty());
    // The entry goes as it is when it goes.
    ada.set_text(ids[0].clone(), "kept in mind, and better".to_owned())
        .await
        .unwrap();
    clock.store(now + 3600, Ordering::Relaxed);
    sync(&ada).await;
    sync(&ada).await;
    sync(&bo.journal).await;
    let there = all(&bo.journal).await;
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].text, "kept in mind, and better");
    assert_eq!((there[0].fields.len(), there[0].amendments), (2, 0));
    assert!(ada.held().await.unwrap().is_empty());
    let shared = all(&ada)
        .await
        .into_iter()
        .filter(|entry| entry.space == Space::Shared);
    assert_eq!(shared.count(), 1);

    // What is long overdue waits for a word, and a word is enough.
    ada.hold(Promotion::of(&ids[1]), hour).await.unwrap();
    clock.store(now + 40 * 24 * 3600, Ordering::Relaxed);
    sync(&ada).await;
    assert_eq!(ada.held().await.unwrap()[0].id, ids[1]);
    ada.release(ids[1].clone()).await.unwrap();
    assert!(ada.held().await.unwrap().is_empty());
    let error = ada.release(ids[1].clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Erasing the private entry ends its hold.
    let id = ada.write(draft("never mind")).await.unwrap();
    ada.hold(Promotion::of(&id), hour).await.unwrap();
    ada.erase(vec![id]).await.unwrap();
    assert!(ada.held().await.unwrap().is_empty());
}

#[test]
fn what_cannot_be_promised_is_said() {
    for (what, says) in [
        (Retracted::Held, "nobody has seen it"),
        (Retracted::Everywhere, "nobody can take back"),
        (Retracted::OwnDevices, "keeps theirs"),
    ] {
        assert!(what.to_string().contains(says), "{what}");
    }
}
