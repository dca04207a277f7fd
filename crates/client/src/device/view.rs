//! Reading: pages and entries from rendered rows. No document is loaded.

use sidelight_format::record::{
    DeviceRecord, ErasedRecord, FactRecord, IndexKey, IndexRow, MoveRecord, PersonRecord,
    RenderedRecord, ReplicaRecord, SpaceRecord, VolumesRecord,
};
use sidelight_format::{
    EntryDate, EntryId, EntryPreimage, PersonId, Rendered, RosterAction, RosterRecord, SpaceId,
    Timestamp, VerifyingKey,
};
use sidelight_journal::{Past, Version};
use sidelight_store::{Direction, Key, Store, Txn, timeline};
use sidelight_sync::{Person, Roster};

use super::entries::{document, kept, rendered, version};
use super::erase::{erased, erasing};
use super::lock::{Lock, PrivateLock};
use super::permit::heed;
use super::seek::{Wanted, day_begins};
use crate::Error;

/// An entry as it is shown.
#[derive(Clone, Debug)]
pub struct EntryView {
    /// The entry.
    pub id: EntryId,
    /// Its space.
    pub space: SpaceId,
    /// Whose lane, and who may change it.
    pub preimage: EntryPreimage,
    /// The version shown.
    pub version: Version,
    /// What is shown.
    pub rendered: Rendered,
    /// Whether it counts; otherwise only its words are shown.
    pub heeded: bool,
    /// An own device has packed it, and it is not certain yet that this is what was signed.
    pub unproved: bool,
}

/// Where an entry was that its writer has taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The entry that was.
    pub id: EntryId,
    /// Its space.
    pub space: SpaceId,
    /// Whose it was.
    pub owner: PersonId,
    /// The day it was about, without an offset.
    pub date: EntryDate,
}

/// What a page shows.
#[derive(Clone, Debug)]
pub enum Shown {
    /// An entry.
    Entry(EntryView),
    /// That something was taken back.
    TakenBack(TakenBack),
}

/// What a person should know of this device.
#[derive(Clone)]
pub struct StatusView {
    /// Whose device it is.
    pub person: PersonId,
    /// What they want to be called.
    pub name: String,
    /// Whom the journal is shared with, and since when.
    pub partner: Option<(PersonId, String, Timestamp)>,
    /// The relay for new spaces.
    pub relay: Option<sidelight_format::RelayAddress>,
    /// The relay of the shared space, if that is another one.
    pub shared_relay: Option<sidelight_format::RelayAddress>,
    /// How many mailboxes are on their way from a former relay.
    pub moving: u64,
    /// The private space.
    pub private: SpaceId,
    /// The shared space.
    pub shared: Option<SpaceId>,
    /// Whether private entries need a further secret here.
    pub private_lock: PrivateLock,
    /// How it stands with the recovery words.
    pub recovery: Recovery,
    /// The shared space is read only, until the partner was compared with again.
    pub unconfirmed: bool,
    /// When this device last completed a sync with a relay.
    pub synced: Option<Timestamp>,
    /// How many entries there are.
    pub entries: u64,
    /// What this person called the devices that ever were on their list.
    pub devices: Vec<(VerifyingKey, String)>,
    /// How many of them came in a volume, and it is not certain yet who wrote them.
    pub unproved: u64,
    /// What was found about relays and logs, the oldest first.
    pub facts: Vec<FactRecord>,
}

/// How it stands with the recovery words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// They are on this device, and wait to be written down and checked.
    Unchecked,
    /// They are on no device.
    Checked,
    /// They were typed here, and what they lead to is being fetched.
    UnderWay,
    /// They were typed here, and lead to nothing at this relay.
    NotFound,
    /// They were typed here, and had been replaced by others.
    Replaced,
}

super::redacted! {
    StatusView { person, synced, entries, facts }
}

/// The newest entries before `before`, and the key to go on from: at most `limit`, and fewer
/// where something was taken back.
///
/// # Errors
/// Storage.
pub fn page(
    store: &dyn Store,
    before: Option<&IndexKey>,
    limit: usize,
) -> Result<(Vec<EntryView>, Option<IndexKey>), Error> {
    let (shown, next) = timeline(store, before, limit)?;
    let entries = shown.into_iter().filter_map(|shown| match shown {
        Shown::Entry(entry) => Some(entry),
        Shown::TakenBack(_) => None,
    });
    Ok((entries.collect(), next))
}

/// What is shown before `before`, the newest first, at most `limit`, and the key to go on from.
///
/// # Errors
/// Storage.
pub fn timeline(
    store: &dyn Store,
    before: Option<&IndexKey>,
    limit: usize,
) -> Result<(Vec<Shown>, Option<IndexKey>), Error> {
    let txn = Txn::begin(store)?;
    let (lock, _) = Lock::of(&txn)?;
    let rows = timeline::page(&txn, before.copied(), limit, |row| !lock.hides(&row.space))?;
    let next = (rows.len() == limit)
        .then(|| rows.last().map(|row| row.key))
        .flatten();
    let private = private(&txn)?;
    let entries = rows.into_iter().map(|row| shown(&txn, private, row));
    Ok((entries.collect::<Result<_, _>>()?, next))
}

/// What is shown where the timeline has a row.
fn shown(txn: &Txn<'_>, private: SpaceId, row: IndexRow) -> Result<Shown, Error> {
    let id = row.key.entry;
    match rendered(txn, &id)? {
        Some(shown) => Ok(Shown::Entry(heed(txn, private, entry_view(id, shown))?)),
        None if erased(txn, &id)?.is_some() => Ok(Shown::TakenBack(TakenBack {
            id,
            space: row.space,
            owner: row.owner,
            date: row.date,
        })),
        None => Err(Error::internal("an indexed entry is not kept")),
    }
}

/// What is shown of some days before `before`, the newest first, at most `limit`, and the key to
/// go on from.
///
/// # Errors
/// Storage.
pub fn span(
    store: &dyn Store,
    wanted: &Wanted,
    before: Option<IndexKey>,
    limit: usize,
) -> Result<(Vec<Shown>, Option<IndexKey>), Error> {
    let txn = Txn::begin(store)?;
    let end = wanted.until.and_then(|until| until.checked_add(1));
    let before = [before, end.map(day_begins)].into_iter().flatten().min();
    let too_old = |row: &IndexRow| wanted.from.is_some_and(|from| row.key.day < from);
    let here = |row: &IndexRow| wanted.space.is_none_or(|space| space.is(&row.space));
    // One that is too old ends the walk.
    let (lock, _) = Lock::of(&txn)?;
    let open = |row: &IndexRow| here(row) && !lock.hides(&row.space);
    let rows = timeline::page(&txn, before, limit, |row| too_old(row) || open(row))?;
    let next = rows
        .last()
        .filter(|row| rows.len() == limit && !too_old(row));
    let next = next.map(|row| row.key);
    let rows = rows.into_iter().take_while(|row| !too_old(row));
    let private = private(&txn)?;
    let shown = rows.map(|row| shown(&txn, private, row));
    Ok((shown.collect::<Result<_, _>>()?, next))
}

/// One entry.
///
/// # Errors
/// Storage.
pub fn entry(store: &dyn Store, id: &EntryId) -> Result<Option<EntryView>, Error> {
    let txn = Txn::begin(store)?;
    let shown = rendered(&txn, id)?;
    Ok(shown.map(|shown| entry_view(*id, shown)))
}

/// One entry as it may be shown.
///
/// # Errors
/// Storage.
pub fn heeded(store: &dyn Store, id: &EntryId) -> Result<Option<EntryView>, Error> {
    let txn = Txn::begin(store)?;
    let Some(shown) = rendered(&txn, id)? else {
        return Ok(None);
    };
    heed(&txn, private(&txn)?, entry_view(*id, shown)).map(Some)
}

/// What an entry said after each of its last `limit` changes, the oldest first. Loads its
/// document.
///
/// # Errors
/// Storage.
pub fn history(store: &dyn Store, id: &EntryId, limit: usize) -> Result<Option<Vec<Past>>, Error> {
    let record = kept(&Txn::begin(store)?, id)?;
    let past = |record| Ok(document(&record)?.history(limit));
    record.map(past).transpose()
}

/// Whether private entries are locked away.
///
/// # Errors
/// Storage.
pub fn is_locked(store: &dyn Store) -> Result<bool, Error> {
    let (lock, _) = Lock::of(&Txn::begin(store)?)?;
    Ok(lock.state == PrivateLock::Locked)
}

/// The private space.
pub(super) fn private(txn: &Txn<'_>) -> Result<SpaceId, Error> {
    let me = txn
        .get::<DeviceRecord>(Key::One)?
        .ok_or_else(|| Error::not_found("no journal has begun here yet; begin one first"))?;
    Ok(me.private)
}

/// What is left of an entry that was erased.
///
/// # Errors
/// Storage.
pub fn taken_back(store: &dyn Store, id: &EntryId) -> Result<Option<ErasedRecord>, Error> {
    erased(&Txn::begin(store)?, id)
}

/// The entries whose id begins with `prefix`, in hexadecimal: at most two, so that the caller
/// sees whether it names one. Walks the index, which is for people at a prompt.
///
/// # Errors
/// Storage.
pub fn by_prefix(store: &dyn Store, prefix: &str) -> Result<Vec<EntryId>, Error> {
    let txn = Txn::begin(store)?;
    let prefix = prefix.to_ascii_lowercase();
    let rows = timeline::page(&txn, None, 2, |row| {
        row.key.entry.to_hex().starts_with(&prefix)
    })?;
    Ok(rows.into_iter().map(|row| row.key.entry).collect())
}

/// What the persons known here want to be called.
///
/// # Errors
/// Storage.
pub fn names(store: &dyn Store) -> Result<Vec<(PersonId, String)>, Error> {
    let persons = Txn::begin(store)?.all::<PersonRecord>()?;
    Ok(persons
        .into_iter()
        .map(|person| (person.genesis.id(), person.name.0))
        .collect())
}

/// What a person should know of this device.
///
/// # Errors
/// Not found if no device has begun here; Storage.
pub fn status(store: &dyn Store) -> Result<StatusView, Error> {
    let txn = Txn::begin(store)?;
    let me = txn
        .get::<DeviceRecord>(Key::One)?
        .ok_or_else(|| Error::not_found("no journal has begun here yet; begin one first"))?;
    let (lock, keys) = Lock::of(&txn)?;
    let words = me.recovery.clone().or(keys.and_then(|keys| keys.recovery));
    let (mut partner, mut shared_relay, mut unconfirmed) = (None, None, false);
    if let Some(shared) = &me.shared
        && let Some(space) = txn.get::<SpaceRecord>(Key::Name(&shared.0))?
    {
        shared_relay = space.relay.filter(|relay| me.relay.as_ref() != Some(relay));
        unconfirmed = space.unconfirmed;
        for id in space.persons.iter().filter(|id| **id != me.person) {
            if let Some(person) = txn.get::<PersonRecord>(Key::Name(&id.0))? {
                partner = Some((*id, person.name.0, space.since));
            }
        }
    }
    let synced = txn
        .all::<ReplicaRecord>()?
        .into_iter()
        .filter_map(|replica| replica.synced)
        .max();
    let facts = txn.range::<FactRecord>(0, Direction::Up, usize::MAX)?;
    let volumes = txn.get::<VolumesRecord>(Key::One)?;
    Ok(StatusView {
        person: me.person,
        name: me.name.0.clone(),
        partner,
        relay: me.relay.clone(),
        shared_relay,
        moving: txn.range::<MoveRecord>(0, Direction::Up, usize::MAX)?.len() as u64,
        private: me.private,
        shared: me.shared,
        private_lock: lock.state,
        recovery: match (&me.recovering, &words) {
            (Some(walk), _) if walk.replaced => Recovery::Replaced,
            (Some(walk), _) if walk.searched => Recovery::NotFound,
            (Some(_), _) => Recovery::UnderWay,
            (None, Some(_)) => Recovery::Unchecked,
            (None, None) => Recovery::Checked,
        },
        unconfirmed,
        synced,
        entries: timeline::len(&txn)?.saturating_sub(erasing(&txn)?.markers),
        devices: named(&me.roster).collect(),
        unproved: volumes.map_or(0, |volumes| volumes.unproved),
        facts: facts.into_iter().map(|(_, fact)| fact).collect(),
    })
}

/// What each device that ever came onto a list was called there.
pub(super) fn named(roster: &[RosterRecord]) -> impl Iterator<Item = (VerifyingKey, String)> + '_ {
    roster
        .iter()
        .filter_map(|record| match &record.statement.action {
            RosterAction::Begin { device, name, .. } | RosterAction::Add { device, name } => {
                Some((device.signing, name.clone()))
            }
            _ => None,
        })
}

/// How many devices this person's roster lists.
///
/// # Errors
/// Not found if no device has begun here; Storage.
pub fn devices(store: &dyn Store) -> Result<u64, Error> {
    let txn = Txn::begin(store)?;
    let me = txn
        .get::<DeviceRecord>(Key::One)?
        .ok_or_else(|| Error::not_found("no journal has begun here yet; begin one first"))?;
    let broken = || Error::internal("the own roster does not check");
    if me.roster.is_empty() {
        // About to be linked, and nobody's yet.
        return Ok(0);
    }
    let own = txn
        .get::<PersonRecord>(Key::Name(&me.person.0))?
        .ok_or_else(broken)?;
    let person = Person::resume(&own.genesis, &own.successors, own.forked, own.settled)
        .map_err(|_| broken())?;
    let roster = Roster::check(&person, &me.roster).map_err(|_| broken())?;
    Ok(roster.devices().len() as u64)
}

pub(super) fn entry_view(id: EntryId, shown: RenderedRecord) -> EntryView {
    EntryView {
        id,
        space: shown.space,
        preimage: shown.preimage,
        version: version(&shown),
        rendered: shown.rendered,
        heeded: true,
        unproved: shown.unproved.is_some(),
    }
}
