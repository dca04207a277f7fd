//! What a device knows of the places in authors' logs.

use serde::{Deserialize, Serialize};

use crate::{AuthorId, BodyHash, EntryId, EnvelopeId, Link, Sequence};

/// A place in an author's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChainPlace {
    /// Whose log.
    pub author: AuthorId,
    /// Which place.
    pub sequence: Sequence,
}

/// What is known of one sequence of an author's log: more than one branch is a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRecord {
    /// The branches, in the order in which they came.
    pub branches: Vec<ChainBranch>,
}

/// One branch of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBranch {
    /// The envelope.
    pub envelope: EnvelopeId,
    /// The link before it.
    pub previous: Link,
    /// The hash of its body.
    pub body: BodyHash,
    /// The link after it.
    pub link: Link,
    /// The entry that it carries something of.
    pub entry: Option<EntryId>,
    /// The place of the envelope that carried something of that entry before it.
    pub earlier: Option<ChainPlace>,
    /// A signed erasure takes its body back.
    pub erased: bool,
}
