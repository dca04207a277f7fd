//! What an entry of a kind says, between its type and its fields.

use core::fmt;
use std::collections::BTreeSet;

use sidelight_format::{EntryDate, EntryId, FieldValue, Kind, Rendered};

use super::field::is_words;
use super::words::Word;
use super::{Day, Window};
use crate::NewEntry;

/// Words of a person's own: not empty, at most
/// [`TEXT_LEN_MAX`](sidelight_format::limits::TEXT_LEN_MAX) bytes, without U+0000.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said(String);

/// No words, too many, or a NUL character in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is said here, or more than an entry holds")]
pub struct NotSaid;

impl Said {
    /// These words.
    ///
    /// # Errors
    /// [`NotSaid`].
    pub fn new(text: impl Into<String>) -> Result<Self, NotSaid> {
        let text = text.into();
        if is_words(&text) {
            Ok(Self(text))
        } else {
            Err(NotSaid)
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Said(…)")
    }
}

impl TryFrom<&str> for Said {
    type Error = NotSaid;
    fn try_from(text: &str) -> Result<Self, NotSaid> {
        Self::new(text)
    }
}

/// What an entry says, as its fields hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) fields: Vec<(String, FieldValue)>,
}

impl Content {
    /// A new entry about `date`, at this place within the day.
    pub fn on(self, date: EntryDate, day_order: u32) -> NewEntry {
        NewEntry {
            kind: self.kind,
            date,
            day_order,
            text: self.text,
            fields: self.fields,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its fields, each name once.
    pub fn fields(&self) -> &[(String, FieldValue)] {
        &self.fields
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A kind as a type.
pub trait Typed: Sized {
    /// The kind's name.
    const KIND: &'static str;

    /// As fields hold it.
    fn content(&self) -> Content;

    /// Reads it from an entry as it is shown. What a field should not hold is read as what
    /// restricts most, or as not said; none if without it the entry means nothing, or if it is
    /// of another kind. The entry itself keeps everything.
    fn read(shown: &Rendered) -> Option<Self>;
}

/// Fields as they are collected.
pub(super) struct Writer(Content);

impl Writer {
    pub(super) fn of<T: Typed>() -> Self {
        Self(Content {
            kind: Kind::named(T::KIND).expect("names of kinds are of a–z and _, held by a test"),
            text: String::new(),
            fields: Vec::new(),
        })
    }

    pub(super) fn text<'a>(mut self, text: impl Into<Option<&'a Said>>) -> Self {
        if let Some(text) = text.into() {
            self.0.text = text.0.clone();
        }
        self
    }

    pub(super) fn words<'a>(self, name: &str, words: impl Into<Option<&'a Said>>) -> Self {
        let words = words.into().map(|words| FieldValue::Text(words.0.clone()));
        self.put(name, words)
    }

    pub(super) fn word(self, name: &str, word: impl Word) -> Self {
        self.word_if(name, Some(word))
    }

    pub(super) fn word_if(self, name: &str, word: Option<impl Word>) -> Self {
        self.put(name, word.map(|word| FieldValue::Text(word.name().into())))
    }

    /// What is not so is not written.
    pub(super) fn flag(self, name: &str, flag: bool) -> Self {
        self.put(name, flag.then_some(FieldValue::Flag(true)))
    }

    pub(super) fn text_of(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        let value = value.map(|value| FieldValue::Text(value.to_string()));
        self.put(name, value)
    }

    pub(super) fn entry(self, name: &str, entry: &EntryId) -> Self {
        self.put(name, Some(FieldValue::Text(entry.to_hex())))
    }

    pub(super) fn members(self, name: &str, members: &BTreeSet<Said>) -> Self {
        let members: Vec<_> = members.iter().map(|member| member.0.clone()).collect();
        self.put(
            name,
            (!members.is_empty()).then_some(FieldValue::List(members)),
        )
    }

    pub(super) fn words_of<W: Word>(self, name: &str, words: &BTreeSet<W>) -> Self {
        let words: Vec<_> = words.iter().map(|word| word.name().to_owned()).collect();
        self.put(name, (!words.is_empty()).then_some(FieldValue::List(words)))
    }

    pub(super) fn put(mut self, name: &str, value: Option<FieldValue>) -> Self {
        self.0
            .fields
            .extend(value.map(|value| (name.into(), value)));
        self
    }

    pub(super) fn done(self) -> Content {
        self.0
    }
}

/// An entry of the kind that is read.
pub(super) struct Reader<'a>(&'a Rendered);

impl<'a> Reader<'a> {
    /// None if it is of another kind.
    pub(super) fn of<T: Typed>(shown: &'a Rendered) -> Option<Self> {
        (shown.kind.as_str() == T::KIND).then_some(Self(shown))
    }

    pub(super) fn text(&self) -> Option<Said> {
        Said::new(self.0.text.as_str()).ok()
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a FieldValue> {
        let field = self.0.fields.iter().find(|(other, _)| other == name);
        field.map(|(_, value)| value)
    }

    pub(super) fn str(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn words(&self, name: &str) -> Option<Said> {
        self.str(name).and_then(|text| Said::new(text).ok())
    }

    pub(super) fn word<W: Word>(&self, name: &str) -> Option<W> {
        self.str(name).and_then(W::named)
    }

    /// Whether it says yes; what is no flag is read as `otherwise`.
    pub(super) fn flag(&self, name: &str, otherwise: bool) -> bool {
        match self.value(name) {
            None => false,
            Some(FieldValue::Flag(flag)) => *flag,
            Some(_) => otherwise,
        }
    }

    pub(super) fn maybe(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            FieldValue::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            FieldValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn days(&self, name: &str) -> Option<Window> {
        self.str(name).and_then(Window::parse)
    }

    pub(super) fn day(&self, name: &str) -> Option<Day> {
        self.str(name).and_then(Day::parse)
    }

    pub(super) fn entry(&self, name: &str) -> Option<EntryId> {
        self.str(name).and_then(EntryId::from_hex)
    }

    pub(super) fn members(&self, name: &str) -> BTreeSet<Said> {
        set(self.list(name).filter_map(|said| Said::new(said).ok()))
    }

    pub(super) fn words_of<W: Word + Ord>(&self, name: &str) -> BTreeSet<W> {
        set(self.list(name).filter_map(W::named))
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let members: &'a [String] = match self.value(name) {
            Some(FieldValue::List(members)) => members,
            _ => &[],
        };
        members.iter().map(String::as_str)
    }
}

/// One by one: `collect` would sort them first, with 4 KB of sorting for each type of them.
pub(super) fn set<T: Ord>(members: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(members);
    set
}
