//! Two ends in one value: a host in memory, and what has left it for each link.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use sidelight_format::{
    Bytes, Class, ClassSet, Direction, EnvelopeHeader, EnvelopeId, EraseToken, Frame, Item,
    MailboxName, MailboxProof, Position, Refusal, RefusalCode, RelayInstance, RunningHash,
    Signature, Suite, Timestamp, VERSION, envelope_id, signing_bytes,
};
use sidelight_mailbox::{CloseReason, Host, LinkId, MemoryDisk, MemoryLog, Output, Policy};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000);
pub(crate) const INSTANCE: RelayInstance = RelayInstance([9; 16]);

/// A host on a disk that outlives it, and the frames that have left.
pub(crate) struct Relay {
    pub(crate) disk: MemoryDisk,
    pub(crate) host: Host<MemoryLog>,
    pub(crate) now: Timestamp,
    policy: Policy,
    received: BTreeMap<LinkId, Vec<Frame>>,
    closed: BTreeMap<LinkId, CloseReason>,
}

impl Relay {
    pub(crate) fn new(policy: Policy) -> Self {
        let disk = MemoryDisk::new(INSTANCE);
        Self {
            host: Host::new(disk.log(), policy.clone()),
            disk,
            now: NOW,
            policy,
            received: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Crashes and starts again: every link is gone.
    pub(crate) fn restart(&mut self) {
        self.host = Host::new(self.disk.log(), self.policy.clone());
        self.received.clear();
        self.closed.clear();
    }

    /// Opens `key`'s mailbox on a new link, and returns the answer.
    pub(crate) fn open(&mut self, link: u64, key: &Key) -> Frame {
        let exporter = [link as u8; 32];
        self.host.handle_open_link(LinkId(link), exporter);
        self.say(link, key.open(exporter));
        self.take_one(link)
    }

    pub(crate) fn say(&mut self, link: u64, frame: Frame) {
        self.host.handle_frame(LinkId(link), frame, self.now);
        self.deliver(true);
    }

    pub(crate) fn put(&mut self, link: u64, envelope: &Bytes) {
        let envelope = envelope.clone();
        self.say(link, Frame::Put { envelope });
    }

    /// Commits and delivers until the host has no work left.
    pub(crate) fn commit(&mut self) {
        loop {
            self.host.handle_commit(self.now).expect("the log works");
            self.deliver(true);
            if !self.host.has_work() {
                return;
            }
        }
    }

    /// Takes what has left; `sent` says whether the links have taken it off.
    pub(crate) fn deliver(&mut self, sent: bool) {
        while let Some(output) = self.host.poll_output() {
            match output {
                Output::Send { link, frame } => {
                    self.received.entry(link).or_default().push(frame);
                    if sent {
                        self.host.handle_sent(link, 1);
                    }
                }
                Output::Close { link, why } => {
                    let again = self.closed.insert(link, why);
                    assert_eq!(again, None, "a link is closed once");
                }
            }
        }
    }

    /// What a link has received since it was last asked.
    pub(crate) fn take(&mut self, link: u64) -> Vec<Frame> {
        self.received.remove(&LinkId(link)).unwrap_or_default()
    }

    pub(crate) fn take_one(&mut self, link: u64) -> Frame {
        let mut frames = self.take(link);
        assert_eq!(frames.len(), 1, "one frame is expected: {frames:?}");
        frames.remove(0)
    }

    pub(crate) fn closed(&self, link: u64) -> Option<CloseReason> {
        self.closed.get(&LinkId(link)).copied()
    }

    /// Everything that a fetch brings, and its `Fetched`.
    pub(crate) fn fetch(&mut self, link: u64, fetch: Frame) -> (Vec<Item>, Frame) {
        self.say(link, fetch);
        self.commit();
        let mut items = Vec::new();
        let mut frames = self.take(link).into_iter();
        for frame in frames.by_ref() {
            match frame {
                Frame::Items { items: more, .. } => items.extend(more),
                fetched @ Frame::Fetched { .. } => {
                    assert_eq!(frames.next(), None, "nothing follows the end of a fetch");
                    return (items, fetched);
                }
                other => panic!("not of a fetch: {other:?}"),
            }
        }
        panic!("the fetch has no end");
    }
}

/// Whoever holds this may use its mailbox.
pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn mailbox(&self) -> MailboxName {
        MailboxName(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn prove(&self, exporter: [u8; 32], mailbox: MailboxName) -> Signature {
        let statement = MailboxProof { exporter, mailbox };
        Signature::from_bytes(
            &self
                .0
                .sign(&signing_bytes(Suite::One, &statement))
                .to_bytes(),
        )
    }

    pub(crate) fn open(&self, exporter: [u8; 32]) -> Frame {
        Frame::Open {
            version: VERSION,
            mailbox: self.mailbox(),
            proof: self.prove(exporter, self.mailbox()),
            ticket: Bytes::new(),
        }
    }

    pub(crate) fn id(&self, envelope: &Bytes) -> EnvelopeId {
        envelope_id(&self.mailbox(), envelope)
    }

    pub(crate) fn hash<'a>(&self, envelopes: impl IntoIterator<Item = &'a Bytes>) -> RunningHash {
        let start = RunningHash::START;
        envelopes
            .into_iter()
            .fold(start, |hash, envelope| hash.after(&self.id(envelope)))
    }
}

/// The token that drops [`envelope`]`(n, …)`.
pub(crate) fn token(n: u64) -> EraseToken {
    let mut bytes = [0x70; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    EraseToken(bytes)
}

/// The `n`th envelope, of a class and padded length.
pub(crate) fn envelope(n: u64, class: Class, len: usize) -> Bytes {
    let header = EnvelopeHeader {
        suite: Suite::One,
        class,
        key_commitment: [1; 32],
        erase_hash: token(n).hash(),
    };
    let mut bytes = vec![0; len];
    bytes[..EnvelopeHeader::LEN].copy_from_slice(&header.to_bytes());
    bytes[EnvelopeHeader::LEN..EnvelopeHeader::LEN + 8].copy_from_slice(&n.to_le_bytes());
    Bytes::from(bytes)
}

pub(crate) fn live(n: u64) -> Bytes {
    envelope(n, Class::Live, 1024)
}

pub(crate) fn forward(from: u64) -> Frame {
    Frame::Fetch {
        from: Position(from),
        direction: Direction::Forward,
        count: u32::MAX,
        classes: ClassSet::ALL,
        ids_only: false,
    }
}

pub(crate) fn backward(from: u64, count: u32) -> Frame {
    Frame::Fetch {
        from: Position(from),
        direction: Direction::Backward,
        count,
        classes: ClassSet::ALL,
        ids_only: false,
    }
}

pub(crate) fn state(length: u64, hash: RunningHash) -> Frame {
    Frame::State {
        instance: INSTANCE,
        length: Position(length),
        hash,
    }
}

pub(crate) fn stored(first: u64, ids: &[EnvelopeId]) -> Frame {
    Frame::Stored {
        first: Position(first),
        ids: ids.to_vec(),
    }
}

pub(crate) fn refused(
    code: RefusalCode,
    about: Option<EnvelopeId>,
    retry_after_secs: u32,
) -> Frame {
    Frame::Refused(Refusal {
        code,
        about,
        retry_after_secs,
    })
}
