//! Markdown files with front matter, one entry each: ours, and those of others.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use sidelight_format::{EntryDate, FieldValue};

use crate::entry::{source_of, tags};
use crate::html::Labels;
use crate::{Found, Incoming, Outgoing, Place, SkipReason, day, json, yaml};

/// What names our own files in their front matter.
const OWN: &str = "sidelight";

/// The endings of files that are read.
pub const ENDINGS: [&str; 3] = ["md", "markdown", "txt"];

/// How much of a file is read at most: more than an entry and its front matter can hold.
pub const FILE_LEN_MAX: usize = 1024 * 1024;

/// The folder and the name of an entry's file. Nothing of it comes from a text, a name or
/// another program: digits and hyphens, the day first, so that files sort as entries do.
pub fn path(entry: &Outgoing<'_>) -> (String, String) {
    let date = entry.rendered.date;
    let id = entry.id.to_hex();
    let name = format!("{date}-{:04}-{}.md", entry.rendered.day_order, &id[..16]);
    (format!("{:04}", date.year()), name)
}

/// An entry's file.
///
/// The text stands in it so that whatever shows it shows text: `<`, `&` and the beginning of an
/// image are written as character references. So nothing in it, which may be the partner's,
/// runs or is fetched when the file is opened; [`read`] takes that back.
///
/// Fields stand in it as entries hold them. Of words that were chosen from a list, comments say
/// what they are called in the language of `labels`; to a program they are nothing.
pub fn file(entry: &Outgoing<'_>, labels: &Labels) -> String {
    let mut object = json::object(entry);
    object.remove("text");
    let mut file = format!("---\n{OWN}: {}\n", json::VERSION);
    // What other programs know comes first, where people look.
    for name in ["date", "tags", "author"] {
        let value = match name {
            "tags" => object
                .get("fields")
                .and_then(|fields| fields.get("tags"))
                .cloned(),
            name => object.remove(name),
        };
        if let Some(value) = value {
            file.push_str(&format!("{name}: {}\n", yaml::line(&value)));
        }
    }
    for (name, value) in &object {
        file.push_str(&format!("{name}: {}\n", yaml::line(value)));
    }
    file.push_str(&chosen(entry, labels));
    format!("{file}---\n\n{}\n", inert(&entry.rendered.text))
}

/// Comments with what was chosen from lists, one for each field. Nothing in them is what somebody
/// typed.
fn chosen(entry: &Outgoing<'_>, labels: &Labels) -> String {
    let mut comments = String::new();
    for (name, value) in &entry.rendered.fields {
        let words = match value {
            FieldValue::Text(word) => core::slice::from_ref(word),
            FieldValue::List(words) => words,
            _ => &[],
        };
        let called = words.iter().filter_map(|word| labels.choice(name, word));
        let called: Vec<_> = called.collect();
        if !called.is_empty() {
            let comment = format!("{}: {}", labels.name("field", name), called.join("; "));
            // A label that somebody made has one line, too.
            let comment = comment.replace(char::is_control, " ");
            comments.push_str(&format!("# {comment}\n"));
        }
    }
    comments
}

/// Reads one file of a folder. `path` is its place in the folder, with `/` between; days without
/// a zone are meant in `zone`. It is of the day in its front matter (`date` or `created`), or in
/// its name, or with which its first heading begins. A file longer than [`FILE_LEN_MAX`] is left
/// out; no more of it than one byte beyond needs to be given.
pub fn read(path: &str, bytes: &[u8], zone: &TimeZone) -> Found {
    Found::of(entry(path, bytes, zone), || Place::file(path))
}

fn entry(path: &str, bytes: &[u8], zone: &TimeZone) -> Result<Incoming, SkipReason> {
    if bytes.len() > FILE_LEN_MAX {
        return Err(SkipReason::TooLong);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let whole = core::str::from_utf8(bytes).map_err(|_| SkipReason::NotText)?;
    let (front, body) = divide(whole);
    if front.contains_key(OWN) {
        let mut object = front;
        // As some editor may have left it.
        let body = body.replace("\r\n", "\n");
        let text = body.strip_prefix('\n').unwrap_or(&body);
        let text = text.strip_suffix('\n').unwrap_or(text);
        object.insert("text".to_owned(), active(text).into());
        return json::incoming(&object);
    }
    let date = dated(&front, path, body, zone).ok_or(SkipReason::NoDate)?;
    let body = body.trim_start_matches(['\n', '\r']).trim_end();
    let title = named(&front, &["title"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = match body {
        body if title.is_empty() || body.contains(title) => body.to_owned(),
        body => format!("# {title}\n\n{body}").trim_end().to_owned(),
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    // With what it says: a file of the same name in another folder is another entry.
    let mut incoming = Incoming::moment(source_of("markdown", &[name, whole]), date, &text)?;
    let said = match named(&front, &["tags", "tag", "keywords"]) {
        Some(Value::Array(list)) => tags(list.iter().filter_map(Value::as_str)),
        Some(Value::String(list)) if list.contains(',') => tags(list.split(',')),
        Some(Value::String(list)) => tags(list.split_whitespace()),
        _ => FieldValue::List(Vec::new()),
    };
    let said = match said {
        FieldValue::List(list) => tags(list.iter().map(|tag| tag.trim_start_matches('#'))),
        other => other,
    };
    incoming.say("tags", said);
    Ok(incoming)
}

/// Front matter and what follows it.
fn divide(whole: &str) -> (Map<String, Value>, &str) {
    let rest = whole
        .strip_prefix("---\r\n")
        .or_else(|| whole.strip_prefix("---\n"));
    let Some(rest) = rest else {
        return (Map::new(), whole);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if at > yaml::LEN_MAX {
            break;
        }
        if matches!(line.trim_end(), "---" | "...") {
            // A line that divides, and no map above it, is part of a text.
            return match yaml::map(&rest[..at]) {
                Some(front) => (front, &rest[at + line.len()..]),
                None => (Map::new(), whole),
            };
        }
        at += line.len();
    }
    (Map::new(), whole)
}

/// What front matter says under one of several names, in whatever case.
fn named<'a>(front: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    let mut found = names.iter().filter_map(|name| {
        let mut said = front.iter();
        said.find(|(known, _)| known.eq_ignore_ascii_case(name))
    });
    found.next().map(|(_, value)| value)
}

fn dated(front: &Map<String, Value>, path: &str, body: &str, zone: &TimeZone) -> Option<EntryDate> {
    let said = named(front, &["date", "created", "created_at", "day"]).and_then(Value::as_str);
    if let Some(said) = said {
        if let Ok(moment) = said.parse::<jiff::Timestamp>() {
            let offset = jiff::fmt::temporal::Pieces::parse(said)
                .ok()?
                .to_numeric_offset();
            let there = offset.map_or(TimeZone::UTC, TimeZone::fixed);
            return day::of_moment(moment, there);
        }
        let time = said.get(11..).and_then(day::time);
        return day::of_civil(day::leading(said)?, time, zone);
    }
    let day = by_name(path).or_else(|| {
        let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
        let heading = lines.next().filter(|line| line.starts_with('#'))?;
        day::leading(heading.trim_start_matches('#').trim_start())
    })?;
    day::of_civil(day, None, zone)
}

/// The day in a file's name, or in those of its folders: `2026-08-01 walk.md`, `2026/08/01.md`.
fn by_name(path: &str) -> Option<Date> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    if let Some(day) = day::leading(name) {
        return Some(day);
    }
    let stem = name.split('.').next()?;
    let (month, year) = (parts.next()?, parts.next()?);
    let two = |part: &str| part.len() == 2;
    let folders = two(stem) && two(month) && year.len() == 4;
    day::leading(&folders.then(|| format!("{year}-{month}-{stem}"))?)
}

/// Text in which Markdown finds no HTML and no image.
fn inert(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace("![", "!&#91;").replace('\r', "&#13;")
}

/// What [`inert`] was given.
fn active(text: &str) -> String {
    let text = text.replace("&#13;", "\r").replace("!&#91;", "![");
    text.replace("&lt;", "<").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_inert_comes_back() {
        for text in [
            "",
            "&",
            "&amp;",
            "&amp;lt;",
            "<script>",
            "![x](y)",
            "!&#91;x",
            "&#13;",
            "a\r\nb\rc",
            "\\<b>",
            "!\\[",
            "&amp;#91;",
        ] {
            assert_eq!(active(&inert(text)), text, "{text}");
            assert!(
                !inert(text).contains(['<', '\r']) && !inert(text).contains("!["),
                "{text}"
            );
        }
    }
}
