//! Entries, as far as bytes go: their ids, dates and rendered form.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{EntryId, PersonId, SpaceId, digest};

/// Who may change an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Mode {
    /// Only its owner.
    Own = 0,
    /// Everybody who keeps the space.
    Together = 1,
}

/// What an entry's id is the hash of, together with its space. It rides in every envelope that
/// touches the entry and is checked before anything else, so nobody can claim an id, an owner
/// or a mode first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryPreimage {
    /// Whose lane it is in.
    pub owner: PersonId,
    /// Who may change it.
    pub mode: Mode,
    /// 128 random bits.
    pub random: [u8; 16],
}

impl EntryPreimage {
    /// The entry's id in `space`.
    pub fn id(&self, space: &SpaceId) -> EntryId {
        EntryId(digest(
            "entry",
            &[&space.0, &self.owner.0, &[self.mode as u8], &self.random],
        ))
    }
}

/// The kind of an entry. Kinds that this version does not know survive as their name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kind(String);

impl Kind {
    /// The longest name of a kind, in bytes.
    pub const LEN_MAX: usize = 32;

    /// Something that happened.
    pub fn moment() -> Self {
        Self("moment".into())
    }

    /// Something to be grateful for.
    pub fn gratitude() -> Self {
        Self("gratitude".into())
    }

    /// A kind by its name: 1 to [`LEN_MAX`](Self::LEN_MAX) of `a`–`z` and `_`.
    pub fn named(name: &str) -> Option<Self> {
        let fits = (1..=Self::LEN_MAX).contains(&name.len());
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (fits && plain).then(|| Self(name.into()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Kind {
    type Error = &'static str;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::named(&name).ok_or("a kind is named by 1 to 32 of a–z and _")
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A day as a person names it, where they were: a civil date of the proleptic Gregorian
/// calendar and the offset from UTC. Apart from any time of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(i16, u8, u8, i16)", into = "(i16, u8, u8, i16)")]
pub struct EntryDate {
    year: i16,
    month: u8,
    day: u8,
    offset_minutes: i16,
}

/// A day that no calendar has, or an offset that no place on Earth uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the years 1 to 9999 with an offset of at most 18 hours")]
pub struct InvalidDate;

impl EntryDate {
    /// The day `year`-`month`-`day` (years 1 to 9999), `offset_minutes` (−1080 to 1080) east
    /// of UTC.
    ///
    /// # Errors
    /// [`InvalidDate`] if there is no such day or offset.
    pub fn new(year: i16, month: u8, day: u8, offset_minutes: i16) -> Result<Self, InvalidDate> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        let fits = (1..=9999).contains(&year) && (1..=days).contains(&day);
        if !fits || !(-1080..=1080).contains(&offset_minutes) {
            return Err(InvalidDate);
        }
        Ok(Self {
            year,
            month,
            day,
            offset_minutes,
        })
    }

    /// The year, 1 to 9999.
    pub fn year(&self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(&self) -> u8 {
        self.day
    }

    /// Minutes east of UTC, −1080 to 1080.
    pub fn offset_minutes(&self) -> i16 {
        self.offset_minutes
    }

    /// The same day, without a word on where it was spent.
    #[must_use]
    pub fn without_offset(self) -> Self {
        Self {
            offset_minutes: 0,
            ..self
        }
    }

    /// A number that sorts days; equal for the same civil day under any offset.
    pub fn day_number(&self) -> u32 {
        (self.year as u32) << 9 | u32::from(self.month) << 5 | u32::from(self.day)
    }
}

impl TryFrom<(i16, u8, u8, i16)> for EntryDate {
    type Error = InvalidDate;
    fn try_from((year, month, day, offset): (i16, u8, u8, i16)) -> Result<Self, Self::Error> {
        Self::new(year, month, day, offset)
    }
}

impl From<EntryDate> for (i16, u8, u8, i16) {
    fn from(date: EntryDate) -> Self {
        (date.year, date.month, date.day, date.offset_minutes)
    }
}

impl fmt::Display for EntryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// One edit of an entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// At `at` delete `delete` and insert `insert`; both counted in Unicode scalar values.
    Splice {
        /// Where, 0 to the text's length.
        at: u32,
        /// How much goes.
        delete: u32,
        /// What comes.
        insert: String,
    },
    /// Another day.
    Date(EntryDate),
    /// Another value of a field.
    Field {
        /// Its name.
        name: String,
        /// What it says from now on; none takes the field away.
        value: Option<FieldValue>,
    },
    /// A member comes into a field that is a set.
    Add {
        /// The field's name.
        name: String,
        /// What comes.
        member: String,
    },
    /// A member of a field that is a set goes.
    Remove {
        /// The field's name.
        name: String,
        /// What goes.
        member: String,
    },
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Splice { .. } => "Splice(…)",
            Self::Date(_) => "Date(…)",
            Self::Field { .. } => "Field(…)",
            Self::Add { .. } => "Add(…)",
            Self::Remove { .. } => "Remove(…)",
        })
    }
}

/// A field of an entry beside its text and date.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldValue {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
    /// A value that this version does not know, in its document's own form.
    Unknown(crate::Bytes),
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldValue(…)")
    }
}

/// An entry as it is shown: what a page, a search or an export reads, so that none of them
/// loads a document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Its kind.
    pub kind: Kind,
    /// The day it is about.
    pub date: EntryDate,
    /// Its place among the entries of that day: one more than the highest its writer saw there.
    pub day_order: u32,
    /// Its text.
    pub text: String,
    /// Its other fields, sorted by name, each name once.
    pub fields: Vec<(String, FieldValue)>,
    /// How many changes it has had since the first.
    pub amendments: u32,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for (year, month, day) in [
            (2023, 2, 29),
            (1900, 2, 29),
            (2024, 4, 31),
            (0, 1, 1),
            (2024, 13, 1),
            (2024, 1, 0),
        ] {
            assert_eq!(EntryDate::new(year, month, day, 0), Err(InvalidDate));
        }
        assert!(EntryDate::new(2000, 2, 29, 0).is_ok());
        assert_eq!(EntryDate::new(2000, 1, 1, 1081), Err(InvalidDate));
    }

    #[test]
    fn an_id_binds_space_owner_mode_and_randomness() {
        let preimage = EntryPreimage {
            owner: PersonId([1; 32]),
            mode: Mode::Own,
            random: [2; 16],
        };
        let id = preimage.id(&SpaceId([3; 32]));
        assert_ne!(id, preimage.id(&SpaceId([4; 32])));
        assert_ne!(
            id,
            EntryPreimage {
                mode: Mode::Together,
                ..preimage
            }
            .id(&SpaceId([3; 32]))
        );
        assert_ne!(
            id,
            EntryPreimage {
                owner: PersonId([2; 32]),
                ..preimage
            }
            .id(&SpaceId([3; 32]))
        );
        assert_ne!(
            id,
            EntryPreimage {
                random: [1; 16],
                ..preimage
            }
            .id(&SpaceId([3; 32]))
        );
    }
}
