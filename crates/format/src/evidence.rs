//! What a bundle of evidence holds, beside what people read in it.

use serde::{Deserialize, Serialize};

use crate::{
    Authored, Context, EpochId, Generation, PersonGenesis, PersonId, PersonSuccessor, SpaceId,
    Statement,
};

/// What one author wrote of one entry, as it was in its envelope: with its changes, and where it
/// was written, which its signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceBody {
    /// The space.
    pub space: SpaceId,
    /// The epoch.
    pub epoch: EpochId,
    /// What was written.
    pub authored: Authored,
}

/// A person who wrote something in a bundle, or made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidencePerson {
    /// Their id is its hash.
    pub genesis: PersonGenesis,
    /// Their chain since.
    pub successors: Vec<PersonSuccessor>,
}

/// What whoever makes a bundle signs: so nothing is added to it, or left out, unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceStatement {
    /// Who made it.
    pub person: PersonId,
    /// With which of their keys.
    pub generation: Generation,
    /// The hash of what the bundle's manifest says of its files and of names.
    pub files: [u8; 32],
}

impl Statement for EvidenceStatement {
    const CONTEXT: Context = Context::Evidence;
}
