//! Importing and exporting.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::run::{Couple, Home};

fn day_one() -> Value {
    json!({
        "metadata": { "version": "1.0" },
        "entries": [
            { "uuid": "A", "creationDate": "2020-05-01T20:00:00Z", "timeZone": "Europe/Berlin",
              "text": "first", "tags": ["x"], "starred": true },
            { "uuid": "B", "creationDate": "2020-05-02T23:30:00Z", "timeZone": "Europe/Berlin",
              "text": "after midnight, where it was written" },
            { "uuid": "A", "creationDate": "2020-05-03T20:00:00Z", "text": "the same id" },
            { "uuid": "C", "creationDate": "2020-05-03T20:00:00Z" },
            { "uuid": "D", "text": "no date" },
            { "uuid": "E", "creationDate": "2020-05-04T20:00:00Z", "text": "nul \u{0} inside" },
            "no entry at all",
        ]
    })
}

fn file(home: &Home, name: &str, bytes: &[u8]) -> String {
    let path: PathBuf = home.dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn skipped(report: &Value) -> u64 {
    let skipped = report["skipped"].as_array().unwrap();
    skipped
        .iter()
        .map(|one| one["count"].as_u64().unwrap())
        .sum()
}

#[test]
fn a_diary_is_imported_once_however_often_it_is_told_to() {
    let ana = Home::of("Ana");
    let path = file(&ana, "diary.json", day_one().to_string().as_bytes());
    let would = ana.json(&["import", "--dry-run", &path]);
    assert_eq!(
        (&would["dry_run"], &would["imported"]),
        (&true.into(), &3.into())
    );
    assert!(ana.texts().is_empty(), "a dry run writes nothing");

    let did = ana.json(&["import", &path]);
    assert_eq!((&did["found"], &did["imported"]), (&7.into(), &3.into()));
    assert_eq!((skipped(&did), &did["cleaned"]), (4, &1.into()));
    assert_eq!(
        (&would["skipped"], &would["cleaned"]),
        (&did["skipped"], &did["cleaned"])
    );
    let list = ana.json(&["list"]);
    assert_eq!(
        list["entries"][1]["date"], "2020-05-03",
        "the day where it was written"
    );
    assert_eq!(list["entries"][0]["space"], "private");

    let again = ana.json(&["import", &path]);
    assert_eq!(
        (&again["imported"], &again["already_there"]),
        (&0.into(), &3.into())
    );
    assert_eq!(ana.texts().len(), 3);
}

#[test]
fn gzip_is_read_and_words_say_what_was_left_out() {
    let ana = Home::of("Ana");
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(day_one().to_string().as_bytes()).unwrap();
    let path = file(&ana, "diary.json.gz", &packer.finish().unwrap());
    let said = ana.run(&["import", &path]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out
            .starts_with("3 entries are imported, for you alone."),
        "{said:?}"
    );
    assert!(
        said.out.contains("Left out: 1 (no text).\n  entry 4"),
        "{said:?}"
    );
    assert!(said.out.contains("NUL"), "{said:?}");
}

#[test]
fn what_is_no_diary_is_refused_whole() {
    let ana = Home::of("Ana");
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("text", b"Dear diary"),
        (
            "cut",
            br#"{"entries":[{"uuid":"A","creationDate":"2020-05-01T20:00:00Z","text":"fi"#,
        ),
        ("list", b"[1,2]"),
        ("other", br#"{"items":[]}"#),
        ("binary", &[0, 159, 146, 150]),
        ("gzip", &[0x1f, 0x8b, 8, 0, 1, 2, 3]),
    ] {
        let path = file(&ana, name, bytes);
        ana.run(&["import", &path]).fails(11, "");
    }
    let missing = ana.dir.path().join("missing");
    let ran = ana.run(&["import", missing.to_str().unwrap()]);
    ran.fails(ran.code, "");
    assert!(matches!(ran.code, 3 | 10 | 11), "{ran:?}");
    let folder = ana.run(&["import", ana.dir.path().to_str().unwrap()]);
    folder.fails(folder.code, "");
    assert!(ana.texts().is_empty());
}

#[test]
fn shared_import_needs_a_partner_and_then_reaches_them() {
    let alone = Home::of("Ana");
    let path = file(&alone, "diary.json", day_one().to_string().as_bytes());
    alone
        .run(&["import", "--share", &path])
        .fails(5, "pair first");
    assert!(alone.texts().is_empty());

    let couple = Couple::paired();
    assert_eq!(
        couple.ana.json(&["import", "--share", &path])["shared"],
        true
    );
    couple.ana.sync();
    assert_eq!(couple.ben.sync()["received"], 3);
    assert_eq!(couple.ben.texts(), couple.ana.texts());
}

#[test]
fn an_export_holds_everything_as_it_is() {
    let ana = Home::of("Ana");
    let path = file(&ana, "diary.json", day_one().to_string().as_bytes());
    ana.json(&["import", &path]);
    ana.write("\u{1b}[31m and 🙂");
    let folder = ana.dir.path().join("out");
    let folder = folder.to_str().unwrap();
    let exported = ana.json(&["export", "--format", "json", "--private", folder]);
    assert_eq!(exported["entries"], 4);
    let bytes = fs::read(exported["path"].as_str().unwrap()).unwrap();
    let export: Value = serde_json::from_slice(&bytes).unwrap();
    let mut texts: Vec<_> = export["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["text"].as_str().unwrap().to_owned())
        .collect();
    texts.reverse();
    assert_eq!(texts, ana.texts());
    let blocked = file(&ana, "blocked", b"");
    ana.run(&["export", &blocked])
        .fails(10, "nothing was exported");
}

#[test]
fn private_entries_leave_only_when_it_is_said() {
    let ana = Home::of("Ana");
    ana.write("for me alone");
    let folder = ana.dir.path().join("out");
    let said = ana.run(&["export", folder.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("0 entries are in "), "{said:?}");
    assert!(said.out.contains("--private takes them along"), "{said:?}");
}

#[test]
fn each_format_is_found_out_and_can_be_named() {
    let ana = Home::of("Ana");
    let daylio = "full_date,date,weekday,time,mood,activities,note_title,note\n\
                  2022-03-26,26 March,Saturday,08:00,ok,walk,,Early\n\
                  2022-13-26,26 March,Saturday,08:00,ok,,,Never\n";
    let daylio = file(&ana, "daylio.csv", daylio.as_bytes());
    let jrnl = json!({ "tags": {}, "entries": [{ "title": "Up.", "body": "", "date": "2022-03-27",
        "time": "09:00", "tags": [], "starred": false }] });
    let jrnl = file(&ana, "jrnl.json", jrnl.to_string().as_bytes());
    let folder = ana.dir.path().join("notes");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("2022-03-28.md"), "A walk.").unwrap();
    let folder = folder.to_str().unwrap().to_owned();
    for (path, format) in [(daylio, "daylio"), (jrnl, "jrnl"), (folder, "markdown")] {
        let did = ana.json(&["import", &path]);
        assert_eq!(
            (&did["format"], &did["imported"]),
            (&format.into(), &1.into())
        );
        let again = ana.json(&["import", "--format", format, &path]);
        assert_eq!(
            (&again["imported"], &again["already_there"]),
            (&0.into(), &1.into())
        );
        if format == "daylio" {
            assert_eq!(did["skipped"][0]["places"], json!(["row 3"]));
            ana.run(&["import", "--format", "jrnl", &path])
                .fails(11, "export it again");
        }
    }
    assert_eq!(ana.texts(), ["A walk.", "Up.", "Early"]);
}

#[test]
fn what_was_exported_comes_into_another_home() {
    let (ana, other) = (Home::of("Ana"), Home::of("Ana"));
    for text in ["first", "<b>second</b>", "third\r\n---"] {
        ana.write(text);
    }
    for (format, name) in [
        ("json", "sidelight.json"),
        ("markdown", "sidelight-markdown"),
    ] {
        let folder = ana.dir.path().join("out");
        let folder = folder.to_str().unwrap();
        let exported = ana.json(&["export", "--format", format, "--private", folder]);
        let path = exported["path"].as_str().unwrap();
        assert!(path.ends_with(name));
        let count = u64::from(format == "json") * 3;
        let did = other.json(&["import", path]);
        assert_eq!(
            (&did["imported"], &did["found"]),
            (&count.into(), &3.into())
        );
        assert_eq!(other.texts(), ana.texts());
    }
}
