//! Entries and files to try with.

use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use sidelight_exchange::html::Labels;
use sidelight_exchange::{Format, Found, Incoming, Options, Outgoing, ReadError, SkipReason, read};
use sidelight_format::{EntryDate, EntryId, FieldValue, Kind, Rendered};

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) id: EntryId,
    pub(crate) shared: bool,
    pub(crate) mine: bool,
    pub(crate) together: bool,
    pub(crate) author: String,
    pub(crate) rendered: Rendered,
}

impl Kept {
    pub(crate) fn moment(text: &str) -> Self {
        Self {
            id: EntryId([0xab; 32]),
            shared: true,
            mine: true,
            together: false,
            author: "Ada".to_owned(),
            rendered: Rendered {
                kind: Kind::moment(),
                date: EntryDate::new(2024, 2, 29, 60).unwrap(),
                day_order: 1,
                text: text.to_owned(),
                fields: Vec::new(),
                amendments: 0,
            },
        }
    }

    pub(crate) fn out(&self) -> Outgoing<'_> {
        Outgoing {
            id: self.id,
            shared: self.shared,
            mine: self.mine,
            together: self.together,
            author: &self.author,
            rendered: &self.rendered,
        }
    }

    /// That what came is what left.
    pub(crate) fn is(&self, came: &Incoming) {
        assert_eq!(came.original, Some(self.id));
        assert_eq!(came.source, format!("sidelight:{}", self.id.to_hex()));
        assert_eq!(came.kind, self.rendered.kind);
        assert_eq!(came.date, self.rendered.date);
        assert_eq!(came.order, Some(self.rendered.day_order));
        assert_eq!(came.text, self.rendered.text);
        assert!(came.fields == self.rendered.fields, "fields differ");
        assert_eq!(came.author.as_deref(), Some(self.author.as_str()));
        assert!(!came.cleaned);
    }
}

/// Labels of words that fields choose from, one of them made to do harm.
pub(crate) fn labels() -> Labels {
    let texts = [
        ("field.comfort", "Wie es ist"),
        ("value.comfort.not_now", "nicht jetzt"),
        ("value.weekdays.monday", "Montag"),
        ("value.weekdays.friday", "Freitag\n---\n<b>"),
    ];
    Labels::new(texts.map(|(id, text)| (id.to_owned(), text.to_owned())))
}

/// An entry with words that were chosen from lists, and the same words where somebody typed them.
pub(crate) fn chosen() -> Kept {
    let list = |words: &[&str]| FieldValue::List(words.iter().map(|&word| word.into()).collect());
    let mut kept = Kept::moment("not_now");
    kept.rendered.fields = vec![
        ("comfort".into(), FieldValue::Text("not_now".into())),
        ("note".into(), FieldValue::Text("not_now".into())),
        ("tags".into(), list(&["monday"])),
        ("weekdays".into(), list(&["monday", "friday", "someday"])),
    ];
    kept
}

/// Text of anything but NUL, much of it of what files give a meaning to.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>()
            .prop_filter("no NUL", |c| *c != '\0')
            .prop_map(String::from),
        prop::sample::select(vec![
            "\r",
            "\n",
            "\r\n",
            "---\n",
            "\n...\n",
            "&",
            "&amp;",
            "&lt;",
            "<",
            ">",
            "\"",
            "'",
            "\\",
            "![",
            "!&#91;",
            "&#13;",
            "<script>",
            "</style>",
            "</body>",
            "]]>",
            "<!--",
            "\u{85}",
            "\u{2028}",
            "\u{2029}",
            "\u{feff}",
            "\u{202e}",
            "\t",
            "\u{b}",
            "\u{7f}",
            "\u{1}",
            " ",
            "{",
            "}",
            "[",
            "]",
            ": ",
            "#",
            "- ",
            "é",
            "e\u{301}",
            "🙂",
            "\u{fffe}",
            "\u{1ffff}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        text().prop_map(FieldValue::Text),
        any::<i64>().prop_map(FieldValue::Number),
        any::<bool>().prop_map(FieldValue::Flag),
        prop::collection::vec(text(), 0..4).prop_map(FieldValue::List),
        prop::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| FieldValue::Unknown(bytes.into())),
    ]
}

pub(crate) fn kept() -> impl Strategy<Value = Kept> {
    let kind = prop_oneof![
        Just("moment".to_owned()),
        Just("check_in".to_owned()),
        "[a-z_]{1,32}",
    ];
    let date = (1_i16..=9999, 1_u8..=12, 1_u8..=28, -1080_i16..=1080);
    let fields = prop::collection::btree_map("[a-z_éß: \"'#-]{1,20}", value(), 0..5);
    let about = (
        any::<[u8; 32]>(),
        any::<[bool; 3]>(),
        "[A-Za-zé <&\"]{0,12}",
    );
    (about, kind, date, any::<(u32, u32)>(), text(), fields).prop_map(
        |(
            (id, [shared, mine, together], author),
            kind,
            date,
            (order, amendments),
            text,
            fields,
        )| {
            Kept {
                id: EntryId(id),
                shared,
                mine,
                together,
                author,
                rendered: Rendered {
                    kind: Kind::named(&kind).unwrap(),
                    date: EntryDate::new(date.0, date.1, date.2, date.3).unwrap(),
                    day_order: order,
                    text,
                    fields: fields.into_iter().collect(),
                    amendments,
                },
            }
        },
    )
}

/// Everything that a file holds.
pub(crate) fn all(file: &[u8], format: Option<Format>) -> Result<Vec<Found>, ReadError> {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let options = Options {
        format,
        zone: &zone,
    };
    let mut all = Vec::new();
    read(Cursor::new(file), &options, &mut |found| {
        all.push(found);
        true
    })?;
    Ok(all)
}

pub(crate) fn entries(found: Vec<Found>) -> Vec<Incoming> {
    let entries = found.into_iter().filter_map(|found| match found {
        Found::Entry(entry) => Some(*entry),
        Found::Skipped { .. } => None,
    });
    entries.collect()
}

/// Why and where entries were left out.
pub(crate) fn left_out(found: &[Found]) -> Vec<(SkipReason, String)> {
    let left_out = found.iter().filter_map(|found| match found {
        Found::Entry(_) => None,
        Found::Skipped { reason, place } => Some((*reason, place.to_string())),
    });
    left_out.collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// The whole diary of Samuel Pepys as Day One exports it, where it is at hand; else what the
/// project has of it.
pub(crate) fn diary() -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("SIDELIGHT_DATA")
        .map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let whole = data.join("pepys.dayone.json.gz");
    let packed = std::fs::read(&whole).unwrap_or_else(|_| {
        eprintln!("the whole diary is not at hand; trying with its beginning");
        std::fs::read(root.join("examples/terminal/data/pepys-excerpt.dayone.json.gz")).unwrap()
    });
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_end(&mut json)
        .unwrap();
    json
}

/// The diary as entries that are kept.
pub(crate) fn kept_diary() -> Vec<Kept> {
    let entries = entries(all(&diary(), None).unwrap());
    let kept = entries.into_iter().enumerate().map(|(number, entry)| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Kept {
            id: EntryId(id),
            rendered: Rendered {
                kind: entry.kind,
                date: entry.date,
                day_order: number as u32,
                text: entry.text,
                fields: entry.fields,
                amendments: 0,
            },
            ..Kept::moment("")
        }
    });
    kept.collect()
}
