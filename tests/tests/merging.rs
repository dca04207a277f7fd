//! Merging: what two write at the same time into one entry is kept, character by character, in
//! whatever order it comes.

use sidelight_format::record::Fact;
use sidelight_format::{Bytes, Edit, EntryId};
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, Story, every_order, shared, splice, together};

/// A couple with one entry that both keep, offline.
fn apart(seed: u64, text: &str) -> (Story, EntryId) {
    let mut story = Story::of_a_couple(seed);
    let entry = story.write(ADA, together(text));
    story.settle();
    for home in [ADA, BO] {
        story.go_offline(home);
    }
    (story, entry)
}

fn meet(story: &mut Story) {
    for home in [ADA, BO] {
        story.go_online(home);
    }
    story.settle();
    story.assert_same(ADA, BO);
}

#[test]
fn edits_made_at_the_same_time_are_all_there_in_every_order_of_delivery() {
    let (mut story, entry) = apart(1, "The tea you made.");
    let mut ready = story.fork();
    for home in [ADA, BO] {
        ready.go_offline(home);
    }
    story
        .edit(ADA, &entry, (3, 0, " green"))
        .expect("kept together");
    story
        .edit(ADA, &entry, (0, 3, "That"))
        .expect("kept together");
    story
        .edit(BO, &entry, (16, 0, " this morning"))
        .expect("kept together");
    story
        .edit(BO, &entry, (29, 0, ", early"))
        .expect("kept together");
    meet(&mut story);
    let merged = "That green tea you made this morning, early.";
    assert_eq!(story.text(ADA, &entry).as_deref(), Some(merged));

    let mailbox = story.shared_mailbox();
    let keys = story.shared_keys(ADA);
    let edits: Vec<Bytes> = story.listed(&mailbox).split_off(1);
    assert_eq!(edits.len(), 4);
    let mut orders = every_order(&edits);
    assert_eq!(orders.len(), 24);
    for order in &mut orders {
        // One of them twice, somewhere.
        order.push(order[0].clone());
        let mut fork = ready.fork();
        fork.post(&keys, order.iter().cloned());
        fork.settle();
        for home in [ADA, BO] {
            assert_eq!(fork.text(home, &entry).as_deref(), Some(merged));
            assert_eq!(fork.waiting(home), 0);
        }
        fork.assert_same(ADA, BO);
    }
}

#[test]
fn edits_that_come_before_their_entry_wait_for_it() {
    let mut story = Story::of_a_couple(2);
    let mut ready = story.fork();
    ready.go_offline(BO);
    let entry = story.write(ADA, together("a"));
    for (at, letter) in (1..).zip(["b", "c", "d"]) {
        story.edit(ADA, &entry, (at, 0, letter)).expect("Ada's");
    }
    story.settle();
    let (mailbox, keys) = (story.shared_mailbox(), story.shared_keys(ADA));
    for order in every_order(&story.listed(&mailbox)) {
        let mut fork = ready.fork();
        for envelope in order {
            fork.post(&keys, [envelope]);
            fork.exchange();
            let shown = fork.text(BO, &entry);
            let is_prefix = shown
                .as_deref()
                .is_none_or(|t| !t.is_empty() && "abcd".starts_with(t));
            assert!(is_prefix, "{shown:?}");
        }
        assert_eq!(fork.text(BO, &entry).as_deref(), Some("abcd"));
        assert_eq!(fork.waiting(BO), 0);
        // What was missing may have been told of meanwhile; nothing else was.
        let mut facts = fork.facts(BO).into_iter();
        assert!(facts.all(|fact| matches!(fact, Fact::Gap { .. })));
    }
}

#[test]
fn an_edit_is_read_in_the_version_that_its_writer_saw() {
    let (mut story, entry) = apart(3, "one two three");
    let seen = story.entries(ADA)[&entry].version.clone();
    story.edit(BO, &entry, (0, 4, "")).expect("kept together");
    meet(&mut story);
    assert_eq!(story.text(ADA, &entry).as_deref(), Some("two three"));
    // Ada still looked at the old text when she replaced «two».
    let edits = splice(4, 3, "2");
    story
        .command(ADA, |ada, outside| {
            ada.edit(&entry, Some(&seen), &edits, outside)
        })
        .expect("a version that she saw");
    story.settle();
    for home in [ADA, BO] {
        assert_eq!(story.text(home, &entry).as_deref(), Some("2 three"));
    }
    story.assert_same(ADA, BO);
}

#[test]
fn a_version_that_was_never_seen_here_is_refused_and_changes_nothing() {
    let (mut story, entry) = apart(4, "one");
    story
        .edit(BO, &entry, (3, 0, " two"))
        .expect("kept together");
    let unseen = story.entries(BO)[&entry].version.clone();
    let edits = splice(0, 0, "never ");
    let edited = story.command(ADA, |ada, outside| {
        ada.edit(&entry, Some(&unseen), &edits, outside)
    });
    assert!(edited.is_err());
    assert_eq!(story.text(ADA, &entry).as_deref(), Some("one"));
    meet(&mut story);
    assert_eq!(story.text(ADA, &entry).as_deref(), Some("one two"));
}

#[test]
fn own_entries_are_changed_by_their_writer_alone_and_look_the_same_on_both_sides() {
    let mut story = Story::of_a_couple(5);
    let own = [
        story.write(ADA, shared("Ada's")),
        story.write(BO, shared("Bo's")),
    ];
    story.settle();
    for home in [ADA, BO] {
        for (owner, entry) in own.iter().enumerate() {
            let edited = story.edit(home, entry, (0, 0, "new: "));
            assert_eq!(edited.is_ok(), owner == home);
        }
    }
    story.settle();
    story.assert_same(ADA, BO);
    assert_eq!(story.text(BO, &own[ADA]).as_deref(), Some("new: Ada's"));
    assert_eq!(story.text(ADA, &own[BO]).as_deref(), Some("new: Bo's"));
    assert!(story.facts(ADA).is_empty() && story.facts(BO).is_empty());
}

#[test]
fn a_text_that_both_emptied_or_rewrote_is_the_same_on_both_sides() {
    let cases = [
        // What both do at the same time to «abcdef».
        ((0, 3, ""), (3, 3, ""), Some("")),
        ((0, 6, "x"), (0, 6, "y"), None),
        ((0, 6, "🧡"), (3, 0, "ß"), None),
        ((1, 4, ""), (2, 2, "👩‍👩‍👧"), None),
        ((6, 0, "g"), (6, 0, "h"), None),
        ((0, 0, "مرحبا"), (0, 0, "ōtautahi"), None),
    ];
    for (of_ada, of_bo, expected) in cases {
        let (mut story, entry) = apart(6, "abcdef");
        story.edit(ADA, &entry, of_ada).expect("kept together");
        story.edit(BO, &entry, of_bo).expect("kept together");
        meet(&mut story);
        let text = story.text(ADA, &entry).expect("it is kept");
        if let Some(expected) = expected {
            assert_eq!(text, expected);
        }
        for inserted in [of_ada.2, of_bo.2] {
            assert!(text.contains(inserted), "{inserted} in {text}");
        }
        // And they can go on with it.
        story
            .edit(BO, &entry, (0, 0, "on "))
            .expect("kept together");
        story.settle();
        assert_eq!(story.text(ADA, &entry), Some(format!("on {text}")));
    }
}

#[test]
fn both_type_for_a_while_in_turns_and_at_the_same_time_and_no_letter_is_lost() {
    for seed in 0..6 {
        let (mut story, entry) = apart(100 + seed, "begin");
        let mut dice = Chance::new(seed, 70);
        let mut typed: Vec<char> = Vec::new();
        for step in 0..60_u32 {
            let home = dice.below(2);
            let letter = char::from_u32(0xE000 + step).expect("in the private use area");
            let len = story.text(home, &entry).expect("kept").chars().count();
            let edit = [Edit::Splice {
                at: dice.below(len + 1) as u32,
                delete: 0,
                insert: letter.to_string(),
            }];
            story
                .command(home, |device, outside| {
                    device.edit(&entry, None, &edit, outside)
                })
                .expect("kept together");
            typed.push(letter);
            match dice.below(6) {
                0 => story.go_online(dice.below(2)),
                1 => story.go_offline(dice.below(2)),
                2 => story.exchange(),
                3 => story.restart(dice.below(2)),
                _ => {}
            }
        }
        meet(&mut story);
        let text = story.text(ADA, &entry).expect("kept");
        assert!(typed.iter().all(|letter| text.contains(*letter)));
        assert_eq!(text.chars().count(), typed.len() + 5);
        assert!(story.facts(ADA).is_empty() && story.facts(BO).is_empty());
    }
}

#[test]
fn texts_of_every_length_cross_whole() {
    let mut story = Story::of_a_couple(7);
    let mut written = Vec::new();
    for len in [1, 2, 255, 256, 900, 1024, 4000, 16_384, 65_536, 262_144] {
        for pattern in ["a", "ß", "🧡a"] {
            let text: String = pattern.chars().cycle().take(len).collect();
            if text.len() > 262_144 {
                continue;
            }
            written.push((story.write(ADA, shared(&text)), text));
        }
    }
    story.settle();
    for (entry, text) in &written {
        assert!(
            story.text(BO, entry).as_ref() == Some(text),
            "{} bytes",
            text.len()
        );
    }
    let too_long = "a".repeat(262_145);
    for text in ["", "nul \0 inside", too_long.as_str()] {
        let wrote = story.command(ADA, |ada, outside| ada.write(&[shared(text)], outside));
        assert!(wrote.is_err());
    }
    story.settle();
    assert_eq!(story.shared_entries(BO).len(), written.len());
}
