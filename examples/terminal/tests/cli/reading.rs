//! Finding, threads, earlier words, other years; and sharing with second thoughts.

use crate::run::{Couple, Home, text_of};

#[test]
fn entries_are_found_by_words_kind_tag_author_and_day() {
    let ana = Home::of("Ana");
    ana.json(&["write", "--date", "2024-05-06", "Walked by the Rivière"]);
    ana.json(&["write", "--kind", "gratitude", "for the river"]);
    let found = |arguments: &[&str]| {
        let page = ana.json(arguments);
        let entries = page["entries"].as_array().unwrap().iter();
        entries
            .map(|entry| text_of(&entry["text"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&["search", "RIVIERE"]), ["Walked by the Rivière"]);
    assert_eq!(found(&["search", "riv"]).len(), 2);
    assert_eq!(found(&["search", "\"the river\""]), ["for the river"]);
    assert_eq!(
        found(&["search", "riv", "--kind", "gratitude"]),
        ["for the river"]
    );
    assert_eq!(
        found(&["list", "--to", "2024-12-31"]),
        ["Walked by the Rivière"]
    );
    assert_eq!(found(&["list", "--author", "me"]).len(), 2);
    assert!(found(&["list", "--author", "partner"]).is_empty());
    assert!(found(&["list", "--tag", "sea"]).is_empty());
    assert_eq!(found(&["drafts", "--kind", "moment"]).len(), 1);
    let words = ana.run(&["search", "zeppelin"]).out;
    assert!(words.contains("Nothing has these words"), "{words}");
    ana.run(&["list", "--from", "2024-02-30"])
        .fails(11, "no day");
    ana.run(&["search", "riv", "--before", "nowhere"])
        .fails(11, "no place in the list");
}

#[test]
fn an_editor_changes_a_text_and_history_tells_what_it_said() {
    let ana = Home::of("Ana");
    let id = ana.write("tea at noon");
    let editor = [("EDITOR", "sed -i s/tea/coffee/"), ("VISUAL", "")];
    ana.run_in(&editor, &["edit", &id], b"").done();
    assert_eq!(ana.texts(), ["coffee at noon"]);
    let broken = [("EDITOR", "false"), ("VISUAL", "")];
    ana.run_in(&broken, &["edit", &id], b"")
        .fails(11, "nothing was changed");
    let none = [("EDITOR", ""), ("VISUAL", "")];
    ana.run_in(&none, &["edit", &id], b"")
        .fails(11, "no editor");
    let history = ana.json(&["history", &id]);
    assert_eq!(history["amendments"][0]["text"], "tea at noon");
    assert_eq!(history["amendments"][1]["text"], "coffee at noon");
    let words = ana.run(&["history", &id]).out;
    assert!(words.contains("tea at noon\n\n"), "{words}");

    let answer = ana.json(&["write", "--reply-to", &id, "or cocoa"]);
    let shown = ana.json(&["show", &id]);
    assert_eq!(shown["replies"][0]["id"], answer["id"]);
    assert_eq!(shown["replies"][0]["kind"], "reply");
    assert!(ana.run(&["show", &id]).out.contains("or cocoa"));

    ana.json(&["write", "--date", "2023-08-01", "a year"]);
    let asked = ["on-this-day", "--date", "2026-08-01"];
    ana.run(&asked).fails(11, "turn that on first");
    ana.json(&["on-this-day", "--on"]);
    assert_eq!(ana.json(&asked)["entries"][0]["text"], "a year");
    ana.json(&["on-this-day", "--off"]);
    ana.run(&asked).fails(11, "turn that on first");
}

#[test]
fn what_is_held_goes_when_it_is_released_and_nothing_of_what_is_retracted_before() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    let (id, other) = (ana.write("said in anger"), ana.write("said with care"));
    for id in [&id, &other] {
        ana.json(&["hold", id, "--for", "60"]);
    }
    assert_eq!(ana.json(&["held"])["held"].as_array().unwrap().len(), 2);
    let retracted = ana.json(&["retract", &id]);
    assert_eq!(retracted["retracted"], "held");
    ana.json(&["release", &other]);
    assert!(
        ana.run(&["held"])
            .out
            .contains("Nothing is held on this device")
    );
    let now = ana.write("at once");
    ana.json(&["hold", &now, "--for", "0"]);
    let chosen = ana.write("of some day");
    ana.run(&["share", &chosen, "--fields", "text,tags"])
        .fails(11, "no field of this name");
    let copy = ana.json(&["share", &chosen, "--fields", "text"]);
    let copy = text_of(&copy["shared"][0]["id"]);
    ana.sync();
    ben.sync();
    let mut texts = ben.texts();
    texts.sort();
    assert_eq!(texts, ["at once", "of some day", "said with care"]);

    let retracted = ana.json(&["retract", &copy]);
    assert_eq!(retracted["retracted"], "everywhere");
    assert!(text_of(&retracted["meaning"]).contains("nobody can take back"));
    ana.sync();
    ben.sync();
    let list = ben.run(&["list"]).out;
    assert!(
        list.contains("(taken back)") && !list.contains("of some day"),
        "{list}"
    );
    ana.run(&["retract", &id])
        .fails(11, "was never shared from here");
}
