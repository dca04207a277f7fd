use core::{fmt, mem};
use std::collections::BTreeMap;

use sidelight_format::record::{Record, Table};

use crate::{Batch, Direction, Key, Store, StoreError, batch::Plain, timeline};

/// Records as they will be once this transaction is committed: the store as it was when the
/// transaction began, under the transaction's own changes.
///
/// It reads one consistent state of the store while it lives, whatever another opener commits
/// meanwhile; so a reader, too, begins one, and drops it when it has what it came for. Nothing
/// reaches the store before [`into_batch`](Self::into_batch) is committed.
///
/// Every reading method fails as [`Store`]'s do, and with [`StoreError::Damaged`] for a row that
/// opens but is not the record that its table should hold.
pub struct Txn<'s> {
    store: &'s dyn Store,
    batch: Batch,
    /// The timeline's changed pages, kept decoded so that a thousand insertions encode each
    /// page once.
    pub(crate) index: timeline::Changes,
}

impl<'s> Txn<'s> {
    /// Begins with the store as it is now.
    ///
    /// # Errors
    /// Those of [`Store::hold`].
    pub fn begin(store: &'s dyn Store) -> Result<Self, StoreError> {
        store.hold()?;
        Ok(Self {
            store,
            batch: Batch::new(),
            index: timeline::Changes::default(),
        })
    }

    /// The record at `key`.
    ///
    /// # Errors
    /// Those of reading.
    pub fn get<R: Record>(&self, key: Key<'_>) -> Result<Option<R>, StoreError> {
        if let Some(change) = self.batch.change(R::TABLE, key) {
            return change.map(record).transpose();
        }
        let Some(bytes) = self.store.read(R::TABLE, key)? else {
            return Ok(None);
        };
        record(Plain::new(R::TABLE, bytes).bytes()).map(Some)
    }

    /// Puts a record in place of what may be at `key`.
    pub fn put<R: Record>(&mut self, key: Key<'_>, record: &R) {
        self.batch.put(R::TABLE, key, record.to_record());
    }

    /// Deletes the record at `key`, if there is one.
    pub fn delete<R: Record>(&mut self, key: Key<'_>) {
        self.batch.delete(R::TABLE, key);
    }

    /// What this transaction deletes and replaces is to leave the disk: see [`Batch::scrub`].
    pub fn scrub(&mut self) {
        self.batch.scrub();
    }

    /// Puts a record behind the last one of a number-keyed table and returns its number: 0 in
    /// an empty table. Where the last record was deleted its number is given again.
    ///
    /// # Errors
    /// Those of reading.
    pub fn append<R: Record>(&mut self, record: &R) -> Result<u64, StoreError> {
        let number = match self.last_number(R::TABLE)? {
            // No device writes 2⁶⁴ records: such a number was put there by somebody else.
            Some(last) => last.checked_add(1).ok_or(StoreError::Damaged)?,
            None => 0,
        };
        self.put(Key::Number(number), record);
        Ok(number)
    }

    /// The highest number in a number-keyed table.
    ///
    /// # Errors
    /// Those of reading.
    pub fn last_number(&self, table: Table) -> Result<Option<u64>, StoreError> {
        // Asked before every append: when the highest change of this transaction is a put, at
        // most the store's last row can lie above it.
        let mut deleted = 0;
        let mut highest = None;
        for (number, change) in self.batch.numbered(table, 0, u64::MAX).rev() {
            if change.is_some() {
                highest = Some(number);
                break;
            }
            deleted += 1;
        }
        let rows = self
            .store
            .range(table, u64::MAX, Direction::Down, deleted + 1)?;
        let stored = rows
            .into_iter()
            .map(|(number, _)| number)
            .find(|number| self.batch.change(table, Key::Number(*number)) != Some(None));
        Ok(stored.max(highest))
    }

    /// At most `limit` records of a number-keyed table, beginning with the one numbered `from`
    /// if it is there: upwards those at and above it, downwards those at and below it.
    ///
    /// # Errors
    /// Those of reading.
    pub fn range<R: Record>(
        &self,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, R)>, StoreError> {
        let rows = self.rows(R::TABLE, from, direction, limit)?;
        let decode = |(number, plain): (u64, Plain)| Ok((number, record(plain.bytes())?));
        rows.into_iter().map(decode).collect()
    }

    /// The same before they are decoded, for every kind of record at once.
    fn rows(
        &self,
        table: Table,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Plain)>, StoreError> {
        let (low, high) = match direction {
            Direction::Up => (from, u64::MAX),
            Direction::Down => (0, from),
        };
        let deleted = self
            .batch
            .numbered(table, low, high)
            .filter(|(_, change)| change.is_none())
            .count();
        // So many rows that `limit` of them are left when the deleted ones are gone.
        let rows = self
            .store
            .range(table, from, direction, limit.saturating_add(deleted))?;
        let mut merged: BTreeMap<u64, Plain> = rows
            .into_iter()
            .map(|(number, bytes)| (number, Plain::new(table, bytes)))
            .collect();
        for (number, change) in self.batch.numbered(table, low, high) {
            match change {
                Some(bytes) => merged.insert(number, Plain::new(table, bytes.to_vec())),
                None => merged.remove(&number),
            };
        }
        Ok(match direction {
            Direction::Up => merged.into_iter().take(limit).collect(),
            Direction::Down => merged.into_iter().rev().take(limit).collect(),
        })
    }

    /// All records of a table, in no particular order. Only for tables that stay small.
    ///
    /// # Errors
    /// Those of reading.
    pub fn all<R: Record>(&self) -> Result<Vec<R>, StoreError> {
        let mut rows = self.store.all(R::TABLE)?;
        for (key, change) in self.batch.changes_of(R::TABLE) {
            // The store gives no names, so a changed row is found by what it held. Where two
            // rows hold the same it does not matter which of them goes.
            if let Some(old) = self.store.read(R::TABLE, key)?
                && let Some(place) = rows.iter().position(|row| *row == old)
            {
                rows.swap_remove(place);
            }
            rows.extend(change.map(<[u8]>::to_vec));
        }
        rows.into_iter()
            .map(|bytes| record(Plain::new(R::TABLE, bytes).bytes()))
            .collect()
    }

    /// Whether a table has no record at all: then none need be looked for by name.
    ///
    /// # Errors
    /// Those of reading.
    pub fn has_none<R: Record>(&self) -> Result<bool, StoreError> {
        // What the store has and this transaction deletes counts as there: the answer is for who
        // would look in vain otherwise.
        let put = self.batch.changes_of(R::TABLE);
        Ok(put.into_iter().all(|(_, change)| change.is_none()) && self.store.is_empty(R::TABLE)?)
    }

    /// Whether committing it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.index.is_empty()
    }

    /// What to commit.
    pub fn into_batch(mut self) -> Batch {
        timeline::write_back(&mut self);
        mem::take(&mut self.batch)
    }
}

impl Drop for Txn<'_> {
    fn drop(&mut self) {
        self.store.release();
    }
}

impl fmt::Debug for Txn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Txn")
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

fn record<R: Record>(bytes: &[u8]) -> Result<R, StoreError> {
    R::from_record(bytes).map_err(|_| StoreError::Damaged)
}
