//! What a text, an id, a date, a number and an address in a file may be.

use thiserror::Error;

use crate::{Date, Error as Sidelight, ErrorKind};

/// How many bytes a file may have. The library's own have less than a twentieth of it.
pub const FILE_LEN_MAX: usize = 1024 * 1024;

/// The only form of files there is.
pub(super) const FORMAT: u32 = 1;

const ID_LEN_MAX: usize = 64;
/// The longest tag that RFC 5646 asks to be supported.
const LOCALE_LEN_MAX: usize = 35;
const URL_LEN_MAX: usize = 400;
/// International numbers have at most 15 digits; the rest is room for spaces.
const NUMBER_LEN_MAX: usize = 24;

/// Where in a file something stands: the list, and the place in it, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(pub(super) &'static str, pub(super) usize);

impl core::fmt::Display for At {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.1 {
            0 => write!(f, "the {}", self.0),
            place => write!(f, "the {} number {place}", self.0),
        }
    }
}

/// Why a file is not used. It repeats nothing of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Defect {
    #[error("it has {len} bytes, and {FILE_LEN_MAX} is the most")]
    TooLong { len: usize },
    #[error("it is not the JSON that is expected, at line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("it has a later form than this version can read")]
    Newer,
    #[error("there is no file")]
    Nothing,
    #[error("its files are of different locales")]
    Locales,
    #[error("{at} has no proper {field}")]
    Field { at: At, field: &'static str },
    #[error("{at} has a {field} of more than {max} characters, or of none")]
    Length {
        at: At,
        field: &'static str,
        max: usize,
    },
    #[error("{at} has a control, a markup or an invisible character in its {field}")]
    Characters { at: At, field: &'static str },
    #[error("{at} has an id that was there before")]
    Twice { at: At },
    #[error("it has too many of: {what}, of which {max} is the most")]
    Many { what: &'static str, max: usize },
    #[error("it has nothing for places that it does not list, under the code ZZ")]
    Elsewhere,
}

impl From<Defect> for Sidelight {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::Newer => Self::new(
                ErrorKind::UpdateNeeded,
                format!("the file of words is not used: {defect}; update, then load it again"),
            ),
            _ => Self::invalid(format!(
                "the file of words is not used: {defect}; correct it, then load it again"
            )),
        }
    }
}

/// Reads a file of this form.
pub(super) fn parse<'a, T: serde::Deserialize<'a>>(file: &'a str) -> Result<T, Defect> {
    if file.len() > FILE_LEN_MAX {
        return Err(Defect::TooLong { len: file.len() });
    }
    // serde_json goes no deeper than 128 levels, also in what is ignored.
    serde_json::from_str(file).map_err(|error| Defect::Json {
        line: error.line(),
        column: error.column(),
    })
}

pub(super) fn format(found: u32) -> Result<(), Defect> {
    match found {
        FORMAT => Ok(()),
        0 => Err(Defect::Field {
            at: At("file", 0),
            field: "format",
        }),
        _ => Err(Defect::Newer),
    }
}

pub(super) fn count(what: &'static str, found: usize, max: usize) -> Result<(), Defect> {
    if found > max {
        return Err(Defect::Many { what, max });
    }
    Ok(())
}

/// One line of plain words, 1 to `max` characters.
pub(super) fn text(
    at: At,
    field: &'static str,
    text: String,
    max: usize,
) -> Result<String, Defect> {
    let len = text.chars().count();
    if len == 0 || len > max {
        return Err(Defect::Length { at, field, max });
    }
    if text.trim() != text {
        return Err(Defect::Field { at, field });
    }
    if text.chars().any(forbidden) || has_reference(&text) {
        return Err(Defect::Characters { at, field });
    }
    Ok(text)
}

/// Characters that break a line, act on a screen, turn the reading direction, hide, or begin
/// markup. The joiners U+200C and U+200D and the marks U+200E, U+200F and U+061C stay: some
/// scripts need them, and they end by themselves.
fn forbidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '<' | '>'
                | '\u{ad}' // soft hyphen
                | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // of no width
                | '\u{2028}' | '\u{2029}' // line and paragraph
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // direction
                | '\u{fff9}'..='\u{fffd}' // annotations, and what could not be decoded
                | '\u{e000}'..='\u{f8ff}' // private use
                | '\u{e0000}'..='\u{e007f}' // tags
        )
}

/// `&amp;`, `&#60;`: markup by another way. A lone `&` is none.
fn has_reference(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
        name.len() < rest.len() && name.starts_with(';')
    })
}

/// 1 to 64 of `a`–`z`, `0`–`9`, `-`, `_`, `.`.
pub(super) fn id(at: At, id: String) -> Result<String, Defect> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if id.is_empty() || id.len() > ID_LEN_MAX || !id.bytes().all(plain) {
        return Err(Defect::Field { at, field: "id" });
    }
    Ok(id)
}

/// Letters and digits in groups of up to eight, the first of letters: the outline of a language
/// tag.
pub(super) fn locale(at: At, field: &'static str, tag: String) -> Result<String, Defect> {
    let group = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let first = tag.split('-').next().unwrap_or_default();
    let language = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    if tag.len() > LOCALE_LEN_MAX || !language || !tag.split('-').all(group) {
        return Err(Defect::Field { at, field });
    }
    Ok(tag)
}

pub(super) fn date(at: At, field: &'static str, text: &str) -> Result<Date, Defect> {
    Date::parse(text, 0).map_err(|_| Defect::Field { at, field })
}

/// The two dates of a review, in their order.
pub(super) fn review(at: At, checked: &str, review: &str) -> Result<(Date, Date), Defect> {
    let (checked_on, review_by) = (
        date(at, "checked_on", checked)?,
        date(at, "review_by", review)?,
    );
    if review_by < checked_on {
        return Err(Defect::Field {
            at,
            field: "review_by",
        });
    }
    Ok((checked_on, review_by))
}

/// `https`, a host with a dot, and nothing that ends a quotation or hides the host.
pub(super) fn url(at: At, field: &'static str, url: String) -> Result<String, Defect> {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'`<>\\^{|}".contains(&b);
    let host = url
        .strip_prefix("https://")
        .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let good = host.is_some_and(|host| {
        host.contains('.')
            && !host.starts_with('.')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
    });
    if !good || url.len() > URL_LEN_MAX || !url.bytes().all(plain) {
        return Err(Defect::Field { at, field });
    }
    Ok(url)
}

/// Digits, with spaces and what usually stands between them. None of `*`, `#`, `,` and `;`, with
/// which a dialled number could set a telephone or go on by itself.
pub(super) fn number(at: At, number: String) -> Result<String, Defect> {
    let plain = |b: u8| b.is_ascii_digit() || b" +-()".contains(&b);
    let good = number.len() <= NUMBER_LEN_MAX
        && number.bytes().all(plain)
        && number.bytes().any(|b| b.is_ascii_digit())
        && number.trim() == number;
    if !good {
        return Err(Defect::Field { at, field: "to" });
    }
    Ok(number)
}

/// Past its review; or before it was checked, so that the clock cannot be right.
pub(super) fn stale(on: Date, checked_on: Date, review_by: Date) -> bool {
    let day = |date: Date| (date.year, date.month, date.day);
    day(on) > day(review_by) || day(on) < day(checked_on)
}
