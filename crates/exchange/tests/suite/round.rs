//! What leaves comes back as it was.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use sidelight_exchange::{Format, Found, json, markdown};

use crate::support::*;

fn exported(kept: &[Kept]) -> Vec<u8> {
    let mut file = json::begin();
    for (number, entry) in kept.iter().enumerate() {
        file.push_str(&json::entry(&entry.out(), number == 0));
    }
    (file + &json::end()).into_bytes()
}

fn distinct(kept: &mut Vec<Kept>) {
    kept.sort_by_key(|one| one.id);
    kept.dedup_by_key(|one| one.id);
}

#[test]
fn comments_say_what_was_chosen_and_fields_come_back_as_they_were() {
    let kept = chosen();
    let file = markdown::file(&kept.out(), &labels());
    let comments: Vec<_> = file.lines().filter(|line| line.starts_with('#')).collect();
    let expected = [
        "# Wie es ist: nicht jetzt",
        "# weekdays: Montag; Freitag --- <b>",
    ];
    assert_eq!(comments, expected);
    let came = markdown::read("any.md", file.as_bytes(), &TimeZone::UTC);
    let Found::Entry(came) = came else {
        panic!("left out: {file}");
    };
    kept.is(&came);
}

proptest! {
    #[test]
    fn json_loses_nothing(mut kept in prop::collection::vec(kept(), 0..8)) {
        distinct(&mut kept);
        let file = exported(&kept);
        // Once more with what it looks like to those who find out, and packed.
        let found = all(&file, Some(Format::Sidelight)).unwrap();
        prop_assert_eq!(&found, &all(&file, None).unwrap());
        prop_assert_eq!(&found, &all(&gzip(&file), None).unwrap());
        let came = entries(found);
        prop_assert_eq!(came.len(), kept.len());
        for (kept, came) in kept.iter().zip(&came) {
            kept.is(came);
        }
    }

    #[test]
    fn markdown_loses_nothing_and_holds_nothing_that_runs(kept in kept()) {
        let file = markdown::file(&kept.out(), &labels());
        let came = markdown::read("any.md", file.as_bytes(), &TimeZone::UTC);
        let Found::Entry(came) = came else {
            panic!("left out: {file}");
        };
        kept.is(&came);
        // An editor of Windows changes the ends of lines and nothing else.
        let windows = file.replace('\n', "\r\n");
        let Found::Entry(came) = markdown::read("any.md", windows.as_bytes(), &TimeZone::UTC) else {
            panic!("left out");
        };
        kept.is(&came);
        let (_, text) = file[4..].split_once("\n---\n\n").unwrap();
        prop_assert!(!text.contains('<') && !text.contains("!["));
    }

    #[test]
    fn names_of_files_are_safe_whatever_an_entry_says(kept in kept()) {
        let (folder, name) = markdown::path(&kept.out());
        let plain = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
        prop_assert!(folder.len() == 4 && folder.chars().all(|c| c.is_ascii_digit()));
        prop_assert!(name.strip_suffix(".md").unwrap().chars().all(plain));
        prop_assert!(name.starts_with(&kept.rendered.date.to_string()));
    }
}

#[test]
fn the_whole_diary_comes_back_from_json_and_from_markdown() {
    let diary = kept_diary();
    assert!(diary.len() >= 120);
    let came = entries(all(&exported(&diary), None).unwrap());
    assert_eq!(came.len(), diary.len());
    for (kept, came) in diary.iter().zip(&came) {
        kept.is(came);
        let file = markdown::file(&kept.out(), &labels());
        let Found::Entry(came) = markdown::read("x.md", file.as_bytes(), &TimeZone::UTC) else {
            panic!("left out");
        };
        kept.is(&came);
    }
    println!("{} entries", diary.len());
}

#[test]
fn a_newer_form_is_refused_before_anything_is_written() {
    let file = br#"{"entries":[],"version":2,"format":"sidelight"}"#;
    let error = all(file, Some(Format::Sidelight)).unwrap_err();
    assert!(error.to_string().contains("newer version of Sidelight"));
    for file in [
        r#"{"entries":[]}"#,
        r#"{"format":"sidelight","version":0,"entries":[]}"#,
    ] {
        assert!(
            all(file.as_bytes(), Some(Format::Sidelight)).is_err(),
            "{file}"
        );
    }
}
