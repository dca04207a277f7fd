//! Processes that begin with nothing in memory: opening, a short visit, a search, and a device
//! that starts empty. Each is this program run again, and prints what it measured.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sidelight::{FileKeyStore, Journal, PageRequest, Reader, SearchRequest};

use crate::couple::{Kind, PATIENCE, behind, front, keys, relay, sync};
use crate::measure::{Failed, Times, peak_memory, processor_time};
use crate::proxy::{Line, Proxy};

/// What a page shows here.
pub const PAGE: usize = 50;

/// What a process tells of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Visit {
    /// From its first line to the page, in microseconds.
    pub page_us: u64,
    pub peak_bytes: u64,
    pub entries: usize,
}

fn newest() -> PageRequest {
    PageRequest {
        limit: PAGE as u32,
        before: None,
    }
}

fn key(path: &Path) -> Arc<FileKeyStore> {
    Arc::new(FileKeyStore::new(path.to_owned()))
}

/// Opens for reading and shows the first page.
pub async fn page(home: &Path, key_file: &Path) -> Result<Visit, Failed> {
    let began = Instant::now();
    let reader = Reader::open(home.to_owned(), key(key_file)).await?;
    let page = reader.page(newest()).await?;
    Ok(Visit {
        page_us: began.elapsed().as_micros() as u64,
        peak_bytes: peak_memory(),
        entries: page.entries.len(),
    })
}

/// Opens, shows a page, searches and edits one entry: what a short visit takes of memory.
pub async fn visit(home: &Path, key_file: &Path, words: &str) -> Result<Visit, Failed> {
    let began = Instant::now();
    let journal = Journal::open(home.to_owned(), key(key_file)).await?;
    let page = journal.page(newest()).await?;
    let page_us = began.elapsed().as_micros() as u64;
    journal.search(phrase(words)).await?;
    let mine = page.entries.iter().find(|entry| entry.mine);
    let mine = mine.ok_or("no entry of one's own")?;
    let text = format!("{} Seen again.", mine.text);
    journal.set_text(mine.id.clone(), text).await?;
    journal.shutdown().await;
    Ok(Visit {
        page_us,
        peak_bytes: peak_memory(),
        entries: page.entries.len(),
    })
}

/// The first hits of a phrase.
fn phrase(words: &str) -> SearchRequest {
    SearchRequest {
        words: format!("\"{words}\""),
        limit: PAGE as u32,
        ..SearchRequest::default()
    }
}

/// What searching took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Searched {
    /// The first time in this process.
    pub first_us: u64,
    /// The median of some more.
    pub again_us: u64,
    pub hits: usize,
}

/// Searches a journal for a phrase, some times.
pub async fn search(home: &Path, key_file: &Path, words: &str) -> Result<Searched, Failed> {
    let reader = Reader::open(home.to_owned(), key(key_file)).await?;
    let mut times = Times::default();
    let began = Instant::now();
    let hits = reader.search(phrase(words)).await?.entries.len();
    let first = began.elapsed();
    for _ in 0..15 {
        let began = Instant::now();
        reader.search(phrase(words)).await?;
        times.push(began.elapsed());
    }
    Ok(Searched {
        first_us: first.as_micros() as u64,
        again_us: times.median().as_micros() as u64,
        hits,
    })
}

/// What bringing a journal to a device that starts empty took, from when both sides had
/// confirmed that they belong together.
#[derive(Debug, Serialize, Deserialize)]
pub struct Filled {
    /// Until a page is shown.
    pub first_us: u64,
    /// Until every entry is kept durably and can be read.
    pub all_us: u64,
    /// Until the search index has every entry, too.
    pub searchable_us: u64,
    /// One search after the first of these and before the other: without an index, by who only
    /// reads.
    pub unindexed_us: u64,
    /// The same, asked of the device that takes proofs in: after what it is at.
    pub asked_us: u64,
    /// On the processor until all is kept, the relay's and the device's.
    pub cpu_us: u64,
    /// On the wire until all is kept, as UDP; nothing if no proxy counts them.
    pub up_bytes: u64,
    pub down_bytes: u64,
    /// On the wire until nothing more is to come: with the proofs of what volumes brought, and
    /// whatever they did not bring.
    pub end_bytes: u64,
    /// Until each entry's proof was checked, too, which an app does not wait for; if a proxy only
    /// counts.
    pub proved_us: u64,
    pub peak_bytes: u64,
}

/// Longer than filling takes on a slow line.
const FILL_MAX: Duration = Duration::from_secs(300);

/// How often it is looked what is there already.
const LOOK: Duration = Duration::from_millis(4);

/// Links a further device of Ada's and fills it over a line, if there is one to stand between.
pub async fn fill(
    place: &Path,
    kind: Kind,
    line: Option<Line>,
    words: &str,
) -> Result<Filled, Failed> {
    let relay = relay(place, kind, line.is_some()).await?;
    // Linking is not what is measured: the slow line comes after it.
    let through = |_| Proxy::start(&front(kind), &behind(kind), Line::default());
    let proxy = line.map(through).transpose()?;
    let ada = Journal::open(place.join("ada"), keys(place, "ada")).await?;
    let entries = ada.status().await?.entries;
    let shown = ada.link(Duration::from_secs(3600)).await?;
    // What a device packs for others while they look at each other's emoji: here nobody looks.
    if !ada.prepare_volumes(PATIENCE).await? {
        return Err("the volumes were not packed".into());
    }
    let home = place.join("further");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let device_keys = keys(place, "further");
    let device = Journal::join_own(home, device_keys, shown.link, "further".to_owned()).await?;
    for _ in 0..3 {
        sync(&device).await?;
        sync(&ada).await?;
    }
    ada.confirm(true).await?;
    device.confirm(true).await?;
    // The device's word goes out, and the list of devices comes to have it.
    sync(&device).await?;
    sync(&ada).await?;
    sync(&ada).await?;
    ada.shutdown().await;

    if let (Some(line), Some(proxy)) = (line, &proxy) {
        proxy.set_line(line);
    }
    let passed = |proxy: &Proxy| (proxy.up.bytes(), proxy.down.bytes());
    let before = proxy.as_ref().map_or((0, 0), passed);
    let (cpu, began) = (processor_time(), Instant::now());
    device.go_live().await?;
    let mut first = None;
    loop {
        if first.is_none() && device.page(newest()).await?.entries.len() == PAGE {
            first = Some(began.elapsed());
        }
        if first.is_some() && device.status().await?.entries >= entries {
            break;
        }
        if began.elapsed() > FILL_MAX {
            return Err("the device was not filled".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    let (all, cpu) = (began.elapsed(), processor_time() - cpu);
    let after = proxy.as_ref().map_or((0, 0), passed);
    let reader = Reader::open(place.join("further"), keys(place, "further")).await?;
    let looking = Instant::now();
    reader.search(phrase(words)).await?;
    let unindexed = looking.elapsed();
    let asking = Instant::now();
    device.search(phrase(words)).await?;
    let asked = asking.elapsed();
    device.prepare_search(PATIENCE).await?;
    let searchable = began.elapsed();
    sync(&device).await?;
    let end = proxy.as_ref().map_or((0, 0), passed);
    // Once is enough of what takes longest and nobody waits for.
    if line.is_some_and(|line| line.rate.is_none()) {
        device.prepare_volumes(PATIENCE).await?;
        let status = device.status().await?;
        if status.unproved > 0 || !status.warnings.is_empty() {
            let (unproved, warnings) = (status.unproved, status.warnings);
            return Err(format!("{unproved} entries are not proved: {warnings:?}").into());
        }
    }
    let filled = Filled {
        first_us: first.unwrap_or(all).as_micros() as u64,
        all_us: all.as_micros() as u64,
        searchable_us: searchable.as_micros() as u64,
        unindexed_us: unindexed.as_micros() as u64,
        asked_us: asked.as_micros() as u64,
        cpu_us: cpu.as_micros() as u64,
        up_bytes: after.0 - before.0,
        down_bytes: after.1 - before.1,
        end_bytes: end.0 + end.1 - before.0 - before.1,
        proved_us: began.elapsed().as_micros() as u64,
        peak_bytes: peak_memory(),
    };
    device.shutdown().await;
    if let Some(proxy) = proxy {
        proxy.stop().await?;
    }
    relay.stop().await;
    Ok(filled)
}
