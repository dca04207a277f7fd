//! What other journals export.

use std::io::{Cursor, Write};

use jiff::tz::TimeZone;
use sidelight_exchange::{Format, Found, Incoming, SkipReason, markdown};
use sidelight_format::FieldValue;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::*;

fn field<'a>(entry: &'a Incoming, name: &str) -> Option<&'a FieldValue> {
    let mut fields = entry.fields.iter();
    fields
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

fn list(words: &[&str]) -> FieldValue {
    FieldValue::List(words.iter().map(|word| (*word).to_owned()).collect())
}

pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_zip_of_day_one_brings_its_journals_and_notes_its_media() {
    let journal = br#"{"metadata":{"version":"1.0"},"entries":[
        {"uuid":"A1","creationDate":"2024-07-01T23:30:00Z","timeZone":"Europe\/Berlin","starred":true,
         "tags":["walk"],"text":"By the river.\n\n![](dayone-moment:\/\/76F9)",
         "photos":[{"md5":"00Ff","type":"jpeg","identifier":"76F9"},{"md5":"0123","type":"png"}],
         "audios":[{"identifier":"no hash"}], "richText":"{}", "location":{"latitude":1.5}},
        {"uuid":"A2","creationDate":"2024-07-02T10:00:00Z","photos":[{"md5":"00ff"}]}]}"#;
    let other =
        br#"{"entries":[{"uuid":"B1","creationDate":"2024-01-01T10:00:00Z","text":"Another."},
        {"uuid":"a1","creationDate":"2024-01-01T10:00:00Z","text":"The same id."}, 7]}"#;
    let zip = zip(&[
        ("Journal.json", journal),
        ("photos/00ff.jpeg", b"not looked at"),
        ("Other.JSON", other),
        ("__MACOSX/._Journal.json", b"\0"),
        ("notes.txt", b""),
    ]);
    let found = all(&zip, None).unwrap();
    assert_eq!(
        left_out(&found),
        [
            (SkipReason::NoText, "entry 2 of Journal.json".to_owned()),
            (SkipReason::Repeated, "entry 2 of Other.JSON".to_owned()),
            (SkipReason::NotAnEntry, "entry 3 of Other.JSON".to_owned()),
        ]
    );
    let came = entries(found);
    let [first, second] = came.as_slice() else {
        panic!("{} entries", came.len());
    };
    assert_eq!(
        (first.date.to_string().as_str(), first.date.offset_minutes()),
        ("2024-07-02", 120)
    );
    assert_eq!(field(first, "starred"), Some(&FieldValue::Flag(true)));
    assert_eq!(field(first, "tags"), Some(&list(&["walk"])));
    assert_eq!(
        field(first, "media"),
        Some(&list(&["photos/00ff.jpeg", "photos/0123.png"]))
    );
    assert_eq!((first.attachments, first.missing), (3, 1));
    assert_eq!(first.source, "dayone:A1");
    assert_eq!(second.text, "Another.");
}

const DAYLIO: &str = "\u{feff}full_date,date,weekday,time,mood,activities,note_title,note\r\n\
2022-03-27,27 March,Sunday,2:30 am,good,\"walk | movies / tv | \",\"Out\",\"Said \"\"yes\"\",\r\n<b>twice</b>\"\r\n\
2022-03-27,27 March,Sunday,2:30 am,meh,,,\r\n\
2022-03-26,26 March,Saturday,10:05\u{202f}PM,awful ,tired,\"\",\"\"\r\n\
2022-03-26,26 March,Saturday,08:00,ok,,,Morning\r\n\
2565-03-26,26 March,Saturday,08:00,ok,,,Of the Buddhist calendar\r\n\
2022-13-05,5,Monday,08:00,ok,,,Of a calendar with thirteen months\r\n\
2022-03-26,26 March,Saturday,08:00,ok,,,Morning\r\n\
2022-03-25,cut";

#[test]
fn a_table_of_daylio_comes_in_the_order_in_which_it_was_written() {
    let found = all(DAYLIO.as_bytes(), None).unwrap();
    assert_eq!(found, all(DAYLIO.as_bytes(), Some(Format::Daylio)).unwrap());
    let mut reasons = left_out(&found);
    reasons.sort();
    assert_eq!(
        reasons,
        [
            (SkipReason::NoDate, "row 7".to_owned()),
            (SkipReason::Repeated, "row 5".to_owned()),
            (SkipReason::NotAnEntry, "row 9".to_owned()),
        ]
    );
    let came = entries(found);
    let said: Vec<_> = came
        .iter()
        .map(|one| (one.date.to_string(), one.text.as_str()))
        .collect();
    let said: Vec<_> = said
        .iter()
        .map(|(day, text)| (day.as_str(), *text))
        .collect();
    assert_eq!(
        said,
        [
            ("2022-03-26", "Morning"),
            ("2022-03-26", "awful\ntired"),
            ("2022-03-27", "meh"),
            ("2022-03-27", "Out\n\nSaid \"yes\",\r\n<b>twice</b>"),
            ("2565-03-26", "Of the Buddhist calendar"),
        ]
    );
    assert_eq!(
        field(&came[3], "mood"),
        Some(&FieldValue::Text("good".to_owned()))
    );
    assert_eq!(
        field(&came[3], "tags"),
        Some(&list(&["walk", "movies / tv"]))
    );
    // Half past two was left out that night: the day stays, and the offset is summer's.
    assert_eq!(came[3].date.offset_minutes(), 120);
}

#[test]
fn an_old_table_of_daylio_says_what_to_do() {
    let old =
        "year,date,weekday,time,mood,activities,note\n2018,18 May,Friday,11:54 pm,happy,x,y\n";
    let error = all(old.as_bytes(), None).unwrap_err().to_string();
    assert!(
        error.contains("full_date") && error.contains("export it again"),
        "{error}"
    );
}

#[test]
fn what_jrnl_exports_comes_with_title_and_body() {
    let file = r#"{"tags":{"@home":1},"entries":[
        {"title":"Walked.","body":"By the river.\n","date":"2024-03-31","time":"02:30",
         "tags":["@home"],"starred":true},
        {"title":"Only a title.","body":"","date":"2024-04-01","time":"09:00","tags":[],"starred":false},
        {"title":"","body":" ","date":"2024-04-01","time":"09:00","tags":[],"starred":false},
        {"title":"No day.","body":"","date":"soon","time":"","tags":[],"starred":false}]}"#;
    let found = all(file.as_bytes(), None).unwrap();
    assert_eq!(
        found,
        all(&gzip(file.as_bytes()), Some(Format::Jrnl)).unwrap()
    );
    assert_eq!(
        left_out(&found),
        [
            (SkipReason::NoText, "entry 3".to_owned()),
            (SkipReason::NoDate, "entry 4".to_owned()),
        ]
    );
    let came = entries(found);
    assert_eq!(came[0].text, "Walked.\nBy the river.\n");
    assert_eq!(
        (
            came[0].date.to_string().as_str(),
            came[0].date.offset_minutes()
        ),
        ("2024-03-31", 120)
    );
    assert_eq!(field(&came[0], "tags"), Some(&list(&["home"])));
    assert_eq!(field(&came[0], "starred"), Some(&FieldValue::Flag(true)));
    assert_eq!(came[1].text, "Only a title.");
}

fn one(path: &str, file: &str) -> Result<(String, i16, String), (SkipReason, String)> {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    match markdown::read(path, file.as_bytes(), &zone) {
        Found::Entry(entry) => Ok((
            entry.date.to_string(),
            entry.date.offset_minutes(),
            entry.text,
        )),
        Found::Skipped { reason, place } => Err((reason, place.to_string())),
    }
}

#[test]
fn a_markdown_file_is_of_the_day_that_it_says() {
    let is = |day: &str, offset, text: &str| Ok((day.to_owned(), offset, text.to_owned()));
    for (path, file, expected) in [
        (
            "x.md",
            "---\ndate: 2024-07-01\n---\n\nText.\n",
            is("2024-07-01", 120, "Text."),
        ),
        (
            "x.md",
            "---\r\nDate: 2024-01-01 23:30\r\n---\r\nText.",
            is("2024-01-01", 60, "Text."),
        ),
        (
            "x.md",
            "---\ncreated: \"2024-07-01T23:30:00-05:00\"\n---\nText.",
            is("2024-07-01", -300, "Text."),
        ),
        (
            "x.md",
            "---\ncreated: 2024-07-01T23:30:00Z\n---\nText.",
            is("2024-07-01", 0, "Text."),
        ),
        (
            "x.md",
            "---\ndate: 2024-07-01\ntitle: A walk\n---\nText.",
            is("2024-07-01", 120, "# A walk\n\nText."),
        ),
        (
            "journals/2024_07_01.md",
            "- Text.",
            is("2024-07-01", 120, "- Text."),
        ),
        (
            "2024-07-01 A walk.md",
            "Text.",
            is("2024-07-01", 120, "Text."),
        ),
        ("2024/07/01.md", "Text.", is("2024-07-01", 120, "Text.")),
        (
            "walk.txt",
            "# 2024-07-01 A walk\nText.",
            is("2024-07-01", 120, "# 2024-07-01 A walk\nText."),
        ),
        // A line that divides is no front matter.
        (
            "2024-07-01.md",
            "---\nText.\n---\nMore.",
            is("2024-07-01", 120, "---\nText.\n---\nMore."),
        ),
        (
            "2024-07-01.md",
            "---\nText.",
            is("2024-07-01", 120, "---\nText."),
        ),
        (
            "2024-07-01.md",
            "<script>alert(1)</script>",
            is("2024-07-01", 120, "<script>alert(1)</script>"),
        ),
        (
            "walk.md",
            "Text.",
            Err((SkipReason::NoDate, "walk.md".to_owned())),
        ),
        (
            "x.md",
            "---\ndate: 2024-13-01\n---\nText.",
            Err((SkipReason::NoDate, "x.md".to_owned())),
        ),
        (
            "2024-07-01.md",
            "\n \n",
            Err((SkipReason::NoText, "2024-07-01.md".to_owned())),
        ),
    ] {
        assert_eq!(one(path, file), expected, "{path}: {file}");
    }
    let not_text = markdown::read("2024-07-01.md", b"\xff\xfe", &TimeZone::UTC);
    assert!(matches!(
        not_text,
        Found::Skipped {
            reason: SkipReason::NotText,
            ..
        }
    ));
}

#[test]
fn tags_of_markdown_files_are_read_in_each_form() {
    for front in [
        "tags: [a, b c]",
        "tags:\n  - a\n  - b c",
        "Tags: a, b c",
        "keywords: ['a', '#b c']",
    ] {
        let file = format!("---\n{front}\n---\nText.");
        let Found::Entry(entry) = markdown::read("2024-07-01.md", file.as_bytes(), &TimeZone::UTC)
        else {
            panic!("left out");
        };
        assert_eq!(field(&entry, "tags"), Some(&list(&["a", "b c"])), "{front}");
    }
}

#[test]
fn the_same_file_names_the_same_source_and_another_folder_is_another() {
    let source =
        |path: &str, file: &str| match markdown::read(path, file.as_bytes(), &TimeZone::UTC) {
            Found::Entry(entry) => entry.source,
            Found::Skipped { .. } => panic!("left out"),
        };
    assert_eq!(
        source("a/2024-07-01.md", "x"),
        source("b/2024-07-01.md", "x")
    );
    assert_ne!(source("2024-07-01.md", "x"), source("2024-07-01.md", "y"));
    assert_ne!(source("2024-07-01.md", "x"), source("2024-07-02.md", "x"));
}
