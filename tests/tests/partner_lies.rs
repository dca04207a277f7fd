//! A partner with a changed client: whatever they sign and seal, it crashes nothing, fills
//! nothing, puts no word into anybody's mouth, and is told where it can be.

use sidelight_format::record::{Fact, Verdict};
use sidelight_format::{
    Authored, Body, Bytes, EntryPreimage, EnvelopeId, EraseToken, Head, Link, Mode, PersonId,
    SegmentId, Sequence, SpaceId, Subject, limits,
};
use sidelight_journal::Document;
use sidelight_tests::story::{
    ADA, BO, Chunk, Hand, Story, every_order, same_shown, shared, splice, together,
};

/// Bo's changed client, with an honest one of Bo's beside it.
fn changed_client(seed: u64) -> (Story, Hand) {
    let story = Story::of_a_couple(seed);
    let hand = Hand::of(&story, BO, 0);
    (story, hand)
}

fn refused(person: Option<PersonId>, envelope: EnvelopeId) -> Fact {
    Fact::Refused { person, envelope }
}

/// Shows one envelope, which nobody may take in.
fn assert_refused(story: &mut Story, hand: &Hand, envelope: &Bytes, person: Option<PersonId>) {
    let before = (story.shared_entries(ADA), story.facts(ADA).len());
    story.show(hand, std::slice::from_ref(envelope));
    assert!(
        same_shown(&story.shared_entries(ADA), &before.0),
        "nothing of it is shown"
    );
    let id = hand.id(envelope);
    let kept = story.envelope(ADA, &id).expect("its id is remembered");
    assert_eq!(kept.verdict, Verdict::Refused);
    assert!(kept.bytes.is_empty(), "and nothing else of it");
    assert_eq!(story.facts(ADA)[before.1..], [refused(person, id)]);
    // Seen again after a restart, or in another list, it is known.
    story.restart(ADA);
    story.exchange();
    assert_eq!(story.facts(ADA).len(), before.1 + 1);
    assert!(same_shown(&story.shared_entries(ADA), &before.0));
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
fn an_envelope_by_hand_that_keeps_all_rules_is_shown_so_that_those_below_differ_in_one() {
    let (mut story, mut hand) = changed_client(1);
    for mode in [Mode::Own, Mode::Together] {
        let (preimage, mut document) = begun(&mut story, &mut hand, mode);
        let id = preimage.id(&hand.space);
        let made = document
            .edit(hand.actor(&id), None, &splice(0, 5, "written"))
            .expect("a sound edit")
            .expect("it changes something");
        let envelope = hand.envelope(preimage, vec![made.change]);
        story.show(&hand, &[envelope]);
        assert_eq!(story.text(ADA, &id).as_deref(), Some("written by hand"));
    }
    assert!(story.facts(ADA).is_empty() && story.facts(BO).is_empty());
}

#[test]
fn nobody_changes_an_entry_of_mine_whatever_the_order_in_which_it_comes() {
    let mut story = Story::of_a_couple(2);
    story.go_offline(BO);
    let mine = story.write(ADA, shared("mine alone"));
    story
        .edit(ADA, &mine, (10, 0, ", still"))
        .expect("it is mine");
    story.settle();
    story.go_offline(ADA);
    story.go_online(BO);
    story.settle();

    // Bo's changed client edits what it has received, as if it were the owner's.
    let mut hand = Hand::of(&story, BO, 0);
    let preimage = story.entries(BO)[&mine].preimage;
    let honest = story.authored(BO);
    let admitted: Vec<_> = honest
        .iter()
        .map(|(_, authored)| {
            let actor =
                sidelight_journal::actor(&authored.certificate.author, &authored.segment, &mine);
            sidelight_journal::admit(&authored.parts[0], &actor).expect("honest")
        })
        .collect();
    let (mut document, _) = Document::from_changes(admitted);
    let made = document
        .edit(hand.actor(&mine), None, &splice(0, 4, "yours"))
        .expect("a sound edit")
        .expect("it changes something");
    let forged = hand.envelope(preimage, vec![made.change]);

    let mailbox = story.shared_mailbox();
    let mut list = story.listed(&mailbox);
    list.push(forged.clone());
    assert_eq!(list.len(), 3);
    for order in every_order(&list) {
        // A device of Ada's that has nothing of it yet, and Bo's own honest one.
        let mut fork = Story::of_a_couple(2);
        assert_eq!(
            fork.shared_mailbox(),
            mailbox,
            "the same seed, the same couple"
        );
        fork.post(&hand.keys, order);
        fork.exchange();
        for home in [ADA, BO] {
            assert_eq!(fork.text(home, &mine).as_deref(), Some("mine alone, still"));
            assert_eq!(
                fork.entries(home)[&mine].preimage.owner,
                fork.status(ADA).person
            );
            let facts = fork.facts(home);
            assert!(
                facts.contains(&refused(None, hand.id(&forged))),
                "{facts:?}"
            );
        }
        fork.assert_same(ADA, BO);
    }
}

#[test]
fn nobody_begins_an_entry_under_my_name() {
    let (mut story, mut hand) = changed_client(3);
    let ada = story.status(ADA).person;
    for mode in [Mode::Own, Mode::Together] {
        let preimage = hand.preimage(ada, mode);
        let (_, change) = hand.first_change(&preimage, "words that Ada never said");
        let envelope = hand.envelope(preimage, vec![change]);
        let id = hand.id(&envelope);
        story.show(&hand, &[envelope]);
        for home in [ADA, BO] {
            assert_eq!(
                story.text(home, &preimage.id(&hand.space)),
                None,
                "{mode:?}"
            );
            let told = story
                .facts(home)
                .into_iter()
                .any(|fact| matches!(fact, Fact::Refused { envelope, .. } if envelope == id));
            assert!(told, "{mode:?}");
        }
    }
}

#[test]
fn nobody_begins_an_entry_that_both_keep_a_second_time() {
    // Two beginnings would hide one of the two texts, with all that was typed into it.
    let (mut story, mut hand) = changed_client(4);
    let entry = story.write(ADA, together("begun by Ada"));
    story.settle();
    let preimage = story.entries(ADA)[&entry].preimage;
    let (_, change) = hand.first_change(&preimage, "begun again by Bo");
    let envelope = hand.envelope(preimage, vec![change]);
    let bo = hand.person;
    assert_refused(&mut story, &hand, &envelope, Some(bo));
    story
        .edit(BO, &entry, (0, 5, "continued"))
        .expect("it is kept together");
    story.settle();
    assert_eq!(story.text(ADA, &entry).as_deref(), Some("continued by Ada"));
    story.assert_same(ADA, BO);
}

#[test]
fn a_strangers_entry_or_one_without_its_preimage_is_refused() {
    let (mut story, mut hand) = changed_client(5);
    let stranger = hand.preimage(PersonId([9; 32]), Mode::Together);
    let (_, change) = hand.first_change(&stranger, "of a stranger");
    let envelope = hand.envelope(stranger, vec![change.clone()]);
    assert_refused(&mut story, &hand, &envelope, None);
    for subject in [Subject::ENTRY, Subject::ERASURE] {
        let mut authored = hand.authored(None, vec![change.clone()]);
        authored.subject = subject;
        hand.sign(&mut authored);
        let envelope = hand.seal(authored);
        assert_refused(&mut story, &hand, &envelope, None);
    }
}

#[test]
fn another_preimage_names_another_entry_and_the_actor_no_longer_fits() {
    let (mut story, mut hand) = changed_client(6);
    let (mine, _) = begun(&mut story, &mut hand, Mode::Together);
    let bo = hand.person;
    let mut other_mode = mine;
    other_mode.mode = Mode::Own;
    let mut other_random = mine;
    other_random.random[0] ^= 1;
    let (_, change) = hand.first_change(&mine, "for another place");
    for claimed in [other_mode, other_random] {
        assert_ne!(claimed.id(&hand.space), mine.id(&hand.space));
        let envelope = hand.envelope(claimed, vec![change.clone()]);
        assert_refused(&mut story, &hand, &envelope, Some(bo));
        assert_eq!(story.text(ADA, &claimed.id(&hand.space)), None);
    }
}

#[test]
fn a_change_by_another_actor_than_author_segment_and_entry_give_is_refused() {
    let (mut story, mut hand) = changed_client(7);
    let bo = hand.person;
    // Of another segment of the same author.
    let preimage = hand.preimage(bo, Mode::Own);
    let (_, change) = hand.first_change(&preimage, "of another segment");
    let mut authored = hand.authored(Some(preimage), vec![change]);
    authored.segment = SegmentId([3; 16]);
    hand.sign(&mut authored);
    let envelope = hand.seal(authored);
    assert_refused(&mut story, &hand, &envelope, Some(bo));
    // Of another author, of Ada's.
    let entry = story.write(ADA, shared("Ada writes"));
    story.settle();
    let ada = story.authored(ADA).into_iter().find(|(_, authored)| {
        authored
            .entry
            .is_some_and(|preimage| preimage.id(&hand.space) == entry)
    });
    let stolen = ada.expect("Ada wrote").1.parts[0].to_vec();
    let preimage = hand.preimage(bo, Mode::Own);
    let envelope = hand.envelope(preimage, vec![stolen]);
    assert_refused(&mut story, &hand, &envelope, Some(bo));
}

#[test]
fn changes_that_tell_more_or_hold_more_than_they_may_are_refused() {
    let (mut story, mut hand) = changed_client(8);
    let bo = hand.person;
    type Wrong = fn(Chunk) -> Vec<u8>;
    let wrongs: [(&str, Wrong); 9] = [
        ("a time", |c| {
            Chunk {
                time: 1_800_000_000,
                ..c
            }
            .bytes()
        }),
        ("a time before 1970", |c| Chunk { time: -1, ..c }.bytes()),
        ("a message", |c| {
            Chunk {
                message: b"seen you".to_vec(),
                ..c
            }
            .bytes()
        }),
        ("a first operation of 0", |c| {
            Chunk { start: 0, ..c }.bytes()
        }),
        ("a first operation far away", |c| {
            Chunk {
                start: limits::OPERATION_STEP_MAX + 2,
                ..c
            }
            .bytes()
        }),
        ("a first operation at the end of numbers", |c| {
            Chunk {
                start: u64::MAX,
                ..c
            }
            .bytes()
        }),
        ("the second place of its actor", |c| {
            Chunk { sequence: 2, ..c }.bytes()
        }),
        ("too many dependencies", |c| {
            let dependencies = (0..=limits::DEPENDENCIES_MAX as u8)
                .map(|n| [n; 32])
                .collect();
            Chunk { dependencies, ..c }.bytes()
        }),
        ("bytes after its end", |c| {
            let mut bytes = c.bytes();
            bytes.push(0);
            bytes
        }),
    ];
    for (what, wrong) in wrongs {
        let preimage = hand.preimage(bo, Mode::Own);
        let (_, change) = hand.first_change(&preimage, "a change");
        let mut fork = story.fork();
        let envelope = hand.envelope(preimage, vec![wrong(Chunk::of(&change))]);
        println!("{what}");
        fork.post(&hand.keys, [envelope.clone()]);
        fork.exchange();
        assert!(fork.shared_entries(ADA).is_empty(), "{what}");
        let facts = fork.facts(ADA);
        assert!(
            facts.contains(&refused(Some(bo), hand.id(&envelope))),
            "{what}: {facts:?}"
        );
    }
    // A hole in the sequences that the forks have seen is none here: the log goes on.
    let preimage = hand.preimage(bo, Mode::Own);
    let (_, change) = hand.first_change(&preimage, "after all that");
    let envelope = hand.envelope(preimage, vec![change]);
    story.post(&hand.keys, [envelope]);
    story.settle();
    assert_eq!(story.shared_entries(ADA).len(), 1);
}

#[test]
fn too_many_parts_heads_or_bytes_are_refused() {
    let (mut story, mut hand) = changed_client(10);
    let preimage = hand.preimage(hand.person, Mode::Own);
    let (_, change) = hand.first_change(&preimage, "small");
    let head = |n: u8| Head {
        author: sidelight_format::AuthorId([n; 32]),
        sequence: Sequence(1),
        link: Link([n; 32]),
    };
    type Wrong = Box<dyn Fn(&mut Authored)>;
    let wrongs: [Wrong; 5] = [
        Box::new(|a| a.parts.clear()),
        Box::new(|a| a.parts = vec![Bytes::from(vec![1]); limits::PARTS_MAX + 1]),
        Box::new(|a| a.parts = vec![Bytes::from(vec![1; limits::CHANGE_LEN_MAX + 1])]),
        Box::new(move |a| a.heads = (0..=limits::HEADS_MAX as u8).map(head).collect()),
        Box::new(move |a| a.heads = vec![head(2), head(1)]),
    ];
    for wrong in wrongs {
        let mut authored = hand.authored(Some(preimage), vec![change.clone()]);
        wrong(&mut authored);
        hand.sign(&mut authored);
        let envelope = hand.seal(authored);
        assert_refused(&mut story, &hand, &envelope, None);
    }
}

#[test]
fn an_author_without_a_true_certificate_is_nobody() {
    let (mut story, hand) = changed_client(11);
    let ada = story.status(ADA).person;
    let epoch = hand.epoch;
    type Wrong = Box<dyn Fn(&mut Hand)>;
    let wrongs: [(&str, Wrong); 7] = [
        (
            "a changed signature",
            Box::new(|h| {
                let mut bytes = h.own.certificate.signature.to_bytes();
                bytes[5] ^= 1;
                h.own.certificate.signature = sidelight_format::Signature::from_bytes(&bytes);
            }),
        ),
        (
            "of another space",
            Box::new(|h| {
                let space = h.space;
                h.space = SpaceId([8; 32]);
                h.certify();
                h.space = space;
            }),
        ),
        (
            "of another epoch",
            Box::new(move |h| {
                h.epoch = sidelight_format::EpochId([8; 32]);
                h.certify();
                h.epoch = epoch;
            }),
        ),
        (
            "in Ada's name, signed by Bo",
            Box::new(move |h| {
                h.person = ada;
                h.certify();
            }),
        ),
        (
            "in a stranger's name",
            Box::new(|h| {
                h.person = PersonId([9; 32]);
                h.certify();
            }),
        ),
        (
            "of a generation that is not there",
            Box::new(|h| {
                h.own.certificate.generation = sidelight_format::Generation(1);
                h.certify();
            }),
        ),
        (
            "of another author",
            Box::new(|h| {
                h.own.certificate.author = sidelight_format::AuthorId([7; 32]);
                h.certify();
            }),
        ),
    ];
    for (place, (what, wrong)) in wrongs.into_iter().enumerate() {
        println!("{what}");
        let mut hand = Hand::of(&story, BO, place as u64 + 1);
        wrong(&mut hand);
        let preimage = hand.preimage(hand.person, Mode::Own);
        let (_, change) = hand.first_change(&preimage, "by nobody");
        let envelope = hand.envelope(preimage, vec![change]);
        assert_refused(&mut story, &hand, &envelope, None);
    }
}

#[test]
fn what_another_signed_is_refused_and_so_is_what_was_changed_after_signing() {
    let (mut story, mut hand) = changed_client(12);
    let other = Hand::of(&story, BO, 99);
    let preimage = hand.preimage(hand.person, Mode::Own);
    let (_, change) = hand.first_change(&preimage, "signed");
    let mut by_other = hand.authored(Some(preimage), vec![change.clone()]);
    other.sign(&mut by_other);
    let envelope = hand.seal(by_other);
    assert_refused(&mut story, &hand, &envelope, None);

    type Change = fn(&mut Authored);
    let changes: [Change; 8] = [
        |a| a.sequence = Sequence(77),
        |a| a.previous = Link([1; 32]),
        |a| a.segment = SegmentId([1; 16]),
        |a| a.salt.0[0] ^= 1,
        |a| a.subject = Subject(500),
        |a| a.entry = None,
        |a| a.parts.push(Bytes::from(vec![1])),
        |a| a.parts[0][60] ^= 1,
    ];
    for change_it in changes {
        let mut authored = hand.authored(Some(preimage), vec![change.clone()]);
        change_it(&mut authored);
        let envelope = hand.seal(authored);
        assert_refused(&mut story, &hand, &envelope, None);
    }
}

#[test]
fn an_envelope_of_the_space_before_is_worth_nothing_in_this_one() {
    // The same two persons, paired a second time: signatures of then do not count now.
    let (then, mut before) = changed_client(13);
    let mut now = Story::new(130, &["Ada", "Bo"]);
    now.pair();
    let preimage = before.preimage(before.person, Mode::Own);
    let (_, change) = before.first_change(&preimage, "of then");
    let authored = before.authored(Some(preimage), vec![change]);
    let mut hand = Hand::of(&now, BO, 0);
    let token = EraseToken([0; 32]);
    let envelope = hand.seal_body(&Body::Authored(Box::new(authored)), &token);
    assert_refused(&mut now, &hand, &envelope, None);
    drop(then);
}

#[test]
fn bodies_that_have_no_place_in_a_shared_mailbox_are_refused_or_kept_aside() {
    let (mut story, mut hand) = changed_client(20);
    let token = EraseToken([0; 32]);
    let empty = sidelight_format::PairingMessage::Reveal {
        encapsulated: Bytes::default(),
        ciphertext: Bytes::default(),
    };
    for body in [
        Body::Pairing(Box::new(empty)),
        Body::Blob(Bytes::from(vec![1; 100])),
    ] {
        let envelope = hand.seal_body(&body, &token);
        assert_refused(&mut story, &hand, &envelope, None);
    }
    // An epoch of whatever making changes nothing about where is written.
    let space = story.status(BO).shared.expect("paired");
    let record = story.epoch(BO, &space).record.expect("founded with one");
    let envelope = hand.seal_body(&Body::Epoch(Box::new(record)), &token);
    story.show(&hand, &[envelope]);
    story.write(ADA, shared("as before"));
    story.settle();
    assert_eq!(story.shared_entries(BO).len(), 1);
}
