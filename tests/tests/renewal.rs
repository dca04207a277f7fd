//! New keys on schedule: by age and by count, a while after a write, and never without one.

use sidelight::device::{Device, Promotion};
use sidelight_format::record::SpaceRecord;
use sidelight_format::{EntryId, Generation, Timestamp};
use sidelight_store::Key;
use sidelight_sync::schedule::{AGE_MAX_SECS, DELAY_SECS, WRITES_MAX};
use sidelight_tests::story::{ADA, BO, Story, draft, shared};

const BEGAN: i64 = 1_800_000_000;

/// A couple that has written to each other once, by clocks that show [`BEGAN`].
fn couple(seed: u64) -> Story {
    let mut story = Story::of_a_couple(seed);
    for home in [ADA, BO] {
        story.set_clock(home, BEGAN);
        story.write(home, shared("the tea you made"));
        story.settle();
    }
    story
}

fn renew(story: &mut Story, home: usize) -> bool {
    let renewed = story.command(home, Device::renew_if_due);
    renewed.expect("nothing is wrong")
}

fn generation(story: &Story, home: usize) -> Generation {
    let keys = story.device_record(home).keys;
    keys.last().expect("a person has keys").generation
}

fn epochs(story: &Story, home: usize) -> usize {
    let shared = story.status(home).shared.expect("paired");
    let space: SpaceRecord = story.record(home, Key::Name(&shared.0)).expect("kept");
    space.epochs.len()
}

/// Ada's keys are old, and she writes; what is left is the delay.
fn old(story: &mut Story) {
    story.set_clock(ADA, BEGAN + AGE_MAX_SECS);
    story.write(ADA, shared("a month later"));
    story.settle();
}

#[test]
fn old_keys_are_renewed_a_while_after_a_write_and_both_go_on() {
    let mut story = couple(1);
    let late = BEGAN + AGE_MAX_SECS + DELAY_SECS.1;
    // Whoever writes nothing renews nothing, however old the keys are.
    story.set_clock(ADA, late);
    assert!(!renew(&mut story, ADA));
    story.set_clock(ADA, BEGAN);
    old(&mut story);
    let before = (generation(&story, ADA), epochs(&story, BO));
    story.set_clock(ADA, BEGAN + AGE_MAX_SECS + DELAY_SECS.0 - 1);
    assert!(!renew(&mut story, ADA), "not with the write");
    story.set_clock(ADA, late);
    assert!(renew(&mut story, ADA));
    assert!(!renew(&mut story, ADA), "once");
    story.settle();
    assert_eq!(generation(&story, ADA), before.0.next());
    assert_eq!(epochs(&story, BO), before.1 + 1);
    for home in [ADA, BO] {
        story.write(home, shared("under new keys"));
        story.settle();
    }
    story.assert_same(ADA, BO);
    assert!(story.facts(ADA).is_empty() && story.facts(BO).is_empty());
    assert!(!renew(&mut story, ADA), "they are new");
}

#[test]
fn keys_that_have_served_for_much_are_renewed_sooner() {
    let mut story = couple(2);
    let entry = story.write(ADA, shared("a"));
    for _ in 0..WRITES_MAX {
        story.edit(ADA, &entry, (0, 1, "b")).expect("her own");
    }
    story.settle();
    story.set_clock(ADA, BEGAN + DELAY_SECS.1);
    assert!(renew(&mut story, ADA));
}

#[test]
fn whatever_goes_into_the_shared_journal_takes_a_renewal_along() {
    let ways: [fn(&mut Story, EntryId); 3] = [
        |story, _| {
            let entry = story.write(ADA, draft("thought over"));
            let due = Timestamp(BEGAN);
            story
                .command(ADA, |device, _| device.hold(&whole(entry), due))
                .expect("it can be shared");
            let released = story.command(ADA, Device::release_due);
            assert!(released.expect("she has a partner"));
        },
        |story, _| {
            let entry = story.write(ADA, draft("to be given"));
            story
                .command(ADA, |device, outside| {
                    device.promote(&whole(entry), outside)
                })
                .expect("she has a partner");
        },
        |story, mine| {
            story
                .command(ADA, |device, outside| device.retract(&mine, outside))
                .expect("her own");
        },
    ];
    for (seed, way) in (6..).zip(ways) {
        let mut story = couple(seed);
        let mine = story.write(ADA, shared("taken back later"));
        story.settle();
        story.set_clock(ADA, BEGAN + AGE_MAX_SECS);
        way(&mut story, mine);
        story.settle();
        story.set_clock(ADA, BEGAN + AGE_MAX_SECS + DELAY_SECS.1);
        assert!(renew(&mut story, ADA), "seed {seed}");
    }
}

fn whole(entry: EntryId) -> Promotion {
    Promotion {
        entry,
        text: true,
        fields: None,
        date: None,
    }
}

#[test]
fn a_journal_that_is_only_read_or_written_privately_renews_nothing() {
    let mut story = couple(3);
    old(&mut story);
    // The program ends before the moment comes, and is opened again to read.
    story.restart(ADA);
    story.settle();
    story.set_clock(ADA, BEGAN + 2 * AGE_MAX_SECS);
    assert!(!renew(&mut story, ADA));
    story.write(ADA, draft("for myself"));
    story.settle();
    assert!(!renew(&mut story, ADA));
    // What the person writes next for both takes it along.
    story.write(ADA, shared("for both"));
    story.settle();
    assert!(renew(&mut story, ADA));
}

#[test]
fn what_waits_to_be_sent_takes_a_renewal_along_after_a_restart() {
    let mut story = couple(4);
    story.go_offline(ADA);
    story.set_clock(ADA, BEGAN + AGE_MAX_SECS);
    story.write(ADA, shared("offline"));
    story.restart(ADA);
    story.set_clock(ADA, BEGAN + AGE_MAX_SECS + DELAY_SECS.1);
    assert!(!renew(&mut story, ADA), "nothing is known of other devices");
    story.go_online(ADA);
    story.settle();
    assert!(renew(&mut story, ADA));
}

#[test]
fn nothing_is_renewed_before_the_partner_has_written_under_the_last_keys() {
    let mut story = couple(5);
    old(&mut story);
    story.set_clock(ADA, BEGAN + AGE_MAX_SECS + DELAY_SECS.1);
    assert!(renew(&mut story, ADA));
    story.settle();
    let again = BEGAN + 2 * AGE_MAX_SECS;
    for (turn, renews) in [false, true].into_iter().enumerate() {
        let now = again + turn as i64 * AGE_MAX_SECS;
        story.set_clock(ADA, now);
        story.write(ADA, shared("on"));
        story.settle();
        story.set_clock(ADA, now + AGE_MAX_SECS);
        story.write(ADA, shared("and on"));
        story.settle();
        story.set_clock(ADA, now + AGE_MAX_SECS + DELAY_SECS.1);
        assert_eq!(renew(&mut story, ADA), renews);
        story.write(BO, shared("I am here"));
        story.settle();
    }
}

#[test]
fn of_several_own_devices_the_first_renews_so_that_keys_never_go_on_in_two_ways() {
    let mut story = couple(6);
    let phone = story.link_device(ADA, "phone");
    for (home, renews) in [(phone, false), (ADA, true)] {
        story.set_clock(home, BEGAN);
        story.write(home, shared("here"));
        story.settle();
        story.set_clock(home, BEGAN + AGE_MAX_SECS);
        story.write(home, shared("a month later"));
        story.settle();
        story.set_clock(home, BEGAN + AGE_MAX_SECS + DELAY_SECS.1);
        assert_eq!(renew(&mut story, home), renews);
    }
}
