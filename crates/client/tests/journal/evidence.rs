//! Evidence: what a third party can check, and what it tells them.

use std::fs;
use std::path::{Path, PathBuf};

use sidelight::{
    Draft, ExportFormat, ExportOptions, ExportScope, NotEvidence, TextEdit, verify_evidence,
};

use crate::support::*;

fn evidence(scope: ExportScope) -> ExportOptions {
    ExportOptions {
        format: ExportFormat::Evidence,
        scope,
        ..ExportOptions::default()
    }
}

async fn exported(home: &Home, options: ExportOptions) -> PathBuf {
    let dir = tempfile::tempdir().unwrap().keep();
    let report = home.journal.export(dir, options).await.unwrap();
    assert_eq!(report.unproved, 0);
    report.path
}

/// A couple that has written, edited, typed into one entry together, and rotated its keys.
async fn written() -> (Home, Home) {
    let relay = relay().await;
    let (ada, bo) = couple(&relay).await;
    ada.journal
        .write(Draft::new("for Ada alone"))
        .await
        .unwrap();
    let mine = ada
        .journal
        .write(shared("from Ada, at first"))
        .await
        .unwrap();
    ada.journal
        .set_text(mine, "from Ada".to_owned())
        .await
        .unwrap();
    let together = Draft {
        together: true,
        ..shared("of both: ")
    };
    let both = ada.journal.write(together).await.unwrap();
    sync(&ada.journal).await;
    sync(&bo.journal).await;
    bo.journal.rotate().await.unwrap();
    let more = TextEdit {
        at: 9,
        delete: 0,
        insert: "and Bo".to_owned(),
    };
    bo.journal.edit(both, None, vec![more]).await.unwrap();
    bo.journal.write(shared("from Bo")).await.unwrap();
    for home in [&bo, &ada, &bo] {
        sync(&home.journal).await;
    }
    (ada, bo)
}

fn copied(folder: &Path) -> PathBuf {
    let copy = tempfile::tempdir().unwrap().keep();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    copy
}

#[tokio::test]
async fn evidence_is_checked_by_a_stranger_and_names_who_wrote_what() {
    let (ada, bo) = written().await;
    let folder = exported(&ada, evidence(ExportScope::Both)).await;
    // Elsewhere, with nothing of Ada's.
    let page = tempfile::tempdir().unwrap().keep().join("page.html");
    let proved = verify_evidence(copied(&folder), Some(page.clone()))
        .await
        .unwrap();
    assert_eq!(proved.entries, 3);
    let (adas, bos) = (
        ada.journal.status().await.unwrap(),
        bo.journal.status().await.unwrap(),
    );
    assert!(proved.exporter.starts_with(&adas.person));
    let mut persons: Vec<_> = proved
        .persons
        .iter()
        .map(|person| {
            (
                person.name.as_str(),
                person.entries,
                person.id[..12].to_owned(),
            )
        })
        .collect();
    persons.sort_unstable();
    assert_eq!(persons, [("Ada", 2, adas.person), ("Bo", 1, bos.person)]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("from Bo") && page.contains("of both: and Bo"));
    assert!(!page.contains("for Ada alone"));
    // Bo proves the same, without Ada's help.
    let theirs = exported(&bo, evidence(ExportScope::Received)).await;
    assert_eq!(verify_evidence(theirs, None).await.unwrap().entries, 2);
}

#[tokio::test]
async fn evidence_holds_only_the_entries_that_were_chosen() {
    let (ada, _bo) = written().await;
    let all = entries(&ada.journal).await;
    let mine = all.iter().find(|entry| entry.text == "from Ada").unwrap();
    let only = ExportOptions {
        only: vec![mine.id.clone()],
        ..evidence(ExportScope::Own)
    };
    let folder = exported(&ada, only).await;
    let proved = verify_evidence(folder.clone(), None).await.unwrap();
    assert_eq!((proved.entries, proved.persons.len()), (1, 1));
    let mut bytes = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("from Ada") && has("Ada"));
    for other in ["from Bo", "of both", "for Ada alone", "\"Bo\""] {
        assert!(!has(other), "{other}");
    }
}

#[tokio::test]
async fn tampered_evidence_is_refused_and_says_which_part() {
    let (ada, _bo) = written().await;
    let folder = exported(&ada, evidence(ExportScope::Both)).await;
    let change = |name: &str, from: &str, to: &str| {
        let copy = copied(&folder);
        let text = fs::read_to_string(copy.join(name)).unwrap();
        assert!(text.contains(from), "{name}");
        fs::write(copy.join(name), text.replacen(from, to, 1)).unwrap();
        copy
    };
    let flip = |name: &str| {
        let copy = copied(&folder);
        let mut bytes = fs::read(copy.join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(copy.join(name), bytes).unwrap();
        copy
    };
    let without = |name: &str| {
        let copy = copied(&folder);
        fs::remove_file(copy.join(name)).unwrap();
        copy
    };
    let added = copied(&folder);
    fs::write(added.join("more.txt"), "…").unwrap();
    let text = fs::read(folder.join("entries.json")).unwrap();
    let text = String::from_utf8(text).unwrap();
    for (copy, expected) in [
        (
            change("entries.json", "from Bo", "from bo"),
            NotEvidence::Changed("entries.json"),
        ),
        (
            change("README.txt", "does not", "does"),
            NotEvidence::Changed("README.txt"),
        ),
        (flip("proof"), NotEvidence::Changed("proof")),
        (flip("persons"), NotEvidence::Changed("persons")),
        (without("proof"), NotEvidence::Missing("proof")),
        (
            without("manifest.json"),
            NotEvidence::Missing("manifest.json"),
        ),
        (added, NotEvidence::Added),
        (
            change("manifest.json", "\"Bo\"", "\"Bob\""),
            NotEvidence::Exporter,
        ),
        (
            change("manifest.json", "\"version\": 1", "\"version\": 2"),
            NotEvidence::Newer,
        ),
        (change("manifest.json", "{", "[{"), NotEvidence::Manifest),
        (
            change("manifest.json", "\"version\"", "\"note\": 1, \"version\""),
            NotEvidence::Manifest,
        ),
        (folder.join("nowhere"), NotEvidence::Unreadable),
    ] {
        assert_eq!(verify_evidence(copy, None).await, Err(expected));
    }
    assert!(text.contains("from Bo"));
    assert!(verify_evidence(folder, None).await.is_ok());
}
