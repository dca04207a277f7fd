//! What leaves as files, and comes into another journal.

use std::path::PathBuf;

use serde_json::{Value, json};
use sidelight::{
    Draft, Entry, ErrorKind, ExportFormat, ExportOptions, ExportScope, Field, FieldValue,
    ImportFormat, ImportOptions, SkipReason,
};

use crate::support::*;

const EVERYTHING: ExportOptions = ExportOptions {
    format: ExportFormat::Json,
    scope: ExportScope::Both,
    private: true,
    only: Vec::new(),
    locale: None,
};

fn field(name: &str, value: FieldValue) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

fn text(name: &str, text: &str) -> Field {
    field(name, FieldValue::Text(text.to_owned()))
}

async fn exported(home: &Home, options: ExportOptions) -> (PathBuf, Value) {
    let dir = tempfile::tempdir().unwrap().keep();
    let report = home.journal.export(dir, options).await.unwrap();
    let bytes = std::fs::read(&report.path).unwrap();
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        file["entries"].as_array().unwrap().len() as u64,
        report.entries
    );
    assert_eq!(home.journal.export_progress(), None);
    (report.path, file)
}

fn texts(file: &Value) -> Vec<&str> {
    let entries = file["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["text"].as_str().unwrap())
        .collect()
}

/// What of an entry does not depend on the journal it is in.
fn said(entry: &Entry) -> (&str, sidelight::Date, u32, &str, Vec<(&str, FieldValue)>) {
    let fields = entry.fields.iter();
    let fields = fields.filter(|field| field.name != "target");
    let fields = fields.map(|field| (field.name.as_str(), field.value.clone()));
    (
        &entry.kind,
        entry.date,
        entry.order,
        &entry.text,
        fields.collect(),
    )
}

/// Everything that is odd about an entry, as another version may have written it.
fn odd() -> Value {
    let entry = |number: u8, kind: &str, order: u32, fields: Value| {
        json!({ "id": format!("{number:02x}").repeat(32), "space": "private", "kind": kind,
            "date": "2031-12-31", "offset_minutes": -570, "order": order,
            "text": format!("{number} \u{1}<b>\r\n\u{202e}&"), "fields": fields,
            "author": "Ada", "mine": true, "together": false, "amendments": 3 })
    };
    let later = json!({ "later": { "unknown": "AA==" }, "n": i64::MIN, "yes": false,
        "list": ["", "a"], "said": "" });
    json!({ "format": "sidelight", "version": 1, "later": {}, "entries": [
        entry(1, "of_later", 7, json!({ "how": "new" })),
        // A word, and a value, that this version does not have for a field that it has.
        entry(2, "check_in", 3, json!({ "need": "a_later_need", "capacity": 12 })),
        // Answers: to one that comes later in the file, and to one that is not in it.
        entry(3, "reply", 5, json!({ "target": "05".repeat(32) })),
        entry(4, "reply", 9, json!({ "target": "99".repeat(32) })),
        entry(5, "moment", 8, later),
    ]})
}

#[tokio::test]
async fn an_export_comes_into_another_journal_as_it_was_and_nothing_twice() {
    let first = home("Ada", None).await;
    let file = first.folder.path().join("odd.json");
    std::fs::write(&file, odd().to_string()).unwrap();
    let options = ImportOptions::default();
    let report = first.journal.import(file.clone(), options).await.unwrap();
    assert_eq!((report.found, report.imported), (5, 5), "{report:?}");
    assert_eq!(report.format, ImportFormat::Sidelight);
    let kept = entries(&first.journal).await;
    assert!(
        kept.iter()
            .all(|entry| entry.space == sidelight::Space::Private && entry.mine)
    );
    // As the file has them, in every field and in the order that it gives.
    let (path, out) = exported(&first, EVERYTHING.clone()).await;
    let mut was: Vec<Value> = odd()["entries"].as_array().unwrap().clone();
    was.sort_by_key(|entry| entry["order"].as_u64());
    for (was, is) in was.iter().zip(out["entries"].as_array().unwrap()) {
        for name in [
            "kind",
            "date",
            "offset_minutes",
            "order",
            "text",
            "author",
            "mine",
        ] {
            assert_eq!(was[name], is[name], "{name}");
        }
        if was["fields"]["target"].is_null() {
            assert_eq!(was["fields"], is["fields"]);
        }
    }
    // The answer points at the copy, and the other one at what it always did.
    let id = |n: usize| out["entries"][n]["id"].clone();
    let target = |n: usize| out["entries"][n]["fields"]["target"].clone();
    assert_eq!((target(1), target(4)), (id(3), json!("99".repeat(32))));

    // Into another journal, from there into a third, and into each once more.
    let (second, third) = (home("Ada", None).await, home("Ada", None).await);
    second.journal.import(path.clone(), options).await.unwrap();
    let (on, _) = exported(&second, EVERYTHING.clone()).await;
    third.journal.import(on.clone(), options).await.unwrap();
    for home in [&second, &third] {
        let came = entries(&home.journal).await;
        assert_eq!(came.len(), kept.len());
        for (was, is) in kept.iter().zip(&came) {
            assert!(said(was) == said(is));
        }
    }
    for (home, path) in [
        (&first, file),
        (&first, path),
        (&second, on.clone()),
        (&third, on),
    ] {
        let again = home.journal.import(path, options).await.unwrap();
        assert_eq!((again.imported, again.already_there), (0, 5));
        assert_eq!(entries(&home.journal).await.len(), 5);
    }
}

#[tokio::test]
async fn a_scope_says_whose_entries_leave_and_private_ones_only_when_it_is_said() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal.write(Draft::new("private")).await.unwrap();
    ada.journal.write(shared("from Ada")).await.unwrap();
    let together = Draft {
        together: true,
        ..shared("of both")
    };
    ada.journal.write(together).await.unwrap();
    bo.journal.write(shared("from Bo")).await.unwrap();
    for home in [&ada, &bo, &ada] {
        sync(&home.journal).await;
    }
    for (scope, private, expected) in [
        (
            ExportScope::Both,
            false,
            vec!["from Ada", "from Bo", "of both"],
        ),
        (
            ExportScope::Both,
            true,
            vec!["from Ada", "from Bo", "of both", "private"],
        ),
        (ExportScope::Own, false, vec!["from Ada", "of both"]),
        (
            ExportScope::Own,
            true,
            vec!["from Ada", "of both", "private"],
        ),
        (ExportScope::Received, true, vec!["from Bo", "of both"]),
    ] {
        let options = ExportOptions {
            scope,
            private,
            ..ExportOptions::default()
        };
        let (_, file) = exported(&ada, options).await;
        let mut found = texts(&file);
        found.sort_unstable();
        assert_eq!(found, expected, "{scope:?} {private}");
    }
    let private = entries(&ada.journal).await;
    let private = private
        .iter()
        .find(|entry| entry.text == "private")
        .unwrap();
    let mut only = ExportOptions {
        only: vec![private.id[..12].to_owned()],
        ..ExportOptions::default()
    };
    let dir = ada.folder.path().join("out");
    let error = ada
        .journal
        .export(dir.clone(), only.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!dir.exists());
    only.private = true;
    assert_eq!(texts(&exported(&ada, only).await.1), ["private"]);
}

#[tokio::test]
async fn what_the_partner_wrote_keeps_their_name_and_is_never_shared_as_ones_own() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    bo.journal.write(shared("from Bo")).await.unwrap();
    ada.journal.write(shared("from Ada")).await.unwrap();
    sync(&bo.journal).await;
    sync(&ada.journal).await;
    let (path, _) = exported(&ada, EVERYTHING.clone()).await;

    let other = home("Ada", None).await;
    let options = ImportOptions::default();
    other.journal.import(path.clone(), options).await.unwrap();
    for entry in entries(&other.journal).await {
        let by = entry.fields.iter().find(|field| field.name == "written_by");
        let by = by.map(|field| field.value.clone());
        let expected = (entry.text == "from Bo").then(|| FieldValue::Text("Bo".to_owned()));
        assert!(by == expected, "{}", entry.text);
    }
    // Out of the copy and to be shared elsewhere: it is still Bo's.
    let (copy, _) = exported(&other, EVERYTHING.clone()).await;
    let (ada, _bo) = couple(&relay).await;
    let options = ImportOptions {
        shared: true,
        ..options
    };
    for (path, imported, known) in [(path, 1, 0), (copy, 1, 0)] {
        let report = ada.journal.import(path, options).await.unwrap();
        assert_eq!((report.imported, report.already_there), (imported, known));
        assert_eq!(report.skipped.len(), 1);
        assert_eq!(report.skipped[0].reason, SkipReason::NotYours);
    }
    assert!(
        entries(&ada.journal)
            .await
            .iter()
            .all(|entry| entry.text == "from Ada")
    );
}

#[tokio::test]
async fn what_is_imported_to_be_shared_keeps_to_the_rules_of_kinds() {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    let path = ada.folder.path().join("odd.json");
    std::fs::write(&path, odd().to_string()).unwrap();
    let options = ImportOptions {
        shared: true,
        ..ImportOptions::default()
    };
    let report = ada.journal.import(path, options).await.unwrap();
    // Not a field that cannot hold it, nor an answer to nothing that is here.
    assert_eq!(
        (report.imported, report.skipped[0].count),
        (3, 2),
        "{report:?}"
    );
    assert_eq!(report.skipped[0].reason, SkipReason::NotShared);
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    let mut orders: Vec<_> = entries(&bo.journal)
        .await
        .iter()
        .map(|entry| entry.order)
        .collect();
    orders.sort_unstable();
    assert_eq!(
        orders,
        [1, 2, 3],
        "the places that they had among others are not told"
    );
}

#[tokio::test]
async fn markdown_and_a_page_hold_what_was_written_and_markdown_comes_back() {
    let ada = home("Ada", None).await;
    let hostile = "<script>alert(1)</script> ![x](https://example.org/pixel) &lt;\r\n---\n";
    let fields = vec![
        text("later", "x: \"y\"\n"),
        field("tags", FieldValue::List(vec!["a b".to_owned()])),
    ];
    let draft = Draft {
        fields,
        ..Draft::new(hostile)
    };
    ada.journal.write(draft).await.unwrap();
    ada.journal.write(Draft::new("second")).await.unwrap();
    let out = ada.folder.path().join("out");
    let mut options = EVERYTHING.clone();
    options.format = ExportFormat::Markdown;
    let report = ada
        .journal
        .export(out.clone(), options.clone())
        .await
        .unwrap();
    assert_eq!(report.entries, 2);
    // Never over an earlier one, in which somebody may have written.
    let error = ada
        .journal
        .export(out.clone(), options.clone())
        .await
        .unwrap_err();
    assert!(error.detail().contains("already"), "{error}");
    options.format = ExportFormat::Html;
    let page = ada.journal.export(out.clone(), options).await.unwrap();
    let html = std::fs::read_to_string(page.path).unwrap();
    assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"));
    assert_eq!(
        std::fs::read_dir(&out).unwrap().count(),
        2,
        "nothing half-written stays"
    );

    let other = home("Ada", None).await;
    let came = other
        .journal
        .import(report.path, ImportOptions::default())
        .await
        .unwrap();
    assert_eq!((came.format, came.imported), (ImportFormat::Markdown, 2));
    let (was, is) = (entries(&ada.journal).await, entries(&other.journal).await);
    for (was, is) in was.iter().zip(&is) {
        assert!(said(was) == said(is));
    }
    // The same entries as JSON: they are here.
    let (json, _) = exported(&ada, EVERYTHING.clone()).await;
    let again = other
        .journal
        .import(json, ImportOptions::default())
        .await
        .unwrap();
    assert_eq!((again.imported, again.already_there), (0, 2));
}

#[tokio::test]
async fn a_folder_brings_its_files_and_says_which_it_left_out() {
    let ada = home("Ada", None).await;
    let folder = ada.folder.path().join("notes");
    for (name, text) in [
        ("2024/2024-01-02 walk.md", "By the river."),
        ("2024-01-01.txt", "Up early."),
        ("copy/2024-01-01.txt", "Up early."),
        ("undated.md", "When?"),
        (".hidden/2024-01-03.md", "A program's."),
        ("2024-01-04.png", "not looked at"),
        ("2024-01-05.md", ""),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(folder.join("2024-01-06.md"), vec![b'x'; 2 << 20]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.join("2024-01-07.md")).unwrap();
    let report = ada
        .journal
        .import(folder.clone(), ImportOptions::default())
        .await
        .unwrap();
    let left_out: Vec<_> = report
        .skipped
        .iter()
        .map(|one| (one.reason, one.places.join(", ")))
        .collect();
    assert_eq!(
        left_out,
        [
            (SkipReason::NoText, "2024-01-05.md".to_owned()),
            (SkipReason::TooLong, "2024-01-06.md".to_owned()),
            (SkipReason::NoDate, "undated.md".to_owned()),
            (SkipReason::Repeated, "copy/2024-01-01.txt".to_owned()),
        ]
    );
    let days = [report.first_day, report.last_day].map(|day| day.unwrap().to_string());
    assert_eq!(days, ["2024-01-01", "2024-01-02"]);
    let texts: Vec<_> = entries(&ada.journal)
        .await
        .into_iter()
        .map(|one| one.text)
        .collect();
    assert_eq!(texts, ["By the river.", "Up early."]);
    // One file alone, which is here.
    let one = folder.join("2024/2024-01-02 walk.md");
    let again = ada
        .journal
        .import(one, ImportOptions::default())
        .await
        .unwrap();
    assert_eq!((again.found, again.already_there), (1, 1));
}
