//! The JSON files that Day One exports.

use core::fmt;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use sidelight_format::{digest, limits};

use crate::records::{Draft, Field, FieldValue, SkipReason};
use crate::{Date, Error, ErrorKind};

/// How long a file may be, unpacked: some 250 years of diary. A few kilobytes of gzip can
/// unpack to more than any disk holds.
const LEN_MAX: u64 = 256 * 1024 * 1024;

/// How many entries a file may have: some 130 a day for 20 years. Their ids are held while it is read.
const ENTRIES_MAX: usize = 1_000_000;

/// What a file holds at one place of its list.
pub(crate) enum Found {
    /// An entry that can be written, and whether it lost NUL characters.
    Entry { draft: Draft, cleaned: bool },
    /// One that cannot.
    Skipped(SkipReason),
}

/// Reads a file from beginning to end, whichever way it is packed, and shows each entry to
/// `take` until that says no.
pub(crate) fn read(
    path: &Path,
    shared: bool,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<(), Error> {
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(Error::invalid(
            "this is a folder; give the JSON file in it, as Journal.json",
        ));
    }
    if metadata.is_file() && metadata.len() > LEN_MAX {
        return Err(too_long());
    }
    let mut magic = Vec::new();
    let begun = file.by_ref().take(4).read_to_end(&mut magic);
    begun.map_err(|error| unreadable(&error))?;
    let whole = io::Cursor::new(magic.clone()).chain(file);
    match magic.as_slice() {
        [0x1f, 0x8b, ..] => {
            let unpacked = MultiGzDecoder::new(BufReader::new(whole));
            parse(unpacked, LEN_MAX, shared, take)
        }
        [b'P', b'K', 3, 4] => Err(Error::invalid(
            "this is a zip file; unpack it and give the JSON file in it, as Journal.json",
        )),
        _ => parse(whole, LEN_MAX, shared, take),
    }
}

fn parse(
    from: impl Read,
    len_max: u64,
    shared: bool,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<(), Error> {
    let mut short = Short {
        from,
        left: len_max,
        over: false,
    };
    let mut stopped = None;
    let mut found_list = false;
    let reader = BufReader::with_capacity(64 * 1024, &mut short);
    let mut json = serde_json::Deserializer::from_reader(reader);
    let parsed = (&mut json)
        .deserialize_map(Root {
            entries: Entries {
                seen: HashSet::new(),
                shared,
                take,
                stopped: &mut stopped,
            },
            found_list: &mut found_list,
        })
        .and_then(|()| json.end());
    drop(json);
    match parsed {
        _ if stopped == Some(Stop::NobodyListens) => Ok(()),
        _ if stopped == Some(Stop::TooMany) || short.over => Err(too_long()),
        Ok(()) if found_list => Ok(()),
        Ok(()) => Err(not_day_one("it has no list of entries")),
        Err(error) => match error.classify() {
            serde_json::error::Category::Io => Err(unreadable(&error.into())),
            serde_json::error::Category::Eof => Err(Error::invalid(
                "this file is cut off; export it again from Day One, as JSON",
            )),
            serde_json::error::Category::Syntax => Err(not_day_one("it is not JSON")),
            serde_json::error::Category::Data => Err(not_day_one("it holds something else")),
        },
    }
}

/// A reader that ends with an error when too much comes.
struct Short<R> {
    from: R,
    left: u64,
    over: bool,
}

impl<R: Read> Read for Short<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                self.over = true;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(read)
    }
}

/// The file's one object, of which only `entries` matters.
struct Root<'a> {
    entries: Entries<'a>,
    found_list: &'a mut bool,
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with entries")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "entries" {
                map.next_value_seed(&mut self.entries)?;
                *self.found_list = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Why reading stopped before the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    NobodyListens,
    TooMany,
}

/// The list of entries, shown one by one and never held.
struct Entries<'a> {
    seen: HashSet<[u8; 32]>,
    shared: bool,
    take: &'a mut dyn FnMut(Found) -> bool,
    stopped: &'a mut Option<Stop>,
}

impl<'de> DeserializeSeed<'de> for &mut Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<Value>()? {
            let found = self.found(&entry);
            let stop = if !(self.take)(found) {
                Stop::NobodyListens
            } else if self.seen.len() > ENTRIES_MAX {
                Stop::TooMany
            } else {
                continue;
            };
            *self.stopped = Some(stop);
            return Err(de::Error::custom("stopped before the end"));
        }
        Ok(())
    }
}

impl Entries<'_> {
    fn found(&mut self, entry: &Value) -> Found {
        match self.draft(entry) {
            Ok((draft, cleaned)) => Found::Entry { draft, cleaned },
            Err(reason) => Found::Skipped(reason),
        }
    }

    fn draft(&mut self, entry: &Value) -> Result<(Draft, bool), SkipReason> {
        let entry = entry.as_object().ok_or(SkipReason::NotAnEntry)?;
        let text_at = |name: &str| entry.get(name).and_then(Value::as_str);
        let whole = text_at("text").unwrap_or_default();
        let created = text_at("creationDate").unwrap_or_default();
        let id = match text_at("uuid") {
            Some(uuid) if !uuid.is_empty() => uuid.to_ascii_uppercase(),
            // Older versions may give none: what it says, and when, is then what it is.
            _ => {
                let hash = digest("day one entry", &[created.as_bytes(), whole.as_bytes()]);
                data_encoding::HEXLOWER.encode(&hash)
            }
        };
        if !self.seen.insert(digest("day one id", &[id.as_bytes()])) {
            return Err(SkipReason::Repeated);
        }
        let text = whole.replace('\0', "");
        if text.trim().is_empty() {
            return Err(SkipReason::NoText);
        }
        if text.len() > limits::TEXT_LEN_MAX {
            return Err(SkipReason::TooLong);
        }
        let date = date(created, text_at("timeZone")).ok_or(SkipReason::NoDate)?;
        let mut fields = Vec::new();
        if entry.get("starred").and_then(Value::as_bool) == Some(true) {
            fields.push(Field {
                name: "starred".to_owned(),
                value: FieldValue::Flag(true),
            });
        }
        let tags = tags(entry.get("tags"));
        if !tags.is_empty() {
            fields.push(Field {
                name: "tags".to_owned(),
                value: FieldValue::List(tags),
            });
        }
        let cleaned = text.len() < whole.len();
        let draft = Draft {
            kind: "moment".to_owned(),
            text,
            date: Some(date),
            together: false,
            shared: self.shared,
            fields,
            source: Some(format!("dayone:{id}")),
        };
        Ok((draft, cleaned))
    }
}

/// The tags that an entry can hold: text of a length that is still a tag's.
fn tags(value: Option<&Value>) -> Vec<String> {
    /// More are not read by anybody.
    const TAGS_MAX: usize = 64;
    /// A line.
    const TAG_LEN_MAX: usize = 256;
    let list = value.and_then(Value::as_array).map(Vec::as_slice);
    let tags = list.unwrap_or_default().iter().filter_map(Value::as_str);
    tags.map(|tag| tag.replace('\0', ""))
        .filter(|tag| !tag.is_empty() && tag.len() <= TAG_LEN_MAX)
        .take(TAGS_MAX)
        .collect()
}

/// The civil day of a moment where its writer was.
fn date(created: &str, zone: Option<&str>) -> Option<Date> {
    let moment: Timestamp = created.parse().ok()?;
    let zone = zone.and_then(time_zone).unwrap_or(TimeZone::UTC);
    let date = Date::of(&moment.to_zoned(zone));
    date.checked().is_ok().then_some(date)
}

/// A zone by its name in the bundled database, or as Day One writes one without a name:
/// `GMT+0200`.
fn time_zone(name: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    let digits = name.strip_prefix("GMT")?;
    let (sign, digits) = match digits.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    let offset = Offset::from_seconds(sign * minutes * 60).ok()?;
    Some(TimeZone::fixed(offset))
}

fn not_day_one(why: &str) -> Error {
    Error::invalid(format!(
        "this is not what Day One exports ({why}); export from Day One as JSON, unpack it, and \
         give the JSON file"
    ))
}

fn too_long() -> Error {
    Error::invalid(
        "this file has more than 256 MiB, unpacked, or a million entries; export single journals \
         or years, and import them one by one",
    )
}

fn unreadable(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::not_found("there is no such file; check its name"),
        // What flate2 says of bytes that are not its own.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::invalid("this gzip file is damaged or cut off; export it again from Day One")
        }
        kind => Error::new(
            ErrorKind::Storage,
            format!("the file cannot be read ({kind}); check its permissions and the disk"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(created: &str, zone: Option<&str>) -> Option<(String, i16)> {
        date(created, zone).map(|date| (date.to_string(), date.offset_minutes))
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
    }

    #[test]
    fn what_unpacks_without_end_is_given_up_at_the_limit() {
        let endless = br#"{"entries":[],"x":""#.chain(io::repeat(b'x'));
        let error = parse(endless, 1 << 20, false, &mut |_| true).unwrap_err();
        assert_eq!(error, too_long());
        let within = br#"{"entries":[1]}"#.as_slice();
        assert_eq!(parse(within, 15, false, &mut |_| true), Ok(()));
        assert_eq!(parse(within, 14, false, &mut |_| true), Err(too_long()));
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
