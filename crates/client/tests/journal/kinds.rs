//! Kinds of entries: who may say what, and what matters today.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::*;
use sidelight::kinds::words::{About, Answer, Capacity, Invitation, Need, Support};
use sidelight::kinds::{
    Bid, Boundary, CapacityNote, CheckIn, Comfort, ComfortCard, LowDayPlan, Reflection, Rhythm,
    Said, SupportOffer, Typed, Window,
};
use sidelight::{
    Date, Draft, ErrorKind, Field, FieldEdit, FieldValue, Journal, MemoryKeyStore, Today,
};

fn said(text: &str) -> Said {
    Said::new(text).unwrap()
}

/// Yesterday to tomorrow, so that no midnight falls into a test.
fn now() -> Window {
    let today = Date::today();
    let yesterday = jiff::Zoned::now().yesterday().unwrap();
    let yesterday = Date {
        year: yesterday.year(),
        month: yesterday.month().unsigned_abs(),
        day: yesterday.day().unsigned_abs(),
        ..today
    };
    yesterday.to(&today.plus(1).unwrap()).unwrap()
}

async fn share(journal: &Journal, entry: &impl Typed) -> String {
    let draft = Draft {
        shared: true,
        ..Draft::of(entry)
    };
    journal.write(draft).await.unwrap()
}

async fn today(journal: &Journal) -> Today {
    journal.today().await.unwrap()
}

fn set(name: &str, value: &str) -> Vec<FieldEdit> {
    vec![FieldEdit::Set(Field {
        name: name.to_owned(),
        value: FieldValue::Text(value.to_owned()),
    })]
}

#[tokio::test]
async fn today_shows_what_holds_now_and_nothing_that_is_over() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    assert_eq!(today(&bo.journal).await, Today::default());

    let check_in = CheckIn::for_days(now())
        .need(Need::Company)
        .not_wanted(Need::Touch);
    let check_in = share(&ada.journal, &check_in).await;
    let offer = SupportOffer::of(Support::Listening, now()).within(said("until ten"));
    let offer = share(&ada.journal, &offer).await;
    let bid = share(&ada.journal, &Bid::for_(Invitation::Touch, now())).await;
    let card = ComfortCard::new(About::Touch, said("hugs"), Comfort::Welcome(now()));
    let card = share(&ada.journal, &card).await;
    let line = share(&ada.journal, &Boundary::new(said("no shouting"))).await;
    // Over, or private: none of the other's business.
    let past = Date::parse("2020-01-01", 0).unwrap();
    let past = past.to(&past).unwrap();
    share(&ada.journal, &Bid::for_(Invitation::Walk, past)).await;
    let private = ComfortCard::new(About::Topic, said("work"), Comfort::NotNow);
    ada.journal.write(Draft::of(&private)).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;

    let seen = today(&bo.journal).await;
    let need = seen.partner.unwrap();
    assert_eq!(
        (need.id, need.need.as_deref()),
        (check_in.clone(), Some("company"))
    );
    assert_eq!(need.not_wanted, ["touch"]);
    assert_eq!(
        (&seen.offers[0].id, &seen.offers[0].limits[0]),
        (&offer, &"until ten".to_owned())
    );
    assert_eq!(
        (seen.bids.len(), &seen.bids[0].id, seen.bids[0].no_further),
        (1, &bid, true)
    );
    assert_eq!(
        (seen.comfort.len(), seen.comfort[0].comfort.as_str()),
        (1, "welcome")
    );
    assert_eq!(seen.boundaries[0].statement, "no shouting");
    assert!(seen.own.is_none() && seen.plans.is_empty() && !seen.quiet);
    assert_eq!(today(&ada.journal).await.comfort.len(), 2);

    // Restricted, withdrawn, lifted: at once, and by the owner alone.
    let edit = async |id: &String, edits| ada.journal.edit_fields(id.clone(), None, edits).await;
    edit(&card, set("comfort", "not_now")).await.unwrap();
    edit(&line, set("state", "lifted")).await.unwrap();
    let withdrawn = || {
        vec![FieldEdit::Set(Field {
            name: "withdrawn".to_owned(),
            value: FieldValue::Flag(true),
        })]
    };
    edit(&bid, withdrawn()).await.unwrap();
    edit(&offer, withdrawn()).await.unwrap();
    let add = FieldEdit::Add {
        name: "not_wanted".into(),
        member: "company".into(),
    };
    edit(&check_in, vec![add]).await.unwrap();
    assert_eq!(
        edit(&card, set("comfort", "maybe"))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Invalid
    );
    let theirs = bo
        .journal
        .edit_fields(card, None, set("comfort", "welcome"))
        .await;
    assert_eq!(theirs.unwrap_err().kind(), ErrorKind::Invalid);
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    let seen = today(&bo.journal).await;
    assert_eq!(seen.partner.unwrap().need, None);
    assert!(seen.offers.is_empty() && seen.bids.is_empty() && seen.boundaries.is_empty());
    assert_eq!(seen.comfort[0].comfort, "not_now");
}

#[tokio::test]
async fn ones_own_day_has_its_plans_and_quiet_times() {
    // Ten in the morning, UTC, by a clock that stands still.
    let clock = Arc::new(AtomicI64::new(1_785_578_400));
    let day = Some(Date::parse("2026-08-01", 0).unwrap());
    let disk = sidelight_store::MemoryDisk::new();
    let keys = Arc::new(MemoryKeyStore::new());
    let ada = Some(person("Ada", None));
    let journal = Journal::in_memory(&disk, keys, ada, Some(clock.clone()))
        .await
        .unwrap();
    let plan = LowDayPlan::new().with(sidelight::kinds::words::Section::Helps, said("tea"));
    journal.write(Draft::of(&plan)).await.unwrap();
    let always = sidelight::kinds::Quiet::new(0, 0).unwrap();
    let rhythm = Rhythm::to(said("rest")).quiet(always);
    journal.write(Draft::of(&rhythm)).await.unwrap();
    for capacity in [Capacity::Unsaid, Capacity::Enough, Capacity::VeryLittle] {
        let note = Draft::of(&CapacityNote::new(capacity));
        journal.write(Draft { date: day, ..note }).await.unwrap();
    }
    let seen = today(&journal).await;
    assert_eq!((seen.plans.len(), seen.quiet), (1, true));
    assert_eq!(seen.own.unwrap().capacity.as_deref(), Some("very_little"));
    assert!(seen.partner.is_none());
    // By a clock that cannot be right nothing is permitted, and it is quiet.
    for wrong in [0, i64::MIN, i64::MAX] {
        clock.store(wrong, Ordering::Relaxed);
        let seen = today(&journal).await;
        assert!(seen.own.is_none() && seen.quiet && seen.plans.len() == 1);
    }
}

#[tokio::test]
async fn what_a_kind_does_not_allow_is_refused_before_anything_is_written() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let invalid = async |draft: Draft| {
        let error = ada.journal.write(draft).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    };
    let thought = Reflection::new(said("for me"));
    invalid(Draft {
        shared: true,
        ..Draft::of(&thought)
    })
    .await;
    let kept = ada.journal.write(Draft::of(&thought)).await.unwrap();
    assert_eq!(
        ada.journal.share(vec![kept]).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    let line = Draft::of(&Boundary::new(said("no shouting")));
    invalid(Draft {
        shared: true,
        together: true,
        ..line
    })
    .await;
    invalid(Draft {
        shared: true,
        ..Draft::of(&CapacityNote::new(Capacity::Unsaid))
    })
    .await;
    let wrong = Draft {
        kind: "comfort_card".into(),
        ..Draft::new("hugs")
    };
    let fields = vec![Field {
        name: "comfort".into(),
        value: FieldValue::Text("sure".into()),
    }];
    invalid(Draft { fields, ..wrong }).await;
    // An answer answers the other's offer, in the journal that both read.
    let answer = |id: &str| Draft {
        kind: "support_response".into(),
        fields: vec![
            Field {
                name: "target".into(),
                value: FieldValue::Text(id.to_owned()),
            },
            Field {
                name: "answer".into(),
                value: FieldValue::Text(
                    sidelight::kinds::words::Word::name(Answer::Yes).to_owned(),
                ),
            },
        ],
        shared: true,
        ..Draft::new("")
    };
    let offer = share(&ada.journal, &SupportOffer::of(Support::Company, now())).await;
    invalid(answer(&offer)).await;
    invalid(answer(&"00".repeat(32))).await;
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    assert_eq!(entries(&bo.journal).await.len(), 1, "only the offer came");
    bo.journal.write(answer(&offer)).await.unwrap();
}
