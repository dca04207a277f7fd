//! Forks of a person's keys, in every order.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sidelight_crypto::{RecoveryKeys, recovery_keys};
use sidelight_format::{Secret, Timestamp};

use super::*;

struct Ana {
    rng: ChaCha20Rng,
    words: RecoveryKeys,
    person: Person,
    keys: PersonKeys,
}

impl Ana {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let words = recovery_keys(&Secret::new([1; 32]));
        let mut outside = Outside {
            now: Timestamp(0),
            rng: &mut rng,
        };
        let (person, keys) = Person::begin(words.signing.verifying_key(), &mut outside);
        Self {
            rng,
            words,
            person,
            keys,
        }
    }

    /// The next step of `person`, signed with `keys`.
    fn next(&mut self, person: &Person, keys: &PersonKeys) -> (PersonSuccessor, PersonKeys) {
        let signing = PersonSigningKey::from_seed(&keys.signing);
        let mut outside = Outside {
            now: Timestamp(0),
            rng: &mut self.rng,
        };
        person.succeed(&Successor::Predecessor(&signing), None, &mut outside)
    }

    fn decide(&mut self, person: &Person, replacement: Option<&RecoveryKeys>) -> PersonSuccessor {
        let words = recovery_keys(&Secret::new([1; 32]));
        let mut outside = Outside {
            now: Timestamp(0),
            rng: &mut self.rng,
        };
        let replacement = replacement.map(|words| words.signing.verifying_key());
        let signer = Successor::Recovery(&words.signing);
        person.succeed(&signer, replacement, &mut outside).0
    }

    /// What everybody reads who has seen `steps`, each after the one that it follows.
    fn agreed(&self, steps: &[&PersonSuccessor]) -> Person {
        let mut read: Option<Person> = None;
        for order in orders(steps) {
            let mut person = self.person.clone();
            let mut left = order;
            // Those that follow nothing known wait for their turn.
            for _ in 0..steps.len() {
                left.retain(|step| person.extend(step).is_err());
            }
            assert!(left.is_empty());
            let read = read.get_or_insert_with(|| person.clone());
            assert_eq!(person.sealing_key(), read.sealing_key());
            assert_eq!(person.newest_signing_key(), read.newest_signing_key());
            assert_eq!(person.successors(), read.successors());
            assert_eq!(person.recovery_key(), read.recovery_key());
            let kept = Person::resume(
                person.genesis(),
                &person.steps(),
                person.is_forked(),
                person.settled(),
            );
            assert_eq!(kept.expect("kept").sealing_key(), read.sealing_key());
        }
        read.expect("one order at least")
    }
}

fn orders<'a>(steps: &[&'a PersonSuccessor]) -> Vec<Vec<&'a PersonSuccessor>> {
    let Some((first, others)) = steps.split_first() else {
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

fn extended(person: &Person, steps: &[&PersonSuccessor]) -> Person {
    let mut person = person.clone();
    for step in steps {
        person.extend(step).expect("follows");
    }
    person
}

#[test]
fn a_fork_is_nobody_to_seal_to_in_every_order_and_after_a_restart() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let (one, one_keys) = ana.next(&start, &keys);
    let (rival, _) = ana.next(&start, &keys);
    let (two, _) = ana.next(&extended(&start, &[&one]), &one_keys);
    let forked = ana.agreed(&[&one, &rival, &two]);
    assert!(forked.is_forked() && forked.sealing_key().is_none());
}

#[test]
fn the_recovery_key_ends_a_fork_in_every_order() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let (one, _) = ana.next(&start, &keys);
    let (rival, rival_keys) = ana.next(&start, &keys);
    let (rivals_next, _) = ana.next(&extended(&start, &[&rival]), &rival_keys);
    let forked = extended(&start, &[&one, &rival]);
    let choice = ana.decide(&forked, None);
    assert_eq!(choice.statement.generation, Generation(1));
    let person = ana.agreed(&[&one, &rival, &rivals_next, &choice]);
    assert_eq!(person.sealing_key(), Some(&choice.statement.sealing));
    // What an honest device signed with keys that lost is still read as theirs.
    let known: Vec<_> = person.signing_keys(Generation(1)).collect();
    assert!(known.contains(&one.statement.signing));
    assert_eq!(person.newest_signing_key(), Some(choice.statement.signing));
}

#[test]
fn the_recovery_key_can_continue_one_branch_of_a_fork() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let (one, _) = ana.next(&start, &keys);
    let (rival, _) = ana.next(&start, &keys);
    let choice = ana.decide(&extended(&start, &[&one]), None);
    assert_eq!(choice.statement.generation, Generation(2));
    let person = ana.agreed(&[&one, &rival, &choice]);
    assert_eq!(person.successors(), [one, choice]);
}

#[test]
fn a_thief_of_old_keys_brings_nothing_into_doubt_that_the_recovery_key_has_signed() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let choice = ana.decide(&start, None);
    let (rival, _) = ana.next(&start, &keys);
    let person = ana.agreed(&[&choice, &rival]);
    assert_eq!(person.sealing_key(), Some(&choice.statement.sealing));
}

#[test]
fn a_replaced_recovery_key_chooses_nothing() {
    let mut ana = Ana::new();
    let start = ana.person.clone();
    let new = recovery_keys(&Secret::new([2; 32]));
    let replaced = ana.decide(&start, Some(&new));
    let stolen = ana.decide(&start, None);
    let farther = ana.decide(&extended(&start, &[&stolen]), None);
    let person = ana.agreed(&[&replaced, &stolen, &farther]);
    assert_eq!(person.successors(), [replaced]);
    assert_eq!(person.recovery_key(), new.signing.verifying_key());
    assert_ne!(person.recovery_key(), ana.words.signing.verifying_key());
}

#[test]
fn rivals_without_end_are_a_fork_that_ends_with_the_recovery_key() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let mut person = start.clone();
    for _ in 0..limits::RIVALS_MAX + 20 {
        let (rival, _) = ana.next(&start, &keys);
        person.extend(&rival).expect("follows");
    }
    assert_eq!(person.steps().len(), limits::RIVALS_MAX + 1);
    assert!(person.is_forked());
    let choice = ana.decide(&person, None);
    person.extend(&choice).expect("follows");
    assert_eq!(person.sealing_key(), Some(&choice.statement.sealing));
}

#[test]
fn what_a_comparison_chose_stays_chosen_in_every_order_and_after_a_restart() {
    let mut ana = Ana::new();
    let (start, keys) = (ana.person.clone(), ana.keys.clone());
    let (one, one_keys) = ana.next(&start, &keys);
    let (rival, rival_keys) = ana.next(&start, &keys);
    let (rivals_next, _) = ana.next(&extended(&start, &[&rival]), &rival_keys);
    let (two, _) = ana.next(&extended(&start, &[&one]), &one_keys);
    let shown = extended(&start, &[&one]);
    for before in orders(&[&rival, &rivals_next, &two]) {
        for known in 0..=before.len() {
            let mut person = start.clone();
            for step in &before[..known] {
                let _ = person.extend(step);
            }
            person.settle(&shown).expect("the same person");
            for step in [&one, &rival, &rivals_next, &two] {
                person.extend(step).expect("follows");
            }
            assert!(!person.is_forked());
            assert_eq!(person.successors(), [one.clone(), two.clone()]);
            let steps = person.steps();
            let kept = Person::resume(person.genesis(), &steps, false, person.settled());
            assert_eq!(kept, Ok(person));
        }
    }
    // What is behind it is in doubt as ever.
    let mut person = extended(&start, &[&one]);
    person.settle(&shown).expect("the same person");
    let (rival, _) = ana.next(&shown, &one_keys);
    let doubted = extended(&person, &[&two, &rival]);
    assert!(doubted.is_forked());
    assert!(person.settle(&doubted).is_err());
    let other = Ana::new().person;
    let stranger = Person::begin(
        other.recovery_key(),
        &mut Outside {
            now: Timestamp(0),
            rng: &mut ana.rng,
        },
    );
    assert!(person.settle(&stranger.0).is_err());
}
