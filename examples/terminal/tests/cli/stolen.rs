//! A whole life with one relay, each step a process of its own: two who pair by a link and link a
//! phone each; one phone is stolen and removed, the other side loses everything and comes back
//! with the words; one leaves quietly, begins anew, and they pair once more.

use std::fs;
use std::path::Path;

use crate::device::linked;
use crate::recovery::{compare_again, words};
use crate::run::{Couple, Home, text_of};

/// A thief's copy of a home, with the file that the storage key lies in.
fn copied(home: &Home) -> Home {
    let copy = Home::empty();
    copy_folder(&home.path(), &copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&path, &to);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(path, to).unwrap();
        }
    }
}

/// Shown, written down, checked.
fn kept_words(home: &Home) -> String {
    let words = words(home).join(" ");
    let checked = home.run_with(&["--json", "recovery", "check"], words.as_bytes());
    assert_eq!(checked.json()["checked"], true);
    words
}

fn share(home: &Home, text: &str) {
    home.json(&["write", "--share", text]);
    home.sync();
}

fn sorted(home: &Home) -> Vec<String> {
    let mut texts = home.texts();
    texts.sort();
    texts
}

#[test]
fn a_stolen_phone_a_lost_journal_a_quiet_end_and_a_new_beginning() {
    let couple = Couple::paired();
    let (ana, ben, address) = (&couple.ana, &couple.ben, &couple.relay.address);
    let (anas_words, bens_words) = (kept_words(ana), kept_words(ben));
    assert_ne!(anas_words, bens_words);
    let (anas_phone, bens_phone) = (linked(ana, "phone"), linked(ben, "phone"));

    // All four write and read.
    ana.write("hers alone");
    share(ana, "from ana");
    share(&anas_phone, "from ana's phone");
    ben.write("his alone");
    share(ben, "from ben");
    share(&bens_phone, "from ben's phone");
    for home in [ana, &anas_phone, ben, &bens_phone] {
        home.sync();
    }
    let both = [
        "from ana",
        "from ana's phone",
        "from ben",
        "from ben's phone",
    ];
    for (homes, alone) in [
        ([ana, &anas_phone], "hers alone"),
        ([ben, &bens_phone], "his alone"),
    ] {
        for home in homes {
            let mut all: Vec<String> = both.iter().map(|text| (*text).to_owned()).collect();
            all.push(alone.to_owned());
            all.sort();
            assert_eq!(sorted(home), all);
        }
    }

    // Ana's phone is stolen, unlocked, and copied twice before she removes it.
    let (thief, late_thief) = (copied(&anas_phone), copied(&anas_phone));
    let before = sorted(&thief);
    assert_eq!(before.len(), 5, "what it had, it has");
    let devices = ana.json(&["device", "list"]);
    let phone = devices.as_array().unwrap();
    let phone = phone.iter().find(|device| device["name"] == "phone");
    ana.json(&["device", "remove", &text_of(&phone.unwrap()["id"])]);
    ana.write("hers alone, after the theft");
    share(ana, "from ana, after the theft");
    ben.sync();
    share(ben, "from ben, after the theft");
    ana.sync();
    for _ in 0..3 {
        let _ = thief.run(&["sync"]);
    }
    assert_eq!(sorted(&thief), before, "nothing sealed afterwards opens");
    thief
        .run(&["write", "--share", "by the thief"])
        .fails(6, "this device was removed");
    // The other copy writes before it has heard of that: nobody takes it in.
    late_thief.json(&["write", "--share", "by the thief"]);
    late_thief.json(&["write", "by the thief, in her name"]);
    for _ in 0..3 {
        let _ = late_thief.run(&["sync"]);
    }
    for text in sorted(&late_thief) {
        assert!(!text.ends_with("after the theft"));
    }
    for home in [ana, ben, &bens_phone, ana, ben] {
        home.sync();
        for text in home.texts() {
            assert!(!text.starts_with("by the thief"), "{text}");
        }
    }

    // Ben loses both devices. The words and the relay's address bring all of it back.
    let bens = sorted(ben);
    assert_eq!(bens.len(), 7);
    let back = Home::empty();
    let recover = [
        "--json",
        "recover",
        "--relay",
        address,
        "--device",
        "new phone",
    ];
    let recovered = back.run_with(&recover, bens_words.as_bytes()).json();
    assert_eq!(recovered["recovered"], true);
    assert_eq!(recovered["partner"], "Ana");
    back.sync();
    assert_eq!(sorted(&back), bens);
    back.run(&["write", "--share", "too early"])
        .fails(5, "compare once more");
    compare_again(&back, ana);
    share(&back, "from ben, who is back");
    ana.sync();
    assert!(ana.texts().contains(&"from ben, who is back".to_owned()));
    // What he lost is out.
    let _ = bens_phone.run(&["sync"]);
    assert!(
        !bens_phone
            .texts()
            .contains(&"from ben, who is back".to_owned())
    );
    bens_phone
        .run(&["write", "too late"])
        .fails(6, "this device was removed");

    // Ana leaves quietly, and begins anew: nobody hears of either.
    let heard = |home: &Home| {
        let status = home.json(&["status"]);
        (status["partner"].clone(), status["warnings"].clone())
    };
    let quiet = heard(&back);
    ana.json(&["leave", "--quiet"]);
    let (had, person) = (sorted(ana), ana.json(&["status"])["person"].clone());
    let anew = ana.json(&["refound", "--yes"]);
    assert_eq!(anew["kept"], 5, "what she wrote herself");
    assert_ne!(ana.json(&["status"])["person"], person);
    assert_eq!(sorted(ana), had, "and what she had, she has");
    ana.sync();
    back.sync();
    assert_eq!(quiet.0["name"], "Ana");
    assert_eq!(heard(&back), quiet);

    // Much later they pair once more, and nothing of before is shared by that.
    back.json(&["leave", "--quiet"]);
    let link = text_of(&ana.json(&["invite", "--no-wait"])["link"]);
    ana.sync();
    back.json(&["join", "--no-wait", &link]);
    for home in [&back, ana, &back] {
        home.sync();
    }
    for home in [ana, &back] {
        home.json(&["confirm", "--yes"]);
    }
    for home in [ana, &back, ana] {
        home.sync();
    }
    let before = sorted(&back);
    share(ana, "from ana, anew");
    back.sync();
    share(&back, "from ben, anew");
    ana.sync();
    let mut after = before;
    after.extend(["from ana, anew", "from ben, anew"].map(str::to_owned));
    after.sort();
    assert_eq!(sorted(&back), after, "only what was written since came");
    assert!(ana.texts().contains(&"from ben, anew".to_owned()));
}
