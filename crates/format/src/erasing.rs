//! Erasing: what is said of bodies that are taken back, and what a device keeps instead of them.

use serde::{Deserialize, Serialize};

use crate::chain::ChainPlace;
use crate::{
    AuthorId, BodyHash, EntryId, EntryPreimage, EnvelopeId, EpochId, EraseToken, MailboxName,
    PersonId, Sequence, SpaceId,
};

/// The author, or another author of the same person, takes back an envelope's body. It gives the
/// chain what the body would have given, and outranks any refill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The epoch of the erased envelope.
    pub epoch: EpochId,
    /// Its author.
    pub author: AuthorId,
    /// Its place in the author's log.
    pub sequence: Sequence,
    /// Its id in the epoch's mailbox.
    pub envelope: EnvelopeId,
    /// The hash of its body.
    pub body: BodyHash,
}

/// A person erases their own copy of an entry that is not theirs alone to erase: one that is
/// kept together, or one of a space that they have left. In the private space only, since it
/// concerns nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The entry's space.
    pub space: SpaceId,
    /// The entry.
    pub entry: EntryPreimage,
}

/// Where the last envelope lies that carried an entry; each names the one before
/// ([`ChainBranch::earlier`](crate::record::ChainBranch::earlier)). So an erasure finds them all
/// without reading every log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedRecord {
    /// The last in the order in which they came to be known here.
    pub last: ChainPlace,
}

/// An entry that was erased: nothing of it is taken in again, whoever brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedRecord {
    /// Its space.
    pub space: SpaceId,
    /// Whose it was.
    pub preimage: EntryPreimage,
    /// From where.
    pub reach: Reach,
}

/// How far an erasing reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Reach {
    /// This person's own devices; whoever else keeps the space keeps what they have.
    OwnDevices = 0,
    /// Every device that keeps the space, and the relay.
    Everywhere = 1,
}

/// Erasures of envelopes that have not come, at one place of a log. They keep the chain whole,
/// and the body out if it comes after all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnseenRecord {
    /// In the order in which they came.
    pub erased: Vec<UnseenErasure>,
}

/// The erasure of an envelope that has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnseenErasure {
    /// Who erased it: it counts for authors of theirs alone.
    pub person: PersonId,
    /// The entry that it is said to have carried.
    pub entry: EntryId,
    /// What was erased.
    pub erasure: Erasure,
}

/// A body that a relay is yet to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropRecord {
    /// The envelope's space.
    pub space: SpaceId,
    /// Its epoch.
    pub epoch: EpochId,
    /// Its mailbox.
    pub mailbox: MailboxName,
    /// The envelope.
    pub envelope: EnvelopeId,
    /// Proves to the relay that it may be dropped.
    pub token: EraseToken,
    /// The erasure's mailbox and id. The relay keeps it before it drops the body, so that nobody
    /// finds a gap where something was erased.
    pub after: (MailboxName, EnvelopeId),
}

/// How much was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasingRecord {
    /// How many rows of the timeline only say that something was taken back.
    pub markers: u64,
    /// How many [`UnseenErasure`]s there are of each person, at most
    /// [`limits::UNSEEN_MAX`](crate::limits::UNSEEN_MAX).
    pub unseen: Vec<(PersonId, u32)>,
}
