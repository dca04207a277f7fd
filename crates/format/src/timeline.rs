//! The timeline, as rows of a device's store.

use serde::{Deserialize, Serialize};

use crate::{EntryDate, EntryId, Kind, PersonId, SpaceId};

/// What the timeline knows of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRow {
    /// The day, its place in it, and the entry: sorts the timeline.
    pub key: IndexKey,
    /// The day with its offset.
    pub date: EntryDate,
    /// Its space.
    pub space: SpaceId,
    /// Whose lane.
    pub owner: PersonId,
    /// Kept together.
    pub together: bool,
    /// Its kind.
    pub kind: Kind,
}

/// What sorts the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IndexKey {
    /// [`EntryDate::day_number`].
    pub day: u32,
    /// [`Rendered::day_order`](crate::Rendered::day_order).
    pub order: u32,
    /// The entry.
    pub entry: EntryId,
}

/// A run of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPage {
    /// Sorted by key.
    pub rows: Vec<IndexRow>,
}

/// Where each run of the timeline begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDirectory {
    /// First key, number of rows and page number of each page, sorted by key.
    pub pages: Vec<(IndexKey, u32, u64)>,
    /// The number of the next new page.
    pub next: u64,
}
