//! What a person has chosen on one device, as rows of its store.

use serde::{Deserialize, Serialize};

use crate::{EntryDate, EntryId, Timestamp};

/// What the person of this device wants of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoicesRecord {
    /// To be shown the same day of other years when they ask.
    pub on_this_day: bool,
}

/// A private entry that is to be shared later, unless its person thinks better of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRecord {
    /// The entry.
    pub entry: EntryId,
    /// When, by this device's clock.
    pub due: Timestamp,
    /// Whether its text goes along.
    pub text: bool,
    /// Which of its fields; none for all.
    pub fields: Option<Vec<String>>,
    /// The day that the copy is about; none for the entry's own.
    pub date: Option<EntryDate>,
}
