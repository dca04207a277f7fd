//! What somebody made to do harm, or a disk has damaged.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use sidelight_exchange::{Format, Found, Options, ReadError, SkipReason, markdown, read};

use crate::elsewhere::zip;
use crate::support::*;

#[test]
fn a_zip_that_names_files_outside_of_itself_is_refused_whole() {
    let journal = br#"{"entries":[{"uuid":"A","creationDate":"2024-01-01T10:00:00Z","text":"x"}]}"#;
    for name in [
        "../Journal.json",
        "/etc/passwd",
        "photos/../../x",
        "C:\\x.json",
        "a\\..\\b",
    ] {
        let zip = zip(&[("Journal.json", journal), (name, b"")]);
        assert_eq!(all(&zip, None), Err(ReadError::Unsafe), "{name}");
    }
}

#[test]
fn a_zip_without_a_journal_or_with_damage_is_refused() {
    let empty = zip(&[("photos/00ff.jpeg", b"")]);
    assert!(matches!(
        all(&empty, None),
        Err(ReadError::NotThis {
            format: Format::DayOne,
            ..
        })
    ));
    let journal = format!(r#"{{"entries":[{}]}}"#, "7,".repeat(400) + "7");
    let whole = zip(&[("Journal.json", journal.as_bytes())]);
    assert!(all(&whole, None).is_ok());
    assert_eq!(
        all(&whole[..whole.len() - 30], None),
        Err(ReadError::Damaged)
    );
    let mut damaged = whole.clone();
    damaged[50] ^= 0xff;
    assert!(all(&damaged, None).is_err());
    assert!(matches!(
        all(&whole, Some(Format::Jrnl)),
        Err(ReadError::NotThis { .. })
    ));
}

/// A file of any number of entries that is nowhere as a whole.
struct Long {
    at: u64,
    entries: u64,
}

impl Long {
    const LINE: usize = 128;

    fn line(&self, number: u64) -> Vec<u8> {
        let line = match number {
            0 => "{\"entries\":[\n".to_owned(),
            last if last > self.entries => "{}]}".to_owned(),
            number => format!(
                "{{\"uuid\":\"{number}\",\"creationDate\":\"2024-01-01T10:00:00Z\",\"text\":\"x\"}},"
            ),
        };
        let mut line = line.into_bytes();
        line.resize(Self::LINE, b' ');
        line
    }
}

impl Read for Long {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let number = self.at / Self::LINE as u64;
        if number > self.entries + 1 {
            return Ok(0);
        }
        let line = &self.line(number)[(self.at % Self::LINE as u64) as usize..];
        let len = line.len().min(into.len());
        into[..len].copy_from_slice(&line[..len]);
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Long {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(0) => (self.entries + 2) * Self::LINE as u64,
            _ => unreachable!("nobody moves relatively"),
        };
        Ok(self.at)
    }
}

#[test]
fn a_hundred_thousand_entries_are_shown_one_by_one() {
    let options = Options {
        format: None,
        zone: &TimeZone::UTC,
    };
    let mut shown = 0_u64;
    let long = Long {
        at: 0,
        entries: 100_000,
    };
    read(long, &options, &mut |found| {
        shown += u64::from(matches!(found, Found::Entry(_)));
        true
    })
    .unwrap();
    assert_eq!(shown, 100_000);
    // Whoever has enough is shown no more.
    let mut shown = 0;
    let long = Long {
        at: 0,
        entries: 100_000,
    };
    read(long, &options, &mut |_| {
        shown += 1;
        shown < 10
    })
    .unwrap();
    assert_eq!(shown, 10);
}

#[test]
fn a_table_may_be_cut_anywhere_and_hold_what_is_no_text() {
    let header = "full_date,date,weekday,time,mood,activities,note_title,note\n";
    let row = "2022-03-26,26 March,Saturday,08:00,ok,,,\"Morning, \"\"early\"\"\"\n";
    let table = [header, row, row].concat();
    for len in 0..table.len() {
        let _ = all(&table.as_bytes()[..len], Some(Format::Daylio));
        let _ = all(&table.as_bytes()[..len], None);
    }
    let mut not_text = [header, row].concat().into_bytes();
    let at = not_text.len() - 5;
    not_text[at] = 0xff;
    let found = all(&not_text, None).unwrap();
    assert_eq!(
        left_out(&found),
        [(SkipReason::NotText, "row 2".to_owned())]
    );
}

#[test]
fn front_matter_that_grows_or_sinks_without_end_is_text() {
    let laughs = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]";
    let deep = format!("a: {}", "[".repeat(10_000));
    let long = format!("a: {}", "x".repeat(300 * 1024));
    for front in [laughs, &deep] {
        let file = format!("---\n{front}\n---\nText.");
        let Found::Entry(entry) = markdown::read("2024-07-01.md", file.as_bytes(), &TimeZone::UTC)
        else {
            panic!("left out");
        };
        assert_eq!(entry.text, file);
    }
    let file = format!("---\n{long}\n---\nText.");
    let found = markdown::read("2024-07-01.md", file.as_bytes(), &TimeZone::UTC);
    assert!(matches!(
        found,
        Found::Skipped {
            reason: SkipReason::TooLong,
            ..
        }
    ));
}

#[test]
fn our_own_json_with_what_it_cannot_hold_is_left_out_entry_by_entry() {
    let id = "ab".repeat(32);
    let entry = |change: &str| {
        let mut entry: serde_json::Value = serde_json::from_str(&format!(
            r#"{{"id":"{id}","kind":"moment","date":"2024-02-29","offset_minutes":0,"order":1,
                "text":"x","fields":{{}},"author":"A","mine":true}}"#
        ))
        .unwrap();
        let change: serde_json::Value = serde_json::from_str(change).unwrap();
        for (name, value) in change.as_object().unwrap() {
            entry[name] = value.clone();
        }
        let file = format!(r#"{{"format":"sidelight","version":1,"entries":[{entry}]}}"#);
        all(file.as_bytes(), None).unwrap().remove(0)
    };
    assert!(matches!(entry("{}"), Found::Entry(_)));
    assert!(matches!(entry(r#"{"later":[1,{}]}"#), Found::Entry(_)));
    for (change, why) in [
        (r#"{"id":"ab"}"#, SkipReason::NotAnEntry),
        (r#"{"kind":"Moment!"}"#, SkipReason::NotAnEntry),
        (r#"{"text":7}"#, SkipReason::NotAnEntry),
        (r#"{"date":"2023-02-29"}"#, SkipReason::NoDate),
        (r#"{"date":"2024-2-29"}"#, SkipReason::NoDate),
        (r#"{"date":"+2024-02-29"}"#, SkipReason::NoDate),
        (r#"{"offset_minutes":5000}"#, SkipReason::NoDate),
        (r#"{"offset_minutes":1.5}"#, SkipReason::NoDate),
        (r#"{"fields":[]}"#, SkipReason::NotAnEntry),
        (r#"{"fields":{"x":null}}"#, SkipReason::NotAnEntry),
        (r#"{"fields":{"x":1.5}}"#, SkipReason::NotAnEntry),
        (
            r#"{"fields":{"x":{"unknown":"%"}}}"#,
            SkipReason::NotAnEntry,
        ),
    ] {
        match entry(change) {
            Found::Skipped { reason, .. } => assert_eq!(reason, why, "{change}"),
            Found::Entry(_) => panic!("{change} came in"),
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_is_read_brings_it_down(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = all(&bytes, None);
        for format in [Format::Sidelight, Format::DayOne, Format::Daylio, Format::Jrnl] {
            let _ = all(&bytes, Some(format));
        }
        let _ = markdown::read("2024-01-01.md", &bytes, &TimeZone::UTC);
        let front = [b"---\n".as_slice(), &bytes, b"\n---\n"].concat();
        let _ = markdown::read("2024-01-01.md", &front, &TimeZone::UTC);
    }

    #[test]
    fn damage_to_a_zip_is_an_error_or_nothing(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let journal = br#"{"entries":[{"uuid":"A","creationDate":"2024-01-01T10:00:00Z","text":"x"}]}"#;
        let mut zip = zip(&[("Journal.json", journal), ("photos/00.png", b"x")]);
        let at = at.index(zip.len());
        zip[at] ^= 1_u8 << bit;
        let options = Options { format: None, zone: &TimeZone::UTC };
        let _ = read(Cursor::new(zip), &options, &mut |_| true);
    }
}
