//! What one would take otherwise: Automerge, the whole journal as one document.

use std::path::Path;
use std::time::Instant;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc};
use serde::{Deserialize, Serialize};

use crate::measure::{Failed, peak_memory};
use crate::workload::{ENTRIES_A_DAY, Span, Texts};

/// Writes a span into one document, one change an entry, and saves it.
pub fn build(span: Span, texts: &mut Texts, to: &Path) -> Result<u64, Failed> {
    let mut document = AutoCommit::new();
    let entries = document.put_object(ROOT, "entries", ObjType::List)?;
    for number in 0..span.days * ENTRIES_A_DAY {
        let entry = document.insert_object(&entries, number, ObjType::Map)?;
        document.put(&entry, "day", (number / ENTRIES_A_DAY) as u64)?;
        let text = document.put_object(&entry, "text", ObjType::Text)?;
        document.splice_text(&text, 0, 0, &texts.next())?;
        document.commit();
    }
    let saved = document.save();
    std::fs::write(to, &saved)?;
    Ok(saved.len() as u64)
}

/// What loading it took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// `load()` alone, in microseconds.
    pub load_us: u64,
    pub peak_bytes: u64,
    pub entries: u64,
}

/// Loads the whole document and reads its last 50 entries.
pub fn load(from: &Path) -> Result<Loaded, Failed> {
    let bytes = std::fs::read(from)?;
    let began = Instant::now();
    let document = AutoCommit::load(&bytes)?;
    let load_us = began.elapsed().as_micros() as u64;
    let (_, entries) = document.get(ROOT, "entries")?.ok_or("no entries")?;
    let len = document.length(&entries);
    for number in len.saturating_sub(50)..len {
        let (_, entry) = document.get(&entries, number)?.ok_or("no entry")?;
        let (_, text) = document.get(&entry, "text")?.ok_or("no text")?;
        document.text(&text)?;
    }
    Ok(Loaded {
        load_us,
        peak_bytes: peak_memory(),
        entries: len as u64,
    })
}

/// Applies one more entry by another: the median of a few, in microseconds.
pub fn apply(
    from: &Path,
    texts: &mut Texts,
    times: usize,
) -> Result<crate::measure::Times, Failed> {
    let mut here = AutoCommit::load(&std::fs::read(from)?)?;
    let mut there = here.fork();
    let mut seen = crate::measure::Times::default();
    for _ in 0..times {
        let (_, entries) = there.get(ROOT, "entries")?.ok_or("no entries")?;
        let at = there.length(&entries);
        let entry = there.insert_object(&entries, at, ObjType::Map)?;
        let text = there.put_object(&entry, "text", ObjType::Text)?;
        there.splice_text(&text, 0, 0, &texts.next())?;
        there.commit();
        let change = there.get_last_local_change().ok_or("no change")?.clone();
        let began = Instant::now();
        here.apply_changes([change])?;
        seen.push(began.elapsed());
    }
    Ok(seen)
}
