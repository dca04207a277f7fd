//! Pairing: who meets whom, what they compare, and when anything is sealed at all.

use sidelight::device::Event;
use sidelight::{Error, ErrorKind};
use sidelight_crypto::{MailboxKeys, UnsealingKey};
use sidelight_format::record::{Fact, PairingEnd, PairingRecord};
use sidelight_format::{
    Body, Bundle, Bytes, Class, EraseToken, Invitation, InvitationLink, PairingMessage, Timestamp,
};
use sidelight_store::Key;
use sidelight_tests::sim::Chance;
use sidelight_tests::story::{ADA, BO, CY, Story};

fn rendezvous(link: &InvitationLink) -> MailboxKeys {
    MailboxKeys::of_invitation(&link.invitation().secret)
}

/// How many epochs anybody has sealed into the invitation's mailbox.
fn epochs_sealed(story: &Story, link: &InvitationLink) -> usize {
    let keys = rendezvous(link);
    let puts = story.puts().iter().filter(|(_, to, _)| *to == keys.name());
    puts.filter(|(_, _, bytes)| matches!(keys.open(bytes), Ok((_, Body::Epoch(_)))))
        .count()
}

fn ended(story: &Story, home: usize) -> Option<PairingEnd> {
    story.pairing(home).ended
}

fn assert_nobody_paired(story: &Story, link: &InvitationLink) {
    for home in [ADA, BO] {
        assert_eq!(story.status(home).shared, None);
        assert!(story.status(home).partner.is_none());
    }
    assert_eq!(
        epochs_sealed(story, link),
        0,
        "nothing was sealed to anybody"
    );
}

fn is_invalid(result: Result<(), Error>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::Invalid)
}

/// A couple that sees seven emoji and has not answered.
fn comparing(seed: u64) -> (Story, InvitationLink) {
    let mut story = Story::new(seed, &["Ada", "Bo", "Cy"]);
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    (story, link)
}

#[test]
fn both_see_the_same_seven_emoji_and_only_then_each_others_names_count() {
    let (mut story, link) = comparing(1);
    let emoji = story.emoji(ADA).expect("Ada can compare");
    assert_eq!(emoji.len(), 7);
    assert_eq!(story.emoji(BO), Some(emoji));
    assert_eq!(story.pairing(ADA).other_name.as_deref(), Some("Bo"));
    assert_eq!(story.pairing(BO).other_name.as_deref(), Some("Ada"));
    assert_nobody_paired(&story, &link);

    for home in [ADA, BO] {
        story.confirm(home, true).expect("there are emoji");
    }
    story.settle();
    let partner = |home| story.status(home).partner.map(|(_, name, _)| name);
    assert_eq!(partner(ADA).as_deref(), Some("Bo"));
    assert_eq!(partner(BO).as_deref(), Some("Ada"));
    assert_eq!(story.status(ADA).shared, story.status(BO).shared);
    assert!(story.facts(ADA).is_empty() && story.facts(BO).is_empty());
}

#[test]
fn nothing_is_sealed_to_anybody_before_both_have_confirmed() {
    for first in [ADA, BO] {
        let (mut story, link) = comparing(2);
        assert_eq!(epochs_sealed(&story, &link), 0, "before any answer");
        story.confirm(first, true).expect("there are emoji");
        story.exchange();
        assert_nobody_paired(&story, &link);
        // Not even by starting anew, which takes the kept state up again.
        story.restart(ADA);
        story.restart(BO);
        story.exchange();
        assert_nobody_paired(&story, &link);

        story.confirm(1 - first, true).expect("there are emoji");
        story.settle();
        assert_eq!(epochs_sealed(&story, &link), 1);
        assert!(story.status(BO).shared.is_some());
    }
}

#[test]
fn a_no_on_either_side_ends_it_on_both_and_spends_the_invitation() {
    for refuser in [ADA, BO] {
        for other_said_yes in [false, true] {
            let (mut story, link) = comparing(3);
            if other_said_yes {
                story.confirm(1 - refuser, true).expect("there are emoji");
                story.exchange();
            }
            story.confirm(refuser, false).expect("there are emoji");
            story.exchange();
            assert_eq!(ended(&story, refuser), Some(PairingEnd::RefusedHere));
            assert_eq!(ended(&story, 1 - refuser), Some(PairingEnd::RefusedThere));
            assert_nobody_paired(&story, &link);

            assert!(is_invalid(story.join(BO, &link)), "it was taken up before");
            assert!(is_invalid(story.confirm(1 - refuser, true)), "it is over");
            story.join(CY, &link).expect("nobody told Cy");
            story.exchange();
            assert_eq!(story.emoji(CY), None, "a spent invitation answers nobody");
            assert_nobody_paired(&story, &link);
        }
    }
}

#[test]
fn whoever_said_no_may_pair_anew_right_away() {
    let (mut story, _) = comparing(4);
    story.confirm(ADA, false).expect("there are emoji");
    story.exchange();
    story.pair();
    assert_eq!(story.status(ADA).shared, story.status(BO).shared);
}

#[test]
fn an_invitation_that_was_called_off_answers_nobody() {
    let mut story = Story::new(5, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    story.exchange();
    story.cancel(ADA).expect("there is a pairing");
    assert_eq!(ended(&story, ADA), Some(PairingEnd::Cancelled));
    story.join(BO, &link).expect("nobody told Bo");
    story.exchange();
    assert_eq!(story.emoji(BO), None);
    assert_nobody_paired(&story, &link);
}

#[test]
fn calling_off_after_the_other_can_compare_is_told_as_a_no() {
    for quitter in [ADA, BO] {
        let (mut story, link) = comparing(6);
        story.cancel(quitter).expect("there is a pairing");
        story.exchange();
        assert_eq!(ended(&story, quitter), Some(PairingEnd::Cancelled));
        assert_eq!(ended(&story, 1 - quitter), Some(PairingEnd::RefusedThere));
        assert_nobody_paired(&story, &link);
    }
}

#[test]
fn clocks_of_1970_and_2100_end_a_pairing_clearly_or_not_at_all() {
    const ENDS: [i64; 6] = [i64::MIN, 0, 1_800_000_000, 4_102_444_800, 1 << 50, i64::MAX];
    for of_ada in ENDS {
        for of_bo in ENDS {
            let mut story = Story::new(7, &["Ada", "Bo"]);
            story.set_clock(ADA, of_ada);
            story.set_clock(BO, of_bo);
            let link = story.invite(ADA);
            let joined = story.join(BO, &link);
            let over_for_bo = of_bo > of_ada.saturating_add(3600);
            assert_eq!(joined.is_err(), over_for_bo, "Ada {of_ada}, Bo {of_bo}");
            if let Err(error) = joined {
                assert!(error.detail().contains("expired"), "{error:?}");
                assert!(story.device(BO).pairing().is_none());
                continue;
            }
            story.exchange();
            assert_eq!(
                story.emoji(ADA),
                story.emoji(BO),
                "Ada {of_ada}, Bo {of_bo}"
            );
            for home in [ADA, BO] {
                story.confirm(home, true).expect("there are emoji");
            }
            story.settle();
            assert_eq!(story.status(ADA).shared, story.status(BO).shared);
        }
    }
}

#[test]
fn who_joins_after_the_time_ends_the_invitation_and_gets_nothing() {
    let mut story = Story::new(8, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    story.join(BO, &link).expect("it is still valid");
    story.now += 3601;
    story.exchange();
    assert_eq!(ended(&story, ADA), Some(PairingEnd::Expired));
    assert_eq!(story.emoji(BO), None);
    assert_nobody_paired(&story, &link);
    story.set_clock(ADA, 0);
    story.restart(ADA);
    story.exchange();
    assert_eq!(
        ended(&story, ADA),
        Some(PairingEnd::Expired),
        "no clock revives it"
    );
}

#[test]
fn a_pairing_that_both_can_compare_outlives_its_time() {
    let (mut story, _) = comparing(9);
    story.now += 1_000_000;
    for home in [ADA, BO] {
        story
            .confirm(home, true)
            .expect("people may take their time");
    }
    story.settle();
    assert_eq!(story.status(ADA).shared, story.status(BO).shared);
}

#[test]
fn the_first_joiner_is_fixed_and_the_second_is_reported_and_sees_nothing() {
    let mut story = Story::new(10, &["Ada", "Bo", "Cy"]);
    let link = story.invite(ADA);
    story.exchange();
    // Both answers are on the relay before Ada sees either.
    story.go_offline(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.join(CY, &link).expect("the same link, copied");
    story.exchange();
    story.go_online(ADA);
    story.exchange();
    let first = story.pairing(ADA).other_name.expect("somebody joined");
    let (first, second) = if first == "Bo" { (BO, CY) } else { (CY, BO) };
    assert_eq!(story.facts(ADA), [Fact::SecondJoiner]);
    assert!(story.emoji(ADA).is_some());
    assert_eq!(story.emoji(first), story.emoji(ADA));
    assert_eq!(
        story.emoji(second),
        None,
        "the second never sees the first's emoji"
    );

    for home in [ADA, first] {
        story.confirm(home, true).expect("there are emoji");
    }
    assert!(
        is_invalid(story.confirm(second, true)),
        "there is nothing to compare"
    );
    story.exchange();
    assert!(story.status(first).shared.is_some());
    assert_eq!(story.status(second).shared, None);
}

#[test]
fn the_first_joiner_stays_the_first_wherever_the_inviter_crashes() {
    let mut ready = Story::new(11, &["Ada", "Bo", "Cy"]);
    let link = ready.invite(ADA);
    ready.exchange();
    ready.go_offline(ADA);
    ready.join(BO, &link).expect("a fresh invitation");
    ready.join(CY, &link).expect("the same link, copied");
    ready.exchange();
    let mut crashes = 0;
    for crash_after in 1.. {
        let mut story = ready.fork();
        for away in [BO, CY] {
            story.go_offline(away);
        }
        story.crash_after = Some(crash_after);
        story.exchange();
        let crashed = story.outputs >= crash_after;
        let name = story.pairing(ADA).other_name;
        story.restart(ADA);
        for home in [BO, CY] {
            story.go_online(home);
        }
        story.exchange();
        assert_eq!(
            story.pairing(ADA).other_name,
            name,
            "crash after {crash_after}"
        );
        let first = if name.as_deref() == Some("Bo") {
            BO
        } else {
            CY
        };
        assert_eq!(
            story.emoji(first),
            story.emoji(ADA),
            "crash after {crash_after}"
        );
        assert_eq!(
            story.emoji(BO + CY - first),
            None,
            "crash after {crash_after}"
        );
        assert_eq!(
            story.facts(ADA),
            [Fact::SecondJoiner],
            "crash after {crash_after}"
        );
        let keys = rendezvous(&link);
        let reveals: std::collections::BTreeSet<&Bytes> = story
            .puts()
            .iter()
            .filter(|(_, to, bytes)| {
                *to == keys.name()
                    && matches!(keys.open(bytes), Ok((_, Body::Pairing(message)))
                        if matches!(*message, PairingMessage::Reveal { .. }))
            })
            .map(|(_, _, bytes)| bytes)
            .collect();
        assert_eq!(reveals.len(), 1, "one answer, to one of them");
        if !crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 3, "{crashes}");
}

#[test]
fn a_photographed_code_is_not_enough_because_the_emoji_differ() {
    // Mallory has a photo of Ada's code, joins first, and shows Bo a code of her own: she is
    // between them with two pairings, and has the secrets of both.
    let mut story = Story::new(12, &["Ada", "Bo", "Mallory", "Mallory again"]);
    let photographed = story.invite(ADA);
    story.join(CY, &photographed).expect("a fresh invitation");
    let instead = story.invite(3);
    story.join(BO, &instead).expect("a fresh invitation");
    story.exchange();
    assert_eq!(story.emoji(CY), story.emoji(ADA));
    assert_eq!(story.emoji(3), story.emoji(BO));
    let (of_ada, of_bo) = (story.emoji(ADA), story.emoji(BO));
    assert!(of_ada.is_some() && of_bo.is_some());
    assert_ne!(of_ada, of_bo, "who compares, sees it");
}

#[test]
fn with_a_photographed_code_whoever_was_meant_to_join_never_sees_emoji() {
    let mut story = Story::new(13, &["Ada", "Bo", "Mallory"]);
    let link = story.invite(ADA);
    story.join(CY, &link).expect("a fresh invitation");
    story.exchange();
    story.join(BO, &link).expect("Bo knows of nothing");
    story.exchange();
    assert!(story.emoji(ADA).is_some());
    assert_eq!(story.emoji(BO), None);
    assert_eq!(story.facts(ADA), [Fact::SecondJoiner]);
    assert_eq!(story.told(ADA), [Fact::SecondJoiner]);
    assert_nobody_paired(&story, &link);
}

#[test]
fn an_offer_that_the_code_does_not_name_is_never_compared_with() {
    // The relay, with a photo of the code, withholds Ada's offer and shows one of its own.
    let mut story = Story::new(14, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    let keys = rendezvous(&link);
    let own: PairingRecord = story.record(ADA, Key::Name(&keys.name().0)).expect("kept");
    let mut dice = Chance::new(14, 50);
    let forged = Bundle {
        pairing: UnsealingKey::from_seed(&sidelight_crypto::new_secret(dice.rng())).sealing_key(),
        ..own.own.clone()
    };
    assert_ne!(forged.fingerprint(), own.own.fingerprint());
    let body = Body::Pairing(Box::new(PairingMessage::Offer(forged)));
    let token = EraseToken([0; 32]);
    let sealed = keys
        .seal(Class::Live, &body, &token, dice.rng())
        .expect("fits");
    story.post(&keys, [Bytes::from(sealed)]);
    story.join(BO, &link).expect("a fresh invitation");
    story.go_offline(ADA);
    story.exchange();
    assert_eq!(
        story.pairing(BO).other_name,
        None,
        "a stranger's offer is passed over"
    );
    assert!(
        story
            .puts()
            .iter()
            .all(|(home, to, _)| *home != BO || *to != keys.name())
    );

    // The true one still works, forged one in front of it or not.
    story.go_online(ADA);
    story.exchange();
    assert!(story.emoji(BO).is_some());
    assert_eq!(story.emoji(ADA), story.emoji(BO));
}

#[test]
fn ones_own_invitation_is_refused() {
    let mut story = Story::new(15, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    let error = story.join(ADA, &link).expect_err("it is Ada's own");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.detail().contains("your own invitation"), "{error:?}");
    // Bo still can.
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    assert_eq!(story.emoji(ADA), story.emoji(BO));
}

#[test]
fn an_invitation_is_taken_up_once_only_even_after_a_restart() {
    let mut story = Story::new(16, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    assert!(is_invalid(story.join(BO, &link)), "while it is under way");
    story.cancel(BO).expect("there is a pairing");
    assert!(is_invalid(story.join(BO, &link)), "after it was called off");
    story.restart(BO);
    assert!(is_invalid(story.join(BO, &link)), "after a restart");
}

#[test]
fn who_has_a_partner_neither_invites_nor_joins() {
    let mut story = Story::of_a_couple(17);
    let cy = story.begin("Cy");
    let link = story.invite(cy);
    for home in [ADA, BO] {
        assert!(is_invalid(story.join(home, &link)));
        let invited = story.command(home, |device, outside| device.invite(3600, outside));
        assert!(is_invalid(invited.map(|_| ())));
    }
}

#[test]
fn a_link_that_is_cut_short_or_garbled_is_refused_or_meets_nobody() {
    let mut story = Story::new(18, &["Ada", "Bo"]);
    let text = story.invite(ADA).expose();
    let start = text.find('#').expect("the secret stands after a #") + 1;
    for end in 0..text.len() {
        assert!(
            text[..end].parse::<InvitationLink>().is_err(),
            "cut at {end}"
        );
    }
    story.exchange();
    let mut joined = 0;
    for at in start..text.len() {
        let mut garbled = text.clone().into_bytes();
        garbled[at] = if garbled[at] == b'A' { b'B' } else { b'A' };
        let garbled = String::from_utf8(garbled).expect("still ASCII");
        let Ok(link) = garbled.parse::<InvitationLink>() else {
            continue;
        };
        if at % 8 != 0 {
            continue; // enough of them, and Bo has other things to do
        }
        let mut fork = story.fork();
        if fork.join(BO, &link).is_ok() {
            joined += 1;
            fork.exchange();
            let of_bo = fork.emoji(BO);
            assert!(
                of_bo.is_none() || of_bo != fork.emoji(ADA),
                "changed at {at}"
            );
        }
    }
    assert!(joined > 3, "{joined}");
}

#[test]
fn the_pairing_that_counts_goes_on_after_a_crash_whatever_was_invited_before() {
    // An invitation that would have lasted a year is called off; the next lasts an hour. The
    // inviter's process ends right after both have agreed, before the first epoch has left.
    let mut story = Story::new(23, &["Ada", "Bo"]);
    story
        .command(ADA, |ada, outside| ada.invite(31_536_000, outside))
        .expect("Ada has no partner");
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    story.confirm(BO, true).expect("there are emoji");
    story.exchange();
    story.go_offline(ADA);
    story.confirm(ADA, true).expect("there are emoji");
    assert!(story.status(ADA).shared.is_some());
    story.restart(ADA);
    story.go_online(ADA);
    story.settle();
    assert_eq!(story.pairing(ADA).ended, Some(PairingEnd::Paired));
    assert_eq!(story.status(BO).shared, story.status(ADA).shared);
}

#[test]
fn a_no_that_was_said_offline_reaches_the_other_side_after_a_restart() {
    let mut story = Story::new(24, &["Ada", "Bo"]);
    story
        .command(ADA, |ada, outside| ada.invite(31_536_000, outside))
        .expect("Ada has no partner");
    let link = story.invite(ADA);
    story.join(BO, &link).expect("a fresh invitation");
    story.exchange();
    story.go_offline(ADA);
    story.confirm(ADA, false).expect("there are emoji");
    story.restart(ADA);
    story.go_online(ADA);
    story.exchange();
    assert_eq!(ended(&story, BO), Some(PairingEnd::RefusedThere));
}

#[test]
fn two_joiners_of_one_link_and_a_second_link_do_not_get_mixed_up() {
    let mut story = Story::new(25, &["Ada", "Bo", "Cy"]);
    let old = story.invite(ADA);
    let new = story.invite(ADA);
    story.join(CY, &old).expect("nobody told Cy");
    story.join(BO, &new).expect("a fresh invitation");
    story.exchange();
    assert_eq!(
        story.emoji(CY),
        None,
        "a newer invitation takes the older one's place"
    );
    assert_eq!(story.emoji(ADA), story.emoji(BO));
    assert_eq!(story.pairing(ADA).other_name.as_deref(), Some("Bo"));
}

#[test]
fn a_pairing_tells_of_each_step_and_answers_are_given_once() {
    let (mut story, _) = comparing(26);
    assert!(story.events(ADA).contains(&Event::PairingChanged));
    story.confirm(ADA, true).expect("there are emoji");
    assert!(is_invalid(story.confirm(ADA, true)), "answered already");
    assert!(is_invalid(story.confirm(ADA, false)), "answered already");
    story.exchange();
    story.confirm(BO, true).expect("there are emoji");
    story.settle();
    assert!(is_invalid(story.cancel(ADA)), "it is done");
}

#[test]
fn an_invitation_of_another_kind_or_version_is_refused_with_a_sentence() {
    let mut story = Story::new(27, &["Ada", "Bo"]);
    let link = story.invite(ADA);
    let changed = [
        Invitation {
            version: 2,
            ..link.invitation().clone()
        },
        Invitation {
            purpose: sidelight_format::Purpose::OwnDevice,
            ..link.invitation().clone()
        },
        Invitation {
            expires: Timestamp(i64::MIN),
            ..link.invitation().clone()
        },
    ];
    for invitation in changed {
        let link = InvitationLink::new(&link.relay(), invitation);
        assert!(is_invalid(story.join(BO, &link)));
        assert!(story.device(BO).pairing().is_none());
    }
}
