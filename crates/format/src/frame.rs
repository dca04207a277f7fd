//! Frames: what two ends of a link say to each other.

use serde::{Deserialize, Serialize};

use crate::codec::{decode_first, encode_onto, encoded_len};
use crate::{
    Bytes, Class, ClassSet, DecodeError, EnvelopeId, EraseToken, MailboxName, Position,
    RelayInstance, RunningHash, Signature, decode, limits,
};

/// One message on a link. The byte in front of each is its place in this list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// Device: I may use this mailbox. First on every link.
    Open {
        /// The version of the protocol.
        version: u8,
        /// The mailbox.
        mailbox: MailboxName,
        /// By the mailbox's key, over [`MailboxProof`](crate::MailboxProof).
        proof: Signature,
        /// Lets a relay that asks for it admit a new mailbox; empty otherwise.
        ticket: Bytes,
    },
    /// Relay: the mailbox is open, and stands like this.
    State {
        /// This life of the relay's data.
        instance: RelayInstance,
        /// How many positions it has.
        length: Position,
        /// The hash over their ids.
        hash: RunningHash,
    },
    /// Device: send me what is listed.
    Fetch {
        /// Where to begin. Forward: the first position wanted. Backward: the position after the
        /// first one wanted, so that the length of the mailbox, or anything past it, means "from
        /// the end", and 0 that nothing is left.
        from: Position,
        /// Which way from there.
        direction: Direction,
        /// How many at most.
        count: u32,
        /// Whose bodies are wanted; of other classes only the ids come.
        classes: ClassSet,
        /// No bodies at all.
        ids_only: bool,
    },
    /// Relay: part of what was asked for, in the direction asked for.
    Items {
        /// The position of the first.
        first: Position,
        /// What is there, one a position.
        items: Vec<Item>,
    },
    /// Relay: that was all of one [`Frame::Fetch`].
    Fetched {
        /// The `from` that goes on where this ended. Forward, all was sent if it is `length`;
        /// backward, if it is 0.
        next: Position,
        /// How many positions the mailbox has now.
        length: Position,
        /// The hash over the ids of all of them.
        hash: RunningHash,
    },
    /// Device: keep this envelope.
    Put {
        /// The envelope.
        envelope: Bytes,
    },
    /// Relay: from now on these are kept, durably. To all who have the mailbox open; for an
    /// envelope that had been kept before, only to who put it.
    Stored {
        /// The position of the first.
        first: Position,
        /// The ids, one a position.
        ids: Vec<EnvelopeId>,
    },
    /// Relay: this has just arrived. It has no position yet and is not promised to be kept.
    Arrived {
        /// The envelope.
        envelope: Bytes,
    },
    /// Device: drop the body of this envelope.
    Drop {
        /// Which one.
        id: EnvelopeId,
        /// Hashes to what the envelope's header names.
        token: EraseToken,
    },
    /// Relay: its body is gone, durably.
    Dropped {
        /// Which one.
        id: EnvelopeId,
    },
    /// Relay: no, and why.
    Refused(Refusal),
}

/// Which way to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Direction {
    /// Towards the newest.
    Forward = 0,
    /// Towards the oldest.
    Backward = 1,
}

/// What is at one position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The envelope's id.
    pub id: EnvelopeId,
    /// Its class.
    pub class: Class,
    /// Its bytes, or why they are not here.
    pub contents: Contents,
}

/// The bytes at a position, or why they are not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contents {
    /// The envelope.
    Whole(Bytes),
    /// Not asked for.
    Skipped,
    /// Dropped by its erase token.
    Dropped,
}

/// Why a relay says no. `Display` says what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The envelope in question, if there is one.
    pub about: Option<EnvelopeId>,
    /// When to try again, in seconds; 0 if that would not help.
    pub retry_after_secs: u32,
}

/// Why a relay says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
#[repr(u8)]
pub enum RefusalCode {
    /// Another version of the protocol.
    #[error("the relay speaks another version; update the app or the relay")]
    Version = 0,
    /// The proof is not of this mailbox and connection.
    #[error("the relay did not accept the proof for this mailbox; connect again")]
    Proof = 1,
    /// A new mailbox needs an admission ticket, and this one is not valid.
    #[error("this relay admits by ticket only; ask who runs it for one")]
    Ticket = 2,
    /// The mailbox has had its share of small envelopes for now.
    #[error("the relay has had enough from here for now; it takes more later")]
    Rate = 3,
    /// The mailbox has had its share of bytes.
    #[error("this mailbox is full at the relay; begin a new epoch or move to another relay")]
    Full = 4,
    /// An envelope that is not one.
    #[error("the relay cannot keep these bytes; update the app")]
    Malformed = 5,
    /// The erase token is not the envelope's, or there is no such envelope.
    #[error("the relay has no such envelope, or the erase token is another's")]
    Token = 6,
    /// The relay's own storage failed.
    #[error("the relay could not write to its storage; it keeps nothing until that is mended")]
    Storage = 7,
    /// The relay is about to stop.
    #[error("the relay is stopping; connect again")]
    Stopping = 8,
    /// A frame that does not belong here.
    #[error("the relay did not expect this message; update the app or the relay")]
    Unexpected = 9,
}

/// The bytes of a frame on a link: the length of its encoding as a varint, then its encoding.
pub fn frame_bytes(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    append_frame(frame, &mut bytes);
    bytes
}

/// Appends the [bytes of a frame](frame_bytes) to those of the frames before it. Returns the
/// length of its encoding, which the other end refuses past [`limits::FRAME_LEN_MAX`].
pub fn append_frame(frame: &Frame, to: &mut Vec<u8>) -> usize {
    // The frame after its length, without encoding it into memory of its own first.
    let len = encoded_len(frame);
    to.reserve(LENGTH_LEN_MAX + len);
    // Past four gigabytes nobody believes the length either.
    encode_onto(&u32::try_from(len).unwrap_or(u32::MAX), to);
    encode_onto(frame, to);
    len
}

/// How many bytes the length of a frame has at most. One frame in two of a quiet link is shorter
/// than 128 bytes, and its length has one.
const LENGTH_LEN_MAX: usize = 5;

/// Puts frames together again from pieces of any length.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
    read: usize,
}

impl FrameReader {
    /// Takes in the next bytes of the link.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        } else if self.read > limits::FRAME_LEN_MAX {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes are buffered that no frame has been made of. Between links of one
    /// connection it tells what a partner's unfinished frames cost; at a link's end, whether it
    /// was cut.
    pub fn unread_len(&self) -> usize {
        self.bytes.len() - self.read
    }

    /// The next whole frame, if there is one.
    ///
    /// # Errors
    /// [`DecodeError::Malformed`] if the other end claims a length past
    /// [`limits::FRAME_LEN_MAX`], known before any of it is buffered, or if the bytes are not a
    /// frame. The link is then of no further use.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        let unread = &self.bytes[self.read..];
        let Some((len, rest)) = decode_first::<u32>(unread)? else {
            return Ok(None);
        };
        let len = len as usize;
        if len > limits::FRAME_LEN_MAX {
            return Err(DecodeError::Malformed);
        }
        let Some(encoded) = rest.get(..len) else {
            return Ok(None);
        };
        let frame = decode(encoded)?;
        self.read += unread.len() - rest.len() + len;
        Ok(Some(frame))
    }
}
