//! The timeline: a sealed index of all entries by day, in pages of at most
//! [`PAGE_ROWS_MAX`] rows under one directory.
//!
//! Reading a page of entries opens the directory and the one or two index pages that hold it;
//! writing an entry of today changes the newest page alone. Only the directory grows with the
//! journal: some 42 bytes for each page. It has the first key, the number of rows and the
//! number of every page, but for the rows of the last one: these are counted in the page
//! itself, so that the directory need not change with every entry.
//!
//! [`IndexPage`] and [`IndexDirectory`] are this module's own: inside a [`Txn`] its changes to
//! them are kept apart until [`Txn::into_batch`].
//!
//! Every function here fails as the reading methods of [`Txn`] do, and no other way.

use core::{cell::OnceCell, ops::ControlFlow};
use std::{borrow::Cow, collections::BTreeMap};

use sidelight_format::{
    EntryId,
    record::{IndexDirectory, IndexKey, IndexPage, IndexRow},
};

use crate::{Key, StoreError, Txn};

/// How many rows a page holds: some 15 kB, so that the newest page alone fills several screens
/// and sealing it again with every new entry costs less than the fsync that follows.
pub const PAGE_ROWS_MAX: usize = 128;

/// A page that shrinks below this many rows joins a neighbour if both then fit into
/// [`MERGED_ROWS_MAX`].
const MERGE_BELOW: usize = PAGE_ROWS_MAX / 4;

/// Less than a full page, so that the next insertion does not split what was just merged.
const MERGED_ROWS_MAX: usize = PAGE_ROWS_MAX * 3 / 4;

/// Puts `row` into the timeline, in place of the one with the same key if there is one.
///
/// # Errors
/// Those of reading.
pub fn insert(txn: &mut Txn<'_>, row: IndexRow) -> Result<(), StoreError> {
    let pages = &directory_mut(txn)?.pages;
    if pages.is_empty() {
        add_page(txn, 0, vec![row])?;
        return Ok(());
    }
    let at = place_of(pages, &row.key);
    let rows = rows_mut(txn, at)?;
    let place = match rows.binary_search_by_key(&row.key, |row| row.key) {
        Ok(place) => {
            rows[place] = row;
            return Ok(());
        }
        Err(place) => place,
    };
    if rows.len() < PAGE_ROWS_MAX {
        rows.insert(place, row);
        return update_entry(txn, at);
    }
    // A full page. Most journals grow at one end, and there halving would leave every page
    // half empty.
    if place == PAGE_ROWS_MAX {
        let last = at + 1 == directory_mut(txn)?.pages.len();
        if !last && rows_at(txn, at + 1)? < PAGE_ROWS_MAX {
            rows_mut(txn, at + 1)?.insert(0, row);
            return update_entry(txn, at + 1);
        }
        return add_page(txn, at + 1, vec![row]);
    }
    if place == 0 {
        return add_page(txn, at, vec![row]);
    }
    rows.insert(place, row);
    let upper = rows.split_off(PAGE_ROWS_MAX / 2);
    add_page(txn, at + 1, upper)
}

/// Takes the row at `key` out of the timeline and returns it, if it is there.
///
/// # Errors
/// Those of reading.
pub fn remove(txn: &mut Txn<'_>, key: &IndexKey) -> Result<Option<IndexRow>, StoreError> {
    let pages = &directory_mut(txn)?.pages;
    if pages.is_empty() {
        return Ok(None);
    }
    let at = place_of(pages, key);
    let (pages, (_, _, number)) = (pages.len(), pages[at]);
    let rows = &read_page(txn, number)?.rows;
    let Ok(place) = rows.binary_search_by_key(key, |row| row.key) else {
        return Ok(None);
    };
    let rows = rows_mut(txn, at)?;
    let removed = rows.remove(place);
    let left = rows.len();
    if left == 0 {
        drop_page(txn, at)?;
        return Ok(Some(removed));
    }
    update_entry(txn, at)?;
    if left < MERGE_BELOW {
        if at + 1 < pages && left + rows_at(txn, at + 1)? <= MERGED_ROWS_MAX {
            merge_with_next(txn, at)?;
        } else if at > 0 && left + rows_at(txn, at - 1)? <= MERGED_ROWS_MAX {
            merge_with_next(txn, at - 1)?;
        }
    }
    Ok(Some(removed))
}

/// Puts `row` into the timeline in place of the row at `old`: an entry whose day, place in the
/// day or kind has changed.
///
/// # Errors
/// Those of reading.
pub fn replace(txn: &mut Txn<'_>, old: &IndexKey, row: IndexRow) -> Result<(), StoreError> {
    if *old != row.key {
        remove(txn, old)?;
    }
    insert(txn, row)
}

/// At most `limit` rows that `keep` keeps, the newest first: those before `before`, or the
/// newest of all. A `keep` that seldom keeps anything makes it read many pages.
///
/// # Errors
/// Those of reading.
pub fn page(
    txn: &Txn<'_>,
    before: Option<IndexKey>,
    limit: usize,
    mut keep: impl FnMut(&IndexRow) -> bool,
) -> Result<Vec<IndexRow>, StoreError> {
    let mut found = Vec::new();
    walk_back(txn, before.as_ref(), |row| {
        if found.len() == limit {
            return ControlFlow::Break(());
        }
        if keep(row) {
            found.push(row.clone());
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// At most `limit` rows that `keep` keeps, the oldest first: those after `after`, or the oldest
/// of all.
///
/// # Errors
/// Those of reading.
pub fn after(
    txn: &Txn<'_>,
    after: Option<IndexKey>,
    limit: usize,
    mut keep: impl FnMut(&IndexRow) -> bool,
) -> Result<Vec<IndexRow>, StoreError> {
    let mut found = Vec::new();
    let directory = directory(txn)?;
    let first = after.map_or(0, |after| place_of(&directory.pages, &after));
    for (_, _, number) in &directory.pages[first..] {
        for row in &read_page(txn, *number)?.rows {
            if found.len() == limit {
                return Ok(found);
            }
            if after.is_none_or(|after| row.key > after) && keep(row) {
                found.push(row.clone());
            }
        }
    }
    Ok(found)
}

/// The highest [`IndexKey::order`] among the rows of one day that `keep` keeps, or 0.
///
/// An entry that is shared must be ordered by the shared rows alone: its order goes to the
/// partner, and would otherwise tell how many private entries the day has.
///
/// # Errors
/// Those of reading.
pub fn highest_order(
    txn: &Txn<'_>,
    day: u32,
    mut keep: impl FnMut(&IndexRow) -> bool,
) -> Result<u32, StoreError> {
    let end = day.checked_add(1).map(|day| IndexKey {
        day,
        order: 0,
        entry: EntryId([0; EntryId::LEN]),
    });
    let mut highest = 0;
    walk_back(txn, end.as_ref(), |row| {
        if row.key.day < day {
            return ControlFlow::Break(());
        }
        if keep(row) {
            highest = row.key.order;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok(highest)
}

/// How many rows there are.
///
/// # Errors
/// Those of reading.
pub fn len(txn: &Txn<'_>) -> Result<u64, StoreError> {
    let directory = directory(txn)?;
    let Some(((_, _, newest), others)) = directory.pages.split_last() else {
        return Ok(0);
    };
    let newest = read_page(txn, *newest)?.rows.len() as u64;
    Ok(others
        .iter()
        .map(|(_, rows, _)| u64::from(*rows))
        .sum::<u64>()
        + newest)
}

/// What a transaction has done to the timeline.
#[derive(Default)]
pub(crate) struct Changes {
    /// Read once: after ten years it has twenty kilobytes.
    directory: OnceCell<IndexDirectory>,
    directory_changed: bool,
    /// The changed pages by number; none for a deleted one.
    pages: BTreeMap<u64, Option<IndexPage>>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        !self.directory_changed && self.pages.is_empty()
    }
}

/// Adds what was done to the timeline to the transaction's batch.
pub(crate) fn write_back(txn: &mut Txn<'_>) {
    let changes = core::mem::take(&mut txn.index);
    for (number, page) in changes.pages {
        match page {
            Some(page) => txn.put(Key::Number(number), &page),
            None => txn.delete::<IndexPage>(Key::Number(number)),
        }
    }
    if let Some(directory) = changes.directory.into_inner()
        && changes.directory_changed
    {
        txn.put(Key::One, &directory);
    }
}

/// Shows `visit` the rows before `before`, the newest first, until it breaks off.
fn walk_back(
    txn: &Txn<'_>,
    before: Option<&IndexKey>,
    mut visit: impl FnMut(&IndexRow) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let directory = directory(txn)?;
    let end = match before {
        Some(before) => directory
            .pages
            .partition_point(|(first, ..)| first < before),
        None => directory.pages.len(),
    };
    for (_, _, number) in directory.pages[..end].iter().rev() {
        for row in read_page(txn, *number)?.rows.iter().rev() {
            if before.is_none_or(|before| row.key < *before) && visit(row).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Which page has `key`, or would have it.
fn place_of(pages: &[(IndexKey, u32, u64)], key: &IndexKey) -> usize {
    pages
        .partition_point(|(first, ..)| first <= key)
        .saturating_sub(1)
}

fn directory<'t>(txn: &'t Txn<'_>) -> Result<&'t IndexDirectory, StoreError> {
    match txn.index.directory.get() {
        Some(directory) => Ok(directory),
        None => {
            let read = txn.get(Key::One)?.unwrap_or_default();
            Ok(txn.index.directory.get_or_init(|| read))
        }
    }
}

/// The page numbered `number`. The directory names it, so it is there or the disk is damaged.
fn read_page<'t>(txn: &'t Txn<'_>, number: u64) -> Result<Cow<'t, IndexPage>, StoreError> {
    match txn.index.pages.get(&number) {
        Some(Some(page)) => Ok(Cow::Borrowed(page)),
        Some(None) => Err(StoreError::Damaged),
        None => txn
            .get(Key::Number(number))?
            .filter(|page: &IndexPage| !page.rows.is_empty())
            .map(Cow::Owned)
            .ok_or(StoreError::Damaged),
    }
}

fn directory_mut<'t>(txn: &'t mut Txn<'_>) -> Result<&'t mut IndexDirectory, StoreError> {
    directory(txn)?;
    // It was read just now, if not before.
    txn.index.directory.get_mut().ok_or(StoreError::Damaged)
}

/// The rows of the page at `at` of the directory, to be changed.
fn rows_mut<'t>(txn: &'t mut Txn<'_>, at: usize) -> Result<&'t mut Vec<IndexRow>, StoreError> {
    let (_, _, number) = directory_mut(txn)?.pages[at];
    let page = match txn.index.pages.remove(&number).flatten() {
        Some(page) => page,
        None => read_page(txn, number)?.into_owned(),
    };
    let slot = txn.index.pages.entry(number).or_default();
    Ok(&mut slot.insert(page).rows)
}

/// How many rows the page at `at` of the directory has.
fn rows_at(txn: &mut Txn<'_>, at: usize) -> Result<usize, StoreError> {
    let (_, _, number) = directory_mut(txn)?.pages[at];
    Ok(read_page(txn, number)?.rows.len())
}

/// Begins a page at `at` of the directory with the upper rows of the page before it, with the
/// lower ones of the page behind it, or with the first of all.
fn add_page(txn: &mut Txn<'_>, at: usize, rows: Vec<IndexRow>) -> Result<(), StoreError> {
    let directory = directory_mut(txn)?;
    let number = directory.next;
    // No device makes 2⁶⁴ pages.
    directory.next = number.checked_add(1).ok_or(StoreError::Damaged)?;
    let entry = (rows[0].key, rows.len() as u32, number);
    directory.pages.insert(at, entry);
    txn.index.directory_changed = true;
    txn.index.pages.insert(number, Some(IndexPage { rows }));
    // The page before has lost rows, or is no longer the last and must now be counted.
    if at > 0 {
        update_entry(txn, at - 1)?;
    }
    Ok(())
}

fn drop_page(txn: &mut Txn<'_>, at: usize) -> Result<(), StoreError> {
    let (_, _, number) = directory_mut(txn)?.pages.remove(at);
    txn.index.directory_changed = true;
    txn.index.pages.insert(number, None);
    Ok(())
}

fn merge_with_next(txn: &mut Txn<'_>, at: usize) -> Result<(), StoreError> {
    let upper = core::mem::take(rows_mut(txn, at + 1)?);
    rows_mut(txn, at)?.extend(upper);
    drop_page(txn, at + 1)?;
    update_entry(txn, at)
}

/// Brings the directory's entry of a page up to date, but for the number of rows of the last
/// one.
fn update_entry(txn: &mut Txn<'_>, at: usize) -> Result<(), StoreError> {
    let directory = directory_mut(txn)?;
    let last = at + 1 == directory.pages.len();
    let (first, rows, number) = directory.pages[at];
    let page = read_page(txn, number)?;
    let now = (
        page.rows[0].key,
        if last { rows } else { page.rows.len() as u32 },
        number,
    );
    if now != (first, rows, number) {
        directory_mut(txn)?.pages[at] = now;
        txn.index.directory_changed = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
