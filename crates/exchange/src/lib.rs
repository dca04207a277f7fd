//! Journals as files: read from elsewhere, written to be kept.
//!
//! Its duty is bytes. [`read`] takes what other journals export, and what Sidelight exports,
//! apart into [entries](Incoming); [`json`], [`markdown`] and [`html`] put [entries](Outgoing)
//! into files. It deliberately does not know files, clocks, the zone that a device is set to,
//! who keeps a journal, or what a kind of entry means. What it reads was made by anybody: it
//! holds one entry at a time, unpacks to a limit, runs and fetches nothing.
//!
//! ```
//! use jiff::tz::TimeZone;
//! use sidelight_exchange::{Found, Options, Outgoing, json, read};
//! use sidelight_format::{EntryDate, EntryId, Kind, Rendered};
//!
//! let rendered = Rendered {
//!     kind: Kind::moment(),
//!     date: EntryDate::new(2026, 8, 1, 120)?,
//!     day_order: 1,
//!     text: "The tea you made.".to_owned(),
//!     fields: Vec::new(),
//!     amendments: 0,
//! };
//! let entry = Outgoing {
//!     id: EntryId([7; 32]),
//!     shared: false,
//!     mine: true,
//!     together: false,
//!     author: "Ada",
//!     rendered: &rendered,
//! };
//! let file = [json::begin(), json::entry(&entry, true), json::end()].concat();
//!
//! let mut texts = Vec::new();
//! let options = Options { format: None, zone: &TimeZone::UTC };
//! read(std::io::Cursor::new(file), &options, &mut |found| {
//!     if let Found::Entry(entry) = found {
//!         texts.push(entry.text);
//!     }
//!     true
//! })?;
//! assert_eq!(texts, ["The tea you made."]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod day;
mod day_one;
mod daylio;
mod entry;
mod error;
pub mod html;
mod jrnl;
pub mod json;
mod list;
pub mod markdown;
mod read;
mod yaml;

pub use entry::{Found, Incoming, Outgoing, Place, SkipReason};
pub use error::{Format, ReadError};
pub use read::{ENTRIES_MAX, LEN_MAX, Options, read};

#[doc = include_str!("../EXPORT.md")]
pub mod export {}
