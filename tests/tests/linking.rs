//! Linking an own device, and removing one.

use sidelight::ErrorKind;
use sidelight::device::Device;
use sidelight_format::Bytes;
use sidelight_format::record::{EpochSecretRecord, Fact, PairingEnd, SpaceRecord};
use sidelight_store::Key;
use sidelight_tests::story::{ADA, BO, Story, draft, shared, together};

fn names(story: &Story, home: usize) -> Vec<String> {
    let devices = story.device(home).devices();
    devices.into_iter().map(|device| device.name).collect()
}

/// The epochs that a device has the secrets of, of all its spaces.
fn secrets(story: &Story, home: usize) -> usize {
    let me = story.device_record(home);
    let spaces = [Some(me.private), me.shared].into_iter().flatten();
    let mut found = 0;
    for space in spaces {
        let space: SpaceRecord = story.record(home, Key::Name(&space.0)).expect("kept");
        for node in space.epochs {
            let kept: Option<EpochSecretRecord> = story.record(home, Key::Name(&node.epoch.0));
            found += usize::from(kept.is_some());
        }
    }
    found
}

#[test]
fn a_linked_device_shows_everything_and_goes_on() {
    let mut story = Story::new(1, &["Ada", "Bo"]);
    let alone = story.write(ADA, draft("before anybody"));
    story.pair();
    let hers = story.write(ADA, together("the tea you made"));
    let his = story.write(BO, shared("the walk"));
    story.settle();
    // History lies in several epochs of both spaces.
    for _ in 0..3 {
        story
            .command(ADA, Device::rotate)
            .expect("nothing is in doubt");
        story.settle();
    }
    let late = story.write(ADA, draft("under later keys"));
    story.settle();
    let tablet = story.link_device(ADA, "tablet");
    for entry in [alone, hers, his, late] {
        assert_eq!(story.text(tablet, &entry), story.text(ADA, &entry));
        assert!(story.text(tablet, &entry).is_some());
    }
    assert_eq!(story.entries(tablet).len(), story.entries(ADA).len());
    assert_eq!(names(&story, tablet), ["", "tablet"]);
    assert_eq!(names(&story, ADA), names(&story, tablet));
    assert_eq!(story.status(tablet).partner, story.status(ADA).partner);

    // All three write at once; all that is shared converges, and Bo sees one person.
    story.go_offline(tablet);
    let from_tablet = story.write(tablet, shared("from the tablet"));
    let private = story.write(tablet, draft("for myself, on the tablet"));
    story
        .edit(tablet, &hers, (0, 0, "again "))
        .expect("kept together");
    story.edit(ADA, &hers, (3, 0, "!")).expect("kept together");
    story.edit(BO, &hers, (7, 0, "?")).expect("kept together");
    story.settle();
    story.go_online(tablet);
    story.settle();
    story.assert_same(ADA, tablet);
    story.assert_same(ADA, BO);
    assert!(story.text(ADA, &private).is_some());
    assert_eq!(story.text(BO, &private), None);
    let view = story.entries(BO);
    assert_eq!(
        view[&from_tablet].preimage.owner,
        view[&hers].preimage.owner
    );
    // Nothing went wrong, and the link was told of where it was made.
    let id = story.own_id(tablet);
    assert_eq!(story.facts(ADA), [Fact::Linked { device: id }]);
    assert!(story.facts(BO).is_empty() && story.facts(tablet).is_empty());
    story.assert_nothing_repeats();
}

#[test]
fn the_link_is_told_on_every_own_device_and_on_no_other() {
    let mut story = Story::of_a_couple(2);
    let phone = story.link_device(ADA, "phone");
    let tablet = story.link_device(phone, "tablet");
    let fact = Fact::Linked {
        device: story.own_id(tablet),
    };
    assert!(story.facts(ADA).contains(&fact) && story.facts(phone).contains(&fact));
    assert!(story.facts(BO).is_empty());
    assert_eq!(names(&story, ADA), ["", "phone", "tablet"]);
    assert!(story.device(BO).devices().len() == 1);
}

#[test]
fn nothing_is_sealed_to_a_new_device_before_both_have_confirmed() {
    let mut story = Story::of_a_couple(3);
    let link = story.link(ADA).expect("nothing is under way");
    let tablet = story.join_own(&link, "tablet").expect("a fresh link");
    story.exchange();
    let before = (names(&story, ADA), story.puts().len(), secrets(&story, ADA));
    assert_eq!(story.pairing(tablet).other_name.as_deref(), Some("Ada"));
    assert_eq!(story.pairing(ADA).other_name.as_deref(), Some("tablet"));
    // Until then it can do nothing in anybody's name.
    let written = story.command(tablet, |device, outside| {
        device.write(&[draft("whose?")], outside)
    });
    assert_eq!(written.map_err(|e| e.kind()), Err(ErrorKind::Invalid));
    story.confirm(ADA, true).expect("there are emoji");
    story.exchange();
    assert_eq!(names(&story, ADA), before.0);
    assert_eq!(secrets(&story, ADA), before.2, "no epoch was begun");
    assert_eq!(
        story.puts().len(),
        before.1 + 1,
        "Ada's answer, and no more"
    );
    story.confirm(tablet, true).expect("there are emoji");
    story.settle();
    assert_eq!(names(&story, ADA).len(), 2);
}

#[test]
fn a_comparison_that_fails_links_nothing_and_the_device_may_try_again() {
    for denies in [0, 1] {
        let mut story = Story::of_a_couple(4);
        let link = story.link(ADA).expect("nothing is under way");
        let tablet = story.join_own(&link, "tablet").expect("a fresh link");
        story.exchange();
        let sides = [ADA, tablet];
        story
            .confirm(sides[denies], false)
            .expect("there are emoji");
        story.settle();
        assert_eq!(
            story.pairing(sides[denies]).ended,
            Some(PairingEnd::RefusedHere)
        );
        assert_eq!(
            story.pairing(sides[1 - denies]).ended,
            Some(PairingEnd::RefusedThere)
        );
        assert_eq!(names(&story, ADA).len(), 1);
        // The link is spent; a new one is not.
        let again = story.join(tablet, &link);
        assert_eq!(again.map_err(|e| e.kind()), Err(ErrorKind::Invalid));
        let link = story.link(ADA).expect("nothing is under way");
        story.join(tablet, &link).expect("a fresh link");
        story.exchange();
        for side in sides {
            story.confirm(side, true).expect("there are emoji");
        }
        story.settle();
        assert_eq!(names(&story, ADA), ["", "tablet"]);
    }
}

#[test]
fn a_link_for_something_else_is_refused_with_a_sentence() {
    let mut story = Story::new(5, &["Ada", "Bo"]);
    let mut sentences = Vec::new();
    let mut refused = |result: Result<usize, sidelight::Error>| {
        let error = result.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        sentences.push(error.detail().to_owned());
    };
    // A partner's invitation on a device without a person; a device's link on one with.
    let partner = story.invite(ADA);
    refused(story.join_own(&partner, "tablet"));
    let own = story.link(ADA).expect("nobody took the invitation up");
    refused(story.join(BO, &own).map(|()| 0));
    // On the device that shows it.
    refused(story.join(ADA, &own).map(|()| 0));
    // After its time.
    story.now += 3601;
    refused(story.join_own(&own, "tablet"));
    // A name that is none.
    let own = story.link(ADA).expect("nobody took it up");
    refused(story.join_own(&own, "  "));
    refused(story.join_own(&own, &"x".repeat(65)));
    // A second device on one link: the first holds it.
    let tablet = story.join_own(&own, "tablet").expect("a fresh link");
    story.exchange();
    let second = story.join_own(&own, "second").expect("it cannot know");
    story.exchange();
    assert!(story.facts(ADA).contains(&Fact::SecondJoiner));
    assert!(story.pairing(second).comparison.is_none());
    assert!(story.pairing(tablet).comparison.is_some());
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 5, "{sentences:?}");
}

/// Bo's link, opened on Ada's new device: it shows whose it would become, and Ada's other
/// device shows nothing to compare with.
#[test]
fn the_wrong_persons_code_shows_whose_it_is_and_links_nothing() {
    let mut story = Story::new(6, &["Ada", "Bo"]);
    let hers = story.link(ADA).expect("nothing is under way");
    let his = story.link(BO).expect("nothing is under way");
    let tablet = story.join_own(&his, "tablet").expect("a fresh link");
    story.exchange();
    assert_eq!(story.pairing(tablet).other_name.as_deref(), Some("Bo"));
    assert!(story.pairing(ADA).comparison.is_none());
    story.confirm(tablet, false).expect("there are emoji");
    story.settle();
    assert_eq!(names(&story, BO).len(), 1);
    story.join(tablet, &hers).expect("a fresh link");
    story.exchange();
    for side in [ADA, tablet] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.settle();
    assert_eq!(story.status(tablet).person, story.status(ADA).person);
}

/// Every envelope of the mailbox that the partner reads, in the relay's order, and what was put
/// there by whom, in the order of sending.
#[derive(PartialEq, Eq)]
struct Shown {
    listed: Vec<Bytes>,
    puts: Vec<(usize, Bytes)>,
    of_bo: Vec<Vec<u8>>,
}

fn shown_to_the_partner(readers: usize) -> Shown {
    let mut story = Story::of_a_couple(7);
    story.aside(ADA, |story| {
        for n in 0..readers {
            story.link_device(ADA, &format!("reader {n}"));
        }
    });
    for turn in 0..3 {
        story.write(ADA, shared(&format!("hers {turn}")));
        story.write(BO, shared(&format!("his {turn}")));
        story.settle();
    }
    for reader in 0..readers {
        assert_eq!(story.shared_entries(BO + 1 + reader).len(), 6);
    }
    let mailbox = story.shared_mailbox();
    let puts = story.puts().iter().filter(|(_, to, _)| *to == mailbox);
    Shown {
        listed: story.listed(&mailbox),
        puts: puts.map(|(by, _, bytes)| (*by, bytes.clone())).collect(),
        of_bo: story.sealed_rows(BO),
    }
}

#[test]
fn the_partner_sees_the_same_bytes_with_one_device_and_with_five_that_read() {
    let (one, five) = (shown_to_the_partner(0), shown_to_the_partner(4));
    assert!(one.listed.len() >= 6);
    assert!(one == five, "every byte and count is the same");
}

#[test]
fn a_removed_device_opens_nothing_sealed_afterwards() {
    let mut story = Story::of_a_couple(8);
    let phone = story.link_device(ADA, "phone");
    let before = story.write(ADA, shared("seen by all"));
    story.settle();
    // Offline, in one call, and even if the thief holds on to the lines that are open.
    story.go_offline(ADA);
    story.remove(ADA, phone).expect("it is on the list");
    let held = secrets(&story, phone);
    let after = [
        story.write(ADA, shared("not for the thief")),
        story.write(ADA, draft("nor this")),
    ];
    story.go_online(ADA);
    story.settle();
    let his = story.write(BO, shared("from Bo"));
    story.settle();
    for entry in after.into_iter().chain([his]) {
        assert!(story.text(ADA, &entry).is_some());
        assert_eq!(story.text(phone, &entry), None);
    }
    assert!(story.text(BO, &after[0]).is_some());
    assert_eq!(secrets(&story, phone), held, "no secret of a later epoch");
    // It keeps what it had, and says what happened.
    assert!(story.text(phone, &before).is_some());
    assert!(story.facts(phone).contains(&Fact::Removed));
    let refused = [
        story.command(phone, |d, o| d.write(&[draft("more")], o).map(|_| ())),
        story.command(phone, |d, o| d.link(60, o).map(|_| ())),
        story.command(phone, Device::rotate),
        story.remove(phone, ADA),
        story.edit(phone, &before, (0, 0, "x")),
    ];
    for refused in refused {
        assert_eq!(refused.map_err(|e| e.kind()), Err(ErrorKind::Removed));
    }
    assert!(story.device(phone).wanted().is_empty());
    assert_eq!(names(&story, ADA), [""]);
    let fact = Fact::Unlinked {
        device: story.own_id(phone),
    };
    assert!(story.facts(ADA).contains(&fact));
    assert!(story.facts(BO).is_empty(), "to Bo it is a rotation");
}

#[test]
fn what_a_removed_device_writes_is_taken_in_by_nobody_who_has_heard_of_it() {
    let mut story = Story::of_a_couple(9);
    let phone = story.link_device(ADA, "phone");
    let known = story.write(phone, shared("known to all"));
    story.settle();
    story.go_offline(phone);
    let unknown = [
        story.write(phone, shared("unknown")),
        story.write(phone, draft("unknown, private")),
    ];
    story.remove(ADA, phone).expect("it is on the list");
    story.settle();
    // It comes back after a year.
    story.now += 366 * 24 * 3600;
    story.go_online(phone);
    story.exchange();
    assert!(story.facts(phone).contains(&Fact::Removed));
    for home in [ADA, BO] {
        assert!(story.text(home, &known).is_some());
        for entry in unknown {
            assert_eq!(story.text(home, &entry), None);
        }
    }
    for entry in unknown {
        assert!(story.text(phone, &entry).is_some(), "it keeps what it had");
    }
}

#[test]
fn a_straggling_own_device_writes_its_unsent_changes_again_under_the_new_epoch() {
    let mut story = Story::of_a_couple(10);
    let phone = story.link_device(ADA, "phone");
    let tablet = story.link_device(ADA, "tablet");
    story.settle();
    story.go_offline(tablet);
    let straggling = [
        story.write(tablet, shared("written in a tunnel")),
        story.write(tablet, draft("also there")),
    ];
    story
        .edit(tablet, &straggling[0], (0, 7, "typed"))
        .expect("its own");
    story.remove(ADA, phone).expect("it is on the list");
    story
        .command(ADA, Device::rotate)
        .expect("nothing is in doubt");
    story.settle();
    story.now += 366 * 24 * 3600;
    story.go_online(tablet);
    story.settle();
    assert_eq!(
        story.text(ADA, &straggling[0]).as_deref(),
        Some("typed in a tunnel")
    );
    assert_eq!(
        story.text(BO, &straggling[0]).as_deref(),
        Some("typed in a tunnel")
    );
    assert!(story.text(ADA, &straggling[1]).is_some());
    assert_eq!(story.text(BO, &straggling[1]), None);
    story.assert_same(ADA, tablet);
    story.assert_same(ADA, BO);
    for home in [ADA, BO, tablet] {
        let facts = story.facts(home);
        let wrong = facts
            .iter()
            .find(|fact| !matches!(fact, Fact::Linked { .. } | Fact::Unlinked { .. }));
        assert_eq!(wrong, None, "home {home}");
    }
}

#[test]
fn two_devices_that_link_one_each_at_once_have_all_four_in_the_end() {
    let mut story = Story::of_a_couple(11);
    let phone = story.link_device(ADA, "phone");
    // The phone's private space does not reach Ada's first device meanwhile.
    let a = story.link(ADA).expect("nothing is under way");
    let b = story.link(phone).expect("nothing is under way");
    let tablet = story.join_own(&a, "tablet").expect("a fresh link");
    let laptop = story.join_own(&b, "laptop").expect("a fresh link");
    story.exchange();
    for side in [ADA, tablet, phone, laptop] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.settle();
    let own = [ADA, phone, tablet, laptop];
    for (n, home) in own.into_iter().enumerate() {
        story.write(home, draft(&format!("{n}")));
        story.write(home, shared(&format!("shared {n}")));
    }
    story.settle();
    story.settle();
    for home in own {
        assert_eq!(names(&story, home).len(), 4, "home {home}");
        assert_eq!(story.entries(home).len(), 8, "home {home}");
        story.assert_same(home, BO);
    }
}

#[test]
fn two_devices_that_remove_each_other_are_both_out_and_it_is_told() {
    let mut story = Story::of_a_couple(12);
    let phone = story.link_device(ADA, "phone");
    let tablet = story.link_device(ADA, "tablet");
    for home in [ADA, phone] {
        story.go_offline(home);
    }
    story.remove(ADA, phone).expect("on the list");
    story.remove(phone, ADA).expect("on the list");
    for home in [ADA, phone] {
        story.go_online(home);
    }
    story.exchange();
    story.exchange();
    for home in [ADA, phone] {
        assert!(story.facts(home).contains(&Fact::Removed), "home {home}");
    }
    for home in [ADA, phone, tablet] {
        assert!(story.facts(home).contains(&Fact::RosterFork), "home {home}");
        assert_eq!(names(&story, home), ["tablet"]);
    }
    // The one that is left goes on for itself; what it writes is for neither of the others.
    let alone = story.write(tablet, draft("who is right?"));
    story.exchange();
    for home in [ADA, phone] {
        assert_eq!(story.text(home, &alone), None);
    }
    // Its person's public keys went on in two ways: nothing is shared before the recovery key
    // has chosen.
    assert!(
        story
            .facts(BO)
            .iter()
            .any(|fact| matches!(fact, Fact::PersonFork { .. }))
    );
    let kept = story.command(tablet, |d, o| d.write(&[shared("to whom?")], o).map(|_| ()));
    assert_eq!(kept.map_err(|e| e.kind()), Err(ErrorKind::Invalid));
}

/// Whichever device crashes after whichever output of a linking: it is gone on with.
#[test]
fn a_crash_after_any_output_of_linking_or_removing_is_recovered_from() {
    for after in 1.. {
        let mut story = Story::of_a_couple(13);
        let phone = story.link_device(ADA, "phone");
        let entry = story.write(ADA, draft("before"));
        story.settle();
        let link = story.link(ADA).expect("nothing is under way");
        let tablet = story.join_own(&link, "tablet").expect("a fresh link");
        let crashes = story.crashes;
        story.crash_after = Some(story.outputs + after);
        for _ in 0..4 {
            story.exchange();
            for side in [ADA, tablet] {
                let view = story.pairing(side);
                if view.comparison.is_some() && view.confirmed.is_none() {
                    story.try_command(side, |device, outside| device.confirm(true, outside));
                }
            }
        }
        assert_eq!(names(&story, ADA).len(), 3, "after {after}");
        assert!(story.text(tablet, &entry).is_some(), "after {after}");
        while names(&story, ADA).len() == 3 {
            let id = story.own_id(phone);
            story.try_command(ADA, |ada, outside| ada.remove_device(&id, outside));
        }
        story.exchange();
        story.crash_after = None;
        story.settle();
        let ours = story.write(tablet, shared("after it all"));
        story.settle();
        for home in [ADA, BO, tablet] {
            assert!(story.text(home, &ours).is_some(), "after {after}");
        }
        assert_eq!(story.text(phone, &ours), None, "after {after}");
        assert!(story.facts(phone).contains(&Fact::Removed));
        assert_eq!(names(&story, tablet), ["", "tablet"]);
        if story.crashes == crashes {
            assert!(after > 50, "there was something to crash after");
            return;
        }
    }
}
