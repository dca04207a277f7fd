//! What Day One exports: a list of entries as JSON, and beside it, in a zip file, their media.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::Value;
use sidelight_format::{FieldValue, digest};

use crate::day;
use crate::entry::tags;
use crate::list::{self, Flow};
use crate::read::Taken;
use crate::{Format, Incoming, Place, ReadError, SkipReason};

/// The lists of an entry that name files beside the JSON, and the folders of those.
const MEDIA: [(&str, &str); 4] = [
    ("photos", "photos"),
    ("videos", "videos"),
    ("audios", "audios"),
    ("pdfAttachments", "pdfs"),
];

/// How many media of one entry are noted; the others are only counted.
const MEDIA_MAX: usize = 64;

/// What lies beside the JSON: the folder and the name without its ending of each file.
pub(crate) type Beside = BTreeSet<(&'static str, String)>;

/// The folder of a kind of media, and the name without its ending.
pub(crate) fn media(path: &str) -> Option<(&'static str, String)> {
    let (folder, name) = path.rsplit_once('/')?;
    let folder = folder.rsplit('/').next()?;
    let (_, folder) = MEDIA.iter().find(|(_, known)| *known == folder)?;
    let stem = name.split('.').next()?;
    Some((folder, stem.to_ascii_lowercase()))
}

/// Reads one file of JSON, whose name is given if it is one of several in a zip file, with what
/// lies beside it. Returns how many of `len_max` bytes are left, and whether more is listened to.
pub(crate) fn read(
    from: impl Read,
    len_max: u64,
    inside: Option<(&str, &Beside)>,
    taken: &mut Taken<'_>,
) -> Result<(u64, bool), ReadError> {
    let mut listens = true;
    let mut number = 0;
    let mut each = |value: Value| {
        number += 1;
        let place = |_| Place::number(number, inside.map(|(name, _)| name));
        let flow = taken.show(entry(&value, inside.map(|(_, beside)| beside)), place);
        listens &= flow != Flow::Stop;
        flow
    };
    let left = list::stream(from, len_max, Format::DayOne, &mut |_, _| {}, &mut each)?;
    Ok((left, listens))
}

fn entry(entry: &Value, beside: Option<&Beside>) -> Result<Incoming, SkipReason> {
    let entry = entry.as_object().ok_or(SkipReason::NotAnEntry)?;
    let text_at = |name: &str| entry.get(name).and_then(Value::as_str);
    let text = text_at("text").unwrap_or_default();
    let created = text_at("creationDate").unwrap_or_default();
    let id = match text_at("uuid") {
        Some(uuid) if !uuid.is_empty() => uuid.to_ascii_uppercase(),
        // Older versions may give none: what it says, and when, is then what it is.
        _ => {
            let hash = digest("day one entry", &[created.as_bytes(), text.as_bytes()]);
            data_encoding::HEXLOWER.encode(&hash)
        }
    };
    let date = date(created, text_at("timeZone")).ok_or(SkipReason::NoDate)?;
    let mut incoming = Incoming::moment(format!("dayone:{id}"), date, text)?;
    let starred = entry.get("starred").and_then(Value::as_bool) == Some(true);
    incoming.say("starred", FieldValue::Flag(starred));
    let list = |name: &str| entry.get(name).and_then(Value::as_array).map(Vec::as_slice);
    let named = list("tags").unwrap_or_default();
    incoming.say("tags", tags(named.iter().filter_map(Value::as_str)));

    let mut noted = Vec::new();
    for (name, folder) in MEDIA {
        for medium in list(name).unwrap_or_default() {
            incoming.attachments = incoming.attachments.saturating_add(1);
            let word = |name| {
                let word = medium.get(name).and_then(Value::as_str)?;
                let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
                (plain && (1..=64).contains(&word.len())).then(|| word.to_ascii_lowercase())
            };
            let Some(md5) = word("md5") else { continue };
            if beside.is_some_and(|beside| !beside.contains(&(folder, md5.clone()))) {
                incoming.missing = incoming.missing.saturating_add(1);
            }
            let kind = word("type").map_or(String::new(), |kind| format!(".{kind}"));
            noted.push(format!("{folder}/{md5}{kind}"));
        }
    }
    noted.sort();
    noted.dedup();
    noted.truncate(MEDIA_MAX);
    incoming.say("media", FieldValue::List(noted));
    incoming.fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(incoming)
}

/// The civil day of a moment where its writer was.
fn date(created: &str, zone: Option<&str>) -> Option<sidelight_format::EntryDate> {
    let zone = zone.and_then(day::zone).unwrap_or(jiff::tz::TimeZone::UTC);
    day::of_moment(created.parse().ok()?, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(created: &str, zone: Option<&str>) -> Option<(String, i16)> {
        date(created, zone).map(|date| (date.to_string(), date.offset_minutes()))
    }

    #[test]
    fn the_day_is_that_of_the_writers_zone() {
        let late = "2024-07-01T23:30:00Z";
        assert_eq!(day(late, None), Some(("2024-07-01".to_owned(), 0)));
        assert_eq!(
            day(late, Some("Europe/Berlin")),
            Some(("2024-07-02".to_owned(), 120))
        );
        assert_eq!(
            day(late, Some("GMT+0530")),
            Some(("2024-07-02".to_owned(), 330))
        );
        assert_eq!(
            day(late, Some("GMT-08:00")),
            Some(("2024-07-01".to_owned(), -480))
        );
        // A zone that nobody knows is no reason to lose the entry.
        assert_eq!(
            day(late, Some("Mars/Olympus")),
            Some(("2024-07-01".to_owned(), 0))
        );
        // Local mean time was 75 seconds behind: the evening before.
        assert_eq!(
            day("1660-01-11T00:00:30Z", Some("Europe/London")),
            Some(("1660-01-10".to_owned(), -1))
        );
    }

    #[test]
    fn a_day_that_no_entry_can_hold_is_none() {
        for created in [
            "",
            "yesterday",
            "0000-12-31T00:00:00Z",
            "-000001-01-01T00:00:00Z",
        ] {
            assert_eq!(day(created, None), None, "{created}");
        }
        // The last evening of the year 9999, further east.
        assert_eq!(day("9999-12-31T23:00:00Z", Some("Asia/Tokyo")), None);
    }
}
