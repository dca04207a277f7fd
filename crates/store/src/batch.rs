use core::fmt;
use std::collections::BTreeMap;

use sidelight_format::record::Table;
use zeroize::Zeroize;

use crate::Key;

/// Changes that happen together or not at all. The last change of a row is the one that
/// counts.
#[derive(Default)]
pub struct Batch {
    rows: BTreeMap<(Table, OwnedKey), Option<Plain>>,
    scrubs: bool,
}

impl Batch {
    /// A batch that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows it changes.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Puts a row in place of what may be at `key`.
    pub fn put(&mut self, table: Table, key: Key<'_>, bytes: Vec<u8>) {
        self.rows
            .insert((table, key.into()), Some(Plain::new(table, bytes)));
    }

    /// Deletes the row at `key`, if there is one.
    pub fn delete(&mut self, table: Table, key: Key<'_>) {
        self.rows.insert((table, key.into()), None);
    }

    /// What it deletes and replaces is to leave the disk as well, as far as a program can see
    /// to that: no copy of the sealed rows stays in a log or in unused pages.
    pub fn scrub(&mut self) {
        self.scrubs = true;
    }

    /// Whether what it deletes and replaces is to leave the disk.
    pub fn scrubs(&self) -> bool {
        self.scrubs
    }

    /// The changed rows: a put with its bytes, a deletion with none.
    pub fn changes(&self) -> impl Iterator<Item = (Table, Key<'_>, Option<&[u8]>)> {
        self.rows
            .iter()
            .map(|((table, key), plain)| (*table, key.borrow(), plain.as_ref().map(Plain::bytes)))
    }

    /// What the batch does to one row, if anything.
    pub(crate) fn change(&self, table: Table, key: Key<'_>) -> Option<Option<&[u8]>> {
        let change = self.rows.get(&(table, key.into()))?;
        Some(change.as_ref().map(Plain::bytes))
    }

    /// What it does to one table.
    pub(crate) fn changes_of(
        &self,
        table: Table,
    ) -> impl Iterator<Item = (Key<'_>, Option<&[u8]>)> {
        self.rows
            .range((table, OwnedKey::One)..)
            .take_while(move |((of, _), _)| *of == table)
            .map(|((_, key), plain)| (key.borrow(), plain.as_ref().map(Plain::bytes)))
    }

    /// What it does to the rows of a number-keyed table numbered `from` to `to`.
    pub(crate) fn numbered(
        &self,
        table: Table,
        from: u64,
        to: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, Option<&[u8]>)> {
        let range = (table, OwnedKey::Number(from))..=(table, OwnedKey::Number(to));
        self.rows.range(range).filter_map(|((_, key), plain)| {
            let OwnedKey::Number(number) = key else {
                return None;
            };
            Some((*number, plain.as_ref().map(Plain::bytes)))
        })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} rows)", self.rows.len())
    }
}

/// Sorts as [`Key`] would, numbers by their value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum OwnedKey {
    One,
    Number(u64),
    Name(Vec<u8>),
}

impl OwnedKey {
    fn borrow(&self) -> Key<'_> {
        match self {
            Self::One => Key::One,
            Self::Number(number) => Key::Number(*number),
            Self::Name(name) => Key::Name(name),
        }
    }
}

impl From<Key<'_>> for OwnedKey {
    fn from(key: Key<'_>) -> Self {
        match key {
            Key::One => Self::One,
            Key::Number(number) => Self::Number(number),
            Key::Name(name) => Self::Name(name.to_vec()),
        }
    }
}

/// A row that is not sealed, wiped when dropped if its table holds secrets.
pub(crate) struct Plain {
    bytes: Vec<u8>,
    secret: bool,
}

impl Plain {
    pub(crate) fn new(table: Table, bytes: Vec<u8>) -> Self {
        // Only where seeds and epoch secrets lie: wiping every page of the timeline would cost
        // more than sealing it.
        let secret = matches!(
            table,
            Table::Device | Table::Epochs | Table::OwnAuthors | Table::Pairings
        );
        Self { bytes, secret }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        if self.secret {
            self.bytes.zeroize();
        }
    }
}
