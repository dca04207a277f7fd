//! What a device can do that was filled from volumes: it has the changes of old envelopes and
//! their proof, and none of their bodies.

use sidelight::device::seek::{self, Wanted};
use sidelight::device::{Device, evidence};
use sidelight_format::record::{EntryRecord, RenderedRecord, Table};
use sidelight_format::{
    Body, Bytes, Class, Contents, EntryId, EnvelopeId, EvidenceBody, Frame, Item, VolumeItem,
    encode, envelope_id,
};
use sidelight_journal::search::term;
use sidelight_store::Key;
use sidelight_store::search::{Clause, Span};
use sidelight_sync::volumes;
use sidelight_tests::story::{ADA, BO, Story, draft, shared, together};

const DAY: i64 = 24 * 3600;

fn words_of(story: &Story, home: usize) -> String {
    let words = story
        .device(home)
        .recovery_begin()
        .expect("not checked yet");
    words.expose().collect::<Vec<_>>().join(" ")
}

fn texts(story: &Story, home: usize) -> Vec<String> {
    let entries = story.entries(home).into_values();
    let mut texts: Vec<String> = entries.map(|entry| entry.rendered.text).collect();
    texts.sort();
    texts
}

/// What signed bodies prove an entry on a device, in some order that is the same on all.
fn bodies(story: &Story, home: usize, entry: &EntryId) -> Vec<EvidenceBody> {
    let bodies = evidence::bodies(story.device(home).store(), entry);
    let mut bodies = bodies.expect("a store that works");
    bodies.sort_by_key(encode);
    bodies
}

/// Which entries the volumes hold that a device has packed and the relay has.
fn packed(story: &Story, home: usize) -> Vec<EntryId> {
    let known = story.volumes(home).packed;
    let mut entries = Vec::new();
    for (_, _, part) in story.packed_at_relay(home) {
        if let Some(volume) = known.iter().find(|volume| volume.name == part.volume) {
            let items = volumes::unpack::<VolumeItem>(&volume.entries, &part.contents);
            let items = items.expect("an honest device packed it");
            entries.extend(items.iter().map(|item| item.preimage.id(&volume.space)));
        }
    }
    entries
}

#[test]
fn it_has_the_same_evidence_of_every_entry() {
    let mut story = Story::with_journal(1, 120);
    let tablet = story.link_packed(ADA);
    story.check_volumes(tablet);
    let entries = story.entries(ADA);
    let mut proofs = 0;
    for id in entries.keys() {
        let (of_ada, of_tablet) = (bodies(&story, ADA, id), bodies(&story, tablet, id));
        assert!(!of_ada.is_empty());
        assert_eq!(of_ada, of_tablet);
        proofs += of_tablet.len();
    }
    assert!(proofs > entries.len(), "some were edited");
}

#[test]
fn long_entries_and_those_saved_as_a_whole_are_packed_as_they_were_signed() {
    let mut story = Story::with_journal(2, 80);
    // Documents of more than 16 KiB of changes are saved as a whole.
    let long = |len: usize| "a slow word after another ".repeat(len / 26);
    let typed = story.write(ADA, together(&long(30 << 10)));
    let longest = story.write(ADA, draft(&long(110 << 10)));
    story.settle();
    for turn in 0..6 {
        let by = if turn % 2 == 0 { ADA } else { BO };
        story
            .edit(by, &typed, (turn, 3, "later: "))
            .expect("together");
        if turn % 3 == 0 {
            story.settle();
        }
    }
    story.settle();
    let tablet = story.link_packed(ADA);
    let packed = packed(&story, ADA);
    assert!(packed.contains(&typed), "saved as a whole");
    assert!(packed.contains(&longest), "long");
    story.assert_whole(ADA, tablet);
    assert_eq!(
        story.facts(tablet),
        [],
        "what was packed is what was signed"
    );
    for id in [typed, longest] {
        assert_eq!(story.text(ADA, &id), story.text(tablet, &id));
        assert_eq!(bodies(&story, ADA, &id), bodies(&story, tablet, &id));
    }
}

#[test]
fn what_it_alone_has_comes_back_by_the_words_from_a_relay_that_lost_everything() {
    let mut story = Story::with_journal(3, 200);
    let words = words_of(&story, ADA);
    let tablet = story.link_packed(ADA);
    story.check_volumes(tablet);
    let all = texts(&story, tablet);
    assert_eq!(all, texts(&story, ADA));
    // The phone is gone, and the relay has let everything go.
    for home in [ADA, BO, tablet] {
        story.go_offline(home);
    }
    story.now += 500 * DAY;
    story.sweep_relay();
    assert_eq!(story.relay_disk.mailboxes().len(), 0);
    story.go_online(tablet);
    for _ in 0..4 {
        story.restart(tablet);
        story.settle();
        story.pack(tablet);
        story.settle();
        story.now += 2 * DAY;
    }
    story.go_offline(tablet);
    let blank = story.recover("new phone", &words).expect("the right words");
    for _ in 0..4 {
        story.exchange();
        story.check_volumes(blank);
    }
    story.settle();
    story.check_volumes(blank);
    assert_eq!(story.volumes(blank).unproved, 0);
    assert_eq!(texts(&story, blank), all);
}

#[test]
fn it_finds_what_reading_everything_finds_before_and_after_it_is_proved() {
    let mut story = Story::with_journal(4, 160);
    let tablet = story.link_packed(ADA);
    assert!(story.volumes(tablet).unproved > 100);
    let find = |story: &Story| {
        let word = Span::exactly(term::word("later"));
        let wanted = Wanted {
            clauses: vec![Clause::Phrase(vec![word])],
            ..Wanted::default()
        };
        let store = story.device(tablet).store();
        let (found, next) = seek::seek(store, &wanted, None, 1000).expect("a store that works");
        assert!(next.is_none());
        let mut found: Vec<EntryId> = found.iter().map(|entry| entry.id).collect();
        found.sort_unstable();
        found
    };
    let read = |story: &Story| {
        let entries = story.entries(tablet).into_iter();
        let have = entries.filter(|(_, entry)| entry.rendered.text.contains("later"));
        have.map(|(id, _)| id).collect::<Vec<EntryId>>()
    };
    let everything = read(&story);
    assert!(everything.len() > 10);
    assert_eq!(find(&story), everything);
    // It was indexed before it asked for the proofs, and has all of both by now.
    let indexed = story.command(tablet, Device::index).expect("it works");
    assert!(!indexed && story.volumes(tablet).taking.is_none());
    story.check_volumes(tablet);
    assert_eq!(
        (read(&story), find(&story)),
        (everything.clone(), everything)
    );
}

/// The directories of volumes in a home's private mailboxes, the oldest first.
fn directories(story: &Story, home: usize) -> Vec<(EnvelopeId, Bytes)> {
    let private = story.device_record(home).private;
    let mut found = Vec::new();
    for (_, _, keys) in story.epochs(home).into_iter().filter(|it| it.0 == private) {
        for envelope in story.listed(&keys.name()) {
            if let Ok((_, Body::Directory(signed))) = keys.open(&envelope) {
                let id = envelope_id(&keys.name(), &envelope);
                found.push((signed.directory.number, (id, envelope)));
            }
        }
    }
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, found)| found).collect()
}

#[test]
fn a_relay_that_shows_an_older_directory_costs_envelopes_and_nothing_else() {
    let mut story = Story::with_journal(5, 120);
    let words = words_of(&story, ADA);
    let pack = |story: &mut Story| {
        story.link(ADA).expect("nothing else is under way");
        assert!(story.pack(ADA) > 0);
        story.cancel(ADA).expect("it is under way");
        story.settle();
        directories(story, ADA)
            .pop()
            .expect("it says what it packed")
    };
    let (older, said_before) = pack(&mut story);
    for n in 0..80 {
        story.write(ADA, shared(&format!("later {n}")));
    }
    story.settle();
    let (newest, _) = pack(&mut story);
    assert_ne!(older, newest);
    story.go_offline(ADA);
    let blank = story.recover("new phone", &words).expect("her words");
    story.liar = Some(Box::new(move |whose, _, mut frame| {
        if let Frame::Items { items, .. } = &mut frame
            && whose == blank
        {
            // Where bodies are asked for, and not the list alone.
            let is_skipped = |item: &Item| matches!(item.contents, Contents::Skipped);
            let bodies = !items
                .iter()
                .any(|it| it.class == Class::Live && is_skipped(it));
            for item in items {
                if item.id == newest {
                    item.contents = Contents::Dropped;
                } else if item.id == older && bodies {
                    item.contents = Contents::Whole(said_before.clone());
                }
            }
        }
        vec![frame]
    }));
    for _ in 0..4 {
        story.exchange();
        story.check_volumes(blank);
    }
    story.assert_whole(ADA, blank);
    assert_eq!(texts(&story, blank), texts(&story, ADA));
}

#[test]
fn a_relay_without_room_for_volumes_holds_nothing_else_up() {
    let mut story = Story::with_journal(6, 160);
    story.policy.bulk_bytes_max = 24 << 10;
    let room = story.policy.bulk_bytes_max;
    story.restart_relay(|_| {});
    story.link(ADA).expect("nothing else is under way");
    story.pack(ADA);
    let meant = story.volumes(ADA).packed.len();
    story.settle();
    assert!(
        story.volumes(ADA).packed.len() < meant,
        "some found no room"
    );
    assert_eq!(story.waiting(ADA), 0);
    assert_eq!(story.pack(ADA), 1, "it says what is left");
    assert_eq!(story.pack(ADA), 0, "and tries no more");
    story.settle();
    story.cancel(ADA).expect("it is under way");
    let there = story.packed_at_relay(ADA).into_iter();
    let there: usize = there.map(|(_, envelope, _)| envelope.len()).sum();
    assert!(there as u64 <= room, "{there}");
    // What is written privately afterwards arrives, also where it is filled as far as it goes.
    story.write(ADA, draft("afterwards"));
    story.settle();
    let link = story.link(ADA).expect("nothing else is under way");
    story.settle();
    let tablet = story.join_own(&link, "tablet").expect("a fresh link");
    story.exchange();
    for side in [ADA, tablet] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.assert_whole(ADA, tablet);
    assert_eq!(texts(&story, tablet), texts(&story, ADA));
    assert_eq!(story.waiting(ADA), 0);
}

/// An entry of both is packed, then edited, in the volume or after; the edit reaches a device that
/// is linked before the volume does.
fn edited_while_filled(seed: u64, packed_edit: bool) {
    let mut story = Story::with_journal(seed, 80);
    let entry = story.write(ADA, together("soup"));
    story.settle();
    let mut link = None;
    let mut edit = Bytes::new();
    for step in [!packed_edit, packed_edit] {
        if step {
            link = Some(story.link(ADA).expect("nothing else is under way"));
            assert!(story.pack(ADA) > 0);
            story.settle();
        } else {
            let sent = story.puts().len();
            story.edit(BO, &entry, (0, 0, "hot ")).expect("of both");
            story.settle();
            let mut of_bo = story.puts()[sent..].iter().filter(|(home, ..)| *home == BO);
            edit = of_bo.next().expect("it was sent").2.clone();
        }
    }
    let shared = story.status(ADA).shared.expect("they are paired");
    let mailboxes = story.mailboxes(ADA, &shared);
    let link = link.expect("shown");
    let tablet = story.join_own(&link, "tablet").expect("a fresh link");
    let mut pushed = false;
    story.liar = Some(Box::new(move |whose, mailbox, frame| {
        let lists = matches!(&frame, Frame::Items { items, .. }
            if items.iter().any(|it| it.id == envelope_id(mailbox, &edit)));
        if whose != tablet || !mailboxes.contains(mailbox) || !lists || pushed {
            return vec![frame];
        }
        pushed = true;
        let envelope = edit.clone();
        vec![Frame::Arrived { envelope }, frame]
    }));
    story.exchange();
    for side in [ADA, tablet] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.exchange();
    story.assert_whole(ADA, tablet);
    assert_eq!(story.text(tablet, &entry).as_deref(), Some("hot soup"));
    assert_eq!(story.facts(tablet), [], "nobody lied");
}

#[test]
fn an_edit_that_comes_before_the_volume_with_its_entry_is_shown_and_accuses_nobody() {
    edited_while_filled(7, false);
    edited_while_filled(8, true);
}

#[test]
fn an_entry_is_one_row_until_it_is_edited_or_proved_and_none_once_it_is_erased() {
    let mut story = Story::with_journal(12, 60);
    let tablet = story.link_packed(ADA);
    let rows = |story: &Story, id: &EntryId| {
        let name = Key::Name(&id.0);
        let shown = story.record::<RenderedRecord>(tablet, name);
        (story.record::<EntryRecord>(tablet, name), shown)
    };
    let mine: Vec<EntryId> = {
        let me = story.device_record(ADA).person;
        let entries = story.entries(tablet).into_iter();
        let mine = entries.filter(|(_, entry)| entry.preimage.owner == me);
        mine.map(|(id, _)| id).collect()
    };
    let brought = |story: &Story, id: &EntryId| {
        let (entry, shown) = rows(story, id);
        entry.is_none() && shown.is_some_and(|shown| !shown.changes.is_empty())
    };
    let [edited, erased] = mine
        .iter()
        .filter(|id| brought(&story, id))
        .copied()
        .collect::<Vec<_>>()[..2]
    else {
        unreachable!("two of them");
    };

    // An edit before it is proved leaves it marked, and its changes lie by themselves.
    let text = story.text(tablet, &edited).expect("shown");
    story
        .edit(tablet, &edited, (0, 0, "Later: "))
        .expect("mine");
    let (entry, shown) = rows(&story, &edited);
    let (entry, shown) = (entry.expect("edited"), shown.expect("shown"));
    assert!(shown.changes.is_empty() && entry.tail.len() >= 2);
    assert!(shown.unproved.is_some(), "nobody has looked yet");
    assert!(story.entries(tablet)[&edited].unproved);

    story.erase(tablet, &erased).expect("mine");
    assert_eq!(story.kept_of(tablet, &erased), 0);
    let (entry, shown) = rows(&story, &erased);
    assert!(entry.is_none() && shown.is_none());

    // The row of one that is not proved yet is damaged: its envelopes are fetched.
    let damaged = *mine.iter().find(|id| brought(&story, id)).expect("another");
    story.change_rows(tablet, |batch| {
        let bytes = b"no record".to_vec();
        batch.put(Table::Rendered, Key::Name(&damaged.0), bytes);
    });

    // Proved, its changes lie by themselves, and nothing waits to be looked at.
    story.assert_whole(ADA, tablet);
    let later = format!("Later: {text}");
    assert_eq!(story.text(tablet, &edited), Some(later));
    for id in mine.iter().filter(|id| **id != erased) {
        let (entry, shown) = rows(&story, id);
        let shown = shown.expect("shown");
        assert!(entry.is_some() && shown.changes.is_empty() && shown.unproved.is_none());
    }
    assert_eq!(story.facts(tablet), [], "a bad disk is nobody's lie");
    let store = story.device(tablet).store();
    assert_eq!(store.is_empty(Table::Unproved), Ok(true));
}
