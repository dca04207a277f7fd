//! What an envelope holds once it is opened.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::record::EpochNode;
use crate::{
    AuthorCertificate, AuthorId, BodyHash, Bytes, Context, DecodeError, EntryPreimage, EpochId,
    EpochRecord, Generation, Link, PairingMessage, PartHash, PersonGenesis, PersonSuccessor,
    ProofPart, Salt, Secret, SegmentId, Sequence, Signature, SignedDirectory, SpaceId, Statement,
    Timestamp, VolumePart, decode, digest, encode, limits,
};

/// The contents of an envelope. The byte in front of each is its place in this list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// 0: written by an author.
    Authored(Box<Authored>),
    /// 1: a new epoch, in the mailbox of each of its parents.
    Epoch(Box<EpochRecord>),
    /// 2: a step of a pairing, in the mailbox of its invitation.
    Pairing(Box<PairingMessage>),
    /// 3: part of a volume.
    Volume(Box<VolumePart>),
    /// 4: part of a proof volume.
    Proof(Box<ProofPart>),
    /// 5: part of an attachment, in the attachment's own sealing.
    Blob(Bytes),
    /// 6: what a device has packed into volumes.
    Directory(Box<SignedDirectory>),
    /// Written by a newer version: kept, not understood.
    Unknown(u8),
}

impl Body {
    /// The byte of its kind and its encoding.
    ///
    /// # Panics
    /// For [`Body::Unknown`], which nobody writes.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Authored(body) => (0, encode(body)),
            Self::Epoch(body) => (1, encode(body)),
            Self::Pairing(body) => (2, encode(body)),
            Self::Volume(body) => (3, encode(body)),
            Self::Proof(body) => (4, encode(body)),
            Self::Blob(body) => (5, encode(body)),
            Self::Directory(body) => (6, encode(body)),
            Self::Unknown(_) => unreachable!("an unknown body is read, never written"),
        }
    }

    /// From the byte of its kind and its encoding.
    ///
    /// # Errors
    /// [`DecodeError`] if `bytes` are not the encoding of a body of a known kind.
    pub fn decode(kind: u8, bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            0 => Self::Authored(decode(bytes)?),
            1 => Self::Epoch(decode(bytes)?),
            2 => Self::Pairing(decode(bytes)?),
            3 => Self::Volume(decode(bytes)?),
            4 => Self::Proof(decode(bytes)?),
            5 => Self::Blob(decode(bytes)?),
            6 => Self::Directory(decode(bytes)?),
            kind => Self::Unknown(kind),
        })
    }
}

/// What an authored body is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject(pub u16);

impl Subject {
    /// Changes of one entry; each part is one Automerge change.
    pub const ENTRY: Self = Self(0);
    /// Envelopes of one entry are erased; each part is one [`Erasure`](crate::Erasure).
    pub const ERASURE: Self = Self(1);
    /// [`PersonKeys`], the only part; in private spaces.
    pub const PERSON_KEYS: Self = Self(2);
    /// A [`RosterRecord`](crate::RosterRecord), the only part; in private spaces.
    pub const ROSTER: Self = Self(3);
    /// A [`SpaceCopy`], the only part; in private spaces.
    pub const SPACE: Self = Self(4);
    /// The person leaves the space and says so; one empty part.
    pub const LEFT: Self = Self(5);
    /// The [`Secret`](crate::Secret) of the mailbox to which new recovery words lead, the only
    /// part; in private spaces.
    pub const RECOVERY: Self = Self(7);
    /// Own copies are erased; each part is one [`Ending`](crate::Ending); in private spaces.
    pub const ENDED: Self = Self(6);
}

/// Where an author's log stands: the last sequence and the link after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Head {
    /// Whose log.
    pub author: AuthorId,
    /// The last sequence.
    pub sequence: Sequence,
    /// The link after it.
    pub link: Link,
}

/// The author and segment from which the actors of changes derive, with the proof that the
/// author was the same person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// The epoch in which the author wrote.
    pub epoch: EpochId,
    /// The author, and who vouched for it there.
    pub certificate: AuthorCertificate,
    /// The segment.
    pub segment: SegmentId,
}

/// One step of an author's log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authored {
    /// The person vouches for the author. In every envelope, so that a reader needs no other
    /// first and a relay that withholds one harms no other.
    pub certificate: AuthorCertificate,
    /// The opening of the store in which it was written.
    pub segment: SegmentId,
    /// Its place in the author's log.
    pub sequence: Sequence,
    /// The link after the author's previous envelope; zeros for the first.
    pub previous: Link,
    /// Heads of other authors that changed since the author's previous envelope, sorted. They
    /// say *received*, never *read*.
    pub heads: Vec<Head>,
    /// Keeps the hashes from being guessed once the parts are erased.
    pub salt: Salt,
    /// What it is about.
    pub subject: Subject,
    /// The entry that it touches, if it touches one.
    pub entry: Option<EntryPreimage>,
    /// Whose changes the parts are, if they were first written as another author of the same
    /// person: one whose epoch was closed before they were known.
    pub voice: Option<Voice>,
    /// What it carries.
    pub parts: Vec<Bytes>,
    /// The author's, over [`AuthoredStatement`].
    pub signature: Signature,
}

impl fmt::Debug for Authored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authored")
            .field("author", &self.certificate.author)
            .field("sequence", &self.sequence)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Authored {
    /// From whose author and segment the actors of its changes derive.
    pub fn actor_of(&self) -> (AuthorId, SegmentId) {
        match &self.voice {
            Some(voice) => (voice.certificate.author, voice.segment),
            None => (self.certificate.author, self.segment),
        }
    }

    /// Whether its lists are within [`limits`] and sorted as they must be.
    pub fn within_limits(&self) -> bool {
        (1..=limits::PARTS_MAX).contains(&self.parts.len())
            && self
                .parts
                .iter()
                .all(|part| part.len() <= limits::CHANGE_LEN_MAX)
            && self.heads.len() <= limits::HEADS_MAX
            && self.heads.is_sorted_by(|a, b| a.author < b.author)
    }

    /// The salted hashes of its parts.
    pub fn part_hashes(&self) -> Vec<PartHash> {
        self.parts
            .iter()
            .map(|part| part_hash(&self.salt, part))
            .collect()
    }

    /// What its signature is over.
    pub fn statement(&self, space: SpaceId, epoch: EpochId) -> AuthoredStatement {
        AuthoredStatement {
            space,
            epoch,
            author: self.certificate.author,
            segment: self.segment,
            sequence: self.sequence,
            previous: self.previous,
            heads: self.heads.clone(),
            salt: self.salt,
            subject: self.subject,
            entry: self.entry,
            voice: self.voice,
            parts: self.part_hashes(),
        }
    }
}

/// What an author signs: everything but the parts themselves, whose salted hashes stand for
/// them, so that proof survives repacking and the chain survives erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthoredStatement {
    /// The space written in.
    pub space: SpaceId,
    /// The epoch written in.
    pub epoch: EpochId,
    /// See [`AuthorCertificate::author`].
    pub author: AuthorId,
    /// See [`Authored::segment`].
    pub segment: SegmentId,
    /// See [`Authored::sequence`].
    pub sequence: Sequence,
    /// See [`Authored::previous`].
    pub previous: Link,
    /// See [`Authored::heads`].
    pub heads: Vec<Head>,
    /// See [`Authored::salt`].
    pub salt: Salt,
    /// See [`Authored::subject`].
    pub subject: Subject,
    /// See [`Authored::entry`].
    pub entry: Option<EntryPreimage>,
    /// See [`Authored::voice`].
    pub voice: Option<Voice>,
    /// The salted hashes of the parts.
    pub parts: Vec<PartHash>,
}

impl Statement for AuthoredStatement {
    const CONTEXT: Context = Context::Authored;
}

impl AuthoredStatement {
    /// The hash of its body.
    pub fn body_hash(&self) -> BodyHash {
        body_hash(&self.salt, self.subject, self.entry.as_ref(), &self.parts)
    }

    /// The link after it.
    pub fn link(&self) -> Link {
        link_after(
            &self.author,
            self.sequence,
            &self.previous,
            &self.body_hash(),
        )
    }

    /// The author's head after it.
    pub fn head(&self) -> Head {
        Head {
            author: self.author,
            sequence: self.sequence,
            link: self.link(),
        }
    }
}

/// The salted hash of one part.
pub fn part_hash(salt: &Salt, part: &[u8]) -> PartHash {
    PartHash(digest("part", &[&salt.0, part]))
}

/// The hash of a body: its salt, subject, entry and the salted hashes of its parts.
pub fn body_hash(
    salt: &Salt,
    subject: Subject,
    entry: Option<&EntryPreimage>,
    parts: &[PartHash],
) -> BodyHash {
    BodyHash(digest(
        "body",
        &[
            &salt.0,
            &subject.0.to_be_bytes(),
            &encode(&entry),
            &encode(parts),
        ],
    ))
}

/// The link after the envelope `sequence` of `author`. It runs over the body's hash, so it can
/// be followed when the body is gone.
pub fn link_after(author: &AuthorId, sequence: Sequence, previous: &Link, body: &BodyHash) -> Link {
    Link(digest(
        "link",
        &[&author.0, &sequence.0.to_be_bytes(), &previous.0, &body.0],
    ))
}

/// A person's secrets of one generation, for their own devices, in the private space only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonKeys {
    /// Which generation.
    pub generation: Generation,
    /// The seed of the X-Wing sealing key.
    pub sealing: Secret,
    /// The seed of the Ed25519 signing key.
    pub signing: Secret,
    /// What erase tokens derive from.
    pub erasing: Secret,
}

/// A space as a person's own devices need it: so that a device that is linked or recovered
/// finds everything from the private space alone. Never the reverse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceCopy {
    /// The space.
    pub space: SpaceId,
    /// Who keeps it, with the name that each wants to be called by.
    pub persons: Vec<(PersonGenesis, Vec<PersonSuccessor>, String)>,
    /// The epoch with which it is to be entered, its secret and its record.
    pub epoch: (EpochId, Secret, EpochRecord),
    /// The epochs that this one continues, and those before them: the secrets are in its keyring.
    pub earlier: Vec<EpochNode>,
    /// It was left: nothing is written there any more.
    pub left: bool,
    /// Other spaces that were left by then, sorted.
    pub former: Vec<SpaceId>,
    /// When it began, by the clock of the device that was there.
    pub since: Timestamp,
}
