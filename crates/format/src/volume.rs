//! Volumes: many entries packed for a device that starts empty, and their proof.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{
    AuthorCertificate, AuthoredStatement, Bytes, EntryId, EntryPreimage, PersonId, Signature,
    SpaceId,
};

/// The table of contents of a volume; part 0 carries it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeDirectory {
    /// The space whose entries it packs.
    pub space: SpaceId,
    /// The one lane that it packs, or none for entries kept together: two persons' texts are
    /// never compressed together.
    pub lane: Option<PersonId>,
    /// The parts that follow, newest entries first.
    pub parts: Vec<VolumePartHeader>,
    /// Volumes that it replaces, by the hash of their directory.
    pub replaces: Vec<[u8; 32]>,
}

/// What a directory says of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePartHeader {
    /// The hash of the part's compressed bytes.
    pub hash: [u8; 32],
    /// Their length once inflated, at most [`limits::VOLUME_PART_LEN_MAX`](crate::limits::VOLUME_PART_LEN_MAX).
    pub inflated_len: u32,
    /// How many entries it holds.
    pub entries: u32,
}

/// The body of one envelope of a volume.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePart {
    /// Names the volume: 128 random bits.
    pub volume: [u8; 16],
    /// 0 for the directory, then as the directory lists them.
    pub index: u32,
    /// An encoded [`VolumeDirectory`], or a compressed list of [`VolumeItem`]s.
    pub contents: Bytes,
}

impl fmt::Debug for VolumePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VolumePart")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// One entry of a volume.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeItem {
    /// Its preimage.
    pub preimage: EntryPreimage,
    /// Its document, saved without compression of its own.
    pub document: Bytes,
    /// Its encoded [`Rendered`](crate::Rendered) form.
    pub rendered: Bytes,
}

impl fmt::Debug for VolumeItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VolumeItem(…)")
    }
}

/// The body of one envelope of a proof volume: what lets a reader check, afterwards, who wrote
/// what a volume holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofPart {
    /// The volume that it proves.
    pub volume: [u8; 16],
    /// Its place among the volume's proof parts, from 0.
    pub index: u32,
    /// What it proves.
    pub items: Vec<ProofItem>,
}

/// The proof of one authored body, without its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofItem {
    /// The entry that it touches.
    pub entry: EntryId,
    /// Who vouches for the author.
    pub certificate: AuthorCertificate,
    /// What the author signed.
    pub statement: AuthoredStatement,
    /// The author's signature.
    pub signature: Signature,
}
