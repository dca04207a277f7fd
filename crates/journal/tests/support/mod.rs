//! Shared by this crate's integration tests.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod chunk;
pub(crate) mod said;

use sidelight_format::{AuthorId, Edit, EntryDate, EntryId, Kind, SegmentId};
use sidelight_journal::{ActorId, Admitted, Document, NewEntry, actor, admit};

/// The actor of test device `device`, all in one entry.
pub(crate) fn device(device: u8) -> ActorId {
    actor(
        &AuthorId([device; 32]),
        &SegmentId([device; 16]),
        &EntryId([0; 32]),
    )
}

pub(crate) fn date() -> EntryDate {
    EntryDate::new(2026, 8, 1, 120).unwrap()
}

pub(crate) fn entry(text: &str) -> NewEntry {
    NewEntry {
        kind: Kind::moment(),
        date: date(),
        day_order: 3,
        text: text.into(),
        fields: Vec::new(),
    }
}

/// An entry that device 0 made, and the change that makes it.
pub(crate) fn created(text: &str) -> (Document, Admitted) {
    let (document, change) = Document::create(&entry(text), device(0)).unwrap();
    (document, admit(&change, &device(0)).unwrap())
}

pub(crate) fn splice(at: u32, delete: u32, insert: &str) -> Edit {
    Edit::Splice {
        at,
        delete,
        insert: insert.into(),
    }
}
