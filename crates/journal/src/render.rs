//! What an entry shows.

use automerge::{ObjType, ROOT, ReadDoc, ScalarValue, Value};
use sidelight_format::{EntryDate, FieldValue, Kind, Rendered, limits};

use crate::{Document, field, value};

impl Document {
    /// The entry as it is shown.
    ///
    /// Every document renders, whoever wrote what into it, so that devices with the same changes
    /// show the same entry and none has to decide that a change went too far: what is missing
    /// or of a wrong type is the kind `unknown`, the day 0001-01-01, order 0, no text. Merging can
    /// take a text past what one person may write, or leave nothing of it: it is shown up to
    /// [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX) bytes (the document keeps the rest, and shows it
    /// when what is before it is shortened) or empty. Fields are shown up to as many bytes
    /// in all, in the order of their names.
    pub fn render(&self) -> Rendered {
        Rendered {
            kind: self.kind(),
            date: self.dates().pop().unwrap_or_else(no_date),
            day_order: self.day_order(),
            text: self.text(),
            fields: self.fields(),
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
        let values = self.automerge.get_all(ROOT, name).unwrap_or_default();
        values
            .iter()
            .map(|(value, id)| value::read(&self.automerge, value, id))
            .collect()
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

    fn fields(&self) -> Vec<(String, FieldValue)> {
        let mut room = limits::TEXT_LEN_MAX;
        let mut fields = Vec::new();
        for name in self
            .automerge
            .keys(ROOT)
            .filter(|name| !field::is_taken(name))
        {
            let Ok(Some((value, id))) = self.automerge.get(ROOT, &*name) else {
                continue;
            };
            let value = value::read(&self.automerge, &value, &id);
            match room.checked_sub(name.len() + len(&value)) {
                Some(rest) => room = rest,
                None => break,
            }
            fields.push((name, value));
        }
        fields
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
    let digits = |range: core::ops::Range<usize>| {
        let digits = text.get(range)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let separated = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    if !separated {
        return None;
    }
    let (year, month, day): (i16, i16, i16) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let date = EntryDate::new(year, month, day, offset);
    date.or_else(|_| EntryDate::new(year, month, day, 0)).ok()
}

/// About how many bytes a value takes where it is kept.
fn len(value: &FieldValue) -> usize {
    const FIXED: usize = 16;
    FIXED
        + match value {
            FieldValue::Text(text) => text.len(),
            FieldValue::List(texts) => texts.iter().map(|text| text.len() + FIXED).sum(),
            FieldValue::Unknown(bytes) => bytes.len(),
            FieldValue::Number(_) | FieldValue::Flag(_) => 0,
        }
}
