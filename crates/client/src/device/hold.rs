//! Sharing with second thoughts: what of an entry goes along, and when; and taking it back.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::{HeldRecord, Reach, RenderedRecord, SharedRecord};
use sidelight_format::{EntryDate, EntryId, Timestamp};
use sidelight_store::{Key, Txn};
use sidelight_sync::Outside;

use super::Device;
use super::core::Core;
use super::erase::erased;
use crate::{Error, ErrorKind};

/// What is overdue by more than this many seconds, a month, is not released by itself: either
/// the clock is wrong, or nobody remembers.
const OVERDUE_MAX: i64 = 30 * 24 * 3600;

/// What of a private entry is shared.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The entry.
    pub entry: EntryId,
    /// Whether its text goes along.
    pub text: bool,
    /// Which of its fields; none for all.
    pub fields: Option<Vec<String>>,
    /// The day that the copy is about; none for the entry's own.
    pub date: Option<EntryDate>,
}

/// What became of an entry that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retracted {
    /// It was held, and is not any more. It never left.
    Held,
    /// The shared entry was erased.
    Erased(EntryId, Reach),
}

/// What is held, and what of it could not be released since the device was opened.
#[derive(Default)]
pub(super) struct Held {
    due: BTreeMap<EntryId, Timestamp>,
    failed: BTreeSet<EntryId>,
}

impl Held {
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        let records = txn.all::<HeldRecord>()?.into_iter();
        Ok(Self {
            due: records.map(|record| (record.entry, record.due)).collect(),
            failed: BTreeSet::new(),
        })
    }

    /// The next that is to be released, and when.
    fn next(&self) -> Option<(EntryId, Timestamp)> {
        let waiting = self.due.iter().filter(|(id, _)| !self.failed.contains(*id));
        let next = waiting.min_by_key(|(_, due)| due.0);
        next.map(|(id, due)| (*id, *due))
    }
}

impl Device {
    /// Shares what was chosen of a private entry, under a fresh id. Returns the copy.
    ///
    /// # Errors
    /// Not found, Invalid, Not paired, Storage.
    pub fn promote(
        &mut self,
        promotion: &Promotion,
        outside: &mut Outside<'_>,
    ) -> Result<EntryId, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.promote(txn, promotion, outside)
        })
    }

    /// Holds a private entry: it is shared when `due` is over and the device runs, unless it is
    /// taken back before. On this device only: two that release one entry would share it twice,
    /// and neither could tell, since nothing leads from a shared copy to what it was made of.
    ///
    /// # Errors
    /// As [`promote`](Self::promote).
    pub fn hold(&mut self, promotion: &Promotion, due: Timestamp) -> Result<(), Error> {
        self.act(|core, txn| core.hold(txn, promotion, due))
    }

    /// Shares a held entry now. Returns the copy.
    ///
    /// # Errors
    /// Not found if it is not held; as [`promote`](Self::promote).
    pub fn release(
        &mut self,
        entry: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<EntryId, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.release(txn, entry, outside)
        })
    }

    /// When the next held entry is to be released; none if none is.
    pub fn next_release(&self) -> Option<Timestamp> {
        self.core.next_release()
    }

    /// Releases one held entry that is due, and says whether there was one. What cannot be
    /// shared, since its kind forbids it meanwhile or there is no partner, stays held.
    ///
    /// # Errors
    /// Storage.
    pub fn release_due(&mut self, outside: &mut Outside<'_>) -> Result<bool, Error> {
        let Some(entry) = self.core.due(outside.now) else {
            return Ok(false);
        };
        match self.write_shared(outside, |core, txn, outside| {
            core.release(txn, &entry, outside)
        }) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Storage => Err(error),
            Err(_) => {
                self.core.could_not_release(entry);
                Ok(true)
            }
        }
    }

    /// Takes back what was shared of an entry, or is to be: a held one never leaves, a shared one
    /// is [erased](Self::erase). The private entry stays.
    ///
    /// # Errors
    /// Not found; Invalid for one that was never shared, or is the other's alone; Storage.
    pub fn retract(
        &mut self,
        entry: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<Retracted, Error> {
        self.write_shared(outside, |core, txn, outside| {
            core.retract(txn, entry, outside)
        })
    }
}

impl Core {
    /// Shares what was chosen of a private entry.
    pub(super) fn promote(
        &mut self,
        txn: &mut Txn<'_>,
        promotion: &Promotion,
        outside: &mut Outside<'_>,
    ) -> Result<EntryId, Error> {
        let draft = self.check_promotion(txn, promotion)?;
        let wrote = self.write(txn, &[draft], outside)?;
        let copy = wrote.first().map(|wrote| wrote.entry);
        let copy = copy.ok_or_else(|| Error::internal("a copy without an id"))?;
        let name = Key::Name(&promotion.entry.0);
        txn.put(name, &SharedRecord { copy });
        self.hold_no_more(txn, &promotion.entry);
        Ok(copy)
    }

    /// What would be shared.
    fn check_promotion(&self, txn: &Txn<'_>, promotion: &Promotion) -> Result<super::Draft, Error> {
        let name = Key::Name(&promotion.entry.0);
        let shown = txn
            .get::<RenderedRecord>(name)?
            .ok_or_else(|| Error::not_found("there is no such entry; reload the list"))?;
        if shown.space != self.me.private {
            return Err(Error::invalid(
                "this entry is in the shared journal already",
            ));
        }
        self.space_for(true)?;
        if let Some(before) = txn.get::<SharedRecord>(name)?
            && erased(txn, &before.copy)?.is_none()
        {
            return Err(Error::invalid(
                "this entry was shared before; take that back first to share other parts of it",
            ));
        }
        let shown = shown.rendered;
        if let Some(chosen) = &promotion.fields {
            let has = |name: &String| shown.fields.iter().any(|(known, _)| known == name);
            if !chosen.iter().all(has) {
                return Err(Error::invalid(
                    "the entry has no field of this name; look at it again, then choose",
                ));
            }
        }
        let mut draft = self.copy_to_share(txn, &shown)?;
        if let Some(chosen) = &promotion.fields {
            draft.fields.retain(|(name, _)| chosen.contains(name));
        }
        if !promotion.text {
            draft.text.clear();
        }
        draft.date = promotion.date.unwrap_or(shown.date);
        // What is left must still be something that may be said by itself.
        self.check_draft(txn, &draft)?;
        Ok(draft)
    }

    /// Holds a private entry: it is shared at `due`, unless it is taken back before.
    pub(super) fn hold(
        &mut self,
        txn: &mut Txn<'_>,
        promotion: &Promotion,
        due: Timestamp,
    ) -> Result<(), Error> {
        self.check_promotion(txn, promotion)?;
        self.dirty = true;
        let Promotion {
            entry,
            text,
            fields,
            date,
        } = promotion.clone();
        let record = HeldRecord {
            entry,
            due,
            text,
            fields,
            date,
        };
        txn.put(Key::Name(&entry.0), &record);
        self.held.failed.remove(&entry);
        self.held.due.insert(entry, due);
        Ok(())
    }

    /// Shares a held entry now.
    pub(super) fn release(
        &mut self,
        txn: &mut Txn<'_>,
        entry: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<EntryId, Error> {
        let held = txn.get::<HeldRecord>(Key::Name(&entry.0))?;
        let held = held.ok_or_else(|| {
            Error::not_found(
                "this entry is not held on this device; look at the list of those that are",
            )
        })?;
        let promotion = Promotion {
            entry: held.entry,
            text: held.text,
            fields: held.fields,
            date: held.date,
        };
        self.promote(txn, &promotion, outside)
    }

    /// When the next held entry is due.
    pub(super) fn next_release(&self) -> Option<Timestamp> {
        self.held.next().map(|(_, due)| due)
    }

    /// The held entry that is due, if there is one. One that is long overdue waits until its
    /// person says what shall be.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<EntryId> {
        while let Some((id, due)) = self.held.next() {
            if due > now {
                return None;
            }
            if now.0.saturating_sub(due.0) <= OVERDUE_MAX {
                return Some(id);
            }
            self.held.failed.insert(id);
        }
        None
    }

    /// A held entry could not be released: it stays held, and is not tried again by itself
    /// before the device is opened anew.
    pub(super) fn could_not_release(&mut self, entry: EntryId) {
        self.held.failed.insert(entry);
    }

    /// Takes back what was shared of an entry, or is to be.
    pub(super) fn retract(
        &mut self,
        txn: &mut Txn<'_>,
        entry: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<Retracted, Error> {
        let name = Key::Name(&entry.0);
        if txn.get::<HeldRecord>(name)?.is_some() {
            self.hold_no_more(txn, entry);
            txn.scrub();
            return Ok(Retracted::Held);
        }
        let shown = txn.get::<RenderedRecord>(name)?;
        let mut shared = *entry;
        if shown.is_some_and(|shown| shown.space == self.me.private) {
            let copy = txn.get::<SharedRecord>(name)?.map(|before| before.copy);
            let copy = match copy {
                Some(copy) if erased(txn, &copy)?.is_none() => Some(copy),
                _ => None,
            };
            shared = copy.ok_or_else(|| {
                Error::invalid(
                    "this entry is not held here, and was never shared from here; if it was on \
                     another device of yours, take it back there",
                )
            })?;
        }
        let erased = self.erase(txn, &[shared], outside)?;
        let erased = erased
            .first()
            .ok_or_else(|| Error::internal("nothing was erased"))?;
        Ok(Retracted::Erased(erased.entry, erased.reach))
    }

    /// An entry is held no more, if it was.
    pub(super) fn hold_no_more(&mut self, txn: &mut Txn<'_>, entry: &EntryId) {
        if self.held.due.remove(entry).is_some() {
            self.dirty = true;
            self.held.failed.remove(entry);
            txn.delete::<HeldRecord>(Key::Name(&entry.0));
        }
    }
}
