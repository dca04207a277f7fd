//! What every [`Log`] must do, as checks that its author's tests call.

use sidelight_format::{
    Bytes, Class, ClassSet, Contents, Direction, EnvelopeId, Item, MailboxName, Position,
    RelayInstance, RunningHash, Timestamp,
};

use crate::{Ledger, Log, Place, Range};

/// A storage that can crash: dropping a log and asking for the next one.
pub trait Reopen {
    /// The log under test.
    type Log: Log;

    /// The log as a relay has it that has just started on the same storage.
    fn reopen(&mut self) -> Self::Log;
}

/// Holds a log to the documentation of [`Log`], on a storage that was empty.
///
/// # Panics
/// With the name of what is broken.
pub fn check<S: Reopen>(storage: &mut S) {
    let instance = what_is_committed_survives_and_nothing_else(storage);
    reads_keep_to_their_bounds(storage);
    dropped_bodies_leave_their_place(storage);
    discarded_changes_never_were(storage);
    expired_mailboxes_are_swept_and_can_begin_again(storage);
    assert_eq!(storage.reopen().instance(), instance, "the instance stays");
}

fn what_is_committed_survives_and_nothing_else<S: Reopen>(storage: &mut S) -> RelayInstance {
    let mut log = storage.reopen();
    let instance = log.instance();
    assert_eq!(log.ledger(&A), Ok(None), "a new storage has no ledger");
    assert_eq!(log.mailboxes(), Ok(0), "a new storage is empty");
    let first = append(&mut log, &A, 0, Class::Live, 1024);
    append(&mut log, &B, 0, Class::Blob, 2048);
    set_ledger(&mut log, &A, 1, 1000);
    set_ledger(&mut log, &B, 1, 2000);
    log.commit().expect("a commit");
    assert_eq!(
        log.place_of(&A, &id(0)),
        Ok(Some(first)),
        "what is committed is seen"
    );

    append(&mut log, &A, 1, Class::Live, 1024);
    set_ledger(&mut log, &A, 2, 1000);
    drop(log);
    let log = storage.reopen();
    assert_eq!(
        log.mailboxes(),
        Ok(2),
        "committed mailboxes survive a crash"
    );
    assert_eq!(
        log.ledger(&A),
        Ok(Some(ledger(1, 1000))),
        "a committed ledger survives"
    );
    assert_eq!(
        log.place_of(&A, &id(0)),
        Ok(Some(first)),
        "a committed envelope survives"
    );
    assert_eq!(
        log.place_of(&A, &id(1)),
        Ok(None),
        "an uncommitted one does not"
    );
    assert_eq!(log.place_of(&C, &id(0)), Ok(None), "mailboxes are apart");
    assert_eq!(
        log.place_of(&B, &id(0))
            .expect("a place")
            .map(|place| place.len),
        Some(2048),
        "one id may be in two mailboxes"
    );
    assert_eq!(
        log.read(&A, &range(0, Direction::Forward)),
        Ok(vec![whole(0, Class::Live, 1024)])
    );
    instance
}

fn reads_keep_to_their_bounds<S: Reopen>(storage: &mut S) {
    let mut log = storage.reopen();
    for n in 0..20 {
        let class = if n % 2 == 0 {
            Class::Live
        } else {
            Class::Volume
        };
        append(&mut log, &C, n, class, 1024);
    }
    set_ledger(&mut log, &C, 20, 3000);
    log.commit().expect("a commit");
    let read = |range: Range| {
        let items = log.read(&C, &range).expect("a read");
        items.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    let ids = |positions: &[u64]| positions.iter().map(|n| id(*n)).collect::<Vec<_>>();

    let up = range(17, Direction::Forward);
    assert_eq!(read(up), ids(&[17, 18, 19]), "forward, to the end");
    let down = range(2, Direction::Backward);
    assert_eq!(read(down), ids(&[2, 1, 0]), "backward, to the beginning");
    assert_eq!(
        read(range(20, Direction::Forward)),
        ids(&[]),
        "past the end"
    );
    assert_eq!(
        read(range(u64::MAX, Direction::Forward)),
        ids(&[]),
        "far past the end"
    );
    assert_eq!(
        read(Range { count: 2, ..down }),
        ids(&[2, 1]),
        "no more than asked for"
    );
    assert_eq!(
        read(Range { bytes: 2047, ..up }),
        ids(&[17]),
        "no more bytes than asked for"
    );
    assert_eq!(
        read(Range { bytes: 2048, ..up }),
        ids(&[17, 18]),
        "as many bytes as asked for"
    );
    assert_eq!(read(Range { bytes: 0, ..up }), ids(&[17]), "one at least");
    let live = Range {
        classes: ClassSet::LIVE,
        bytes: 1024,
        ..range(1, Direction::Forward)
    };
    assert_eq!(
        log.read(&C, &Range { count: 3, ..live }),
        Ok(vec![
            skipped(1, Class::Volume),
            whole(2, Class::Live, 1024),
            skipped(3, Class::Volume)
        ]),
        "bodies of other classes stay away and cost nothing"
    );
    let none = Range {
        classes: ClassSet(0),
        bytes: 0,
        ..range(0, Direction::Forward)
    };
    assert_eq!(read(none).len(), 20, "ids alone cost nothing");
}

fn dropped_bodies_leave_their_place<S: Reopen>(storage: &mut S) {
    let mut log = storage.reopen();
    log.drop_body(&C, Position(4)).expect("a drop");
    log.commit().expect("a commit");
    drop(log);
    let log = storage.reopen();
    let place = log
        .place_of(&C, &id(4))
        .expect("a place")
        .expect("it is still listed");
    assert!(
        place.dropped && place.len == 1024,
        "what was dropped is known as such"
    );
    let read = log.read(
        &C,
        &Range {
            count: 2,
            ..range(4, Direction::Forward)
        },
    );
    let dropped = Item {
        id: id(4),
        class: Class::Live,
        contents: Contents::Dropped,
    };
    assert_eq!(
        read,
        Ok(vec![dropped, whole(5, Class::Volume, 1024)]),
        "a dropped body is gone"
    );
}

fn discarded_changes_never_were<S: Reopen>(storage: &mut S) {
    let mut log = storage.reopen();
    append(&mut log, &A, 1, Class::Live, 1024);
    set_ledger(&mut log, &A, 2, 9999);
    log.drop_body(&A, Position(0)).expect("a drop");
    log.discard();
    log.commit().expect("a commit of nothing");
    assert_eq!(
        log.ledger(&A),
        Ok(Some(ledger(1, 1000))),
        "a discarded ledger never was"
    );
    assert_eq!(
        log.read(&A, &range(0, Direction::Forward)),
        Ok(vec![whole(0, Class::Live, 1024)])
    );
    let place = append(&mut log, &A, 1, Class::Live, 4096);
    set_ledger(&mut log, &A, 2, 1000);
    log.commit().expect("a commit");
    assert_eq!(
        log.place_of(&A, &id(1)),
        Ok(Some(place)),
        "its position is free again"
    );
}

fn expired_mailboxes_are_swept_and_can_begin_again<S: Reopen>(storage: &mut S) {
    let mut log = storage.reopen();
    assert_eq!(sweep(&mut log, 1000), 0, "what expires now has not expired");
    while sweep(&mut log, 1001) > 0 {}
    assert_eq!(log.mailboxes(), Ok(2), "an expired mailbox is swept");
    assert_eq!(log.ledger(&A), Ok(None), "its ledger is gone");
    assert_eq!(log.place_of(&A, &id(0)), Ok(None), "its envelopes are gone");
    assert_eq!(
        log.place_of(&B, &id(0)).map(|place| place.is_some()),
        Ok(true),
        "others stay"
    );
    append(&mut log, &A, 0, Class::Live, 2048);
    set_ledger(&mut log, &A, 1, 5000);
    log.commit().expect("a commit");
    while sweep(&mut log, 1001) > 0 {}
    drop(log);
    let log = storage.reopen();
    assert_eq!(
        log.read(&A, &range(0, Direction::Forward)),
        Ok(vec![whole(0, Class::Live, 2048)]),
        "a mailbox that begins again has none of its past"
    );
}

fn sweep(log: &mut impl Log, now: i64) -> usize {
    let touched = log.sweep(Timestamp(now), 1).expect("a sweep");
    log.commit().expect("a commit");
    touched
}

const A: MailboxName = MailboxName([1; 32]);
const B: MailboxName = MailboxName([2; 32]);
const C: MailboxName = MailboxName([3; 32]);

fn id(n: u64) -> EnvelopeId {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    EnvelopeId(bytes)
}

fn body(n: u64, len: u32) -> Bytes {
    Bytes::from(vec![n as u8; len as usize])
}

fn append(log: &mut impl Log, name: &MailboxName, n: u64, class: Class, len: u32) -> Place {
    let place = Place {
        position: Position(n),
        class,
        len,
        erase_hash: [n as u8; 32],
        dropped: false,
    };
    log.append(name, &id(n), &place, body(n, len))
        .expect("an append");
    place
}

fn ledger(length: u64, expires: i64) -> Ledger {
    Ledger {
        length: Position(length),
        hash: RunningHash([length as u8; 32]),
        live_allowance: 1 << 40,
        refilled: Timestamp(-5),
        bulk_bytes: 7,
        bytes: 8,
        expires: Timestamp(expires),
    }
}

fn set_ledger(log: &mut impl Log, name: &MailboxName, length: u64, expires: i64) {
    log.set_ledger(name, &ledger(length, expires))
        .expect("a ledger");
}

fn range(first: u64, direction: Direction) -> Range {
    Range {
        first: Position(first),
        direction,
        count: 100,
        bytes: 1 << 20,
        classes: ClassSet::ALL,
    }
}

fn whole(n: u64, class: Class, len: u32) -> Item {
    let contents = Contents::Whole(body(n, len));
    Item {
        id: id(n),
        class,
        contents,
    }
}

fn skipped(n: u64, class: Class) -> Item {
    let contents = Contents::Skipped;
    Item {
        id: id(n),
        class,
        contents,
    }
}
