//! Help in a crisis.

use std::collections::BTreeSet;
use std::path::Path;

use sidelight::Date;
use sidelight::words::{Channel, Help, Purpose, Region, Sentence, Words};

fn day(text: &str) -> Date {
    Date::parse(text, 0).unwrap()
}

/// The list that research for this library settled on, row by row.
#[test]
fn every_row_of_the_table_is_there() {
    use Channel::{Call, Text, Web};
    use Purpose::{Distress, Emergency, PartnerViolence};
    let table = [
        ("NZ", Emergency, Call, "111"),
        ("NZ", Distress, Call, "1737"),
        ("NZ", Distress, Text, "1737"),
        ("NZ", Distress, Call, "0800 543 354"),
        ("NZ", Distress, Call, "0508 828 865"),
        ("NZ", Distress, Call, "0800 111 757"),
        ("NZ", PartnerViolence, Call, "0800 733 843"),
        ("AU", Emergency, Call, "000"),
        ("AU", Distress, Call, "13 11 14"),
        ("AU", Distress, Call, "1300 22 4636"),
        ("AU", PartnerViolence, Call, "1800 737 732"),
        ("US", Emergency, Call, "911"),
        ("US", Distress, Call, "988"),
        ("US", Distress, Text, "988"),
        ("US", PartnerViolence, Call, "1-800-799-7233"),
        ("CA", Emergency, Call, "911"),
        ("CA", Distress, Call, "988"),
        ("CA", Distress, Text, "988"),
        ("UK", Emergency, Call, "999"),
        ("UK", Distress, Call, "116 123"),
        ("UK", Distress, Text, "85258"),
        ("UK", Distress, Call, "111"),
        ("UK", PartnerViolence, Call, "0808 2000 247"),
        ("IE", Emergency, Call, "112"),
        ("IE", Emergency, Call, "999"),
        ("IE", Distress, Call, "116 123"),
        ("IE", Distress, Text, "50808"),
        ("IE", PartnerViolence, Call, "1800 341 900"),
        ("ZZ", Distress, Web, "https://findahelpline.com"),
    ];
    let help = Help::embedded();
    for (code, purpose, channel, to) in table {
        let region = help.region(code).unwrap();
        assert!(
            region.resources.iter().any(|resource| {
                let reached =
                    |reach: &sidelight::words::Reach| reach.channel == channel && reach.to == to;
                resource.purpose == purpose && resource.reach.iter().any(reached)
            }),
            "{code} {purpose:?} {channel:?} {to}"
        );
    }
    let shout = help.region("GB").unwrap().resources.iter();
    let words: Vec<_> = shout
        .flat_map(|r| &r.reach)
        .filter_map(|r| r.message.as_deref())
        .collect();
    assert_eq!(words, ["SHOUT"]);
}

#[test]
fn every_place_has_help_of_every_purpose_the_emergency_first() {
    let help = Help::embedded();
    assert!(help.regions().len() >= 7);
    for region in help.regions() {
        assert_eq!(
            region.resources[0].purpose,
            Purpose::Emergency,
            "{}",
            region.code
        );
        let order: Vec<_> = region.resources.iter().map(|r| r.purpose).collect();
        assert!(order.is_sorted(), "{}", region.code);
        let purposes: BTreeSet<_> = order.into_iter().collect();
        assert_eq!(purposes.len(), Purpose::ALL.len(), "{}", region.code);
        for resource in &region.resources {
            assert!(
                !resource.reach.is_empty() || resource.note.is_some(),
                "{}",
                resource.id
            );
            assert!(
                resource.id.starts_with(&region.code.to_lowercase()),
                "{}",
                resource.id
            );
        }
    }
    assert_eq!(help.elsewhere().code, "ZZ");
}

#[test]
fn a_place_is_found_by_the_code_that_was_chosen_and_by_nothing_else() {
    let help = Help::embedded();
    let code = |asked: &str| help.region(asked).map(|region| region.code.as_str());
    assert_eq!(code("nz"), Some("NZ"));
    assert_eq!(code(" UK "), Some("GB"));
    assert_eq!(code("gb"), Some("GB"));
    // Neither a language tag nor a name nor nothing makes a guess.
    for asked in [
        "",
        "en-NZ",
        "en",
        "de",
        "New Zealand",
        "N",
        "FR",
        "\u{202e}ZN",
    ] {
        assert_eq!(code(asked), None, "{asked:?}");
    }
}

#[test]
fn a_list_past_its_review_is_stale_and_shown_all_the_same() {
    let help = Help::embedded();
    let region = help.region("NZ").unwrap();
    let (checked, review) = (region.checked_on().unwrap(), region.review_by().unwrap());
    assert!(checked < review);
    assert!(!region.stale(checked));
    assert!(!region.stale(review));
    let tomorrow = Date {
        year: review.year + 1,
        ..review
    };
    assert!(region.stale(tomorrow));
    // A clock of before the list cannot be right, and whether it is stale cannot be known.
    assert!(region.stale(day("1970-01-01")));
    // In a far zone it is the same civil day.
    assert!(!region.stale(Date {
        offset_minutes: 840,
        ..review
    }));
    assert_eq!(help.region("NZ"), Some(region));

    let words = Words::embedded("en");
    let warning = words.dated(Sentence::HelpStale, review);
    assert!(warning.contains(&review.to_string()), "{warning}");
    assert!(warning.contains("all the same"), "{warning}");
    assert!(
        words
            .sentence(Sentence::HelpCannotKnow)
            .contains("cannot know")
    );
    assert!(
        words
            .sentence(Sentence::HelpNotRecorded)
            .contains("no record")
    );
}

/// One resource that is due makes its place stale, and no other.
#[test]
fn one_stale_resource_warns_for_its_place() {
    let json = crate::files::help(&[("AA", "2020-01-01"), ("ZZ", "2030-01-01")]);
    let help = Help::from_json(&json).unwrap();
    let stale = |code: &str| {
        help.region(code)
            .is_some_and(|r: &Region| r.stale(day("2025-06-01")))
    };
    assert!(stale("AA") && !stale("ZZ"));
}

/// Opening help is neither logged nor synced: the module has nothing to do it with. (D21)
#[test]
fn opening_help_is_neither_logged_nor_synced() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/words");
    let mut files = 0;
    for entry in std::fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        files += 1;
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        for line in &code {
            for reach in [
                "tracing",
                "log::",
                "std::fs",
                "std::net",
                "std::io",
                "std::env",
                "now()",
                "today()",
                "Journal",
                "Reader",
                "device",
                "store",
                "tokio",
                "static mut",
                "Mutex",
                "Atomic",
                "Cell<",
                "print",
                "&mut self",
            ] {
                // `add_missing` and `insert` fill a list while it is read.
                let filling = line.contains("fn insert") || line.contains("fn add_missing");
                assert!(
                    !line.contains(reach) || filling,
                    "{}: {line}",
                    path.display()
                );
            }
        }
        let uses: Vec<&&str> = code
            .iter()
            .filter(|line| line.starts_with("use crate::"))
            .collect();
        for line in uses {
            let named = line.trim_start_matches("use crate::");
            assert!(
                [
                    "Date;",
                    "Error;",
                    "{Date, Error};",
                    "{Date, Error as Sidelight, ErrorKind};"
                ]
                .contains(&named),
                "{line}"
            );
        }
    }
    assert!(files >= 6, "only {files} files were read");
}
