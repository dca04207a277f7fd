//! What a person should know of their device, and what they are never told of the other's.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::run::{Couple, Home, text_of};

#[test]
fn status_says_with_whom_since_when_and_when_this_device_was_in_sync() {
    let alone = Home::of("Ana");
    let status = alone.json(&["status"]);
    assert_eq!(status["devices"], 1);
    assert!(status["partner"].is_null() && status["last_synced_ms"].is_null());
    let said = alone.run(&["status"]).out;
    assert!(!said.contains("sent and received"), "no relay: {said}");

    let couple = Couple::paired();
    let status = couple.ana.json(&["status"]);
    assert_eq!(status["partner"]["name"], "Ben");
    let (since, synced) = (&status["partner"]["since_ms"], &status["last_synced_ms"]);
    assert!(since.as_i64().unwrap() > 1_600_000_000_000, "{status}");
    assert!(synced.as_i64() >= since.as_i64(), "{status}");
    assert_eq!(status["warnings"], serde_json::json!([]));
    let said = couple.ana.run(&["status"]).out;
    for part in [
        "Shared with Ben since ",
        "This device last sent and received everything on ",
        "The storage key is in the file",
    ] {
        assert!(said.contains(part), "«{part}» is not in {said}");
    }
}

#[test]
fn what_the_partner_only_reads_or_how_often_they_look_changes_nothing_here() {
    let couple = Couple::paired();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["write", "--share", "no hurry"]);
    ana.sync();
    let before = without_own_sync(ana.json(&["status"]));
    for _ in 0..3 {
        ben.sync();
        ben.json(&["list"]);
        ben.json(&["status"]);
    }
    let received = ana.sync();
    assert_eq!(
        (&received["received"], &received["sent"]),
        (&0.into(), &0.into())
    );
    assert_eq!(without_own_sync(ana.json(&["status"])), before);
    // And there is no field in which it could stand.
    let fields: BTreeSet<_> = before["partner"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(fields, ["name", "since_ms"].map(String::from).into());
}

/// All but when this device itself was in sync.
fn without_own_sync(mut status: Value) -> Value {
    assert!(
        status["last_synced_ms"].is_i64(),
        "{}",
        text_of(&status["name"])
    );
    status.as_object_mut().unwrap().remove("last_synced_ms");
    status
}
