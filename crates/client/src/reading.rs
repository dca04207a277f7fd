//! What is read from a store beside pages: alike for a journal and a read-only opener.

use sidelight_format::record::{DeviceRecord, OutboxRecord};
use sidelight_format::{EntryId, PersonId, SpaceId};
use sidelight_store::{Direction, Key, Store, Txn};

use crate::Error;
use crate::convert::{self, People};
use crate::device::view;
use crate::records::{Entry, Page, PageRequest, Status};

/// How many entries a page has at most: some screens full, and never megabytes at once unless
/// the texts are long.
pub(crate) const PAGE_LEN_MAX: u32 = 1000;

/// Who this device's person is, and their private space.
pub(crate) fn me(store: &dyn Store) -> Result<(PersonId, SpaceId), Error> {
    let me = Txn::begin(store)?
        .get::<DeviceRecord>(Key::One)?
        .ok_or_else(|| Error::not_found("no journal has begun here yet; begin one first"))?;
    Ok((me.person, me.private))
}

pub(crate) fn page(store: &dyn Store, request: &PageRequest) -> Result<Page, Error> {
    let before = request.before.as_deref();
    let before = before.map(convert::index_key).transpose()?;
    let limit = request.limit.clamp(1, PAGE_LEN_MAX) as usize;
    let (shown, next) = view::timeline(store, before.as_ref(), limit)?;
    let people = People::of(store)?;
    Ok(Page {
        entries: shown.into_iter().map(|shown| people.shown(shown)).collect(),
        next: next.as_ref().map(convert::cursor),
    })
}

pub(crate) fn entry(store: &dyn Store, id: &str) -> Result<Entry, Error> {
    let id = convert::entry_id(store, id)?;
    match view::heeded(store, &id)? {
        Some(shown) => Ok(People::of(store)?.entry(shown)),
        None => Err(no_entry(store, &id)?),
    }
}

/// Why there is no such entry.
pub(crate) fn no_entry(store: &dyn Store, id: &EntryId) -> Result<Error, Error> {
    Ok(match view::taken_back(store, id)? {
        Some(erased) => convert::gone(&erased, &me(store)?.0),
        None => convert::no_entry(),
    })
}

pub(crate) fn status(store: &dyn Store) -> Result<Status, Error> {
    let outbox = Txn::begin(store)?.range::<OutboxRecord>(0, Direction::Up, usize::MAX)?;
    let devices = view::devices(store)?;
    Ok(convert::status(
        view::status(store)?,
        devices,
        outbox.len() as u64,
    ))
}
