//! Where the storage key is kept: under a passphrase, in a file, with a secret service.

use std::fs;

use crate::run::{Home, Ran, text_of};

const WORDS: &str = "a kettle, two owls, nine steps";
const OTHER: &str = "quiet lamp under the third bridge";

/// Passphrases come as lines of standard input.
const HANDED: [(&str, &str); 2] = [
    ("SIDELIGHT_PASSPHRASE_FD", "0"),
    ("SIDELIGHT_NEW_PASSPHRASE_FD", "0"),
];

/// A journal under a passphrase, which a test unlocks in a session of its own or not at all.
fn under(words: &str) -> Home {
    let home = Home::empty();
    let begun = with(
        &home,
        &["init", "--name", "Ana", "--keys", "passphrase"],
        &[words],
    );
    assert_eq!(begun.code, 0, "{begun:?}");
    home
}

/// Runs with these passphrases, a line each.
fn with(home: &Home, arguments: &[&str], passphrases: &[&str]) -> Ran {
    let lines: String = passphrases
        .iter()
        .map(|words| format!("{words}\n"))
        .collect();
    home.run_in(&HANDED, arguments, lines.as_bytes())
}

fn texts(home: &Home, words: &str) -> Vec<String> {
    let list = with(home, &["--json", "list"], &[words]).json();
    let entries = list["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| text_of(&entry["text"]))
        .collect()
}

fn storage_key(home: &Home, words: &str) -> serde_json::Value {
    with(home, &["--json", "status"], &[words]).json()["storage_key"].clone()
}

#[test]
fn without_a_choice_a_script_gets_a_file_and_status_says_so() {
    let ana = Home::of("Ana");
    let key = &ana.json(&["status"])["storage_key"];
    assert_eq!(key["kept_in"], "file");
    assert!(key["unlocked"].is_null());
    assert_eq!(key["also_in"], serde_json::json!([]));
    // Nothing is locked, and nothing can be.
    assert_eq!(ana.json(&["unlock"])["unlocked"], true);
    ana.run(&["lock"]).fails(11, "keys move passphrase");
    ana.run(&["keys", "passphrase"])
        .fails(11, "keys move passphrase");
}

#[test]
fn under_a_passphrase_the_journal_opens_with_it_and_not_without() {
    let ana = under(WORDS);
    assert_eq!(with(&ana, &["write", "for me"], &[WORDS]).code, 0);
    assert_eq!(texts(&ana, WORDS), ["for me"]);
    assert_eq!(storage_key(&ana, WORDS)["kept_in"], "passphrase");
    assert_eq!(storage_key(&ana, WORDS)["unlocked"], false);
    // Without a terminal nobody is asked.
    for command in [&["list"][..], &["write", "x"], &["status"], &["unlock"]] {
        ana.run(command).fails(4, "SIDELIGHT_PASSPHRASE_FD");
    }
    // A wrong one is one sentence, whatever the command.
    for wrong in ["", "a kettle", OTHER] {
        with(&ana, &["list"], &[wrong]).fails(4, "does not open the storage key");
        with(&ana, &["write", "x"], &[wrong]).fails(4, "does not open the storage key");
    }
    with(&ana, &["init", "--name", "Ana"], &[WORDS]).fails(11, "has begun here already");
    assert_eq!(texts(&ana, WORDS), ["for me"]);
    // No other key lies about, and no passphrase.
    assert!(!ana.path().join("storage.key").exists());
    let sealed = fs::read(ana.path().join("storage.key.sealed")).unwrap();
    assert_eq!(sealed.len(), 91);
}

#[test]
fn a_passphrase_that_is_too_short_or_missing_begins_nothing() {
    for (words, part) in [("short", "8 to 1,024 bytes"), ("", "8 to 1,024 bytes")] {
        let ana = Home::empty();
        with(
            &ana,
            &["init", "--name", "Ana", "--keys", "passphrase"],
            &[words],
        )
        .fails(11, part);
        assert!(!ana.path().exists());
    }
    let ana = Home::empty();
    ana.run(&["init", "--name", "Ana", "--keys", "passphrase"])
        .fails(11, "SIDELIGHT_NEW_PASSPHRASE_FD");
    for (descriptor, part) in [("three", "no file descriptor"), ("97", "can be read")] {
        ana.run_in(
            &[("SIDELIGHT_NEW_PASSPHRASE_FD", descriptor)],
            &["init", "--name", "Ana", "--keys", "passphrase"],
            b"",
        )
        .fails(11, part);
    }
    assert!(!ana.path().exists());
}

#[test]
fn another_passphrase_opens_and_the_former_one_no_more() {
    let ana = under(WORDS);
    with(&ana, &["write", "kept"], &[WORDS]);
    with(&ana, &["keys", "passphrase"], &[OTHER, "not reached"])
        .fails(4, "does not open the storage key");
    with(&ana, &["keys", "passphrase"], &[WORDS, "short"]).fails(11, "8 to 1,024 bytes");
    assert_eq!(texts(&ana, WORDS), ["kept"]);
    let changed = with(&ana, &["--json", "keys", "passphrase"], &[WORDS, OTHER]);
    assert_eq!(changed.json()["changed"], true);
    assert_eq!(texts(&ana, OTHER), ["kept"]);
    with(&ana, &["list"], &[WORDS]).fails(4, "does not open the storage key");
}

#[test]
fn the_key_moves_and_is_nowhere_else_then() {
    let ana = Home::of("Ana");
    ana.write("kept");
    let (file, sealed) = (
        ana.path().join("storage.key"),
        ana.path().join("storage.key.sealed"),
    );
    let key = fs::read(&file).unwrap();
    ana.run(&["keys", "move", "file"])
        .fails(11, "there already");
    ana.run(&["keys", "move", "passphrase"])
        .fails(11, "SIDELIGHT_NEW_PASSPHRASE_FD");
    assert!(file.exists(), "what failed moved nothing");

    let moved = with(&ana, &["--json", "keys", "move", "passphrase"], &[WORDS]).json();
    assert_eq!(moved["kept_in"], "passphrase");
    assert_eq!(moved["removed_from"], serde_json::json!(["file"]));
    assert!(!file.exists() && sealed.exists());
    assert_eq!(texts(&ana, WORDS), ["kept"]);

    // A move that was killed midway leaves both. The safer one counts; `status` tells of the
    // other, and the same command ends it.
    fs::write(&file, &key).unwrap();
    assert_eq!(
        storage_key(&ana, WORDS)["also_in"],
        serde_json::json!(["file"])
    );
    ana.run(&["list"]).fails(4, "");
    with(&ana, &["keys", "move", "passphrase"], &[WORDS]).done();
    assert!(!file.exists());

    // Back, over what another move has left behind there.
    fs::write(&file, [9; 32]).unwrap();
    with(&ana, &["keys", "move", "file"], &[OTHER]).fails(4, "does not open");
    assert!(sealed.exists());
    with(&ana, &["keys", "move", "file"], &[WORDS]).done();
    assert!(file.exists() && !sealed.exists());
    assert_eq!(fs::read(&file).unwrap(), key);
    assert_eq!(ana.texts(), ["kept"]);
}

#[test]
fn a_key_that_does_not_open_the_journal_is_not_moved() {
    let ana = Home::of("Ana");
    let file = ana.path().join("storage.key");
    let key = fs::read(&file).unwrap();
    fs::write(&file, [9; 32]).unwrap();
    with(&ana, &["keys", "move", "passphrase"], &[WORDS]).fails(4, "");
    assert!(!ana.path().join("storage.key.sealed").exists());
    fs::write(&file, key).unwrap();
    let nobody = Home::empty();
    with(&nobody, &["keys", "move", "passphrase"], &[WORDS]).fails(3, "");
    for command in [&["lock"][..], &["unlock"], &["keys", "passphrase"]] {
        nobody.run(command).fails(3, "no journal has begun");
    }
    assert!(!nobody.path().exists());
}

/// In the keyring of whoever runs the tests, under the name of this home alone, and taken away again.
#[cfg(target_os = "linux")]
#[test]
fn unlocked_for_a_session_until_it_is_locked() {
    let ana = under(WORDS);
    let other = under(OTHER);
    with(&ana, &["write", "kept"], &[WORDS]);
    let unlocked = with(&ana, &["--json", "unlock", "--minutes", "5"], &[WORDS]);
    if unlocked.code == 4 && unlocked.err.contains("the kernel keeps no key") {
        eprintln!("left out: this kernel keeps no keys, so `unlock` was not tried");
        return;
    }
    assert_eq!(unlocked.json()["minutes"], 5);
    // From here on nobody is asked, in any process of the session, and for this home alone.
    assert_eq!(ana.texts(), ["kept"]);
    ana.write("without a word");
    let key = &ana.json(&["status"])["storage_key"];
    assert_eq!(
        (&key["kept_in"], &key["unlocked"]),
        (&"passphrase".into(), &true.into())
    );
    other.run(&["list"]).fails(4, "SIDELIGHT_PASSPHRASE_FD");

    assert_eq!(ana.json(&["lock"])["locked"], true);
    ana.run(&["list"]).fails(4, "SIDELIGHT_PASSPHRASE_FD");
    assert_eq!(ana.json(&["lock"])["locked"], true, "twice is no harm");

    // Another passphrase locks too, and so does a move.
    with(&ana, &["unlock"], &[WORDS]).done();
    with(&ana, &["keys", "passphrase"], &[WORDS, OTHER]).done();
    ana.run(&["list"]).fails(4, "SIDELIGHT_PASSPHRASE_FD");
    with(&ana, &["unlock"], &[WORDS]).fails(4, "does not open the storage key");
    ana.run(&["list"]).fails(4, "SIDELIGHT_PASSPHRASE_FD");
}

/// The secret for private entries comes as lines of standard input.
const SECRET: [(&str, &str); 2] = [
    ("SIDELIGHT_PRIVATE_FD", "0"),
    ("SIDELIGHT_NEW_PRIVATE_FD", "0"),
];

#[test]
fn private_entries_are_shown_with_their_secret_only() {
    let ana = Home::of("Ana");
    ana.write("hers alone");
    let secret = |arguments: &[&str], lines: &str| ana.run_in(&SECRET, arguments, lines.as_bytes());
    let words = format!("{WORDS}\n");
    secret(&["private", "begin"], &words).fails(11, "recovery words");
    let shown = ana.json(&["recovery", "begin"]);
    let shown = shown["words"].as_array().unwrap().iter().map(text_of);
    let shown = shown.collect::<Vec<_>>().join(" ");
    let checked = ana.run_with(&["recovery", "check"], shown.as_bytes());
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(ana.json(&["status"])["private_entries"], "no_secret");
    ana.run(&["private", "lock"]).fails(11, "private begin");
    ana.run(&["private", "begin"])
        .fails(11, "SIDELIGHT_NEW_PRIVATE_FD");
    assert_eq!(secret(&["private", "begin"], &words).code, 0);

    assert_eq!(ana.json(&["status"])["private_entries"], "locked");
    assert!(ana.texts().is_empty());
    ana.run(&["write", "not now"]).fails(4, "unlock");
    ana.run(&["private", "unlock"])
        .fails(4, "SIDELIGHT_PRIVATE_FD");
    secret(&["list"], &format!("{OTHER}\n")).fails(4, "does not open your private entries");
    let list = secret(&["--json", "list"], &words).json();
    assert_eq!(text_of(&list["entries"][0]["text"]), "hers alone");
    assert_eq!(secret(&["write", "one more"], &words).code, 0);
    assert_eq!(ana.json(&["private", "lock"])["private_entries"], "locked");

    let both = format!("{WORDS}\n{OTHER}\n");
    assert_eq!(secret(&["private", "change"], &both).code, 0);
    secret(&["list"], &words).fails(4, "does not open your private entries");
    let ended = secret(&["--json", "private", "end"], &format!("{OTHER}\n")).json();
    assert_eq!(ended["private_entries"], "no_secret");
    assert_eq!(ana.texts().len(), 2);
}
