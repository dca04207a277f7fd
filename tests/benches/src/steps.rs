//! What is measured, in its order, and what it is compared with.

mod between;
mod load;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cold::{Filled, Searched, Visit};
use crate::couple::{Cache, Kind};
use crate::limits;
use crate::measure::{Failed, Times, child, middle};
use crate::report::{Goal, Report, Unit};
use crate::workload::{self, FIFTY, MONTH, SPANS, Script, Span, TEN, Texts, WEEK, YEAR};
use crate::{Options, automerge, pages, samod_peer};

/// The same texts in every run.
const SEED: u64 = 1;

/// What is looked for: in both the diary and what is made of it more than fifty times.
const PHRASE: &str = "to the office";

/// The steps after opening, in their order, and what each is about.
const STEPS: [(&str, &str); 9] = [
    ("search", "searching"),
    ("filling", "a device that starts empty"),
    ("visible", "edit to visible"),
    ("age", "writing and receiving by age"),
    ("wire", "round trips and reconnecting"),
    ("typing", "typing"),
    ("relay", "the relay under load"),
    ("diary", "the diary as it stands"),
    ("limits", "the machine's limits"),
];

/// What was measured of journals of one age.
pub struct Aged {
    pub span: Span,
    /// A cold process, from its start to its end, with a page of 50 shown.
    pub page: Duration,
    pub peak: u64,
    pub load: Option<Duration>,
    pub load_peak: u64,
    pub load_apply: Option<Duration>,
    /// Writing an entry.
    pub write: Option<Duration>,
    /// A device that starts empty has everything.
    pub filled: Option<Duration>,
}

/// A run.
pub struct Bench<'a> {
    options: &'a Options,
    cache: Cache<'a>,
    work: PathBuf,
    report: Report,
    /// The longest journal that is compared with peers.
    top: Span,
    tries: usize,
}

pub async fn run(options: &Options) -> Result<(), Failed> {
    let diary = workload::diary(&options.diary)?;
    // On the project's own disk: one in memory would make everything durable for nothing.
    std::fs::create_dir_all(&options.place)?;
    std::fs::create_dir_all(&options.kept)?;
    let work = tempfile::tempdir_in(&options.place)?;
    let mut bench = Bench {
        options,
        cache: Cache {
            folder: std::path::absolute(&options.kept)?,
            diary: &diary,
            seed: SEED,
        },
        work: std::path::absolute(work.path())?,
        report: Report::default(),
        top: if options.quick { YEAR } else { TEN },
        tries: if options.quick { 3 } else { 7 },
    };
    let text = bench.text()?;
    let wanted = |step: &str| options.only.is_empty() || options.only.iter().any(|it| it == step);
    let mut ages = Vec::new();
    if options.only.is_empty() {
        ages = bench.ages().await?;
        bench.openings(&ages);
    }
    // What fails is said, and the rest is measured all the same.
    let mut failed = Vec::new();
    for (step, what) in STEPS {
        if !wanted(step) {
            continue;
        }
        let done = match step {
            "search" => bench.search(&text).await,
            "filling" => bench.filling(&text, &mut ages).await,
            "visible" => bench.visible().await,
            "age" => bench.by_age(&mut ages).await,
            "wire" => bench.wire().await,
            "typing" => bench.typing().await,
            "relay" => bench.relay().await,
            "diary" => bench.diary().await,
            _ => bench.limits(&text).await,
        };
        if let Err(error) = done {
            bench.report.left_out(what, &format!("it failed: {error}"));
            failed.push(what);
        }
    }
    bench.report.left_out(
        "phones, radio links, macOS, Windows",
        "this machine is none of them",
    );
    if let Some(docs) = &options.docs {
        pages::write(docs, options, &bench.report, &ages)?;
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("not measured: {}", failed.join(", ")).into())
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn at(place: &Path, name: &str) -> String {
    place.join(name).display().to_string()
}

impl Bench<'_> {
    /// All text of the longest journal, checked for repetition.
    fn text(&mut self) -> Result<String, Failed> {
        let mut text = String::new();
        for stretch in Script::new(self.cache.diary, self.top, SEED) {
            for note in stretch.ada.iter().chain(&stretch.bo) {
                text.push_str(&note.text);
                text.push_str(note.more.as_deref().unwrap_or_default());
                text.push('\n');
            }
        }
        let repeated = workload::repeated_runs(&text);
        if repeated > 0 {
            return Err(format!("{repeated} runs of 64 bytes come more than once").into());
        }
        self.report.note(format!(
            "The texts of {} have {} bytes, of which no run of 64 comes twice.",
            self.top.name,
            text.len()
        ));
        Ok(text)
    }

    fn spans(&self) -> &'static [Span] {
        if self.options.quick {
            &SPANS[..3]
        } else {
            &SPANS
        }
    }

    async fn ages(&self) -> Result<Vec<Aged>, Failed> {
        let mut ages = Vec::new();
        for span in self.spans() {
            ages.push(self.aged(*span).await?);
        }
        Ok(ages)
    }

    /// Opening a journal of some age, beside loading it with Automerge.
    async fn aged(&self, span: Span) -> Result<Aged, Failed> {
        let place = self.cache.copy(Kind::Aged(span), &self.work).await?;
        let (home, key) = (at(&place, "ada"), at(&place, "ada.key"));
        let mut page = Times::default();
        for _ in 0..2 * self.tries + 1 {
            let (shown, took): (Visit, _) = child(&["page", &home, &key])?;
            if shown.entries < crate::cold::PAGE {
                return Err("the first page is not whole".into());
            }
            page.push(took);
        }
        let mut peak = Vec::new();
        for _ in 0..3 {
            let (visit, _): (Visit, _) = child(&["visit", &home, &key, PHRASE])?;
            peak.push(visit.peak_bytes as f64);
        }
        let mut aged = Aged {
            span,
            page: page.median(),
            peak: middle(peak) as u64,
            load: None,
            load_peak: 0,
            load_apply: None,
            write: None,
            filled: None,
        };
        if span != FIFTY {
            let file = self.one_document(span)?;
            let mut load = Times::default();
            for _ in 0..3 {
                let (loaded, _): (automerge::Loaded, _) =
                    child(&["load", &file.display().to_string()])?;
                load.push(Duration::from_micros(loaded.load_us));
                aged.load_peak = loaded.peak_bytes;
            }
            aged.load = Some(load.median());
            let mut texts = Texts::new(self.cache.diary, SEED + 100);
            aged.load_apply = Some(automerge::apply(&file, &mut texts, 20)?.median());
        }
        println!("{}: opened in {:.2?}", span.name, aged.page);
        std::fs::remove_dir_all(place)?;
        Ok(aged)
    }

    /// The same journal as one document of Automerge.
    fn one_document(&self, span: Span) -> Result<PathBuf, Failed> {
        let kept = self.cache.place(&format!("{} document", span.name));
        if !kept.exists() {
            let making = self.cache.folder.join("making");
            automerge::build_one(&mut Script::new(self.cache.diary, span, SEED), &making)?;
            std::fs::rename(making, &kept)?;
        }
        Ok(kept)
    }

    /// The same journal as a document of Automerge for each month.
    fn months(&self) -> Result<PathBuf, Failed> {
        let kept = self.cache.place(&format!("{} months", self.top.name));
        if !kept.exists() {
            let making = self.cache.folder.join("making-months");
            if making.exists() {
                std::fs::remove_dir_all(&making)?;
            }
            automerge::build_months(&mut Script::new(self.cache.diary, self.top, SEED), &making)?;
            std::fs::rename(making, &kept)?;
        }
        Ok(kept)
    }

    fn openings(&mut self, ages: &[Aged]) {
        let of = |span| ages.iter().find(|aged| aged.span == span);
        let Some((top, load)) = of(self.top).and_then(|top| Some((top, top.load?))) else {
            return;
        };
        let age = self.top.name;
        self.report.times(
            (
                format!("open and first page of 50, cold process, {age}"),
                top.page,
            ),
            ("Automerge, `load()` of one document", load),
            Goal::AtMost(0.001),
        );
        self.report.compare(
            Unit::Bytes,
            (
                format!("peak memory of open, page, search and one edit, {age}"),
                top.peak as f64,
            ),
            ("Automerge, `load()` of one document", top.load_peak as f64),
            Goal::AtMost(0.03),
        );
        match (of(FIFTY), of(TEN)) {
            (Some(fifty), Some(ten)) => self.report.times(
                ("opening fifty years", fifty.page),
                ("ours, ten years", ten.page),
                Goal::AtMost(1.5),
            ),
            _ => self
                .report
                .left_out("opening fifty years", "a quick run ends at one year"),
        }
    }

    /// Searching by the index, beside looking through the text in memory.
    async fn search(&mut self, text: &str) -> Result<(), Failed> {
        let place = self.cache.copy(Kind::Aged(self.top), &self.work).await?;
        let (home, key) = (at(&place, "ada"), at(&place, "ada.key"));
        let (searched, _): (Searched, _) = child(&["search", &home, &key, PHRASE])?;
        if searched.hits < crate::cold::PAGE {
            return Err(format!("only {} hits", searched.hits).into());
        }
        let scan = middle((0..9).map(|_| limits::scan(text).as_secs_f64()).collect());
        let letters = text.len() as f64 / 1e6;
        self.report.compare(
            Unit::Seconds,
            (
                format!("first 50 hits of a phrase by the sealed index, {letters:.1} MB of text"),
                seconds(searched.again_us),
            ),
            ("`str::contains` over the text in memory", scan),
            Goal::AtMost(4.0),
        );
        self.report.compare(
            Unit::Seconds,
            ("… the first time in a process", seconds(searched.first_us)),
            ("`str::contains` over the text in memory", scan),
            Goal::None,
        );
        std::fs::remove_dir_all(place)?;
        Ok(())
    }

    fn fill(&self, place: &Path, kind: Kind, line: &str) -> Result<Filled, Failed> {
        let place = place.display().to_string();
        let (filled, _): (Filled, _) = child(&["fill", &place, kind.name(), line, PHRASE])?;
        Ok(filled)
    }

    /// A device that starts empty.
    async fn filling(&mut self, text: &str, ages: &mut [Aged]) -> Result<(), Failed> {
        let kind = Kind::Aged(self.top);
        let place = self.cache.copy(kind, &self.work).await?;
        let mut fills = Vec::new();
        for _ in 0..3 {
            fills.push(self.fill(&place, kind, "straight")?);
        }
        let of =
            |figure: fn(&Filled) -> u64| middle(fills.iter().map(|it| figure(it) as f64).collect());
        let counted = self.fill(&place, kind, "counted")?;
        let months = self.months()?;
        let folder = months.display().to_string();
        let mut peers = Vec::new();
        for _ in 0..3 {
            let (cold, _): (samod_peer::ColdSync, _) = child(&["samod", &folder])?;
            peers.push(cold);
        }
        let peer = |figure: fn(&samod_peer::ColdSync) -> u64| {
            middle(peers.iter().map(|it| figure(it) as f64).collect())
        };
        let age = self.top.name;
        let report = &mut self.report;
        let us = |figure: f64| figure / 1e6;
        report.compare(
            Unit::Seconds,
            (
                format!(
                    "a device that starts empty has all, signed by an own device, durable, \
                     readable, {age}"
                ),
                us(of(|it| it.all_us)),
            ),
            (
                "samod, plaintext, a document a month",
                us(peer(|it| it.all_us)),
            ),
            Goal::AtMost(0.02),
        );
        report.compare(
            Unit::Seconds,
            (
                "… and searchable by the index",
                us(of(|it| it.searchable_us)),
            ),
            (
                "samod, plaintext, a document a month",
                us(peer(|it| it.all_us)),
            ),
            Goal::AtMost(0.02),
        );
        report.compare(
            Unit::Seconds,
            ("… first page shown", us(of(|it| it.first_us))),
            ("samod's first document", us(peer(|it| it.first_us))),
            Goal::AtMost(0.1),
        );
        let saved = automerge::saved_bytes(&automerge::months(&months)?)? as f64;
        report.compare(
            Unit::Bytes,
            (
                "… bytes on the wire, UDP",
                (counted.up_bytes + counted.down_bytes) as f64,
            ),
            ("Automerge, sum of `save()`, a document a month", saved),
            Goal::AtMost(0.9),
        );
        report.compare(
            Unit::Bytes,
            (
                "… with the proofs of who signed what, which come afterwards",
                counted.end_bytes as f64,
            ),
            ("Automerge, sum of `save()`, which proves nothing", saved),
            Goal::None,
        );
        report.compare(
            Unit::Seconds,
            (
                "… and each entry's proof checked, in the background",
                us(counted.proved_us as f64),
            ),
            (
                "samod, plaintext, a document a month",
                us(peer(|it| it.all_us)),
            ),
            Goal::None,
        );
        report.compare(
            Unit::Seconds,
            (
                "… on the processor, relay and device",
                us(of(|it| it.cpu_us)),
            ),
            ("samod, both ends", us(peer(|it| it.cpu_us))),
            Goal::AtMost(0.02),
        );
        report.compare(
            Unit::Bytes,
            (
                "… peak memory, relay and device in one process",
                of(|it| it.peak_bytes),
            ),
            ("samod, both ends in one process", peer(|it| it.peak_bytes)),
            Goal::None,
        );
        let scan = middle((0..9).map(|_| limits::scan(text).as_secs_f64()).collect());
        report.compare(
            Unit::Seconds,
            (
                "first 50 hits of a phrase without an index",
                us(of(|it| it.unindexed_us)),
            ),
            ("`str::contains` over the text in memory", scan),
            Goal::AtMost(30.0),
        );
        report.compare(
            Unit::Seconds,
            (
                "… asked of a device that takes proofs in",
                us(of(|it| it.asked_us)),
            ),
            ("`str::contains` over the text in memory", scan),
            Goal::None,
        );
        for aged in ages.iter_mut().filter(|aged| aged.span == self.top) {
            aged.filled = Some(Duration::from_secs_f64(us(of(|it| it.all_us))));
        }
        std::fs::remove_dir_all(place)?;
        for span in [WEEK, MONTH, YEAR]
            .into_iter()
            .filter(|span| *span != self.top)
        {
            let kind = Kind::Aged(span);
            let place = self.cache.copy(kind, &self.work).await?;
            let filled = self.fill(&place, kind, "straight")?;
            for aged in ages.iter_mut().filter(|aged| aged.span == span) {
                aged.filled = Some(Duration::from_micros(filled.all_us));
            }
            std::fs::remove_dir_all(place)?;
        }
        // As much as fills the line for some seconds; what is shorter measures its beginning.
        const ENOUGH: u64 = 6 << 20;
        let span = if counted.down_bytes > 4 * ENOUGH {
            YEAR
        } else {
            self.top
        };
        let kind = Kind::Aged(span);
        let place = self.cache.copy(kind, &self.work).await?;
        for (loss, words, goal) in [("0", "", 0.9), ("0.01", " and 1 % loss", 0.7)] {
            let used = (0..if self.options.quick { 1 } else { 3 }).map(|_| {
                let filled = self.fill(&place, kind, loss)?;
                Ok(filled.down_bytes as f64 * 8.0 / seconds(filled.all_us) / 20e6)
            });
            let used = middle(used.collect::<Result<_, Failed>>()?);
            let what = format!(
                "part of a line of 20 Mbit/s and 50 ms{words} that filling a device uses, {}",
                span.name
            );
            self.report
                .figure(Unit::Count, what, used, Goal::AtLeast(goal));
        }
        std::fs::remove_dir_all(place)?;
        Ok(())
    }
}
