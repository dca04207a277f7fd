//! Putting, announcing, fetching, dropping, and what a failing log does to each.

use crate::common::{
    Key, NOW, Relay, backward, envelope, forward, live, refused, state, stored, token,
};
use sidelight_format::{
    Bytes, Class, ClassSet, Contents, Direction, Frame, Position, RefusalCode, RunningHash,
    Timestamp,
};
use sidelight_mailbox::{CloseReason, LinkId, LogError, Policy};

/// A relay with a mailbox that links 1 and 2 have open.
fn two_links() -> (Relay, Key) {
    let (mut relay, key) = (Relay::new(Policy::default()), Key::new(1));
    for link in [1, 2] {
        assert_eq!(relay.open(link, &key), state(0, RunningHash::START));
    }
    (relay, key)
}

/// A relay with a mailbox of `count` envelopes, which link 1 has open.
fn filled(count: u64, len: usize) -> (Relay, Key) {
    let (mut relay, key) = (Relay::new(Policy::default()), Key::new(1));
    relay.open(1, &key);
    for n in 0..count {
        relay.put(1, &envelope(n, Class::Live, len));
    }
    relay.commit();
    relay.take(1);
    (relay, key)
}

fn arrived(envelope: &Bytes) -> Frame {
    Frame::Arrived {
        envelope: envelope.clone(),
    }
}

#[test]
fn what_arrives_is_forwarded_before_the_commit_and_announced_after_it() {
    let (mut relay, key) = two_links();
    relay.put(1, &live(1));
    relay.put(2, &live(2));
    relay.put(1, &live(3));
    assert_eq!(relay.take(1), [arrived(&live(2))]);
    assert_eq!(relay.take(2), [arrived(&live(1)), arrived(&live(3))]);
    relay.commit();
    let all = stored(0, &[1, 2, 3].map(|n| key.id(&live(n))));
    assert_eq!(relay.take_one(1), all);
    assert_eq!(relay.take_one(2), all);
}

#[test]
fn other_mailboxes_hear_nothing() {
    let (mut relay, key) = two_links();
    let other = Key::new(2);
    relay.open(3, &other);
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.take(3), []);
    let (items, _) = relay.fetch(3, forward(0));
    assert_eq!(items, []);
    relay.put(3, &live(1));
    relay.commit();
    assert_eq!(relay.take(3), [stored(0, &[other.id(&live(1))])]);
    assert_ne!(
        other.id(&live(1)),
        key.id(&live(1)),
        "an id is of one mailbox"
    );
}

#[test]
fn bulk_classes_are_announced_but_not_pushed() {
    let (mut relay, key) = two_links();
    for (n, class) in Class::ALL.into_iter().enumerate().skip(1) {
        let envelope = envelope(n as u64, class, 1024);
        relay.put(1, &envelope);
        assert_eq!(relay.take(2), []);
        relay.commit();
        assert_eq!(relay.take(2), [stored(n as u64 - 1, &[key.id(&envelope)])]);
    }
}

#[test]
fn putting_what_is_kept_answers_the_putter_alone_with_the_old_position() {
    let (mut relay, key) = two_links();
    for n in 0..3 {
        relay.put(1, &live(n));
    }
    relay.commit();
    relay.take(1);
    relay.take(2);
    relay.put(2, &live(1));
    relay.commit();
    assert_eq!(relay.take(2), [stored(1, &[key.id(&live(1))])]);
    assert_eq!(relay.take(1), []);
    assert_eq!(
        relay.open(3, &key),
        state(3, key.hash([&live(0), &live(1), &live(2)]))
    );
}

#[test]
fn putting_twice_in_one_burst_is_stored_once() {
    let (mut relay, key) = two_links();
    relay.put(1, &live(1));
    relay.put(1, &live(1));
    relay.put(2, &live(1));
    relay.commit();
    let once = stored(0, &[key.id(&live(1))]);
    assert_eq!(relay.take_one(1), once);
    assert_eq!(relay.take(2), [arrived(&live(1)), once]);
    assert_eq!(relay.disk.envelopes(&key.mailbox()).len(), 1);
}

#[test]
fn a_link_that_opens_between_arrival_and_commit_hears_of_it_once() {
    let (mut relay, key) = two_links();
    relay.put(1, &live(1));
    assert_eq!(
        relay.open(3, &key),
        state(0, RunningHash::START),
        "only what is durable"
    );
    relay.say(3, forward(0));
    relay.commit();
    let frames = relay.take(3);
    assert_eq!(frames.len(), 3, "{frames:?}");
    assert_eq!(frames[0], stored(0, &[key.id(&live(1))]));
    assert!(matches!(&frames[1], Frame::Items { items, .. } if items.len() == 1));
    assert!(matches!(
        frames[2],
        Frame::Fetched {
            length: Position(1),
            ..
        }
    ));
}

#[test]
fn a_putter_that_is_gone_has_put_all_the_same() {
    let (mut relay, key) = two_links();
    relay.put(1, &live(1));
    relay.host.handle_closed(LinkId(1));
    relay.host.handle_closed(LinkId(2));
    relay.commit();
    assert_eq!(relay.host.counts().open_mailboxes, 0);
    assert_eq!(relay.open(3, &key), state(1, key.hash([&live(1)])));
}

#[test]
fn fetches_walk_forward_and_backward_and_say_where_to_go_on() {
    let (mut relay, key) = filled(10, 1024);
    let hash = key.hash(&(0..10).map(live).collect::<Vec<_>>());
    let length = Position(10);
    let walk = |relay: &mut Relay, fetch| {
        let (items, fetched) = relay.fetch(1, fetch);
        let Frame::Fetched {
            next,
            length: all,
            hash: found,
        } = fetched
        else {
            panic!("the end of a fetch")
        };
        assert_eq!((all, found), (length, hash));
        let ids = (0..10).map(|n| key.id(&live(n))).collect::<Vec<_>>();
        let at = |item: sidelight_format::Item| ids.iter().position(|id| *id == item.id).unwrap();
        (items.into_iter().map(at).collect::<Vec<_>>(), next.0)
    };
    assert_eq!(walk(&mut relay, forward(0)), ((0..10).collect(), 10));
    assert_eq!(walk(&mut relay, forward(7)), (vec![7, 8, 9], 10));
    assert_eq!(walk(&mut relay, forward(10)), (vec![], 10));
    assert_eq!(walk(&mut relay, forward(u64::MAX)), (vec![], 10));
    assert_eq!(walk(&mut relay, backward(10, 3)), (vec![9, 8, 7], 7));
    assert_eq!(
        walk(&mut relay, backward(7, 99)),
        (vec![6, 5, 4, 3, 2, 1, 0], 0)
    );
    assert_eq!(walk(&mut relay, backward(u64::MAX, 1)), (vec![9], 9));
    assert_eq!(walk(&mut relay, backward(0, 5)), (vec![], 0));
    assert_eq!(walk(&mut relay, backward(5, 0)), (vec![], 5));
}

#[test]
fn classes_that_are_not_asked_for_come_as_ids() {
    let (mut relay, key) = two_links();
    let volume = envelope(1, Class::Volume, 4096);
    relay.put(1, &live(0));
    relay.put(1, &volume);
    relay.commit();
    relay.take(1);
    let fetch = |classes, ids_only| Frame::Fetch {
        from: Position(0),
        direction: Direction::Forward,
        count: 9,
        classes,
        ids_only,
    };
    let contents = |relay: &mut Relay, fetch| {
        let (items, _) = relay.fetch(1, fetch);
        assert_eq!(items[0].id, key.id(&live(0)));
        assert_eq!(
            (items[1].id, items[1].class),
            (key.id(&volume), Class::Volume)
        );
        items
            .into_iter()
            .map(|item| item.contents)
            .collect::<Vec<_>>()
    };
    let whole = |envelope: &Bytes| Contents::Whole(envelope.clone());
    assert_eq!(
        contents(&mut relay, fetch(ClassSet::LIVE, false)),
        [whole(&live(0)), Contents::Skipped]
    );
    assert_eq!(
        contents(&mut relay, fetch(ClassSet::ALL, false)),
        [whole(&live(0)), whole(&volume)]
    );
    assert_eq!(
        contents(&mut relay, fetch(ClassSet::ALL, true)),
        [Contents::Skipped, Contents::Skipped]
    );
}

#[test]
fn a_long_fetch_comes_in_pieces_and_waits_for_a_link_that_does_not_read() {
    let (mut relay, _) = filled(100, 16 * 1024); // 1.6 MB
    relay.host.handle_frame(LinkId(1), forward(0), NOW);
    let mut pieces = 0;
    loop {
        relay.host.handle_commit(NOW).unwrap();
        let before = relay.host.counts().backlog_bytes;
        relay.deliver(false);
        assert!(before <= 600 * 1024, "{before} bytes wait for one link");
        let frames = relay.take(1);
        for frame in &frames {
            if let Frame::Items { items, .. } = frame {
                assert!(items.len() <= 16, "256 KiB of bodies in a piece");
                pieces += 1;
            }
        }
        if !relay.host.has_work() {
            if matches!(
                frames.last(),
                Some(Frame::Fetched {
                    next: Position(100),
                    ..
                })
            ) {
                break;
            }
            assert!(
                !frames.is_empty(),
                "the fetch stands still though the link reads"
            );
            relay.host.handle_sent(LinkId(1), frames.len());
            assert!(relay.host.has_work(), "what has left makes room");
        }
    }
    assert_eq!(pieces, 7);
}

#[test]
fn a_large_fetch_does_not_starve_a_small_one_or_live_traffic() {
    let (mut relay, key) = filled(200, 16 * 1024);
    let other = Key::new(2);
    relay.open(2, &other);
    relay.open(3, &key);
    relay.say(1, forward(0));
    relay.host.handle_commit(NOW).unwrap();
    relay.say(2, forward(0));
    relay.put(3, &live(900));
    relay.host.handle_commit(NOW).unwrap();
    relay.deliver(true);
    assert_eq!(relay.take(3), [stored(200, &[key.id(&live(900))])]);
    assert!(
        matches!(relay.take(2)[..], [Frame::Fetched { .. }]),
        "in the next round"
    );
    assert!(relay.host.has_work(), "the large one still goes on");
    let so_far = relay.take(1);
    relay.commit();
    let rest = relay.take(1);
    let positions: u64 = so_far
        .iter()
        .chain(&rest)
        .map(|frame| match frame {
            Frame::Items { items, .. } => items.len() as u64,
            _ => 0,
        })
        .sum();
    assert_eq!(positions, 201, "a fetch goes on to what came meanwhile");
}

#[test]
fn a_link_that_falls_behind_is_no_longer_pushed_to_and_then_dropped() {
    let (mut relay, key) = two_links();
    let mut pushed = 0;
    let mut n = 0;
    while relay.closed(2).is_none() {
        n += 1;
        assert!(n < 200_000, "it is never dropped");
        let envelope = live(n);
        relay
            .host
            .handle_frame(LinkId(1), Frame::Put { envelope }, NOW);
        relay.host.handle_commit(NOW).unwrap();
        relay.deliver(false);
        let all = relay.take(1);
        relay.host.handle_sent(LinkId(1), all.len());
        let seen = relay.take(2);
        pushed += seen
            .iter()
            .filter(|frame| matches!(frame, Frame::Arrived { .. }))
            .count();
        assert!(relay.host.counts().backlog_bytes <= 4 << 20);
    }
    assert_eq!(relay.closed(2), Some(CloseReason::Behind));
    assert!((500..1100).contains(&pushed), "{pushed} of {n} were pushed");
    assert!(matches!(relay.open(3, &key), Frame::State { length, .. } if length.0 == n));
}

#[test]
fn a_body_is_dropped_by_its_token_alone_and_its_place_stays() {
    let (mut relay, key) = two_links();
    for n in 0..3 {
        relay.put(1, &live(n));
    }
    relay.commit();
    relay.take(1);
    relay.take(2);
    let id = key.id(&live(1));
    let drop = |token| Frame::Drop { id, token };
    relay.say(2, drop(token(2)));
    assert_eq!(relay.take(2), [refused(RefusalCode::Token, Some(id), 0)]);
    let unknown = key.id(&live(77));
    relay.say(
        2,
        Frame::Drop {
            id: unknown,
            token: token(77),
        },
    );
    assert_eq!(
        relay.take(2),
        [refused(RefusalCode::Token, Some(unknown), 0)]
    );

    relay.say(2, drop(token(1)));
    assert_eq!(relay.take(2), [], "not before it is durable");
    relay.commit();
    assert_eq!(relay.take(1), [Frame::Dropped { id }]);
    assert_eq!(relay.take(2), [Frame::Dropped { id }]);
    assert_eq!(relay.disk.envelopes(&key.mailbox()), [live(0), live(2)]);

    relay.say(1, drop(token(1)));
    relay.commit();
    assert_eq!(
        relay.take(1),
        [Frame::Dropped { id }],
        "again is as good as once"
    );
    assert_eq!(relay.take(2), []);
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(
        relay.take(1),
        [stored(1, &[id])],
        "it is not kept a second time"
    );
    let (items, _) = relay.fetch(1, forward(0));
    assert_eq!(items[1].contents, Contents::Dropped);
    assert_eq!(items[1].id, id);
    assert_eq!(
        relay.open(3, &key),
        state(3, key.hash(&[live(0), live(1), live(2)]))
    );
}

#[test]
fn what_is_dropped_before_its_commit_is_listed_without_a_body() {
    let (mut relay, key) = two_links();
    let id = key.id(&live(1));
    relay.put(1, &live(1));
    relay.say(
        1,
        Frame::Drop {
            id,
            token: token(1),
        },
    );
    relay.commit();
    assert_eq!(relay.take(1), [stored(0, &[id]), Frame::Dropped { id }]);
    assert_eq!(relay.disk.envelopes(&key.mailbox()), Vec::<Bytes>::new());
}

#[test]
fn when_the_commit_fails_nothing_was_so_and_who_put_or_dropped_is_told() {
    let (mut relay, key) = two_links();
    relay.put(1, &live(1));
    relay.commit();
    relay.take(1);
    relay.take(2);
    relay.disk.fail_commits(Some(LogError::Full));
    let (old, new) = (key.id(&live(1)), key.id(&live(2)));
    relay.put(1, &live(2));
    relay.put(2, &live(2));
    relay.say(
        2,
        Frame::Drop {
            id: old,
            token: token(1),
        },
    );
    relay.take(2);
    assert_eq!(relay.host.handle_commit(NOW), Err(LogError::Full));
    relay.deliver(true);
    let failed = |id| refused(RefusalCode::Storage, Some(id), 30);
    assert_eq!(relay.take(1), [failed(new)]);
    assert_eq!(relay.take(2), [failed(new), failed(old)]);
    assert_eq!(relay.open(3, &key), state(1, key.hash([&live(1)])));

    relay.disk.fail_commits(None);
    relay.put(1, &live(3));
    relay.put(1, &live(2));
    relay.commit();
    let ids = [key.id(&live(3)), new];
    assert_eq!(
        relay.take(1),
        [stored(1, &ids)],
        "positions are given out anew"
    );
    relay.restart();
    let all = [live(1), live(3), live(2)];
    assert_eq!(relay.open(4, &key), state(3, key.hash(&all)));
    assert_eq!(
        relay.disk.envelopes(&key.mailbox()),
        all,
        "and what was to be dropped is there"
    );
}

#[test]
fn a_new_mailbox_whose_first_commit_fails_begins_again() {
    let (mut relay, key) = two_links();
    relay.disk.fail_commits(Some(LogError::Unreachable));
    relay.put(1, &live(1));
    assert_eq!(relay.host.handle_commit(NOW), Err(LogError::Unreachable));
    relay.disk.fail_commits(None);
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.open(3, &key), state(1, key.hash([&live(1)])));
}

#[test]
fn small_envelopes_are_taken_by_a_rate_that_refills() {
    let mut relay = Relay::new(Policy {
        live_burst_bytes: 3 * 1024,
        live_bytes_per_hour: 1024,
        ..Policy::default()
    });
    let key = Key::new(1);
    relay.open(1, &key);
    for n in 0..4 {
        relay.put(1, &live(n));
    }
    let id = key.id(&live(3));
    assert_eq!(relay.take(1), [refused(RefusalCode::Rate, Some(id), 3600)]);
    relay.commit();
    relay.take(1);
    relay.restart();
    relay.open(1, &key);
    relay.put(1, &live(3));
    assert_eq!(
        relay.take(1),
        [refused(RefusalCode::Rate, Some(id), 3600)],
        "a restart is no gift"
    );
    relay.now = Timestamp(NOW.0 + 3600);
    relay.put(1, &live(3));
    relay.commit();
    assert_eq!(relay.take(1), [stored(3, &[id])]);
    relay.put(1, &live(0));
    assert_eq!(
        relay.take(1),
        [stored(0, &[key.id(&live(0))])],
        "what is kept costs nothing"
    );
}

#[test]
fn a_full_mailbox_refuses_bulk_and_takes_again_what_a_drop_gives_back() {
    let mut relay = Relay::new(Policy {
        bulk_bytes_max: 8 * 1024,
        ..Policy::default()
    });
    let key = Key::new(1);
    relay.open(1, &key);
    let volume = |n| envelope(n, Class::Volume, 4096);
    for n in 0..3 {
        relay.put(1, &volume(n));
    }
    let (first, third) = (key.id(&volume(0)), key.id(&volume(2)));
    assert_eq!(relay.take(1), [refused(RefusalCode::Full, Some(third), 0)]);
    relay.put(1, &live(9));
    relay.commit();
    relay.take(1);
    relay.say(
        1,
        Frame::Drop {
            id: first,
            token: token(0),
        },
    );
    relay.commit();
    relay.take(1);
    relay.put(1, &volume(2));
    relay.commit();
    assert_eq!(relay.take(1), [stored(3, &[third])]);
}

#[test]
fn many_at_once_are_announced_in_frames_that_can_be_sent() {
    let (mut relay, key) = two_links();
    for n in 0..5000 {
        let envelope = live(n);
        relay
            .host
            .handle_frame(LinkId(1), Frame::Put { envelope }, NOW);
    }
    relay.deliver(true);
    relay.take(2);
    relay.commit();
    let ids: Vec<_> = (0..5000).map(|n| key.id(&live(n))).collect();
    let expected = [stored(0, &ids[..4096]), stored(4096, &ids[4096..])];
    assert_eq!(relay.take(1), expected);
    assert_eq!(relay.take(2), expected);
}
