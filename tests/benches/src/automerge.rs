//! What one would take otherwise: Automerge, the whole journal as one document, or a document
//! for each month. Two people write into replicas of it, as they do into ours.

use std::path::{Path, PathBuf};
use std::time::Instant;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};
use serde::{Deserialize, Serialize};

use crate::measure::{Failed, Times, peak_memory};
use crate::workload::{Note, Script, Stretch, Texts};

/// How many days a month has here; ten years have 122 of these.
const MONTH_DAYS: usize = 30;

/// Replicas of two people, with the same beginning.
struct Pair {
    ada: AutoCommit,
    bo: AutoCommit,
}

impl Pair {
    fn new() -> Result<Self, Failed> {
        let mut ada = AutoCommit::new();
        ada.put_object(ROOT, "entries", ObjType::List)?;
        ada.commit();
        let bo = ada.fork();
        Ok(Self { ada, bo })
    }

    fn write(&mut self, stretch: &Stretch) -> Result<(), Failed> {
        write(&mut self.ada, &stretch.ada)?;
        if !stretch.apart {
            self.bo.merge(&mut self.ada)?;
        }
        write(&mut self.bo, &stretch.bo)?;
        self.ada.merge(&mut self.bo)?;
        self.bo.merge(&mut self.ada)?;
        Ok(())
    }
}

fn entries(document: &AutoCommit) -> Result<ObjId, Failed> {
    let (_, entries) = document.get(ROOT, "entries")?.ok_or("no entries")?;
    Ok(entries)
}

/// One change an entry, and a second one for what is written behind it later.
fn write(document: &mut AutoCommit, notes: &[Note]) -> Result<(), Failed> {
    let list = entries(document)?;
    let mut later = Vec::new();
    for note in notes {
        let text = add(document, &list, note.day, &note.text)?;
        if let Some(more) = &note.more {
            later.push((text, more));
        }
    }
    for (text, more) in later {
        let end = document.length(&text);
        document.splice_text(&text, end, 0, more)?;
        document.commit();
    }
    Ok(())
}

fn add(document: &mut AutoCommit, list: &ObjId, day: usize, text: &str) -> Result<ObjId, Failed> {
    let at = document.length(list);
    let entry = document.insert_object(list, at, ObjType::Map)?;
    document.put(&entry, "day", day as u64)?;
    let object = document.put_object(&entry, "text", ObjType::Text)?;
    document.splice_text(&object, 0, 0, text)?;
    document.commit();
    Ok(object)
}

/// Writes a script into one document, and saves it.
pub fn build_one(script: &mut Script, to: &Path) -> Result<(), Failed> {
    let mut pair = Pair::new()?;
    for stretch in script {
        pair.write(&stretch)?;
    }
    std::fs::write(to, pair.ada.save())?;
    Ok(())
}

/// Writes a script into a document for each month, and saves them in a folder.
pub fn build_months(script: &mut Script, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    let (mut month, mut pair) = (0, Pair::new()?);
    for stretch in script {
        let day = stretch.ada.first().map_or(0, |note| note.day);
        if day / MONTH_DAYS != month {
            std::fs::write(to.join(format!("{month:04}")), pair.ada.save())?;
            (month, pair) = (day / MONTH_DAYS, Pair::new()?);
        }
        pair.write(&stretch)?;
    }
    std::fs::write(to.join(format!("{month:04}")), pair.ada.save())?;
    Ok(())
}

/// The documents of a folder, in order.
pub fn months(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok::<_, Failed>(entry?.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// How many bytes these documents have, saved.
pub fn saved_bytes(files: &[PathBuf]) -> Result<u64, Failed> {
    let lens = files.iter().map(|file| Ok(std::fs::metadata(file)?.len()));
    lens.sum()
}

/// What loading documents took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// `load()` alone, in microseconds.
    pub load_us: u64,
    pub peak_bytes: u64,
    pub entries: u64,
}

/// Loads documents and reads the last 50 entries of the last one.
pub fn load(files: &[&Path]) -> Result<Loaded, Failed> {
    let (mut load_us, mut last, mut count) = (0, None, 0);
    for file in files {
        let bytes = std::fs::read(file)?;
        let began = Instant::now();
        let document = AutoCommit::load(&bytes)?;
        load_us += began.elapsed().as_micros() as u64;
        count += document.length(entries(&document)?) as u64;
        last = Some(document);
    }
    let document = last.ok_or("no documents")?;
    let list = entries(&document)?;
    let len = document.length(&list);
    for number in len.saturating_sub(50)..len {
        let (_, entry) = document.get(&list, number)?.ok_or("no entry")?;
        let (_, text) = document.get(&entry, "text")?.ok_or("no text")?;
        document.text(&text)?;
    }
    Ok(Loaded {
        load_us,
        peak_bytes: peak_memory(),
        entries: count,
    })
}

/// Applies one more entry by another, some times.
pub fn apply(from: &Path, texts: &mut Texts, times: usize) -> Result<Times, Failed> {
    let mut here = AutoCommit::load(&std::fs::read(from)?)?;
    let mut there = here.fork();
    let list = entries(&there)?;
    let mut seen = Times::default();
    for _ in 0..times {
        add(&mut there, &list, 0, &texts.next())?;
        let change = there.get_last_local_change().ok_or("no change")?.clone();
        let began = Instant::now();
        here.apply_changes([change])?;
        seen.push(began.elapsed());
    }
    Ok(seen)
}

/// How many bytes somebody sends first who is one change behind, in a fresh session.
pub fn reconnect_bytes(from: &Path) -> Result<u64, Failed> {
    use automerge::sync::{State, SyncDoc};
    let mut here = AutoCommit::load(&std::fs::read(from)?)?;
    let message = here.sync().generate_sync_message(&mut State::new());
    Ok(message.map_or(0, |message| message.encode().len() as u64))
}

/// The text object of the last entry.
pub fn last_text(document: &impl ReadDoc) -> Result<ObjId, Failed> {
    let (_, list) = document.get(ROOT, "entries")?.ok_or("no entries")?;
    let last = document.length(&list).checked_sub(1).ok_or("no entry")?;
    let (_, entry) = document.get(&list, last)?.ok_or("no entry")?;
    match document.get(&entry, "text")? {
        Some((Value::Object(ObjType::Text), text)) => Ok(text),
        Some((Value::Scalar(scalar), _)) if *scalar == ScalarValue::Null => Err("no text".into()),
        _ => Err("the last entry has no text".into()),
    }
}
