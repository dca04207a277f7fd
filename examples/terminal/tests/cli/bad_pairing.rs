//! Pairings that go wrong: one clear sentence each, and nothing lost.

use crate::run::{Couple, Home};

#[test]
fn a_link_that_is_none_is_told_by_what_is_wrong_with_it() {
    let couple = Couple::apart();
    let link = couple.invite();
    let ben = &couple.ben;
    for end in [link.len() - 1, link.len() - 20, link.find('#').unwrap() + 1] {
        ben.run(&["join", &link[..end]])
            .fails(11, "copy the whole link");
    }
    ben.run(&["join", "https://example.org/"])
        .fails(11, "sidelight://");
    ben.run(&["join", &couple.relay.address])
        .fails(11, "another kind of link");
    ben.run(&["join", &format!("{link}{}", "A".repeat(100_000))])
        .fails(11, "copy the whole link");
    ben.run_with(&["join", "-"], &[0xff, 0xfe])
        .fails(11, "UTF-8");
    assert!(ben.json(&["status"])["pairing"].is_null());
    // The true one still works.
    assert_eq!(
        ben.json(&["join", "--no-wait", &link])["stage"],
        "waiting_for_partner"
    );
}

#[test]
fn an_invitation_works_once() {
    let couple = Couple::comparing();
    let carl = Home::at("Carl", &couple.relay.address);
    // Ben's was the first answer; the same link, taken up by a third person, comes to nothing.
    couple.ana.run(&["cancel"]);
    couple.ben.sync();
    let link = couple.invite();
    couple.ana.sync();
    couple.ben.json(&["join", "--no-wait", &link]);
    couple.ben.sync();
    couple.ana.sync();
    carl.json(&["join", "--no-wait", &link]);
    carl.sync();
    couple.ana.sync();
    couple.ben.sync();
    let warnings = couple.ana.json(&["status"])["warnings"].clone();
    assert!(
        warnings
            .as_array()
            .unwrap()
            .iter()
            .any(|w| w["kind"] == "second_joiner"),
        "{warnings}"
    );
    for (home, stage) in [(&couple.ana, "compare"), (&couple.ben, "compare")] {
        assert_eq!(home.json(&["status"])["pairing"]["stage"], *stage);
    }
    carl.run(&["confirm", "--yes"])
        .fails(5, "nothing to compare");
    couple.ben.run(&["join", &link]).fails(11, "");
}

#[test]
fn an_invitation_of_another_relay_or_ones_own_comes_to_nothing() {
    let couple = Couple::apart();
    let link = couple.invite();
    couple.ana.run(&["join", &link]).fails(11, "");
    let status = couple.ana.json(&["status"]);
    assert_eq!(status["pairing"]["stage"], "waiting_for_partner");
}

#[test]
fn refused_on_one_side_nothing_is_shared_and_both_can_begin_anew() {
    let couple = Couple::comparing();
    let (ana, ben) = (&couple.ana, &couple.ben);
    ana.json(&["confirm", "--yes"]);
    let refused = ben.json(&["confirm", "--no"]);
    assert_eq!(refused["stage"], "ended");
    assert!(
        refused["ended"]
            .as_str()
            .unwrap()
            .contains("you said that the emoji differ")
    );
    ana.sync();
    let ended = ana.json(&["status"])["pairing"].clone();
    assert_eq!(ended["stage"], "ended");
    assert!(
        ended["ended"]
            .as_str()
            .unwrap()
            .contains("your partner said")
    );
    assert!(ana.json(&["status"])["partner"].is_null());
    ana.run(&["write", "--share", "x"])
        .fails(5, "no partner yet");

    let link = couple.invite();
    ana.sync();
    assert_eq!(ben.json(&["join", "--no-wait", &link])["inviter"], false);
}

#[test]
fn called_off_it_is_over_and_a_script_must_say_yes_or_no() {
    let couple = Couple::comparing();
    couple.ana.run(&["confirm"]).fails(11, "--yes or --no");
    assert_eq!(couple.ana.run(&["confirm", "--yes", "--no"]).code, 2);
    assert_eq!(couple.ana.json(&["cancel"])["stage"], "ended");
    couple.ana.run(&["cancel"]).fails(11, "");
    couple.ben.sync();
    assert!(couple.ben.json(&["status"])["partner"].is_null());
}

#[test]
fn without_a_pairing_there_is_nothing_to_confirm_and_without_a_relay_nobody_to_invite() {
    let ana = Home::of("Ana");
    ana.run(&["confirm", "--yes"])
        .fails(5, "there is no pairing");
    ana.run(&["cancel"]).fails(11, "");
    ana.run(&["invite"]).fails(11, "relay");
    ana.run(&["sync"]).fails(11, "relay");
    ana.run(&["share", "abcd"]).fails(3, "no such entry");
}

#[test]
fn a_couple_cannot_pair_again() {
    let couple = Couple::paired();
    couple.ana.run(&["invite"]).fails(11, "partner");
    let third = Home::at("Carl", &couple.relay.address);
    let link = third.json(&["invite", "--no-wait"])["link"].clone();
    couple
        .ben
        .run(&["join", link.as_str().unwrap()])
        .fails(11, "partner");
}
