//! The search index: which terms stand in which entries, sealed like every row.
//!
//! The timeline is cut into runs of some thousand entries, and each run has an index of its own:
//! terms, sorted, in pages of some [`PAGE_LEN`] bytes, and its entries' keys in pages. Asking
//! for a term reads one page of each run, the newest run first, and no further run once there
//! are enough answers; changing entries of one day builds the run anew that has that day and no
//! other. What a term says, and when a run is built, is decided above.
//!
//! What lies on the disk in clear is how many pages there are and how long they are, which
//! depends on where pages end and not on what is in them.
//!
//! Every function here fails as the reading methods of [`Txn`] do, and no other way.

use std::collections::{BTreeSet, HashMap};

use sidelight_format::record::{
    IndexKey, PageWriter, Places, PlacesWriter, SearchDirectory, SearchKeys, SearchPage, SearchRun,
};
use sidelight_format::{Bytes, DecodeError, EntryId};

use crate::{Key, StoreError, Txn};

mod find;

pub use find::{Clause, Span, find};

/// How long a page of terms grows before the next one begins: reading one costs about as much as
/// finding it, and a run has some thirty.
pub const PAGE_LEN: usize = 8 * 1024;

/// How many keys a page of keys has.
pub const PAGE_KEYS: usize = 128;

/// The key before all entries: where the index begins once it is whole.
pub const START: IndexKey = IndexKey {
    day: 0,
    order: 0,
    entry: EntryId([0; EntryId::LEN]),
};

/// A run as it is built: entries in their order, and behind each its terms. What it takes of
/// memory is what the run takes on the disk, and some hundred bytes for each term.
#[derive(Default)]
pub struct RunBuilder {
    keys: Vec<IndexKey>,
    /// Terms with their places in `places`.
    terms: HashMap<Box<[u8]>, usize>,
    places: Vec<TermPlaces>,
}

/// A term with its places.
type WrittenTerm = (Box<[u8]>, PlacesWriter);

/// The places of one term.
struct TermPlaces {
    written: PlacesWriter,
    /// The last entry that has it, with its positions: not written yet.
    entry: u32,
    positions: Vec<u32>,
}

impl RunBuilder {
    /// Begins an entry, at its place in the timeline.
    pub fn entry(&mut self, key: IndexKey) {
        self.keys.push(key);
    }

    /// The entry that began last has a term; at a position, unless it stands nowhere. Positions
    /// of a term grow.
    pub fn term(&mut self, term: &[u8], position: Option<u32>) {
        let entry = (self.keys.len() as u32).saturating_sub(1);
        let Some(at) = self.terms.get(term) else {
            self.terms.insert(term.into(), self.places.len());
            self.places.push(TermPlaces {
                written: PlacesWriter::default(),
                entry,
                positions: position.into_iter().collect(),
            });
            return;
        };
        let places = &mut self.places[*at];
        if places.entry != entry {
            places.written.push(places.entry, &places.positions);
            places.positions.clear();
            places.entry = entry;
        }
        places.positions.extend(position);
    }

    /// How many entries have begun.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no entry has begun.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Its keys, and its terms in their order, each with its places.
    fn finish(mut self) -> (Vec<IndexKey>, Vec<WrittenTerm>) {
        let mut terms: Vec<(Box<[u8]>, usize)> = self.terms.into_iter().collect();
        terms.sort_unstable();
        let written = terms.into_iter().map(|(term, at)| {
            let places = &mut self.places[at];
            places.written.push(places.entry, &places.positions);
            (term, core::mem::take(&mut places.written))
        });
        (self.keys, written.collect())
    }
}

impl core::fmt::Debug for RunBuilder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RunBuilder")
            .field("entries", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// Where the index begins: what comes before that has none yet. None if there is no index.
///
/// # Errors
/// Those of reading.
pub fn begins(txn: &Txn<'_>) -> Result<Option<IndexKey>, StoreError> {
    Ok(directory(txn)?.runs.first().map(|(first, _)| *first))
}

/// The run that has `key`: where it begins, and where the next one does. None before the index
/// begins.
///
/// # Errors
/// Those of reading.
pub fn run_of(
    txn: &Txn<'_>,
    key: &IndexKey,
) -> Result<Option<(IndexKey, Option<IndexKey>)>, StoreError> {
    let runs = directory(txn)?.runs;
    let after = runs.partition_point(|(first, _)| first <= key);
    let until = runs.get(after).map(|(first, _)| *first);
    Ok(after.checked_sub(1).map(|at| (runs[at].0, until)))
}

/// Puts one run in place of those that begin at `first` or later and before `until`; none is
/// the end of the timeline. `built` has all its entries, sorted by key.
///
/// # Errors
/// Those of reading.
pub fn put_run(
    txn: &mut Txn<'_>,
    first: IndexKey,
    until: Option<IndexKey>,
    built: RunBuilder,
) -> Result<(), StoreError> {
    let mut directory = directory(txn)?;
    let replaced = |begins: &IndexKey| *begins >= first && until.is_none_or(|end| *begins < end);
    for (begins, number) in &directory.runs {
        if replaced(begins) {
            drop_run(txn, *number)?;
        }
    }
    directory.runs.retain(|(begins, _)| !replaced(begins));

    let (keys, terms) = built.finish();
    let mut run = SearchRun {
        entries: keys.len() as u32,
        keys: Vec::new(),
        pages: Vec::new(),
    };
    for some in keys.chunks(PAGE_KEYS) {
        let number = take(&mut directory.next)?;
        run.keys.push((some[0], number));
        let keys = some.to_vec();
        txn.put(Key::Number(number), &SearchKeys { keys });
    }
    let mut page = PageWriter::default();
    let mut first_term: &[u8] = &[];
    for (term, places) in &terms {
        if page.is_empty() {
            first_term = term;
        }
        page.push(term, places.as_bytes());
        if page.len() >= PAGE_LEN {
            put_page(txn, &mut directory, &mut run, first_term, &mut page)?;
        }
    }
    if !page.is_empty() {
        put_page(txn, &mut directory, &mut run, first_term, &mut page)?;
    }
    let number = take(&mut directory.next)?;
    txn.put(Key::Number(number), &run);
    let at = directory
        .runs
        .partition_point(|(begins, _)| *begins < first);
    directory.runs.insert(at, (first, number));
    txn.put(Key::One, &directory);
    Ok(())
}

/// Takes entries out of the index, by the keys under which they are in it: no page has anything
/// of them afterwards.
///
/// # Errors
/// Those of reading.
pub fn forget(txn: &mut Txn<'_>, keys: &BTreeSet<IndexKey>) -> Result<(), StoreError> {
    let runs = directory(txn)?.runs;
    for (at, (first, number)) in runs.iter().enumerate() {
        let until = runs.get(at + 1).map(|(first, _)| *first);
        let of_run = keys
            .range(first..)
            .take_while(|key| until.is_none_or(|end| **key < end));
        let of_run: Vec<IndexKey> = of_run.copied().collect();
        if !of_run.is_empty() {
            forget_in(txn, *number, &of_run)?;
        }
    }
    Ok(())
}

/// Takes everything out of the index.
///
/// # Errors
/// Those of reading.
pub fn clear(txn: &mut Txn<'_>) -> Result<(), StoreError> {
    let SearchDirectory { runs, next } = directory(txn)?;
    for (_, number) in runs {
        match drop_run(txn, number) {
            // Nothing tells which rows are its: all there ever were go, most of them long gone.
            Err(StoreError::Locked) => {
                for number in 0..next {
                    txn.delete::<SearchRun>(Key::Number(number));
                    txn.delete::<SearchKeys>(Key::Number(number));
                    txn.delete::<SearchPage>(Key::Number(number));
                }
                break;
            }
            dropped => dropped?,
        }
    }
    txn.delete::<SearchDirectory>(Key::One);
    Ok(())
}

fn forget_in(txn: &mut Txn<'_>, number: u64, keys: &[IndexKey]) -> Result<(), StoreError> {
    let mut run = run(txn, number)?;
    let mut gone = BTreeSet::new();
    let mut before = START;
    for (at, (first, page)) in run.keys.iter_mut().enumerate() {
        let mut of_page = keys_at(txn, *page)?.keys;
        let known = gone.len();
        for (place, key) in of_page.iter_mut().enumerate() {
            if keys.binary_search(key).is_ok() {
                gone.insert((at * PAGE_KEYS + place) as u32);
                // The order stays, and no term leads here any more.
                *key = before;
            }
            before = *key;
        }
        if gone.len() > known {
            *first = of_page[0];
            txn.put(Key::Number(*page), &SearchKeys { keys: of_page });
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let mut pages = Vec::with_capacity(run.pages.len());
    for (first, number) in run.pages {
        let page = page(txn, number)?;
        let Some(rest) = without(&page, &gone).map_err(damaged)? else {
            pages.push((first, number));
            continue;
        };
        match rest.terms().next_term().map_err(damaged)? {
            Some((first, _)) => {
                pages.push((Bytes::from(first.to_vec()), number));
                txn.put(Key::Number(number), &rest);
            }
            None => txn.delete::<SearchPage>(Key::Number(number)),
        }
    }
    run.pages = pages;
    txn.put(Key::Number(number), &run);
    Ok(())
}

/// A page without some entries; none if it has none of them.
fn without(page: &SearchPage, gone: &BTreeSet<u32>) -> Result<Option<SearchPage>, DecodeError> {
    let (mut changed, mut rest) = (false, PageWriter::default());
    let mut terms = page.terms();
    while let Some((term, places)) = terms.next_term()? {
        let (mut kept, mut left, mut lost) = (PlacesWriter::default(), false, false);
        let mut positions = Vec::new();
        let mut entries: Places<'_> = places.clone();
        while let Some(entry) = entries.next_entry(&mut positions)? {
            if gone.contains(&entry) {
                lost = true;
            } else {
                kept.push(entry, &positions);
                left = true;
            }
            positions.clear();
        }
        changed |= lost;
        match (lost, left) {
            (false, _) => rest.push(term, places.as_bytes()),
            (true, true) => rest.push(term, &kept.into_bytes()),
            (true, false) => {}
        }
    }
    Ok(changed.then(|| rest.take()))
}

fn put_page(
    txn: &mut Txn<'_>,
    directory: &mut SearchDirectory,
    run: &mut SearchRun,
    first: &[u8],
    page: &mut PageWriter,
) -> Result<(), StoreError> {
    let number = take(&mut directory.next)?;
    run.pages.push((Bytes::from(first.to_vec()), number));
    txn.put(Key::Number(number), &page.take());
    Ok(())
}

fn drop_run(txn: &mut Txn<'_>, number: u64) -> Result<(), StoreError> {
    let run = run(txn, number)?;
    for (_, number) in run.keys {
        txn.delete::<SearchKeys>(Key::Number(number));
    }
    for (_, number) in run.pages {
        txn.delete::<SearchPage>(Key::Number(number));
    }
    txn.delete::<SearchRun>(Key::Number(number));
    Ok(())
}

fn directory(txn: &Txn<'_>) -> Result<SearchDirectory, StoreError> {
    Ok(txn.get(Key::One)?.unwrap_or_default())
}

// The directory names each run, and a run its pages: they are there, or the disk is damaged.

fn run(txn: &Txn<'_>, number: u64) -> Result<SearchRun, StoreError> {
    txn.get(Key::Number(number))?.ok_or(StoreError::Damaged)
}

fn keys_at(txn: &Txn<'_>, number: u64) -> Result<SearchKeys, StoreError> {
    let keys: Option<SearchKeys> = txn.get(Key::Number(number))?;
    keys.filter(|keys| !keys.keys.is_empty())
        .ok_or(StoreError::Damaged)
}

fn page(txn: &Txn<'_>, number: u64) -> Result<SearchPage, StoreError> {
    txn.get(Key::Number(number))?.ok_or(StoreError::Damaged)
}

/// The next number of a row.
fn take(next: &mut u64) -> Result<u64, StoreError> {
    let number = *next;
    // No device makes 2⁶⁴ rows.
    *next = number.checked_add(1).ok_or(StoreError::Damaged)?;
    Ok(number)
}

fn damaged(_: DecodeError) -> StoreError {
    StoreError::Damaged
}

#[cfg(test)]
mod tests;
