//! What an entry shows.

use automerge::{ObjType, ROOT, ReadDoc, ScalarValue, Value};
use sidelight_format::{EntryDate, FieldValue, Kind, Rendered, limits};

use crate::kinds::{Day, Rules, rules};
use crate::{Document, field, fields};

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
    pub fn render(&self) -> Rendered {
        let kind = self.kind();
        Rendered {
            fields: fields::read(&self.automerge, rules(&kind)),
            kind,
            date: self.dates().pop().unwrap_or_else(no_date),
            day_order: self.day_order(),
            text: self.text(),
            amendments: self.amendments(),
        }
    }

    /// The text, cut at a character's boundary to [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX) bytes.
    pub fn text(&self) -> String {
        let Ok(Some((Value::Object(ObjType::Text), id))) = self.automerge.get(ROOT, field::TEXT)
        else {
            return String::new();
        };
        let mut text = self.automerge.text(id).unwrap_or_default();
        let mut end = limits::TEXT_LEN_MAX.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1; // 0 is a boundary
        }
        text.truncate(end);
        text
    }

    /// All days that were given to the entry at the same time, the one that is shown last. More
    /// than one only after concurrent edits.
    pub fn dates(&self) -> Vec<EntryDate> {
        let offset = match self.scalar(field::OFFSET) {
            Some(ScalarValue::Int(minutes)) => i16::try_from(minutes).unwrap_or(0),
            _ => 0,
        };
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
    pub fn concurrent(&self, name: &str) -> Vec<FieldValue> {
        if field::is_taken(name) {
            return Vec::new();
        }
        fields::concurrent(&self.automerge, name, None)
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        rules(&self.kind())
    }

    fn kind(&self) -> Kind {
        let named = match self.scalar(field::KIND) {
            Some(ScalarValue::Str(name)) => Kind::named(&name),
            _ => None,
        };
        named
            .or_else(|| Kind::named("unknown"))
            .expect("`unknown` has lower-case letters only, as names of kinds do")
    }

    fn day_order(&self) -> u32 {
        match self.scalar(field::ORDER) {
            Some(ScalarValue::Uint(order)) => u32::try_from(order).unwrap_or(0),
            _ => 0,
        }
    }

    fn scalar(&self, name: &str) -> Option<ScalarValue> {
        match self.automerge.get(ROOT, name).ok()?? {
            (Value::Scalar(value), _) => Some(value.into_owned()),
            (Value::Object(_), _) => None,
        }
    }
}

fn no_date() -> EntryDate {
    EntryDate::new(1, 1, 1, 0).expect("the first day of the first year is a day")
}

/// `YYYY-MM-DD`; an offset that no place has counts as none.
fn parse_date(text: &str, offset: i16) -> Option<EntryDate> {
    let day = Day::parse(text)?.date();
    EntryDate::new(day.year(), day.month(), day.day(), offset)
        .ok()
        .or(Some(day))
}
