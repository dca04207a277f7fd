//! What was acknowledged, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sidelight::device::Reach;
use sidelight::device::view::{self, EntryView};
use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    AuthorRecord, EntryRecord, EnvelopeRecord, EpochSecretRecord, Fact, ListedRecord,
    RenderedRecord, SpaceRecord,
};
use sidelight_format::{Body, EntryId, MailboxName, SpaceId, Subject};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::epoch_mailbox;

use super::devices::{Standing, is_of_devices};
use super::world::Home;
use super::{Report, World};

/// A promise that did not hold, in a sentence.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(String);

impl Broken {
    pub(super) fn new(promise: impl Into<String>) -> Self {
        Self(promise.into())
    }

    pub(super) fn from_store(error: sidelight_store::StoreError) -> Self {
        Self(format!("the store failed: {error}"))
    }
}

impl From<sidelight::Error> for Broken {
    fn from(error: sidelight::Error) -> Self {
        Self(format!("a command failed: {error:?}"))
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken: {}", self.0)
    }
}

/// What one device has acknowledged.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The characters that each entry must show, and whether the partner must see them.
    tokens: BTreeMap<EntryId, (BTreeSet<char>, bool)>,
    /// What was erased, and from where.
    erased: BTreeMap<EntryId, Reach>,
    /// What it was about to write, or to change, when it crashed: some of it was kept.
    unacknowledged: BTreeSet<EntryId>,
    pub(super) facts: Vec<Fact>,
}

impl Ledger {
    pub(super) fn acknowledge(&mut self, entry: EntryId, token: char, shared: bool) {
        let (tokens, is_shared) = self.tokens.entry(entry).or_default();
        tokens.insert(token);
        *is_shared |= shared;
    }

    pub(super) fn crashed_over(&mut self, entries: impl IntoIterator<Item = EntryId>) {
        self.unacknowledged.extend(entries);
    }

    pub(super) fn knows(&self, entry: &EntryId) -> bool {
        self.tokens.contains_key(entry)
    }

    pub(super) fn erase(&mut self, entry: EntryId, reach: Reach) {
        self.erased.insert(entry, reach);
    }

    pub(super) fn acknowledge_shared(&mut self, copy: EntryId) {
        self.tokens.entry(copy).or_default().1 = true;
    }
}

pub(super) fn check(world: &World, steps: BTreeMap<&'static str, u32>) -> Result<Report, Broken> {
    let views = world
        .homes
        .iter()
        .map(|home| match home.standing {
            Standing::Gone => Ok(BTreeMap::new()),
            _ => all_entries(home),
        })
        .collect::<Result<Vec<_>, _>>()?;
    acknowledged_writes_survive(world, &views)?;
    let shared_entries = both_converge(world, &views)?;
    what_was_erased_is_nowhere(world)?;
    no_planted_text_leaves(world)?;
    let nonces = no_nonce_repeats(world)?;
    only_padded_lengths(world)?;
    if !world.rolled_back {
        nothing_is_reported_of_an_honest_relay(world)?;
    }
    Ok(Report {
        trace: world.trace(),
        steps,
        shared_entries,
        nonces,
    })
}

pub(super) fn all_entries(home: &Home) -> Result<BTreeMap<EntryId, EntryView>, Broken> {
    let device = home
        .device
        .as_ref()
        .ok_or_else(|| Broken::new("a settled device is up"))?;
    let mut all = BTreeMap::new();
    let mut before = None;
    loop {
        let (page, next) = view::page(device.store(), before.as_ref(), 7)?;
        for entry in page {
            if all.insert(entry.id, entry).is_some() {
                return Err(Broken::new("paging shows each entry once"));
            }
        }
        match next {
            Some(next) => before = Some(next),
            None => return Ok(all),
        }
    }
}

fn acknowledged_writes_survive(
    world: &World,
    views: &[BTreeMap<EntryId, EntryView>],
) -> Result<(), Broken> {
    for (home, kept) in world.homes.iter().enumerate() {
        // What a device wrote before it was lost may have been lost with it.
        let kept_ones = kept.ledger.tokens.iter();
        for (entry, (tokens, shared)) in kept_ones.filter(|_| kept.standing != Standing::Gone) {
            if world.rolled_back && kept.ledger.erased.contains_key(entry) {
                // Whoever erased their copy has nothing left to fill a relay with that lost it
                // before the other had read it.
                continue;
            }
            for viewer in world.in_play() {
                let entries = &views[viewer];
                if is_in_doubt(world, entry) {
                    continue;
                }
                if is_erased_for(world, viewer, entry) {
                    if entries.contains_key(entry) {
                        return Err(Broken::new("what was erased is not shown"));
                    }
                    continue;
                }
                if world.homes[viewer].person != kept.person && !shared {
                    if entries.contains_key(entry) {
                        return Err(Broken::new("a private entry stays with its person"));
                    }
                    continue;
                }
                let shown = entries.get(entry).ok_or_else(|| {
                    Broken::new(format!(
                        "device {viewer} shows what device {home} acknowledged {entry:?}"
                    ))
                })?;
                if let Some(lost) = tokens
                    .iter()
                    .find(|token| !shown.rendered.text.contains(**token))
                {
                    return Err(Broken::new(format!(
                        "an acknowledged edit ({:x}) by device {home} is shown by device {viewer}",
                        *lost as u32
                    )));
                }
            }
        }
    }
    Ok(())
}

fn both_converge(world: &World, views: &[BTreeMap<EntryId, EntryView>]) -> Result<usize, Broken> {
    let shared = |home: usize| -> Result<BTreeMap<EntryId, &EntryView>, Broken> {
        let device = world.homes[home]
            .device
            .as_ref()
            .ok_or_else(|| Broken::new("a device is up"))?;
        let space = view::status(device.store())?.shared;
        Ok(views[home]
            .iter()
            .filter(|(id, e)| {
                let erased = (0..world.homes.len()).any(|viewer| is_erased_for(world, viewer, id));
                Some(e.space) == space && !erased && !is_in_doubt(world, id)
            })
            .map(|(id, e)| (*id, e))
            .collect())
    };
    let a = shared(0)?;
    for other in world.in_play() {
        let b = shared(other)?;
        if a.len() != b.len() {
            return Err(Broken::new(format!(
                "devices 0 and {other} show {} and {} shared entries",
                a.len(),
                b.len()
            )));
        }
        for (id, entry) in &a {
            let same = b.get(id).is_some_and(|other| {
                other.version == entry.version && other.rendered == entry.rendered
            });
            if !same {
                return Err(Broken::new(format!(
                    "devices 0 and {other} show the same of every shared entry"
                )));
            }
        }
    }
    Ok(a.len())
}

/// Whether a device that is gone has written something of an entry, or erased it: it may have told
/// some of the others, all, or nobody, and beyond where it was removed nothing of it counts.
pub(super) fn is_in_doubt(world: &World, entry: &EntryId) -> bool {
    let mut gone = world
        .homes
        .iter()
        .filter(|home| home.standing == Standing::Gone);
    gone.any(|home| {
        let ledger = &home.ledger;
        ledger.erased.contains_key(entry)
            || ledger.tokens.contains_key(entry)
            || ledger.unacknowledged.contains(entry)
    })
}

/// Whether a device must not show an entry: whoever wrote it alone erased it, or this person
/// erased their copy.
fn is_erased_for(world: &World, viewer: usize, entry: &EntryId) -> bool {
    let mut homes = world.homes.iter();
    homes.any(|kept| match kept.ledger.erased.get(entry) {
        // It may have told nobody before it was lost.
        _ if kept.standing == Standing::Gone => false,
        Some(Reach::Everywhere) => true,
        Some(Reach::OwnDevices) => kept.person == world.homes[viewer].person,
        None => false,
    })
}

fn what_was_erased_is_nowhere(world: &World) -> Result<(), Broken> {
    let mut mailboxes = Vec::new();
    for home in world.in_play() {
        mailboxes.extend(epochs(&world.homes[home])?);
    }
    let carried = |mailbox: &MailboxName, bytes: &[u8]| {
        let (space, keys) = mailboxes.iter().find(|(_, keys)| keys.name() == *mailbox)?;
        match keys.open(bytes) {
            Ok((_, Body::Authored(authored))) if authored.subject == Subject::ENTRY => {
                authored.entry.map(|entry| entry.id(space))
            }
            _ => None,
        }
    };
    for viewer in world.in_play() {
        let home = &world.homes[viewer];
        let device = home.device.as_ref();
        let device = device.ok_or_else(|| Broken::new("a settled device is up"))?;
        let txn = Txn::begin(device.store()).map_err(Broken::from_store)?;
        let listed = txn
            .range::<ListedRecord>(0, Direction::Up, usize::MAX)
            .map_err(Broken::from_store)?;
        for (_, row) in listed {
            let kept = txn
                .get::<EnvelopeRecord>(Key::Name(&row.envelope.0))
                .map_err(Broken::from_store)?;
            let bytes = kept.map(|kept| kept.bytes).unwrap_or_default();
            if let Some(entry) = carried(&row.mailbox, &bytes)
                && is_erased_for(world, viewer, &entry)
                && !is_in_doubt(world, &entry)
            {
                return Err(Broken::new(format!(
                    "device {viewer} keeps no body of the erased {entry:?}"
                )));
            }
        }
        for entry in home.ledger.erased.keys() {
            let name = Key::Name(&entry.0);
            let document = txn.get::<EntryRecord>(name);
            let shown = txn.get::<RenderedRecord>(name);
            let document = document.map_err(Broken::from_store)?;
            if document.is_some() || shown.map_err(Broken::from_store)?.is_some() {
                return Err(Broken::new("nothing that an erased entry said is kept"));
            }
        }
    }
    for mailbox in world.relay_disk.mailboxes() {
        for bytes in world.relay_disk.envelopes(&mailbox) {
            let everywhere = |entry: EntryId| {
                let homes = world.homes.iter();
                let mut homes = homes.filter(|home| home.standing != Standing::Gone);
                let everywhere = Some(&Reach::Everywhere);
                !is_in_doubt(world, &entry)
                    && homes.any(|home| home.ledger.erased.get(&entry) == everywhere)
            };
            if !world.restored && carried(&mailbox, &bytes).is_some_and(everywhere) {
                return Err(Broken::new("a relay that obeys has no erased body"));
            }
        }
    }
    Ok(())
}

/// The mailboxes of every epoch that a home knows, with their spaces.
fn epochs(home: &Home) -> Result<Vec<(SpaceId, MailboxKeys)>, Broken> {
    let device = home.device.as_ref();
    let device = device.ok_or_else(|| Broken::new("a settled device is up"))?;
    let txn = Txn::begin(device.store()).map_err(Broken::from_store)?;
    let status = view::status(device.store())?;
    let mut epochs = Vec::new();
    for space in [Some(status.private), status.shared].into_iter().flatten() {
        let record = txn
            .get::<SpaceRecord>(Key::Name(&space.0))
            .map_err(Broken::from_store)?;
        for node in record.iter().flat_map(|record| &record.epochs) {
            let epoch = txn
                .get::<EpochSecretRecord>(Key::Name(&node.epoch.0))
                .map_err(Broken::from_store)?;
            epochs.extend(epoch.map(|epoch| (space, epoch_mailbox(&space, &epoch.secret))));
        }
    }
    Ok(epochs)
}

fn no_planted_text_leaves(world: &World) -> Result<(), Broken> {
    let needles: [&[u8]; 2] = [b"PLANTEDTEXT", b"PLANTEDNAME"];
    let found = |bytes: &[u8]| {
        needles
            .iter()
            .any(|needle| memchr::memmem::find(bytes, needle).is_some())
    };
    if !found(format!("x{}", super::step::PLANTED).as_bytes()) {
        return Err(Broken::new("the search finds what is there"));
    }
    if found(&world.tapped) {
        return Err(Broken::new("no planted text is ever on a link"));
    }
    if world
        .homes
        .iter()
        .any(|home| home.disk.sealed().iter().any(|row| found(row)))
    {
        return Err(Broken::new("no planted text is ever on a disk"));
    }
    Ok(())
}

fn no_nonce_repeats(world: &World) -> Result<usize, Broken> {
    // An envelope's key is named by its commitment; a row's by its home.
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for envelope in world.envelopes() {
        count += 1;
        seen.insert((envelope[4..36].to_vec(), envelope[68..92].to_vec()));
    }
    for (home, kept) in world.homes.iter().enumerate() {
        for row in kept.disk.sealed() {
            count += 1;
            seen.insert((vec![home as u8], row[2..26].to_vec()));
        }
    }
    if seen.len() != count {
        return Err(Broken::new("no nonce is used twice under one key"));
    }
    Ok(count)
}

fn only_padded_lengths(world: &World) -> Result<(), Broken> {
    let odd = world
        .envelopes()
        .iter()
        .any(|bytes| sidelight_format::padded_len(bytes.len()) != bytes.len());
    if odd {
        Err(Broken::new("a relay sees padded lengths only"))
    } else {
        Ok(())
    }
}

fn nothing_is_reported_of_an_honest_relay(world: &World) -> Result<(), Broken> {
    let erased = world
        .homes
        .iter()
        .any(|home| !home.ledger.erased.is_empty());
    for home in world.in_play() {
        let home = &world.homes[home];
        let facts = home.ledger.facts.iter();
        for fact in facts.filter(|fact| !is_of_devices(fact)) {
            // Where something was erased before it was sent, what comes after it may be there
            // before its erasure is: a gap that closes.
            if !erased || !has_closed(home, fact)? {
                return Err(Broken::new(format!(
                    "an honest relay gives no cause for {fact:?}"
                )));
            }
        }
    }
    Ok(())
}

/// Whether a gap that was told of is none any more.
fn has_closed(home: &Home, fact: &Fact) -> Result<bool, Broken> {
    let (Fact::Gap { author, to, .. }, Some(device)) = (fact, &home.device) else {
        return Ok(false);
    };
    let txn = Txn::begin(device.store()).map_err(Broken::from_store)?;
    let author = txn
        .get::<AuthorRecord>(Key::Name(&author.0))
        .map_err(Broken::from_store)?;
    let head = author.and_then(|author| author.head);
    Ok(head.is_some_and(|head| head.sequence >= *to))
}
