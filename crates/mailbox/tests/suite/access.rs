//! Who may use a mailbox, and what a link must not do.

use crate::common::{Key, NOW, Relay, envelope, forward, live, refused, state, stored, token};
use sidelight_format::{
    Bytes, Class, EnvelopeId, Frame, MailboxName, Position, RefusalCode, RunningHash, Signature,
    Timestamp, VERSION,
};
use sidelight_mailbox::{Admission, CloseReason, LinkId, Policy};

/// A relay that admits only with a ticket, and one link that has opened nothing.
fn relay() -> Relay {
    let mut relay = Relay::new(Policy {
        admission: Admission::by_tickets(["welcome"]),
        ..Policy::default()
    });
    relay.host.handle_open_link(LinkId(1), [1; 32]);
    relay
}

fn open(key: &Key, proof: Signature) -> Frame {
    Frame::Open {
        version: VERSION,
        mailbox: key.mailbox(),
        proof,
        ticket: Bytes::from(b"welcome".to_vec()),
    }
}

#[track_caller]
fn refused_and_closed(mut relay: Relay, frame: Frame, code: RefusalCode) {
    relay.say(1, frame);
    assert_eq!(relay.take(1), [refused(code, None, 0)]);
    assert_eq!(relay.closed(1), Some(CloseReason::Refused(code)));
    assert_eq!(relay.host.counts().links, 0);
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.take(1), [], "a closed link is not heard");
    assert_eq!(relay.disk.mailboxes(), []);
}

#[test]
fn the_key_of_the_mailbox_over_this_connection_opens_it() {
    let (mut relay, key) = (relay(), Key::new(1));
    relay.say(1, open(&key, key.prove([1; 32], key.mailbox())));
    assert_eq!(relay.take(1), [state(0, RunningHash::START)]);
}

#[test]
fn a_proof_by_another_key_is_refused() {
    let (key, other) = (Key::new(1), Key::new(2));
    let proof = other.prove([1; 32], key.mailbox());
    refused_and_closed(relay(), open(&key, proof), RefusalCode::Proof);
}

#[test]
fn a_proof_from_another_connection_is_refused() {
    let key = Key::new(1);
    let proof = key.prove([2; 32], key.mailbox());
    refused_and_closed(relay(), open(&key, proof), RefusalCode::Proof);
}

#[test]
fn a_proof_for_another_mailbox_is_refused() {
    let (key, other) = (Key::new(1), Key::new(2));
    let proof = key.prove([1; 32], other.mailbox());
    refused_and_closed(relay(), open(&key, proof), RefusalCode::Proof);
}

#[test]
fn a_damaged_proof_is_refused_at_every_byte() {
    let key = Key::new(1);
    let proof = key.prove([1; 32], key.mailbox()).to_bytes();
    for at in 0..64 {
        let mut damaged = proof;
        damaged[at] ^= 1;
        let open = open(&key, Signature::from_bytes(&damaged));
        refused_and_closed(relay(), open, RefusalCode::Proof);
    }
}

#[test]
fn names_that_are_no_keys_or_fit_any_signature_are_refused() {
    // Of small order: the neutral element, with which R = neutral and s = 0 verifies laxly.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let not_on_the_curve = {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        bytes
    };
    for name in [neutral, not_on_the_curve, [0xff; 32]] {
        let open = Frame::Open {
            version: VERSION,
            mailbox: MailboxName(name),
            proof: Signature::from_bytes(&signature),
            ticket: Bytes::from(b"welcome".to_vec()),
        };
        refused_and_closed(relay(), open, RefusalCode::Proof);
    }
}

#[test]
fn another_version_is_refused_before_anything_else_is_looked_at() {
    let open = Frame::Open {
        version: VERSION + 1,
        mailbox: MailboxName([0; 32]),
        proof: Signature::from_bytes(&[0; 64]),
        ticket: Bytes::new(),
    };
    refused_and_closed(relay(), open, RefusalCode::Version);
}

#[test]
fn a_new_mailbox_needs_a_ticket_and_an_old_one_does_not() {
    let key = Key::new(1);
    refused_and_closed(relay(), key.open([1; 32]), RefusalCode::Ticket);

    let mut relay = relay();
    relay.say(1, open(&key, key.prove([1; 32], key.mailbox())));
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.open(2, &key), state(1, key.hash([&live(1)])));
    relay.restart();
    assert_eq!(relay.open(2, &key), state(1, key.hash([&live(1)])));
}

#[test]
fn more_mailboxes_than_allowed_are_refused() {
    let mut relay = Relay::new(Policy {
        mailboxes_max: 1,
        ..Policy::default()
    });
    let (first, second) = (Key::new(1), Key::new(2));
    relay.open(1, &first);
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.open(2, &second), refused(RefusalCode::Full, None, 0));
    assert_eq!(relay.open(3, &first), state(1, first.hash([&live(1)])));
}

#[test]
fn looking_into_a_mailbox_that_does_not_exist_costs_no_storage() {
    let (mut relay, key) = (Relay::new(Policy::default()), Key::new(1));
    relay.open(1, &key);
    relay.commit();
    relay.host.handle_closed(LinkId(1));
    assert_eq!(relay.disk.mailboxes(), []);
    assert_eq!(relay.host.counts().open_mailboxes, 0);
}

#[test]
fn whatever_comes_before_open_ends_the_link() {
    let envelope = live(1);
    let id = EnvelopeId([1; 32]);
    for frame in [
        Frame::Put { envelope },
        forward(0),
        Frame::Drop {
            id,
            token: token(1),
        },
    ] {
        refused_and_closed(relay(), frame, RefusalCode::Unexpected);
    }
}

/// A relay with a mailbox that link 1 has open.
fn opened() -> (Relay, Key) {
    let (mut relay, key) = (Relay::new(Policy::default()), Key::new(1));
    relay.open(1, &key);
    (relay, key)
}

#[test]
fn opening_a_second_mailbox_ends_the_link() {
    let (relay, _) = opened();
    let open = Key::new(2).open([1; 32]);
    refused_and_closed(relay, open, RefusalCode::Unexpected);
}

#[test]
fn opening_the_same_mailbox_again_ends_the_link() {
    let (relay, key) = opened();
    refused_and_closed(relay, key.open([1; 32]), RefusalCode::Unexpected);
}

#[test]
fn saying_what_only_a_relay_says_ends_the_link() {
    let (id, first, envelope) = (EnvelopeId([1; 32]), Position(0), live(1));
    for frame in [
        state(0, RunningHash::START),
        Frame::Items {
            first,
            items: Vec::new(),
        },
        Frame::Fetched {
            next: first,
            length: first,
            hash: RunningHash::START,
        },
        stored(0, &[id]),
        Frame::Arrived { envelope },
        Frame::Dropped { id },
        refused(RefusalCode::Rate, None, 1),
    ] {
        refused_and_closed(opened().0, frame.clone(), RefusalCode::Unexpected);
        refused_and_closed(relay(), frame, RefusalCode::Unexpected);
    }
}

#[test]
fn what_is_not_a_frame_ends_the_link() {
    let (mut relay, _) = opened();
    relay.host.handle_malformed(LinkId(1));
    relay.deliver(true);
    assert_eq!(relay.take(1), [refused(RefusalCode::Unexpected, None, 0)]);
    assert_eq!(
        relay.closed(1),
        Some(CloseReason::Refused(RefusalCode::Unexpected))
    );
}

#[test]
fn too_many_fetches_at_once_end_the_link() {
    let (mut relay, _) = opened();
    for _ in 0..16 {
        relay.say(1, forward(0));
    }
    assert_eq!(relay.closed(1), None);
    relay.say(1, forward(0));
    assert_eq!(relay.take(1), [refused(RefusalCode::Unexpected, None, 0)]);
}

#[test]
fn bytes_that_are_no_envelope_are_refused_by_their_id_and_the_link_stays() {
    let (mut relay, key) = opened();
    let mut cases = vec![
        Bytes::new(),
        Bytes::from(vec![1; 1023]),
        envelope(1, Class::Live, 1100),
        Bytes::from(vec![1; 2 * 1024 * 1024]),
    ];
    for at in 0..4 {
        let mut bytes = live(1);
        bytes[at] = 99;
        cases.push(bytes);
    }
    for bytes in cases {
        relay.put(1, &bytes);
        let id = key.id(&bytes);
        assert_eq!(
            relay.take(1),
            [refused(RefusalCode::Malformed, Some(id), 0)]
        );
    }
    relay.put(1, &live(1));
    relay.commit();
    assert_eq!(relay.take(1), [stored(0, &[key.id(&live(1))])]);
}

#[test]
fn a_stopping_relay_says_so_and_opens_nothing() {
    let (mut relay, key) = opened();
    relay.put(1, &live(1));
    relay.commit();
    relay.take(1);
    relay.host.handle_stop();
    relay.deliver(true);
    assert_eq!(relay.take(1), [refused(RefusalCode::Stopping, None, 2)]);
    assert_eq!(
        relay.closed(1),
        Some(CloseReason::Refused(RefusalCode::Stopping))
    );
    assert_eq!(relay.open(2, &key), refused(RefusalCode::Stopping, None, 2));
}

#[test]
fn opening_renews_the_expiry_and_what_nobody_opens_is_swept() {
    let (mut relay, key) = (Relay::new(Policy::default()), Key::new(1));
    let other = Key::new(2);
    for (link, key) in [(1, &key), (2, &other)] {
        relay.open(link, key);
        relay.put(link, &live(1));
        relay.commit();
        relay.host.handle_closed(LinkId(link));
    }
    let days = |days: i64| Timestamp(NOW.0 + days * 24 * 3600);
    relay.now = days(399);
    relay.open(3, &key);
    relay.commit();
    relay.host.handle_closed(LinkId(3));
    relay.now = days(401);
    while relay.host.sweep(relay.now, 1).unwrap() > 0 {}
    assert_eq!(relay.disk.mailboxes(), [key.mailbox()]);
    assert_eq!(
        relay.open(4, &other),
        state(0, RunningHash::START),
        "it begins again"
    );
    assert_eq!(relay.open(5, &key), state(1, key.hash([&live(1)])));
    relay.now = days(5000);
    while relay.host.sweep(relay.now, 1).unwrap() > 0 {}
    assert_eq!(relay.disk.mailboxes(), [key.mailbox()], "it is open");
}

#[test]
fn debug_output_names_no_mailbox_and_no_content() {
    let (mut relay, _) = opened();
    relay.put(1, &live(1));
    relay.commit();
    let (host, disk) = (&relay.host, &relay.disk);
    assert_eq!(
        format!("{host:?} {disk:?} {:?}", host.log()),
        "Host { links: 1, open_mailboxes: 1, .. } MemoryDisk(…) \
         MemoryLog { disk: MemoryDisk(…), uncommitted: [] }"
    );
    relay.put(1, &live(2));
    let uncommitted = format!("{:?}", relay.host.log());
    assert!(
        uncommitted.ends_with("uncommitted: [Change(…)] }"),
        "{uncommitted}"
    );
}
