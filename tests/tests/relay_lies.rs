//! A relay that forges, changes, transplants, repeats, reorders, withholds, forgets and promises.
//! Whatever it does: nothing false is shown, nothing acknowledged is lost, and what can be told
//! is told.

use std::collections::HashSet;

use rand_core::Rng;
use sidelight_format::record::{Fact, Verdict};
use sidelight_format::{
    Bytes, Class, Contents, EntryId, EnvelopeId, Frame, Item, Position, RelayInstance, RunningHash,
    Sequence, envelope_id,
};
use sidelight_sync::{Found, Session};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, RELAY, Story, honest, shared, together, whole};

const LATER: RelayInstance = RelayInstance([2; 16]);

/// A couple with three entries of Bo, all of which are with the relay, none with Ada yet.
fn three_of_bo(seed: u64) -> (Story, Vec<EntryId>) {
    let mut story = Story::of_a_couple(seed);
    story.go_offline(ADA);
    let entries = ["first", "second", "third"]
        .map(|text| story.write(BO, shared(text)))
        .to_vec();
    story.exchange();
    story.go_offline(BO);
    (story, entries)
}

#[test]
fn an_honest_list_said_by_hand_is_taken_so_that_the_lies_below_differ_in_the_lie_alone() {
    let (mut story, entries) = three_of_bo(1);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    let line = story.puppet(ADA, mailbox);
    story.say(line, honest(RELAY, &list, &mailbox));
    assert!(story.is_up(line));
    assert_eq!(story.shared_entries(ADA).len(), entries.len());
    assert!(story.facts(ADA).is_empty());
}

#[test]
fn what_a_relay_makes_up_is_never_shown_and_tells_nothing_about_a_person() {
    let (mut story, _) = three_of_bo(2);
    let mailbox = story.shared_mailbox();
    let mut dice = Chance::new(2, 50);
    let mut list = story.listed(&mailbox);
    for len in [0, 1, 91, 92, 107, 108, 1023, 1024, 2048, 16_384, 17_408] {
        for first in [1_u8, 0, 255] {
            let mut forged = vec![0; len];
            dice.rng().fill_bytes(&mut forged);
            if let Some(byte) = forged.first_mut() {
                *byte = first;
            }
            list.push(Bytes::from(forged));
        }
    }
    let line = story.puppet(ADA, mailbox);
    story.say(line, honest(RELAY, &list, &mailbox));
    let pushed = list.iter().map(|envelope| Frame::Arrived {
        envelope: envelope.clone(),
    });
    story.say(line, pushed.collect());
    assert_eq!(story.shared_entries(ADA).len(), 3);
    assert!(story.facts(ADA).is_empty());
    story.hang_up(line);
    story.reunite();
}

#[test]
fn one_changed_bit_anywhere_in_an_envelope_and_it_is_not_shown() {
    let (mut story, _) = three_of_bo(3);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    let target = list.last().expect("three").clone();
    let mut fork = story.fork();
    let line = fork.puppet(ADA, mailbox);
    let state = honest(RELAY, &[], &mailbox).swap_remove(0);
    fork.say(line, vec![state]);
    let bits = (0..target.len()).flat_map(|byte| {
        // All bits of header, nonce and tag; one of every eighth byte between.
        let all = byte < 100 || byte + 16 >= target.len();
        (0..8)
            .filter(move |bit| all || (byte % 8 == 0 && *bit == byte / 8 % 8))
            .map(move |bit| (byte, bit))
    });
    let flipped: Vec<Frame> = bits
        .map(|(byte, bit)| {
            let mut changed = target.to_vec();
            changed[byte] ^= 1 << bit;
            Frame::Arrived {
                envelope: Bytes::from(changed),
            }
        })
        .collect();
    assert!(flipped.len() > 900);
    for burst in flipped.chunks(256) {
        fork.say(line, burst.to_vec());
    }
    assert!(fork.is_up(line), "a push is no promise");
    assert!(fork.shared_entries(ADA).is_empty());
    fork.say(line, vec![Frame::Arrived { envelope: target }]);
    assert_eq!(fork.shared_entries(ADA).len(), 1, "unchanged, it is shown");
}

#[test]
fn a_list_with_a_body_that_is_not_its_ids_is_dropped_and_honesty_later_is_enough() {
    let (mut story, _) = three_of_bo(4);
    let mailbox = story.shared_mailbox();
    let length = story.listed(&mailbox).len() as u64;
    for position in 0..length {
        let mut fork = story.fork();
        fork.go_offline(BO);
        fork.restart_relay(|disk| {
            disk.tamper(&mailbox, Position(position), |body| body[500] ^= 1);
        });
        fork.exchange();
        assert!(!fork.is_in_sync(), "the link was dropped");
        let shown = fork.shared_entries(ADA);
        assert!(
            shown
                .values()
                .all(|e| ["first", "second"].contains(&e.rendered.text.as_str()))
        );
        fork.restart_relay(|disk| {
            disk.tamper(&mailbox, Position(position), |body| body[500] ^= 1);
        });
        fork.reunite();
        assert_eq!(fork.shared_entries(ADA).len(), 3);
        assert!(fork.facts(ADA).is_empty());
    }
}

#[test]
fn an_envelope_opens_in_no_mailbox_but_its_own() {
    // Two couples, and Bo's private space, at one relay that copies everything everywhere.
    let (mut story, _) = three_of_bo(5);
    story.write(BO, sidelight_tests::story::draft("private to Bo"));
    story.go_online(BO);
    story.exchange();
    story.go_offline(BO);
    let mut others = Story::of_a_couple(55);
    others.write(BO, shared("of another couple"));
    others.settle();
    let mut everything: Vec<Bytes> = Vec::new();
    for (relay, disk) in [(&story, &story.relay_disk), (&others, &others.relay_disk)] {
        for mailbox in disk.mailboxes() {
            everything.extend(relay.listed(&mailbox));
        }
    }
    let own: HashSet<Bytes> = story.listed(&story.shared_mailbox()).into_iter().collect();
    let foreign: Vec<Frame> = everything
        .into_iter()
        .filter(|envelope| !own.contains(envelope))
        .map(|envelope| Frame::Arrived { envelope })
        .collect();
    assert!(foreign.len() > 15);
    let mut fork = story.fork();
    for wanted in fork.device(ADA).wanted() {
        let before = fork.entries(ADA).len();
        let line = fork.puppet(ADA, wanted.mailbox);
        fork.say(line, foreign.clone());
        assert_eq!(fork.entries(ADA).len(), before);
    }
    assert!(fork.facts(ADA).is_empty(), "{:?}", fork.facts(ADA));
    assert!(fork.entries(ADA).is_empty());
}

#[test]
fn what_is_listed_twice_counts_once() {
    let (mut story, _) = three_of_bo(6);
    let mailbox = story.shared_mailbox();
    let mut list = story.listed(&mailbox);
    list.extend(list.clone());
    list.extend(list.clone());
    let line = story.puppet(ADA, mailbox);
    story.say(line, honest(RELAY, &list, &mailbox));
    assert!(story.is_up(line));
    assert_eq!(story.shared_entries(ADA).len(), 3);
    assert!(story.facts(ADA).is_empty(), "a repetition is no fork");
    story.hang_up(line);
    story.reunite();
    assert_eq!(story.shared_entries(ADA).len(), 3);
}

#[test]
fn positions_swapped_before_anybody_looked_change_nothing_that_is_shown() {
    let mut story = Story::of_a_couple(7);
    story.go_offline(ADA);
    let entry = story.write(BO, together("one"));
    for word in [" two", " three", " four"] {
        let end = story.text(BO, &entry).expect("written").chars().count() as u32;
        story.edit(BO, &entry, (end, 0, word)).expect("it is Bo's");
    }
    story.exchange();
    story.go_offline(BO);
    let mailbox = story.shared_mailbox();
    for (a, b) in [(0, 1), (0, 3), (1, 2), (2, 3), (1, 3), (0, 2)] {
        let mut fork = story.fork();
        fork.go_offline(BO);
        fork.restart_relay(|disk| {
            assert!(disk.swap(&mailbox, Position(a), Position(b)));
        });
        fork.exchange();
        assert_eq!(
            fork.text(ADA, &entry).as_deref(),
            Some("one two three four")
        );
        assert_eq!(fork.waiting(ADA), 0);
        assert!(fork.facts(ADA).is_empty(), "{:?}", fork.facts(ADA));
        fork.reunite();
        let noticed = |fact: &Fact| matches!(fact, Fact::Rollback { .. } | Fact::Refilled { .. });
        assert!(fork.facts(BO).iter().all(noticed), "{:?}", fork.facts(BO));
        assert!(!fork.facts(BO).is_empty(), "Bo had seen another order");
    }
}

#[test]
fn endless_promises_end_the_link_after_a_few_questions() {
    let (mut story, _) = three_of_bo(13);
    let mailbox = story.shared_mailbox();
    for instance in [RELAY, LATER] {
        let line = story.puppet(ADA, mailbox);
        let promise = |next| Frame::Fetched {
            next: Position(next),
            length: Position(u64::MAX),
            hash: RunningHash([7; 32]),
        };
        let state = Frame::State {
            instance,
            length: Position(u64::MAX),
            hash: RunningHash([7; 32]),
        };
        story.say(line, vec![state]);
        let (mut questions, mut said) = (0, 0);
        while story.is_up(line) {
            said += 1;
            assert!(said < 20, "it does not end");
            story.say(line, vec![promise(0)]);
            let heard = story.heard(line);
            questions += heard
                .iter()
                .filter(|f| matches!(f, Frame::Fetch { .. }))
                .count();
        }
        assert!(questions < 10, "{questions}");
    }
    story.reunite();
}

#[test]
fn items_out_of_place_end_the_link_and_leave_nothing_behind() {
    let (mut story, _) = three_of_bo(14);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    for first in [1, 2, 3, 1 << 40, u64::MAX] {
        let line = story.puppet(ADA, mailbox);
        let mut frames = honest(RELAY, &list, &mailbox);
        frames[1] = Frame::Items {
            first: Position(first),
            items: whole(&list, &mailbox),
        };
        story.say(line, frames);
        assert!(!story.is_up(line), "first at {first}");
    }
    story.reunite();
    assert_eq!(story.shared_entries(ADA).len(), 3);
    assert!(story.facts(ADA).is_empty());
}

#[test]
fn frames_that_a_relay_never_says_end_the_link() {
    let (mut story, _) = three_of_bo(15);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    let state = || honest(RELAY, &list, &mailbox).swap_remove(0);
    let line = story.puppet(ADA, mailbox);
    let said = story.heard(line);
    assert!(said.len() >= 2, "a device opens and fetches");
    story.hang_up(line);
    let wrong = said.into_iter().chain([
        state(),
        Frame::Put {
            envelope: list[0].clone(),
        },
    ]);
    for frame in wrong {
        let line = story.puppet(ADA, mailbox);
        story.say(line, vec![state(), frame]);
        assert!(!story.is_up(line));
    }
    for early in honest(RELAY, &list, &mailbox).drain(1..) {
        let line = story.puppet(ADA, mailbox);
        story.say(line, vec![early]);
        assert!(!story.is_up(line), "before it said how the mailbox stands");
    }
    story.reunite();
}

#[test]
fn bodies_left_out_that_were_asked_for_are_a_gap_like_any_other() {
    let (mut story, _) = three_of_bo(16);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    for lie in [Contents::Skipped, Contents::Dropped] {
        for class in Class::ALL {
            let mut fork = story.fork();
            fork.go_offline(BO);
            let line = fork.puppet(ADA, mailbox);
            let mut frames = honest(RELAY, &list, &mailbox);
            if let Frame::Items { items, .. } = &mut frames[1] {
                items[1].contents = lie.clone();
                items[1].class = class;
            }
            fork.say(line, frames);
            assert_eq!(fork.shared_entries(ADA).len(), 2);
            let named = |fact: &Fact| {
                matches!(fact, Fact::Gap { from, to, .. }
                if (*from, *to) == (Sequence(1), Sequence(2)))
            };
            let gone = fork.is_up(line);
            assert!(
                !gone || fork.facts(ADA).iter().any(named),
                "{:?}",
                fork.facts(ADA)
            );
        }
    }
}

#[test]
fn an_envelope_said_to_be_dropped_is_taken_when_it_comes_after_all() {
    let (mut story, entries) = three_of_bo(17);
    let mailbox = story.shared_mailbox();
    let list = story.listed(&mailbox);
    let line = story.puppet(ADA, mailbox);
    let mut frames = honest(RELAY, &[], &mailbox);
    let id = envelope_id(&mailbox, &list[0]);
    frames.push(Frame::Dropped { id });
    frames.push(Frame::Arrived {
        envelope: list[0].clone(),
    });
    story.say(line, frames);
    assert!(story.text(ADA, &entries[0]).is_some());
    story.hang_up(line);
    story.reunite();
    assert_eq!(story.shared_entries(ADA).len(), 3);
}

#[test]
fn a_refused_envelope_is_known_by_its_id_and_never_sent_on() {
    let (mut story, _) = three_of_bo(19);
    let mailbox = story.shared_mailbox();
    let forged = Bytes::from(vec![1; 1024]);
    let id = envelope_id(&mailbox, &forged);
    let line = story.puppet(ADA, mailbox);
    let mut frames = honest(RELAY, &[], &mailbox);
    frames.push(Frame::Arrived {
        envelope: forged.clone(),
    });
    story.say(line, frames);
    let kept = story.envelope(ADA, &id).expect("its id is remembered");
    assert_eq!(kept.verdict, Verdict::Refused);
    assert!(kept.bytes.is_empty());
    story.hang_up(line);
    story.restart_relay(|disk| disk.lose_everything(LATER));
    story.reunite();
    assert!(!story.listed(&mailbox).contains(&forged));
}

#[test]
fn a_list_of_ids_without_end_is_not_held_in_memory_without_end() {
    let mut story = Story::of_a_couple(20);
    story.write(BO, shared("one"));
    story.settle();
    let keys = story.shared_keys(ADA);
    let record = story.record(ADA, sidelight_store::Key::Name(&keys.name().0));
    for same_id in [false, true] {
        let mut session = Session::open(&keys, record, &[0; 32], Bytes::default());
        let state = Frame::State {
            instance: LATER,
            length: Position(u64::MAX),
            hash: RunningHash::START,
        };
        session.handle(state, &mut |_| false);
        let (mut first, mut broken) = (0_u64, false);
        while !broken {
            assert!(first < 2 << 20, "a list of {first} ids is still believed");
            let items = (first..first + 4096).map(|n| {
                let mut id = [0; 32];
                id[..8].copy_from_slice(&if same_id { 7 } else { n }.to_be_bytes());
                Item {
                    id: EnvelopeId(id),
                    class: Class::Live,
                    contents: Contents::Skipped,
                }
            });
            let frame = Frame::Items {
                first: Position(first),
                items: items.collect(),
            };
            broken = session
                .handle(frame, &mut |_| false)
                .contains(&Found::Broken);
            first += 4096;
        }
        let after = session.handle(
            Frame::Arrived {
                envelope: Bytes::from(vec![0; 1024]),
            },
            &mut |_| false,
        );
        assert!(after.is_empty(), "a broken session takes nothing more in");
    }
}

#[test]
fn too_many_items_at_once_end_the_link() {
    let (mut story, _) = three_of_bo(21);
    let mailbox = story.shared_mailbox();
    let line = story.puppet(ADA, mailbox);
    let items = (0..4097_u32).map(|n| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Item {
            id: EnvelopeId(id),
            class: Class::Live,
            contents: Contents::Skipped,
        }
    });
    let mut frames = honest(RELAY, &[], &mailbox);
    frames.push(Frame::Items {
        first: Position(0),
        items: items.collect(),
    });
    story.say(line, frames);
    assert!(!story.is_up(line));
    story.reunite();
}
