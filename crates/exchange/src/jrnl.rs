//! What `jrnl --export json` writes: title and body, a local date and time, tags with their sign.

use std::io::Read;

use jiff::tz::TimeZone;
use serde_json::Value;
use sidelight_format::FieldValue;

use crate::entry::{source_of, tags};
use crate::read::{LEN_MAX, Taken};
use crate::{Format, Incoming, Place, ReadError, SkipReason, day, list};

pub(crate) fn read(
    from: impl Read,
    zone: &TimeZone,
    taken: &mut Taken<'_>,
) -> Result<(), ReadError> {
    let mut each =
        |value: Value| taken.show(entry(&value, zone), |number| Place::number(number, None));
    list::stream(from, LEN_MAX, Format::Jrnl, &mut |_, _| {}, &mut each).map(|_| ())
}

fn entry(entry: &Value, zone: &TimeZone) -> Result<Incoming, SkipReason> {
    let entry = entry.as_object().ok_or(SkipReason::NotAnEntry)?;
    let text_at = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let (title, body) = (text_at("title"), text_at("body"));
    let (date, time) = (text_at("date"), text_at("time"));
    let source = match text_at("uuid") {
        "" => source_of("jrnl", &[date, time, title, body]),
        uuid => format!("jrnl:{}", uuid.to_ascii_uppercase()),
    };
    let written = day::leading(date).and_then(|day| day::of_civil(day, day::time(time), zone));
    let written = written.ok_or(SkipReason::NoDate)?;
    let text = match (title.is_empty(), body.is_empty()) {
        (false, false) => format!("{title}\n{body}"),
        _ => format!("{title}{body}"),
    };
    let mut incoming = Incoming::moment(source, written, &text)?;
    let starred = entry.get("starred").and_then(Value::as_bool) == Some(true);
    incoming.say("starred", FieldValue::Flag(starred));
    let named = entry.get("tags").and_then(Value::as_array);
    let named = named.into_iter().flatten().filter_map(Value::as_str);
    let plain = named.map(|tag| tag.strip_prefix(['@', '#']).unwrap_or(tag));
    incoming.say("tags", tags(plain));
    Ok(incoming)
}
