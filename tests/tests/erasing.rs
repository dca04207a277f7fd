//! Erasing: what its writer takes back goes from everywhere that obeys, and nothing brings it
//! back; nobody takes back what is not theirs.

use sidelight::ErrorKind;
use sidelight::device::{Device, Event, Reach};
use sidelight_format::record::{ErasedRecord, ErasingRecord, Fact};
use sidelight_format::{
    AuthorId, Bytes, EntryPreimage, EnvelopeId, Erasure, Mode, RelayInstance, Sequence, Subject,
    encode, limits,
};
use sidelight_store::Key;
use sidelight_tests::story::{ADA, BO, Hand, Story, draft, shared, together};

/// A couple with an entry of Ada's that was changed twice, and two that stay.
fn with_three(seed: u64) -> (Story, [sidelight_format::EntryId; 3]) {
    let mut story = Story::of_a_couple(seed);
    let first = story.write(ADA, shared("first"));
    let gone = story.write(ADA, shared("I did not mean this"));
    story.edit(ADA, &gone, (0, 0, "No, ")).expect("Ada's");
    let last = story.write(ADA, shared("last"));
    story.edit(ADA, &gone, (0, 0, "Oh. ")).expect("Ada's");
    (story, [first, gone, last])
}

fn no_facts(story: &Story, homes: &[usize]) {
    for home in homes {
        assert_eq!(story.facts(*home), [], "home {home} has nothing to report");
    }
}

#[test]
fn what_is_taken_back_goes_from_every_device_and_from_the_relay() {
    let (mut story, [first, gone, last]) = with_three(1);
    let tablet = story.other_device(ADA);
    story.settle();
    assert_eq!(
        story.text(BO, &gone).as_deref(),
        Some("Oh. No, I did not mean this")
    );
    assert_eq!(story.at_relay(ADA, &gone).len(), 3);
    for home in [ADA, BO, tablet] {
        story.events(home);
    }

    assert_eq!(story.erase(ADA, &gone).expect("Ada's"), Reach::Everywhere);
    assert_eq!(story.text(ADA, &gone), None, "at once, before any sync");
    assert_eq!(story.kept_of(ADA, &gone), 0);
    story.settle();
    story.assert_gone(&[ADA, BO, tablet], &gone);
    for home in [ADA, BO, tablet] {
        let events = story.events(home);
        let told = events.iter().filter(|event| event.is_of_entry());
        assert_eq!(told.collect::<Vec<_>>(), [&Event::EntryRemoved(gone)]);
        assert_eq!(story.entries(home).len(), 2);
        for stays in [first, last] {
            assert!(story.text(home, &stays).is_some());
        }
        // Whoever had read it is not left to doubt their memory.
        assert_eq!(story.taken_back(home), [gone]);
        assert_eq!(story.status(home).entries, 2);
    }
    no_facts(&story, &[ADA, BO, tablet]);
    assert_eq!(story.erase(ADA, &gone).expect("again"), Reach::Everywhere);
    story.settle();
    let error = story.edit(ADA, &gone, (0, 0, "x")).expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn what_was_private_leaves_no_marker() {
    let mut story = Story::of_a_couple(2);
    let tablet = story.other_device(ADA);
    let private = story.write(ADA, draft("for me alone"));
    let copy = story.share(ADA, &private).expect("paired");
    story.settle();
    assert!(story.text(tablet, &private).is_some());
    story.erase(ADA, &private).expect("Ada's");
    story.settle();
    story.assert_gone(&[ADA, tablet], &private);
    for home in [ADA, tablet, BO] {
        assert_eq!(story.taken_back(home), []);
        // The copy that was shared is an entry of its own.
        assert_eq!(story.text(home, &copy).as_deref(), Some("for me alone"));
    }
    no_facts(&story, &[ADA, BO, tablet]);
}

#[test]
fn a_copy_taken_back_can_be_shared_anew() {
    let mut story = Story::of_a_couple(3);
    let private = story.write(ADA, draft("perhaps"));
    let copy = story.share(ADA, &private).expect("paired");
    story.settle();
    story.erase(ADA, &copy).expect("Ada's");
    story.settle();
    story.assert_gone(&[ADA, BO], &copy);
    assert_eq!(story.text(ADA, &private).as_deref(), Some("perhaps"));
    let again = story.share(ADA, &private).expect("paired");
    assert_ne!(again, copy);
    story.settle();
    assert_eq!(story.text(BO, &again).as_deref(), Some("perhaps"));
}

#[test]
fn chains_verify_for_who_never_saw_what_was_erased() {
    let mut story = Story::of_a_couple(4);
    story.go_offline(BO);
    // The first of the log, two in the middle, and the last but the erasures.
    let entries: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|text| story.write(ADA, shared(text)))
        .into();
    story.exchange();
    for gone in [0, 2, 3] {
        story.erase(ADA, &entries[gone]).expect("Ada's");
        story.exchange();
    }
    story.write(ADA, shared("f"));
    story.exchange();
    assert_eq!(story.at_relay(ADA, &entries[2]), []);
    story.go_online(BO);
    story.settle();
    let texts: Vec<_> = story.shared_entries(BO).into_values().collect();
    let mut texts: Vec<_> = texts.into_iter().map(|entry| entry.rendered.text).collect();
    texts.sort();
    assert_eq!(texts, ["b", "e", "f"]);
    // Where nothing was seen, nothing is said to be missing.
    assert_eq!(story.taken_back(BO), []);
    no_facts(&story, &[ADA, BO]);
    // What is truly missing still is.
    story.write(BO, shared("heads go on"));
    story.settle();
    no_facts(&story, &[ADA, BO]);
}

#[test]
fn what_was_erased_before_it_was_sent_never_leaves() {
    let mut story = Story::of_a_couple(5);
    story.go_offline(ADA);
    let gone = story.write(ADA, shared("unsent"));
    let private = story.write(ADA, draft("unsent too"));
    let stays = story.write(ADA, shared("sent"));
    story.erase(ADA, &gone).expect("Ada's");
    story.erase(ADA, &private).expect("Ada's");
    story.restart(ADA);
    story.go_online(ADA);
    story.settle();
    let keys = story.shared_keys(ADA);
    let sent: Vec<_> = story.ever_authored();
    let carried = sent.iter().filter(|(_, authored)| {
        authored.subject == Subject::ENTRY
            && authored
                .entry
                .map(|entry| entry.id(&story.status(ADA).shared.unwrap()))
                == Some(gone)
    });
    assert_eq!(carried.count(), 0);
    assert_eq!(keys.name(), story.shared_mailbox());
    story.assert_gone(&[ADA, BO], &gone);
    story.assert_gone(&[ADA], &private);
    assert_eq!(story.text(BO, &stays).as_deref(), Some("sent"));
    no_facts(&story, &[ADA, BO]);
}

#[test]
fn nothing_brings_it_back() {
    let (mut story, [_, gone, _]) = with_three(6);
    let tablet = story.other_device(ADA);
    story.settle();
    let bodies = story.at_relay(ADA, &gone);
    assert_eq!(bodies.len(), 3);
    let backup = story.relay_disk.snapshot();
    // A copy of Ada's and of Bo's home from before, and a tablet that is offline.
    let (old_ada, old_bo) = (story.clone_home(ADA), story.clone_home(BO));
    for home in [old_ada, old_bo, tablet] {
        story.go_offline(home);
    }
    story.erase(ADA, &gone).expect("Ada's");
    story.exchange();
    story.assert_gone(&[ADA, BO], &gone);

    // The relay is set back to a backup, and shows it again.
    story.restart_relay(|disk| disk.restore(&backup));
    assert_eq!(story.at_relay(ADA, &gone).len(), 3);
    story.exchange();
    story.assert_gone(&[ADA, BO], &gone);

    // The relay loses everything, and somebody puts the bodies there once more.
    story.restart_relay(|disk| disk.lose_everything(RelayInstance([2; 16])));
    let keys = story.shared_keys(ADA);
    story.post(&keys, bodies.iter().map(|(_, bytes)| bytes.clone()));
    story.exchange();
    story.assert_gone(&[ADA, BO], &gone);

    // It is delivered once more on an open line.
    let line = story.puppet(BO, keys.name());
    let arrived = bodies.iter().map(|(_, bytes)| {
        let envelope = bytes.clone();
        sidelight_format::Frame::Arrived { envelope }
    });
    let arrived: Vec<_> = arrived.collect();
    story.say(line, arrived);
    story.hang_up(line);
    story.assert_gone(&[ADA, BO], &gone);

    // The homes of before come back; one of them, and the tablet, have changed it meanwhile.
    for (home, text) in [(tablet, "T"), (old_ada, "C")] {
        assert!(story.text(home, &gone).is_some());
        story
            .edit(home, &gone, (0, 0, text))
            .expect("not heard yet");
    }
    for home in [old_ada, old_bo, tablet] {
        story.go_online(home);
        story.settle();
    }
    story.assert_gone(&[ADA, BO, old_ada, old_bo, tablet], &gone);
    for home in [ADA, BO, tablet] {
        story.restart(home);
    }
    story.settle();
    story.assert_gone(&[ADA, BO, old_ada, old_bo, tablet], &gone);
    for home in [ADA, BO, tablet] {
        let facts = story.facts(home);
        let gaps = facts.iter().filter(|fact| matches!(fact, Fact::Gap { .. }));
        assert_eq!(gaps.count(), 0, "home {home}: {facts:?}");
    }
}

#[test]
fn erased_and_edited_at_the_same_time_it_is_erased() {
    for seed in 0..4 {
        let (mut story, [_, gone, _]) = with_three(70 + seed);
        let tablet = story.other_device(ADA);
        story.settle();
        story.go_offline(tablet);
        if seed % 2 == 0 {
            story.go_offline(ADA);
        }
        story.edit(tablet, &gone, (0, 0, "but ")).expect("Ada's");
        story.erase(ADA, &gone).expect("Ada's");
        story.edit(tablet, &gone, (0, 0, "and ")).expect("Ada's");
        if seed >= 2 {
            // The edits travel first, and Bo sees them.
            story.go_online(tablet);
            story.exchange();
        }
        for home in [ADA, tablet] {
            story.go_online(home);
        }
        story.settle();
        story.assert_gone(&[ADA, BO, tablet], &gone);
        no_facts(&story, &[ADA, BO, tablet]);
    }
}

#[test]
fn a_device_that_was_offline_for_a_year_obeys_on_return() {
    let (mut story, [first, gone, _]) = with_three(8);
    let tablet = story.other_device(ADA);
    story.settle();
    for home in [BO, tablet] {
        story.go_offline(home);
    }
    for week in 0..12 {
        story.now += 7 * 86_400;
        story
            .command(ADA, Device::rotate)
            .expect("no keys in doubt");
        story.exchange();
        if week == 6 {
            story.erase(ADA, &gone).expect("Ada's");
            story.exchange();
        }
    }
    // What lay ten epochs back is found and dropped as well.
    story.erase(ADA, &first).expect("Ada's");
    story.exchange();
    for home in [BO, tablet] {
        assert!(story.text(home, &gone).is_some());
        story.go_online(home);
        story.settle();
    }
    for entry in [gone, first] {
        story.assert_gone(&[ADA, BO], &entry);
    }
    no_facts(&story, &[ADA, BO]);
}

#[test]
fn an_erasure_survives_a_crash_after_any_output() {
    let (mut ready, [_, gone, _]) = with_three(9);
    ready.settle();
    let mut after = 0;
    loop {
        after += 1;
        let mut story = ready.fork();
        story.crash_after = Some(after);
        let done = story.try_command(ADA, |device, outside| device.erase(&[gone], outside));
        story.exchange();
        let crashed = story.crashes > 0;
        story.crash_after = None;
        if done.is_none() && story.text(ADA, &gone).is_some() {
            // Nothing was acknowledged.
            story.erase(ADA, &gone).expect("Ada's");
        }
        story.settle();
        story.assert_gone(&[ADA, BO], &gone);
        no_facts(&story, &[ADA, BO]);
        if !crashed {
            assert!(after > 10, "the story was crashed often enough");
            return;
        }
    }
}

#[test]
fn of_what_both_keep_each_erases_their_own_copy_only() {
    let mut story = Story::of_a_couple(10);
    let tablet = story.other_device(ADA);
    let both = story.write(ADA, together("ours"));
    story.settle();
    story.edit(BO, &both, (4, 0, ", and mine")).expect("both");
    story.settle();
    story.edit(ADA, &both, (0, 0, "Still ")).expect("both");
    story.events(BO);
    let facts = story.facts(BO);
    assert_eq!(story.erase(ADA, &both).expect("both"), Reach::OwnDevices);
    assert_eq!(story.text(ADA, &both), None);
    story.settle();
    for home in [ADA, tablet] {
        assert_eq!(story.text(home, &both), None);
        assert_eq!(story.kept_of(home, &both), 0);
        assert_eq!(story.taken_back(home), []);
    }
    // Bo keeps all that either wrote, and is not told of anything.
    let kept = Some("Still ours, and mine");
    assert_eq!(story.text(BO, &both).as_deref(), kept);
    let told = story.events(BO);
    let told = told.iter().filter(|event| event.is_of_entry());
    assert_eq!(told.collect::<Vec<_>>(), [&Event::EntryChanged(both)]);
    assert_eq!(story.facts(BO), facts);

    // What Bo writes in it later brings nothing back, and Bo's further device reads it all.
    story.edit(BO, &both, (0, 0, "Ever. ")).expect("both");
    let laptop = story.other_device(BO);
    story.settle();
    for home in [ADA, tablet] {
        assert_eq!(story.text(home, &both), None);
        assert_eq!(story.kept_of(home, &both), 0);
    }
    let kept = Some("Ever. Still ours, and mine");
    assert_eq!(story.text(laptop, &both).as_deref(), kept);
    no_facts(&story, &[ADA, BO, tablet, laptop]);
}

#[test]
fn a_device_that_is_linked_later_never_shows_it_and_erases_as_well() {
    let (mut story, [first, gone, last]) = with_three(16);
    let both = story.write(ADA, together("ours"));
    let private = story.write(ADA, draft("for me alone"));
    story.settle();
    for entry in [gone, both, private] {
        story.erase(ADA, &entry).expect("Ada's");
    }
    story.settle();
    let tablet = story.link_device(ADA, "tablet");
    story.settle();
    for entry in [gone, both, private] {
        assert_eq!(story.text(tablet, &entry), None);
        assert_eq!(story.kept_of(tablet, &entry), 0);
    }
    assert_eq!(story.taken_back(tablet), [], "it never saw anything");
    assert!(story.text(tablet, &last).is_some());
    assert_eq!(story.text(BO, &both).as_deref(), Some("ours"));

    // What another device of the same person wrote, it takes back as well.
    story.erase(tablet, &first).expect("Ada's");
    story.settle();
    story.assert_gone(&[ADA, BO, tablet], &first);
    for home in [ADA, BO, tablet] {
        let facts = story.facts(home);
        let linked = |fact: &&Fact| matches!(fact, Fact::Linked { .. });
        assert_eq!(
            facts.iter().filter(linked).count(),
            facts.len(),
            "{facts:?}"
        );
    }
}

#[test]
fn what_a_removed_device_wrote_is_taken_back_and_stays_so() {
    let mut story = Story::of_a_couple(17);
    let tablet = story.link_device(ADA, "tablet");
    let gone = story.write(tablet, shared("from the tablet"));
    story.settle();
    assert!(story.text(BO, &gone).is_some());
    story.go_offline(tablet);
    story.edit(tablet, &gone, (0, 0, "And ")).expect("Ada's");
    story.remove(ADA, tablet).expect("another device");
    assert_eq!(story.erase(ADA, &gone).expect("Ada's"), Reach::Everywhere);
    story.settle();
    story.assert_gone(&[ADA, BO], &gone);
    // It has not heard, and posts what nobody takes.
    story.go_online(tablet);
    story.exchange();
    for home in [ADA, BO] {
        assert_eq!(story.text(home, &gone), None);
        assert_eq!(story.kept_of(home, &gone), 0);
    }
}

#[test]
fn after_leaving_each_erases_their_own_copy_only() {
    let (mut story, [_, gone, _]) = with_three(11);
    story.settle();
    story
        .command(ADA, |device, outside| device.leave(false, outside))
        .expect("paired");
    story.settle();
    assert_eq!(story.erase(ADA, &gone).expect("Ada's"), Reach::OwnDevices);
    story.settle();
    assert_eq!(story.text(ADA, &gone), None);
    assert_eq!(story.kept_of(ADA, &gone), 0);
    assert!(story.text(BO, &gone).is_some());
}

/// What an erasure of an envelope that was really sent says.
fn erasure_of(story: &Story, hand: &Hand, place: usize) -> (EntryPreimage, Erasure) {
    let (envelope, authored) = story.authored(ADA).swap_remove(place);
    let statement = authored.statement(hand.space, hand.epoch);
    let erasure = Erasure {
        epoch: hand.epoch,
        author: statement.author,
        sequence: statement.sequence,
        envelope,
        body: statement.body_hash(),
    };
    (authored.entry.expect("an entry's"), erasure)
}

fn erasing(hand: &mut Hand, preimage: EntryPreimage, erasures: &[Erasure]) -> Bytes {
    let parts = erasures.iter().map(encode).collect();
    let mut authored = hand.authored(Some(preimage), parts);
    authored.subject = Subject::ERASURE;
    hand.sign(&mut authored);
    hand.seal(authored)
}

#[test]
fn the_partner_cannot_erase_what_is_mine() {
    let mut story = Story::of_a_couple(12);
    let mine = story.write(ADA, shared("mine"));
    let both = story.write(ADA, together("ours"));
    story.settle();
    let mut bo = Hand::of(&story, BO, 1);
    let (my_preimage, my_erasure) = erasure_of(&story, &bo, 0);
    let (both_preimage, both_erasure) = erasure_of(&story, &bo, 1);
    let own = bo.preimage(bo.person, Mode::Own);
    let forged = [
        // In Ada's name, of Ada's entry.
        erasing(&mut bo, my_preimage, &[my_erasure]),
        // Under an entry of Bo's own, of Ada's envelope.
        erasing(&mut bo, own, &[my_erasure]),
        // Of what both keep.
        erasing(&mut bo, both_preimage, &[both_erasure]),
        erasing(&mut bo, own, &[both_erasure]),
        // Claimed to be Bo's author's.
        erasing(
            &mut bo,
            own,
            &[Erasure {
                sequence: Sequence(70),
                author: my_erasure.author,
                ..my_erasure
            }],
        ),
    ];
    let ids: Vec<EnvelopeId> = forged.iter().map(|bytes| bo.id(bytes)).collect();
    let keys = story.shared_keys(BO);
    story.post(&keys, forged);
    story.settle();
    for home in [ADA, BO] {
        assert_eq!(story.text(home, &mine).as_deref(), Some("mine"));
        assert_eq!(story.text(home, &both).as_deref(), Some("ours"));
        for envelope in &ids {
            let fact = story.facts(home).into_iter().find(
                |fact| matches!(fact, Fact::Refused { envelope: refused, .. } if refused == envelope),
            );
            assert!(fact.is_some(), "home {home} refuses {envelope:?}");
        }
    }
    // Their own command refuses as well.
    let error = story.erase(BO, &mine).expect_err("Ada's");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(story.at_relay(ADA, &mine).len(), 1);
}

#[test]
fn an_erasure_that_names_another_body_or_place_is_refused() {
    let mut story = Story::of_a_couple(13);
    let mine = story.write(ADA, shared("mine"));
    let other = story.write(ADA, shared("other"));
    story.settle();
    let mut ada = Hand::of(&story, ADA, 1);
    let (preimage, sound) = erasure_of(&story, &ada, 0);
    let (_, of_other) = erasure_of(&story, &ada, 1);
    let mut wrong = vec![of_other];
    wrong.push(Erasure {
        body: of_other.body,
        ..sound
    });
    wrong.push(Erasure {
        epoch: sidelight_format::EpochId([9; 32]),
        ..sound
    });
    // All of an erasure holds, or nothing of it.
    let mut envelopes = vec![erasing(&mut ada, preimage, &[sound, of_other])];
    for wrong in wrong {
        envelopes.push(erasing(&mut ada, preimage, &[wrong]));
    }
    let keys = story.shared_keys(ADA);
    story.post(&keys, envelopes);
    story.settle();
    for home in [ADA, BO] {
        assert_eq!(story.text(home, &mine).as_deref(), Some("mine"));
        assert_eq!(story.text(home, &other).as_deref(), Some("other"));
    }
}

#[test]
fn an_erasure_that_comes_before_what_it_erases_is_obeyed() {
    let mut story = Story::of_a_couple(14);
    let mut ready = story.fork();
    ready.go_offline(ADA);
    let (mut writing, gone) = (story.fork(), story.write(ADA, shared("out of order")));
    writing.go_offline(ADA);
    story.edit(ADA, &gone, (0, 0, "far ")).expect("Ada's");
    story.exchange();
    let bodies: Vec<Bytes> = story
        .at_relay(ADA, &gone)
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect();
    story.erase(ADA, &gone).expect("Ada's");
    let stays = story.write(ADA, shared("after"));
    story.settle();
    let keys = story.shared_keys(ADA);
    let rest = story.listed(&keys.name());
    // Everything that is left first, the erased bodies last: a relay may reorder.
    ready.post(&keys, rest.into_iter().chain(bodies));
    ready.settle();
    assert_eq!(ready.text(BO, &gone), None);
    assert_eq!(ready.kept_of(BO, &gone), 0);
    assert_eq!(ready.text(BO, &stays).as_deref(), Some("after"));
    assert_eq!(ready.facts(BO), []);
    let tally: Option<ErasingRecord> = ready.record(BO, Key::One);
    let unseen = tally.map(|tally| tally.unseen.iter().map(|(_, count)| *count).sum());
    assert_eq!(unseen, Some(0), "nothing is awaited any more");
}

#[test]
fn erasures_without_end_are_remembered_up_to_a_bound() {
    let mut story = Story::of_a_couple(15);
    let stays = story.write(ADA, shared("mine"));
    story.settle();
    let mut bo = Hand::of(&story, BO, 1);
    let envelopes = limits::UNSEEN_MAX as usize / limits::PARTS_MAX + 4;
    let mut posted = Vec::new();
    for number in 0..envelopes as u64 {
        let preimage = bo.preimage(bo.person, Mode::Own);
        let erasure = |place: u64| Erasure {
            epoch: bo.epoch,
            author: AuthorId(sidelight_format::digest("author", &[&number.to_be_bytes()])),
            sequence: Sequence(place),
            envelope: EnvelopeId(sidelight_format::digest("e", &[&place.to_be_bytes()])),
            body: sidelight_format::BodyHash([3; 32]),
        };
        let erasures: Vec<Erasure> = (0..limits::PARTS_MAX as u64).map(erasure).collect();
        posted.push((erasing(&mut bo, preimage, &erasures), preimage));
    }
    let keys = story.shared_keys(BO);
    story.go_offline(BO);
    story.post(&keys, posted.iter().map(|(bytes, _)| bytes.clone()));
    story.settle();
    let tally: ErasingRecord = story.record(ADA, Key::One).expect("something was erased");
    assert_eq!(tally.unseen, [(bo.person, limits::UNSEEN_MAX)]);
    assert_eq!(tally.markers, 0);
    // Beyond that the entries are gone all the same.
    let last = posted[posted.len() - 1].1.id(&bo.space);
    assert!(
        story
            .record::<ErasedRecord>(ADA, Key::Name(&last.0))
            .is_some()
    );
    assert_eq!(story.text(ADA, &stays).as_deref(), Some("mine"));
}
