//! Prompts, cards and help, which need no home.

use std::fs;

use serde_json::Value;

use crate::run::{Home, run, text_of};

fn json(arguments: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    run(&all, b"").json()
}

#[test]
fn a_prompt_is_the_same_for_the_same_seed_and_never_twice_in_a_row() {
    let nobody = Home::empty();
    let first = nobody.json(&["prompts", "--seed", "5"]);
    assert_eq!(first, nobody.json(&["prompts", "--seed", "5"]));
    assert_eq!(first["not_today"], "Not today");
    let id = text_of(&first["prompts"][0]["id"]);
    let next = nobody.json(&["prompts", "--seed", "5", "--last", &id]);
    assert_ne!(text_of(&next["prompts"][0]["id"]), id);
    let without = nobody.json(&["prompts", "--seed", "5", "--without", &id]);
    assert_eq!(next, without);
    assert!(!nobody.path().exists(), "nothing is kept of it");

    let words = run(&["prompts", "--theme", "touch_without_expectation"], b"");
    assert_eq!(words.code, 0);
    for part in ["Not today", "--last touch-", "afraid", "help-now"] {
        assert!(words.out.contains(part), "«{part}» is not in {words:?}");
    }
}

#[test]
fn prompts_can_be_listed_by_theme_and_language() {
    let all = json(&["prompts", "--all"]);
    assert!(all["prompts"].as_array().unwrap().len() >= 120);
    let guilt = json(&["prompts", "--all", "--theme", "guilt"]);
    let guilt = guilt["prompts"].as_array().unwrap();
    assert!(guilt.len() >= 10 && guilt.iter().all(|prompt| prompt["theme"] == "guilt"));
    let german = json(&["prompts", "--locale", "de", "--effort", "tap"]);
    assert_eq!(
        (&german["locale"], &german["not_today"]),
        (&"de".into(), &"Heute nicht".into())
    );
    assert_eq!(german["prompts"][0]["locale"], "de");
    assert_eq!(german["prompts"][0]["effort"], "tap");

    run(&["prompts", "--theme", "money"], b"").fails(11, "gratitude");
    run(&["prompts", "--for", "boss"], b"").fails(11, "supporter");
    run(&["prompts", "--effort", "much"], b"").fails(11, "tap");
    run(&["prompts", "--locale", "tlh"], b"").fails(3, "de (in part)");
}

#[test]
fn cards_say_where_they_are_from() {
    let cards = json(&["cards"]);
    let cards = cards["cards"].as_array().unwrap();
    assert!(cards.len() >= 12);
    let id = text_of(&cards[0]["id"]);
    let one = json(&["cards", &id]);
    assert_eq!(one["cards"], Value::Array(vec![cards[0].clone()]));
    let words = run(&["cards", &id], b"");
    for part in [
        "It is said: ",
        "What is known: ",
        "How sure that is: ",
        "Source: ",
    ] {
        assert!(words.out.contains(part), "«{part}» is not in {words:?}");
    }
    run(&["cards", "no-such-card"], b"").fails(3, "sidelight cards");
}

#[test]
fn help_is_for_the_place_that_is_chosen_and_says_what_it_cannot_know() {
    let document = json(&["help-now", "--region", "nz"]);
    assert_eq!(document["region"]["code"], "NZ");
    assert_eq!(document["region"]["elsewhere"], false);
    assert_eq!(document["region"]["resources"][0]["reach"][0]["to"], "111");
    let words = run(&["help-now", "--region", "NZ"], b"");
    assert_eq!((words.code, words.err.as_str()), (0, ""));
    for part in [
        "call 1737",
        "text 1737",
        "0800 733 843",
        "Looked up in public sources on 20",
        "cannot know whether a line is open",
        "no record that you looked",
        "in its history",
    ] {
        assert!(words.out.contains(part), "«{part}» is not in {words:?}");
    }
    let german = run(&["help-now", "--region", "UK", "--locale", "de"], b"");
    assert!(german.out.contains("anrufen 116 123"), "{german:?}");
}

#[test]
fn without_a_place_help_lists_the_places_and_guesses_none() {
    for locale in ["en_NZ.UTF-8", "de_DE.UTF-8"] {
        let output = crate::run::program()
            .args(["--json", "help-now"])
            .env("LANG", locale)
            .env("LC_ALL", locale)
            .env("TZ", "Pacific/Auckland")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(document["region"].is_null(), "{document}");
        assert!(document["regions"].as_array().unwrap().len() >= 7);
    }
    let words = run(&["help-now"], b"");
    assert_eq!(words.code, 0);
    assert!(words.out.contains("Where are you?") && words.out.contains("  IE  Ireland"));
    assert!(
        words.out.contains("findahelpline.com"),
        "there is something in any case"
    );
}

#[test]
fn a_place_without_a_list_still_gets_something_to_call() {
    for place in ["FR", "", "nonsense", "../../etc/passwd", "\u{202e}"] {
        let ran = run(&["--json", "help-now", "--region", place], b"");
        let document = ran.json();
        assert_eq!(document["region"]["code"], "ZZ", "{place:?}");
        assert_eq!(document["region"]["elsewhere"], true, "{place:?}");
    }
}

/// Neither a missing home, nor one that is broken or locked, nor one that another command is
/// writing to stands in the way, and none of them is touched.
#[test]
fn help_needs_no_key_and_opens_no_journal() {
    let ana = Home::of("Ana");
    ana.write("kept");
    let key = ana.path().join("storage.key");
    fs::rename(&key, ana.path().join("taken away")).unwrap();
    ana.run(&["list"]).fails(4, "");
    let before = everything(&ana);
    assert_eq!(ana.run(&["help-now", "--region", "AU"]).code, 0);
    assert_eq!(everything(&ana), before);

    let nobody = Home::empty();
    assert_eq!(nobody.run(&["help-now", "--region", "AU"]).code, 0);
    assert!(!nobody.path().exists());

    let broken = Home::empty();
    fs::write(broken.path(), b"a file where the folder would be").unwrap();
    assert_eq!(broken.run(&["help-now", "--region", "AU"]).code, 0);
}

/// Every file of a home with its bytes and the time of its last change.
fn everything(home: &Home) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    let mut folders = vec![home.path()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = fs::metadata(&path).unwrap().modified().unwrap();
                found.push((
                    path.display().to_string(),
                    fs::read(&path).unwrap(),
                    changed,
                ));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_list_of_ones_own_is_used_and_warns_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("help.json");
    let list = r#"{"format": 1, "author": "us", "regions": [
        {"code": "ZZ", "name": "Our town", "resources": [{"id": "ours", "purpose": "distress",
        "name": "The neighbours", "reach": [{"channel": "call", "to": "5550100"}],
        "languages": ["en"], "audience": "everyone", "source": "our own list",
        "checked_on": "2020-01-01", "review_by": "2020-06-30"}]}]}"#;
    fs::write(&file, list).unwrap();
    let path = file.to_str().unwrap();
    let words = run(&["help-now", "--region", "ZZ", "--file", path], b"");
    assert_eq!((words.code, words.err.as_str()), (0, ""));
    for part in [
        "call 5550100",
        "checked again by 2020-06-30",
        "may have changed",
    ] {
        assert!(words.out.contains(part), "«{part}» is not in {words:?}");
    }
    let document = json(&["help-now", "--region", "ZZ", "--file", path]);
    assert_eq!(document["region"]["stale"], true);

    // A list that cannot be used is told, and the one that is built in is shown.
    for bytes in [
        &b"{"[..],
        &[0xc3, 0x28],
        &vec![b' '; 2 * 1024 * 1024],
        list.replace("5550100", "*21#").as_bytes(),
    ] {
        fs::write(&file, bytes).unwrap();
        let ran = run(
            &["--json", "help-now", "--region", "NZ", "--file", path],
            b"",
        );
        assert_eq!(ran.json()["region"]["code"], "NZ");
        assert!(
            ran.err.contains("built in") && ran.err.lines().count() == 1,
            "{ran:?}"
        );
    }
    let missing = folder.path().join("none");
    let ran = run(
        &[
            "help-now",
            "--region",
            "NZ",
            "--file",
            missing.to_str().unwrap(),
        ],
        b"",
    );
    assert!(ran.code == 0 && ran.out.contains("1737") && ran.err.contains("built in"));
}
