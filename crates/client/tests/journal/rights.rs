//! Both partners may do the same, whoever invited, and what is past of a card is past.

use std::time::Duration;

use sidelight::kinds::words::About;
use sidelight::kinds::{Comfort, ComfortCard, Proposal, Said};
use sidelight::{
    Date, Draft, ExportFormat, ExportOptions, Field, FieldEdit, FieldValue, Journal, SearchRequest,
};

use crate::support::{couple, relay, shared, sync};

fn told<T>(result: Result<T, sidelight::Error>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// Tries everything that concerns both, as `one` beside `other`; what came of each.
async fn try_all(one: &Journal, other: &Journal) -> Vec<(&'static str, String)> {
    let mut came = Vec::new();
    let theirs = other.write(shared("theirs")).await.unwrap();
    let together = Draft {
        together: true,
        ..shared("both of us")
    };
    let both = other.write(together).await.unwrap();
    let proposal = sidelight::kinds::Agreement::Proposal(Proposal::new(
        Said::new("phones off").unwrap(),
        None,
    ));
    let proposal = Draft {
        shared: true,
        ..Draft::of(&proposal)
    };
    let proposal = other.write(proposal).await.unwrap();
    for journal in [other, one] {
        sync(journal).await;
    }
    let mine = one.write(shared("mine")).await;
    came.push(("write", told(mine.clone())));
    let mine = mine.unwrap();
    let reply = Draft {
        kind: "reply".into(),
        fields: vec![Field {
            name: "target".into(),
            value: FieldValue::Text(theirs.clone()),
        }],
        ..shared("I see")
    };
    came.push(("reply", told(one.write(reply).await)));
    came.push((
        "edit mine",
        told(one.set_text(mine.clone(), "mine!".into()).await),
    ));
    came.push((
        "edit theirs",
        told(one.set_text(theirs.clone(), "no".into()).await),
    ));
    came.push((
        "edit both's",
        told(one.set_text(both.clone(), "all of us".into()).await),
    ));
    came.push((
        "date theirs",
        told(one.set_date(theirs.clone(), Date::today()).await),
    ));
    let tag = vec![FieldEdit::Add {
        name: "tags".into(),
        member: "x".into(),
    }];
    came.push((
        "tag theirs",
        told(one.edit_fields(theirs.clone(), None, tag).await),
    ));
    let read = one.entry(proposal.clone()).await.unwrap().version;
    came.push(("assent", told(one.assent(proposal.clone(), read).await)));
    came.push(("withdraw", told(one.withdraw_from(proposal).await)));
    came.push(("erase theirs", told(one.erase(vec![theirs.clone()]).await)));
    came.push(("erase both's", told(one.erase(vec![both]).await)));
    came.push(("retract mine", told(one.retract(mine).await)));
    came.push(("read", told(one.history(theirs).await)));
    let folder = tempfile::tempdir().unwrap();
    let export = one.export(folder.path().to_owned(), ExportOptions::default());
    came.push(("export", told(export.await)));
    came.push(("rotate", told(one.rotate().await)));
    came.push((
        "invite a third",
        told(one.invite(Duration::from_secs(60)).await),
    ));
    came.push(("link", told(one.link(Duration::from_secs(60)).await)));
    came.push(("leave", told(one.leave(true).await)));
    came
}

#[tokio::test]
async fn both_partners_may_do_the_same_whoever_invited() {
    let relay = relay().await;
    // Ada invited, Bo joined.
    let (ada, bo) = couple(&relay).await;
    let inviter = try_all(&ada.journal, &bo.journal).await;
    let (ada, bo) = couple(&relay).await;
    let joiner = try_all(&bo.journal, &ada.journal).await;
    assert_eq!(inviter, joiner);
    let refused: Vec<_> = inviter.iter().filter(|(_, came)| came != "done").collect();
    let refused: Vec<_> = refused.iter().map(|(what, _)| *what).collect();
    // Nobody does the other's part, and nobody brings in a third.
    let expected = [
        "edit theirs",
        "date theirs",
        "tag theirs",
        "erase theirs",
        "invite a third",
    ];
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn past_comfort_is_in_nothing_that_the_partner_can_ask_for() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let (ada, bo) = (&ada.journal, &bo.journal);
    let today = Date::today().to(&Date::today().plus(3).unwrap()).unwrap();
    let hugs = Said::new("hugs").unwrap();
    let card = ComfortCard::new(About::Touch, hugs, Comfort::Welcome(today));
    let card = Draft {
        shared: true,
        ..Draft::of(&card)
    };
    let id = ada.write(card).await.unwrap();
    let say = |word: &str| {
        vec![FieldEdit::Set(Field {
            name: "comfort".into(),
            value: FieldValue::Text(word.to_owned()),
        })]
    };
    ada.edit_fields(id.clone(), None, say("ask_first"))
        .await
        .unwrap();
    ada.edit_fields(id.clone(), None, say("not_now"))
        .await
        .unwrap();
    sync(ada).await;
    sync(bo).await;

    let fields = |fields: &[Field]| {
        let texts = fields.iter().map(|field| match &field.value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::List(members) => members.join(" "),
            _ => String::new(),
        });
        texts.collect::<Vec<_>>().join(" ")
    };
    let mut seen = Vec::new();
    let entry = bo.entry(id.clone()).await.unwrap();
    seen.push(fields(&entry.fields));
    let thread = bo.thread(id.clone()).await.unwrap();
    seen.push(fields(&thread.entry.unwrap().fields));
    seen.extend(
        bo.today()
            .await
            .unwrap()
            .comfort
            .into_iter()
            .map(|card| card.comfort),
    );
    seen.extend(
        bo.history(id.clone())
            .await
            .unwrap()
            .into_iter()
            .map(|past| past.text),
    );
    for format in [ExportFormat::Json, ExportFormat::Html] {
        let folder = tempfile::tempdir().unwrap();
        let options = ExportOptions {
            format,
            ..ExportOptions::default()
        };
        let exported = bo.export(folder.path().to_owned(), options).await.unwrap();
        seen.push(std::fs::read_to_string(exported.path).unwrap());
    }
    assert!(
        seen.iter().any(|text| text.contains("not_now")),
        "it did look"
    );
    for text in seen {
        assert!(
            !text.contains("welcome") && !text.contains("ask_first"),
            "{text}"
        );
    }
    for words in ["welcome", "ask_first"] {
        let request = SearchRequest {
            words: words.into(),
            limit: 10,
            ..SearchRequest::default()
        };
        assert!(bo.search(request).await.unwrap().entries.is_empty());
    }
}
