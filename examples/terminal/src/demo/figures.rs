//! What the demo measured and what it claims: the document of `--json`, and the table.

use std::fmt::Write;

use serde::Serialize;

use super::proxy::Traffic;

/// Everything that was measured. README.md describes the document.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    pub(super) seed: u64,
    pub(super) diary: Diary,
    pub(super) trace: Trace,
    pub(super) seconds: Seconds,
    pub(super) edit_to_visible: EditToVisible,
    pub(super) wire: Wire,
    pub(super) weather: WeatherFigures,
    pub(super) relay: Relay,
    pub(super) search: SearchFigures,
    pub(super) claims: Vec<Claim>,
    /// Whether every claim held.
    pub(super) held: bool,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Diary {
    pub(super) source: String,
    pub(super) entries: u64,
    pub(super) characters: u64,
    /// The second device's export, packed by gzip: what the journal weighs at least.
    pub(super) export_gzip_bytes: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Trace {
    pub(super) source: String,
    pub(super) keystrokes: u64,
    /// Edits that they were typed in: what one typed in a row.
    pub(super) edits: u64,
    pub(super) characters: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Seconds {
    pub(super) import: f64,
    /// With the relay's death in the middle.
    pub(super) upload: f64,
    pub(super) first_page: f64,
    pub(super) everything: f64,
    pub(super) typing: f64,
    pub(super) search: f64,
    pub(super) total: f64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct EditToVisible {
    pub(super) calm: Delays,
    pub(super) weather: Delays,
}

/// From the beginning of an edit on one device to its being visible on the other.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Delays {
    pub(super) edits: u64,
    pub(super) median_ms: f64,
    pub(super) p99_ms: f64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Wire {
    pub(super) datagrams: u64,
    pub(super) bytes: u64,
    /// To the gzip of the export.
    pub(super) ratio: f64,
    pub(super) diary_up_bytes: u64,
    pub(super) diary_up_ratio: f64,
    pub(super) diary_down_bytes: u64,
    pub(super) diary_down_ratio: f64,
    pub(super) typing_bytes: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct WeatherFigures {
    pub(super) delayed: u64,
    pub(super) duplicated: u64,
    pub(super) lost: u64,
    pub(super) offline_spells: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Relay {
    pub(super) unsent_when_killed: u64,
    /// All files of its data directory.
    pub(super) bytes: u64,
    /// Envelopes, which are the rows of its database that come from devices.
    pub(super) rows: u64,
    /// How many envelopes of each length.
    pub(super) lengths: Vec<(u64, u64)>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct SearchFigures {
    /// Sentences, lines and names.
    pub(super) needles: u64,
    /// All their encodings.
    pub(super) forms: u64,
    pub(super) control_planted: u64,
    pub(super) control_found: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) found: u64,
}

/// Something that the demo checked.
#[derive(Debug, Serialize)]
pub(super) struct Claim {
    pub(super) name: &'static str,
    pub(super) held: bool,
    /// What was seen instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<String>,
}

impl Figures {
    /// Notes whether a claim held; `seen` says what was seen, for one that did not.
    pub(super) fn claim(&mut self, name: &'static str, held: bool, seen: impl FnOnce() -> String) {
        self.claims.push(Claim {
            name,
            held,
            seen: (!held).then(seen),
        });
        self.held = self.claims.iter().all(|claim| claim.held);
    }

    /// Notes what the proxy has passed in all.
    pub(super) fn traffic(&mut self, traffic: &Traffic) {
        let gzip = self.diary.export_gzip_bytes.max(1) as f64;
        let wire = &mut self.wire;
        wire.datagrams = traffic.datagrams;
        wire.bytes = traffic.bytes();
        wire.ratio = round(wire.bytes as f64 / gzip);
        wire.diary_up_ratio = round(wire.diary_up_bytes as f64 / gzip);
        wire.diary_down_ratio = round(wire.diary_down_bytes as f64 / gzip);
        self.weather = WeatherFigures {
            delayed: traffic.delayed,
            duplicated: traffic.duplicated,
            lost: traffic.lost,
            offline_spells: traffic.offline_spells,
        };
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut table = Table::default();
        let (seconds, wire) = (&self.seconds, &self.wire);
        table.head("The journal");
        table.row("entries", number(self.diary.entries));
        table.row("characters", number(self.diary.characters));
        table.row(
            "the same, exported and packed",
            bytes(self.diary.export_gzip_bytes),
        );
        table.row("imported in", time(seconds.import));
        table.head("On its way");
        table.row(
            "sent to the relay (killed and restarted meanwhile) in",
            time(seconds.upload),
        );
        table.row(
            "bytes sent, and as a multiple of the packed export",
            format!(
                "{} = {:.2} ×",
                bytes(wire.diary_up_bytes),
                wire.diary_up_ratio
            ),
        );
        table.row("second device: first page after", time(seconds.first_page));
        table.row("second device: everything after", time(seconds.everything));
        table.row(
            "bytes received, and as a multiple",
            format!(
                "{} = {:.2} ×",
                bytes(wire.diary_down_bytes),
                wire.diary_down_ratio
            ),
        );
        table.row(
            "all bytes of the demo, and as a multiple",
            format!("{} = {:.2} ×", bytes(wire.bytes), wire.ratio),
        );
        table.head("Two people typing into one entry");
        table.row(
            "keystrokes, in so many edits",
            format!(
                "{} in {}",
                number(self.trace.keystrokes),
                number(self.trace.edits)
            ),
        );
        table.row("typed in", time(seconds.typing));
        let delays = |delays: &Delays| {
            format!(
                "{:.1} ms, 99 of 100 within {:.1} ms",
                delays.median_ms, delays.p99_ms
            )
        };
        table.row(
            &format!(
                "edit to visible, calm ({} edits)",
                self.edit_to_visible.calm.edits
            ),
            delays(&self.edit_to_visible.calm),
        );
        table.row(
            "edit to visible, in the weather below",
            delays(&self.edit_to_visible.weather),
        );
        let weather = &self.weather;
        table.row(
            "datagrams held back, doubled, lost offline",
            format!(
                "{}, {}, {} in {} spells",
                number(weather.delayed),
                number(weather.duplicated),
                number(weather.lost),
                weather.offline_spells
            ),
        );
        table.head("What the relay and the network could see");
        table.row("the relay's data", bytes(self.relay.bytes));
        table.row(
            "the relay's rows, an envelope each",
            number(self.relay.rows),
        );
        table.row(
            "of so many lengths, all padded",
            number(self.relay.lengths.len() as u64),
        );
        let search = &self.search;
        table.row(
            "searched",
            format!("{} in {} files", bytes(search.bytes), number(search.files)),
        );
        table.row(
            "for sentences, lines and names, each in all encodings",
            format!("{}, {} forms", number(search.needles), number(search.forms)),
        );
        table.row(
            "found where they were planted, to test the search",
            format!("{} of {}", search.control_found, search.control_planted),
        );
        table.row("plaintext found", number(search.found));
        table.head("Claims");
        for claim in &self.claims {
            match &claim.seen {
                None => table.line("held     ", claim.name),
                Some(seen) => table.line("NOT HELD ", &format!("{} ({seen})", claim.name)),
            }
        }
        let _ = write!(
            table.text,
            "\n{} of {} claims held, in {}.",
            self.claims.iter().filter(|claim| claim.held).count(),
            self.claims.len(),
            time(seconds.total)
        );
        table.text
    }
}

impl Delays {
    /// Of delays in microseconds.
    pub(super) fn of(mut delays_us: Vec<u64>) -> Self {
        delays_us.sort_unstable();
        let at = |per_cent: usize| {
            // The smallest delay that so many of a hundred do not exceed.
            let rank = (delays_us.len() * per_cent).div_ceil(100).max(1);
            let us = delays_us.get(rank - 1).copied().unwrap_or(0);
            round(us as f64 / 1000.0)
        };
        Self {
            edits: delays_us.len() as u64,
            median_ms: at(50),
            p99_ms: at(99),
        }
    }
}

/// Two columns.
#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    fn head(&mut self, head: &str) {
        let _ = writeln!(self.text, "\n{head}");
    }

    fn row(&mut self, what: &str, value: String) {
        let _ = writeln!(self.text, "  {what:<54}  {value}");
    }

    fn line(&mut self, mark: &str, what: &str) {
        let _ = writeln!(self.text, "  {mark} {what}");
    }
}

/// Seconds from microseconds, to the millisecond.
pub(super) fn seconds(us: u64) -> f64 {
    (us / 1000) as f64 / 1000.0
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1} s")
    }
}

/// 1234567 as 1,234,567.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn bytes(value: u64) -> String {
    match value {
        0..10_000 => format!("{} bytes", number(value)),
        10_000..10_000_000 => format!("{} kB", number(value / 1000)),
        _ => format!("{:.1} MB", value as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_ranked() {
        let delays = Delays::of((1..=200).rev().map(|ms| ms * 1000).collect());
        let expected = Delays {
            edits: 200,
            median_ms: 100.0,
            p99_ms: 198.0,
        };
        assert_eq!(delays, expected);
        assert_eq!(Delays::of(vec![]).edits, 0);
        assert_eq!(Delays::of(vec![1500]).p99_ms, 1.5);
    }

    #[test]
    fn numbers_are_grouped_and_bytes_have_units() {
        assert_eq!(number(0), "0");
        assert_eq!(number(123), "123");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(123_456), "123 kB");
        assert_eq!(bytes(12_345_678), "12.3 MB");
    }

    #[test]
    fn one_claim_that_did_not_hold_is_enough() {
        let mut figures = Figures::default();
        assert!(!figures.held, "nothing claimed is nothing held");
        figures.claim("a", true, String::new);
        assert!(figures.held);
        figures.claim("b", false, || "c".into());
        figures.claim("d", true, String::new);
        assert!(!figures.held);
        assert!(figures.table().contains("NOT HELD  b (c)"));
        assert!(figures.table().contains("2 of 3 claims held"));
    }
}
