//! What a person has chosen on one device, as rows of its store.

use serde::{Deserialize, Serialize};

use crate::{EntryDate, EntryId, Timestamp};

/// What the person of this device wants of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoicesRecord {
    /// To be shown the same day of other years when they ask.
    pub on_this_day: bool,
    /// To be told, by one sentence that says nothing, that something came or is to be done.
    pub notices: bool,
}

/// Something that its person does not want to be reminded of any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DismissedRecord {
    /// What, as a hash.
    pub what: [u8; 32],
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

/// A private entry that was shared: what it became. On this device only; the shared copy does
/// not point back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedRecord {
    /// The shared copy.
    pub copy: EntryId,
}

/// An entry that was imported, so that importing again brings nothing twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedRecord {
    /// What it became.
    pub entry: EntryId,
}
