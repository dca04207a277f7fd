//! Kinds of entries: written, read, and listed.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc};
use sidelight_format::{FieldValue, Kind, Rendered};
use sidelight_journal::kinds::words::{Answer, Audience, Standing};
use sidelight_journal::kinds::{
    self, Comfort, ComfortCard, ComfortNow, Day, Ends, Field, Holds, LearningCard, Meaning, Quiet,
    Rules, Sharing, Text, counts, may_write, promote,
};
use sidelight_journal::{Document, NewEntry, admit};

use support::device;
use support::said::{NOON, all_contents, at, day, me, partner, pointed, said, written};

#[test]
fn every_kind_is_read_as_it_was_written_from_changes_saves_and_copies() {
    let mut seen = BTreeSet::new();
    for (content, meaning) in all_contents() {
        let kind = content.kind().clone();
        seen.insert(kind.to_string());
        let target = kinds::target_of(content.fields()).map(|_| match kind.as_str() {
            "support_response" => pointed("support_offer", partner(), true),
            name => pointed(name, partner(), true),
        });
        let private = at(me(), false);
        may_write(
            &kind,
            content.text(),
            content.fields(),
            &private,
            target.as_ref(),
        )
        .unwrap();
        let (mut document, change) =
            Document::create(&content.clone().on(day(1), 4), device(0)).unwrap();
        let shown = document.render();
        assert_eq!(Meaning::of(&shown), meaning);
        let (mut other, _) = Document::from_changes(vec![admit(&change, &device(0)).unwrap()]);
        assert_eq!(other.render(), shown);
        assert_eq!(Document::load(&document.save()).unwrap().render(), shown);
        // A copy starts from what is shown.
        let copy = NewEntry {
            kind: shown.kind.clone(),
            date: shown.date,
            day_order: shown.day_order,
            text: shown.text.clone(),
            fields: shown.fields.clone(),
        };
        assert_eq!(
            Document::create(&copy, device(5)).unwrap().0.render(),
            shown
        );
        counts(&shown, &private, target.as_ref()).unwrap();
    }
    assert_eq!(seen.len(), kinds::ALL.len(), "every kind is here");
}

#[test]
fn what_a_newer_version_says_survives_and_reads_as_what_is_careful() {
    // A schema to come: more words, more fields, another shape of a field, a set with members.
    let mut doc = AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint);
    doc.set_actor(automerge::ActorId::from(&device(1).0[..]));
    doc.put(ROOT, "schema", 2_u64).unwrap();
    doc.put(ROOT, "kind", "comfort_card").unwrap();
    doc.put(ROOT, "date", "2026-08-01").unwrap();
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, "hugs").unwrap();
    doc.put(ROOT, "about", "touch").unwrap();
    doc.put(ROOT, "comfort", "welcome_slowly").unwrap();
    doc.put(ROOT, "days", 7).unwrap();
    doc.put(ROOT, "texture", "wool").unwrap();
    let map = doc.put_object(ROOT, "by_hour", ObjType::Map).unwrap();
    doc.put(&map, "9", "ask_first").unwrap();
    doc.put(ROOT, "moods:00", "blue").unwrap();
    let change = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
    let (mut document, _) = Document::from_changes(vec![admit(&change, &device(1)).unwrap()]);

    let shown = document.render();
    let names: Vec<_> = shown.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["about", "by_hour", "comfort", "days", "moods:00", "texture"]
    );
    let Meaning::ComfortCard(card) = Meaning::of(&shown) else {
        panic!("a card")
    };
    assert_eq!(
        (card.comfort, card.subject),
        (Comfort::NotNow, said("hugs"))
    );
    // This version says something in it, saves, loads, copies: the rest is still there.
    document
        .edit(device(2), None, &ComfortCard::say(Comfort::AskFirst))
        .unwrap()
        .unwrap();
    let edited = Document::load(&document.save()).unwrap().render();
    let kept = |shown: &Rendered| -> Vec<_> {
        let known = ["comfort"];
        let fields = shown
            .fields
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        fields.cloned().collect()
    };
    assert_eq!(kept(&edited), kept(&shown));
    let copy = promote(&edited).unwrap().on(edited.date, 0);
    assert_eq!(
        Document::create(&copy, device(3))
            .unwrap()
            .0
            .render()
            .fields,
        edited.fields
    );
    // It still knows its schema.
    let reloaded = AutoCommit::load(&document.save()).unwrap();
    assert_eq!(
        reloaded.get(ROOT, "schema").unwrap().unwrap().0.as_u64(),
        Some(2)
    );

    // Whole kinds to come, with a word to come in a field that this version knows elsewhere.
    let later = NewEntry {
        kind: Kind::named("kind_to_come").unwrap(),
        date: day(1),
        day_order: 0,
        text: String::new(),
        fields: vec![("need".into(), FieldValue::Text("music".into()))],
    };
    let shown = Document::create(&later, device(0)).unwrap().0.render();
    assert_eq!(
        (Meaning::of(&shown), &shown.fields),
        (Meaning::Other, &later.fields)
    );
    counts(&shown, &at(partner(), true), None).unwrap();
}

#[test]
fn any_value_in_any_field_reads_as_something_and_nothing_panics() {
    let odd = [
        FieldValue::Text("?".into()),
        FieldValue::Text(String::new()),
        FieldValue::Number(i64::MIN),
        FieldValue::Flag(true),
        FieldValue::List(vec!["?".into(), String::new()]),
        FieldValue::Unknown(sidelight_format::Bytes::from(vec![0])),
    ];
    for (content, _) in all_contents() {
        let shown = written(content).render();
        let rules = kinds::rules(&shown.kind);
        for field in rules.fields {
            for value in &odd {
                let mut other = shown.clone();
                other.fields.retain(|(name, _)| name != field.name);
                let _ = Meaning::of(&other);
                other.fields.push((field.name.into(), value.clone()));
                let meaning = Meaning::of(&other);
                // Whatever stands there instead, it permits nothing.
                match (meaning, field.name) {
                    (Meaning::ComfortCard(card), "comfort" | "days") => {
                        assert_ne!(card.comfort.at(NOON), ComfortNow::Welcome);
                    }
                    (Meaning::Consent(consent), "audience" | "revoked" | "days") => {
                        assert_eq!(consent.audience_at(NOON), Audience::OnlyMe);
                    }
                    (Meaning::Boundary(boundary), "state") => {
                        assert_eq!(boundary.standing, Standing::Active);
                    }
                    (Meaning::SupportOffer(offer), "withdrawn" | "days") => {
                        assert!(offer.offered(NOON).is_empty());
                    }
                    (Meaning::Bid(bid), "withdrawn" | "days") => assert!(!bid.is_open(NOON)),
                    (Meaning::SupportResponse(response), "answer") => {
                        assert_eq!(response.answer, Answer::NotNow);
                    }
                    _ => {}
                }
                let _ = (promote(&other), counts(&other, &at(partner(), true), None));
            }
        }
    }
}

#[test]
fn quiet_times_go_over_midnight_and_a_leaping_wall_clock_does_not_break_them() {
    let night = Quiet::parse("22:00-07:30").unwrap();
    for (minute, quiet) in [
        (1_320, true),
        (1_319, false),
        (0, true),
        (449, true),
        (450, false),
        (150, true),
    ] {
        assert_eq!(night.holds(minute), quiet);
    }
    assert!((0..1440).all(|minute| Quiet::new(0, 0).unwrap().holds(minute)));
    for text in [
        "22:00",
        "24:00-01:00",
        "2:00-03:00",
        "22:60-01:00",
        "22:00-07:30 ",
        "-",
    ] {
        assert_eq!(Quiet::parse(text), None);
    }
}

#[test]
fn of_learning_cards_the_newest_edition_counts_whatever_the_order() {
    let card = |edition, reality: &str| LearningCard {
        card: said("effort"),
        edition,
        myth: said("m"),
        reality: said(reality),
        source: said("s"),
        reviewed_on: Day::new(day(1)),
    };
    let cards = [card(1, "old"), card(2, "a"), card(2, "b")];
    let newest = LearningCard::newest(cards.clone());
    assert_eq!(newest, [card(2, "b")]);
    assert_eq!(LearningCard::newest(cards.into_iter().rev()), newest);
}

/// The table of `KINDS.md`, from the code.
fn table() -> String {
    let cell = |field: &Field| {
        let holds = match field.holds {
            Holds::Words => "words".to_owned(),
            Holds::Choice(words) => words.join(", "),
            Holds::Flag => "yes or no".into(),
            Holds::Number => "number".into(),
            Holds::Day => "day".into(),
            Holds::Days => "days".into(),
            Holds::Entry => "entry".into(),
            Holds::Hash => "hash".into(),
            Holds::SetOfWords => "set of words".into(),
            Holds::SetOfTimes => "set of times".into(),
            Holds::Time => "time".into(),
            Holds::SetOf(words) => format!("set of {}", words.join(", ")),
        };
        format!("`{}` ({holds}): {}", field.name, field.merge.name())
    };
    let mut table = String::new();
    for Rules {
        name,
        text,
        fields,
        sharing,
        together,
        ends,
    } in kinds::ALL
    {
        let text = match text {
            Text::Needed => "needed",
            Text::Optional => "optional",
            Text::Fixed => "fixed",
        };
        let fields: Vec<_> = fields.iter().map(cell).collect();
        let fields = if fields.is_empty() {
            "–".into()
        } else {
            fields.join("; ")
        };
        let who = if *together { "owner, or both" } else { "owner" };
        let sees = match sharing {
            Sharing::Never => "owner alone",
            Sharing::ByChoice => "owner; partner once shared",
            Sharing::BySection => "owner; offered sections once shared",
            Sharing::ByFlag => "owner; partner once shared, while `share` says yes",
        };
        let ends = match ends {
            Ends::Never => "–",
            Ends::WithItsDay => "with its day",
            Ends::WithItsDays => "with `days`",
            Ends::Relaxed => "`welcome` with `days`, or after 31",
        };
        writeln!(
            table,
            "| `{name}` | {text} | {fields} | {who} | {sees} | {ends} |"
        )
        .unwrap();
    }
    table
}

#[test]
fn the_table_of_kinds_is_that_of_the_code() {
    const HEAD: &str = "|---|---|---|---|---|---|\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/KINDS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(HEAD).unwrap();
    let (now, after) = rest.split_once("<!-- end -->").unwrap();
    let expected = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{before}{HEAD}{expected}<!-- end -->{after}")).unwrap();
        return;
    }
    assert!(
        now == expected,
        "run this test with UPDATE_GOLDEN=1 and read what changed"
    );
}

#[test]
fn no_kind_or_field_counts_scores_or_watches() {
    let banned = [
        "streak",
        "gap",
        "count",
        "score",
        "rank",
        "sentiment",
        "mood",
        "seen",
        "typing",
        "receipt",
        "location",
        "missed",
        "complete",
    ];
    for rules in kinds::ALL {
        for name in rules
            .fields
            .iter()
            .map(|field| field.name)
            .chain([rules.name])
        {
            assert!(!banned.iter().any(|word| name.contains(word)), "{name}");
        }
    }
}
