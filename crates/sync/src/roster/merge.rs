//! What a set of records says, whatever the order in which they came.

use sidelight_format::{RosterAction, VerifyingKey, limits};

use super::{Doubt, Roster};

/// What a set of records says.
#[derive(Clone, Default)]
pub(super) struct State {
    /// The records that list the devices, the first first.
    pub(super) listings: Vec<usize>,
    /// The recovery key, once it was replaced; before, it is the person's first.
    pub(super) recovery: Option<VerifyingKey>,
    /// The record that says where epochs are sealed to for the recovery words.
    pub(super) recovery_at: usize,
    /// Why nothing may be sealed.
    pub(super) doubt: Option<Doubt>,
}

/// A set of records, by their places.
#[derive(Clone, Default)]
pub(super) struct Set([u64; limits::ROSTER_MAX / 64]);

const _: () = assert!(
    limits::ROSTER_MAX.is_multiple_of(64),
    "places fill whole words"
);

impl Set {
    /// The first `len` places.
    pub(super) fn first(len: usize) -> Self {
        let mut set = Self::default();
        (0..len).for_each(|place| set.insert(place));
        set
    }

    pub(super) fn insert(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    pub(super) fn contains(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..limits::ROSTER_MAX).filter(|place| self.contains(*place))
    }
}

impl Roster {
    /// What a set of records says that holds everything its members follow.
    pub(super) fn evaluate(&self, all: &Set) -> State {
        let mut state = State::default();
        let Some(base) = self.base(all, &mut state) else {
            return state;
        };
        let mut counted = Set::default();
        for place in all.iter() {
            if place == base || self.follows(place, base) {
                counted.insert(place);
            }
        }
        self.follow_recovery(base, &counted, &mut state);
        self.list_devices(base, &counted, &mut state);
        if state.listings.is_empty() {
            state.doubt = state.doubt.or(Some(Doubt::NoDevice));
        }
        state
    }

    /// The beginning that counts: of those that the recovery key signed, the one farthest from
    /// the start, and otherwise the first record.
    fn base(&self, all: &Set, state: &mut State) -> Option<usize> {
        let counts = |place: &usize| {
            let begins = matches!(
                self.entries[*place].record.statement.action,
                RosterAction::Begin { .. }
            );
            begins && !self.is_overruled(*place, all)
        };
        let base = all.iter().filter(counts).max_by_key(|place| {
            let (sequence, hash) = self.order(*place);
            (sequence, core::cmp::Reverse(hash))
        })?;
        let sequence = |place: usize| self.entries[place].record.statement.sequence;
        let mut rivals = all.iter().filter(counts);
        if rivals.any(|other| other != base && sequence(other) == sequence(base)) {
            state.doubt = Some(Doubt::Beginnings);
        }
        Some(base)
    }

    /// Follows the recovery key from the one in force at `base` through its replacements.
    fn follow_recovery(&self, base: usize, counted: &Set, state: &mut State) {
        let begins = &self.entries[base];
        state.recovery_at = base;
        if begins.by_recovery {
            state.recovery = Some(begins.record.statement.signer);
        }
        // No key comes back, so there are no more steps than records.
        for _ in 0..self.entries.len() {
            let key = state.recovery.unwrap_or(self.recovery);
            let signed_by_it = |place: &usize| self.entries[*place].record.statement.signer == key;
            let replaces = |place: &usize| self.replacement(*place).is_some();
            let mut next = counted.iter().filter(signed_by_it).filter(replaces);
            let Some(first) = next.next() else { return };
            let to = self.replacement(first);
            if next.any(|other| self.replacement(other) != to) {
                state.doubt = Some(Doubt::Recovery);
                return;
            }
            state.recovery = to.map(|(signing, _)| *signing);
            state.recovery_at = first;
        }
    }

    /// Finds the devices: listed by a record that counts, and removed by none.
    fn list_devices(&self, base: usize, counted: &Set, state: &mut State) {
        let mut listings: Vec<usize> = Vec::new();
        for place in counted.iter() {
            let Some(_) = self.listed(place) else {
                continue;
            };
            let entry = &self.entries[place];
            let signer = entry.record.statement.signer;
            let vouched = entry.by_recovery
                || listings.iter().any(|listing| {
                    entry.ancestors.contains(*listing)
                        && self.listed(*listing).is_some_and(|it| it.signing == signer)
                });
            if place == base || vouched && !self.is_overruled(place, counted) {
                listings.push(place);
            }
        }
        listings.sort_unstable_by_key(|place| self.order(*place));
        for place in listings {
            let Some(device) = self.listed(place).map(|it| it.signing) else {
                continue;
            };
            let removed = counted
                .iter()
                .any(|other| self.removed(other) == Some(&device));
            let known = state
                .listings
                .iter()
                .any(|other| self.listed(*other).is_some_and(|it| it.signing == device));
            if !removed && !known {
                state.listings.push(place);
            }
        }
    }

    /// Whether the signer of a record was removed, or replaced as recovery key, by a record of
    /// `all` that neither follows it nor is followed by it.
    fn is_overruled(&self, place: usize, all: &Set) -> bool {
        let entry = &self.entries[place];
        let signer = &entry.record.statement.signer;
        all.iter().any(|other| {
            let ends = if entry.by_recovery {
                let replaced = self.replacement(other).is_some();
                replaced && self.entries[other].record.statement.signer == *signer
            } else {
                self.removed(other) == Some(signer)
            };
            ends && !self.follows(other, place) && !self.follows(place, other)
        })
    }

    fn follows(&self, place: usize, before: usize) -> bool {
        self.entries[place].ancestors.contains(before)
    }

    /// The device that a record removes.
    fn removed(&self, place: usize) -> Option<&VerifyingKey> {
        match &self.entries[place].record.statement.action {
            RosterAction::Remove { device } => Some(device),
            _ => None,
        }
    }
}
