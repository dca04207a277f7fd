//! One page with everything: to read in any browser, to print, to hand to somebody.
//!
//! Nothing on it runs, and it fetches nothing: there is no script, link, image or font, and a
//! policy in its head has browsers refuse whatever a mistake here might let through. Texts are
//! whatever somebody typed; all of them are escaped, and none can turn the reading direction of
//! what stands around it.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use sha2::{Digest, Sha256};
use sidelight_format::FieldValue;

use crate::{Outgoing, day};

/// How it looks: on paper, on a phone, at night.
const STYLE: &str = include_str!("page.css");

/// What the window is called: nothing that tells whoever looks over a shoulder.
const TITLE: &str = "Notes";

/// The field with a first and a last day, `YYYY-MM-DD` and where that was, with `/` between.
const DAYS: &str = "days";

/// What stands on a page that nobody has typed, in somebody's language. Where there is nothing of
/// an id, names stand as they are in entries.
///
/// The ids: `page.private`, `page.together`, `page.yes`, `page.no`, `page.newer`,
/// `page.after_day` (between the number of a day and its month), `month.1` to `month.12`,
/// `kind.` and `field.` with the name of a kind or a field, and `value.` with the name of a field
/// and a word that it chooses from a list.
#[derive(Clone, Debug, Default)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// These texts by their ids.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(texts.into_iter().collect())
    }

    fn text(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    fn or<'a>(&'a self, id: &str, otherwise: &'a str) -> &'a str {
        self.text(id).unwrap_or(otherwise)
    }

    /// What a kind or a field is called.
    pub(crate) fn name(&self, list: &str, name: &str) -> String {
        let label = self.text(&format!("{list}.{name}"));
        label.map_or_else(|| name.replace('_', " "), str::to_owned)
    }

    /// What a word is called that a field chooses from a list; none for what somebody typed.
    pub(crate) fn choice(&self, field: &str, word: &str) -> Option<&str> {
        self.text(&format!("value.{field}.{word}"))
    }

    /// A day as it is read out: no order of numbers that is another day elsewhere.
    fn long(&self, year: i16, month: u8, day: u8) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let name = usize::from(month).checked_sub(1);
        let name = name.and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        let name = self.or(&format!("month.{month}"), name);
        let after = self.or("page.after_day", "");
        format!("{day}{after} {name} {year}")
    }
}

/// A page in the making.
#[derive(Debug, Default)]
pub struct Page {
    labels: Labels,
    day: Option<u32>,
    year: Option<i16>,
}

impl Page {
    /// A page with these labels.
    pub fn new(labels: Labels) -> Self {
        Self {
            labels,
            ..Self::default()
        }
    }

    /// What stands before the first entry. `years` are those of its entries, in their order.
    pub fn begin(years: &[i16]) -> String {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            BASE64.encode(&Sha256::digest(STYLE))
        );
        let head = html! {
            (DOCTYPE)
            // What language people write in is not known, and not guessed.
            html lang="" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="referrer" content="no-referrer";
                    meta name="robots" content="noindex";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (TITLE) }
                    style { (PreEscaped(STYLE)) }
                }
            }
        };
        let mut page = head.into_string();
        // Both ends come later.
        page.truncate(page.len() - "</html>".len());
        page.push_str("<body><main>");
        if years.len() > 1 {
            let index = html! {
                nav { @for year in years { a href={ "#y" (year) } { (year) } " " } }
            };
            page.push_str(&index.into_string());
        }
        page
    }

    /// One entry. They come in the order of their days.
    pub fn entry(&mut self, entry: &Outgoing<'_>) -> String {
        let rendered = entry.rendered;
        let (day, year) = (rendered.date.day_number(), rendered.date.year());
        let new_day = self.day.replace(day) != Some(day);
        let new_year = self.year.replace(year) != Some(year);
        let labels = &self.labels;
        let markup = html! {
            @if new_day {
                h2 id=[new_year.then(|| format!("y{year}"))] {
                    time datetime=(rendered.date) { (labels.long(year, rendered.date.month(), rendered.date.day())) }
                }
            }
            article id={ "e" (entry.id.to_hex()) } {
                p class="by" {
                    bdi { (Exact(entry.author)) }
                    " · " (Exact(&labels.name("kind", rendered.kind.as_str())))
                    @if !entry.shared { " · " (labels.or("page.private", "private")) }
                    @if entry.together { " · " (labels.or("page.together", "together")) }
                }
                @if !rendered.text.is_empty() {
                    div class="text" dir="auto" { (Exact(&rendered.text)) }
                }
                @if !rendered.fields.is_empty() {
                    dl { @for (name, value) in &rendered.fields {
                        dt { (Exact(&labels.name("field", name))) }
                        (Value { labels, name, value })
                    } }
                }
            }
        };
        format!("\n{}", markup.into_string())
    }

    /// What stands after the last entry.
    pub fn end() -> String {
        "\n</main></body></html>\n".to_owned()
    }
}

/// Text that a browser gives back as it is: escaped, and with carriage returns, which it would
/// otherwise take for the end of a line.
struct Exact<'a>(&'a str);

impl Render for Exact<'_> {
    fn render_to(&self, into: &mut String) {
        for (number, part) in self.0.split('\r').enumerate() {
            if number > 0 {
                into.push_str("&#13;");
            }
            part.render_to(into);
        }
    }
}

struct Value<'a> {
    labels: &'a Labels,
    name: &'a str,
    value: &'a FieldValue,
}

impl Value<'_> {
    fn text(&self, text: &str) -> Markup {
        if let Some(label) = self.labels.choice(self.name, text) {
            return html! { dd { (label) } };
        }
        if let (true, Some(days)) = (self.name == DAYS, self.days(text)) {
            return html! { dd { (days) } };
        }
        html! { dd dir="auto" { (Exact(text)) } }
    }

    /// From one day to another, as it is read out; none if it is something else.
    fn days(&self, text: &str) -> Option<String> {
        let at = |text: &str| {
            let (date, offset) = text.split_at_checked(10)?;
            let minutes = offset.strip_prefix(['+', '-'])?;
            let minutes: u16 = minutes.parse().ok()?;
            (minutes < 24 * 60).then(|| day::leading(date))?
        };
        let (first, last) = text.split_once('/')?;
        let (first, last) = (at(first)?, at(last)?);
        let long = |day: jiff::civil::Date| {
            let (month, date) = (day.month().unsigned_abs(), day.day().unsigned_abs());
            self.labels.long(day.year(), month, date)
        };
        Some(match first == last {
            true => long(first),
            false => format!("{} – {}", long(first), long(last)),
        })
    }
}

impl Render for Value<'_> {
    fn render(&self) -> Markup {
        let labels = self.labels;
        match self.value {
            FieldValue::Text(text) => self.text(text),
            FieldValue::Number(number) => html! { dd { (number) } },
            FieldValue::Flag(true) => html! { dd { (labels.or("page.yes", "yes")) } },
            FieldValue::Flag(false) => html! { dd { (labels.or("page.no", "no")) } },
            FieldValue::List(list) => {
                html! { @for one in list { (self.text(one)) } }
            }
            FieldValue::Unknown(_) => {
                html! { dd { (labels.or("page.newer", "(from a newer version)")) } }
            }
        }
    }
}
