//! The mailbox without IO: log, running hash, positions, quotas, proofs.
//!
//! A mailbox is an append-only list of envelopes, named by an Ed25519 public key. Whoever holds
//! the private half may read and append, and shows it by a signature over the connection. The
//! [`Host`] keeps many of them for many links. It deliberately does not know what is in an
//! envelope, who made it, how a link carries bytes, how a [`Log`] stores them, or what time it
//! is: a relay, a simulator and a device nearby drive the same code.
//!
//! # What a link can rely on
//!
//! - `Open` comes first and once; `State` answers it. From then on every position that the
//!   mailbox gains is announced to the link by exactly one `Stored`, in order, beginning where
//!   `State` ended. (`Stored` below that answers a put of something kept before.)
//! - `Arrived` comes before the commit and promises nothing. It may be left out for a link that
//!   reads slowly: what is `Stored` and has not arrived is to be fetched.
//! - `State`, `Items`, `Fetched`, `Stored` and `Dropped` tell only what is durable. `Fetched`
//!   names length and hash as of the last item before it: who has listed up to `length` must
//!   find the same hash.
//! - Each fetch ends with one `Fetched`; they are answered in the order in which they came, in
//!   pieces, other links in between.
//! - What is refused with `about` concerns that envelope alone. Any other refusal ends the link.
//!
//! # A whole exchange
//!
//! ```
//! use ed25519_dalek::{Signer, SigningKey};
//! use sidelight_format::*;
//! use sidelight_mailbox::*;
//!
//! // Two devices share the key of one mailbox.
//! let key = SigningKey::from_bytes(&[7; 32]);
//! let mailbox = MailboxName(key.verifying_key().to_bytes());
//! let open = |exporter| Frame::Open {
//!     version: VERSION,
//!     mailbox,
//!     proof: Signature::from_bytes(
//!         &key.sign(&signing_bytes(Suite::One, &MailboxProof { exporter, mailbox })).to_bytes(),
//!     ),
//!     ticket: Bytes::new(),
//! };
//!
//! let disk = MemoryDisk::new(RelayInstance([1; 16]));
//! let mut host = Host::new(disk.log(), Policy::default());
//! let (now, ada, ben) = (Timestamp(1_800_000_000), LinkId(1), LinkId(2));
//! let state = |length, hash| Frame::State { instance: RelayInstance([1; 16]), length, hash };
//! // What leaves for one link; everything leaves at once here.
//! let drain = |host: &mut Host<MemoryLog>| {
//!     let mut frames = Vec::new();
//!     while let Some(output) = host.poll_output() {
//!         let Output::Send { link, frame } = output else { panic!("nothing closes here") };
//!         host.handle_sent(link, 1);
//!         frames.push((link, frame));
//!     }
//!     frames
//! };
//!
//! // Each proves the key over its own connection.
//! for (link, exporter) in [(ada, [1; 32]), (ben, [2; 32])] {
//!     host.handle_open_link(link, exporter);
//!     host.handle_frame(link, open(exporter), now);
//!     assert_eq!(drain(&mut host), [(link, state(Position(0), RunningHash::START))]);
//! }
//!
//! // Ada puts an envelope. Ben has it at once; when it is durable, both hear so.
//! let header = EnvelopeHeader {
//!     suite: Suite::One,
//!     class: Class::Live,
//!     key_commitment: [3; 32],
//!     erase_hash: EraseToken([4; 32]).hash(),
//! };
//! let mut envelope = Bytes::from(vec![0; 1024]);
//! envelope[..EnvelopeHeader::LEN].copy_from_slice(&header.to_bytes());
//! let id = envelope_id(&mailbox, &envelope);
//! host.handle_frame(ada, Frame::Put { envelope: envelope.clone() }, now);
//! assert_eq!(drain(&mut host), [(ben, Frame::Arrived { envelope: envelope.clone() })]);
//! host.handle_commit(now)?;
//! let stored = Frame::Stored { first: Position(0), ids: vec![id] };
//! assert_eq!(drain(&mut host), [(ada, stored.clone()), (ben, stored)]);
//!
//! // The relay crashes and starts again; a device that was away fetches.
//! let mut host = Host::new(disk.log(), Policy::default());
//! host.handle_open_link(ben, [5; 32]);
//! host.handle_frame(ben, open([5; 32]), now);
//! let hash = RunningHash::START.after(&id);
//! assert_eq!(drain(&mut host), [(ben, state(Position(1), hash))]);
//! let fetch = Frame::Fetch {
//!     from: Position(0),
//!     direction: Direction::Forward,
//!     count: 100,
//!     classes: ClassSet::LIVE,
//!     ids_only: false,
//! };
//! host.handle_frame(ben, fetch, now);
//! host.handle_commit(now)?;
//! let item = Item { id, class: Class::Live, contents: Contents::Whole(envelope) };
//! assert_eq!(drain(&mut host), [
//!     (ben, Frame::Items { first: Position(0), items: vec![item] }),
//!     (ben, Frame::Fetched { next: Position(1), length: Position(1), hash }),
//! ]);
//!
//! // Whoever made it can have its body dropped. Place and id stay.
//! host.handle_frame(ben, Frame::Drop { id, token: EraseToken([4; 32]) }, now);
//! host.handle_commit(now)?;
//! assert_eq!(drain(&mut host), [(ben, Frame::Dropped { id })]);
//! assert_eq!(disk.envelopes(&mailbox), Vec::<Bytes>::new());
//! # Ok::<(), LogError>(())
//! ```

mod commit;
pub mod conformance;
mod fetch;
mod host;
mod link;
mod log;
mod memory;
mod open;
mod quota;

pub use host::{Counts, Host};
pub use link::{CloseReason, LinkId, Output};
pub use log::{Log, LogError, Place, Range};
pub use memory::{MemoryDisk, MemoryLog, MemorySnapshot};
pub use quota::{Admission, Ledger, Policy};
