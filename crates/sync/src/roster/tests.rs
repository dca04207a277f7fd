//! Concurrent changes, in every order.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sidelight_crypto::{DeviceSigningKey, MailboxKeys, RecoveryKeys, UnsealingKey, recovery_keys};
use sidelight_format::{DeviceKeys, RosterAction, RosterRecord, Secret, Timestamp, limits};

use super::*;
use crate::Outside;

/// A person with words, and any number of devices by number.
struct Ana {
    person: Person,
    words: RecoveryKeys,
    list: Roster,
}

fn key(device: u8) -> DeviceSigningKey {
    DeviceSigningKey::from_seed(&Secret::new([device; 32]))
}

fn keys(device: u8) -> DeviceKeys {
    DeviceKeys {
        signing: key(device).verifying_key(),
        sealing: UnsealingKey::from_seed(&Secret::new([device; 32])).sealing_key(),
    }
}

fn add(device: u8) -> RosterAction {
    RosterAction::Add {
        device: keys(device),
        name: format!("device {device}"),
    }
}

fn remove(device: u8) -> RosterAction {
    RosterAction::Remove {
        device: keys(device).signing,
    }
}

fn replace(words: &RecoveryKeys) -> RosterAction {
    RosterAction::Recovery {
        signing: words.signing.verifying_key(),
        recovery: words.sealing.sealing_key(),
        mailbox: MailboxKeys::of_recovery(&words.mailbox).name(),
    }
}

fn words(seed: u8) -> RecoveryKeys {
    recovery_keys(&Secret::new([seed; 32]))
}

/// Takes the next record in, as `device` says it.
fn say(list: &mut Roster, device: u8, action: RosterAction) -> RosterRecord {
    let record = list
        .next(action, &RosterSigner::Device(&key(device)))
        .expect("allowed");
    list.extend(&record).expect("valid");
    record
}

/// Takes the next record in, as the words say it.
fn decide(list: &mut Roster, words: &RecoveryKeys, action: RosterAction) -> RosterRecord {
    let record = list
        .next(action, &RosterSigner::Recovery(&words.signing))
        .expect("allowed");
    list.extend(&record).expect("valid");
    record
}

impl Ana {
    /// With the first device and `others`, which it added.
    fn with(others: &[u8]) -> Self {
        let words = words(100);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut outside = Outside {
            now: Timestamp(0),
            rng: &mut rng,
        };
        let (person, _) = Person::begin(words.signing.verifying_key(), &mut outside);
        let sealing = words.sealing.sealing_key();
        let mut list =
            Roster::begin(&person, &key(1), keys(1).sealing, "device 1", sealing).expect("valid");
        for device in others {
            say(&mut list, 1, add(*device));
        }
        Self {
            person,
            words,
            list,
        }
    }

    /// What everybody reads who has the list and `records`, whatever the order.
    fn agreed(&self, records: &[&RosterRecord]) -> Roster {
        let mut lists = orders(records).into_iter().map(|order| {
            let mut list = self.list.clone();
            let given: Vec<RosterRecord> = order.into_iter().cloned().collect();
            assert_eq!(list.merge(&given).refused, None);
            list
        });
        let one = lists.next().expect("one order at least");
        for other in lists {
            assert_eq!(other.devices(), one.devices());
            assert_eq!(other.recipients(), one.recipients());
            assert_eq!(other.records(), one.records());
        }
        let again = Roster::check(&self.person, &one.records()).expect("valid");
        assert_eq!(again.devices(), one.devices());
        one
    }
}

fn orders<'a>(records: &[&'a RosterRecord]) -> Vec<Vec<&'a RosterRecord>> {
    let Some((first, others)) = records.split_first() else {
        return vec![Vec::new()];
    };
    let mut orders = Vec::new();
    for rest in self::orders(others) {
        for place in 0..=rest.len() {
            let mut order = rest.clone();
            order.insert(place, *first);
            orders.push(order);
        }
    }
    orders
}

fn on(list: &Roster) -> Vec<u8> {
    let number = |device: &Device| {
        (1..99)
            .find(|seed| keys(*seed) == device.keys)
            .expect("a device of the test")
    };
    list.devices().iter().map(number).collect()
}

#[test]
fn two_devices_that_remove_each_other_are_both_out() {
    let ana = Ana::with(&[2, 3]);
    let one = say(&mut ana.list.clone(), 1, remove(2));
    let two = say(&mut ana.list.clone(), 2, remove(1));
    let list = ana.agreed(&[&one, &two]);
    assert_eq!(on(&list), [3]);
    assert_eq!(list.standing(&keys(1).signing), Standing::Removed);
    assert_eq!(list.standing(&keys(3).signing), Standing::Member);
    assert_eq!(list.standing(&keys(4).signing), Standing::Unknown);
    assert_eq!(list.recipients().expect("certain").len(), 2);
}

#[test]
fn when_no_device_is_left_only_the_recovery_key_decides() {
    let ana = Ana::with(&[2]);
    let one = say(&mut ana.list.clone(), 1, remove(2));
    let two = say(&mut ana.list.clone(), 2, remove(1));
    let mut list = ana.agreed(&[&one, &two]);
    assert_eq!(list.recipients(), Err(Doubt::NoDevice));
    for device in [1, 2, 3] {
        let refused = list.next(add(4), &RosterSigner::Device(&key(device)));
        assert_eq!(refused, Err(BadRoster::Signer));
    }
    let begin = RosterAction::Begin {
        device: keys(5),
        name: "device 5".into(),
        recovery: ana.words.sealing.sealing_key(),
    };
    let begun = decide(&mut list, &ana.words, begin);
    assert_eq!(on(&list), [5]);
    assert!(!list.is_forked());
    // The losers' further records change nothing any more.
    let mut late = ana.list.clone();
    late.extend(&one).expect("valid");
    let late = say(&mut late, 1, add(6));
    assert_eq!(on(&ana.agreed(&[&one, &two, &begun, &late])), [5]);
}

#[test]
fn what_a_device_adds_while_it_is_removed_elsewhere_does_not_count() {
    let ana = Ana::with(&[2]);
    let removal = say(&mut ana.list.clone(), 1, remove(2));
    let mut thief = ana.list.clone();
    let rival = say(&mut thief, 2, add(7));
    let rivals_own = say(&mut thief, 7, add(8));
    let list = ana.agreed(&[&removal, &rival, &rivals_own]);
    assert_eq!(on(&list), [1]);
    assert_eq!(list.standing(&keys(8).signing), Standing::Removed);
}

#[test]
fn what_a_device_added_before_it_was_removed_stays() {
    let mut ana = Ana::with(&[2]);
    say(&mut ana.list, 2, add(3));
    say(&mut ana.list, 1, remove(2));
    assert_eq!(on(&ana.list), [1, 3]);
}

#[test]
fn concurrent_additions_both_count_and_the_next_record_ends_the_fork() {
    let ana = Ana::with(&[2]);
    let one = say(&mut ana.list.clone(), 1, add(3));
    let two = say(&mut ana.list.clone(), 2, add(4));
    let mut list = ana.list.clone();
    assert_eq!(list.extend(&one), Ok(Taken::New));
    assert_eq!(list.extend(&two), Ok(Taken::Fork));
    assert_eq!(list.extend(&two), Ok(Taken::Known));
    assert!(list.is_forked());
    // A device known on one branch only removes one known on the other only.
    let three = say(&mut list, 3, remove(4));
    assert!(!list.is_forked());
    assert_eq!(on(&ana.agreed(&[&one, &two, &three])), [1, 2, 3]);
}

#[test]
fn a_removal_with_knowledge_of_both_branches_keeps_what_was_added_on_the_other() {
    let ana = Ana::with(&[2, 3]);
    let one = say(&mut ana.list.clone(), 1, add(4));
    let two = say(&mut ana.list.clone(), 2, add(5));
    let mut both = ana.agreed(&[&one, &two]);
    let removal = say(&mut both, 3, remove(2));
    let mut on = on(&ana.agreed(&[&one, &two, &removal]));
    on.sort_unstable();
    assert_eq!(on, [1, 3, 4, 5]);
}

#[test]
fn devices_cannot_remove_the_recovery_key_nor_replace_it() {
    let ana = Ana::with(&[2]);
    let device = RosterSigner::Device(&key(1));
    let words = RosterAction::Remove {
        device: ana.words.signing.verifying_key(),
    };
    assert_eq!(ana.list.next(words, &device), Err(BadRoster::Action));
    let other = replace(&self::words(101));
    assert_eq!(ana.list.next(other, &device), Err(BadRoster::Signer));
    assert_eq!(ana.list.recovery_key(), ana.words.signing.verifying_key());
}

#[test]
fn a_replaced_recovery_key_begins_nothing_that_the_replacement_did_not_know_of() {
    let ana = Ana::with(&[2]);
    let new = words(101);
    let replaced = decide(&mut ana.list.clone(), &ana.words, replace(&new));
    let begin = |device: u8, words: &RecoveryKeys| RosterAction::Begin {
        device: keys(device),
        name: String::new(),
        recovery: words.sealing.sealing_key(),
    };
    let mut stolen = ana.list.clone();
    let rival = decide(&mut stolen, &ana.words, begin(7, &ana.words));
    let longer = say(&mut stolen, 7, add(8));
    let list = ana.agreed(&[&replaced, &rival, &longer]);
    assert_eq!(on(&list), [1, 2]);
    assert_eq!(list.recovery_key(), new.signing.verifying_key());
    assert!(
        list.recipients()
            .expect("certain")
            .contains(&new.sealing.sealing_key())
    );
    // The old words say nothing more, and do not come back.
    let old = RosterSigner::Recovery(&ana.words.signing);
    assert_eq!(list.next(add(9), &old), Err(BadRoster::Signer));
    let back = list.next(replace(&ana.words), &RosterSigner::Recovery(&new.signing));
    assert_eq!(back, Err(BadRoster::Action));
    let mut list = list;
    decide(&mut list, &new, begin(9, &new));
    assert_eq!(on(&list), [9]);
}

#[test]
fn two_replacements_of_one_recovery_key_are_a_doubt_that_the_old_key_does_not_end() {
    let ana = Ana::with(&[2]);
    let one = decide(&mut ana.list.clone(), &ana.words, replace(&words(101)));
    let two = decide(&mut ana.list.clone(), &ana.words, replace(&words(102)));
    let list = ana.agreed(&[&one, &two]);
    assert_eq!(list.recipients(), Err(Doubt::Recovery));
    for seed in [100, 101, 102] {
        let signer = words(seed);
        let begin = RosterAction::Begin {
            device: keys(9),
            name: String::new(),
            recovery: signer.sealing.sealing_key(),
        };
        let refused = list.next(begin, &RosterSigner::Recovery(&signer.signing));
        assert_eq!(refused, Err(BadRoster::Signer));
    }
}

#[test]
fn beginning_twice_is_a_doubt_until_it_is_begun_once_more() {
    let ana = Ana::with(&[2]);
    let begin = |device| RosterAction::Begin {
        device: keys(device),
        name: String::new(),
        recovery: ana.words.sealing.sealing_key(),
    };
    let one = decide(&mut ana.list.clone(), &ana.words, begin(7));
    let two = decide(&mut ana.list.clone(), &ana.words, begin(8));
    let mut list = ana.agreed(&[&one, &two]);
    assert_eq!(list.recipients(), Err(Doubt::Beginnings));
    let three = decide(&mut list, &ana.words, begin(9));
    assert_eq!(on(&ana.agreed(&[&one, &two, &three])), [9]);
}

#[test]
fn a_key_that_was_listed_once_is_not_listed_again() {
    let mut ana = Ana::with(&[2]);
    say(&mut ana.list, 1, remove(2));
    let signer = RosterSigner::Device(&key(1));
    assert_eq!(ana.list.next(add(2), &signer), Err(BadRoster::Action));
    assert_eq!(ana.list.next(remove(2), &signer), Err(BadRoster::Action));
    // Nor may the last device go: then only the words would be left.
    assert_eq!(ana.list.next(remove(1), &signer), Err(BadRoster::Action));
}

#[test]
fn a_changed_or_misplaced_record_is_refused_and_changes_nothing() {
    let ana = Ana::with(&[2]);
    let good = say(&mut ana.list.clone(), 2, add(3));
    let refused = |change: &dyn Fn(&mut RosterRecord)| {
        let mut record = good.clone();
        change(&mut record);
        let mut list = ana.list.clone();
        let refused = list.extend(&record);
        assert_eq!(list, ana.list);
        refused.expect_err("changed")
    };
    assert_eq!(
        refused(&|it| it.statement.person.0[0] ^= 1),
        BadRoster::Person
    );
    assert_eq!(
        refused(&|it| it.statement.sequence.0 += 1),
        BadRoster::Limits
    );
    assert_eq!(
        refused(&|it| it.statement.previous[0][0] ^= 1),
        BadRoster::Orphan
    );
    assert_eq!(
        refused(&|it| it.statement.previous.clear()),
        BadRoster::Limits
    );
    assert_eq!(
        refused(&|it| it.statement.signer = keys(9).signing),
        BadRoster::Signer
    );
    assert_eq!(
        refused(&|it| it.statement.signer = keys(1).signing),
        BadRoster::Signature
    );
    assert_eq!(
        refused(&|it| it.statement.action = add(4)),
        BadRoster::Signature
    );
    let long = "x".repeat(limits::NAME_LEN_MAX + 1);
    assert_eq!(
        refused(&|it| it.statement.action = RosterAction::Add {
            device: keys(3),
            name: long.clone()
        }),
        BadRoster::Limits
    );
    let again = Ana::with(&[]).list.records();
    assert_eq!(ana.list.clone().extend(&again[0]), Ok(Taken::Known));
    let mut other = again[0].clone();
    other.statement.action = add(1);
    assert_eq!(ana.list.clone().extend(&other), Err(BadRoster::First));
}

#[test]
fn a_device_that_fills_the_list_leaves_room_for_the_recovery_key() {
    let mut ana = Ana::with(&[2]);
    let thief = ana.list.clone();
    let mut refused = None;
    for seed in 0..=255 {
        // All follow the same record: as many forks.
        let record = thief.next(
            RosterAction::Add {
                device: keys(2 + seed % 90 + 1),
                name: seed.to_string(),
            },
            &RosterSigner::Device(&key(2)),
        );
        if let Err(full) = ana.list.extend(&record.expect("allowed there")) {
            refused = Some(full);
            break;
        }
    }
    assert_eq!(refused, Some(BadRoster::Full));
    assert_eq!(
        ana.list.records().len(),
        limits::ROSTER_MAX - limits::ROSTER_RECOVERY_ROOM
    );
    assert!(ana.list.recipients().expect("certain").len() <= limits::RECIPIENTS_MAX);
    let begin = RosterAction::Begin {
        device: keys(99),
        name: String::new(),
        recovery: ana.words.sealing.sealing_key(),
    };
    decide(&mut ana.list, &ana.words, begin);
    assert_eq!(ana.list.devices().len(), 1);
}

#[test]
fn what_somebody_lacks_is_what_follows_the_ends_they_know() {
    let ana = Ana::with(&[2]);
    let mut list = ana.list.clone();
    let one = say(&mut list, 1, add(3));
    let two = say(&mut list, 3, remove(2));
    assert_eq!(list.since(&ana.list.heads()), [one, two]);
    assert_eq!(list.since(&list.heads()), []);
    assert_eq!(list.since(&[[0; 32]]).len(), list.records().len());
}
