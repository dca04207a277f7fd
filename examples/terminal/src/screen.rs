//! What comes from others, made safe for a terminal.
//!
//! A partner's text or name may hold escape sequences, which would move the cursor, rewrite what
//! stands above, set the clipboard or the window's title; and characters that turn the reading
//! direction, by which one text poses as another. Both are shown, not obeyed, wherever the output
//! goes: what is piped into a pager reaches a terminal too. `--json` and `export` keep every
//! character, written as `\u` escapes where it is one of these.

use std::fmt;

/// A text of one or more lines.
pub(crate) struct Text<'a>(pub(crate) &'a str);

/// A text that stands within a line, such as a name.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\n' | '\t' => fmt::Write::write_char(f, c),
            c => fmt::Write::write_char(f, shown(c)),
        })
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| fmt::Write::write_char(f, shown(c)))
    }
}

/// The first line of a text, at most `width` characters of it.
pub(crate) fn first_line(text: &str, width: usize) -> String {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("");
    let mut short: String = Line(line).to_string().chars().take(width).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    short
}

/// JSON in which no character acts on a terminal. serde_json escapes C0 itself; all others of
/// these can only stand within strings, where an escape means the same.
pub(crate) fn json(document: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(document)
        .expect("records of strings, numbers and lists have a form in JSON");
    if !text.chars().any(acts) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Control pictures for C0, and the sign for what cannot be shown for the rest.
fn shown(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        c if acts(c) => '\u{fffd}',
        c => c,
    }
}

/// Controls, and what turns the reading direction until it is ended: U+202A–202E, U+2066–2069.
/// (Right-to-left letters and the two marks U+200E and U+200F end by themselves.)
fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "a\x1b]52;c;aGk=\x07b\u{9b}2Jc\rd\u{202e}e\x7f\u{2066}";

    #[test]
    fn nothing_acts_on_the_terminal() {
        for shown in [
            Text(NASTY).to_string(),
            Line(NASTY).to_string(),
            first_line(NASTY, 60),
            json(&NASTY),
        ] {
            assert!(!shown.chars().any(acts), "{shown:?}");
            assert!(shown.contains('a') && shown.contains('e'), "{shown:?}");
        }
        assert_eq!(Line("a\tb\nc").to_string(), "a␉b␊c");
        assert_eq!(Text("a\tb\nc").to_string(), "a\tb\nc");
    }

    #[test]
    fn json_keeps_every_character() {
        let back: String = serde_json::from_str(&json(&NASTY)).unwrap();
        assert_eq!(back, NASTY);
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in ["שלום", "مرحبا", "👩‍👩‍👧 e\u{301}", "日本語"] {
            assert_eq!(Text(text).to_string(), text);
        }
    }

    #[test]
    fn a_first_line_is_short_and_says_if_there_is_more() {
        assert_eq!(first_line("\n one\ntwo", 60), " one…");
        assert_eq!(first_line("one\n", 60), "one");
        assert_eq!(first_line("abcdef", 3), "abc…");
        assert_eq!(first_line("", 3), "");
    }
}
