//! What was said before, said again by a relay: in its place, in another one, under another seal.

use std::collections::BTreeSet;

use sidelight::device::Device;
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{EpochNode, PersonRecord, SpaceRecord};
use sidelight_format::{
    Body, Bytes, Class, EraseToken, KeyHash, MailboxName, RosterRecord, SealingKey,
};
use sidelight_store::Key;
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, Story, draft, shared};

/// Whom a device knows, which devices, and which epochs.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    devices: Vec<RosterRecord>,
    persons: Vec<PersonRecord>,
    epochs: Vec<Vec<EpochNode>>,
}

fn known(story: &Story, home: usize) -> Known {
    let me = story.device_record(home);
    let shared = me.shared.expect("paired");
    let space = |id: &sidelight_format::SpaceId| -> SpaceRecord {
        story.record(home, Key::Name(&id.0)).expect("kept")
    };
    let persons = space(&shared).persons;
    Known {
        devices: me.roster.clone(),
        persons: persons
            .iter()
            .map(|id| story.record(home, Key::Name(&id.0)).expect("kept"))
            .collect(),
        epochs: [me.private, shared].map(|id| space(&id).epochs).into(),
    }
}

/// A couple that has linked, removed and renewed, with everything at rest.
fn with_a_past(seed: u64) -> (Story, usize) {
    let mut story = Story::of_a_couple(seed);
    let tablet = story.link_device(ADA, "tablet");
    let phone = story.link_device(ADA, "phone");
    for home in [ADA, BO, tablet] {
        story.write(home, shared("shared"));
        story.write(home, draft("private"));
        story.settle();
    }
    story.remove(ADA, phone).expect("on the list");
    story.settle();
    story.command(BO, Device::rotate).expect("certain");
    story.write(BO, shared("under new keys"));
    story.settle();
    story.command(ADA, Device::rotate).expect("certain");
    story.write(ADA, shared("under newer ones"));
    story.settle();
    (story, tablet)
}

/// All mailboxes of all homes, each once.
fn mailboxes(story: &Story, homes: &[usize]) -> Vec<MailboxKeys> {
    let mut all = Vec::new();
    let mut seen: BTreeSet<MailboxName> = BTreeSet::new();
    for home in homes {
        let recovery = MailboxKeys::of_recovery(&story.device_record(*home).recovery_mailbox);
        let epochs = story.epochs(*home).into_iter().map(|(_, _, keys)| keys);
        for keys in epochs.chain([recovery]) {
            if seen.insert(keys.name()) {
                all.push(keys);
            }
        }
    }
    all
}

#[test]
fn whatever_a_relay_says_again_anywhere_no_device_key_or_epoch_comes_of_it() {
    let (mut story, tablet) = with_a_past(1);
    let homes = [ADA, BO, tablet];
    let before = homes.map(|home| known(&story, home));
    let shown = homes.map(|home| story.entries(home).len());
    let mailboxes = mailboxes(&story, &homes);
    assert!(mailboxes.len() > 8);
    let all: Vec<Vec<Bytes>> = mailboxes
        .iter()
        .map(|keys| story.listed(&keys.name()))
        .collect();
    for keys in &mailboxes {
        let elsewhere = all.iter().flatten().cloned();
        story.post(keys, elsewhere);
    }
    story.settle();
    for home in homes {
        story.restart(home);
    }
    story.settle();
    assert_eq!(homes.map(|home| known(&story, home)), before);
    assert_eq!(homes.map(|home| story.entries(home).len()), shown);
}

/// A device that was removed has the keys of former mailboxes, and a relay shows whatever it is
/// given: what was once said is sealed anew for other places.
#[test]
fn what_was_once_said_is_worth_nothing_under_another_seal_in_another_place() {
    let (mut story, tablet) = with_a_past(2);
    let homes = [ADA, BO, tablet];
    let before = homes.map(|home| known(&story, home));
    let mailboxes = mailboxes(&story, &homes);
    let mut dice = Chance::new(2, 77);
    let mut said: Vec<Body> = Vec::new();
    for keys in &mailboxes {
        let listed = story.listed(&keys.name());
        said.extend(
            listed
                .iter()
                .filter_map(|bytes| Some(keys.open(bytes).ok()?.1)),
        );
    }
    let is_epoch = |body: &&Body| matches!(body, Body::Epoch(_));
    assert!(said.iter().filter(is_epoch).count() > 6);
    for keys in &mailboxes {
        let sealed = said.iter().map(|body| {
            let token = EraseToken([7; 32]);
            let sealed = keys.seal(Class::Live, body, &token, dice.rng());
            Bytes::from(sealed.expect("it fitted before"))
        });
        let sealed: Vec<Bytes> = sealed.collect();
        story.post(keys, sealed);
    }
    story.settle();
    let after = homes.map(|home| known(&story, home));
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after.devices, before.devices);
        assert_eq!(after.persons, before.persons);
        // Nothing that any of them has not known before.
        assert_eq!(after.epochs, before.epochs);
    }
}

/// Each epoch that a device begins, whatever it was shown before, is sealed to the two persons'
/// newest keys, or to the own devices that are left and the recovery key.
#[test]
fn every_epoch_is_sealed_to_pinned_and_current_keys_whatever_a_relay_shows() {
    let (mut story, tablet) = with_a_past(3);
    let old = story.relay_disk.snapshot();
    let mailboxes = mailboxes(&story, &[ADA, BO, tablet]);
    let all: Vec<Bytes> = mailboxes
        .iter()
        .flat_map(|keys| story.listed(&keys.name()))
        .collect();
    for turn in 0..4 {
        let from = story.puts().len();
        for home in [ADA, BO] {
            story.command(home, Device::rotate).expect("certain");
            story.write(home, shared("goes on"));
            story.write(home, draft("goes on"));
            story.exchange();
        }
        audit(&story, from, tablet);
        // An old backup, everything everywhere, and a device that starts in the middle of it.
        story.restart_relay(|disk| disk.restore(&old));
        for keys in mailboxes.iter().skip(turn).step_by(3) {
            story.post(keys, all.iter().cloned());
        }
        story.restart([ADA, BO, tablet][turn % 3]);
        story.exchange();
    }
    story.settle();
}

/// Of whom each epoch put since `from` is sealed to, nobody is anybody but those who are meant.
fn audit(story: &Story, from: usize, tablet: usize) {
    let hash = |keys: &mut dyn Iterator<Item = SealingKey>| -> BTreeSet<KeyHash> {
        keys.map(|key| key.hash()).collect()
    };
    let persons = |home: usize| {
        let ids = [ADA, BO].map(|of| story.status(of).person);
        let of = ids.map(|id| story.person(home, &id));
        hash(&mut of.iter().flat_map(|person| person.sealing_keys().cloned()))
    };
    let pinned: BTreeSet<KeyHash> = persons(ADA).union(&persons(BO)).copied().collect();
    let own = |home: usize| {
        let seed = story.device_record(home).sealing;
        sidelight_crypto::UnsealingKey::from_seed(&seed)
            .sealing_key()
            .hash()
    };
    let devices = BTreeSet::from([ADA, BO, tablet].map(own));
    let words = |home: usize| {
        let entropy = story.device_record(home).recovery.expect("unchecked here");
        let keys = sidelight_crypto::recovery_keys(&entropy);
        keys.sealing.sealing_key().hash()
    };
    let words = BTreeSet::from([ADA, BO].map(words));
    let mut audited = 0;
    for (home, mailbox, envelope) in &story.puts()[from..] {
        let epochs = story.epochs(*home);
        let Some((space, _, keys)) = epochs.iter().find(|(_, _, keys)| keys.name() == *mailbox)
        else {
            continue;
        };
        let Ok((_, Body::Epoch(record))) = keys.open(envelope) else {
            continue;
        };
        audited += 1;
        let private = story.status(*home).private == *space;
        for sealed in &record.statement.recipients {
            let to = &sealed.recipient;
            let meant = if private {
                devices.contains(to) || words.contains(to)
            } else {
                pinned.contains(to)
            };
            assert!(meant, "sealed to a stranger by home {home}");
        }
        let expected = if private && *home != BO { 3 } else { 2 };
        assert_eq!(record.statement.recipients.len(), expected);
    }
    assert!(audited >= 4, "{audited}");
}
