//! Changes that come before what they follow: they wait, bounded by author, and what found no
//! room is fetched again.

use sidelight_format::Position;
use sidelight_tests::story::{ADA, BO, Story, together};

/// Ada writes an entry and so many changes of it; Bo has none of them yet, the relay all.
fn edited(seed: u64, edits: u32) -> (Story, sidelight_format::EntryId) {
    let mut story = Story::of_a_couple(seed);
    story.go_offline(BO);
    let entry = story.write(ADA, together("a"));
    for n in 0..edits {
        story
            .edit(ADA, &entry, (n % 50, 0, "b"))
            .expect("a splice in range");
    }
    story.settle();
    story.go_offline(ADA);
    (story, entry)
}

#[test]
fn what_found_no_room_while_too_much_waited_is_fetched_again() {
    let (mut story, entry) = edited(1, 1100);
    let mailbox = story.shared_mailbox();
    story.restart_relay(|disk| {
        disk.withhold(&mailbox, Position(0));
    });
    story.go_online(BO);
    story.exchange();
    assert!(
        story.text(BO, &entry).is_none(),
        "the first change is withheld"
    );
    assert_eq!(
        story.waiting(BO),
        sidelight_format::limits::WAITING_PER_AUTHOR_MAX
    );

    story.go_online(ADA);
    story.exchange();
    story.exchange();
    assert_eq!(story.waiting(BO), 0);
    assert_eq!(story.text(BO, &entry), story.text(ADA, &entry));
}

#[test]
fn changes_in_reverse_order_wait_and_then_all_show() {
    let (mut story, entry) = edited(2, 200);
    let mailbox = story.shared_mailbox();
    story.restart_relay(|disk| {
        for n in 0..100 {
            disk.swap(&mailbox, Position(n), Position(200 - n));
        }
    });
    story.go_online(BO);
    story.exchange();
    assert_eq!(story.waiting(BO), 0);
    assert_eq!(story.text(BO, &entry), story.text(ADA, &entry));
}
