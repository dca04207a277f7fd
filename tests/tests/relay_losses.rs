//! A relay that withholds, forgets, goes back and begins anew: what is missing is told by author
//! and range, what is lost is put again by whoever has it.

use sidelight_format::record::Fact;
use sidelight_format::{
    Class, Contents, EntryId, EnvelopeId, Frame, Item, Position, RelayInstance, RunningHash,
    Sequence, envelope_id,
};
use sidelight_tests::story::{ADA, BO, RELAY, Story, honest, shared};

const LATER: RelayInstance = RelayInstance([2; 16]);

/// A couple with three entries of Bo, all of which are with the relay, none with Ada yet.
fn three_of_bo(seed: u64) -> (Story, Vec<EntryId>) {
    let mut story = Story::of_a_couple(seed);
    story.go_offline(ADA);
    let entries = ["first", "second", "third"]
        .map(|text| story.write(BO, shared(text)))
        .to_vec();
    story.exchange();
    story.go_offline(BO);
    (story, entries)
}

#[test]
fn a_withheld_envelope_is_a_gap_that_names_author_and_range_until_it_comes() {
    let (mut story, entries) = three_of_bo(8);
    let mailbox = story.shared_mailbox();
    let written = story.authored(BO);
    let author = written[0].1.certificate.author;
    let bo = story.status(BO).person;
    for withheld in 0..3_u64 {
        let mut fork = story.fork();
        fork.go_offline(BO);
        fork.restart_relay(|disk| {
            assert!(disk.withhold(&mailbox, Position(withheld)));
        });
        fork.exchange();
        assert_eq!(fork.shared_entries(ADA).len(), 2);
        assert_eq!(fork.text(ADA, &entries[withheld as usize]), None);
        let gaps = fork.facts(ADA);
        if withheld == 2 {
            assert!(gaps.is_empty(), "the newest withheld is silence");
        } else {
            let expected = Fact::Gap {
                person: bo,
                author,
                from: Sequence(withheld),
                to: Sequence(2),
            };
            assert_eq!(gaps, [expected]);
            assert_eq!(fork.told(ADA), gaps);
        }
        // Looking again reports nothing anew; Bo, who had seen more, fills the relay up.
        fork.restart(ADA);
        fork.exchange();
        assert_eq!(fork.facts(ADA), gaps);
        fork.reunite();
        assert_eq!(fork.shared_entries(ADA).len(), 3, "it came in the end");
        assert!(
            fork.facts(BO)
                .iter()
                .any(|fact| matches!(fact, Fact::Rollback { .. }))
        );
    }
}

#[test]
fn a_gap_that_an_answer_names_is_found_even_if_all_of_the_rest_is_withheld() {
    // Ada has Bo's first; Bo's second and third never come; Ada's own other device would not
    // know. Cy stands for it: a copy of Ada's home that has everything and writes.
    let mut story = Story::of_a_couple(9);
    story.write(BO, shared("first"));
    story.settle();
    let second_device = story.clone_home(ADA);
    story.go_offline(ADA);
    story.write(BO, shared("second"));
    story.write(BO, shared("third"));
    story.settle();
    story.write(second_device, shared("I have read all three"));
    story.settle();
    for home in [BO, second_device] {
        story.go_offline(home);
    }
    let mailbox = story.shared_mailbox();
    story.restart_relay(|disk| {
        assert!(disk.withhold(&mailbox, Position(1)));
        assert!(disk.withhold(&mailbox, Position(1)));
    });
    story.go_online(ADA);
    story.exchange();
    let gap = story.facts(ADA).into_iter().find_map(|fact| match fact {
        Fact::Gap { from, to, .. } => Some((from, to)),
        _ => None,
    });
    assert_eq!(gap, Some((Sequence(1), Sequence(2))));
}

#[test]
fn a_relay_that_goes_back_is_reported_and_filled_until_the_partner_has_everything() {
    let mut story = Story::of_a_couple(10);
    story.go_offline(ADA);
    let backup = story.relay_disk.snapshot();
    for text in ["one", "two", "three", "four"] {
        story.write(BO, shared(text));
    }
    story.settle();
    story.restart_relay(|disk| disk.restore(&backup));
    story.exchange();
    let facts = story.facts(BO);
    assert!(
        matches!(
            facts[..],
            [
                Fact::Rollback {
                    instance: RELAY,
                    shown: Position(4),
                    found: Position(0)
                },
                Fact::Refilled {
                    instance: RELAY,
                    envelopes: 4
                }
            ]
        ),
        "{facts:?}"
    );
    story.go_offline(BO);
    story.go_online(ADA);
    story.settle();
    assert_eq!(story.shared_entries(ADA).len(), 4, "although Bo is away");
    assert!(story.facts(ADA).is_empty(), "Ada had seen nothing of it");
}

#[test]
fn either_partner_fills_the_relay_with_what_both_wrote() {
    for keeper in [ADA, BO] {
        let mut story = Story::of_a_couple(11);
        story.write(ADA, shared("by Ada"));
        story.write(BO, shared("by Bo"));
        story.settle();
        let away = 1 - keeper;
        story.go_offline(away);
        story.restart_relay(|disk| disk.lose_everything(LATER));
        story.exchange();
        let mailbox = story.shared_mailbox();
        assert_eq!(story.listed(&mailbox).len(), 2, "his and hers");
        assert!(story.facts(keeper).contains(&Fact::Refilled {
            instance: LATER,
            envelopes: 2
        }));
        let fresh = story.clone_home(away);
        story.settle();
        assert_eq!(story.shared_entries(fresh).len(), 2);
    }
}

#[test]
fn stored_is_not_believed_beyond_the_cursor_and_a_relay_that_forgot_is_noticed() {
    // The relay says «stored», at whatever place, for what it never kept, and is then set back.
    for place in [0_u64, 1, 2, 3, 1000, u64::MAX - 1, u64::MAX] {
        let mut story = Story::of_a_couple(12);
        story.write(BO, shared("kept before"));
        story.write(BO, shared("kept before, too"));
        story.settle();
        let mailbox = story.shared_mailbox();
        let before = story.relay_disk.snapshot();
        story.liar = Some(Box::new(move |home, to, frame| match frame {
            Frame::Stored { ids, .. } if home == BO && *to == mailbox => vec![Frame::Stored {
                first: Position(place),
                ids,
            }],
            // Nothing else tells Bo where it is.
            Frame::Items { .. } | Frame::Fetched { .. } if home == BO && *to == mailbox => {
                Vec::new()
            }
            frame => vec![frame],
        }));
        let entry = story.write(BO, shared("said to be stored"));
        story.go_offline(ADA);
        story.exchange();
        story.liar = None;
        story.restart_relay(|disk| disk.restore(&before));
        story.reunite();
        assert!(story.text(ADA, &entry).is_some(), "stored at {place}");
    }
}

#[test]
fn a_list_is_believed_only_once_all_of_it_is_here() {
    // Another life of the relay's data lists what Bo has just put, and something that Bo lacks.
    // The link is cut, and the relay goes back to its former life, which has neither.
    let mut story = Story::of_a_couple(24);
    story.write(ADA, shared("before"));
    story.settle();
    story.go_offline(ADA);
    story.go_offline(BO);
    let entry = story.write(BO, shared("put at a bad moment"));
    let mailbox = story.shared_mailbox();
    let line = story.puppet(BO, mailbox);
    let mut ids: Vec<EnvelopeId> = story
        .heard(line)
        .iter()
        .filter_map(|frame| match frame {
            Frame::Put { envelope } => Some(envelope_id(&mailbox, envelope)),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 1);
    ids.push(EnvelopeId([7; 32]));
    let (length, hash) = (
        Position(2),
        ids.iter()
            .fold(RunningHash::START, |hash, id| hash.after(id)),
    );
    let items = ids.iter().map(|id| Item {
        id: *id,
        class: Class::Live,
        contents: Contents::Skipped,
    });
    let state = Frame::State {
        instance: LATER,
        length,
        hash,
    };
    let end = || Frame::Fetched {
        next: length,
        length,
        hash,
    };
    let first = Position(0);
    story.say(line, vec![state, end()]);
    story.say(
        line,
        vec![
            Frame::Items {
                first,
                items: items.collect(),
            },
            end(),
        ],
    );
    assert!(story.heard(line).iter().any(|frame| matches!(
        frame,
        Frame::Fetch {
            from: Position(1),
            count: 1,
            ids_only: false,
            ..
        }
    )));
    story.hang_up(line);
    story.reunite();
    assert!(story.text(ADA, &entry).is_some());
}

#[test]
fn a_relay_that_begins_anew_at_every_visit_costs_work_and_loses_nothing() {
    let mut story = Story::of_a_couple(22);
    for visit in 0..8_u8 {
        let home = usize::from(visit % 2);
        story.write(home, shared(&format!("visit {visit}")));
        story.restart_relay(|disk| match visit % 4 {
            0 => disk.lose_everything(RelayInstance([visit + 10; 16])),
            _ => disk.begin_instance(RelayInstance([visit + 10; 16])),
        });
        story.exchange();
    }
    story.reunite();
    assert_eq!(story.shared_entries(ADA).len(), 8);
}

#[test]
fn a_relay_that_shows_each_of_two_a_list_of_their_own_leaves_gaps_that_are_seen() {
    // Fork attack: the relay keeps what Ada writes from Bo and the other way round, then lets
    // one later envelope through.
    let mut story = Story::of_a_couple(23);
    let ada = story.status(ADA).person;
    story.write(ADA, shared("Ada 1"));
    story.settle();
    let mailbox = story.shared_mailbox();
    story.go_offline(BO);
    story.write(ADA, shared("Ada 2"));
    story.settle();
    story.go_offline(ADA);
    story.restart_relay(|disk| {
        assert!(disk.withhold(&mailbox, Position(1)));
    });
    story.go_online(BO);
    story.write(BO, shared("Bo 1"));
    story.settle();
    assert!(
        story.facts(BO).is_empty(),
        "until something later comes it is silence"
    );
    story.go_offline(BO);
    story.go_online(ADA);
    story.write(ADA, shared("Ada 3"));
    // The relay goes on withholding the second from Bo, whatever Ada puts again.
    let second = story
        .authored(ADA)
        .into_iter()
        .find(|(_, a)| a.sequence == Sequence(1));
    assert!(second.is_none());
    story.exchange();
    story.go_offline(ADA);
    let held = story
        .authored(BO)
        .into_iter()
        .find(|(_, a)| a.certificate.person == ada && a.sequence == Sequence(1))
        .expect("Ada filled the relay up");
    let position = story.position(&mailbox, &held.0).expect("listed");
    story.restart_relay(|disk| {
        assert!(disk.withhold(&mailbox, position));
    });
    story.go_online(BO);
    story.exchange();
    let gap = |fact: &Fact| {
        matches!(fact, Fact::Gap { person, from, to, .. }
        if *person == ada && (*from, *to) == (Sequence(1), Sequence(2)))
    };
    assert!(story.facts(BO).iter().any(gap), "{:?}", story.facts(BO));
    story.reunite();
    assert_eq!(story.shared_entries(BO).len(), 4);
}

#[test]
fn what_a_relay_says_was_dropped_does_not_keep_a_device_waiting_for_ever() {
    let (mut story, _) = three_of_bo(18);
    let mailbox = story.shared_mailbox();
    let line = story.puppet(ADA, mailbox);
    let mut frames = honest(RELAY, &[], &mailbox);
    frames.extend((0..50).map(|n| Frame::Dropped {
        id: EnvelopeId([n; 32]),
    }));
    story.say(line, frames);
    story.hang_up(line);
    // Another life of the relay's data: Ada is to put what it lacks, and has nothing of those.
    story.restart_relay(|disk| disk.begin_instance(LATER));
    story.reunite();
    assert_eq!(story.device(ADA).outbox_len(), 0);
    assert_eq!(story.shared_entries(ADA).len(), 3);
}
