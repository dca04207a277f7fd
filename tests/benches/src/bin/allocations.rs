//! What opening, a page, a search and an edit take from the heap, and who takes the most.
//!
//! SQLite takes its memory from C, which is not counted here; its page cache is bounded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use serde::Deserialize;
use sidelight::{FileKeyStore, Journal, PageRequest, SearchRequest};
use sidelight_benches::couple::{Cache, Kind};
use sidelight_benches::measure::Failed;
use sidelight_benches::workload::{self, YEAR};

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

#[derive(Parser)]
#[command(about = "Counts what comes from the heap, in a journal of one year")]
struct Options {
    #[arg(long, default_value = "../shared/data/pepys.dayone.json.gz")]
    diary: PathBuf,
    #[arg(long, default_value = "target/benches/kept")]
    kept: PathBuf,
    #[arg(long, default_value = "target/benches/work")]
    place: PathBuf,
}

/// How many contributors are named.
const NAMED: usize = 6;

fn main() -> Result<(), Failed> {
    let options = Options::parse();
    tokio::runtime::Runtime::new()?.block_on(run(&options))
}

async fn run(options: &Options) -> Result<(), Failed> {
    std::fs::create_dir_all(&options.place)?;
    std::fs::create_dir_all(&options.kept)?;
    let diary = workload::diary(&options.diary)?;
    let cache = Cache {
        folder: std::path::absolute(&options.kept)?,
        diary: &diary,
        seed: 1,
    };
    let work = tempfile::tempdir_in(&options.place)?;
    let place = cache.copy(Kind::Aged(YEAR), work.path()).await?;
    let file = work.path().join("heap.json");
    println!("| what | blocks | bytes | at most at once |\n|---|---|---|---|");
    let mut named = String::new();
    let keys = Arc::new(FileKeyStore::new(place.join("ada.key")));

    let profiler = begin(&file);
    let journal = Journal::open(place.join("ada"), keys).await?;
    named += &end("open", profiler, &file)?;

    let profiler = begin(&file);
    let request = PageRequest {
        limit: 50,
        before: None,
    };
    let page = journal.page(request).await?;
    named += &end("page of 50", profiler, &file)?;

    let profiler = begin(&file);
    let request = SearchRequest {
        words: "\"to the office\"".to_owned(),
        limit: 50,
        ..SearchRequest::default()
    };
    journal.search(request).await?;
    named += &end("search, 50 hits", profiler, &file)?;

    let mine = page.entries.iter().find(|entry| entry.mine);
    let mine = mine.ok_or("no entry of one's own")?;
    let profiler = begin(&file);
    let text = format!("{} Seen again.", mine.text);
    journal.set_text(mine.id.clone(), text).await?;
    named += &end("edit", profiler, &file)?;
    journal.shutdown().await;
    println!("\nWho takes the most, by bytes:\n\n{named}");
    Ok(())
}

fn begin(file: &std::path::Path) -> dhat::Profiler {
    dhat::Profiler::builder()
        .file_name(file)
        .trim_backtraces(None)
        .build()
}

#[derive(Deserialize)]
struct Profile {
    pps: Vec<Point>,
    ftbl: Vec<String>,
}

/// A place in the program that takes from the heap: bytes and blocks in total, and where.
#[derive(Deserialize)]
struct Point {
    tb: u64,
    tbk: u64,
    #[serde(default)]
    gb: u64,
    fs: Vec<usize>,
}

/// Ends a profile: prints its line, and returns who took the most.
fn end(what: &str, profiler: dhat::Profiler, file: &std::path::Path) -> Result<String, Failed> {
    drop(profiler);
    let profile: Profile = serde_json::from_slice(&std::fs::read(file)?)?;
    let sum = |of: fn(&Point) -> u64| profile.pps.iter().map(of).sum::<u64>();
    println!(
        "| {what} | {} | {} | {} |",
        sum(|point| point.tbk),
        sum(|point| point.tb),
        sum(|point| point.gb)
    );
    let mut takers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for point in &profile.pps {
        let frames = point.fs.iter().filter_map(|frame| profile.ftbl.get(*frame));
        let sum = takers.entry(taker(frames)).or_default();
        *sum = (sum.0 + point.tb, sum.1 + point.tbk);
    }
    let mut takers: Vec<_> = takers.into_iter().collect();
    takers.sort_by_key(|(_, (bytes, _))| std::cmp::Reverse(*bytes));
    let lines = takers.into_iter().take(NAMED);
    let lines = lines.map(|(taker, (bytes, blocks))| {
        format!("- {what}: {bytes} bytes in {blocks} blocks: {taker}\n")
    });
    Ok(lines.collect())
}

/// The innermost function of ours, or for ours, on the way to the heap; else the outermost that is not the
/// standard library's.
fn taker<'a>(frames: impl Iterator<Item = &'a String>) -> String {
    let names = frames.map(|frame| {
        // `0x…: path::function (file:line:column)`
        let name = frame
            .split_once(": ")
            .map_or(frame.as_str(), |(_, name)| name);
        name.split(" (").next().unwrap_or(name)
    });
    let foreign = |name: &&str| {
        let not_ours = [
            "alloc::", "core::", "std::", "<alloc::", "<core::", "<std::", "dhat", "<dhat",
        ];
        not_ours.iter().any(|begin| name.starts_with(begin)) || name.starts_with("__")
    };
    let names: Vec<&str> = names.filter(|name| !foreign(name)).collect();
    // What was inlined is named by what it was made for: that tells more than who called it.
    let ours = names.iter().find(|name| name.contains("sidelight"));
    let found = ours.or_else(|| names.first());
    found.map_or_else(
        || "the standard library".to_owned(),
        |name| (*name).to_owned(),
    )
}
