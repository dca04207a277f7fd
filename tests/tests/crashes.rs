//! Crashes after each output, disks that fill at each commit, homes that are copied: what was
//! acknowledged is kept, nothing half-written shows, and no place and no nonce is used twice.

use std::collections::BTreeSet;

use sidelight::device::Draft;
use sidelight_format::record::Fact;
use sidelight_format::{Bytes, EntryId, InvitationLink, Position};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, CY, Chunk, Story, draft, shared, splice, together};

/// Lets two persons pair, whatever happens to their devices meanwhile.
fn pair_somehow(story: &mut Story) {
    let mut link: Option<InvitationLink> = None;
    for _ in 0..12 {
        for home in [ADA, BO] {
            story.pair_on(home, &mut link);
        }
        story.exchange();
    }
    let shared = story.status(ADA).shared;
    assert!(shared.is_some(), "they pair in the end");
    assert_eq!(story.status(BO).shared, shared);
}

/// What was acknowledged to the persons of a story.
#[derive(Default)]
struct Acknowledged {
    /// Entry, words that it must show, and whether the partner must see it.
    words: Vec<(EntryId, &'static str, bool)>,
}

impl Acknowledged {
    fn write(
        &mut self,
        story: &mut Story,
        home: usize,
        draft: Draft,
        words: &'static str,
    ) -> Option<EntryId> {
        let is_shared = draft.shared;
        let wrote = story.try_command(home, |device, outside| device.write(&[draft], outside))?;
        let entry = wrote.expect("a sound draft")[0].entry;
        self.words.push((entry, words, is_shared));
        Some(entry)
    }

    fn edit(&mut self, story: &mut Story, home: usize, entry: &EntryId, words: &'static str) {
        if story.text(home, entry).is_none() {
            return; // it has not come yet
        }
        let edits = splice(0, 0, words);
        let edited = story.try_command(home, |device, outside| {
            device.edit(entry, None, &edits, outside)
        });
        if let Some(edited) = edited {
            edited.expect("a sound edit");
            self.words.push((*entry, words, true));
        }
    }

    fn check(&self, story: &mut Story) {
        story.settle();
        story.assert_same(ADA, BO);
        for (entry, words, is_shared) in &self.words {
            let shown = [ADA, BO].map(|home| story.text(home, entry));
            let shows = |text: &Option<String>| text.as_ref().is_some_and(|t| t.contains(words));
            assert!(shown.iter().any(shows), "{words} was acknowledged");
            assert_eq!(shown.iter().all(shows), *is_shared, "{words}");
        }
        for home in [ADA, BO] {
            for entry in story.entries(home).values() {
                let text = &entry.rendered.text;
                let rest = WORDS
                    .iter()
                    .fold(text.clone(), |text, words| text.replace(words, ""));
                assert_eq!(rest, "", "nothing half-written shows");
                assert_ne!(text, "");
            }
            assert!(story.facts(home).is_empty(), "{:?}", story.facts(home));
        }
        story.assert_nothing_repeats();
    }
}

const WORDS: [&str; 7] = [
    "(private)",
    "(own)",
    "(kept)",
    "(by Ada)",
    "(by Bo)",
    "(again)",
    "(late)",
];

/// Writing, editing, sharing and receiving, both ways.
fn write_somehow(story: &mut Story) -> Acknowledged {
    let mut told = Acknowledged::default();
    let private = told.write(story, ADA, draft("(private)"), "(private)");
    told.write(story, BO, shared("(own)"), "(own)");
    let kept = told.write(story, ADA, together("(kept)"), "(kept)");
    story.exchange();
    if let Some(kept) = kept {
        told.edit(story, ADA, &kept, "(by Ada)");
        told.edit(story, BO, &kept, "(by Bo)");
        story.exchange();
        told.edit(story, ADA, &kept, "(again)");
    }
    if let Some(private) = private {
        let copies = story.try_command(ADA, |ada, outside| ada.share(&[private], outside));
        if let Some(copies) = copies {
            told.words
                .push((copies.expect("paired")[0], "(private)", true));
        }
    }
    story.exchange();
    told.write(story, BO, shared("(late)"), "(late)");
    told
}

#[test]
fn a_crash_after_any_output_of_a_pairing_ends_neither_the_pairing_nor_anything_else() {
    let mut crashes = 0;
    for crash_after in 1.. {
        let mut story = Story::new(1, &["Ada", "Bo"]);
        let founded = story.outputs;
        story.crash_after = Some(founded + crash_after);
        pair_somehow(&mut story);
        story.settle();
        story.assert_nothing_repeats();
        for home in [ADA, BO] {
            assert!(story.facts(home).is_empty(), "{:?}", story.facts(home));
        }
        if story.crashes == 0 {
            break;
        }
        crashes += 1;
    }
    println!("{crashes} places to crash in");
    assert!(crashes > 60, "{crashes}");
}

#[test]
fn a_crash_after_any_output_of_writing_editing_sharing_and_receiving_loses_nothing() {
    let mut paired = Story::of_a_couple(2);
    let mut crashes = 0;
    for crash_after in 1.. {
        let mut story = paired.fork();
        story.crash_after = Some(crash_after);
        let told = write_somehow(&mut story);
        told.check(&mut story);
        if story.crashes == 0 {
            assert_eq!(told.words.len(), 8, "without a crash all is acknowledged");
            break;
        }
        crashes += 1;
    }
    println!("{crashes} places to crash in");
    assert!(crashes > 40, "{crashes}");
}

#[test]
fn a_disk_that_is_full_at_any_commit_of_a_pairing_ends_nothing() {
    for home in [ADA, BO] {
        let mut failures = 0;
        for commits in 0.. {
            let mut story = Story::new(3, &["Ada", "Bo"]);
            story.fill_disk_after(home, commits);
            pair_somehow(&mut story);
            story.settle();
            story.assert_nothing_repeats();
            if story.crashes == 0 {
                break;
            }
            failures += 1;
        }
        assert!(failures > 5, "{failures}");
    }
}

#[test]
fn a_disk_that_is_full_at_any_commit_of_writing_and_receiving_loses_nothing() {
    let mut paired = Story::of_a_couple(4);
    for home in [ADA, BO] {
        let mut failures = 0;
        for commits in 0.. {
            let mut story = paired.fork();
            story.fill_disk_after(home, commits);
            let told = write_somehow(&mut story);
            told.check(&mut story);
            if story.crashes == 0 {
                break;
            }
            failures += 1;
        }
        assert!(failures > 6, "{failures}");
    }
}

#[test]
fn what_a_full_disk_did_not_keep_was_neither_acknowledged_nor_sent() {
    let mut story = Story::of_a_couple(5);
    let sent = story.puts().len();
    story.fill_disk_after(ADA, 0);
    let wrote = story.try_command(ADA, |ada, outside| {
        ada.write(&[shared("no room for this")], outside)
    });
    assert!(wrote.is_none());
    story.settle();
    assert_eq!(story.puts().len(), sent);
    assert!(story.shared_entries(ADA).is_empty() && story.shared_entries(BO).is_empty());
    // There is room again, and the device goes on as if nothing had been.
    story.write(ADA, shared("now there is"));
    story.settle();
    assert_eq!(story.shared_entries(BO).len(), 1);
    story.assert_nothing_repeats();
}

#[test]
fn a_download_that_is_killed_a_hundred_times_at_random_brings_everything_once() {
    let mut story = Story::of_a_couple(8);
    for home in [ADA, BO] {
        for n in 0..12 {
            let drafts: Vec<Draft> = (0..30)
                .map(|m| shared(&format!("{home} {n} {m}")))
                .collect();
            story
                .command(home, |device, outside| device.write(&drafts, outside))
                .expect("sound drafts");
            story.settle();
        }
    }
    let link = story.link(ADA).expect("nothing else is under way");
    let new = story.join_own(&link, "tablet").expect("a fresh link");
    story.exchange();
    for side in [ADA, new] {
        story.confirm(side, true).expect("there are emoji");
    }
    story.go_offline(BO);
    let crashes = story.crashes;
    story.crash_after = Some(story.outputs + 1);
    story.crash_again = Some((Chance::new(8, 1), 99));
    story.exchange();
    assert_eq!(
        story.crashes - crashes,
        100,
        "it was killed before all was there"
    );
    story.go_online(BO);
    story.settle();
    assert_eq!(story.entries(new).len(), 2 * 12 * 30);
    story.assert_same(ADA, new);
    story.assert_nothing_repeats();
}

#[test]
fn many_drafts_are_written_all_or_none() {
    let mut paired = Story::of_a_couple(6);
    for crash_after in 1..6 {
        let mut story = paired.fork();
        story.go_offline(ADA);
        story.crash_after = Some(crash_after);
        let drafts: Vec<Draft> = (0..20).map(|n| shared(&format!("draft {n}"))).collect();
        let wrote = story.try_command(ADA, |ada, outside| ada.write(&drafts, outside));
        let shown = story.shared_entries(ADA).len();
        assert!(shown == 20 || (shown == 0 && wrote.is_none()), "{shown}");
    }
    let mut story = paired.fork();
    let drafts = [shared("sound"), draft(""), shared("sound, too")];
    let wrote = story.command(ADA, |ada, outside| ada.write(&drafts, outside));
    assert!(wrote.is_err(), "one of them is empty");
    story.settle();
    assert!(story.entries(ADA).is_empty() && story.entries(BO).is_empty());
}

#[test]
fn a_cloned_home_is_told_at_first_contact_and_both_go_on_without_loss() {
    let mut story = Story::of_a_couple(7);
    let entry = story.write(ADA, together("before"));
    story.settle();
    let copy = story.clone_home(ADA);
    for home in [ADA, copy, BO] {
        story.go_offline(home);
    }
    let ada = story.status(ADA).person;
    let mut written = Vec::new();
    for (home, words) in [(ADA, "phone "), (copy, "clone ")] {
        written.push(story.write(home, shared(words)));
        story.edit(home, &entry, (0, 0, words)).expect("Ada's");
        written.push(story.write(home, shared(words)));
    }
    for home in [ADA, copy, BO] {
        assert!(story.facts(home).is_empty(), "nobody can know yet");
        story.go_online(home);
    }
    story.settle();
    for home in [ADA, copy, BO] {
        let facts = story.facts(home);
        let [
            Fact::Fork {
                person, sequence, ..
            },
        ] = facts[..]
        else {
            panic!("one fork, told once: {facts:?}");
        };
        assert_eq!(person, ada);
        assert_eq!(sequence.0, 1, "where the copy was made");
    }
    // Nothing is lost, and all show the same.
    for home in [copy, BO] {
        story.assert_same(ADA, home);
    }
    for entry in &written {
        assert!(story.text(BO, entry).is_some());
    }
    let text = story.text(BO, &entry).expect("kept by both");
    assert!(text.contains("phone ") && text.contains("clone ") && text.contains("before"));

    // Both go on.
    for (home, words) in [(ADA, "still the phone "), (copy, "still the clone ")] {
        story.edit(home, &entry, (0, 0, words)).expect("Ada's");
    }
    story.settle();
    for home in [copy, BO] {
        story.assert_same(ADA, home);
        assert_eq!(story.facts(home).len(), 1, "the same fork");
    }
    // One author, two openings: no actor ever made two changes for one place.
    let changes = story.authored(BO).into_iter().filter(|(_, authored)| {
        authored
            .entry
            .is_some_and(|preimage| preimage.id(&story.status(BO).shared.expect("paired")) == entry)
    });
    let places: Vec<(Vec<u8>, u64)> = changes
        .flat_map(|(_, authored)| authored.parts)
        .map(|part: Bytes| Chunk::of(&part))
        .map(|change| (change.actor, change.sequence))
        .collect();
    let distinct: BTreeSet<_> = places.iter().collect();
    assert_eq!((places.len(), distinct.len()), (5, 5));
    let actors: BTreeSet<_> = places.iter().map(|(actor, _)| actor).collect();
    assert_eq!(actors.len(), 2, "each opening of the store is one");
}

#[test]
fn a_home_restored_from_a_backup_goes_on_and_loses_nothing_that_others_have() {
    let mut story = Story::of_a_couple(8);
    story.write(ADA, shared("before the backup"));
    story.settle();
    let backup = story.clone_home(ADA);
    story.go_offline(backup);
    let lost_phone = story.write(ADA, shared("after the backup"));
    story.settle();
    story.go_offline(ADA);
    story.go_online(backup);
    story.restart(backup);
    // Written before it hears anything: the same place of the same log once more.
    let first = story.write(backup, shared("first words of the restored"));
    story.settle();
    assert!(
        story.text(backup, &lost_phone).is_some(),
        "the relay still had it"
    );
    assert!(story.text(BO, &first).is_some());
    for home in [backup, BO] {
        assert!(
            matches!(story.facts(home)[..], [Fact::Fork { .. }]),
            "{:?}",
            story.facts(home)
        );
    }
    story.assert_same(backup, BO);
}

#[test]
fn a_restored_home_that_hears_before_it_writes_goes_on_with_its_log() {
    let mut story = Story::of_a_couple(9);
    let backup = story.clone_home(ADA);
    story.go_offline(backup);
    story.write(ADA, shared("after the backup"));
    story.settle();
    story.go_offline(ADA);
    story.go_online(backup);
    story.settle();
    let entry = story.write(backup, shared("by the restored"));
    story.settle();
    assert!(story.text(BO, &entry).is_some());
    story.assert_same(backup, BO);
    // Whether its log forks or goes on, nothing else is claimed.
    assert!(
        story
            .facts(BO)
            .iter()
            .all(|fact| matches!(fact, Fact::Fork { .. }))
    );
}

#[test]
fn a_relay_that_crashes_before_it_commits_is_put_everything_again() {
    let mut story = Story::new(10, &["Ada", "Bo", "Cy"]);
    story.pair();
    let entry = story.write(ADA, shared("on its way"));
    let mailbox = story.shared_mailbox();
    let before = story.relay_disk.snapshot();
    story.settle();
    assert!(
        story
            .position(&mailbox, &story.authored(ADA)[0].0)
            .is_some()
    );
    // All that was said since is gone, as after a crash between forwarding and committing.
    story.restart_relay(|disk| disk.restore(&before));
    assert_eq!(story.listed(&mailbox).len(), 0);
    story.settle();
    assert!(story.position(&mailbox, &story.authored(ADA)[0].0) == Some(Position(0)));
    assert!(story.text(BO, &entry).is_some());
    assert!(story.status(CY).shared.is_none());
}
