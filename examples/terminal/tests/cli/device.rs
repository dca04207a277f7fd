//! Own devices: linked, listed, removed.

use crate::run::{Couple, Home, text_of};

/// Links a home without a journal to `old`'s person.
pub(crate) fn linked(old: &Home, name: &str) -> Home {
    let new = Home::empty();
    let link = text_of(&old.json(&["device", "link", "--no-wait"])["link"]);
    let joined = new.json(&["device", "join", "--no-wait", "--name", name, &link]);
    assert_eq!(joined["own_device"], true);
    old.sync();
    new.sync();
    old.sync();
    new.sync();
    let seen = |home: &Home| home.json(&["status"])["pairing"]["comparison"].clone();
    assert_eq!(seen(old), seen(&new));
    assert_eq!(seen(old).as_array().map(Vec::len), Some(7));
    old.json(&["confirm", "--yes"]);
    new.json(&["confirm", "--yes"]);
    old.sync();
    new.sync();
    new
}

#[test]
fn a_linked_device_has_everything_and_a_removed_one_gets_nothing_more() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["write", "for myself"]);
    ana.json(&["write", "--share", "for both"]);
    let tablet = linked(ana, "tablet");
    tablet.sync();
    assert_eq!(tablet.texts().len(), 2);
    assert!(!tablet.json(&["status"])["partner"].is_null());
    tablet.json(&["write", "--share", "from the tablet"]);
    tablet.sync();
    ana.sync();
    ben.sync();
    assert_eq!(ana.texts().len(), 3);
    assert_eq!(ben.texts().len(), 2);

    let devices = ana.json(&["device", "list"]);
    assert_eq!(devices[0]["this"], true);
    assert_eq!(devices[1]["name"], "tablet");
    let warnings = ana.json(&["status"])["warnings"].clone();
    assert_eq!(warnings[0]["kind"], "device_linked");
    assert!(
        text_of(&warnings[0]["text"]).contains("«tablet»"),
        "{warnings}"
    );
    let id = text_of(&devices[1]["id"]);
    ana.run(&["device", "remove", &text_of(&devices[0]["id"])])
        .fails(11, "the device that you hold");
    ana.run(&["device", "remove", "ffff0000"])
        .fails(3, "no such device");
    assert_eq!(ana.json(&["device", "remove", &id[..6]])["removed"], id);
    ana.json(&["write", "--share", "not for the tablet"]);
    ana.sync();
    ben.sync();
    tablet.run(&["sync"]);
    assert_eq!(tablet.texts().len(), 3);
    assert_eq!(ben.texts().len(), 3);
    tablet
        .run(&["write", "too late"])
        .fails(6, "this device was removed");
    assert_eq!(
        ana.json(&["device", "list"]).as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_link_is_for_a_home_without_a_journal_and_for_a_device_only() {
    let couple = Couple::apart();
    let (ana, ben) = (&couple.ana, &couple.ben);
    let invitation = couple.invite();
    let blank = Home::empty();
    blank
        .run(&[
            "device",
            "join",
            "--no-wait",
            "--name",
            "phone",
            &invitation,
        ])
        .fails(11, "an invitation for a partner");
    let link = text_of(&ana.json(&["device", "link", "--no-wait"])["link"]);
    ben.run(&["join", "--no-wait", &link])
        .fails(11, "for a new device of the person who made it");
    ben.run(&["device", "join", "--no-wait", "--name", "phone", &link])
        .fails(11, "a journal has begun here already");
    ana.run(&["join", "--no-wait", &link])
        .fails(11, "open it on the new one");
    // A home where linking failed can still begin a journal of its own.
    blank.json(&["init", "--name", "Cy"]);
}
