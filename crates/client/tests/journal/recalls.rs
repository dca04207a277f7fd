//! Recall: what one's own entries say, when somebody asks.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use sidelight::kinds::words::{Answer, Support};
use sidelight::kinds::{SupportOffer, Typed};
use sidelight::{
    Date, Draft, ErrorKind, Field, FieldValue, Journal, MemoryKeyStore, Recalled, Recollection,
};
use sidelight_store::MemoryDisk;

use crate::support::{couple, person, relay, sync};

/// Ten in the morning of 1 August 2026, UTC.
const NOW: i64 = 1_785_578_400;

fn tagged(text: &str, day: u32, tags: &[&str]) -> Draft {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Draft {
        date: Some(Date::parse("2026-05-01", 0).unwrap().plus(day).unwrap()),
        fields: vec![Field {
            name: "tags".into(),
            value: FieldValue::List(tags),
        }],
        ..Draft::new(text)
    }
}

async fn recalled(journal: &Journal) -> Vec<Recollection> {
    journal.recall().await.unwrap()
}

#[tokio::test]
async fn what_goes_together_is_recalled_from_a_least_number_of_days_on_until_it_is_dismissed() {
    let (disk, keys) = (MemoryDisk::new(), Arc::new(MemoryKeyStore::new()));
    let clock = || Some(Arc::new(AtomicI64::new(NOW)));
    let ada = Some(person("Ada", None));
    let journal = Journal::in_memory(&disk, keys.clone(), ada, clock());
    let journal = &journal.await.unwrap();
    for day in 0..4 {
        journal
            .write(tagged("a", day, &["lake", "slept well"]))
            .await
            .unwrap();
    }
    for day in 10..20 {
        journal.write(tagged("b", day, &["work"])).await.unwrap();
    }
    assert!(recalled(journal).await.is_empty(), "four days are few");
    // The same day again is no fifth one, and a shared copy would not be either.
    journal
        .write(tagged("c", 3, &["lake", "slept well"]))
        .await
        .unwrap();
    assert!(recalled(journal).await.is_empty());
    journal
        .write(tagged("d", 4, &["Lake", "slept well"]))
        .await
        .unwrap();
    let found = recalled(journal).await;
    assert_eq!(found.len(), 1);
    let Recalled::Together { on, also } = &found[0].what else {
        panic!("two tags")
    };
    assert_eq!(
        (on.to_lowercase().as_str(), also.as_str()),
        ("lake", "slept well")
    );

    // Dismissed, it stays away, also after a restart and from more entries.
    journal.dismiss(found[0].id.clone()).await.unwrap();
    journal
        .write(tagged("e", 5, &["lake", "slept well"]))
        .await
        .unwrap();
    assert!(recalled(journal).await.is_empty());
    journal.shutdown().await;
    let again = Journal::in_memory(&disk, keys, None, clock())
        .await
        .unwrap();
    assert!(recalled(&again).await.is_empty());
    let wrong = again.dismiss("lake".into()).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
    again.dismiss_nothing().await.unwrap();
    assert_eq!(recalled(&again).await[0].id, found[0].id);
}

#[tokio::test]
async fn what_helped_is_what_one_said_oneself_and_the_other_is_told_nothing() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let days = Date::today().to(&Date::today().plus(1).unwrap()).unwrap();
    let offer = Draft {
        shared: true,
        ..Draft::of(&SupportOffer::of(Support::Listening, days))
    };
    for round in 0..3 {
        assert!(recalled(ada).await.is_empty(), "{round} times are few");
        let id = bo.write(offer.clone()).await.unwrap();
        sync(bo).await;
        sync(ada).await;
        let field = |name: &str, value| Field {
            name: name.to_owned(),
            value,
        };
        let answer = Draft {
            kind: sidelight::kinds::SupportResponse::KIND.to_owned(),
            shared: round == 0,
            fields: vec![
                field("target", FieldValue::Text(id)),
                field(
                    "answer",
                    FieldValue::Text(sidelight::kinds::words::Word::name(Answer::Yes).to_owned()),
                ),
                field("helped", FieldValue::Flag(true)),
            ],
            ..Draft::new("")
        };
        ada.write(answer).await.unwrap();
        sync(ada).await;
        sync(bo).await;
    }
    let found = recalled(ada).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what, Recalled::Helped("listening".into()));
    assert!(recalled(bo).await.is_empty(), "it is not theirs");
    // Asking wrote nothing.
    assert_eq!(ada.status().await.unwrap().outbox_len, 0);
}
