//! Sidelight's own JSON, which loses nothing; [`export`](crate::export) describes it.

use std::io::Read;

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use sidelight_format::{EntryDate, EntryId, FieldValue, Kind, limits};

use crate::list;
use crate::read::{LEN_MAX, Taken};
use crate::{Format, Incoming, Outgoing, Place, ReadError, SkipReason};

/// The version of the form. A program that reads it refuses a higher one.
pub const VERSION: u64 = 1;

/// What stands before the first entry.
pub fn begin() -> String {
    format!("{{\"format\":\"sidelight\",\"version\":{VERSION},\"entries\":[")
}

/// One entry, on a line of its own; `first` is the first one of the file.
pub fn entry(entry: &Outgoing<'_>, first: bool) -> String {
    let comma = if first { "" } else { "," };
    format!("{comma}\n{}", Value::Object(object(entry)))
}

/// What stands after the last entry.
pub fn end() -> String {
    "\n]}\n".to_owned()
}

/// An entry as an object.
pub(crate) fn object(entry: &Outgoing<'_>) -> Map<String, Value> {
    let rendered = entry.rendered;
    let mut object = Map::new();
    let mut say = |name: &str, value: Value| object.insert(name.to_owned(), value);
    say("id", entry.id.to_hex().into());
    say(
        "space",
        if entry.shared { "shared" } else { "private" }.into(),
    );
    say("kind", rendered.kind.as_str().into());
    say("date", rendered.date.to_string().into());
    say("offset_minutes", rendered.date.offset_minutes().into());
    say("order", rendered.day_order.into());
    say("text", rendered.text.as_str().into());
    say("fields", fields(&rendered.fields));
    say("author", entry.author.into());
    say("mine", entry.mine.into());
    say("together", entry.together.into());
    say("amendments", rendered.amendments.into());
    object
}

pub(crate) fn fields(fields: &[(String, FieldValue)]) -> Value {
    let value = |value: &FieldValue| match value {
        FieldValue::Text(text) => json!(text),
        FieldValue::Number(number) => json!(number),
        FieldValue::Flag(flag) => json!(flag),
        FieldValue::List(list) => json!(list),
        FieldValue::Unknown(bytes) => json!({ "unknown": BASE64.encode(bytes) }),
    };
    let fields = fields.iter();
    Value::Object(
        fields
            .map(|(name, held)| (name.clone(), value(held)))
            .collect(),
    )
}

pub(crate) fn read(from: impl Read, taken: &mut Taken<'_>) -> Result<(), ReadError> {
    let (mut own, mut version) = (false, None);
    let mut head = |name: &str, value: Value| match name {
        "format" => own = value == "sidelight",
        _ => version = value.as_u64(),
    };
    let mut each = |value: Value| {
        let found = value.as_object().ok_or(SkipReason::NotAnEntry);
        taken.show(found.and_then(incoming), |number| {
            Place::number(number, None)
        })
    };
    list::stream(from, LEN_MAX, Format::Sidelight, &mut head, &mut each)?;
    match version {
        Some(newer) if own && newer > VERSION => Err(ReadError::Newer(newer)),
        Some(1..) if own => Ok(()),
        _ => Err(ReadError::NotThis {
            format: Format::Sidelight,
            why: "it does not say so".to_owned(),
        }),
    }
}

/// An entry from its object, with its text in it.
pub(crate) fn incoming(object: &Map<String, Value>) -> Result<Incoming, SkipReason> {
    let text_at = |name: &str| object.get(name).and_then(Value::as_str);
    let id = text_at("id").and_then(EntryId::from_hex);
    let id = id.ok_or(SkipReason::NotAnEntry)?;
    let kind = text_at("kind").and_then(Kind::named);
    let kind = kind.ok_or(SkipReason::NotAnEntry)?;
    let text = text_at("text").ok_or(SkipReason::NotAnEntry)?;
    let clean = text.replace('\0', "");
    if clean.len() > limits::TEXT_LEN_MAX {
        return Err(SkipReason::TooLong);
    }
    let whole = |name: &str| object.get(name).and_then(Value::as_i64);
    Ok(Incoming {
        source: format!("sidelight:{}", id.to_hex()),
        original: Some(id),
        kind,
        date: text_at("date")
            .and_then(|day| date(day, whole("offset_minutes")?))
            .ok_or(SkipReason::NoDate)?,
        order: whole("order").and_then(|order| u32::try_from(order).ok()),
        cleaned: clean.len() < text.len(),
        text: clean,
        fields: match object.get("fields") {
            Some(Value::Object(fields)) => held(fields).ok_or(SkipReason::NotAnEntry)?,
            Some(_) => return Err(SkipReason::NotAnEntry),
            None => Vec::new(),
        },
        author: text_at("author").map(str::to_owned),
        attachments: 0,
        missing: 0,
    })
}

fn date(text: &str, offset_minutes: i64) -> Option<EntryDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let offset = i16::try_from(offset_minutes).ok()?;
    let date = EntryDate::new(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
        offset,
    );
    // Written as it is shown, and in no other way.
    date.ok().filter(|date| date.to_string() == text)
}

fn held(fields: &Map<String, Value>) -> Option<Vec<(String, FieldValue)>> {
    let one = |value: &Value| {
        Some(match value {
            Value::String(text) => FieldValue::Text(text.clone()),
            Value::Number(number) => FieldValue::Number(number.as_i64()?),
            Value::Bool(flag) => FieldValue::Flag(*flag),
            Value::Array(list) => {
                let list = list.iter().map(|one| one.as_str().map(str::to_owned));
                FieldValue::List(list.collect::<Option<_>>()?)
            }
            Value::Object(unknown) => {
                let bytes = unknown.get("unknown").and_then(Value::as_str)?;
                FieldValue::Unknown(BASE64.decode(bytes.as_bytes()).ok()?.into())
            }
            Value::Null => return None,
        })
    };
    let fields = fields.iter();
    fields
        .map(|(name, value)| Some((name.clone(), one(value)?)))
        .collect()
}
