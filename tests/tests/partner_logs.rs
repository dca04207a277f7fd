//! A partner's log that forks, has holes, makes claims about others, comes from a newer version.

use sidelight_format::record::{Fact, Verdict};
use sidelight_format::{
    Bytes, EntryPreimage, Head, Link, Mode, SegmentId, Sequence, Subject, limits,
};
use sidelight_journal::Document;
use sidelight_tests::story::{ADA, BO, Chunk, Hand, Story, same_shown, shared, splice};

/// Bo's changed client, with an honest one of Bo's beside it.
fn changed_client(seed: u64) -> (Story, Hand) {
    let story = Story::of_a_couple(seed);
    let hand = Hand::of(&story, BO, 0);
    (story, hand)
}

/// An entry of the hand's person, that both devices show.
fn begun(story: &mut Story, hand: &mut Hand, mode: Mode) -> (EntryPreimage, Document) {
    let preimage = hand.preimage(hand.person, mode);
    let (document, change) = hand.first_change(&preimage, "begun by hand");
    let envelope = hand.envelope(preimage, vec![change]);
    story.show(hand, &[envelope]);
    let id = preimage.id(&hand.space);
    assert_eq!(story.text(ADA, &id).as_deref(), Some("begun by hand"));
    (preimage, document)
}

#[test]
fn a_log_with_two_continuations_is_shown_whole_and_reported_once() {
    let (mut story, mut hand) = changed_client(14);
    begun(&mut story, &mut hand, Mode::Own);
    // One author, two devices that both believe to be the only one.
    let mut branches: Vec<Vec<Bytes>> = Vec::new();
    let fork_at = hand.own.clone();
    for branch in 0..2_u8 {
        hand.own = fork_at.clone();
        hand.own.segment = SegmentId([branch; 16]);
        let mut envelopes = Vec::new();
        for step in 0..3 {
            let preimage = hand.preimage(hand.person, Mode::Own);
            let (_, change) = hand.first_change(&preimage, &format!("branch {branch} {step}"));
            envelopes.push(hand.envelope(preimage, vec![change]));
        }
        branches.push(envelopes);
    }
    let all: Vec<Bytes> = branches.concat();
    let orders = [
        all.clone(),
        all.iter().rev().cloned().collect(),
        (0..3)
            .flat_map(|step| [all[step].clone(), all[step + 3].clone()])
            .collect(),
        [3, 0, 5, 1, 4, 2].map(|place| all[place].clone()).to_vec(),
    ];
    let mut shown = Vec::new();
    for order in orders {
        let mut fork = story.fork();
        fork.show(&hand, &order);
        fork.assert_same(ADA, BO);
        assert_eq!(fork.shared_entries(ADA).len(), 7, "both branches stay");
        for home in [ADA, BO] {
            let mut forks = fork.facts(home);
            forks.retain(|fact| !matches!(fact, Fact::Gap { .. }));
            let [
                Fact::Fork {
                    person,
                    author,
                    sequence,
                },
            ] = forks[..]
            else {
                panic!("one log forks once: {forks:?}");
            };
            assert_eq!((person, author), (hand.person, hand.author()));
            assert!((1..=3).contains(&sequence.0), "{sequence:?}");
        }
        shown.push(fork.shared_entries(ADA));
    }
    assert!(
        shown.iter().all(|one| same_shown(one, &shown[0])),
        "in whatever order"
    );
}

#[test]
fn two_changes_for_one_place_of_one_actor_are_told_as_a_fork_and_crash_nothing() {
    let (mut story, mut hand) = changed_client(15);
    let (preimage, document) = begun(&mut story, &mut hand, Mode::Together);
    let id = preimage.id(&hand.space);
    let fork_at = hand.own.clone();
    let mut envelopes = Vec::new();
    for word in ["one ", "two "] {
        hand.own = fork_at.clone();
        let mut copy = Document::load(&{
            let (mut again, _) = Document::from_changes(Vec::new());
            let authored = story.authored(ADA).pop().expect("begun").1;
            let first = sidelight_journal::admit(&authored.parts[0], &hand.actor(&id));
            again.apply(vec![first.expect("honest")]);
            again.save()
        })
        .expect("just saved");
        let made = copy
            .edit(hand.actor(&id), None, &splice(0, 0, word))
            .expect("a sound edit")
            .expect("it changes something");
        envelopes.push(hand.envelope(preimage, vec![made.change]));
    }
    drop(document);
    story.show(&hand, &envelopes);
    for home in [ADA, BO] {
        let facts = story.facts(home);
        assert!(
            facts.iter().any(|f| matches!(f, Fact::Fork { .. })),
            "{facts:?}"
        );
        assert_eq!(story.text(home, &id).as_deref(), Some("one begun by hand"));
    }
}

#[test]
fn whoever_claims_that_i_wrote_more_than_came_is_told_as_a_gap_and_harms_nothing() {
    let (mut story, mut hand) = changed_client(16);
    story.write(ADA, shared("the only one by Ada"));
    story.settle();
    let author = story.authored(ADA)[0].1.certificate.author;
    for (claimed, link) in [(5, [1; 32]), (u64::MAX, [2; 32]), (0, [3; 32])] {
        let preimage = hand.preimage(hand.person, Mode::Own);
        let (_, change) = hand.first_change(&preimage, "with a claim");
        let mut authored = hand.authored(Some(preimage), vec![change]);
        let head = |author| Head {
            author,
            sequence: Sequence(claimed),
            link: Link(link),
        };
        authored.heads = vec![head(author)];
        hand.sign(&mut authored);
        let envelope = hand.seal(authored);
        story.show(&hand, &[envelope]);
        assert!(story.text(ADA, &preimage.id(&hand.space)).is_some());
    }
    story.restart(ADA);
    story.exchange();
    let facts = story.facts(ADA);
    let gaps = facts
        .iter()
        .filter(|f| matches!(f, Fact::Gap { .. }))
        .count();
    let forks = facts
        .iter()
        .filter(|f| matches!(f, Fact::Fork { .. }))
        .count();
    assert_eq!((gaps, forks, facts.len()), (1, 1, 2), "{facts:?}");
    // Ada writes on, and it reaches Bo.
    let entry = story.write(ADA, shared("and another"));
    story.settle();
    assert!(story.text(BO, &entry).is_some());
}

#[test]
fn a_first_envelope_at_the_end_of_numbers_is_a_gap_and_no_more() {
    let (mut story, mut hand) = changed_client(17);
    hand.own.next = Sequence(u64::MAX);
    hand.own.link = Link([5; 32]);
    for text in ["at the end", "and there again"] {
        let preimage = hand.preimage(hand.person, Mode::Own);
        let (_, change) = hand.first_change(&preimage, text);
        let envelope = hand.envelope(preimage, vec![change]);
        story.show(&hand, &[envelope]);
        assert!(story.text(ADA, &preimage.id(&hand.space)).is_some());
    }
    story.restart(ADA);
    story.exchange();
    let gap = Fact::Gap {
        person: hand.person,
        author: hand.author(),
        from: Sequence(0),
        to: Sequence(u64::MAX),
    };
    assert!(story.facts(ADA).contains(&gap), "{:?}", story.facts(ADA));
}

#[test]
fn what_waits_for_a_change_that_never_comes_is_bounded_by_author() {
    let (mut story, mut hand) = changed_client(18);
    let preimage = hand.preimage(hand.person, Mode::Own);
    let (mut document, _) = hand.first_change(&preimage, "after something that never was");
    let actor = hand.actor(&preimage.id(&hand.space));
    let edited = document.edit(actor, None, &splice(0, 0, "and "));
    let change = edited.expect("a splice in range").expect("a change").change;
    let waiting: Vec<Bytes> = (0..limits::WAITING_PER_AUTHOR_MAX as u64 + 200)
        .map(|n| {
            let mut dependency = [0xEE; 32];
            dependency[..8].copy_from_slice(&n.to_be_bytes());
            let orphan = Chunk {
                dependencies: vec![dependency],
                ..Chunk::of(&change)
            };
            hand.envelope(preimage, vec![orphan.bytes()])
        })
        .collect();
    story.post(&hand.keys, waiting);
    story.exchange();
    assert_eq!(story.waiting(ADA), limits::WAITING_PER_AUTHOR_MAX);
    assert_eq!(story.text(ADA, &preimage.id(&hand.space)), None);
    // Another author of the same person still gets through.
    let mut other = Hand::of(&story, BO, 1);
    let (preimage, change) = {
        let preimage = other.preimage(other.person, Mode::Own);
        (
            preimage,
            other.first_change(&preimage, "a word of another author").1,
        )
    };
    let envelope = other.envelope(preimage, vec![change]);
    story.post(&other.keys, [envelope]);
    story.exchange();
    assert!(story.text(ADA, &preimage.id(&other.space)).is_some());
}

#[test]
fn subjects_and_bodies_of_a_newer_version_are_kept_without_harm() {
    let (mut story, mut hand) = changed_client(19);
    let mut newer = Vec::new();
    for subject in [6, 7, 500, u16::MAX] {
        let preimage = hand.preimage(hand.person, Mode::Own);
        for entry in [None, Some(preimage)] {
            let mut authored = hand.authored(entry, vec![b"of a later version".to_vec()]);
            authored.subject = Subject(subject);
            hand.sign(&mut authored);
            newer.push(hand.seal(authored));
        }
    }
    story.show(&hand, &newer);
    for envelope in &newer {
        let kept = story.envelope(ADA, &hand.id(envelope)).expect("kept");
        assert_eq!((kept.verdict, &kept.bytes), (Verdict::Unknown, envelope));
    }
    assert!(story.facts(ADA).is_empty() && story.shared_entries(ADA).is_empty());
    // They are refill material like everything else, and the log is whole over them.
    story.restart_relay(|disk| disk.lose_everything(sidelight_format::RelayInstance([4; 16])));
    story.settle();
    assert_eq!(story.listed(&hand.keys.name()).len(), newer.len());
    assert!(
        story
            .facts(ADA)
            .iter()
            .all(|fact| !matches!(fact, Fact::Gap { .. }))
    );
}
