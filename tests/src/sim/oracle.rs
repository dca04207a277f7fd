//! What was acknowledged, and what must hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sidelight::device::view::{self, EntryView};
use sidelight_format::EntryId;
use sidelight_format::record::Fact;

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
    pub(super) facts: Vec<Fact>,
}

impl Ledger {
    pub(super) fn acknowledge(&mut self, entry: EntryId, token: char, shared: bool) {
        let (tokens, is_shared) = self.tokens.entry(entry).or_default();
        tokens.insert(token);
        *is_shared |= shared;
    }

    pub(super) fn acknowledge_shared(&mut self, copy: EntryId) {
        self.tokens.entry(copy).or_default().1 = true;
    }
}

pub(super) fn check(world: &World, steps: BTreeMap<&'static str, u32>) -> Result<Report, Broken> {
    let views = world
        .homes
        .iter()
        .map(all_entries)
        .collect::<Result<Vec<_>, _>>()?;
    acknowledged_writes_survive(world, &views)?;
    let shared_entries = both_converge(world, &views)?;
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

fn all_entries(home: &Home) -> Result<BTreeMap<EntryId, EntryView>, Broken> {
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
        for (entry, (tokens, shared)) in &kept.ledger.tokens {
            for (viewer, entries) in views.iter().enumerate() {
                if viewer != home && !shared {
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
            .filter(|(_, e)| Some(e.space) == space)
            .map(|(id, e)| (*id, e))
            .collect())
    };
    let (a, b) = (shared(0)?, shared(1)?);
    if a.len() != b.len() {
        return Err(Broken::new(format!(
            "both devices show {} and {} shared entries",
            a.len(),
            b.len()
        )));
    }
    for (id, entry) in &a {
        let same = b.get(id).is_some_and(|other| {
            other.version == entry.version && other.rendered == entry.rendered
        });
        if !same {
            return Err(Broken::new(
                "both devices show the same of every shared entry",
            ));
        }
    }
    Ok(a.len())
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
    match world
        .homes
        .iter()
        .flat_map(|home| &home.ledger.facts)
        .next()
    {
        None => Ok(()),
        Some(fact) => Err(Broken::new(format!(
            "an honest relay gives no cause for {fact:?}"
        ))),
    }
}
