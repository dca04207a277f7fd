//! The cellar: every byte that leaves memory.
//!
//! Ids, limits, frames, envelopes and disk records, and the one codec that turns them into
//! bytes and back. This crate deliberately knows no key, no document and no clock: it can
//! say what an envelope looks like, never what is in it.
//!
//! `FORMAT.md`, included below, draws every byte well enough for a second implementation.
//!
//! ```
//! use sidelight_format::{Frame, FrameReader, Position, frame_bytes};
//!
//! let frame = Frame::State { instance: [7; 16].into(), length: Position(3), hash: [0; 32].into() };
//! let mut reader = FrameReader::default();
//! for byte in frame_bytes(&frame) {
//!     reader.extend(&[byte]); // a link may cut anywhere
//! }
//! assert_eq!(reader.next_frame(), Ok(Some(frame)));
//! ```
#![doc = include_str!("../FORMAT.md")]

mod address;
mod body;
mod chain;
mod choices;
mod codec;
mod entry;
mod envelope;
mod epoch;
mod erasing;
mod evidence;
mod frame;
mod ids;
mod keeping;
pub mod limits;
mod locking;
mod moving;
mod packing;
mod pairing;
mod person;
pub mod record;
mod renewal;
mod search;
mod secret;
mod signed;
mod timeline;
mod volume;

pub use address::{InvalidAddress, InvitationLink, RelayAddress};
pub use body::{
    Authored, AuthoredStatement, Body, Head, PersonKeys, SpaceCopy, Subject, Voice, body_hash,
    link_after, part_hash,
};
pub use codec::{DecodeError, decode, encode};
pub use entry::{Edit, EntryDate, EntryPreimage, FieldValue, InvalidDate, Kind, Mode, Rendered};
pub use envelope::{
    Class, ClassSet, Envelope, EnvelopeHeader, Malformed, Suite, VERSION, envelope_id, padded_len,
};
pub use epoch::{EpochRecord, EpochStatement, Keyring, SealedSecret};
pub use erasing::{Ending, Erasure};
pub use evidence::{EvidenceBody, EvidencePerson, EvidenceStatement};
pub use frame::{
    Contents, Direction, Frame, FrameReader, Item, Refusal, RefusalCode, append_frame, frame_bytes,
};
pub use ids::*;
pub use pairing::{
    Bundle, Confirmation, ConfirmationStatement, Hello, Invitation, PairingMessage, Purpose,
    Welcome, Who,
};
pub use person::{
    AuthorCertificate, AuthorCertificateStatement, DeviceKeys, Founder, FounderStatement,
    PersonGenesis, PersonGenesisStatement, PersonSuccessor, PersonSuccessorStatement, RosterAction,
    RosterRecord, RosterStatement, SuccessorSigner,
};
pub use secret::{Secret, SecretBytes};
pub use signed::{Context, MailboxProof, Statement, digest, signing_bytes};
pub use volume::{
    ProofItem, ProofPart, SignedDirectory, Volume, VolumeDirectory, VolumeItem, VolumePart,
    VolumePartHeader, volume_part_hash,
};

/// Bytes in a record or frame: a length, then the bytes themselves.
pub type Bytes = serde_bytes::ByteBuf;
