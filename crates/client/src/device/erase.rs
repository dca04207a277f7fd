//! Erasing: what its person takes back goes from this device at once, and from the others and
//! the relay as soon as they hear of it.
//!
//! An entry of one's own is erased everywhere: signed erasures of all its envelopes go into its
//! space, and the relay is asked to drop the bodies. Of an entry that both keep, or of a space
//! that was left, a person erases their own copy; only their own devices hear of that.

use std::collections::BTreeSet;

use sidelight_crypto::erase_token;
use sidelight_format::record::{
    AuthorRecord, CarriedRecord, ChainPlace, ChainRecord, DropRecord, EntryRecord, EnvelopeRecord,
    ErasedRecord, ErasingRecord, IndexRow, Reach, RenderedRecord, SharedRecord, Verdict,
    WaitingRecord,
};
use sidelight_format::{
    Authored, Body, Bytes, Class, Ending, EntryId, EntryPreimage, Envelope, EnvelopeId, EpochId,
    Erasure, Kind, MailboxName, Mode, ProofItem, SpaceId, Subject, encode, limits,
};
use sidelight_store::{Direction, Key, Txn, timeline};
use sidelight_sync::{Outside, erasure};

use super::Erased;
use super::core::{Core, open_epoch};
use super::entries::index_row;
use super::write::chain_key;
use crate::Error;

impl Core {
    /// Erases entries, all or none.
    pub(super) fn erase(
        &mut self,
        txn: &mut Txn<'_>,
        ids: &[EntryId],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Erased>, Error> {
        // Everything that can be wrong is found before anything is changed.
        let planned: Vec<(EntryId, ErasedRecord)> = ids
            .iter()
            .map(|id| Ok((*id, self.plan(txn, id)?)))
            .collect::<Result<_, Error>>()?;
        self.dirty = true;
        let mut endings = Vec::new();
        for (id, record) in &planned {
            let before = erased(txn, id)?;
            if before.is_some_and(|before| before.reach == record.reach) {
                continue;
            }
            txn.put(Key::Name(&id.0), record);
            match record.reach {
                Reach::Everywhere => self.cover(txn, id, record, outside)?,
                Reach::OwnDevices => endings.push(encode(&Ending {
                    space: record.space,
                    entry: record.preimage,
                })),
            }
            self.forget(txn, id, record)?;
        }
        let private = self.me.private;
        for parts in endings.chunks(limits::PARTS_MAX) {
            let about = (Subject::ENDED, None, None);
            self.author(txn, private, about, parts.to_vec(), outside)?;
        }
        Ok(planned
            .into_iter()
            .map(|(entry, record)| Erased {
                entry,
                reach: record.reach,
            })
            .collect())
    }

    /// How an entry is to be erased.
    fn plan(&self, txn: &Txn<'_>, id: &EntryId) -> Result<ErasedRecord, Error> {
        let shown = txn.get::<RenderedRecord>(Key::Name(&id.0))?;
        let before = erased(txn, id)?;
        let (space, preimage) = match (shown, before) {
            (Some(shown), _) => (shown.space, shown.preimage),
            (None, Some(before)) if before.reach == Reach::Everywhere => return Ok(before),
            (None, Some(before)) => (before.space, before.preimage),
            (None, None) => {
                return Err(Error::not_found("there is no such entry; reload the list"));
            }
        };
        let mine = preimage.owner == self.me.person;
        if preimage.mode == Mode::Own && !mine {
            return Err(Error::invalid(
                "this entry is your partner's: only the one who wrote it can take it back",
            ));
        }
        let reach = if preimage.mode == Mode::Own && self.can_write(&space) {
            Reach::Everywhere
        } else {
            Reach::OwnDevices
        };
        Ok(ErasedRecord {
            space,
            preimage,
            reach,
        })
    }

    /// Whether anything can be written in a space: it was not left, and nobody's keys are in
    /// doubt.
    pub(super) fn can_write(&self, space: &SpaceId) -> bool {
        let known = self.spaces.get(space);
        known.is_some_and(|known| !known.record.left && self.recipients(known).is_some())
    }

    /// Whether something can be written in a space now, without asking the person to sync first,
    /// or to compare with their partner again. A device that is being recovered writes nothing.
    pub(super) fn can_write_now(&self, space: &SpaceId) -> bool {
        let known = self.spaces.get(space);
        let unconfirmed = known.is_none_or(|known| known.record.unconfirmed);
        self.can_write(space)
            && !unconfirmed
            && !self.is_walking()
            && (*space == self.me.private || !self.is_behind())
    }

    /// Writes erasures of all envelopes of this person's that carried an entry and of which
    /// there is none yet, and asks for their bodies to be dropped.
    pub(super) fn cover(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        record: &ErasedRecord,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let mut uncovered = Vec::new();
        for place in carriers(txn, id)? {
            let Some(author) = txn.get::<AuthorRecord>(Key::Name(&place.author.0))? else {
                continue;
            };
            if author.person != self.me.person {
                continue;
            }
            let key = chain_key(&place.author, place.sequence);
            let chain = txn.get::<ChainRecord>(Key::Name(&key))?;
            for branch in chain.iter().flat_map(|chain| &chain.branches) {
                if branch.entry == Some(*id) && !branch.erased {
                    uncovered.push(Erasure {
                        epoch: author.epoch,
                        author: place.author,
                        sequence: place.sequence,
                        envelope: branch.envelope,
                        body: branch.body,
                    });
                }
            }
        }
        let chunks = uncovered.chunks(limits::PARTS_MAX);
        for (parts, erasures) in erasure::parts(&uncovered).zip(chunks) {
            let about = (Subject::ERASURE, Some(record.preimage), None);
            let after = self.author(txn, record.space, about, parts, outside)?;
            for erasure in erasures {
                mark_erased(txn, erasure)?;
                self.ask_to_drop(txn, record.space, erasure, after)?;
            }
        }
        Ok(())
    }

    /// Lets a drop of an envelope of this person's wait, if its body is here.
    pub(super) fn ask_to_drop(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        erasure: &Erasure,
        after: (MailboxName, EnvelopeId),
    ) -> Result<(), Error> {
        let kept = txn.get::<EnvelopeRecord>(Key::Name(&erasure.envelope.0))?;
        let Some(kept) = kept.filter(|kept| !kept.bytes.is_empty()) else {
            return self.ask_to_drop_proved(txn, space, erasure, after);
        };
        if !self.reopen_epoch(txn, space, erasure.epoch)? {
            return Ok(());
        }
        let opened = self.epoch_mut(space, erasure.epoch)?.keys.open(&kept.bytes);
        if let Ok((_, Body::Authored(authored))) = opened {
            let envelope = (kept.mailbox, erasure.envelope);
            self.let_drop(
                txn,
                (space, erasure.epoch),
                envelope,
                (&authored, &kept.bytes),
                after,
            );
        }
        Ok(())
    }

    pub(super) fn let_drop(
        &mut self,
        txn: &mut Txn<'_>,
        (space, epoch): (SpaceId, EpochId),
        (mailbox, envelope): (MailboxName, EnvelopeId),
        (authored, bytes): (&Authored, &[u8]),
        after: (MailboxName, EnvelopeId),
    ) {
        let Ok(parsed) = Envelope::parse(bytes) else {
            return;
        };
        let tokens = self.me.keys.iter().rev();
        let mut tokens = tokens.map(|keys| erase_token(&keys.erasing, &authored.salt));
        if let Some(token) = tokens.find(|token| token.hash() == parsed.header.erase_hash) {
            let record = DropRecord {
                space,
                epoch,
                mailbox,
                envelope,
                token,
                after,
            };
            self.drop_when_told(txn, record);
        }
    }

    /// Asks the relay to drop a body, once it has what says so; and the former one, if the mailbox
    /// is on its way from there.
    pub(super) fn drop_when_told(&mut self, txn: &mut Txn<'_>, record: DropRecord) {
        let body = (record.envelope, record.token);
        self.moves.drop_there_too(txn, &record.mailbox, body);
        self.drops.push(txn, record);
    }

    /// Listens to an epoch again in which something is to be dropped. False if it is not known.
    pub(super) fn reopen_epoch(
        &mut self,
        txn: &Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
    ) -> Result<bool, Error> {
        let Some(known) = self.spaces.get_mut(&space) else {
            return Ok(false);
        };
        if known.open.contains_key(&epoch) {
            return Ok(true);
        }
        if self.lock.hides(&space) {
            return Ok(false);
        }
        match open_epoch(txn, &epoch)? {
            Some(opened) if opened.record.space == space => {
                known.open.insert(epoch, opened);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The epochs that are being brought to another relay are listened to.
    pub(super) fn reopen_for_moves(&mut self, txn: &Txn<'_>) -> Result<(), Error> {
        for (space, epoch) in self.moves.filling() {
            self.reopen_epoch(txn, space, epoch)?;
        }
        Ok(())
    }

    /// The epochs in which something is yet to be dropped are listened to.
    pub(super) fn reopen_for_drops(&mut self, txn: &Txn<'_>) -> Result<(), Error> {
        let epochs = self.drops.by_mailbox().map(|drop| (drop.space, drop.epoch));
        for (space, epoch) in epochs.collect::<Vec<_>>() {
            self.reopen_epoch(txn, space, epoch)?;
        }
        Ok(())
    }

    /// Forgets all that is here of an entry, but that it was erased.
    pub(super) fn forget(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        record: &ErasedRecord,
    ) -> Result<(), Error> {
        self.documents.forget(id);
        self.hold_no_more(txn, id);
        let name = Key::Name(&id.0);
        let shown = txn.get::<RenderedRecord>(name)?;
        if shown.as_ref().is_some_and(|shown| shown.unproved.is_some()) {
            self.count_proved(txn)?;
        }
        let row = shown.map(|shown| index_row(*id, &shown));
        self.shed_entry(txn, id, row.as_ref())?;
        if let Some(row) = row {
            timeline::remove(txn, &row.key)?;
            self.note_erased(txn, id, row.key)?;
            txn.delete::<RenderedRecord>(name);
            // Who has read a shared entry is not left to doubt their memory.
            if record.reach == Reach::Everywhere && record.space != self.me.private {
                timeline::insert(txn, marker(row))?;
                let mut erasing = erasing(txn)?;
                erasing.markers += 1;
                txn.put(Key::One, &erasing);
            }
            self.changed.remove(id);
            self.removed.insert(*id);
        }
        txn.delete::<EntryRecord>(name);
        txn.delete::<SharedRecord>(name);
        self.forget_waiting(txn, id)?;
        for place in carriers(txn, id)? {
            let key = chain_key(&place.author, place.sequence);
            let chain = txn.get::<ChainRecord>(Key::Name(&key))?;
            for branch in chain.iter().flat_map(|chain| &chain.branches) {
                if branch.entry == Some(*id) {
                    self.strip(txn, &branch.envelope, record.reach)?;
                }
            }
        }
        txn.scrub();
        Ok(())
    }

    fn forget_waiting(&mut self, txn: &mut Txn<'_>, id: &EntryId) -> Result<(), Error> {
        if self.waiting.values().all(|own| *own == 0) {
            return Ok(());
        }
        for (number, record) in txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX)? {
            if record.entry == *id {
                txn.delete::<WaitingRecord>(Key::Number(number));
                self.released = true;
                if let Some(own) = self.waiting.get_mut(&record.author) {
                    *own = own.saturating_sub(1);
                }
            }
        }
        Ok(())
    }

    /// Forgets an envelope's body. What is erased for oneself alone and has not left yet leaves
    /// first: it was written to the other, who would find a gap.
    pub(super) fn strip(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: &EnvelopeId,
        reach: Reach,
    ) -> Result<(), Error> {
        let name = Key::Name(&envelope.0);
        let Some(kept) = txn.get::<EnvelopeRecord>(name)? else {
            return Ok(());
        };
        txn.delete::<ProofItem>(name);
        if kept.verdict == Verdict::Refused {
            return Ok(());
        }
        let leaves = reach == Reach::OwnDevices && self.outbox.waits(&kept.mailbox, envelope);
        let bytes = if leaves {
            kept.bytes
        } else {
            self.outbox.acknowledge(txn, &kept.mailbox, envelope);
            Bytes::new()
        };
        let verdict = Verdict::Erased;
        txn.put(
            name,
            &EnvelopeRecord {
                verdict,
                bytes,
                ..kept
            },
        );
        Ok(())
    }

    /// A relay keeps an envelope: it waits no more, and if it was erased meanwhile, it goes.
    pub(super) fn kept_there(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        id: &EnvelopeId,
    ) -> Result<(), Error> {
        if self.outbox.acknowledge(txn, mailbox, id) {
            let kept = txn.get::<EnvelopeRecord>(Key::Name(&id.0))?;
            if kept.as_ref().is_some_and(|kept| kept.class != Class::Live) {
                // It is built anew if the relay loses it.
                self.keep_stored(txn, id)?;
            } else if kept.is_some_and(|kept| kept.verdict == Verdict::Erased) {
                self.strip(txn, id, Reach::OwnDevices)?;
                txn.scrub();
            }
        }
        Ok(())
    }
}

/// What is known of an entry's being erased.
pub(super) fn erased(txn: &Txn<'_>, id: &EntryId) -> Result<Option<ErasedRecord>, Error> {
    Ok(txn.get(Key::Name(&id.0))?)
}

pub(super) fn erasing(txn: &Txn<'_>) -> Result<ErasingRecord, Error> {
    Ok(txn.get(Key::One)?.unwrap_or_default())
}

/// A signed erasure is known of this envelope.
pub(super) fn mark_erased(txn: &mut Txn<'_>, erasure: &Erasure) -> Result<(), Error> {
    let key = chain_key(&erasure.author, erasure.sequence);
    let Some(mut chain) = txn.get::<ChainRecord>(Key::Name(&key))? else {
        return Ok(());
    };
    for branch in &mut chain.branches {
        branch.erased |= branch.envelope == erasure.envelope;
    }
    txn.put(Key::Name(&key), &chain);
    Ok(())
}

/// Notes in `chain`, which is `place`, what the envelope there carries; with the place of the
/// one before it that carried something of the same entry.
pub(super) fn carry(
    txn: &mut Txn<'_>,
    place: ChainPlace,
    envelope: &EnvelopeId,
    chain: &mut ChainRecord,
) -> Result<(), Error> {
    let at = |branch: &sidelight_format::record::ChainBranch| branch.envelope == *envelope;
    let Some(at) = chain.branches.iter().rposition(at) else {
        return Ok(());
    };
    let Some(entry) = chain.branches[at].entry else {
        return Ok(());
    };
    let name = Key::Name(&entry.0);
    let mut others = chain.branches[..at].iter();
    let earlier = match others.find(|other| other.entry == Some(entry)) {
        // The place is noted already.
        Some(other) => other.earlier,
        None => {
            let before = txn.get::<CarriedRecord>(name)?;
            txn.put(name, &CarriedRecord { last: place });
            before.map(|before| before.last)
        }
    };
    chain.branches[at].earlier = earlier;
    Ok(())
}

/// The places of the envelopes that carried something of an entry, the latest first.
pub(super) fn carriers(txn: &Txn<'_>, id: &EntryId) -> Result<BTreeSet<ChainPlace>, Error> {
    let mut places = BTreeSet::new();
    let carried = txn.get::<CarriedRecord>(Key::Name(&id.0))?;
    let mut next = carried.map(|carried| carried.last);
    while let Some(place) = next {
        if !places.insert(place) {
            break;
        }
        let key = chain_key(&place.author, place.sequence);
        let chain = txn.get::<ChainRecord>(Key::Name(&key))?;
        let mut branches = chain.iter().flat_map(|chain| &chain.branches);
        next = branches
            .find(|branch| branch.entry == Some(*id))
            .and_then(|branch| branch.earlier);
    }
    Ok(places)
}

/// What stays of a row of the timeline: that somebody took something back that day.
fn marker(row: IndexRow) -> IndexRow {
    let mut marker = row;
    marker.key.order = 0;
    marker.date = marker.date.without_offset();
    marker.together = false;
    marker.kind = taken_back();
    marker
}

/// The kind of a marker, which no entry shows: those have their rendered row.
pub(crate) fn taken_back() -> Kind {
    Kind::named("taken_back").expect("`taken_back` is of a–z and _")
}

/// Whether `preimage` is that of an entry that only this person writes.
pub(super) fn is_own(core: &Core, preimage: &EntryPreimage) -> bool {
    preimage.mode == Mode::Own && preimage.owner == core.me.person
}
