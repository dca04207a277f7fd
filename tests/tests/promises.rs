//! `docs/promises.md` names tests that exist.

use std::path::Path;

/// The lists that the design took over: 28 of cryptography, 22 of the people's safety.
#[test]
fn every_promise_of_the_two_lists_is_held_or_said_to_be_open() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/promises.md")).expect("the list");
    let ids: Vec<&str> = page
        .split(|character: char| !character.is_ascii_alphanumeric())
        .collect();
    for (letter, count) in [('C', 28), ('D', 22)] {
        for number in 1..=count {
            let id = format!("{letter}{number}");
            assert!(ids.contains(&id.as_str()), "{id} is nowhere in the list");
        }
    }
}

#[test]
fn every_promise_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let promises = std::fs::read_to_string(root.join("docs/promises.md")).expect("the list");
    let mut named = 0;
    for line in promises
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("::"))
    {
        let cell = line.split('|').nth(2).expect("a second column").trim();
        let (file, name) = cell
            .trim_matches('`')
            .split_once("::")
            .expect("file and test");
        let source = std::fs::read_to_string(root.join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let at = source
            .find(&format!("fn {name}("))
            .unwrap_or_else(|| panic!("{file} has no {name}"));
        let before = &source[at.saturating_sub(200)..at];
        assert!(
            before.contains("test]") || before.contains("test("),
            "{name} is no test"
        );
        named += 1;
    }
    assert!(named >= 45, "only {named} promises were read");
}

/// What the design promises couples is numbered D1 to D22: each stands there, with a test or with
/// the reason why it has none yet.
#[test]
fn each_of_the_promises_to_couples_is_on_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let promises = std::fs::read_to_string(root.join("docs/promises.md")).expect("the list");
    let words: Vec<&str> = promises.split(|c: char| !c.is_alphanumeric()).collect();
    for number in 1..=22 {
        let name = format!("D{number}");
        assert!(words.contains(&name.as_str()), "{name} is not on the list");
    }
}
