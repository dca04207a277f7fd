//! What a device keeps of volumes: those that it packs, and those that it starts from.

use serde::{Deserialize, Serialize};

use crate::record::IndexKey;
use crate::{
    EntryId, EnvelopeId, EpochId, EraseToken, PersonId, SignedDirectory, SpaceId, Timestamp,
    VerifyingKey, Volume,
};

/// The volumes of this person, as far as this device is concerned with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumesRecord {
    /// The number of the last directory that this device signed.
    pub number: u64,
    /// What this device has packed, the newest entries first.
    pub packed: Vec<Volume>,
    /// The last envelope that was listed here when packing last began.
    pub through: Option<u64>,
    /// Packing under way.
    pub packing: Option<Packing>,
    /// Volumes that are to be dropped as soon as this device can: not while private entries are
    /// locked.
    pub shed: Vec<Volume>,
    /// What other own devices have packed: of each its newest directory.
    pub others: Vec<SignedDirectory>,
    /// The epoch in whose mailbox the last directory is, its envelope, and what erases it there.
    pub directory: Option<(EpochId, EnvelopeId, EraseToken)>,
    /// What this device is being filled from.
    pub taking: Option<Taking>,
    /// How many entries are [unproved](Unproved).
    pub unproved: u64,
    /// This device has envelopes of which it knows no more than their proof: what it has of them
    /// reaches a further device in volumes only.
    pub filled: bool,
}

/// Packing under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packing {
    /// The last envelope that was listed here when it began.
    pub through: Option<u64>,
    /// The lanes that are not packed yet.
    pub lanes: Vec<Lane>,
}

/// How far one lane is packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The space.
    pub space: SpaceId,
    /// The lane, or none for entries kept together.
    pub lane: Option<PersonId>,
    /// Entries from this one on are packed, or were before; none as long as none is.
    pub before: Option<IndexKey>,
}

/// What this device is being filled from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// Which own device packed it.
    pub maker: VerifyingKey,
    /// Since when, by this device's clock.
    pub since: Timestamp,
    /// Volumes whose entries are not here yet, the newest first.
    pub entries: Vec<Volume>,
    /// Volumes whose entries are here, and whose proof is not; with those of its parts that are
    /// still to come.
    pub proofs: Vec<Volume>,
}

/// An entry that this device has packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedRecord {
    /// The heads of its document as they were packed, hashed.
    pub version: [u8; 32],
    /// The volumes that hold it; the last one as it was then.
    pub volumes: Vec<[u8; 16]>,
}

/// What of an entry that came in a volume is not proved yet: it is not certain who wrote all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproved {
    /// Which own device packed it.
    pub maker: VerifyingKey,
    /// The changes, hashed, that no signed envelope is known to have carried; none as long as that
    /// is so of all that lie beside this.
    pub left: Option<Vec<[u8; 32]>>,
}

/// Some entries that came in a volume. Whether one is still [`Unproved`] it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnprovedRecord {
    /// The entries.
    pub entries: Vec<EntryId>,
}
