//! What an entry shows.

use automerge::{ObjType, ROOT, ReadDoc, ScalarValue, Value};
use sidelight_format::{EntryDate, FieldValue, Kind, Rendered, limits};

use crate::index::Index;
use crate::kinds::{Day, Rules, rules};
use crate::{Document, field, fields, plain};

impl Document {
    /// The entry as it is shown.
    ///
    /// Every document renders, whoever wrote what into it, so that devices with the same changes
    /// show the same entry and none has to decide that a change went too far: what is missing
    /// or of a wrong type is the kind `unknown`, the day 0001-01-01, order 0, no text. Merging can
    /// take a text past what one person may write, or leave nothing of it: it is shown up to
    /// [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX) bytes (the document keeps the rest, and shows it
    /// when what is before it is shortened) or empty. Fields are shown up to as many bytes
    /// in all, in the order of their names; what was said in one of them at the same time is
    /// merged by its [kind's rules](crate::kinds), of all values and not of Automerge's pick.
    pub fn render(&mut self) -> Rendered {
        if let Some(plain) = self.plain() {
            return plain;
        }
        let text = self.text();
        Rendered {
            text,
            amendments: self.amendments(),
            ..self.frame().clone()
        }
    }

    /// What one plain change makes, which nothing has followed yet: that needs no Automerge.
    fn plain(&self) -> Option<Rendered> {
        match &self.staged[..] {
            [first] if first.is_first() && self.amendments() == 0 => plain::read(first),
            _ => None,
        }
    }

    /// All that is shown but the text.
    pub(crate) fn frame(&mut self) -> &Rendered {
        if self.frame.is_none() {
            self.settle();
            let kind = kind_of(self.scalar(field::KIND).as_ref());
            self.frame = Some(Rendered {
                fields: fields::read(&self.automerge, rules(&kind)),
                kind,
                date: self.dates().pop().unwrap_or_else(no_date),
                day_order: order_of(self.scalar(field::ORDER).as_ref()),
                text: String::new(),
                amendments: 0,
            });
        }
        self.frame.as_ref().expect("made above if there was none")
    }

    /// The text, cut at a character's boundary to [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX) bytes.
    pub fn text(&mut self) -> String {
        if let Some(text) = &self.shown {
            return text.clone();
        }
        let text = self.whole_text();
        // One that is cut where it is shown is no ground for the next edit.
        self.shown = (text.len() <= limits::TEXT_LEN_MAX).then(|| text.clone());
        cut(text)
    }

    fn whole_text(&mut self) -> String {
        if let Some(text) = self.index.as_ref().and_then(Index::text) {
            return text;
        }
        self.settle();
        let Ok(Some((Value::Object(ObjType::Text), id))) = self.automerge.get(ROOT, field::TEXT)
        else {
            return String::new();
        };
        self.automerge.text(id).unwrap_or_default()
    }

    /// All days that were given to the entry at the same time, the one that is shown last. More
    /// than one only after concurrent edits.
    pub fn dates(&mut self) -> Vec<EntryDate> {
        self.settle();
        let offset = offset_of(self.scalar(field::OFFSET).as_ref());
        let days = self
            .automerge
            .get_all(ROOT, field::DATE)
            .unwrap_or_default();
        days.iter()
            .filter_map(|(value, _)| parse_date(value.as_str()?, offset))
            .collect()
    }

    /// All values that were given to a further field at the same time, the one that is shown
    /// last: for fields of which the most restrictive value counts.
    pub fn concurrent(&mut self, name: &str) -> Vec<FieldValue> {
        if field::is_taken(name) {
            return Vec::new();
        }
        self.settle();
        fields::concurrent(&self.automerge, name, None)
    }

    pub(crate) fn rules(&mut self) -> &'static Rules {
        rules(&self.frame().kind)
    }

    fn scalar(&self, name: &str) -> Option<ScalarValue> {
        match self.automerge.get(ROOT, name).ok()?? {
            (Value::Scalar(value), _) => Some(value.into_owned()),
            (Value::Object(_), _) => None,
        }
    }
}

pub(crate) fn kind_of(value: Option<&ScalarValue>) -> Kind {
    let named = match value {
        Some(ScalarValue::Str(name)) => Kind::named(name),
        _ => None,
    };
    named
        .or_else(|| Kind::named("unknown"))
        .expect("`unknown` has lower-case letters only, as names of kinds do")
}

pub(crate) fn order_of(value: Option<&ScalarValue>) -> u32 {
    match value {
        Some(ScalarValue::Uint(order)) => u32::try_from(*order).unwrap_or(0),
        _ => 0,
    }
}

pub(crate) fn offset_of(value: Option<&ScalarValue>) -> i16 {
    match value {
        Some(ScalarValue::Int(minutes)) => i16::try_from(*minutes).unwrap_or(0),
        _ => 0,
    }
}

/// A text as far as it is shown.
pub(crate) fn cut(mut text: String) -> String {
    let mut end = limits::TEXT_LEN_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1; // 0 is a boundary
    }
    text.truncate(end);
    text
}

pub(crate) fn no_date() -> EntryDate {
    EntryDate::new(1, 1, 1, 0).expect("the first day of the first year is a day")
}

/// `YYYY-MM-DD`; an offset that no place has counts as none.
pub(crate) fn parse_date(text: &str, offset: i16) -> Option<EntryDate> {
    let day = Day::parse(text)?.date();
    EntryDate::new(day.year(), day.month(), day.day(), offset)
        .ok()
        .or(Some(day))
}
