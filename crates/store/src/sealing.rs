use core::fmt;
use std::sync::Arc;

use sidelight_format::record::Table;

use crate::{Key, StoreError};

/// What a store needs of the storage key. It is handed in, so that this crate never sees the
/// key and cannot write a row that is not sealed.
///
/// `place` says where bytes lie: a table's number, and for a row its key. It must be
/// authenticated with what is sealed, so that whoever holds the disk cannot move a row.
pub trait Sealing: Send + Sync + fmt::Debug {
    /// Seals `plain` for `place`, under a nonce that was never used before.
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8>;

    /// Opens what [`seal`](Self::seal) made for the same `place`.
    ///
    /// # Errors
    /// [`Unreadable::Changed`] for another key, another place or changed bytes, without detail;
    /// [`Unreadable::Locked`] for what is sealed under a further key that is not in hand.
    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable>;

    /// A pseudonym for `name` in `place`: always the same under one key, and without the key
    /// not to be told from random bytes.
    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16];

    /// Whether `plain` belongs under a further key that is not in hand: it is not sealed then, and
    /// the commit that has it is refused.
    fn withholds(&self, _place: &[u8], _plain: &[u8]) -> bool {
        false
    }
}

/// Bytes that do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They were changed, lie elsewhere, or belong to another key.
    #[error("the bytes do not open under this key at this place")]
    Changed,
    /// They are sealed under a further key, which is not in hand.
    #[error("the bytes are locked away under a further key")]
    Locked,
}

/// Where a row lies: the table's number, then the key. Authenticated with the row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(Vec<u8>);

impl Place {
    /// The header's table number, which no [`Table`] has.
    const HEADER_TABLE: u8 = 255;

    pub(crate) fn header() -> Self {
        Self(vec![Self::HEADER_TABLE])
    }

    /// Big-endian, so that the bytes sort as the numbers do.
    pub(crate) fn numbered(table: Table, number: u64) -> Self {
        let mut place = vec![table as u8];
        place.extend_from_slice(&number.to_be_bytes());
        Self(place)
    }

    pub(crate) fn of(table: u8, key: &[u8]) -> Self {
        let mut place = vec![table];
        place.extend_from_slice(key);
        Self(place)
    }

    pub(crate) fn table(&self) -> u8 {
        self.0[0]
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.0[1..]
    }

    /// The number of a row of a number-keyed table.
    pub(crate) fn number(&self) -> Result<u64, StoreError> {
        let key = self.key().try_into().map_err(|_| StoreError::Damaged)?;
        Ok(u64::from_be_bytes(key))
    }
}

/// Rows as they lie on disk: where each goes, and sealed for that place alone.
#[derive(Clone, Debug)]
pub(crate) struct Sealer(Arc<dyn Sealing>);

impl Sealer {
    /// The version of the header row's own encoding.
    const HEADER_VERSION: u8 = 1;

    pub(crate) fn new(sealing: Arc<dyn Sealing>) -> Self {
        Self(sealing)
    }

    pub(crate) fn place(&self, table: Table, key: Key<'_>) -> Place {
        match key {
            Key::One => Place(vec![table as u8]),
            Key::Number(number) => Place::numbered(table, number),
            Key::Name(name) => Place::of(table as u8, &self.0.blind(&[table as u8], name)),
        }
    }

    pub(crate) fn seal(&self, place: &Place, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        if self.0.withholds(&place.0, plain) {
            return Err(StoreError::Locked);
        }
        Ok(self.0.seal(&place.0, plain))
    }

    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.0.open(&place.0, sealed).map_err(|error| match error {
            Unreadable::Changed => StoreError::Damaged,
            Unreadable::Locked => StoreError::Locked,
        })
    }

    /// The header row: how many commits there have been.
    pub(crate) fn seal_header(&self, revision: u64) -> Vec<u8> {
        let mut plain = vec![Self::HEADER_VERSION];
        plain.extend_from_slice(&revision.to_le_bytes());
        self.0.seal(&Place::header().0, &plain)
    }

    /// The header is the first row that an opening reads: if it does not open, the key is not
    /// the store's.
    pub(crate) fn open_header(&self, sealed: &[u8]) -> Result<u64, StoreError> {
        let plain = self
            .open(&Place::header(), sealed)
            .map_err(|_| StoreError::WrongKey)?;
        match plain.split_first() {
            Some((&Self::HEADER_VERSION, revision)) => revision
                .try_into()
                .map(u64::from_le_bytes)
                .map_err(|_| StoreError::Damaged),
            _ => Err(StoreError::Damaged),
        }
    }
}
