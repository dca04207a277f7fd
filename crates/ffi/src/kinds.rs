//! The kinds of entries, as a table: what a form for one has to ask.

use sidelight::kinds::{self as ours, Holds};

use crate::mirror::{Give, mirrored};

/// What holds for all entries of a kind.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KindRules {
    /// The kind's name, for `Draft.kind`.
    pub name: String,
    /// What its text is.
    pub text: KindText,
    /// Its fields, `tags` among them.
    pub fields: Vec<KindField>,
    /// Who may ever see it.
    pub sharing: Sharing,
    /// Whether both may keep one together.
    pub together: bool,
    /// When what it says is over.
    pub ends: Ends,
}

impl Give<KindRules> for &ours::Rules {
    fn give(self) -> KindRules {
        let fields = self.fields.iter().chain(ours::COMMON);
        KindRules {
            name: self.name.give(),
            text: self.text.give(),
            fields: fields.map(Give::give).collect(),
            sharing: self.sharing.give(),
            together: self.together,
            ends: self.ends.give(),
        }
    }
}

/// A field as its kind has it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KindField {
    /// Its name.
    pub name: String,
    /// What it may hold.
    pub holds: FieldHolds,
    /// For a choice, and a set of some: the words to choose from, beginning with the one that
    /// wins when two are said at the same time.
    pub words: Vec<String>,
    /// What becomes of values that were said at the same time, in a few words.
    pub merge: String,
}

impl Give<KindField> for &ours::Field {
    fn give(self) -> KindField {
        let words = match self.holds {
            Holds::Choice(words) | Holds::SetOf(words) => words,
            _ => &[],
        };
        KindField {
            name: self.name.give(),
            holds: self.holds.give(),
            words: words.iter().map(|word| word.give()).collect(),
            merge: self.merge.name().give(),
        }
    }
}

/// What a field may hold, and as which `FieldValue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum FieldHolds {
    /// Words of the person's own: `Text`.
    Words,
    /// One of its words: `Text`.
    Choice,
    /// Yes or no: `Flag`.
    Flag,
    /// A number from 1: `Number`.
    Number,
    /// A day, `YYYY-MM-DD`: `Text`.
    Day,
    /// Two days and all between them: `Text`.
    Days,
    /// An entry's id: `Text`.
    Entry,
    /// The hash of a wording: `Text`.
    Hash,
    /// A set of words of the person's own: `Texts`.
    SetOfWords,
    /// A set of some of its words: `Texts`.
    SetOf,
    /// A set of times of the day, `22:00-07:30`: `Texts`.
    SetOfTimes,
    /// A time of the day, `20:00`: `Text`.
    Time,
}

impl Give<FieldHolds> for Holds {
    fn give(self) -> FieldHolds {
        match self {
            Self::Words => FieldHolds::Words,
            Self::Choice(_) => FieldHolds::Choice,
            Self::Flag => FieldHolds::Flag,
            Self::Number => FieldHolds::Number,
            Self::Day => FieldHolds::Day,
            Self::Days => FieldHolds::Days,
            Self::Entry => FieldHolds::Entry,
            Self::Hash => FieldHolds::Hash,
            Self::SetOfWords => FieldHolds::SetOfWords,
            Self::SetOf(_) => FieldHolds::SetOf,
            Self::SetOfTimes => FieldHolds::SetOfTimes,
            Self::Time => FieldHolds::Time,
        }
    }
}

mirrored! {
    /// What the text of a kind is.
    #[of(ours::Text, Optional)]
    pub enum KindText {
        /// It is there, and its author may change it, a character at a time.
        Needed,
        /// It may be empty.
        Optional,
        /// It is there and stays as it is.
        Fixed,
    }
}

mirrored! {
    /// Who may ever see a kind.
    #[of(ours::Sharing, Never)]
    pub enum Sharing {
        /// Its author alone, whatever they do.
        Never,
        /// The partner too, once its author shared the entry.
        ByChoice,
        /// The same; of its sections only those that `offered` names go along.
        BySection,
        /// The same, while `share` says yes.
        ByFlag,
    }
}

mirrored! {
    /// When what an entry says is over. It is computed whenever it is read; nothing is written.
    #[of(ours::Ends, Never)]
    pub enum Ends {
        /// It stays.
        Never,
        /// With the entry's own day.
        WithItsDay,
        /// With the last day of `days`.
        WithItsDays,
        /// `welcome` becomes `ask_first` with the last day of `days`, and a month after the first.
        Relaxed,
    }
}

/// Every kind of entry that this version knows, in a fixed order.
#[uniffi::export]
pub fn kinds() -> Vec<KindRules> {
    ours::ALL.iter().map(Give::give).collect()
}
