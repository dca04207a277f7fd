//! Evidence, made and checked by commands.

use std::fs;

use crate::run::{Couple, Home};

#[test]
fn evidence_is_checked_without_a_home_and_refused_once_it_was_changed() {
    let couple = Couple::paired();
    couple.ana.json(&["write", "--share", "from Ana"]);
    couple.ana.sync();
    couple.ben.sync();
    couple.ben.write("for Ben alone");
    let folder = couple.ben.dir.path().join("out");
    let folder = folder.to_str().unwrap();
    let made = couple.ben.json(&[
        "export", "--format", "evidence", "--scope", "received", folder,
    ]);
    assert_eq!(
        (&made["entries"], &made["unproved"]),
        (&1.into(), &0.into())
    );
    let path = made["path"].as_str().unwrap();

    // Whoever checks has no journal.
    let stranger = Home::empty();
    let page = stranger.dir.path().join("page.html");
    let page = page.to_str().unwrap();
    let proved = stranger.json(&["verify", path, "--html", page]);
    assert_eq!(proved["entries"], 1);
    let anas = couple.ana.json(&["status"])["person"].clone();
    let persons = proved["persons"].as_array().unwrap();
    let author = persons
        .iter()
        .find(|person| person["entries"] == 1)
        .unwrap();
    assert_eq!(author["name"], "Ana");
    assert!(
        author["id"]
            .as_str()
            .unwrap()
            .starts_with(anas.as_str().unwrap())
    );
    let shown = fs::read_to_string(page).unwrap();
    assert!(shown.contains("from Ana") && !shown.contains("for Ben alone"));
    let said = stranger.run(&["verify", path]);
    assert!(
        said.out.contains("It does not prove who these persons are"),
        "{said:?}"
    );
    // A page that is there stays as it is.
    stranger
        .run(&["verify", path, "--html", page])
        .fails(11, "another place");

    let entries = format!("{path}/entries.json");
    let text = fs::read_to_string(&entries).unwrap();
    fs::write(&entries, text.replace("from Ana", "from Eve")).unwrap();
    stranger
        .run(&["verify", path])
        .fails(11, "entries.json was changed");
    stranger
        .run(&["verify", "nowhere"])
        .fails(11, "no such folder");
}
