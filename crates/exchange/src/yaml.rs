//! The front matter of Markdown files.
//!
//! What is written is JSON on a line behind each name, which YAML 1.2 holds whole, with more
//! characters escaped than JSON asks: those that YAML 1.1 takes for the end of a line or for
//! none, so that older readers see the same text. What is read is YAML, without aliases, which
//! can grow without bound, and within a depth and a length.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// How long front matter may be.
pub(crate) const LEN_MAX: usize = 256 * 1024;

/// How deep lists and maps may stand in each other.
const DEPTH_MAX: usize = 8;

/// A value on one line.
pub(crate) fn line(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                line.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => line.push(c),
        }
    }
    line
}

/// Reads one map; none for whatever is no such thing.
pub(crate) fn map(text: &str) -> Option<Map<String, Value>> {
    if text.len() > LEN_MAX {
        return None;
    }
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let value = match event.ok()?.0 {
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                None
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingEnd | Event::SequenceEnd => Some(open.pop()?.whole()?),
            Event::Scalar(text, style, _, _) => Some(scalar(&text, style)),
            Event::Alias(_) => return None,
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => None,
        };
        if open.len() > DEPTH_MAX {
            return None;
        }
        match (value, open.last_mut()) {
            (Some(value), Some(last)) => last.take(value),
            (Some(Value::Object(map)), None) => return Some(map),
            (Some(_), None) => return None,
            (None, _) => {}
        }
    }
    None
}

/// A list or map whose end has not come.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Open {
    fn take(&mut self, value: Value) {
        match self {
            Self::List(list) => list.push(value),
            Self::Map(map, name) => match (name.take(), value) {
                (Some(name), value) => {
                    map.insert(name, value);
                }
                (None, Value::String(text)) => *name = Some(text),
                // A name that is a number, or something stranger.
                (None, other) => *name = Some(other.to_string()),
            },
        }
    }

    fn whole(self) -> Option<Value> {
        match self {
            Self::List(list) => Some(Value::Array(list)),
            Self::Map(map, None) => Some(Value::Object(map)),
            Self::Map(_, Some(_)) => None,
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        text => match text.parse::<i64>() {
            // 007 and +1 are somebody's text; what is written as a number is written like this.
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    }
}
