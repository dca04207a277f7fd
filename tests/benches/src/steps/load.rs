//! The relay under load, the diary as it stands, and what the machine allows.

use std::time::Duration;

use super::{Bench, at, seconds};
use crate::cold::Visit;
use crate::couple::Kind;
use crate::limits::{self, QuinnClient};
use crate::measure::{Failed, Times, child, middle};
use crate::relay_load;
use crate::report::{Goal, Unit};

impl Bench<'_> {
    /// The relay under load, beside the database alone, by turns.
    pub(super) async fn relay(&mut self) -> Result<(), Failed> {
        let (mut ours, mut rows) = (Vec::new(), Vec::new());
        let batches = if self.options.quick { 4 } else { 12 };
        for _ in 0..3 {
            rows.push(limits::sqlite_rows(&self.work, 4 * batches)?);
            ours.push(relay_load::appends(&self.work.join("relay"), batches).await?);
        }
        self.report.compare(
            Unit::Rate,
            (
                "relay: durable, acknowledged appends of 1 KiB, 64 connections",
                middle(ours),
            ),
            ("SQLite, WAL FULL, batches of 1,000", middle(rows)),
            Goal::AtLeast(0.6),
        );
        let count = if self.options.quick { 500 } else { 2000 };
        let ours = relay_load::idle_bytes(&self.work.join("idle"), count).await?;
        let bare = relay_load::idle_quinn_bytes(count).await?;
        let gibibyte = f64::from(1 << 30);
        self.report.figure(
            Unit::Count,
            "relay: idle connections with an open mailbox per GiB",
            gibibyte / ours,
            Goal::AtLeast(27_000.0),
        );
        self.report.compare(
            Unit::Bytes,
            ("… one of them weighs", ours),
            ("quinn alone, a connection with a stream", bare),
            Goal::AtMost(1.25),
        );
        Ok(())
    }

    /// The diary as it stands, unrepeated.
    pub(super) async fn diary(&mut self) -> Result<(), Failed> {
        if self.options.quick {
            self.report
                .left_out("the diary as it stands", "a quick run ends at one year");
            return Ok(());
        }
        let place = self.cache.copy(Kind::Diary, &self.work).await?;
        let (home, key) = (at(&place, "ada"), at(&place, "ada.key"));
        let mut page = Times::default();
        for _ in 0..self.tries {
            let (_, took): (Visit, _) = child(&["page", &home, &key])?;
            page.push(took);
        }
        let filled = self.fill(&place, Kind::Diary, "counted")?;
        let text: usize = self.cache.diary.iter().map(String::len).sum();
        self.report.note(format!(
            "The diary as it stands, {} entries: first page in a cold process {:.2} ms; a device \
             that starts empty has all after {:.2} s (its first page after {:.2} s), {} bytes of \
             UDP for {text} bytes of text.",
            self.cache.diary.len(),
            page.median().as_secs_f64() * 1e3,
            seconds(filled.all_us),
            seconds(filled.first_us),
            filled.up_bytes + filled.down_bytes
        ));
        std::fs::remove_dir_all(place)?;
        Ok(())
    }

    /// What the machine allows.
    pub(super) async fn limits(&mut self, text: &str) -> Result<(), Failed> {
        let append = limits::durable_append(&self.work, 200)?;
        let rows = limits::sqlite_rows(&self.work, 20)?;
        let sealed = limits::sealing(100_000)? / 1e6;
        let scan = middle((0..9).map(|_| limits::scan(text).as_secs_f64()).collect());
        let client = QuinnClient::start(false)?;
        let trips = client.round_trips(2000).await?;
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(client.stream().await? / 1e6);
        }
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        for note in [
            format!(
                "fdatasync after an append of 300 bytes: {:.2} ms, p99 {:.2} ms.",
                ms(append.median()),
                ms(append.p99())
            ),
            format!("SQLite, WAL FULL, batches of 1,000 rows of 1 KiB: {rows:.0} rows a second."),
            format!("XChaCha20-Poly1305, pieces of 1 KiB, one core: {sealed:.0} MB a second."),
            format!(
                "`str::contains` over {} bytes: {:.2} ms.",
                text.len(),
                scan * 1e3
            ),
            format!(
                "quinn, one byte there and back on an open stream: {:.3} ms, p99 {:.3} ms.",
                ms(trips.median()),
                ms(trips.p99())
            ),
            format!("quinn, one stream: {:.0} MB a second.", middle(streams)),
        ] {
            self.report.note(note);
        }
        Ok(())
    }
}
