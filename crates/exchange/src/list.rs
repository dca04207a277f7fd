//! JSON files with one object, in which a list of entries stands: streamed, one entry at a time.

use core::fmt;
use std::io::{self, BufReader, Read};

use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{Format, ReadError};

/// What whoever is shown an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next one.
    On,
    /// No more: nobody listens.
    Stop,
    /// No more: there are too many.
    TooMany,
}

/// A reader that ends with an error when too much comes.
pub(crate) struct Short<R> {
    from: R,
    pub(crate) left: u64,
    pub(crate) over: bool,
}

impl<R> Short<R> {
    pub(crate) fn new(from: R, len_max: u64) -> Self {
        Self {
            from,
            left: len_max,
            over: false,
        }
    }
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

/// Shows what stands at `format` and `version` to `head`, and each of `entries` to `each`, until
/// that has enough. Returns how many bytes of `len_max` are left.
pub(crate) fn stream(
    from: impl Read,
    len_max: u64,
    format: Format,
    head: &mut dyn FnMut(&str, Value),
    each: &mut dyn FnMut(Value) -> Flow,
) -> Result<u64, ReadError> {
    let mut short = Short::new(from, len_max);
    let (mut stopped, mut found_list) = (Flow::On, false);
    let mut reader = BufReader::with_capacity(64 * 1024, &mut short);
    let marked = skip_mark(&mut reader);
    let mut json = serde_json::Deserializer::from_reader(reader);
    let parsed = (&mut json)
        .deserialize_map(Root {
            head,
            entries: Entries {
                each,
                stopped: &mut stopped,
            },
            found_list: &mut found_list,
        })
        .and_then(|()| json.end());
    drop(json);
    let not_this = |why: String| Err(ReadError::NotThis { format, why });
    match parsed {
        _ if stopped == Flow::Stop => Ok(short.left),
        _ if stopped == Flow::TooMany || short.over => Err(ReadError::TooLong),
        _ if marked.is_err() => Err(ReadError::Damaged),
        Ok(()) if found_list => Ok(short.left),
        Ok(()) => not_this("it has no list of entries".to_owned()),
        Err(error) => match error.classify() {
            serde_json::error::Category::Io => Err(io::Error::from(error).into()),
            serde_json::error::Category::Eof => Err(ReadError::CutOff),
            serde_json::error::Category::Syntax => {
                not_this(format!("line {} is not JSON", error.line()))
            }
            serde_json::error::Category::Data => {
                not_this(format!("line {} holds something else", error.line()))
            }
        },
    }
}

/// Passes over the mark that some programs put before UTF-8.
pub(crate) fn skip_mark(reader: &mut impl io::BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// The file's one object.
struct Root<'a> {
    head: &'a mut dyn FnMut(&str, Value),
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
            match name.as_str() {
                "entries" => {
                    map.next_value_seed(&mut self.entries)?;
                    *self.found_list = true;
                }
                "format" | "version" => (self.head)(&name, map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list of entries, shown one by one and never held.
struct Entries<'a> {
    each: &'a mut dyn FnMut(Value) -> Flow,
    stopped: &'a mut Flow,
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
            *self.stopped = (self.each)(entry);
            if *self.stopped != Flow::On {
                return Err(de::Error::custom("stopped before the end"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_without_end_is_given_up_at_the_limit() {
        let read = |from: &mut dyn Read, len_max| {
            stream(from, len_max, Format::DayOne, &mut |_, _| {}, &mut |_| {
                Flow::On
            })
        };
        let mut endless = br#"{"entries":[],"x":""#.chain(io::repeat(b'x'));
        assert_eq!(read(&mut endless, 1 << 20), Err(ReadError::TooLong));
        let within = br#"{"entries":[1]}"#;
        assert_eq!(read(&mut within.as_slice(), 15), Ok(0));
        assert_eq!(read(&mut within.as_slice(), 14), Err(ReadError::TooLong));
    }
}
