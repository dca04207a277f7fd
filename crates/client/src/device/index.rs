//! Keeping the search index up: writing notes what has changed, at a cost that does not know how
//! long the journal is; what was noted is taken in later, many at once, when there is time.
//! What is erased leaves the index in the same step.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::EntryId;
use sidelight_format::record::{IndexKey, IndexRow, RenderedRecord, SearchChange};
use sidelight_journal::search::each_term;
use sidelight_store::search::{self, RunBuilder, START};
use sidelight_store::{Key, Txn, timeline};
use sidelight_sync::Outside;

use super::Device;
use super::core::Core;
use super::entries::{index_row, rendered};
use crate::Error;

/// How many entries a run of the index has at most. Building one takes some tens of
/// milliseconds; asking reads a page of each.
const RUN_ENTRIES: usize = 1024;

/// How many bytes of text a run has before it ends, if its entries are long.
const RUN_TEXT: usize = 4 * 1024 * 1024;

/// So many changed entries wait before they are taken in: looking through them takes less than
/// asking the rest of the index.
const CHANGES_WAIT: usize = 64;

/// So many changes at once, as an import brings, are more than can be taken in one by one: the
/// index is built anew.
const CHANGES_MAX: usize = 1024;

/// How many rows of the timeline are looked at in one go.
const ROWS: usize = 256;

/// What this opening knows of the search index.
#[derive(Default)]
pub(super) struct Index {
    /// Where it begins; none if there is none.
    begins: Option<IndexKey>,
    /// How many entries it shows as they were, once they were counted.
    changes: Option<usize>,
    /// The keys under which it has what was erased in this step.
    erased: BTreeSet<IndexKey>,
}

impl Index {
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        Ok(Self {
            begins: search::begins(txn)?,
            ..Self::default()
        })
    }
}

impl Device {
    /// Whether [`index`](Self::index) has something to do.
    ///
    /// # Errors
    /// Storage.
    pub fn is_index_due(&self) -> Result<bool, Error> {
        self.core.index_is_due(&Txn::begin(&*self.store)?)
    }

    /// Brings the search index further, as far as takes some tens of milliseconds. False if there
    /// was nothing to be done. For when nothing else is.
    ///
    /// # Errors
    /// Storage.
    pub fn index(&mut self, outside: &mut Outside<'_>) -> Result<bool, Error> {
        self.run(|core, txn| {
            let worked = core.index_step(txn)?;
            if worked {
                // Proofs wait for it.
                core.go_on_filling(txn, outside)?;
            }
            Ok(worked)
        })
    }
}

impl Core {
    /// An entry has come or changed: the index is to show it as it is now.
    pub(super) fn note_changed(
        &mut self,
        txn: &mut Txn<'_>,
        entry: EntryId,
        (before, now): (Option<IndexKey>, IndexKey),
    ) -> Result<(), Error> {
        let Some(begins) = self.index.begins else {
            return Ok(());
        };
        let indexed = before.filter(|key| *key >= begins);
        let name = Key::Name(&entry.0);
        let concerns = indexed.is_some() || now >= begins;
        if !concerns || txn.get::<SearchChange>(name)?.is_some() {
            return Ok(());
        }
        let changes = self.count_changes(txn)?;
        if *changes >= CHANGES_MAX {
            return self.drop_index(txn);
        }
        *changes += 1;
        txn.put(name, &SearchChange { entry, indexed });
        Ok(())
    }

    /// An entry that stood at `key` is erased.
    pub(super) fn note_erased(
        &mut self,
        txn: &mut Txn<'_>,
        entry: &EntryId,
        key: IndexKey,
    ) -> Result<(), Error> {
        let Some(begins) = self.index.begins else {
            return Ok(());
        };
        let name = Key::Name(&entry.0);
        let indexed = match txn.get::<SearchChange>(name)? {
            Some(change) => {
                let changes = self.count_changes(txn)?;
                *changes = changes.saturating_sub(1);
                txn.delete::<SearchChange>(name);
                change.indexed
            }
            None => Some(key).filter(|key| *key >= begins),
        };
        self.index.erased.extend(indexed);
        Ok(())
    }

    /// Takes what was erased in this step out of the index.
    pub(super) fn forget_indexed(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        let erased = std::mem::take(&mut self.index.erased);
        if !erased.is_empty() && self.is_unlocked().is_err() {
            // It does not open, and must have nothing of them: it is made anew later.
            self.drop_index(txn)?;
        } else if !erased.is_empty() {
            search::forget(txn, &erased)?;
        }
        Ok(())
    }

    /// Brings the index further, by a run or a few. False if there is nothing to be done.
    pub(super) fn index_step(&mut self, txn: &mut Txn<'_>) -> Result<bool, Error> {
        let due = self.index_is_due(txn)?;
        if due {
            self.dirty = true;
            let begins = self.index.begins;
            if begins.is_some() && *self.count_changes(txn)? >= CHANGES_WAIT {
                self.take_in(txn)?;
            } else {
                build_before(txn, begins)?;
            }
            self.index.begins = search::begins(txn)?;
        }
        Ok(due)
    }

    pub(super) fn index_is_due(&self, txn: &Txn<'_>) -> Result<bool, Error> {
        if self.is_unlocked().is_err() {
            return Ok(false);
        }
        let changes = || match self.index.changes {
            Some(changes) => Ok(changes),
            None => Ok::<_, Error>(txn.all::<SearchChange>()?.len()),
        };
        Ok(match self.index.begins {
            // Fewer are looked through as fast as an index is.
            None => timeline::len(txn)? >= CHANGES_WAIT as u64,
            Some(START) => changes()? >= CHANGES_WAIT,
            Some(_) => true,
        })
    }

    fn count_changes(&mut self, txn: &Txn<'_>) -> Result<&mut usize, Error> {
        let changes = match self.index.changes {
            Some(changes) => changes,
            None => txn.all::<SearchChange>()?.len(),
        };
        Ok(self.index.changes.insert(changes))
    }

    /// Builds those runs anew that show entries as they were: those with the run that has most
    /// of them.
    fn take_in(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        let mut waiting = Vec::new();
        let mut concerned: BTreeMap<IndexKey, usize> = BTreeMap::new();
        for change in txn.all::<SearchChange>()? {
            let shown = rendered(txn, &change.entry)?;
            let now = shown.map(|shown| index_row(change.entry, &shown).key);
            let mut runs = BTreeSet::new();
            for key in [change.indexed, now].into_iter().flatten() {
                runs.extend(search::run_of(txn, &key)?.map(|(first, _)| first));
            }
            for run in &runs {
                *concerned.entry(*run).or_default() += 1;
            }
            waiting.push((change, runs));
        }
        let most = concerned.iter().max_by_key(|(_, changes)| **changes);
        let mut runs: BTreeSet<IndexKey> = most.into_iter().map(|(run, _)| *run).collect();
        // An entry that has moved concerns two. Both are built anew, or neither: one that came
        // into the index and still waited could be in it twice.
        let mut known = 0;
        while known < runs.len() {
            known = runs.len();
            for (_, of_change) in &waiting {
                if !of_change.is_disjoint(&runs) {
                    runs.extend(of_change);
                }
            }
        }
        waiting.retain(|(_, of_change)| of_change.is_subset(&runs));
        for run in runs {
            rebuild(txn, &run)?;
        }
        for (change, _) in &waiting {
            txn.delete::<SearchChange>(Key::Name(&change.entry.0));
        }
        let changes = self.count_changes(txn)?;
        *changes = changes.saturating_sub(waiting.len());
        Ok(())
    }

    pub(super) fn drop_index(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        search::clear(txn)?;
        for change in txn.all::<SearchChange>()? {
            txn.delete::<SearchChange>(Key::Name(&change.entry.0));
        }
        self.dirty = true;
        self.index.begins = None;
        self.index.changes = Some(0);
        self.index.erased.clear();
        Ok(())
    }
}

/// Builds a run of the newest entries before `until` that have no index yet.
fn build_before(txn: &mut Txn<'_>, until: Option<IndexKey>) -> Result<(), Error> {
    let (mut entries, mut text) = (Vec::new(), 0);
    let (mut before, mut first) = (until, START);
    'rows: loop {
        let rows = timeline::page(txn, before, ROWS, |_| true)?;
        for row in &rows {
            if entries.len() >= RUN_ENTRIES || text >= RUN_TEXT {
                // Where the last one stands that has found room.
                first = before.unwrap_or(START);
                break 'rows;
            }
            before = Some(row.key);
            if let Some(shown) = rendered(txn, &row.key.entry)? {
                text += shown.rendered.text.len();
                entries.push((row.key, shown));
            }
        }
        if rows.len() < ROWS {
            break;
        }
    }
    let mut run = RunBuilder::default();
    for (key, shown) in entries.into_iter().rev() {
        index_entry(&mut run, key, &shown);
    }
    Ok(search::put_run(txn, first, until, run)?)
}

/// Builds a run anew, as several if it has outgrown one.
fn rebuild(txn: &mut Txn<'_>, at: &IndexKey) -> Result<(), Error> {
    let Some((mut first, until)) = search::run_of(txn, at)? else {
        return Ok(());
    };
    let rows = rows_between(txn, &first, until)?;
    // A journal grows at its end, and halving there would leave all runs half empty.
    let room = match until {
        None => RUN_ENTRIES,
        Some(_) => rows.len().div_ceil(rows.len().div_ceil(RUN_ENTRIES).max(1)),
    };
    let (mut run, mut text) = (RunBuilder::default(), 0);
    for row in &rows {
        if run.len() >= room.max(1) || text >= RUN_TEXT {
            search::put_run(txn, first, Some(row.key), std::mem::take(&mut run))?;
            (first, text) = (row.key, 0);
        }
        // None where one was taken back.
        if let Some(shown) = rendered(txn, &row.key.entry)? {
            text += shown.rendered.text.len();
            index_entry(&mut run, row.key, &shown);
        }
    }
    Ok(search::put_run(txn, first, until, run)?)
}

/// The timeline from `first` to before `until`, in its order.
fn rows_between(
    txn: &Txn<'_>,
    first: &IndexKey,
    until: Option<IndexKey>,
) -> Result<Vec<IndexRow>, Error> {
    let (mut found, mut before) = (Vec::new(), until);
    loop {
        let rows = timeline::page(txn, before, ROWS, |_| true)?;
        let full = rows.len() == ROWS;
        before = rows.last().map(|row| row.key);
        let inside = rows.into_iter().take_while(|row| row.key >= *first);
        found.extend(inside);
        if !full || before.is_none_or(|before| before < *first) {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

fn index_entry(run: &mut RunBuilder, key: IndexKey, shown: &RenderedRecord) {
    run.entry(key);
    each_term(&shown.rendered, &shown.preimage.owner, |term, position| {
        run.term(term, position);
    });
}
