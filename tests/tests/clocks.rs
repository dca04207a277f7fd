//! Clocks that are wrong, and that jump: nothing depends on them but what people are told of
//! when something was found, and when an invitation ends.

use sidelight_format::record::Fact;
use sidelight_format::{RelayInstance, Timestamp};
use sidelight_tests::story::{ADA, BO, Story, day, draft, same_shown, shared, together};

const MOMENTS: [i64; 7] = [
    i64::MIN,
    -1,
    0,
    1_800_000_000,
    4_102_444_800,
    253_402_300_800,
    i64::MAX,
];

/// A short story of writing, editing, sharing and a relay that forgets; what both show then.
fn told_with(clocks: impl Fn(usize, usize) -> i64) -> Story {
    let mut story = Story::of_a_couple(1);
    let mut scene = 0;
    let mut next = |story: &mut Story| {
        for home in [ADA, BO] {
            story.set_clock(home, clocks(scene, home));
        }
        scene += 1;
    };
    next(&mut story);
    let entry = story.write(ADA, together("tea"));
    let private = story.write(BO, draft("for myself"));
    story.settle();
    next(&mut story);
    story
        .edit(BO, &entry, (3, 0, " and rain"))
        .expect("kept together");
    story
        .edit(ADA, &entry, (0, 0, "green "))
        .expect("kept together");
    story.settle();
    next(&mut story);
    story.restart(ADA);
    story.share(BO, &private).expect("paired");
    story.restart_relay(|disk| disk.lose_everything(RelayInstance([5; 16])));
    story.settle();
    next(&mut story);
    story.restart(BO);
    story.write(ADA, shared("later"));
    story.settle();
    story.assert_same(ADA, BO);
    story
}

#[test]
fn what_is_shown_does_not_depend_on_any_clock() {
    let right = told_with(|_, _| 1_800_000_000);
    for moment in MOMENTS {
        for (what, wrong) in [
            (
                "Ada's is wrong",
                told_with(|_, home| if home == ADA { moment } else { 1 << 30 }),
            ),
            ("both are wrong", told_with(|_, _| moment)),
        ] {
            let shown = wrong.shared_entries(BO);
            assert!(
                same_shown(&shown, &right.shared_entries(BO)),
                "{what}: {moment}"
            );
        }
    }
    let jumping = told_with(|scene, home| MOMENTS[(scene * 2 + home * 3) % MOMENTS.len()]);
    assert!(same_shown(
        &jumping.shared_entries(ADA),
        &right.shared_entries(ADA)
    ));
}

#[test]
fn nothing_that_leaves_a_device_tells_its_clock() {
    let puts = |moment| {
        let story = told_with(|_, _| moment);
        story.puts().to_vec()
    };
    let right = puts(1_800_000_000);
    for moment in [0, 4_102_444_800] {
        assert!(
            puts(moment) == right,
            "every byte is the same, whatever the clock shows"
        );
    }
}

#[test]
fn facts_are_dated_by_the_clock_of_whoever_found_them() {
    for moment in MOMENTS {
        let mut story = Story::of_a_couple(2);
        story.write(ADA, shared("one"));
        story.settle();
        story.set_clock(ADA, moment);
        story.restart_relay(|disk| disk.lose_everything(RelayInstance([5; 16])));
        story.settle();
        let facts = story.status(ADA).facts;
        assert!(
            facts
                .iter()
                .any(|record| matches!(record.fact, Fact::Rollback { .. }))
        );
        let shows = story.now.saturating_add(moment.saturating_sub(story.now));
        assert!(
            facts.iter().all(|record| record.found == Timestamp(shows)),
            "{facts:?}"
        );
        assert!(story.status(ADA).synced.is_some());
    }
}

#[test]
fn the_day_of_an_entry_is_the_one_that_its_writer_names() {
    for moment in [0, 4_102_444_800] {
        let mut story = Story::of_a_couple(3);
        story.set_clock(ADA, moment);
        let mut draft = shared("on the 17th");
        draft.date = day(17);
        let entry = story.write(ADA, draft);
        story.settle();
        assert_eq!(story.entries(BO)[&entry].rendered.date, day(17));
    }
}
