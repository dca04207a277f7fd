//! The search index, as rows of a device's store: which terms stand in which entries.
//!
//! The timeline is cut into runs, and each run has an index of its own: its entries' keys in
//! pages, and its terms, sorted, in pages with the entries and positions of each.

use serde::{Deserialize, Serialize};

use crate::record::IndexKey;
use crate::{Bytes, DecodeError, EntryId};

/// Where each run begins that has an index. What comes before the first run has none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchDirectory {
    /// First key and number of each run, sorted by key. A run ends where the next one begins.
    pub runs: Vec<(IndexKey, u64)>,
    /// The number of the next row of a run, of keys or of terms.
    pub next: u64,
}

/// The index of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRun {
    /// How many entries it numbers.
    pub entries: u32,
    /// First key and number of each page of keys, in order; all but the last have as many keys
    /// as a page can hold.
    pub keys: Vec<(IndexKey, u64)>,
    /// First term and number of each page of terms, in order.
    pub pages: Vec<(Bytes, u64)>,
}

/// The keys of some entries of a run; their places in it are the numbers that the terms use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchKeys {
    /// In order.
    pub keys: Vec<IndexKey>,
}

/// Some terms of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPage {
    /// For each term, sorted: its length, its bytes, the length of its places, its places. For
    /// each entry in the places: four times the distance from the entry before (from −1 for the
    /// first), plus the number of positions if that is at most 2, else plus 3, and the number
    /// of positions follows; then the positions, each as its distance from the one before.
    /// Every number is an unsigned LEB128.
    pub bytes: Bytes,
}

/// An entry that the index shows as it was, or does not show yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchChange {
    /// The entry.
    pub entry: EntryId,
    /// Its key when it was indexed, if it was.
    pub indexed: Option<IndexKey>,
}

impl SearchPage {
    /// Its terms with their places.
    pub fn terms(&self) -> Terms<'_> {
        Terms(self.bytes.as_slice())
    }
}

/// Writes a [`SearchPage`].
#[derive(Clone, Debug, Default)]
pub struct PageWriter(Vec<u8>);

impl PageWriter {
    /// Puts a term behind those that are there. Terms come sorted, each once.
    pub fn push(&mut self, term: &[u8], places: &[u8]) {
        for part in [term, places] {
            put_number(&mut self.0, part.len() as u64);
            self.0.extend_from_slice(part);
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no term.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The page; what is written next is another one.
    pub fn take(&mut self) -> SearchPage {
        let bytes = Bytes::from(std::mem::take(&mut self.0));
        SearchPage { bytes }
    }
}

/// Writes the places of one term.
#[derive(Clone, Debug, Default)]
pub struct PlacesWriter {
    bytes: Vec<u8>,
    /// One more than the last entry.
    next: u32,
}

impl PlacesWriter {
    /// Puts an entry behind those that are there, with its positions. Both come sorted, each
    /// once.
    pub fn push(&mut self, entry: u32, positions: &[u32]) {
        let distance = u64::from(entry) + 1 - u64::from(self.next);
        let inline = positions.len().min(3) as u64;
        put_number(&mut self.bytes, distance << 2 | inline);
        if inline == 3 {
            put_number(&mut self.bytes, positions.len() as u64);
        }
        let mut before = 0;
        for position in positions {
            put_number(&mut self.bytes, u64::from(position - before));
            before = *position;
        }
        self.next = entry + 1;
    }

    /// What was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The terms of a page, each with its places.
#[derive(Clone, Debug)]
pub struct Terms<'a>(&'a [u8]);

impl<'a> Terms<'a> {
    /// The next term; none at the end.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn next_term(&mut self) -> Result<Option<(&'a [u8], Places<'a>)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (term, places) = (take_part(&mut self.0)?, take_part(&mut self.0)?);
        Ok(Some((term, Places::new(places))))
    }
}

/// The places of one term: entries, and where in them it stands.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    bytes: &'a [u8],
    next: u32,
}

impl<'a> Places<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0 }
    }

    /// Their bytes, as [`PlacesWriter`] makes them.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next entry, with its positions put behind what `positions` has; none at the end.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn next_entry(&mut self, positions: &mut Vec<u32>) -> Result<Option<u32>, DecodeError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let head = take_number(&mut self.bytes)?;
        let number = |wide: u64| u32::try_from(wide).map_err(|_| DecodeError::Malformed);
        let distance = number(head >> 2)?;
        let next = self.next.checked_add(distance);
        let next = next
            .filter(|_| distance > 0)
            .ok_or(DecodeError::Malformed)?;
        let count = match head & 3 {
            3 => take_number(&mut self.bytes)?,
            few => few,
        };
        let mut position: u32 = 0;
        for _ in 0..count {
            // Each takes a byte at least, so a count that lies ends with the bytes.
            let distance = number(take_number(&mut self.bytes)?)?;
            let sum = position.checked_add(distance);
            position = sum.ok_or(DecodeError::Malformed)?;
            positions.push(position);
        }
        self.next = next;
        Ok(Some(next - 1))
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(DecodeError::Malformed)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(DecodeError::Malformed)
}

fn take_part<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let len = take_number(bytes)?;
    let len = usize::try_from(len).map_err(|_| DecodeError::Malformed)?;
    let (part, rest) = bytes.split_at_checked(len).ok_or(DecodeError::Malformed)?;
    *bytes = rest;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Vec<(Vec<u8>, Vec<(u32, Vec<u32>)>)>;

    fn read(page: &SearchPage) -> Result<Read, DecodeError> {
        let (mut terms, mut found) = (page.terms(), Vec::new());
        while let Some((term, mut places)) = terms.next_term()? {
            let mut entries = Vec::new();
            let mut positions = Vec::new();
            while let Some(entry) = places.next_entry(&mut positions)? {
                entries.push((entry, std::mem::take(&mut positions)));
            }
            found.push((term.to_vec(), entries));
        }
        Ok(found)
    }

    fn sample() -> (SearchPage, Read) {
        let terms = vec![
            (
                b"a".to_vec(),
                vec![(0, vec![]), (1, vec![0]), (7, vec![3, 4])],
            ),
            (b"river".to_vec(), vec![(300, vec![0, 1, 500, 70_000])]),
            (Vec::new(), vec![(u32::MAX - 1, vec![u32::MAX])]),
        ];
        let mut page = PageWriter::default();
        for (term, entries) in &terms {
            let mut places = PlacesWriter::default();
            for (entry, positions) in entries {
                places.push(*entry, positions);
            }
            page.push(term, &places.into_bytes());
        }
        (page.take(), terms)
    }

    #[test]
    fn what_is_written_is_read() {
        let (page, terms) = sample();
        assert_eq!(read(&page).unwrap(), terms);
    }

    #[test]
    fn damaged_pages_are_refused_or_read_to_their_end_and_never_panic() {
        let (page, terms) = sample();
        let bytes = page.bytes.as_slice();
        for end in 0..bytes.len() {
            let cut = SearchPage {
                bytes: bytes[..end].to_vec().into(),
            };
            assert_ne!(read(&cut).ok(), Some(terms.clone()));
            for flip in 1..=255 {
                let mut damaged = bytes.to_vec();
                damaged[end] ^= flip;
                let _ = read(&SearchPage {
                    bytes: damaged.into(),
                });
            }
        }
        let endless = SearchPage {
            bytes: vec![0xff; 40].into(),
        };
        assert_eq!(read(&endless), Err(DecodeError::Malformed));
    }
}
