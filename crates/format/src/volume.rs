//! Volumes: many entries packed for a device that starts empty, and their proof.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{
    AuthorCertificate, AuthoredStatement, Bytes, Context, EntryPreimage, EnvelopeId, EpochId,
    Generation, PersonId, Rendered, Signature, SpaceId, Statement, VerifyingKey, digest,
};

/// What one device has packed, the newest entries first. Each replaces what it said before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeDirectory {
    /// The private space in which the volumes are.
    pub space: SpaceId,
    /// Which of the person's devices packed them.
    pub maker: VerifyingKey,
    /// Greater than in each directory that it replaces.
    pub number: u64,
    /// What there is, the newest entries first. At most
    /// [`limits::VOLUMES_MAX`](crate::limits::VOLUMES_MAX).
    pub volumes: Vec<Volume>,
}

impl Statement for VolumeDirectory {
    const CONTEXT: Context = Context::Volumes;
}

/// A directory, as it is passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDirectory {
    /// What there is.
    pub directory: VolumeDirectory,
    /// By the device that packed it.
    pub signature: Signature,
}

/// What a directory says of one volume: entries of one lane of one space, and their proof. The
/// unit in which volumes are fetched, replaced and dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// 128 random bits; the salt of the parts' erase token.
    pub name: [u8; 16],
    /// Of which generation of the person's keys that token is.
    pub generation: Generation,
    /// The private epoch in whose mailbox the parts are.
    pub epoch: EpochId,
    /// The space whose entries it packs.
    pub space: SpaceId,
    /// The one lane that it packs, or none for entries kept together: two persons' texts are
    /// never compressed together.
    pub lane: Option<PersonId>,
    /// The [day numbers](crate::EntryDate::day_number) of its oldest and newest entry.
    pub days: (u32, u32),
    /// The epochs in which the proved envelopes were written, sorted.
    pub written_in: Vec<EpochId>,
    /// Its entries.
    pub entries: VolumePartHeader,
    /// Their proof, in any number of parts.
    pub proofs: Vec<VolumePartHeader>,
}

/// What a directory says of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePartHeader {
    /// The envelope that holds it.
    pub envelope: EnvelopeId,
    /// [`volume_part_hash`] of its compressed bytes.
    pub hash: [u8; 32],
    /// Their length once inflated, at most
    /// [`limits::VOLUME_PART_LEN_MAX`](crate::limits::VOLUME_PART_LEN_MAX).
    pub inflated_len: u32,
    /// How many items it holds.
    pub items: u32,
}

/// The body of one envelope of a volume: a compressed list of [`VolumeItem`]s.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePart {
    /// [`Volume::name`].
    pub volume: [u8; 16],
    /// A raw DEFLATE stream (RFC 1951).
    pub contents: Bytes,
}

impl fmt::Debug for VolumePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VolumePart(…)")
    }
}

/// The body of one envelope of a volume's proof: a compressed list of [`ProofItem`]s, with which
/// a reader checks, afterwards, who wrote what the volume holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofPart {
    /// [`Volume::name`].
    pub volume: [u8; 16],
    /// A raw DEFLATE stream (RFC 1951).
    pub contents: Bytes,
}

impl fmt::Debug for ProofPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofPart(…)")
    }
}

/// One entry of a volume.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeItem {
    /// Its preimage.
    pub preimage: EntryPreimage,
    /// All of its changes, each as it was signed, in an order in which they apply.
    pub changes: Vec<Bytes>,
    /// The heads of the document that they make, sorted.
    pub version: Vec<[u8; 32]>,
    /// What that document shows.
    pub rendered: Rendered,
}

impl fmt::Debug for VolumeItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VolumeItem(…)")
    }
}

/// The proof of one authored body, without its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofItem {
    /// The envelope that carried it.
    pub envelope: EnvelopeId,
    /// Who vouches for the author.
    pub certificate: AuthorCertificate,
    /// What the author signed.
    pub statement: AuthoredStatement,
    /// The author's signature.
    pub signature: Signature,
}

/// The hash of a part's compressed bytes.
pub fn volume_part_hash(contents: &[u8]) -> [u8; 32] {
    digest("volume part", &[contents])
}
