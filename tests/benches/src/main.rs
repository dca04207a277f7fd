//! Sidelight beside what one would take otherwise and beside the machine's limits, in one run.
//!
//! | file | what |
//! |---|---|
//! | `workload` | the texts, and for how long a journal is kept |
//! | `ours` | journals of two people over a real relay |
//! | `peers` | Automerge, all in one document |
//! | `limits` | disk, database, cipher, scan |
//! | `measure` | medians, cold processes, memory |
//! | `report` | table and plots |
//!
//! A figure means little on another machine, or while something else runs on this one; a ratio
//! of two figures of one run means something.

mod limits;
mod measure;
mod ours;
mod peers;
mod report;
mod workload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use crate::measure::{Failed, Times, child};
use crate::report::{Goal, Report, milliseconds};
use crate::workload::{SPANS, Span, Texts};

/// The same texts in every run.
const SEED: u64 = 1;

#[derive(Parser)]
#[command(about = "Measures Sidelight beside its peers and the machine's limits")]
struct Options {
    /// Up to one year only: three minutes
    #[arg(long)]
    quick: bool,
    /// The diary whose phrases are put together anew
    #[arg(long, default_value = "../shared/data/pepys.dayone.json.gz")]
    diary: PathBuf,
    /// Where the journals are built; removed afterwards
    #[arg(long, default_value = "target/benches")]
    place: PathBuf,
    /// Where the page and the plots go; nothing is written without it
    #[arg(long)]
    docs: Option<PathBuf>,
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if let [_, child, what, rest @ ..] = arguments.as_slice()
        && child == "child"
    {
        return runtime.block_on(as_child(what, rest));
    }
    runtime.block_on(run(&Options::parse()))
}

/// What a cold process does; its figures are printed as JSON.
async fn as_child(what: &str, arguments: &[String]) -> Result<(), Failed> {
    let paths: Vec<&Path> = arguments.iter().map(Path::new).collect();
    let printed = match (what, paths.as_slice()) {
        ("page", [home, key]) => serde_json::to_string(&ours::first_page(home, key).await?)?,
        ("visit", [home, key]) => serde_json::to_string(&ours::visit(home, key).await?)?,
        ("load", [file]) => serde_json::to_string(&peers::load(file)?)?,
        _ => return Err(format!("no such child: {what}").into()),
    };
    println!("{printed}");
    Ok(())
}

/// What was measured of journals of one age.
struct Aged {
    span: Span,
    page: Duration,
    write: Duration,
    apply: Duration,
    peak: u64,
    load: Duration,
    load_peak: u64,
    load_apply: Duration,
    /// A further device: until its first page, and until it has everything.
    cold: (Duration, Duration),
}

async fn run(options: &Options) -> Result<(), Failed> {
    let diary = workload::diary(&options.diary)?;
    // On the project's own disk: one in memory would make everything durable for nothing.
    std::fs::create_dir_all(&options.place)?;
    let place = tempfile::tempdir_in(&options.place)?;
    let spans = if options.quick {
        &SPANS[..3]
    } else {
        &SPANS[..4]
    };
    let mut report = Report::default();
    let mut ages = Vec::new();
    for span in spans {
        ages.push(aged(*span, &diary, place.path()).await?);
    }
    compare(&mut report, &ages);
    limits_of(&mut report, place.path())?;
    live(&mut report, &diary, place.path()).await?;
    if let Some(docs) = &options.docs {
        write_docs(docs, &report, &ages)?;
    }
    Ok(())
}

async fn aged(span: Span, diary: &[String], place: &Path) -> Result<Aged, Failed> {
    let place = place.join(span.days.to_string());
    let mut texts = Texts::new(diary, SEED);
    let couple = ours::Couple::pair(&place).await?;
    let began = std::time::Instant::now();
    couple.write(span, &mut texts, SEED).await?;
    println!("{}: built in {}", span.name, milliseconds(began.elapsed()));
    let write = ours::writes(&couple.ada, &mut texts, 200).await?.median();
    let apply = couple.edit_to_visible(50).await?.median();
    let cold = couple.cold_device().await?;
    couple.end().await;

    let home = place.join("ada").display().to_string();
    let key = place.join("ada.key").display().to_string();
    let (mut page, mut peak) = (Times::default(), 0);
    for _ in 0..5 {
        let (cold, took): (ours::Cold, _) = child(&["page", &home, &key])?;
        if cold.entries == 0 {
            return Err("the first page is empty".into());
        }
        page.push(took);
    }
    let (visit, _): (ours::Cold, _) = child(&["visit", &home, &key])?;
    peak = peak.max(visit.peak_bytes);

    let file = place.join("one-document");
    let mut texts = Texts::new(diary, SEED);
    let saved = peers::build(span, &mut texts, &file)?;
    println!("{}: Automerge's save() has {saved} bytes", span.name);
    let path = file.display().to_string();
    let (loaded, _): (peers::Loaded, _) = child(&["load", &path])?;
    let load_apply = peers::apply(&file, &mut texts, 20)?.median();
    Ok(Aged {
        span,
        page: page.median(),
        write,
        apply,
        peak,
        load: Duration::from_micros(loaded.load_us),
        load_peak: loaded.peak_bytes,
        load_apply,
        cold,
    })
}

fn compare(report: &mut Report, ages: &[Aged]) {
    let (Some(first), Some(last)) = (ages.first(), ages.last()) else {
        return;
    };
    let age = last.span.name;
    report.times(
        &format!("cold process, open and first page of 50, {age}"),
        last.page,
        ("Automerge, load() of one document", last.load),
        Goal::AtMost(0.001),
    );
    report.sizes(
        &format!("peak memory of a visit with one edit, {age}"),
        last.peak,
        ("Automerge, load()", last.load_peak),
        Goal::AtMost(0.03),
    );
    report.times(
        &format!("write of one entry, durable, {age}"),
        last.write,
        ("ours, one week", first.write),
        Goal::AtMost(1.15),
    );
    report.times(
        &format!("edit to visible through the relay, {age}"),
        last.apply,
        ("ours, one week", first.apply),
        Goal::AtMost(1.1),
    );
    report.times(
        &format!("a further device has everything, readable, {age}"),
        last.cold.1,
        ("Automerge, load() of one document", last.load),
        Goal::None,
    );
    report.times(
        &format!("… and shows its first page, {age}"),
        last.cold.0,
        ("Automerge, load() of one document", last.load),
        Goal::None,
    );
    report.times(
        &format!("Automerge applies a partner's entry, {age}"),
        last.load_apply,
        ("Automerge, one week", first.load_apply),
        Goal::None,
    );
}

fn limits_of(report: &mut Report, place: &Path) -> Result<(), Failed> {
    let append = limits::durable_append(place, 200)?;
    report.note(format!(
        "An append of 300 bytes with fdatasync takes {} here (p99 {}).",
        milliseconds(append.median()),
        milliseconds(append.p99())
    ));
    let rows = limits::sqlite_rows(place, 20)?;
    report.note(format!(
        "SQLite takes {rows:.0} rows of 1 KiB a second, durably, in batches of 1,000."
    ));
    let sealed = limits::sealing(100_000)? / 1e6;
    report.note(format!(
        "XChaCha20-Poly1305 seals {sealed:.0} MB a second in pieces of 1 KiB, on one core."
    ));
    Ok(())
}

async fn live(report: &mut Report, diary: &[String], place: &Path) -> Result<(), Failed> {
    let couple = ours::Couple::pair(&place.join("live")).await?;
    let mut texts = Texts::new(diary, SEED);
    couple.write(SPANS[1], &mut texts, SEED).await?;
    let seen = couple.edit_to_visible(300).await?;
    report.note(format!(
        "Edit to visible through the relay, one month: median {}, p99 {}.",
        milliseconds(seen.median()),
        milliseconds(seen.p99())
    ));
    let text: String = (0..20_000).map(|_| texts.next()).collect();
    let scan = measure::median(5, || limits::scan(&text));
    report.note(format!(
        "A scan of {} bytes for a phrase takes {}.",
        text.len(),
        milliseconds(scan)
    ));
    couple.end().await;
    Ok(())
}

fn write_docs(docs: &Path, report: &Report, ages: &[Aged]) -> Result<(), Failed> {
    let plots = docs.join("benchmarks");
    std::fs::create_dir_all(&plots)?;
    let line = |of: fn(&Aged) -> Duration| -> Vec<(f64, f64)> {
        let points = ages.iter();
        points
            .map(|age| (age.span.days as f64, of(age).as_secs_f64() * 1000.0))
            .collect()
    };
    report::plot(
        &plots.join("opening.svg"),
        "Cold process to the first page",
        "milliseconds",
        &[
            ("Sidelight", line(|age| age.page)),
            ("Automerge, load()", line(|age| age.load)),
        ],
    )?;
    report::plot(
        &plots.join("writing.svg"),
        "One more entry",
        "milliseconds",
        &[
            ("Sidelight, durable", line(|age| age.write)),
            ("Sidelight, visible at the partner's", line(|age| age.apply)),
            ("Automerge, applied", line(|age| age.load_apply)),
        ],
    )?;
    let head = "# Benchmarks\n\nWhat `cargo xtask bench` printed. Ratios are of one run; other figures depend on the machine.";
    std::fs::write(docs.join("benchmarks.md"), report.markdown(head))?;
    Ok(())
}
