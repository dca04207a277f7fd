//! What lies in mailboxes that nobody listens to any more.

use sidelight::device::Device;
use sidelight::device::view::Recovery;
use sidelight_tests::story::{ADA, BO, Story, draft, shared};

const DAY: i64 = 24 * 3600;

/// More new keys than steps that are listened to, and nobody else's device with a copy.
fn with_a_long_past(seed: u64) -> (Story, String) {
    let mut story = Story::of_a_couple(seed);
    let words = story.device(ADA).recovery_begin().expect("unchecked");
    let words = words.expose().collect::<Vec<_>>().join(" ");
    for turn in 0..14 {
        story.write(ADA, draft(&format!("private {turn}")));
        story.write(ADA, shared(&format!("shared {turn}")));
        story.write(BO, shared(&format!("his {turn}")));
        story.settle();
        story.command(ADA, Device::rotate).expect("certain");
        story.write(ADA, shared("under new keys"));
        story.settle();
    }
    (story, words)
}

fn texts(story: &Story, home: usize) -> Vec<String> {
    let entries = story.entries(home).into_values();
    let mut texts: Vec<String> = entries.map(|entry| entry.rendered.text).collect();
    texts.sort();
    texts
}

#[test]
fn no_mailbox_expires_as_long_as_a_device_comes_every_few_months() {
    let (mut story, words) = with_a_long_past(1);
    let all = texts(&story, ADA);
    let mailboxes = story.relay_disk.mailboxes();
    // Two years, in which she only reads, once in three months.
    for _ in 0..8 {
        story.now += 91 * DAY;
        for _ in 0..3 {
            story.restart(ADA);
            story.settle();
        }
        story.sweep_relay();
    }
    let left = story.relay_disk.mailboxes();
    let of_hers = story
        .epochs(ADA)
        .into_iter()
        .map(|(_, _, keys)| keys.name());
    for mailbox in of_hers {
        assert!(mailboxes.contains(&mailbox) && left.contains(&mailbox));
    }
    assert_eq!(
        story.facts(ADA),
        [],
        "nothing was lost, and nothing is told"
    );
    story.go_offline(ADA);
    story.go_offline(BO);
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    assert_eq!(story.status(blank).recovery, Recovery::Checked);
    assert_eq!(texts(&story, blank), all);
}

#[test]
fn what_a_relay_has_let_go_of_is_begun_and_filled_again() {
    let (mut story, words) = with_a_long_past(2);
    let all = texts(&story, ADA);
    let before = story.relay_disk.mailboxes().len();
    // Longer than the relay waits.
    story.now += 500 * DAY;
    for home in [ADA, BO] {
        story.go_offline(home);
    }
    story.sweep_relay();
    assert!(story.relay_disk.mailboxes().len() < before, "it lets go");
    story.go_online(ADA);
    for _ in 0..6 {
        story.restart(ADA);
        story.settle();
        story.now += 2 * DAY;
    }
    story.go_offline(ADA);
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    assert_eq!(texts(&story, blank), all);
}
