//! What a person writes, and what becomes of it.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use proptest::prelude::*;
use sidelight_format::{Bytes, Edit, EntryDate, FieldValue, Kind, limits};
use sidelight_journal::{ChangeId, Document, InvalidEdit, InvalidEntry, NewEntry, Version, admit};

use support::{created, date, device, entry, splice};

#[test]
fn a_new_entry_shows_what_was_written() {
    let new = NewEntry {
        fields: vec![
            ("toward".into(), FieldValue::Text("you".into())),
            ("stars".into(), FieldValue::Number(-3)),
            ("warm".into(), FieldValue::Flag(true)),
            (
                "tags".into(),
                FieldValue::List(vec!["a".into(), String::new()]),
            ),
        ],
        ..entry("Rain on the roof.")
    };
    let (mut document, change) = Document::create(&new, device(0)).unwrap();
    let shown = document.render();
    assert_eq!(shown.kind, Kind::moment());
    assert_eq!(
        (shown.date, shown.day_order, shown.amendments),
        (date(), 3, 0)
    );
    assert_eq!(shown.text, "Rain on the roof.");
    let mut fields = new.fields.clone();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    // Tags are a set: sorted, each once.
    fields[1].1 = FieldValue::List(vec![String::new(), "a".into()]);
    assert_eq!(shown.fields, fields);

    let (mut from_change, _) = Document::from_changes(vec![admit(&change, &device(0)).unwrap()]);
    assert_eq!(from_change.render(), shown);
    let saved = document.save();
    assert_eq!(Document::load(&saved).unwrap().render(), shown);
}

#[test]
fn texts_survive_exactly_whatever_their_script() {
    for text in [
        "a",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
        "שלום עולם — مرحبا بالعالم",
        "e\u{301} a\u{308}\u{304} \u{200f}\u{202e}rtl\u{202c}",
        "ลายสือไทย हिन्दी 日本語 𐍈",
        "\t tabs\r\nand\u{2028}lines \u{feff}",
        "\u{fffc}\u{fffd}\u{10ffff}\u{1}",
    ] {
        let (mut document, first) = created(text);
        assert_eq!(document.text(), text);
        assert_eq!(Document::load(&document.save()).unwrap().text(), text);
        // Every character can be taken out and put back.
        let actor = device(1);
        let (mut other, _) = Document::from_changes(vec![first]);
        for (place, character) in text.chars().enumerate() {
            let edits = [
                splice(place as u32, 1, ""),
                splice(place as u32, 0, &character.to_string()),
            ];
            if text.chars().count() > 1 {
                other.edit(actor, None, &edits).unwrap().unwrap();
            }
        }
        assert_eq!(other.text(), text);
    }
}

#[test]
fn a_text_has_a_byte_at_least_and_no_nul() {
    let refused = |text: &str| {
        Document::create(&entry(text), device(0))
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(refused(""), InvalidEntry::Empty);
    assert_eq!(refused("before\0after"), InvalidEntry::Nul);

    let (mut document, _) = created("abc");
    let version = document.version();
    for (edits, why) in [
        (vec![splice(0, 3, "")], InvalidEdit::Empty),
        (vec![splice(0, 0, "x\0")], InvalidEdit::Nul),
        (
            vec![splice(4, 0, "x")],
            InvalidEdit::OutOfRange { end: 4, len: 3 },
        ),
        (
            vec![splice(2, 2, "")],
            InvalidEdit::OutOfRange { end: 4, len: 3 },
        ),
        (
            vec![splice(0, 1, ""), splice(2, 1, "x")],
            InvalidEdit::OutOfRange { end: 3, len: 2 },
        ),
        (
            vec![splice(u32::MAX, u32::MAX, "x")],
            InvalidEdit::OutOfRange {
                end: 2 * u64::from(u32::MAX),
                len: 3,
            },
        ),
    ] {
        assert_eq!(document.edit(device(0), None, &edits), Err(why));
        assert_eq!(
            (document.text().as_str(), document.version()),
            ("abc", version.clone())
        );
    }
    // Emptied on the way, not at the end.
    assert!(
        document
            .edit(device(0), None, &[splice(0, 3, ""), splice(0, 0, "new")])
            .unwrap()
            .is_some()
    );
    assert_eq!(document.text(), "new");
}

#[test]
fn a_text_reaches_the_limit_and_not_past_it() {
    let max = limits::TEXT_LEN_MAX;
    let full = "x".repeat(max);
    let (mut document, change) = Document::create(&entry(&full), device(0)).unwrap();
    admit(&change, &device(0)).unwrap();
    assert_eq!(document.render().text.len(), max);

    let long = Document::create(&entry(&format!("{full}x")), device(0))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(long, InvalidEntry::TooLong { len: max + 1 });

    let edit = |document: &mut Document, edit| document.edit(device(0), None, &[edit]);
    assert_eq!(
        edit(&mut document, splice(0, 0, "y")),
        Err(InvalidEdit::TooLong { len: max + 1 })
    );
    // One character for one, of twice the bytes.
    assert_eq!(
        edit(&mut document, splice(0, 1, "é")),
        Err(InvalidEdit::TooLong { len: max + 1 })
    );
    edit(&mut document, splice(0, 2, "é")).unwrap().unwrap();
    assert_eq!(document.render().text.len(), max);
}

#[test]
fn the_widest_text_makes_a_change_that_others_admit() {
    // Characters of every width in turn, so that no run of them shortens the columns.
    let text: String = "aé€🎈"
        .chars()
        .cycle()
        .scan(0, |len, c| {
            *len += c.len_utf8();
            (*len <= limits::TEXT_LEN_MAX).then_some(c)
        })
        .collect();
    assert!(text.len() > limits::TEXT_LEN_MAX - 4);
    let (mut document, change) = Document::create(&entry(&text), device(0)).unwrap();
    let (mut other, applied) = Document::from_changes(vec![admit(&change, &device(0)).unwrap()]);
    assert_eq!(applied.applied, 1);
    assert!(other.text() == text && document.text() == text);
}

#[test]
fn an_edit_is_in_the_text_that_the_person_saw() {
    let (mut document, first) = created("The tea.");
    let seen = document.version();
    document
        .edit(device(1), None, &[splice(0, 0, "Yesterday: ")])
        .unwrap();

    let edited = document
        .edit(
            device(2),
            Some(&seen),
            &[splice(4, 3, "coffee"), splice(11, 0, "!!")],
        )
        .unwrap()
        .unwrap();
    assert_eq!(document.text(), "Yesterday: The coffee.!!");
    // They go on in what they see: without `Yesterday: `.
    let edited = document
        .edit(device(2), Some(&edited.version), &[splice(11, 2, "")])
        .unwrap()
        .unwrap();
    assert_eq!(document.text(), "Yesterday: The coffee.");
    // The change comes after what was seen only.
    let change = admit(&edited.change, &device(2)).unwrap();
    assert!(!change.dependencies().any(|id| id == first.id()) && change.dependencies().len() == 1);

    let unknown = Version::new([ChangeId([9; 32])]);
    for version in [unknown, Version::default()] {
        assert_eq!(
            document.edit(device(2), Some(&version), &[splice(0, 0, "x")]),
            Err(InvalidEdit::UnknownVersion)
        );
    }
}

#[test]
fn two_windows_of_one_device_edit_the_same_old_version() {
    let (mut document, first) = created("one two three");
    let seen = document.version();
    let left = document
        .edit(device(1), Some(&seen), &[splice(0, 3, "1")])
        .unwrap()
        .unwrap();
    // The actor's second change cannot be concurrent with its first; the text comes out all the same.
    let right = document
        .edit(
            device(1),
            Some(&seen),
            &[splice(8, 5, "3"), splice(4, 3, "2"), splice(7, 0, "!")],
        )
        .unwrap()
        .unwrap();
    assert_eq!(document.text(), "1 2 3!");
    let changes = [left.change, right.change].map(|change| admit(&change, &device(1)).unwrap());
    let (mut other, applied) = Document::from_changes(changes.into_iter().chain([first]).collect());
    assert_eq!((applied.applied, other.text().as_str()), (3, "1 2 3!"));
}

#[test]
fn a_day_can_be_changed_and_concurrent_days_stay_readable() {
    let day = |day, offset| EntryDate::new(2026, 8, day, offset).unwrap();
    let (mut document, first) = created("text");
    let (mut other, _) = Document::from_changes(vec![first]);
    let here = document
        .edit(device(1), None, &[Edit::Date(day(2, -30))])
        .unwrap()
        .unwrap();
    let there = other
        .edit(device(2), None, &[Edit::Date(day(3, -30))])
        .unwrap()
        .unwrap();
    assert_eq!(
        document.edit(device(1), None, &[Edit::Date(day(2, -30))]),
        Ok(None),
        "nothing changes"
    );
    document.apply(vec![admit(&there.change, &device(2)).unwrap()]);
    other.apply(vec![admit(&here.change, &device(1)).unwrap()]);
    assert_eq!(document.render(), other.render());
    let mut days = document.dates();
    assert_eq!(days.last(), Some(&document.render().date));
    days.sort();
    assert_eq!(days, [day(2, -30), day(3, -30)]);
}

#[test]
fn unknown_kinds_and_fields_survive_an_edit_and_a_copy() {
    // A map holding a list, as `FieldValue::Unknown` has it; a newer version's, to us.
    let unknown = [
        &[18, 0, 0, 0, 2][..], // a map of two
        &[
            0, 0, 0, 1, b'a', 17, 0, 0, 0, 2, 2, 9, 0, 0, 0, 0, 0, 0, 0, 7,
        ], // list: yes, a time
        &[0, 0, 0, 1, b'b', 16, 0, 0, 0, 2, b'h', b'i'], // a text
    ]
    .concat();
    let new = NewEntry {
        kind: Kind::named("kind_to_come").unwrap(),
        fields: vec![("touch".into(), FieldValue::Unknown(Bytes::from(unknown)))],
        ..entry("x")
    };
    let (mut document, change) = Document::create(&new, device(0)).unwrap();
    admit(&change, &device(0)).unwrap();
    document
        .edit(device(1), None, &[splice(0, 0, "edited ")])
        .unwrap();
    let shown = Document::load(&document.save()).unwrap().render();
    assert_eq!(
        (shown.kind.as_str(), &shown.fields),
        ("kind_to_come", &new.fields)
    );
    // A copy into another space starts from what is shown.
    let copy = NewEntry {
        kind: shown.kind,
        text: shown.text,
        fields: shown.fields.clone(),
        ..entry("x")
    };
    let (mut copy, _) = Document::create(&copy, device(3)).unwrap();
    assert_eq!(copy.render().fields, shown.fields);
}

#[test]
fn fields_have_names_of_their_own() {
    for name in ["", "text", "schema", "a\0b", &"n".repeat(65)] {
        let new = NewEntry {
            fields: vec![(name.into(), FieldValue::Flag(true))],
            ..entry("x")
        };
        assert_eq!(
            Document::create(&new, device(0)).map(|_| ()),
            Err(InvalidEntry::FieldName),
            "{name:?}"
        );
    }
    let twice = vec![
        ("a".into(), FieldValue::Flag(true)),
        ("a".into(), FieldValue::Flag(false)),
    ];
    assert_eq!(
        Document::create(
            &NewEntry {
                fields: twice,
                ..entry("x")
            },
            device(0)
        )
        .map(|_| ()),
        Err(InvalidEntry::FieldName)
    );
    for value in [
        FieldValue::Text("a\0".into()),
        FieldValue::List(vec!["\0".into()]),
    ] {
        let new = NewEntry {
            fields: vec![("a".into(), value)],
            ..entry("x")
        };
        assert_eq!(
            Document::create(&new, device(0)).map(|_| ()),
            Err(InvalidEntry::Nul)
        );
    }
    for bytes in [
        &[][..],
        &[99],
        &[17, 255, 255, 255, 255],
        &[17, 0, 0, 0, 1].repeat(100),
        &[6, 0, 0, 0, 1, 0],
    ] {
        let value = FieldValue::Unknown(Bytes::from(bytes.to_vec()));
        let new = NewEntry {
            fields: vec![("a".into(), value)],
            ..entry("x")
        };
        assert_eq!(
            Document::create(&new, device(0)).map(|_| ()),
            Err(InvalidEntry::FieldValue)
        );
    }
}

#[test]
fn a_long_text_is_replaced_at_once_or_refused_whole() {
    let long = "x".repeat(150_000);
    let (mut document, first) = created(&long);
    // 150,000 go and 150,000 come: more than one change may carry.
    let new = "y".repeat(150_000);
    assert_eq!(
        document.edit(device(0), None, &[splice(0, 150_000, &new)]),
        Err(InvalidEdit::TooLarge)
    );
    assert!(document.text() == long);
    let edited = document
        .edit(device(0), None, &[splice(1, 30_000, "short")])
        .unwrap()
        .unwrap();
    let expected = format!("xshort{}", &long[30_001..]);
    assert!(document.text() == expected);
    let (mut other, applied) =
        Document::from_changes(vec![first, admit(&edited.change, &device(0)).unwrap()]);
    assert!(applied.applied == 2 && other.text() == expected);
}

#[test]
fn merging_past_the_limit_shows_the_limit_and_can_be_shortened() {
    let half = "é".repeat(limits::TEXT_LEN_MAX / 4);
    let (mut document, first) = created(&half);
    let (mut other, _) = Document::from_changes(vec![first]);
    let len = half.chars().count() as u32;
    let here = document
        .edit(
            device(1),
            None,
            &[splice(len, 0, &format!("a{}", &half[2..]))],
        )
        .unwrap()
        .unwrap();
    let there = other
        .edit(device(2), None, &[splice(len, 0, &half)])
        .unwrap()
        .unwrap();
    document.apply(vec![admit(&there.change, &device(2)).unwrap()]);
    other.apply(vec![admit(&here.change, &device(1)).unwrap()]);
    let shown = document.render();
    assert!(
        shown.text.len() <= limits::TEXT_LEN_MAX && shown.text.len() > limits::TEXT_LEN_MAX - 2
    );
    assert!(shown == other.render());
    assert!(matches!(
        document.edit(device(1), None, &[splice(0, 0, "x")]),
        Err(InvalidEdit::TooLong { .. })
    ));
    document
        .edit(device(1), None, &[splice(0, 10, "")])
        .unwrap()
        .unwrap();
    assert_eq!(document.render().text.len(), shown.text.len());
}

#[test]
fn two_who_delete_each_the_others_half_leave_an_empty_entry_that_can_be_filled() {
    let (mut document, first) = created("leftright");
    let (mut other, _) = Document::from_changes(vec![first]);
    document.edit(device(1), None, &[splice(0, 4, "")]).unwrap();
    let there = other
        .edit(device(2), None, &[splice(4, 5, "")])
        .unwrap()
        .unwrap();
    document.apply(vec![admit(&there.change, &device(2)).unwrap()]);
    assert_eq!(document.render().text, "");
    document
        .edit(device(1), None, &[splice(0, 0, "new")])
        .unwrap()
        .unwrap();
    assert_eq!(document.render().text, "new");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_off_a_first_change_is_what_its_document_shows(
        text in "\\PC{1,40}",
        names in proptest::collection::btree_set("[a-z]{1,4}", 0..4),
        kinds in proptest::collection::vec(0..4_u8, 4),
    ) {
        let fields = names.into_iter().zip(kinds).map(|(name, kind)| {
            let value = match kind {
                0 => FieldValue::Text(name.clone()),
                1 => FieldValue::Number(-7),
                2 => FieldValue::Flag(true),
                // Not of the plain form: shown by its document alone.
                _ => FieldValue::List(vec![name.clone(), "b".into()]),
            };
            (name, value)
        });
        let new = NewEntry { fields: fields.collect(), ..entry(&text) };
        let (mut written, change) = Document::create(&new, device(0)).unwrap();
        let (mut received, _) = Document::from_changes(vec![admit(&change, &device(0)).unwrap()]);
        let read_off = received.render();
        let shown = Document::load(&received.save()).unwrap().render();
        prop_assert_eq!(&read_off, &shown);
        prop_assert_eq!(&written.render(), &shown);
        prop_assert_eq!(&received.render(), &shown);
    }
}
