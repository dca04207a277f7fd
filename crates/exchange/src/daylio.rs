//! Daylio's table (CSV): a mood in its writer's own word, activities, and sometimes a note.
//!
//! It stands the newest first. So it is read twice: once for where each row is and when it is of,
//! then row by row in the order in which they were written.

use std::io::{Read, Seek};

use csv::{ByteRecord, Position, Reader, ReaderBuilder};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use sidelight_format::FieldValue;

use crate::entry::{source_of, tags};
use crate::list::Flow;
use crate::read::{ENTRIES_MAX, Taken};
use crate::{Format, Incoming, Place, ReadError, SkipReason, day};

/// Where the columns are that matter; the others repeat the day in other words.
struct Columns {
    all: usize,
    day: usize,
    time: Option<usize>,
    mood: usize,
    activities: Option<usize>,
    title: Option<usize>,
    note: Option<usize>,
}

/// Whether a file begins as Daylio's do.
pub(crate) fn is_header(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let line = beginning.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = line.unwrap_or_default();
    let names: Vec<_> = line.split(|byte| matches!(byte, b',' | b';')).collect();
    let has = |name: &[u8]| {
        let mut names = names.iter().map(|name| name.trim_ascii());
        names.any(|known| {
            known
                .strip_prefix(b"\"")
                .map_or(known, |known| &known[..known.len().saturating_sub(1)])
                == name
        })
    };
    has(b"mood") && (has(b"full_date") || has(b"activities"))
}

/// A row of the first reading.
struct Row {
    when: Option<(Date, Time)>,
    /// Counted as programs that show tables do, from the header on.
    number: u64,
    at: Position,
}

pub(crate) fn read(
    from: impl Read + Seek,
    zone: &TimeZone,
    taken: &mut Taken<'_>,
) -> Result<(), ReadError> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(from);
    let columns = columns(reader.byte_headers().map_err(|error| unreadable(&error))?)?;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    loop {
        let at = reader.position().clone();
        if !reader
            .read_byte_record(&mut record)
            .map_err(|error| unreadable(&error))?
        {
            break;
        }
        if rows.len() >= ENTRIES_MAX {
            return Err(ReadError::TooLong);
        }
        let field = |column: usize| core::str::from_utf8(record.get(column)?).ok();
        let time = columns.time.and_then(field).and_then(day::time);
        let day = field(columns.day).and_then(day::leading);
        let when = day.map(|day| (day, time.unwrap_or(Time::midnight())));
        let number = rows.len() as u64 + 2;
        rows.push(Row { when, number, at });
    }
    // Rows of one minute stand the newest first, too.
    rows.reverse();
    rows.sort_by_key(|row| row.when);
    for row in rows {
        let found = match fetch(&mut reader, row.at, &mut record) {
            Ok(()) => entry(&record, &columns, row.when, zone),
            Err(error) => return Err(unreadable(&error)),
        };
        match taken.show(found, |_| Place::row(row.number)) {
            Flow::On => {}
            Flow::Stop => break,
            Flow::TooMany => return Err(ReadError::TooLong),
        }
    }
    Ok(())
}

fn fetch(
    reader: &mut Reader<impl Read + Seek>,
    at: Position,
    into: &mut ByteRecord,
) -> csv::Result<()> {
    reader.seek(at)?;
    reader.read_byte_record(into).map(|_| ())
}

fn columns(header: &ByteRecord) -> Result<Columns, ReadError> {
    let not_this = |why: &str| ReadError::NotThis {
        format: Format::Daylio,
        why: why.to_owned(),
    };
    let place = |name: &[u8]| {
        let mut names = header
            .iter()
            .map(|name| name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name));
        names.position(|known| known.trim_ascii() == name)
    };
    Ok(Columns {
        all: header.len(),
        day: place(b"full_date").ok_or_else(|| {
            not_this("it has no column full_date, as older versions of Daylio export it")
        })?,
        time: place(b"time"),
        mood: place(b"mood").ok_or_else(|| not_this("it has no column mood"))?,
        activities: place(b"activities"),
        title: place(b"note_title"),
        note: place(b"note"),
    })
}

fn entry(
    record: &ByteRecord,
    columns: &Columns,
    when: Option<(Date, Time)>,
    zone: &TimeZone,
) -> Result<Incoming, SkipReason> {
    // A row that is cut off, or of another table.
    if record.len() < columns.all {
        return Err(SkipReason::NotAnEntry);
    }
    let field = |column: Option<usize>| match column.and_then(|column| record.get(column)) {
        Some(bytes) => core::str::from_utf8(bytes)
            .map(str::trim)
            .map_err(|_| SkipReason::NotText),
        None => Ok(""),
    };
    let (mood, activities) = (field(Some(columns.mood))?, field(columns.activities)?);
    let (title, note) = (field(columns.title)?, field(columns.note)?);
    let (day, time) = when.ok_or(SkipReason::NoDate)?;
    let date = day::of_civil(day, Some(time), zone).ok_or(SkipReason::NoDate)?;

    let done: Vec<_> = activities
        .split('|')
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .collect();
    // Many rows are taps alone. What was tapped is then what was said.
    let text = match (title, note) {
        ("", "") if done.is_empty() => mood.to_owned(),
        ("", "") => [mood, &done.join(", ")].join("\n").trim().to_owned(),
        ("", said) | (said, "") => said.to_owned(),
        (title, note) => format!("{title}\n\n{note}"),
    };
    let when = format!("{day} {time}");
    let source = source_of("daylio", &[&when, mood, activities, title, note]);
    let mut incoming = Incoming::moment(source, date, &text)?;
    incoming.say("mood", FieldValue::Text(mood.replace('\0', "")));
    incoming.say("tags", tags(done));
    Ok(incoming)
}

fn unreadable(error: &csv::Error) -> ReadError {
    match error.kind() {
        csv::ErrorKind::Io(error) => ReadError::Io(error.kind()),
        _ => ReadError::Damaged,
    }
}
