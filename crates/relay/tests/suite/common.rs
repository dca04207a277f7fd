//! A device as far as a relay can tell: a key, a connection, frames.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use sidelight_format::{
    Bytes, Class, ClassSet, Direction, EnvelopeHeader, EnvelopeId, EraseToken, Frame, Item,
    MailboxName, MailboxProof, Position, RelayAddress, RelayInstance, RunningHash, Signature,
    Suite, VERSION, envelope_id, signing_bytes,
};
use sidelight_transport::{Connection, Endpoint, FrameReceiver, FrameSender, LinkError};

/// Nothing here takes longer on any machine that is alive.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, future)
        .await
        .expect("it takes too long")
}

/// The key of one mailbox.
pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn mailbox(&self) -> MailboxName {
        MailboxName(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn id(&self, envelope: &Bytes) -> EnvelopeId {
        envelope_id(&self.mailbox(), envelope)
    }

    fn open(&self, exporter: [u8; 32], ticket: &str) -> Frame {
        let mailbox = self.mailbox();
        let signed = signing_bytes(Suite::One, &MailboxProof { exporter, mailbox });
        Frame::Open {
            version: VERSION,
            mailbox,
            proof: Signature::from_bytes(&self.0.sign(&signed).to_bytes()),
            ticket: Bytes::from(ticket.as_bytes()),
        }
    }
}

/// A link to a relay.
pub(crate) struct Device {
    pub(crate) connection: Connection,
    sender: FrameSender,
    receiver: FrameReceiver,
    received: VecDeque<Frame>,
    /// Keeps the socket.
    _endpoint: Endpoint,
}

impl Device {
    /// Connects, and says nothing yet.
    pub(crate) async fn connect(relay: &RelayAddress) -> Self {
        let endpoint = Endpoint::new().expect("a socket");
        let connection = soon(endpoint.connect(relay, Duration::from_secs(30))).await;
        let connection = connection.expect("the relay is there");
        let link = soon(connection.open_link()).await.expect("a link");
        let (sender, receiver) = link.split();
        Self {
            connection,
            sender,
            receiver,
            received: VecDeque::new(),
            _endpoint: endpoint,
        }
    }

    /// Connects and opens a mailbox.
    pub(crate) async fn open(relay: &RelayAddress, key: &Key) -> (Self, State) {
        let mut device = Self::connect(relay).await;
        match device.open_with(key, "").await {
            Frame::State {
                instance,
                length,
                hash,
            } => {
                let state = State {
                    instance,
                    length,
                    hash,
                };
                (device, state)
            }
            other => panic!("not opened: {other:?}"),
        }
    }

    pub(crate) async fn open_with(&mut self, key: &Key, ticket: &str) -> Frame {
        let open = key.open(self.connection.exporter(), ticket);
        self.send(&[open]).await.expect("the relay listens");
        self.next().await.expect("an answer")
    }

    pub(crate) async fn send(&mut self, frames: &[Frame]) -> Result<(), LinkError> {
        soon(self.sender.send(frames)).await
    }

    /// The next frame; `None` when the relay has ended the link in order.
    pub(crate) async fn try_next(&mut self) -> Result<Option<Frame>, LinkError> {
        while self.received.is_empty() {
            match soon(self.receiver.recv()).await? {
                Some(frames) => self.received.extend(frames),
                None => return Ok(None),
            }
        }
        Ok(self.received.pop_front())
    }

    pub(crate) async fn next(&mut self) -> Option<Frame> {
        self.try_next().await.expect("the link stands")
    }

    /// Everything in the mailbox, by position.
    pub(crate) async fn list(&mut self) -> Vec<Item> {
        let fetch = Frame::Fetch {
            from: Position(0),
            direction: Direction::Forward,
            count: u32::MAX,
            classes: ClassSet::ALL,
            ids_only: false,
        };
        self.send(&[fetch]).await.expect("the relay listens");
        let mut listed = Vec::new();
        loop {
            match self.next().await {
                Some(Frame::Items { first, items }) => {
                    assert_eq!(first.0, listed.len() as u64, "a gap");
                    listed.extend(items);
                }
                Some(Frame::Fetched { next, length, hash }) => {
                    let start = RunningHash::START;
                    let found = listed.iter().fold(start, |hash, item| hash.after(&item.id));
                    assert_eq!((next, hash), (length, found));
                    return listed;
                }
                other => panic!("not of a fetch: {other:?}"),
            }
        }
    }

    /// Puts one envelope and waits until it is kept.
    pub(crate) async fn put(&mut self, envelope: Bytes) -> Position {
        self.send(&[Frame::Put { envelope }])
            .await
            .expect("the relay listens");
        match self.next().await {
            Some(Frame::Stored { first, ids }) if ids.len() == 1 => first,
            other => panic!("not stored: {other:?}"),
        }
    }
}

/// What a relay says of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) instance: RelayInstance,
    pub(crate) length: Position,
    pub(crate) hash: RunningHash,
}

/// The token that drops [`live`]`(n, …)`.
pub(crate) const TOKEN: EraseToken = EraseToken([5; 32]);

/// The `n`th small envelope, of a padded length. What is in it cannot be compressed or guessed.
pub(crate) fn live(n: u64, len: usize) -> Bytes {
    let header = EnvelopeHeader {
        suite: Suite::One,
        class: Class::Live,
        key_commitment: [1; 32],
        erase_hash: TOKEN.hash(),
    };
    let mut bytes = header.to_bytes().to_vec();
    let mut block = 0;
    while bytes.len() < len {
        let input = [n.to_le_bytes(), u64::to_le_bytes(block)].concat();
        bytes.extend_from_slice(&sidelight_format::digest("test", &[&input]));
        block += 1;
    }
    bytes.truncate(len);
    Bytes::from(bytes)
}
