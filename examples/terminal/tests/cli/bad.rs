//! Bad input to a journal: one clear sentence, an exit code, nothing lost, nothing half-written.
//!
//! Clocks of 1970 and 2100 are not here: the program has no settable clock, on purpose; the
//! library's tests have one.

use std::fs;
use std::fs::File;

use crate::run::{Home, run, text_of};

#[test]
fn a_journal_begins_once() {
    let ana = Home::of("Ana");
    ana.write("kept");
    ana.run(&["init", "--name", "Bob"])
        .fails(11, "has begun here already");
    assert_eq!(ana.json(&["status"])["name"], "Ana");
    assert_eq!(ana.texts(), ["kept"]);
}

#[test]
fn before_it_begins_there_is_nothing() {
    let nobody = Home::empty();
    for command in [
        &["list"][..],
        &["status"],
        &["write", "x"],
        &["sync"],
        &["show", "abcd"],
        &["export", "somewhere"],
    ] {
        nobody.run(command).fails(3, "");
    }
    assert!(!nobody.path().exists(), "looking makes nothing");
}

#[test]
fn names_have_bounds_and_no_controls() {
    for name in ["", "tab\there", "\u{1b}[31mred", &"x".repeat(65)] {
        let home = Home::empty();
        home.run(&["init", "--name", name]).fails(11, "");
        home.json(&["init", "--name", "Ana"]);
    }
}

#[test]
fn a_home_that_cannot_be_written_is_told() {
    let blocked = Home::empty();
    // A file where the folder should be: also root cannot write into it.
    File::create(blocked.path()).unwrap();
    let ran = blocked.run(&["init", "--name", "Ana"]);
    assert!(matches!(ran.code, 4 | 10), "{ran:?}");
    ran.fails(ran.code, "");
}

#[test]
fn texts_have_bounds() {
    let ana = Home::of("Ana");
    ana.run(&["write", ""]).fails(11, "");
    ana.run_with(&["write", "-"], b"").fails(11, "");
    ana.run_with(&["write", "-"], b"\n").fails(11, "");
    let longest = "x".repeat(256 * 1024);
    assert_eq!(ana.run_with(&["write", "-"], longest.as_bytes()).code, 0);
    let longer = format!("{longest}x");
    ana.run_with(&["write", "-"], longer.as_bytes())
        .fails(11, "");
    ana.run_with(&["write", "-"], &vec![b'x'; 6 * 1024 * 1024])
        .fails(11, "");
    ana.run_with(&["write", "-"], b"nul \0 here")
        .fails(11, "NUL");
    ana.run_with(&["write", "-"], &[0xc3, 0x28])
        .fails(11, "UTF-8");
    assert_eq!(ana.texts().len(), 1);

    let id = ana.write("short");
    ana.run(&["edit", &id, "--text", ""]).fails(11, "");
    ana.run_with(&["edit", &id, "--text", "-"], longer.as_bytes())
        .fails(11, "");
    assert_eq!(ana.json(&["show", &id])["text"], "short");
}

#[test]
fn ids_cursors_days_and_kinds_that_are_none_are_told() {
    let ana = Home::of("Ana");
    let id = ana.write("one");
    ana.run(&["show", "0000000000"]).fails(3, "");
    ana.run(&["show", &id[..3]]).fails(11, "");
    ana.run(&["show", "not an id"]).fails(11, "");
    ana.run(&["show", &format!("{id}00")]).fails(3, "");
    ana.run(&["edit", "0000000000", "--text", "x"]).fails(3, "");
    ana.run(&["list", "--before", "nonsense"]).fails(11, "");
    ana.run(&["write", "--date", "2023-02-29", "x"])
        .fails(11, "");
    ana.run(&["write", "--kind", "Not A Kind", "x"])
        .fails(11, "");
    ana.run(&["write", "--share", "x"])
        .fails(5, "no partner yet");
    assert_eq!(ana.run(&["write", "--together", "x"]).code, 2);
    assert_eq!(ana.run(&["list", "--limit", "0"]).code, 2);
    assert_eq!(ana.texts(), ["one"]);
}

#[test]
fn a_beginning_that_names_several_entries_is_told() {
    let ana = Home::of("Ana");
    // Ids are random, so entries are imported until two begin alike: after some 300, and never
    // after 3,000.
    let twins = (0..10).find_map(|round| {
        let entries: Vec<_> = (0..300)
            .map(|number| {
                serde_json::json!({
                    "uuid": format!("{round} {number}"),
                    "creationDate": "2020-01-01T10:00:00Z",
                    "text": "x"
                })
            })
            .collect();
        let file = ana.dir.path().join("many.json");
        fs::write(&file, serde_json::json!({ "entries": entries }).to_string()).unwrap();
        ana.json(&["import", file.to_str().unwrap()]);
        twins(&ana)
    });
    let (one, other) = twins.expect("two of 3,000 ids begin with the same four digits");
    ana.run(&["show", &one[..4]]).fails(11, "more digits");
    assert_eq!(ana.json(&["show", &one])["id"], *one);
    assert_eq!(ana.json(&["show", &other])["id"], *other);
}

/// Two entries whose ids begin with the same four digits.
fn twins(home: &Home) -> Option<(String, String)> {
    let mut ids = Vec::new();
    let mut page = home.json(&["list", "--limit", "1000"]);
    loop {
        let entries = page["entries"].as_array().unwrap();
        ids.extend(entries.iter().map(|entry| text_of(&entry["id"])));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = home.json(&["list", "--limit", "1000", "--before", next]);
    }
    ids.sort();
    let twins = ids.windows(2).find(|pair| pair[0][..4] == pair[1][..4])?;
    Some((twins[0].clone(), twins[1].clone()))
}

#[test]
fn a_missing_or_damaged_storage_key_is_told_and_nothing_is_overwritten() {
    let ana = Home::of("Ana");
    ana.write("kept");
    let file = ana.path().join("storage.key");
    let key = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    ana.run(&["list"]).fails(4, "storage key");
    ana.run(&["init", "--name", "Ana"]).fails(4, "storage key");
    fs::write(&file, [7; 32]).unwrap();
    ana.run(&["list"]).fails(4, "");
    fs::write(&file, b"short").unwrap();
    ana.run(&["write", "x"]).fails(4, "5 bytes");
    fs::write(&file, key).unwrap();
    assert_eq!(ana.texts(), ["kept"]);
}

#[test]
fn a_second_writer_waits_its_turn_and_then_says_so_and_readers_never_wait() {
    let ana = Home::of("Ana");
    ana.write("kept");
    let lock = File::options()
        .write(true)
        .open(ana.path().join("journal/writer.lock"))
        .unwrap();
    lock.lock().unwrap();
    ana.run(&["write", "too many cooks"]).fails(10, "");
    assert_eq!(ana.texts(), ["kept"]);
    lock.unlock().unwrap();
    ana.write("now");
    assert_eq!(ana.texts(), ["now", "kept"]);
}

#[test]
fn options_that_make_no_sense_end_with_2() {
    for wrong in [
        &["wrote"][..],
        &["write"],
        &["init"],
        &["export", "--format", "pdf", "x"],
    ] {
        assert_eq!(run(wrong, b"").code, 2, "{wrong:?}");
    }
}
