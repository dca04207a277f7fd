//! What happens while two devices and a relay are there.

use std::time::Duration;

use super::{Aged, Bench, SEED};
use crate::couple::{Couple, Kind};
use crate::measure::Failed;
use crate::proxy::Line;
use crate::report::{Goal, Unit};
use crate::workload::{self, MONTH, Span, TEN, Texts, WEEK, YEAR};
use crate::{automerge, limits, live, samod_peer};

impl Bench<'_> {
    /// From an edit until the other sees it.
    pub(super) async fn visible(&mut self) -> Result<(), Failed> {
        let tries = if self.options.quick { 100 } else { 400 };
        let kind = Kind::Aged(MONTH);
        let place = self.cache.copy(kind, &self.work).await?;
        let couple = Couple::open(&place, kind, false).await?;
        couple.go_live().await?;
        let ours = couple.edit_to_visible(tries).await?;
        couple.end().await;
        let file = automerge::months(&self.months()?)?
            .pop()
            .ok_or("no month")?;
        let theirs = samod_peer::edit_to_visible(&file, tries).await?;
        self.report.times(
            (
                "edit to visible through the relay, both durable first, median",
                ours.median(),
            ),
            ("samod through its relay, in memory", theirs.median()),
            Goal::AtMost(0.75),
        );
        self.report.times(
            ("… 99th of 100", ours.p99()),
            ("samod through its relay, in memory", theirs.p99()),
            Goal::AtMost(0.35),
        );
        let least = limits::durable_path(&place, tries).await?;
        self.report.times(
            ("… the median once more", ours.median()),
            (
                "three durable commits and a round trip of quinn, one after another",
                least.median(),
            ),
            Goal::AtMost(2.0),
        );
        std::fs::remove_dir_all(place)?;
        Ok(())
    }

    /// What could grow with the journal.
    pub(super) async fn by_age(&mut self, ages: &mut [Aged]) -> Result<(), Failed> {
        let spans = [WEEK, MONTH, YEAR, TEN].into_iter();
        let spans: Vec<Span> = spans.filter(|span| span.days <= self.top.days).collect();
        let mut couples = Vec::new();
        for span in &spans {
            let kind = Kind::Aged(*span);
            let place = self.cache.copy(kind, &self.work).await?;
            couples.push(Couple::open(&place, kind, false).await?);
        }
        let couples_by_age: Vec<&Couple> = couples.iter().collect();
        let mut texts = Texts::new(self.cache.diary, SEED + 200);
        let tries = if self.options.quick { 40 } else { 150 };
        let journals: Vec<_> = couples.iter().map(|couple| &couple.ada).collect();
        let writes = live::writes(&journals, &mut texts, tries).await?;
        for couple in &couples {
            couple.go_live().await?;
        }
        let seen = live::partners_entries(&couples_by_age, &mut texts, tries).await?;
        let last = spans.len() - 1;
        let age = self.top.name;
        self.report.times(
            (
                format!("write of one entry, durable, {age}"),
                writes[last].median(),
            ),
            ("ours, one week", writes[0].median()),
            Goal::AtMost(1.15),
        );
        self.report.times(
            (
                format!("a partner's entry, written until visible, {age}"),
                seen[last].median(),
            ),
            ("ours, one month", seen[1].median()),
            Goal::AtMost(1.1),
        );
        let of = |span| ages.iter().find(|aged: &&Aged| aged.span == span);
        let applies = |span| of(span).and_then(|aged| aged.load_apply);
        if let (Some(last), Some(month)) = (applies(self.top), applies(MONTH)) {
            self.report.times(
                (format!("Automerge applies a partner's entry, {age}"), last),
                ("Automerge, one month", month),
                Goal::None,
            );
        }
        for (span, times) in spans.iter().zip(&writes) {
            for aged in ages.iter_mut().filter(|aged| aged.span == *span) {
                aged.write = Some(times.median());
            }
        }
        for couple in couples {
            let place = couple.place.clone();
            couple.end().await;
            std::fs::remove_dir_all(place)?;
        }
        Ok(())
    }

    /// Round trips and bytes.
    pub(super) async fn wire(&mut self) -> Result<(), Failed> {
        let kind = Kind::Aged(MONTH);
        let place = self.cache.copy(kind, &self.work).await?;
        let line = Line {
            delay: Duration::from_millis(100),
            ..Line::default()
        };
        let (couple, proxy) = live::behind_proxy(&place, kind, line).await?;
        let (open, new) = live::round_trips(&couple, line.delay * 2).await?;
        couple.end().await;
        proxy.stop().await?;
        let words = "round trips until a change is visible, on";
        let fresh = automerge::reconnect_bytes(&self.one_document(self.top)?)? as f64;
        let report = &mut self.report;
        report.figure(
            Unit::Count,
            format!("{words} an open connection"),
            open,
            Goal::AtMost(1.1),
        );
        report.figure(
            Unit::Count,
            format!("{words} a new connection"),
            new,
            Goal::AtMost(2.1),
        );

        let (couple, proxy) = live::behind_proxy(&place, kind, Line::default()).await?;
        let nothing = live::nothing_new(&couple, &proxy).await?;
        couple.end().await;
        proxy.stop().await?;
        let beyond = nothing.bytes.saturating_sub(nothing.handshakes) as f64;
        report.compare(
            Unit::Bytes,
            (
                "reconnect with nothing new, frames in both directions",
                live::frames_of_nothing_new() as f64,
            ),
            (
                format!("Automerge, a fresh session sends first, {}", self.top.name),
                fresh,
            ),
            Goal::None,
        );
        report.figure(
            Unit::Bytes,
            "… as bytes, for three mailboxes: private, shared, and where a recovery begins",
            live::frames_of_nothing_new() as f64,
            Goal::AtMost(600.0),
        );
        report.compare(
            Unit::Bytes,
            (
                "… UDP beyond two handshakes, with acknowledgements and probes",
                beyond,
            ),
            (
                format!("Automerge, a fresh session sends first, {}", self.top.name),
                fresh,
            ),
            Goal::None,
        );
        report.note(format!(
            "A sync with nothing new takes {} bytes of UDP in both directions, for two \
             connections; their handshakes alone take {}.",
            nothing.bytes, nothing.handshakes
        ));
        std::fs::remove_dir_all(place)?;
        Ok(())
    }

    /// Two people typing into one entry.
    pub(super) async fn typing(&mut self) -> Result<(), Failed> {
        let mut keystrokes = workload::keystrokes(&self.options.typing)?;
        let all = keystrokes.len();
        if self.options.quick {
            keystrokes.truncate(2000);
        }
        // Five keystrokes a second, sealed every three seconds.
        const TOGETHER: usize = 15;
        // One by one, a part stands for the whole: every such envelope is of the least length.
        const PART: usize = 400;
        let kind = Kind::Aged(WEEK);
        let place = self.cache.copy(kind, &self.work).await?;
        let (couple, proxy) = live::behind_proxy(&place, kind, Line::default()).await?;
        let part = &keystrokes[..PART.min(keystrokes.len())];
        let single = live::typing(&couple, &proxy, part, 1).await?;
        let sent = live::typing(&couple, &proxy, &keystrokes, TOGETHER).await?;
        couple.end().await;
        proxy.stop().await?;
        let single = single as f64 / part.len() as f64 * keystrokes.len() as f64;
        self.report.compare(
            Unit::Bytes,
            (
                format!(
                    "{} of {all} keystrokes of two people, bytes up, {TOGETHER} to an edit",
                    keystrokes.len()
                ),
                sent as f64,
            ),
            ("ours, an edit for each", single),
            Goal::AtMost(0.1),
        );
        std::fs::remove_dir_all(place)?;
        Ok(())
    }
}
