//! What comes from elsewhere, and what leaves.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sidelight::{ErrorKind, ExportOptions, FieldValue, ImportOptions, ImportReport, SkipReason};

use crate::support::*;

fn file(home: &Home, name: &str, bytes: &[u8]) -> PathBuf {
    let path = home.folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn diary() -> Vec<u8> {
    let entry = |uuid: &str, date: &str, text: &str| {
        json!({ "uuid": uuid, "creationDate": date, "timeZone": "Europe/London", "text": text,
                "starred": false, "tags": [], "photos": [{ "md5": "00" }] })
    };
    let mut first = entry(
        "AA01",
        "1660-01-11T21:00:00Z",
        "Dined at home in the garret.",
    );
    first["starred"] = json!(true);
    first["tags"] = json!(["home", 7, "turkey"]);
    let diary = json!({
        "metadata": { "version": "1.0" },
        "entries": [
            first,
            entry("AA02", "2024-07-01T23:30:00Z", "Late.\u{0}"),
            entry("aa02", "2024-07-02T10:00:00Z", "The same id again."),
            entry("AA03", "2024-07-03T10:00:00Z", "   "),
            entry("AA04", "soon", "No day."),
            entry("AA05", "2024-07-05T10:00:00Z", &"x".repeat(256 * 1024 + 1)),
            { "creationDate": "2024-07-06T10:00:00Z", "text": "No id and no zone." },
            "no entry",
            { "uuid": "AA07", "creationDate": "2024-07-07T10:00:00Z", "photos": [] },
        ],
        "later": { "than": ["this", "version"] },
    });
    serde_json::to_vec_pretty(&diary).unwrap()
}

fn skipped(report: &ImportReport) -> Vec<(SkipReason, u64)> {
    report
        .skipped
        .iter()
        .map(|one| (one.reason, one.count))
        .collect()
}

const PRIVATE: ImportOptions = ImportOptions {
    format: None,
    shared: false,
    dry_run: false,
};

#[tokio::test]
async fn a_diary_comes_in_once_and_what_is_left_out_is_counted() {
    let home = home("Ada", None).await;
    let left_out = vec![
        (SkipReason::NoText, 2),
        (SkipReason::TooLong, 1),
        (SkipReason::NoDate, 1),
        (SkipReason::Repeated, 1),
        (SkipReason::NotAnEntry, 1),
    ];
    let plain = file(&home, "Journal.json", &diary());
    let dry = ImportOptions {
        dry_run: true,
        ..PRIVATE
    };
    let planned = home.journal.import(plain.clone(), dry).await.unwrap();
    assert!(entries(&home.journal).await.is_empty());
    let report = home.journal.import(plain, PRIVATE).await.unwrap();
    assert_eq!(report, planned);
    assert_eq!(
        (report.found, report.imported, report.already_there),
        (9, 3, 0)
    );
    assert_eq!(report.cleaned, 1);
    assert_eq!(skipped(&report), left_out);
    assert_eq!(home.journal.import_progress(), None);

    let kept = entries(&home.journal).await;
    let shown: Vec<_> = kept
        .iter()
        .map(|entry| (entry.date.to_string(), entry.text.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("2024-07-06".to_owned(), "No id and no zone."),
            ("2024-07-02".to_owned(), "Late."),
            ("1660-01-11".to_owned(), "Dined at home in the garret."),
        ]
    );
    let fields: Vec<_> = kept[2]
        .fields
        .iter()
        .map(|field| (field.name.as_str(), &field.value))
        .collect();
    let tags = FieldValue::List(vec!["home".to_owned(), "turkey".to_owned()]);
    let media = FieldValue::List(vec!["photos/00".to_owned()]);
    assert_eq!(
        fields,
        [
            ("media", &media),
            ("starred", &FieldValue::Flag(true)),
            ("tags", &tags)
        ]
    );

    // Again, packed: nothing comes twice.
    let packed = file(&home, "Journal.json.gz", &gzip(&diary()));
    let again = home.journal.import(packed, PRIVATE).await.unwrap();
    assert_eq!(
        (again.found, again.imported, again.already_there),
        (9, 0, 3)
    );
    assert_eq!(entries(&home.journal).await.len(), 3);
}

#[tokio::test]
async fn many_entries_come_in_batches() {
    let home = home("Ada", None).await;
    let many: Vec<_> = (0..300)
        .map(|n| json!({ "uuid": n.to_string(), "creationDate": "2024-07-06T10:00:00Z", "text": format!("{n}") }))
        .collect();
    let many = serde_json::to_vec(&json!({ "entries": many })).unwrap();
    let path = file(&home, "Journal.json", &many);
    let report = home.journal.import(path, PRIVATE).await.unwrap();
    assert_eq!((report.found, report.imported), (300, 300));
    // The file's order is that of the day.
    let kept = entries(&home.journal).await;
    assert_eq!(kept.len(), 300);
    assert_eq!(
        (kept[0].text.as_str(), kept[299].text.as_str()),
        ("299", "0")
    );
}

#[tokio::test]
async fn what_is_no_export_is_refused_in_a_sentence_and_brings_nothing() {
    let home = home("Ada", None).await;
    let mut cut_off = diary();
    cut_off.truncate(cut_off.len() - 40);
    let mut cut_off_gzip = gzip(&diary());
    cut_off_gzip.truncate(cut_off_gzip.len() / 2);
    let at = |name, bytes: &[u8]| file(&home, name, bytes);
    for (path, kind, said) in [
        (
            home.folder.path().join("nowhere"),
            ErrorKind::NotFound,
            "no such file",
        ),
        (
            home.folder.path().to_owned(),
            ErrorKind::Invalid,
            "no Markdown file in this folder",
        ),
        (at("text", b"Dear diary"), ErrorKind::Invalid, "no journal"),
        (at("empty", b""), ErrorKind::Invalid, "no journal"),
        (
            at("latin", b"{\"entries\":[\"\xe9\"]}"),
            ErrorKind::Invalid,
            "not JSON",
        ),
        (at("list", b"[1, 2]"), ErrorKind::Invalid, "no journal"),
        (
            at("other", br#"{"notes":[]}"#),
            ErrorKind::Invalid,
            "no list of entries",
        ),
        (
            at("odd", br#"{"entries":{}}"#),
            ErrorKind::Invalid,
            "something else",
        ),
        (
            at("two", br#"{"entries":[]} {}"#),
            ErrorKind::Invalid,
            "not JSON",
        ),
        (
            at(
                "deep",
                &[b"{\"entries\":".as_slice(), &[b'['; 4096]].concat(),
            ),
            ErrorKind::Invalid,
            "not JSON",
        ),
        (at("zip", b"PK\x03\x04more"), ErrorKind::Invalid, "damaged"),
        (at("cut", &cut_off), ErrorKind::Invalid, "cut off"),
        (at("cut.gz", &cut_off_gzip), ErrorKind::Invalid, "damaged"),
    ] {
        let error = home.journal.import(path, PRIVATE).await.unwrap_err();
        assert!(error.detail().contains(said), "{said}: {error}");
        assert_eq!(error.kind(), kind, "{error}");
    }
    // A file of 1 GB, which takes no room here.
    let path = at("huge", b"{");
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let error = home.journal.import(path, PRIVATE).await.unwrap_err();
    assert!(error.detail().contains("256 MiB"), "{error}");
    assert!(entries(&home.journal).await.is_empty());
}

#[tokio::test]
async fn importing_to_share_needs_a_partner() {
    let home = home("Ada", None).await;
    let path = file(&home, "Journal.json", &diary());
    let options = ImportOptions {
        shared: true,
        ..PRIVATE
    };
    let error = home.journal.import(path, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotPaired);
}

#[tokio::test]
async fn an_export_holds_everything_readable() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    bo.journal.write(shared("from Bo: שלום 👩‍👧")).await.unwrap();
    sync(&bo.journal).await;
    let path = file(&ada, "Journal.json", &diary());
    ada.journal.import(path, PRIVATE).await.unwrap();
    sync(&ada.journal).await;

    let dir = ada.folder.path().join("out");
    let all = ExportOptions {
        private: true,
        ..ExportOptions::default()
    };
    let report = ada.journal.export(dir.clone(), all.clone()).await.unwrap();
    assert_eq!(report.entries, 4);
    let bytes = std::fs::read(&report.path).unwrap();
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (&file["format"], &file["version"]),
        (&json!("sidelight"), &json!(1))
    );
    let mut kept = entries(&ada.journal).await;
    kept.reverse();
    let exported = file["entries"].as_array().unwrap();
    assert_eq!(exported.len(), kept.len());
    for (exported, kept) in exported.iter().zip(&kept) {
        assert_eq!(exported["id"], json!(kept.id));
        assert_eq!(exported["text"], json!(kept.text));
        assert_eq!(exported["date"], json!(kept.date.to_string()));
        assert_eq!(exported["offset_minutes"], json!(kept.date.offset_minutes));
        assert_eq!(exported["order"], json!(kept.order));
        assert_eq!(exported["author"], json!(kept.author_name));
        assert_eq!(exported["mine"], json!(kept.mine));
    }
    assert_eq!(
        exported[0]["fields"],
        json!({ "media": ["photos/00"], "starred": true, "tags": ["home", "turkey"] })
    );
    // Again, over the first: nothing else is left there.
    ada.journal.export(dir.clone(), all.clone()).await.unwrap();
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);

    let not_a_folder = report.path.join("deeper");
    let error = ada.journal.export(not_a_folder, all).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
}
