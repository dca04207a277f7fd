//! Entries between journals.

use core::fmt;

use sidelight_format::{EntryDate, EntryId, FieldValue, Kind, Rendered, digest, limits};

/// An entry that leaves.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its id, which names it in what answers it and when it is imported again.
    pub id: EntryId,
    /// In the shared journal, rather than in the private one.
    pub shared: bool,
    /// Whether whoever exports wrote it.
    pub mine: bool,
    /// Whether both may change it.
    pub together: bool,
    /// What its author wants to be called.
    pub author: &'a str,
    /// What is shown.
    pub rendered: &'a Rendered,
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An entry that comes.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The same for the same entry whenever it comes again, so that nothing comes twice.
    pub source: String,
    /// Its id in the journal of Sidelight that it left.
    pub original: Option<EntryId>,
    /// Its kind.
    pub kind: Kind,
    /// The day it is about.
    pub date: EntryDate,
    /// Its place in the day, where the file says so; otherwise entries come in their order.
    pub order: Option<u32>,
    /// Its text.
    pub text: String,
    /// Its other fields, each name once.
    pub fields: Vec<(String, FieldValue)>,
    /// What its author was called, where the file says so.
    pub author: Option<String>,
    /// It lost NUL characters, which no entry may hold.
    pub cleaned: bool,
    /// How many photos, recordings and the like it names, which do not come along.
    pub attachments: u32,
    /// How many of those the file should have and has not.
    pub missing: u32,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("kind", &self.kind)
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

impl Incoming {
    /// A moment, with its text cleaned; the reason if the text is none.
    pub(crate) fn moment(source: String, date: EntryDate, text: &str) -> Result<Self, SkipReason> {
        let clean = text.replace('\0', "");
        if clean.trim().is_empty() {
            return Err(SkipReason::NoText);
        }
        if clean.len() > limits::TEXT_LEN_MAX {
            return Err(SkipReason::TooLong);
        }
        Ok(Self {
            source,
            original: None,
            kind: Kind::moment(),
            date,
            order: None,
            cleaned: clean.len() < text.len(),
            text: clean,
            fields: Vec::new(),
            author: None,
            attachments: 0,
            missing: 0,
        })
    }

    /// Takes a field along, unless it says nothing.
    pub(crate) fn say(&mut self, name: &str, value: FieldValue) {
        let says = match &value {
            FieldValue::Text(text) => !text.is_empty(),
            FieldValue::List(list) => !list.is_empty(),
            FieldValue::Flag(flag) => *flag,
            FieldValue::Number(_) | FieldValue::Unknown(_) => true,
        };
        if says {
            self.fields.push((name.to_owned(), value));
        }
    }
}

/// The tags that an entry can hold: text of a length that is still a tag's.
pub(crate) fn tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> FieldValue {
    /// More are not read by anybody.
    const TAGS_MAX: usize = 64;
    /// A line.
    const TAG_LEN_MAX: usize = 256;
    let tags = tags.into_iter().map(|tag| tag.replace('\0', ""));
    let tags = tags.map(|tag| tag.trim().to_owned());
    let fits = |tag: &String| !tag.is_empty() && tag.len() <= TAG_LEN_MAX;
    FieldValue::List(tags.filter(fits).take(TAGS_MAX).collect())
}

/// A source made of what an entry says, for files that name their entries by nothing.
pub(crate) fn source_of(format: &str, parts: &[&str]) -> String {
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    let hash = digest("import source", &parts);
    format!("{format}:{}", data_encoding::HEXLOWER.encode(&hash))
}

/// What a file holds at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry that can be written.
    Entry(Box<Incoming>),
    /// One that cannot.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// Where.
        place: Place,
    },
}

impl Found {
    pub(crate) fn of(found: Result<Incoming, SkipReason>, place: impl FnOnce() -> Place) -> Self {
        match found {
            Ok(entry) => Self::Entry(Box::new(entry)),
            Err(reason) => Self::Skipped {
                reason,
                place: place(),
            },
        }
    }
}

/// Where in a file or folder something stands, for the person who looks it up.
#[derive(Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    pub(crate) fn row(row: u64) -> Self {
        Self(format!("row {row}"))
    }

    pub(crate) fn number(number: u64, file: Option<&str>) -> Self {
        match file {
            Some(file) => Self(format!("entry {number} of {}", printable(file))),
            None => Self(format!("entry {number}")),
        }
    }

    /// A file, by its place in the folder.
    pub fn file(name: &str) -> Self {
        Self(printable(name))
    }
}

/// A name of a file as it can stand in a sentence: others chose it.
fn printable(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(200)
        .collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Files may be called anything, also something that belongs in no log.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(…)")
    }
}

/// Why an import leaves an entry out. `Display` names it to people, with what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// It has no text, as a photo alone has.
    #[error("no text")]
    NoText,
    /// Its text is longer than an entry may be.
    #[error("longer than 256 KiB; divide it, and import it again")]
    TooLong,
    /// It has no date that can be read, or one that no calendar has.
    #[error("no date of the years 1 to 9999; give it one as 2026-08-01, and import it again")]
    NoDate,
    /// Its id stands in the file twice.
    #[error("in the file twice; the first one counts")]
    Repeated,
    /// It is not an entry at all.
    #[error("not an entry; export it again where it comes from")]
    NotAnEntry,
    /// It is not text.
    #[error("not text in UTF-8; save it as such, and import it again")]
    NotText,
    /// The disk did not give it.
    #[error("not readable; check its permissions, and import it again")]
    Unreadable,
    /// Somebody else wrote it, and it would be shared as one's own.
    #[error("written by somebody else, so not shared as your own; import it without sharing")]
    NotYours,
    /// Its kind, or what it says, cannot be shared.
    #[error("not of a kind that can be shared; import it without sharing")]
    NotShared,
    /// It cannot be written as it is.
    #[error("more than an entry can hold; divide it, and import it again")]
    Unfit,
}
