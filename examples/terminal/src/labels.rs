//! What entries say beside their text, in words that people read.

use sidelight::words::Words;
use sidelight::{Entry, Field, FieldValue};

use crate::screen::{self, Line};

/// Kinds whose text says by itself what it is.
const PLAIN: [&str; 6] = [
    "moment",
    "reflection",
    "gratitude",
    "appreciation",
    "micro_connection",
    "reply",
];

/// What kinds, fields and words of lists are called in English, which this program speaks.
pub(crate) struct Labels(Words);

impl Labels {
    pub(crate) fn new() -> Self {
        Self(Words::embedded("en"))
    }

    fn called(&self, id: &str, name: &str) -> String {
        let label = self.0.label(id).map(str::to_owned);
        label.unwrap_or_else(|| Line(&name.replace('_', " ")).to_string())
    }

    pub(crate) fn kind(&self, name: &str) -> String {
        self.called(&format!("kind.{name}"), name)
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.called(&format!("field.{name}"), name)
    }

    /// A word that a field chooses from a list.
    pub(crate) fn choice(&self, field: &str, word: &str) -> String {
        self.called(&format!("value.{field}.{word}"), word)
    }

    pub(crate) fn choices(&self, field: &str, words: &[String]) -> String {
        let words = words.iter().map(|word| self.choice(field, word));
        words.collect::<Vec<_>>().join(", ")
    }

    /// What a field says, on one line: words of a list as they are called, what somebody typed as
    /// it is.
    pub(crate) fn value(&self, field: &Field) -> String {
        let word = |word: &String| {
            let label = self.0.label(&format!("value.{}.{word}", field.name));
            label.map_or_else(|| Line(word).to_string(), str::to_owned)
        };
        match &field.value {
            FieldValue::Text(text) if field.name == "days" => days(text),
            FieldValue::Text(text) => word(text),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Flag(true) => "yes".to_owned(),
            FieldValue::Flag(false) => "no".to_owned(),
            FieldValue::List(list) => list.iter().map(word).collect::<Vec<_>>().join("; "),
            _ => "(from a newer version)".to_owned(),
        }
    }

    /// An entry in a list. What a comfort card says is not in it: that runs out, and `today` says
    /// what holds.
    pub(crate) fn line(&self, entry: &Entry, width: usize) -> String {
        if entry.taken_back {
            return "(taken back)".to_owned();
        }
        if PLAIN.contains(&&*entry.kind) && !entry.text.is_empty() {
            return screen::first_line(&entry.text, width);
        }
        let kind = self.kind(&entry.kind);
        if !entry.text.is_empty() {
            return format!("{kind}: {}", screen::first_line(&entry.text, width));
        }
        let chosen = entry.fields.iter().filter(|field| {
            let says = [
                "need",
                "not_wanted",
                "capacity",
                "offers",
                "bid",
                "answer",
                "gently",
            ];
            says.contains(&&*field.name)
        });
        let chosen = chosen.map(|field| match &*field.name {
            "not_wanted" | "capacity" => {
                format!("{}: {}", self.field(&field.name), self.value(field))
            }
            _ => self.value(field),
        });
        let chosen = chosen.collect::<Vec<_>>().join("; ");
        match chosen.is_empty() {
            true => kind,
            false => format!("{kind}: {chosen}"),
        }
    }
}

/// The first and the last day of what is said for a while, without where that was.
fn days(text: &str) -> String {
    let ends = text.split_once('/');
    let ends = ends.and_then(|(first, last)| Some((first.get(..10)?, last.get(..10)?)));
    match ends {
        Some((first, last)) if first == last => Line(first).to_string(),
        Some((first, last)) => format!("{} to {}", Line(first), Line(last)),
        None => Line(text).to_string(),
    }
}
