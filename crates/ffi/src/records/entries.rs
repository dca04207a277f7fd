//! Entries.

use core::fmt;

use crate::JournalError;
use crate::mirror::{Give, Take, given, mirrored, taken};

/// A day as a person names it, where they were: a civil date and the offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Record)]
pub struct Day {
    /// The year, 1 to 9999.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: i32,
    /// The day of the month, 1 to 31.
    pub day: i32,
    /// Minutes east of UTC, −1080 to 1080.
    pub offset_minutes: i32,
}

impl Give<Day> for sidelight::Date {
    fn give(self) -> Day {
        Day {
            year: self.year.give(),
            month: self.month.give(),
            day: self.day.give(),
            offset_minutes: self.offset_minutes.give(),
        }
    }
}

impl Take<sidelight::Date> for Day {
    fn take(self) -> Result<sidelight::Date, JournalError> {
        let none = || JournalError::invalid("this is no day of the years 1 to 9999; give another");
        Ok(sidelight::Date {
            year: self.year.try_into().map_err(|_| none())?,
            month: self.month.try_into().map_err(|_| none())?,
            day: self.day.try_into().map_err(|_| none())?,
            offset_minutes: self.offset_minutes.try_into().map_err(|_| none())?,
        })
    }
}

/// A new entry.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct Draft {
    /// Its text: 1 byte to 256 KiB of UTF-8, without U+0000; for some kinds it may be empty.
    pub text: String,
    /// Its kind: `moment`, one of the others that `kinds` lists, or another name of 1 to 32 of
    /// `a`–`z` and `_`.
    #[uniffi(default = "moment")]
    pub kind: String,
    /// The day it is about; none for today, in the zone of this device.
    #[uniffi(default = None)]
    pub date: Option<Day>,
    /// Whether both may change it. Only in the shared journal.
    #[uniffi(default = false)]
    pub together: bool,
    /// Written into the shared journal. Otherwise it is private until it is shared.
    #[uniffi(default = false)]
    pub shared: bool,
    /// Its other fields, each name once: those of its kind hold what `kinds` says.
    #[uniffi(default = [])]
    pub fields: Vec<Field>,
    /// Where it was imported from: the same source is written once, shared or private.
    #[uniffi(default = None)]
    pub source: Option<String>,
}

impl Take<sidelight::Draft> for Draft {
    fn take(self) -> Result<sidelight::Draft, JournalError> {
        Ok(sidelight::Draft {
            kind: self.kind,
            text: self.text,
            date: self.date.map(Take::take).transpose()?,
            together: self.together,
            shared: self.shared,
            fields: self.fields.into_iter().map(Field::back).collect(),
            source: self.source,
        })
    }
}

given! {
    /// A field of an entry beside its text and date.
    #[of(sidelight::Field)]
    pub struct Field {
        /// Its name: 1 to 64 bytes.
        pub name: String,
        /// Its value.
        pub value: FieldValue,
    }
}

impl Field {
    fn back(self) -> sidelight::Field {
        sidelight::Field {
            name: self.name,
            value: match self.value {
                FieldValue::Text { text } => sidelight::FieldValue::Text(text),
                FieldValue::Number { number } => sidelight::FieldValue::Number(number),
                FieldValue::Flag { flag } => sidelight::FieldValue::Flag(flag),
                FieldValue::Texts { texts } => sidelight::FieldValue::List(texts),
                FieldValue::Unknown { bytes } => sidelight::FieldValue::Unknown(bytes),
            },
        }
    }
}

/// What a field holds.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum FieldValue {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A whole number.
    Number {
        /// The number.
        number: i64,
    },
    /// Yes or no.
    Flag {
        /// Which.
        flag: bool,
    },
    /// Several texts. It is not called `List`, which would hide Kotlin's own.
    Texts {
        /// The texts.
        texts: Vec<String>,
    },
    /// Something that this version does not know; it survives being shared and exported.
    Unknown {
        /// As it came.
        bytes: Vec<u8>,
    },
}

impl Give<FieldValue> for sidelight::FieldValue {
    fn give(self) -> FieldValue {
        match self {
            Self::Text(text) => FieldValue::Text { text },
            Self::Number(number) => FieldValue::Number { number },
            Self::Flag(flag) => FieldValue::Flag { flag },
            Self::List(texts) => FieldValue::Texts { texts },
            Self::Unknown(bytes) => FieldValue::Unknown { bytes },
            _ => FieldValue::Unknown { bytes: Vec::new() },
        }
    }
}

given! {
    /// An entry as it is shown.
    #[of(sidelight::Entry)]
    pub struct Entry {
        /// Its id: 64 hexadecimal digits.
        pub id: String,
        /// Where it is kept.
        pub space: Space,
        /// Its kind; one that this version does not know is shown like a moment.
        pub kind: String,
        /// The day it is about.
        pub date: Day,
        /// Its place among the entries of that day.
        pub order: i32,
        /// Its text.
        pub text: String,
        /// Its other fields, sorted by name.
        pub fields: Vec<Field>,
        /// What its author wants to be called.
        pub author_name: String,
        /// Whether this person wrote it.
        pub mine: bool,
        /// Whether both may change it.
        pub together: bool,
        /// How many changes it has had since it was written.
        pub amendments: i32,
        /// What is shown, for `edit`: positions are counted in this text.
        pub version: String,
        /// Its writer has taken it back, and this is all that is left: whose it was, in which
        /// space, and the day. Its text, fields and version are empty.
        pub taken_back: bool,
        /// Another device of this person has packed it for this one, and it is not certain yet
        /// that this is what was signed. Until then it is in no evidence.
        pub unproved: bool,
    }
}

given! {
    /// What became of an entry that was erased.
    #[of(sidelight::Erased)]
    pub struct Erased {
        /// Its id.
        pub id: String,
        /// From where it goes.
        pub from: ErasedFrom,
    }
}

mirrored! {
    /// From where an erased entry goes. What somebody photographed, exported, or keeps with a
    /// changed program stays theirs in any case.
    #[of(sidelight::ErasedFrom, OwnDevices)]
    pub enum ErasedFrom {
        /// From every device of whoever keeps it, and from the relay: each obeys when it next
        /// connects. The partner's device goes on to say that something was taken back that day.
        Everywhere,
        /// From this person's own devices only. It is kept together, or belongs to a journal that
        /// was left: the other keeps it, with what either of both wrote in it, and is not told.
        OwnDevices,
    }
}

mirrored! {
    /// Where an entry is kept.
    #[of(sidelight::Space, Private)]
    pub enum Space {
        /// Only on this person's own devices.
        Private,
        /// Where the partner reads it too.
        Shared,
    }
}

taken!(Space, sidelight::Space, Private, Shared);

/// Which entries.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PageRequest {
    /// How many at most: 1 to 1,000. Beyond that it is taken for the nearest.
    #[uniffi(default = 50)]
    pub limit: i32,
    /// `next` of the page before; none for the newest.
    #[uniffi(default = None)]
    pub before: Option<String>,
}

impl PageRequest {
    pub(crate) fn back(self) -> sidelight::PageRequest {
        sidelight::PageRequest {
            limit: self.limit.try_into().unwrap_or(0), // taken for one
            before: self.before,
        }
    }
}

given! {
    /// Some entries, the newest first.
    #[of(sidelight::Page)]
    pub struct Page {
        /// The entries.
        pub entries: Vec<Entry>,
        /// For the page after this one; none if this is the last. The last page may be empty.
        pub next: Option<String>,
    }
}

/// One splice of an entry's text, counted in Unicode scalar values. Each of several edits is in
/// the text that the ones before it left.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TextEdit {
    /// Where.
    pub at: i32,
    /// How much goes.
    pub delete: i32,
    /// What comes.
    pub insert: String,
}

impl Take<sidelight::TextEdit> for TextEdit {
    fn take(self) -> Result<sidelight::TextEdit, JournalError> {
        let count = |number: i32| {
            let negative = "a place in a text cannot be negative; give another";
            u32::try_from(number).map_err(|_| JournalError::invalid(negative))
        };
        Ok(sidelight::TextEdit {
            at: count(self.at)?,
            delete: count(self.delete)?,
            insert: self.insert,
        })
    }
}

/// One edit of an entry's fields.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum FieldEdit {
    /// The field says this from now on.
    Set {
        /// The field.
        field: Field,
    },
    /// The field of this name goes. What restricts cannot go; it is answered by another value.
    Clear {
        /// The field's name.
        name: String,
    },
    /// A member comes into a set.
    Add {
        /// The set's name.
        name: String,
        /// What comes.
        member: String,
    },
    /// A member of a set goes.
    Remove {
        /// The set's name.
        name: String,
        /// What goes.
        member: String,
    },
}

impl FieldEdit {
    pub(crate) fn back(self) -> sidelight::FieldEdit {
        match self {
            Self::Set { field } => sidelight::FieldEdit::Set(field.back()),
            Self::Clear { name } => sidelight::FieldEdit::Clear(name),
            Self::Add { name, member } => sidelight::FieldEdit::Add { name, member },
            Self::Remove { name, member } => sidelight::FieldEdit::Remove { name, member },
        }
    }
}

impl<T, U: Take<T>> Take<Vec<T>> for Vec<U> {
    fn take(self) -> Result<Vec<T>, JournalError> {
        self.into_iter().map(Take::take).collect()
    }
}

macro_rules! redacted {
    ($($Name:ident),+) => {
        $(impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($Name), "(…)"))
            }
        })+
    };
}

redacted!(Draft, FieldValue, TextEdit, FieldEdit);
