//! One person, without a relay.

use crate::run::{Home, Ran, run, text_of};

#[test]
fn without_a_command_there_is_a_short_gentle_help() {
    let ran = run(&[], b"");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("There is no pace to keep."), "{ran:?}");
    assert!(ran.out.lines().count() < 20, "{ran:?}");
}

#[test]
fn what_is_written_is_listed_shown_and_changed_and_is_private() {
    let ana = Home::of("Ana");
    let id = ana.write("slept, at last");
    let list = ana.json(&["list"]);
    let entry = &list["entries"][0];
    assert_eq!(entry["text"], "slept, at last");
    assert_eq!(entry["space"], "private");
    assert_eq!(entry["author"], "Ana");
    assert_eq!(entry["kind"], "moment");
    assert_eq!(
        (&entry["mine"], &entry["together"]),
        (&true.into(), &false.into())
    );
    assert!(list["next"].is_null());

    let edited = ana.json(&["edit", &id[..8], "--text", "slept at last"]);
    assert_eq!(edited["id"], *id);
    let shown = ana.json(&["show", &id[..4]]);
    assert_eq!(shown["text"], "slept at last");
    assert_eq!(shown["amendments"], 1);
    assert_eq!(shown["version"], edited["version"]);
}

#[test]
fn people_get_words_and_no_json() {
    let ana = Home::empty();
    let said = |arguments: &[&str]| {
        let Ran { code, out, err } = ana.run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        out
    };
    assert!(said(&["init", "--name", "Ana"]).starts_with("Welcome, Ana."));
    assert!(said(&["list"]).contains("Whenever you like"));
    assert!(said(&["write", "one line"]).starts_with("Kept, for you alone."));
    assert!(said(&["list"]).ends_with("private   one line\n"));
    let status = said(&["status"]);
    assert!(status.contains("storage key is in the file"), "{status}");
    assert!(status.contains("Shared with nobody."), "{status}");
}

#[test]
fn entries_are_about_the_day_that_is_named() {
    let ana = Home::of("Ana");
    let written = ana.json(&[
        "write",
        "--date",
        "2024-02-29",
        "--kind",
        "gratitude",
        "leap",
    ]);
    assert_eq!(written["date"], "2024-02-29");
    ana.write("today");
    assert_eq!(ana.texts(), ["today", "leap"]);
    let kind = &ana.json(&["list"])["entries"][1]["kind"];
    assert_eq!(kind, "gratitude");
}

#[test]
fn standard_input_is_text_too_without_the_newline_of_its_last_line() {
    let ana = Home::of("Ana");
    ana.run_with(&["write", "-"], b"two\nlines\n");
    ana.run_with(&["write", "-"], "Windows\r\nתודה 🙂\r\n".as_bytes());
    assert_eq!(ana.texts(), ["Windows\r\nתודה 🙂", "two\nlines"]);
    let id = text_of(&ana.json(&["list"])["entries"][1]["id"]);
    ana.run_with(&["edit", &id, "--text", "-"], b"two lines\n");
    assert_eq!(ana.json(&["show", &id])["text"], "two lines");
}

#[test]
fn a_list_goes_on_where_it_ended() {
    let ana = Home::of("Ana");
    for number in 0..5 {
        ana.write(&format!("entry {number}"));
    }
    let mut seen = Vec::new();
    let mut page = ana.json(&["list", "--limit", "2"]);
    loop {
        for entry in page["entries"].as_array().unwrap() {
            seen.push(text_of(&entry["text"]));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = ana.json(&["list", "--limit", "2", "--before", next]);
    }
    assert_eq!(
        seen,
        ["entry 4", "entry 3", "entry 2", "entry 1", "entry 0"]
    );
}

#[test]
fn text_of_every_script_comes_back_as_it_was() {
    let ana = Home::of("Ana");
    for text in ["שלום עולם", "👩‍👩‍👧‍👦 und é", "مرحبا\tb", "- milk", "日本語"]
    {
        let id = ana.write(text);
        assert_eq!(ana.json(&["show", &id])["text"], *text);
        let shown = ana.run(&["show", &id]);
        assert!(shown.out.contains(text), "{shown:?}");
    }
}

#[test]
fn the_home_may_be_named_by_the_environment() {
    let ana = Home::empty();
    let output = crate::run::program()
        .env("SIDELIGHT_HOME", ana.path())
        .args(["init", "--name", "Ana"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ana.json(&["status"])["name"], "Ana");
}
