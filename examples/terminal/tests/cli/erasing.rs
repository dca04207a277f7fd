//! Taking back, over a real relay.

use std::path::Path;

use crate::run::{Couple, Home, text_of};

/// How many bytes of a folder's files are not zero: what is dropped is overwritten with zeros.
fn filled(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        count += if path.is_dir() {
            filled(&path)
        } else {
            let bytes = std::fs::read(path).unwrap();
            bytes.iter().filter(|byte| **byte != 0).count()
        };
    }
    count
}

#[test]
fn what_is_erased_goes_from_the_relays_files_and_from_the_partners_list() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["write", "--share", "this stays"]);
    ana.sync();
    let before = filled(couple.relay_data.path());
    let long = "this I take back. ".repeat(4000);
    let written = ana.run_with(&["--json", "write", "--share", "-"], long.as_bytes());
    let id = text_of(&written.json()["id"]);
    ana.sync();
    ben.sync();
    assert_eq!(ben.texts(), [long.trim_end_matches('\n'), "this stays"]);
    let (with, at_ana) = (filled(couple.relay_data.path()), filled(&ana.path()));
    assert!(with > before + 70_000, "{before}, then {with}");

    ben.run(&["erase", "--yes", &id])
        .fails(11, "your partner's");
    ana.run(&["erase", &id]).fails(11, "nobody can be asked");
    let erased = ana.json(&["erase", "--yes", &id]);
    assert_eq!(erased["erased"][0]["id"], *id);
    assert_eq!(erased["erased"][0]["from"], "everywhere");
    // Gone here at once: what is shown of it, and its envelope. Its document is compressed.
    let left = filled(&ana.path());
    assert!(left + 140_000 < at_ana, "{at_ana}, then {left}");
    assert_eq!(ana.sync()["up_to_date"], true);
    let after = filled(couple.relay_data.path());
    assert!(after + 60_000 < with, "{before}, {with}, then {after}");

    ben.sync();
    for home in [ana, ben] {
        let list = home.json(&["list"]);
        // The day stays, the place within it does not.
        assert_eq!(list["entries"][0]["text"], "this stays");
        assert_eq!(list["entries"][1]["taken_back"], true);
        assert_eq!(list["entries"][1]["text"], "");
        assert_eq!(home.json(&["status"])["entries"], 1);
        assert!(
            home.json(&["status"])["warnings"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        let words = home.run(&["list"]).out;
        assert!(
            words.contains("(taken back)") && !words.contains("this I"),
            "{words}"
        );
    }
    ana.run(&["show", &id]).fails(3, "you took this entry back");
    ben.run(&["show", &id])
        .fails(3, "the one who wrote this entry took it back");
}

#[test]
fn what_is_private_leaves_nothing_to_be_seen() {
    let ana = Home::of("Ana");
    let (gone, stays) = (ana.write("for nobody"), ana.write("for me"));
    ana.json(&["erase", "--yes", &gone[..8]]);
    assert_eq!(ana.texts(), ["for me"]);
    ana.run(&["show", &gone])
        .fails(3, "you took this entry back");
    ana.run(&["erase", "--yes", "0000000000"])
        .fails(3, "no such entry");
    assert_eq!(ana.json(&["show", &stays])["text"], "for me");
}
