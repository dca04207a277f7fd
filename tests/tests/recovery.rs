//! The recovery words, and beginning anew without anybody's key.

use sidelight::ErrorKind;
use sidelight::device::Device;
use sidelight::device::view::Recovery;
use sidelight_crypto::RecoveryWords;
use sidelight_format::record::PairingEnd;
use sidelight_format::{Secret, encode};
use sidelight_tests::story::{ADA, BO, CY, Story, draft, shared, together};

/// The words as somebody types them.
fn typed(words: &RecoveryWords) -> String {
    words.expose().collect::<Vec<_>>().join(" ")
}

/// The words that a home shows.
fn words(story: &Story, home: usize) -> RecoveryWords {
    story
        .device(home)
        .recovery_begin()
        .expect("words that were not checked")
}

/// Shows, writes down, checks.
fn keep_words(story: &mut Story, home: usize) -> RecoveryWords {
    let words = words(story, home);
    let typed = typed(&words);
    story
        .command(home, |device, _| device.recovery_check(&typed))
        .expect("the right words");
    words
}

#[test]
fn once_checked_the_words_are_nowhere_on_the_device_and_no_call_shows_them() {
    let mut story = Story::new(1, &["Ada"]);
    let secret = words(&story, ADA).entropy();
    let before = encode(&story.device_record(ADA));
    let holds = |record: &[u8]| {
        let mut windows = record.windows(32);
        windows.any(|window| window == secret.expose())
    };
    assert!(holds(&before), "until they are checked");

    keep_words(&mut story, ADA);
    for _ in 0..2 {
        let kept = encode(&story.device_record(ADA));
        assert!(!holds(&kept), "wiped");
        let shown = story.device(ADA).recovery_begin();
        assert!(shown.is_err_and(|error| error.kind() == ErrorKind::Invalid));
        story.restart(ADA);
    }
}

#[test]
fn wrong_words_wipe_nothing() {
    let mut story = Story::new(2, &["Ada", "Bo"]);
    let right = words(&story, ADA);
    for wrong in [
        typed(&words(&story, BO)),
        String::new(),
        "abandon ".repeat(24),
    ] {
        let checked = story.command(ADA, |device, _| device.recovery_check(&wrong));
        assert!(checked.is_err_and(|error| error.kind() == ErrorKind::Invalid));
    }
    assert_eq!(words(&story, ADA), right);
}

#[test]
fn a_relay_that_lost_where_recovery_begins_is_given_it_again() {
    let mut story = Story::new(3, &["Ada"]);
    let empty = story.relay_disk.snapshot();
    story.settle();
    let mailbox =
        sidelight_crypto::MailboxKeys::of_recovery(&story.device_record(ADA).recovery_mailbox);
    assert_eq!(story.listed(&mailbox.name()).len(), 1);
    story.restart_relay(|disk| disk.restore(&empty));
    assert!(story.listed(&mailbox.name()).is_empty());
    story.settle();
    assert_eq!(story.listed(&mailbox.name()).len(), 1);
}

#[test]
fn beginning_anew_needs_no_other_key_and_puts_nothing_into_ones_mouth() {
    let mut story = Story::of_a_couple(4);
    story.write(ADA, draft("hers alone"));
    story.write(ADA, shared("hers, shared"));
    let both = story.write(ADA, together("begun by her"));
    story.write(BO, shared("his"));
    let gone = story.write(ADA, shared("hers, taken back"));
    story.settle();
    story.erase(ADA, &gone).expect("hers");
    story
        .edit(BO, &both, (0, 0, "he adds: "))
        .expect("kept together");
    story.settle();
    let (before, sent) = (story.status(ADA), story.puts().len());

    story.go_offline(ADA);
    let kept = story
        .command(ADA, Device::refound)
        .expect("it needs nobody");
    assert_eq!(kept, 2);
    let after = story.status(ADA);
    assert_ne!(after.person, before.person);
    assert_eq!((after.shared, after.entries), (None, before.entries));
    let entries = story.entries(ADA);
    for (id, entry) in &entries {
        let mine = entry.preimage.owner == after.person;
        let text = entry.rendered.text.as_str();
        assert_eq!(mine, text.starts_with("hers"), "{text}");
        assert_eq!(mine, entry.space == after.private, "{text}");
        if mine {
            assert_eq!(*id, entry.preimage.id(&after.private));
        } else {
            let edited = story.edit(ADA, id, (0, 1, ""));
            assert!(edited.is_err(), "what was received stays as it was");
        }
    }
    // Nothing of it is in the former spaces, and Bo hears nothing.
    story.go_online(ADA);
    let bos = story.entries(BO);
    story.settle();
    assert_eq!(bos.len(), story.entries(BO).len());
    assert!(story.status(BO).partner.is_some() && story.facts(BO).is_empty());
    let former = [before.private, before.shared.expect("a couple")];
    let mailboxes: Vec<_> = former
        .iter()
        .map(|space| sidelight_tests::story::envelope_keys(&story.epoch(ADA, space)).name())
        .collect();
    for (home, mailbox, _) in &story.puts()[sent..] {
        assert!(*home != ADA || !mailboxes.contains(mailbox));
    }
    story.assert_nothing_repeats();
}

#[test]
fn who_has_begun_anew_pairs_again_and_shares_nothing_of_before() {
    for partner in [BO, CY] {
        let mut story = Story::new(5, &["Ada", "Bo", "Cy"]);
        story.pair();
        story.write(ADA, shared("from before"));
        story.settle();
        story
            .command(ADA, Device::refound)
            .expect("it needs nobody");
        if partner == BO {
            story
                .command(BO, |device, outside| device.leave(true, outside))
                .expect("paired");
        }
        let link = story.invite(ADA);
        story.join(partner, &link).expect("a fresh invitation");
        story.exchange();
        for home in [ADA, partner] {
            story.confirm(home, true).expect("there are emoji");
        }
        story.settle();
        story.write(ADA, shared("from now on"));
        story.settle();
        let space = story.status(ADA).shared.expect("paired anew");
        let there: Vec<String> = story
            .entries(partner)
            .into_values()
            .filter(|entry| entry.space == space)
            .map(|entry| entry.rendered.text)
            .collect();
        assert_eq!(there, ["from now on"]);
        if partner == CY {
            assert!(story.status(BO).shared.is_some(), "Bo notices nothing");
        }
    }
}

/// Ada's journal with Bo, some of it private; her words on paper, all of it at the relay.
fn kept(seed: u64) -> (Story, String) {
    let mut story = Story::of_a_couple(seed);
    let words = typed(&keep_words(&mut story, ADA));
    story.write(ADA, draft("hers alone"));
    story.write(ADA, shared("hers, shared"));
    story.write(BO, shared("his"));
    story.settle();
    story.command(ADA, Device::rotate).expect("at any time");
    story.write(ADA, draft("hers, after new keys"));
    story.write(ADA, shared("shared, after new keys"));
    for (text, is_shared) in [("hers, taken back", false), ("shared, taken back", true)] {
        let draft = if is_shared { shared(text) } else { draft(text) };
        let gone = story.write(ADA, draft);
        story.settle();
        story.erase(ADA, &gone).expect("hers");
    }
    story.settle();
    (story, words)
}

/// All texts that a home shows, sorted.
fn texts(story: &Story, home: usize) -> Vec<String> {
    let entries = story.entries(home).into_values();
    let mut texts: Vec<String> = entries.map(|entry| entry.rendered.text).collect();
    texts.sort();
    texts
}

/// Ada and Bo compare once more.
fn compare_again(story: &mut Story, home: usize, partner: usize) {
    let link = story.invite(home);
    story
        .command(partner, |device, outside| device.join_again(&link, outside))
        .expect("the partner's invitation");
    story.exchange();
    assert_eq!(story.emoji(home), story.emoji(partner));
    for home in [home, partner] {
        story.confirm(home, true).expect("there are emoji");
    }
    story.settle();
}

#[test]
fn the_words_and_the_relay_alone_bring_everything_back_on_a_blank_device() {
    let (mut story, words) = kept(10);
    let (all, before) = (texts(&story, ADA), story.status(ADA));
    story.go_offline(ADA);
    let blank = story.recover("new phone", &words).expect("the right words");
    assert_eq!(story.status(blank).recovery, Recovery::UnderWay);
    story.settle();
    let after = story.status(blank);
    assert_eq!(after.recovery, Recovery::Checked);
    assert_eq!(texts(&story, blank), all);
    assert_eq!((after.person, &after.name), (before.person, &before.name));
    assert_eq!(after.shared, before.shared);
    assert_eq!(
        after.partner.map(|(_, name, _)| name),
        before.partner.map(|(_, name, _)| name)
    );
    story.write(blank, draft("hers, on the new phone"));
    story.settle();
    story.assert_nothing_repeats();
}

#[test]
fn after_a_recovery_nobody_who_had_a_device_reads_or_writes_on() {
    let (mut story, words) = kept(11);
    // The thief's copy hears everything, and takes no part.
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    let secret = story.write(blank, draft("not for the thief"));
    compare_again(&mut story, blank, BO);
    let both = story.write(blank, shared("for Bo"));
    story.settle();
    assert_eq!(story.text(BO, &both).as_deref(), Some("for Bo"));
    for entry in [secret, both] {
        assert_eq!(story.text(ADA, &entry), None);
    }
    // Whoever holds the old phone can still write there, and nobody takes it in.
    let before = (texts(&story, blank), texts(&story, BO));
    for shared in [false, true] {
        let forged = draft("by the thief");
        let _ = story.command(ADA, |device, outside| {
            device.write(&[sidelight::device::Draft { shared, ..forged }], outside)
        });
        story.settle();
    }
    assert_eq!((texts(&story, blank), texts(&story, BO)), before);
}

#[test]
fn what_both_keep_is_read_after_a_recovery_and_written_in_only_after_comparing_again() {
    let (mut story, words) = kept(12);
    story.go_offline(ADA);
    let sent = story.puts().len();
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    assert!(story.status(blank).unconfirmed);
    let space = story.status(blank).shared.expect("still theirs");
    let refused = story.command(blank, |device, outside| {
        device.write(&[shared("too early")], outside)
    });
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::NotPaired));
    let mailboxes = story.mailboxes(blank, &space);
    for (home, mailbox, _) in &story.puts()[sent..] {
        assert!(
            *home != blank || !mailboxes.contains(mailbox),
            "nothing was sealed there"
        );
    }
    let mut entries = story.entries(blank).into_iter();
    let hers = entries.find(|(_, entry)| entry.rendered.text == "hers, shared");
    let (hers, _) = hers.expect("it was brought back");
    let refused = story.erase(blank, &hers);
    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::NotPaired));
    compare_again(&mut story, blank, BO);
    assert!(!story.status(blank).unconfirmed);
    assert_eq!(story.status(blank).shared, Some(space), "the same space");
    story.write(blank, shared("now"));
    story.settle();
    story.write(BO, shared("welcome back"));
    story.settle();
    story.assert_same(blank, BO);
    assert!(texts(&story, BO).contains(&"now".to_owned()));
    // She can take back on the new phone what she had written on the old one.
    story.erase(blank, &hers).expect("hers");
    story.settle();
    assert_eq!(story.text(BO, &hers), None);
    story.assert_same(blank, BO);
}

#[test]
fn somebody_else_is_not_taken_for_the_partner_when_comparing_again() {
    let (mut story, words) = kept(13);
    story.go_offline(ADA);
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    let cy = story.begin("Cy");
    let link = story.invite(blank);
    story.join(cy, &link).expect("a fresh invitation");
    story.exchange();
    assert_eq!(story.pairing(blank).ended, Some(PairingEnd::Stranger));
    assert!(story.status(blank).unconfirmed);
}

#[test]
fn killed_at_any_point_a_recovery_goes_on_and_ends_alike() {
    let (mut story, words) = kept(14);
    story.go_offline(ADA);
    let all = texts(&story, ADA);
    let mut crashes = 0;
    for at in 1.. {
        let mut fork = story.fork();
        fork.go_offline(ADA);
        let blank = fork.recover("new phone", &words).expect("the right words");
        fork.crash_after = Some(fork.outputs + at);
        fork.settle();
        assert_eq!(
            fork.status(blank).recovery,
            Recovery::Checked,
            "killed after {at}"
        );
        assert_eq!(texts(&fork, blank), all, "killed after {at}");
        if fork.crashes == 0 {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 20, "{crashes}");
}

#[test]
fn right_words_at_a_relay_without_their_journal_are_told_and_others_can_be_tried() {
    let (mut story, words) = kept(15);
    let other = typed(&RecoveryWords::of(&Secret::new([3; 32])));
    let blank = story.recover("new phone", &other).expect("words");
    story.settle();
    assert_eq!(story.status(blank).recovery, Recovery::NotFound);
    story
        .recover_again(blank, "new phone", &words)
        .expect("others");
    story.settle();
    assert_eq!(story.status(blank).recovery, Recovery::Checked);
}

#[test]
fn a_relay_that_shows_an_old_journal_makes_nobody_seal_to_old_keys() {
    let mut story = Story::of_a_couple(16);
    let words = typed(&keep_words(&mut story, ADA));
    story.write(ADA, shared("old"));
    story.settle();
    let old = story.relay_disk.snapshot();
    story.command(BO, Device::rotate).expect("at any time");
    story.write(BO, shared("newer"));
    story.settle();
    story.go_offline(ADA);
    story.go_offline(BO);
    story.restart_relay(|disk| disk.restore(&old));
    let blank = story.recover("new phone", &words).expect("the right words");
    story.settle();
    assert_eq!(texts(&story, blank), ["old"]);
    story.go_online(BO);
    compare_again(&mut story, blank, BO);
    let bos = story.person(blank, &story.status(BO).person);
    assert_eq!(
        bos.generation(),
        story.person(BO, &story.status(BO).person).generation()
    );
    story.write(blank, shared("sealed to his newest keys"));
    story.settle();
    story.assert_same(blank, BO);
}

#[test]
fn replaced_words_lead_to_everything_and_the_old_ones_to_nothing_new() {
    let (mut story, old) = kept(17);
    let new = story
        .command(ADA, |device, outside| {
            device.recovery_replace(&old, outside)
        })
        .expect("the present words");
    let new = typed(&new);
    story
        .command(ADA, |device, _| device.recovery_check(&new))
        .expect("the new words");
    let again = story.command(ADA, |device, outside| {
        device.recovery_replace(&old, outside)
    });
    assert!(again.is_err_and(|error| error.kind() == ErrorKind::Invalid));
    story.write(ADA, draft("after the words were replaced"));
    story.settle();
    let all = texts(&story, ADA);
    story.go_offline(ADA);
    let blank = story.recover("new phone", &new).expect("the new words");
    story.settle();
    assert_eq!(texts(&story, blank), all);

    let mut fork = story.fork();
    let late = fork.recover("another", &old).expect("words");
    fork.settle();
    assert_eq!(fork.status(late).recovery, Recovery::Replaced);
    let late = texts(&fork, late);
    assert!(
        !late.contains(&"after the words were replaced".to_owned()),
        "{late:?}"
    );
}

#[test]
fn replaced_words_reach_the_other_own_devices_which_keep_the_way_back_open() {
    let mut story = Story::new(18, &["Ada"]);
    let tablet = story.link_device(ADA, "tablet");
    story.settle();
    let empty = story.relay_disk.snapshot();
    // The words are replaced on the tablet, while the phone can still show the first ones.
    let old = typed(&words(&story, ADA));
    let new = story
        .command(tablet, |device, outside| {
            device.recovery_replace(&old, outside)
        })
        .expect("the present words");
    let new = typed(&new);
    story
        .command(tablet, |device, _| device.recovery_check(&new))
        .expect("the new words");
    story.write(tablet, draft("under the new words"));
    story.settle();
    assert!(
        story.device(ADA).recovery_begin().is_err(),
        "of no use any more"
    );
    let mailbox = |home| story.device_record(home).recovery_mailbox;
    assert_eq!(mailbox(ADA), mailbox(tablet));
    let way = sidelight_crypto::MailboxKeys::of_recovery(&mailbox(ADA)).name();
    let listed = story.listed(&way).len();
    assert!(listed > 0);

    // The relay loses all of it, and only the phone is left.
    story.go_offline(tablet);
    story.restart_relay(|disk| disk.restore(&empty));
    assert!(story.listed(&way).is_empty());
    story.restart(ADA);
    story.settle();
    assert_eq!(story.listed(&way).len(), listed);
    let all = texts(&story, ADA);
    story.go_offline(ADA);
    let blank = story.recover("new phone", &new).expect("the new words");
    story.settle();
    assert_eq!(story.status(blank).recovery, Recovery::Checked);
    assert_eq!(texts(&story, blank), all);
}

#[test]
fn a_device_that_hears_of_other_words_late_seals_nothing_more_to_the_former_ones() {
    let (mut story, old) = kept(19);
    let tablet = story.link_device(ADA, "tablet");
    story.go_offline(tablet);
    let new = story
        .command(ADA, |device, outside| {
            device.recovery_replace(&old, outside)
        })
        .expect("the present words");
    let new = typed(&new);
    story
        .command(ADA, |device, _| device.recovery_check(&new))
        .expect("the new words");
    story.settle();
    // The tablet knows nothing of it, writes, and even gives everything new keys.
    story.write(tablet, draft("before it heard"));
    story
        .command(tablet, Device::rotate)
        .expect("its keys are certain to it");
    story.write(tablet, draft("under keys of its own"));
    story.go_online(tablet);
    story.settle();
    for home in [ADA, tablet] {
        story.write(home, draft("after all heard"));
        story.settle();
    }
    let all = texts(&story, ADA);
    assert_eq!(texts(&story, tablet), all);

    let mut fork = story.fork();
    for home in [ADA, tablet] {
        fork.go_offline(home);
    }
    let late = fork.recover("a finder's", &old).expect("words");
    fork.settle();
    assert_eq!(fork.status(late).recovery, Recovery::Replaced);
    let found = texts(&fork, late);
    assert!(!found.contains(&"after all heard".to_owned()), "{found:?}");

    for home in [ADA, tablet] {
        story.go_offline(home);
    }
    let blank = story.recover("new phone", &new).expect("the new words");
    story.settle();
    assert_eq!(texts(&story, blank), all);
}
