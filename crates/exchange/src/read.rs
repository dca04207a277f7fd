//! One file in, entry after entry.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use jiff::tz::TimeZone;
use serde_json::Value;
use sidelight_format::digest;

use crate::list::{self, Flow};
use crate::{Format, Found, Incoming, Place, ReadError, SkipReason};
use crate::{archive, day_one, daylio, jrnl, json};

/// How long a file may be, unpacked: some 250 years of diary. A few kilobytes of gzip can
/// unpack to more than any disk holds.
pub const LEN_MAX: u64 = 256 * 1024 * 1024;

/// How many entries a file may have: some 130 a day for 20 years. Their ids are held while it
/// is read.
pub const ENTRIES_MAX: usize = 1_000_000;

/// How much of a file is looked at to tell what it is.
const LOOK: u64 = 4096;

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What made the file; none to find out.
    pub format: Option<Format>,
    /// The zone in which days and times are meant that come without one.
    pub zone: &'a TimeZone,
}

/// Reads a file from its beginning to its end, whichever way it is packed, and shows each entry
/// to `take` until that says no. Returns what it is. Holds one entry at a time, and the ids of
/// those that were shown; of a table, where each row is.
///
/// A folder of Markdown files is not read here, but file by file with [`markdown::read`](crate::markdown::read).
///
/// # Errors
/// [`ReadError`]. What was shown until then was right, but is not all; whoever writes it reads
/// to the end first.
pub fn read(
    mut from: impl Read + Seek,
    options: &Options<'_>,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<Format, ReadError> {
    let mut beginning = Vec::new();
    from.by_ref().take(LOOK).read_to_end(&mut beginning)?;
    let is_zip = matches!(beginning.as_slice(), [b'P', b'K', 3 | 5, 4 | 6, ..]);
    // A zip file is long by what lies beside its journals.
    if from.seek(SeekFrom::End(0))? > LEN_MAX && !is_zip {
        return Err(ReadError::TooLong);
    }
    from.seek(SeekFrom::Start(0))?;
    let mut taken = Taken::new(take);
    match beginning.as_slice() {
        _ if is_zip => {
            only(options.format, Format::DayOne)?;
            archive::read(from, LEN_MAX, &mut taken)?;
            Ok(Format::DayOne)
        }
        [0x1f, 0x8b, ..] => {
            let format = match options.format {
                Some(format) => format,
                None => {
                    let format = which(MultiGzDecoder::new(BufReader::new(&mut from)))?;
                    from.seek(SeekFrom::Start(0))?;
                    format
                }
            };
            json_file(
                MultiGzDecoder::new(BufReader::new(from)),
                format,
                options,
                &mut taken,
            )?;
            Ok(format)
        }
        beginning => {
            let format = match (options.format, daylio::is_header(beginning)) {
                (Some(format), _) => format,
                (None, true) => Format::Daylio,
                (None, false) => {
                    let format = which(&mut from)?;
                    from.seek(SeekFrom::Start(0))?;
                    format
                }
            };
            if format == Format::Daylio {
                daylio::read(from, options.zone, &mut taken)?;
            } else {
                json_file(from, format, options, &mut taken)?;
            }
            Ok(format)
        }
    }
}

fn only(said: Option<Format>, is: Format) -> Result<(), ReadError> {
    match said {
        Some(said) if said != is => Err(ReadError::NotThis {
            format: said,
            why: "it is a zip file".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn json_file(
    from: impl Read,
    format: Format,
    options: &Options<'_>,
    taken: &mut Taken<'_>,
) -> Result<(), ReadError> {
    match format {
        Format::Sidelight => json::read(from, taken),
        Format::DayOne => day_one::read(from, LEN_MAX, None, taken).map(|_| ()),
        Format::Jrnl => jrnl::read(from, options.zone, taken),
        format @ (Format::Daylio | Format::Markdown) => Err(ReadError::NotThis {
            format,
            why: "it is something else".to_owned(),
        }),
    }
}

/// What a file of JSON is, by its head and its first entry.
fn which(from: impl Read) -> Result<Format, ReadError> {
    let mut reader = BufReader::new(from.take(LEN_MAX));
    list::skip_mark(&mut reader)?;
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let begins = reader.fill_buf()?.iter().find(|byte| !blank(byte));
    // An object that begins after more blanks than a buffer holds is nobody's.
    if begins != Some(&b'{') {
        return Err(ReadError::Unrecognised);
    }
    let (mut own, mut first) = (false, None);
    let mut head = |name: &str, value: Value| own |= name == "format" && value == "sidelight";
    let mut each = |entry: Value| {
        first = Some(entry);
        Flow::Stop
    };
    list::stream(reader, LEN_MAX, Format::DayOne, &mut head, &mut each)?;
    let has = |name| {
        first
            .as_ref()
            .is_some_and(|entry| entry.get(name).is_some())
    };
    // Some programs sort what they pass on, and the head comes last.
    Ok(if own || (has("kind") && has("offset_minutes")) {
        Format::Sidelight
    } else if has("title") && has("body") {
        Format::Jrnl
    } else {
        Format::DayOne
    })
}

/// Whom entries are shown to, and which were shown.
pub(crate) struct Taken<'a> {
    take: &'a mut dyn FnMut(Found) -> bool,
    seen: BTreeSet<[u8; 16]>,
    number: u64,
}

impl<'a> Taken<'a> {
    pub(crate) fn new(take: &'a mut dyn FnMut(Found) -> bool) -> Self {
        Self {
            take,
            seen: BTreeSet::new(),
            number: 0,
        }
    }

    /// Shows one, unless it was shown before. `place` gets its number in the file.
    pub(crate) fn show(
        &mut self,
        found: Result<Incoming, SkipReason>,
        place: impl FnOnce(u64) -> Place,
    ) -> Flow {
        self.number += 1;
        let found = found.and_then(|entry| {
            let hash = digest("import seen", &[entry.source.as_bytes()]);
            let mut short = [0; 16];
            short.copy_from_slice(&hash[..16]);
            match self.seen.insert(short) {
                true => Ok(entry),
                false => Err(SkipReason::Repeated),
            }
        });
        let number = self.number;
        if !(self.take)(Found::of(found, || place(number))) {
            Flow::Stop
        } else if self.number > ENTRIES_MAX as u64 {
            Flow::TooMany
        } else {
            Flow::On
        }
    }
}
