//! New keys, and leaving: with a word, or quietly.

use crate::run::Couple;

#[test]
fn after_a_rotation_both_go_on_reading_and_writing() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["write", "--share", "under the first keys"]);
    ana.sync();
    assert_eq!(ana.json(&["rotate"])["rotated"], true);
    ana.json(&["write", "--share", "under new keys"]);
    ana.sync();
    // Ben reads the new epoch's record, then its mailbox; both in one sync.
    ben.sync();
    assert_eq!(ben.texts(), ["under new keys", "under the first keys"]);
    ben.json(&["write", "--share", "and back"]);
    ben.sync();
    ana.sync();
    assert_eq!(ana.texts().len(), 3);
}

#[test]
fn who_leaves_keeps_everything_and_the_other_is_told() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["write", "--share", "we had this"]);
    ana.sync();
    ben.sync();
    assert_eq!(ana.json(&["leave"])["quiet"], false);
    assert!(ana.json(&["status"])["partner"].is_null());
    ana.sync();
    ben.sync();
    let status = ben.json(&["status"]);
    assert!(status["partner"].is_null());
    assert_eq!(status["warnings"][0]["kind"], "partner_left");
    assert_eq!(
        (ana.texts(), ben.texts()),
        (
            vec!["we had this".to_owned()],
            vec!["we had this".to_owned()]
        )
    );
    ana.run(&["write", "--share", "no more"])
        .fails(5, "no partner");
    ana.run(&["leave"]).fails(5, "no shared journal");
}

#[test]
fn leaving_quietly_is_to_the_partner_as_writing_nothing() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.sync();
    ben.sync();
    let before = ben.json(&["status"]);
    ana.json(&["write", "--share", "written, and never sent"]);
    assert_eq!(ana.json(&["leave", "--quiet"])["quiet"], true);
    ana.sync();
    let received = ben.sync();
    assert_eq!(received["received"], 0);
    let after = ben.json(&["status"]);
    assert_eq!(after["partner"], before["partner"]);
    assert_eq!(after["warnings"], before["warnings"]);
    assert!(ben.texts().is_empty());
}
