//! Everything that the crate `sidelight` offers reaches Swift and Kotlin, or is listed with the
//! reason why not: both are walked with `syn`, and compared by name.

mod left_out;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use left_out::{LEFT_OUT, OTHERWISE};

#[test]
fn all_that_sidelight_offers_is_here_or_is_left_out_for_a_reason() {
    let theirs = names("../client/src", Some("device"));
    let ours = names("src", None);
    assert!(theirs.len() > 350, "only {} names were seen", theirs.len());
    assert!(ours.len() > 350, "only {} names were seen", ours.len());
    let mut defects = Vec::new();
    for name in &theirs {
        let left_out = LEFT_OUT.iter().any(|(left_out, _)| covers(left_out, name));
        match (here(&ours, name), left_out) {
            (false, false) => defects.push(format!(
                "`{name}` is public in the crate sidelight; Swift and Kotlin do not have it. Add \
                 it to crates/ffi/src, or this line to LEFT_OUT in \
                 crates/ffi/tests/surface/left_out.rs:\n    (\"{name}\", \"not yet\"),"
            )),
            (true, true) => defects.push(format!(
                "`{name}` is in crates/ffi now; take it out of LEFT_OUT in \
                 crates/ffi/tests/surface/left_out.rs"
            )),
            _ => {}
        }
    }
    for (left_out, reason) in LEFT_OUT {
        assert!(!reason.is_empty());
        if !theirs.iter().any(|name| covers(left_out, name)) {
            defects.push(format!(
                "`{left_out}` is not in the crate sidelight any more; take it out of LEFT_OUT"
            ));
        }
    }
    for (name, otherwise) in OTHERWISE {
        if !ours.contains(*otherwise) {
            defects.push(format!(
                "`{name}` is to be here as `{otherwise}`, and is not"
            ));
        }
    }
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
}

#[test]
fn no_name_belongs_to_the_other_language() {
    for name in names("src", None) {
        let last = name.rsplit("::").next().unwrap_or(&name);
        assert_ne!(last, "close", "{name}: Kotlin's own");
        assert_ne!(last, "List", "{name}: it would hide Kotlin's own");
        // Of exceptions and errors in both languages.
        let message = last == "message" && !name.starts_with("Reach::");
        assert!(!message, "{name}: exceptions own it");
    }
}

#[test]
fn the_walk_would_notice_what_is_missing() {
    let theirs =
        walk::names_in("pub struct Journal; impl Journal { pub async fn search(&self) {} }");
    let ours = walk::names_in("pub struct Journal; impl Journal { fn search(&self) {} }");
    assert!(here(&ours, "Journal") && !here(&ours, "Journal::search"));
    assert!(here(&theirs, "Journal::search"));
    assert!(covers("Journal::*", "Journal::search") && !covers("Journal", "Journal::search"));
}

/// Whether a name is here, under its own name or another.
fn here(ours: &BTreeSet<String>, name: &str) -> bool {
    let exact = OTHERWISE.iter().find(|(theirs, _)| *theirs == name);
    if let Some((_, otherwise)) = exact {
        return ours.contains(*otherwise);
    }
    let (of, rest) = name.split_once("::").unwrap_or((name, ""));
    let renamed = OTHERWISE.iter().find(|(theirs, _)| *theirs == of);
    let of = renamed.map_or(of, |(_, otherwise)| otherwise);
    match rest {
        "" => ours.contains(of),
        rest => ours.contains(&format!("{of}::{rest}")),
    }
}

/// Whether an entry of the list is this name, or `Of::*` and the name is one of `Of`.
fn covers(left_out: &str, name: &str) -> bool {
    match left_out.strip_suffix("::*") {
        Some(of) => name.split_once("::").is_some_and(|(first, _)| first == of),
        None => left_out == name,
    }
}

/// Public names below a folder, but for one module.
fn names(folder: &str, without: Option<&str>) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names = BTreeSet::new();
    for path in walk::files(&folder) {
        if without.is_some_and(|without| path.starts_with(folder.join(without))) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        names.extend(walk::names_in(&text));
    }
    names
}
