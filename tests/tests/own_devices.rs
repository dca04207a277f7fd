//! Several devices of one person: what the private space tells them of the shared one.

use sidelight::ErrorKind;
use sidelight::device::Device;
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{EpochNode, Fact, PairingRecord, SpaceRecord, Table, Verdict};
use sidelight_format::{Body, EpochId, Secret, SpaceCopy, Subject, decode, encode, limits};
use sidelight_store::Key;
use sidelight_tests::story::{ADA, BO, CY, Hand, Story, draft, shared};

/// Ada's home was copied before she paired; the copy hears of everything through her private
/// space alone.
#[test]
fn another_own_device_finds_the_shared_space_by_the_private_one() {
    let mut story = Story::new(1, &["Ada", "Bo"]);
    let copy = story.clone_home(ADA);
    assert_eq!(copy, CY);
    story.go_offline(copy);
    story.pair();
    let hers = story.write(ADA, shared("the tea you made"));
    let his = story.write(BO, shared("the walk"));
    story.settle();
    story.go_online(copy);
    story.settle();
    assert_eq!(story.status(copy).shared, story.status(ADA).shared);
    assert_eq!(story.status(copy).partner, story.status(ADA).partner);
    for entry in [hers, his] {
        assert_eq!(story.text(copy, &entry), story.text(ADA, &entry));
    }
    // It goes on there, and the partner sees one person.
    let third = story.write(copy, shared("from the other one"));
    story.settle();
    assert!(story.text(BO, &third).is_some());
    let view = story.entries(BO);
    assert_eq!(view[&third].preimage.owner, view[&hers].preimage.owner);
}

#[test]
fn new_keys_reach_another_own_device_with_the_epochs_they_open() {
    let mut story = Story::of_a_couple(2);
    let copy = story.clone_home(ADA);
    for turn in 0..3 {
        story
            .command(ADA, Device::rotate)
            .expect("nothing is in doubt");
        let private = story.write(ADA, draft(&format!("private {turn}")));
        let ours = story.write(ADA, shared(&format!("shared {turn}")));
        story.settle();
        for entry in [private, ours] {
            assert_eq!(story.text(copy, &entry), story.text(ADA, &entry));
        }
        let his = story.write(BO, shared(&format!("his {turn}")));
        let its = story.write(copy, shared(&format!("the copy's {turn}")));
        story.settle();
        for home in [ADA, BO, copy] {
            assert!(story.text(home, &his).is_some() && story.text(home, &its).is_some());
        }
    }
    let person = |home| story.device_record(home).keys.len();
    assert_eq!(person(copy), person(ADA));
}

#[test]
fn who_leaves_on_one_device_has_left_on_all() {
    let mut story = Story::of_a_couple(3);
    let copy = story.clone_home(ADA);
    story.settle();
    story.go_offline(copy);
    let unsent = story.write(copy, shared("too late"));
    story
        .command(ADA, |ada, outside| ada.leave(true, outside))
        .expect("there is something to leave");
    story.settle();
    // Its own, private, side is heard first; what it had not sent stays with it.
    story.go_online(copy);
    let private = story.write(copy, draft("for myself"));
    story.settle();
    assert_eq!(story.status(copy).shared, None);
    assert!(story.text(copy, &unsent).is_some());
    assert!(story.text(ADA, &private).is_some());
    let after = story.command(copy, |device, outside| {
        device.write(&[shared("more")], outside)
    });
    assert_eq!(
        after.map_err(|error| error.kind()),
        Err(ErrorKind::NotPaired)
    );
}

/// What a device that was taken up as one's own has handed over before anybody confirmed: all
/// that whoever shows the link could ever learn, since what it kept is what it could open.
#[test]
fn who_takes_a_link_up_hands_out_public_keys_only() {
    let mut story = Story::new(4, &["Ada"]);
    let link = story.link(ADA).expect("nothing is under way");
    let new = story.join_own(&link, "phone").expect("a fresh link");
    story.exchange();
    assert!(story.emoji(ADA).is_some(), "it has answered");
    let mailbox = MailboxKeys::of_invitation(&link.invitation().secret).name();
    let record = |story: &Story, home| -> PairingRecord {
        story.record(home, Key::Name(&mailbox.0)).expect("kept")
    };
    let me = story.device_record(new);
    let own = record(&story, new);
    let secrets = [&me.signing, &me.sealing, &me.recovery_mailbox, &own.pairing];
    let holds =
        |bytes: &[u8], secret: &Secret| bytes.windows(32).any(|part| part == secret.expose());
    assert!(
        holds(&encode(&me), &me.signing),
        "the search finds what is there"
    );
    let learned = encode(&record(&story, ADA));
    let public = story.own_id(new);
    assert!(
        learned.windows(32).any(|part| part == public.0),
        "its public key"
    );
    for secret in secrets {
        assert!(!holds(&learned, secret));
        assert!(!holds(story.tapped(), secret));
    }
    // Nor afterwards: nothing that opens for anybody else has a device's own keys in it.
    for side in [ADA, new] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.settle();
    let rows = |home: usize| {
        let store = story.device(home).store();
        let all = Table::ALL
            .iter()
            .flat_map(|table| store.all(*table).expect("it works"));
        all.flatten().collect::<Vec<u8>>()
    };
    let (hers, its) = (rows(ADA), rows(new));
    for secret in [&me.signing, &me.sealing, &own.pairing] {
        assert!(!holds(&hers, secret));
        assert!(holds(&its, secret));
    }
}

#[test]
fn a_removed_device_that_comes_back_after_a_year_is_told_and_brings_nothing() {
    let mut story = Story::of_a_couple(5);
    let phone = story.link_device(ADA, "phone");
    story.write(phone, shared("from the phone"));
    story.settle();
    story.go_offline(phone);
    story.remove(ADA, phone).expect("on the list");
    let mut since = Vec::new();
    for month in 0..12 {
        story.now += 30 * 24 * 3600;
        story.command(ADA, Device::rotate).expect("certain");
        since.push(story.write(ADA, shared(&format!("month {month}"))));
        since.push(story.write(ADA, draft(&format!("private, month {month}"))));
        story.write(BO, shared("his"));
        story.settle();
    }
    // It has not heard of it, and writes, and even gives everything new keys.
    let late = story.write(phone, shared("too late"));
    let own = story.write(phone, draft("for itself"));
    story
        .command(phone, Device::rotate)
        .expect("it knows of nothing");
    story.go_online(phone);
    story.exchange();
    story.exchange();
    assert!(story.facts(phone).contains(&Fact::Removed));
    for entry in &since {
        assert_eq!(
            story.text(phone, entry),
            None,
            "nothing of what was sealed since"
        );
    }
    for home in [ADA, BO] {
        assert_eq!(story.text(home, &late), None);
        assert_eq!(story.text(home, &own), None);
    }
    assert!(story.text(phone, &own).is_some(), "it keeps what it had");
    let error = story
        .command(phone, |device, outside| {
            device.write(&[draft("more")], outside)
        })
        .expect_err("removed");
    assert_eq!(error.kind(), ErrorKind::Removed);
    assert!(error.detail().contains("linked again"), "{error}");
    // Its rival keys are a doubt, which is told; her private journal goes on regardless.
    let alone = story.write(ADA, draft("hers"));
    story.exchange();
    assert_eq!(story.text(phone, &alone), None);
}

/// Two own devices, of which neither hears what happens in the private space, pair with a
/// partner each.
#[test]
fn two_own_devices_that_pair_at_once_keep_one_journal_and_it_is_told() {
    let mut story = Story::new(6, &["Ada", "Bo", "Cy"]);
    let tablet = story.link_device(ADA, "tablet");
    let private = story.mailboxes(ADA, &story.status(ADA).private);
    story.liar = Some(Box::new(move |home, mailbox, frame| {
        let deaf = [ADA, tablet].contains(&home) && private.contains(mailbox);
        if deaf { Vec::new() } else { vec![frame] }
    }));
    for home in [ADA, tablet] {
        story.restart(home);
    }
    for (inviter, joiner) in [(ADA, BO), (tablet, CY)] {
        let link = story.invite(inviter);
        story.join(joiner, &link).expect("a fresh invitation");
        story.exchange();
        for home in [inviter, joiner] {
            story.confirm(home, true).expect("there are emoji");
        }
        story.exchange();
        assert!(story.status(inviter).shared.is_some());
    }
    let spaces = [ADA, tablet].map(|home| story.status(home).shared.expect("paired"));
    assert_ne!(spaces[0], spaces[1]);
    let to = [BO, CY].map(|home| story.write(home, shared("for her")));
    story.exchange();

    story.liar = None;
    for home in [ADA, tablet] {
        story.restart(home);
    }
    story.settle();
    let kept = *spaces.iter().min().expect("two");
    for home in [ADA, tablet] {
        assert_eq!(story.status(home).shared, Some(kept), "both choose alike");
        assert!(story.facts(home).contains(&Fact::TwoPairings));
        // What the other one had written stays where it was read.
        assert!(to.iter().any(|entry| story.text(home, entry).is_some()));
    }
    let (with, without) = if kept == spaces[0] {
        (BO, CY)
    } else {
        (CY, BO)
    };
    let entry = story.write(tablet, shared("to one of them"));
    story.settle();
    assert!(story.text(with, &entry).is_some());
    assert_eq!(story.text(without, &entry), None);
}

#[test]
fn a_copy_of_a_space_with_more_epochs_than_anybody_has_is_refused() {
    let mut story = Story::of_a_couple(7);
    let me = story.device_record(ADA);
    let keys = story.private_keys(ADA);
    let mut copies =
        story
            .listed(&keys.name())
            .into_iter()
            .filter_map(|bytes| match keys.open(&bytes) {
                Ok((_, Body::Authored(authored))) if authored.subject == Subject::SPACE => {
                    decode::<SpaceCopy>(&authored.parts[0]).ok()
                }
                _ => None,
            });
    let copy = copies
        .next_back()
        .expect("her devices are told of the pairing");
    let node = |number: u64| {
        let mut epoch = [7; 32];
        epoch[..8].copy_from_slice(&number.to_be_bytes());
        let record: SpaceRecord = story.record(ADA, Key::Name(&copy.space.0)).expect("kept");
        EpochNode {
            epoch: EpochId(epoch),
            ..record.epochs[0].clone()
        }
    };
    let most = limits::COPIED_EPOCHS_MAX as u64;
    let nodes: Vec<EpochNode> = (0..=most).map(node).collect();
    for (count, verdict) in [(most, Verdict::Accepted), (most + 1, Verdict::Refused)] {
        let mut hand = Hand::in_space(&story, ADA, me.private, count);
        let copy = SpaceCopy {
            earlier: nodes[..count as usize].to_vec(),
            ..copy.clone()
        };
        let mut authored = hand.authored(None, vec![encode(&copy)]);
        authored.subject = Subject::SPACE;
        hand.sign(&mut authored);
        let envelope = hand.seal(authored);
        let id = hand.id(&envelope);
        story.post(&keys, [envelope]);
        story.settle();
        let kept = story.envelope(ADA, &id).expect("it came");
        assert_eq!(kept.verdict, verdict, "{count}");
    }
    // Of those nothing opens, so none is followed.
    let record: SpaceRecord = story.record(ADA, Key::Name(&copy.space.0)).expect("kept");
    assert_eq!(record.epochs.len(), 1);
}
