//! The ground floor's journal: entries as documents that merge.
//!
//! One entry is one Automerge document. This crate makes them, changes them, lets in the changes
//! of others through one gate ([`admit`]), and renders what is shown. It deliberately knows no
//! key, envelope, store, clock or source of randomness: who may change an entry is decided above
//! it, and reaches it as the [`ActorId`] that a change must have.
//!
//! Two devices edit one entry at the same time, and end up with the same text:
//!
//! ```
//! use sidelight_format::{AuthorId, Edit, EntryDate, EntryId, Kind, SegmentId};
//! use sidelight_journal::{Document, NewEntry, actor, admit};
//!
//! let entry = EntryId([7; 32]);
//! let phone = actor(&AuthorId([1; 32]), &SegmentId([1; 16]), &entry);
//! let laptop = actor(&AuthorId([2; 32]), &SegmentId([2; 16]), &entry);
//!
//! let new = NewEntry {
//!     kind: Kind::gratitude(),
//!     date: EntryDate::new(2026, 8, 1, 120)?,
//!     day_order: 0,
//!     text: "The tea you made.".into(),
//!     fields: Vec::new(),
//! };
//! let (mut on_phone, first) = Document::create(&new, phone)?;
//! let (mut on_laptop, applied) = Document::from_changes(vec![admit(&first, &phone)?]);
//! assert_eq!(applied.applied, 1);
//!
//! let insert = |at, text: &str| [Edit::Splice { at, delete: 0, insert: text.into() }];
//! let from_phone = on_phone.edit(phone, None, &insert(3, " green"))?.expect("it changed");
//! let from_laptop = on_laptop.edit(laptop, None, &insert(16, " this morning"))?.expect("it changed");
//!
//! on_phone.apply(vec![admit(&from_laptop.change, &laptop)?]);
//! on_laptop.apply(vec![admit(&from_phone.change, &phone)?]);
//! assert_eq!(on_phone.render().text, "The green tea you made this morning.");
//! assert_eq!(on_phone.render(), on_laptop.render());
//!
//! // The person at the laptop still sees the text without ` green`, and types into that.
//! let seen = Some(&from_laptop.version);
//! on_laptop.edit(laptop, seen, &[Edit::Splice { at: 4, delete: 3, insert: "coffee".into() }])?;
//! assert_eq!(on_laptop.render().text, "The green coffee you made this morning.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The document
//!
//! The root is a map: `schema` (1), `kind`, `date` (`YYYY-MM-DD`), `offset` (minutes east of UTC),
//! `order` (the place within the day), `text` (a sequence of Unicode scalar values) and further
//! fields, some of which a newer version may have written. Which ones a kind has, and what
//! becomes of values that are said at the same time, is in [`kinds`]. A field that is a set has
//! one name of the root for each member: its own, a colon and 32 hexadecimal digits of the
//! member's hash; the value is the member's text, or `false` where it was taken out and taking
//! out wins. Fields and kinds that this version
//! does not know survive in the document, and in [`FieldValue::Unknown`] when an entry is copied.
//!
//! [`FieldValue::Unknown`]: sidelight_format::FieldValue::Unknown
//!
//! # What a change may do
//!
//! A change is one uncompressed Automerge chunk in its canonical encoding, with time 0, no
//! message and no further bytes. Its operations may put values and make maps, lists and texts,
//! at most [`DEPTH_MAX`] deep; overwrite and delete values of maps; insert into lists and texts
//! and delete from them. They may not overwrite elements in place, replace the entry's text or its kind, use
//! counters, marks or tables, or refer to anything that does not come before the change. A
//! newer version that needs more raises the envelope's version.
//!
//! Each of these rules looks at the change and what comes before it, never at what else a
//! device knows, so that all devices let in the same changes and converge. For the same reason
//! nothing is refused for what it makes of an entry: every document renders
//! ([`Document::render`]), however odd.

mod actor;
mod columns;
mod document;
mod edit;
mod field;
mod fields;
mod gate;
mod history;
mod index;
pub mod kinds;
mod plain;
mod rebase;
pub mod recall;
mod render;
pub mod search;
mod sequence;
mod typing;
mod value;
mod version;

pub use actor::{ActorId, actor};
pub use document::{Applied, Damaged, Document, InvalidEntry, NewEntry};
pub use edit::{Edited, InvalidEdit};
pub use gate::{Admitted, Refused, admit, readmit};
pub use history::Past;
pub use version::{ChangeId, Version};

/// The longest name of a field, in bytes of UTF-8. A change can repeat a name for each of its
/// operations at the cost of a few bytes, and Automerge copies it each time.
pub const FIELD_NAME_LEN_MAX: usize = 64;

/// How deep lists, maps and texts nest below an entry's root. Deeper than any kind needs, and
/// shallow enough to walk on any stack.
pub const DEPTH_MAX: u8 = 8;

/// The highest number that an operation may have. Half of what Automerge counts to, so that no
/// sum of two numbers overflows; a day of constant typing uses less than a ten-thousandth.
pub const OPERATION_COUNTER_MAX: u64 = i32::MAX as u64;
