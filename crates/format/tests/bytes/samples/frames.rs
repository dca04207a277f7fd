//! Frames.

use sidelight_format::{
    Class, ClassSet, Contents, Direction, EnvelopeId, EraseToken, Frame, Item, MailboxName,
    Position, Refusal, RefusalCode, RelayInstance, RunningHash, VERSION,
};

use super::small::signature;
use super::{Sample, on_a_link, run, value};

fn items() -> Vec<Item> {
    let contents = [
        Contents::Whole(run::<5>(0x80).to_vec().into()),
        Contents::Skipped,
        Contents::Dropped,
    ];
    contents
        .into_iter()
        .zip([Class::Live, Class::Blob, Class::Live])
        .zip(0x81..)
        .map(|((contents, class), first)| Item {
            id: EnvelopeId(run(first)),
            class,
            contents,
        })
        .collect()
}

fn refusal() -> Refusal {
    Refusal {
        code: RefusalCode::Rate,
        about: Some(EnvelopeId(run(8))),
        retry_after_secs: 600,
    }
}

/// One of each, named as in the source.
pub(crate) fn frames() -> Vec<(&'static str, Frame)> {
    let hash = RunningHash(run(11));
    vec![
        (
            "Open",
            Frame::Open {
                version: VERSION,
                mailbox: MailboxName(run(7)),
                proof: signature(),
                ticket: b"ticket".to_vec().into(),
            },
        ),
        (
            "State",
            Frame::State {
                instance: RelayInstance(run(9)),
                length: Position(300),
                hash,
            },
        ),
        (
            "Fetch",
            Frame::Fetch {
                from: Position(128),
                direction: Direction::Backward,
                count: 500,
                classes: ClassSet::LIVE,
                ids_only: false,
            },
        ),
        (
            "Items",
            Frame::Items {
                first: Position(127),
                items: items(),
            },
        ),
        (
            "Fetched",
            Frame::Fetched {
                next: Position(130),
                length: Position(300),
                hash,
            },
        ),
        (
            "Put",
            Frame::Put {
                envelope: run::<7>(0x90).to_vec().into(),
            },
        ),
        (
            "Stored",
            Frame::Stored {
                first: Position(298),
                ids: vec![EnvelopeId(run(8)), EnvelopeId(run(9))],
            },
        ),
        (
            "Arrived",
            Frame::Arrived {
                envelope: run::<7>(0x91).to_vec().into(),
            },
        ),
        (
            "Drop",
            Frame::Drop {
                id: EnvelopeId(run(8)),
                token: EraseToken(run(17)),
            },
        ),
        (
            "Dropped",
            Frame::Dropped {
                id: EnvelopeId(run(8)),
            },
        ),
        ("Refused", Frame::Refused(refusal())),
    ]
}

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, frame) in frames() {
        samples.push(value(&format!("frames/{name}"), &frame));
    }
    let mut link = Vec::new();
    for (_, frame) in frames() {
        link.extend(on_a_link("frames/all of them on a link", &frame).bytes);
    }
    samples.push(Sample {
        bytes: link,
        ..on_a_link("frames/all of them on a link", &Frame::Refused(refusal()))
    });
    for (item, name) in items().into_iter().zip(["Whole", "Skipped", "Dropped"]) {
        samples.push(value(&format!("frames/Item, {name}"), &item));
        samples.push(value(&format!("frames/Contents {name}"), &item.contents));
    }
    for direction in [Direction::Forward, Direction::Backward] {
        samples.push(value(
            &format!("frames/Direction {direction:?}"),
            &direction,
        ));
    }
    samples.push(value("frames/Refusal", &refusal()));
    for code in [
        RefusalCode::Version,
        RefusalCode::Proof,
        RefusalCode::Ticket,
        RefusalCode::Rate,
        RefusalCode::Full,
        RefusalCode::Malformed,
        RefusalCode::Token,
        RefusalCode::Storage,
        RefusalCode::Stopping,
        RefusalCode::Unexpected,
    ] {
        samples.push(value(&format!("frames/RefusalCode {code:?}"), &code));
    }
    samples
}
