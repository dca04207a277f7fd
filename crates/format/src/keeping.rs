//! What a device keeps of each entry.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Unproved;
use crate::{Bytes, EntryPreimage, Rendered, SpaceId};

/// An entry's document. One that came in a volume has none of its own before it is changed
/// here or proved: its changes lie with [what is shown](RenderedRecord::changes).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRecord {
    /// Its space.
    pub space: SpaceId,
    /// Its preimage.
    pub preimage: EntryPreimage,
    /// The saved Automerge document; empty before the first saving.
    pub document: Bytes,
    /// The changes since, in an order in which they apply. A burst of typing adds here, so that
    /// it need not save the whole document each time.
    pub tail: Vec<Bytes>,
}

impl fmt::Debug for EntryRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryRecord")
            .field("preimage", &self.preimage)
            .finish_non_exhaustive()
    }
}

/// An entry as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderedRecord {
    /// Its space.
    pub space: SpaceId,
    /// Whose lane it is in, and who may change it.
    pub preimage: EntryPreimage,
    /// The heads of the document that it shows, sorted.
    pub version: Vec<[u8; 32]>,
    /// What is shown.
    pub rendered: Rendered,
    /// The changes of which it was made, as a volume brought them: a device is filled with one row
    /// for each entry. Empty beside an [`EntryRecord`].
    pub changes: Vec<Bytes>,
    /// What is not proved of it, if anything.
    pub unproved: Option<Unproved>,
}

impl fmt::Debug for RenderedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedRecord")
            .field("preimage", &self.preimage)
            .field("rendered", &self.rendered)
            .finish_non_exhaustive()
    }
}
