//! Becoming certain of what a volume brought: who signed it, and that it shows what it makes.
//!
//! An envelope counts as known from its proof only if its author signed it, may have written it,
//! and each of its changes is in the entry byte for byte: whatever a dishonest own device leaves
//! out is fetched from its mailbox.

use std::collections::VecDeque;

use sidelight_format::record::{
    AuthorRecord, CarriedRecord, ChainBranch, ChainRecord, EntryRecord, EnvelopeRecord, Fact,
    IndexRow, Record, RenderedRecord, ReplicaRecord, Unproved, UnprovedRecord,
};
use sidelight_format::{
    Bytes, Class, EntryId, EntryPreimage, EnvelopeId, EpochId, MailboxName, ProofItem, ProofPart,
    SpaceId,
};
use sidelight_journal::{actor, admit};
use sidelight_store::{Direction, Key, StoreError, Txn, timeline};
use sidelight_sync::{Outside, authors, volumes};

use super::super::core::Core;
use super::super::entries::{brought, document, index_row, kept, unproved, version};
use super::super::erase::{carriers, erased};
use super::super::write::chain_key;
use super::super::{Device, Output};
use super::fill::change_hash;
use super::item::Finder;
use crate::Error;

/// How many entries are looked at in one step: some tens of milliseconds.
pub(super) const CHECKED_AT_ONCE: usize = 64;

impl Device {
    /// Whether [`check_volumes`](Self::check_volumes) may have something to do.
    pub fn has_unproved(&self) -> bool {
        let volumes = &self.core.volumes;
        let looked = volumes.unproved.as_ref().is_some_and(VecDeque::is_empty);
        let unlocked = self.core.is_unlocked().is_ok();
        unlocked && volumes.record.unproved > 0 && volumes.record.taking.is_none() && !looked
    }

    /// Looks at some of the entries that came in a volume and are not proved yet. False if there
    /// was nothing to be done. For when nothing else is.
    ///
    /// # Errors
    /// Storage.
    pub fn check_volumes(&mut self, outside: &mut Outside<'_>) -> Result<bool, Error> {
        self.run(|core, txn| core.check_volumes(txn, outside))
    }
}

impl Core {
    /// A part of a volume's proof has come.
    pub(in super::super) fn take_proof(
        &mut self,
        txn: &mut Txn<'_>,
        (mailbox, envelope): (MailboxName, EnvelopeId),
        part: &ProofPart,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(taking) = &self.volumes.record.taking else {
            return Ok(());
        };
        let maker = taking.maker;
        let mut parts = taking.proofs.iter().flat_map(|volume| {
            let parts = volume.proofs.iter();
            parts.map(|part| (volume.name, volume.space, *part))
        });
        let found = parts.find(|(_, _, part)| part.envelope == envelope);
        let Some((name, space, header)) = found else {
            return Ok(());
        };
        let items = volumes::unpack::<ProofItem>(&header, &part.contents);
        let mut honest = part.volume == name;
        for item in items.as_deref().unwrap_or_default() {
            if honest {
                honest = self.take_proof_item(txn, space, item, outside)?;
            }
        }
        if !honest || items.is_err() {
            self.report(txn, Fact::Volume { maker }, outside.now)?;
        }
        self.keep_taken(txn, mailbox, envelope, Class::Proof);
        self.lose_part(&envelope);
        Ok(())
    }

    /// Takes an envelope for known, if its proof holds. False if no honest device would have
    /// packed it; whatever else keeps it from being taken, it is fetched then.
    fn take_proof_item(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        item: &ProofItem,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        let statement = &item.statement;
        let name = Key::Name(&item.envelope.0);
        if statement.space != space {
            return Ok(false);
        }
        if txn.get::<EnvelopeRecord>(name)?.is_some() {
            return Ok(true);
        }
        let (epoch, author) = (statement.epoch, statement.author);
        let person = item.certificate.person;
        let Some(known) = self.spaces.get(&space) else {
            return Ok(true);
        };
        let Some(opened) = known.open.get(&epoch) else {
            return Ok(true);
        };
        let mailbox = opened.keys.name();
        let verified = opened.verified.get(&author) == Some(&item.certificate);
        let members = known.members(&self.persons);
        let place = authors::Place { space, epoch };
        match authors::check_proof(item, place, &members, verified) {
            Ok(()) => {}
            // Keys that this device has not heard of yet may have vouched for the author.
            Err(authors::Unproved::Certificate) => return Ok(true),
            Err(_) => return Ok(false),
        }
        let theirs = opened.authors.values().filter(|it| it.person == person);
        let room = opened.authors.contains_key(&author)
            || theirs.count() < sidelight_format::limits::AUTHORS_MAX;
        let limit = known.graph.limit(&epoch, &person, &author);
        let Some(preimage) = statement
            .entry
            .filter(|_| room && limit.allows(statement.sequence))
        else {
            return Ok(true);
        };
        let id = preimage.id(&space);
        if erased(txn, &id)?.is_some() || !self.finds_changes(txn, &id, &preimage, item)? {
            return Ok(true);
        }
        let opened = self.epoch_mut(space, epoch)?;
        opened.verified.insert(author, item.certificate);
        let branch = ChainBranch {
            envelope: item.envelope,
            previous: statement.previous,
            body: statement.body_hash(),
            link: statement.link(),
            entry: Some(id),
            earlier: None,
            erased: false,
        };
        let fork = self.extend_chain(txn, space, epoch, statement, person, branch)?;
        if let Some(sequence) = fork {
            let fact = Fact::Fork {
                person,
                author,
                sequence,
            };
            self.report(txn, fact, outside.now)?;
        }
        self.witness(txn, (space, epoch), &statement.heads, outside)?;
        self.keep_taken(txn, mailbox, item.envelope, Class::Live);
        txn.put(name, item);
        if !self.volumes.record.filled {
            self.volumes.change().filled = true;
        }
        Ok(true)
    }

    /// Whether all changes that a proof speaks of are in the entry as a volume brought it, and
    /// are its author's. They are proved then.
    fn finds_changes(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        preimage: &EntryPreimage,
        item: &ProofItem,
    ) -> Result<bool, Error> {
        let name = Key::Name(&id.0);
        let Some(mut shown) = unproved_entry(txn, id)? else {
            return Ok(false);
        };
        let changes = match txn.get::<EntryRecord>(name)? {
            Some(entry) => entry.tail,
            None => shown.changes.clone(),
        };
        let statement = &item.statement;
        let (author, segment) = match &statement.voice {
            Some(voice) => (voice.certificate.author, voice.segment),
            None => (statement.author, statement.segment),
        };
        let actor = actor(&author, &segment, id);
        let begins = preimage.owner == item.certificate.person;
        let mut finder = Finder::new(&changes);
        let mut found: Vec<[u8; 32]> = Vec::new();
        for part in &statement.parts {
            let place = finder.find(&statement.salt, part);
            let Some(change) = place.and_then(|place| changes.get(place)) else {
                return Ok(false);
            };
            let admitted = admit(change, &actor).ok();
            if !admitted.is_some_and(|change| begins || !change.is_first()) {
                return Ok(false);
            }
            found.push(change_hash(change));
        }
        prove(&mut shown, &found);
        txn.put(name, &shown);
        Ok(true)
    }

    /// An envelope itself has come: what it carried of an entry is proved.
    pub(in super::super) fn is_proved_by(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        parts: &[Bytes],
    ) -> Result<(), Error> {
        if self.volumes.record.unproved == 0 {
            return Ok(());
        }
        if let Some(mut shown) = unproved_entry(txn, id)? {
            let parts: Vec<[u8; 32]> = parts.iter().map(|part| change_hash(part)).collect();
            prove(&mut shown, &parts);
            txn.put(Key::Name(&id.0), &shown);
        }
        Ok(())
    }

    /// Before an entry is opened that came in a volume: what it shows is what its changes make,
    /// and these pass the gate. One of which that is not so is forgotten, and fetched.
    pub(in super::super) fn make_sure(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.volumes.record.unproved == 0 || self.documents.has(id) {
            return Ok(());
        }
        if let Some(shown) = unproved_entry(txn, id)?
            && !is_sound(txn, id, &shown)?
        {
            self.disbelieve(txn, id, &shown, outside)?;
        }
        Ok(())
    }

    /// Looks at some entries that are not proved yet.
    fn check_volumes(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        let unlocked = self.is_unlocked().is_ok();
        let record = &self.volumes.record;
        if !unlocked || record.unproved == 0 || record.taking.is_some() {
            return Ok(false);
        }
        self.dirty = true;
        if self.volumes.unproved.is_none() {
            let all = txn.range::<UnprovedRecord>(0, Direction::Up, usize::MAX)?;
            self.volumes.unproved = Some(all.into_iter().map(|(number, _)| number).collect());
        }
        while let Some(number) = self.volumes.unproved.as_mut().and_then(VecDeque::pop_front) {
            let row = Key::Number(number);
            let Some(UnprovedRecord { entries }) = txn.get(row)? else {
                continue;
            };
            let (looked, mut left) = (entries.len(), Vec::new());
            for id in entries {
                if !self.is_done_with(txn, &id, outside)? {
                    left.push(id);
                }
            }
            if left.is_empty() {
                txn.delete::<UnprovedRecord>(row);
                if txn.last_number(UnprovedRecord::TABLE)?.is_none() {
                    // Whichever were damaged meanwhile are not marked, and not counted.
                    self.volumes.change().unproved = 0;
                }
            } else if left.len() < looked {
                txn.put(row, &UnprovedRecord { entries: left });
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Looks at an entry that may not be proved yet. Whether that need not be done again.
    fn is_done_with(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        let name = Key::Name(&id.0);
        let mut shown = match txn.get::<RenderedRecord>(name) {
            Ok(Some(shown)) if shown.unproved.is_some() => shown,
            Ok(_) => return Ok(true),
            Err(StoreError::Damaged) => {
                self.mend(txn, id)?;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        let left = unproved(&shown).and_then(|unproved| unproved.left);
        if !is_sound(txn, id, &shown)? {
            self.disbelieve(txn, id, &shown, outside)?;
        } else if left.is_none_or(|left| left.is_empty()) {
            shown.unproved = None;
            // From now on the one is made anew of the other where it is damaged.
            if let Some(entry) = brought(shown.clone()) {
                txn.put(name, &entry);
                shown.changes.clear();
            }
            txn.put(name, &shown);
            self.count_proved(txn)?;
            self.changed.insert(*id);
        } else if self.has_read_all_of(txn, &shown.space)? {
            self.disbelieve(txn, id, &shown, outside)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Entries that were waited with are looked at again: something was read to its end.
    pub(in super::super) fn look_again(&mut self) {
        if self.volumes.record.unproved > 0
            && self
                .volumes
                .unproved
                .as_ref()
                .is_some_and(VecDeque::is_empty)
        {
            self.volumes.unproved = None;
        }
    }

    /// An entry is marked no more, or is no more.
    pub(in super::super) fn count_proved(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        let record = self.volumes.change();
        record.unproved = record.unproved.saturating_sub(1);
        if record.unproved == 0 {
            for (number, _) in txn.range::<UnprovedRecord>(0, Direction::Up, usize::MAX)? {
                txn.delete::<UnprovedRecord>(Key::Number(number));
            }
        }
        Ok(())
    }

    /// Whether all that the relays have of an entry's space is here.
    fn has_read_all_of(&self, txn: &Txn<'_>, space: &SpaceId) -> Result<bool, Error> {
        let Some(known) = self.spaces.get(space) else {
            return Ok(false);
        };
        if !known.record.unread.is_empty() {
            return Ok(false);
        }
        for opened in known.open.values().filter(|it| it.record.relay.is_some()) {
            let name = opened.keys.name();
            let replica = txn.get::<ReplicaRecord>(Key::Name(&name.0))?;
            let synced = replica.is_some_and(|replica| replica.synced.is_some());
            if !synced || self.volumes.relist.contains(&name) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// An own device has packed what nobody signed: the entry is forgotten, that is reported,
    /// and the envelopes that carried it are fetched.
    fn disbelieve(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        shown: &RenderedRecord,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if let Some(Unproved { maker, .. }) = shown.unproved {
            self.report(txn, Fact::Volume { maker }, outside.now)?;
            self.count_proved(txn)?;
        }
        self.fetch_anew(txn, id, &index_row(*id, shown))
    }

    /// The one row of an entry that is not proved yet is damaged. With its changes by themselves,
    /// it would be made anew of them.
    fn mend(&mut self, txn: &mut Txn<'_>, id: &EntryId) -> Result<(), Error> {
        if txn.get::<EntryRecord>(Key::Name(&id.0))?.is_some() {
            return Ok(());
        }
        let mut rows = timeline::page(txn, None, 1, |row| row.key.entry == *id)?;
        if let Some(row) = rows.pop() {
            self.count_proved(txn)?;
            self.fetch_anew(txn, id, &row)?;
        }
        Ok(())
    }

    /// Forgets an entry as if no volume had brought it: the envelopes that carried it are fetched.
    fn fetch_anew(&mut self, txn: &mut Txn<'_>, id: &EntryId, row: &IndexRow) -> Result<(), Error> {
        let name = Key::Name(&id.0);
        self.documents.forget(id);
        timeline::remove(txn, &row.key)?;
        self.note_erased(txn, id, row.key)?;
        self.changed.remove(id);
        self.removed.insert(*id);
        txn.delete::<RenderedRecord>(name);
        txn.delete::<EntryRecord>(name);
        let mut epochs = Vec::new();
        for place in carriers(txn, id)? {
            let key = chain_key(&place.author, place.sequence);
            let Some(mut chain) = txn.get::<ChainRecord>(Key::Name(&key))? else {
                continue;
            };
            let theirs = |branch: &&mut ChainBranch| branch.entry == Some(*id);
            for branch in chain.branches.iter_mut().filter(theirs) {
                // It is noted anew when it comes again.
                branch.earlier = None;
                txn.delete::<EnvelopeRecord>(Key::Name(&branch.envelope.0));
                txn.delete::<ProofItem>(Key::Name(&branch.envelope.0));
            }
            txn.put(Key::Name(&key), &chain);
            let author = txn.get::<AuthorRecord>(Key::Name(&place.author.0))?;
            epochs.extend(author.map(|author| author.epoch));
        }
        txn.delete::<CarriedRecord>(name);
        epochs.sort_unstable();
        epochs.dedup();
        for epoch in epochs {
            self.read_anew(txn, row.space, epoch)?;
        }
        Ok(())
    }

    /// Reads an epoch's mailbox once more, for what is not here after all.
    fn read_anew(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
    ) -> Result<(), Error> {
        if !self.reopen_epoch(txn, space, epoch)? {
            return Ok(());
        }
        let mailbox = self.epoch_mut(space, epoch)?.keys.name();
        if !self.volumes.relist.insert(mailbox) {
            return Ok(());
        }
        if let Some(known) = self.spaces.get_mut(&space)
            && !known.record.unread.contains(&epoch)
        {
            known.record.unread.push(epoch);
            known.record.unread.sort_unstable();
        }
        self.save_space(txn, space);
        // Should this device stop before, all of it is read.
        txn.delete::<ReplicaRecord>(Key::Name(&mailbox.0));
        let links = self.links.iter();
        let links = links.filter(|(_, link)| link.mailbox == mailbox);
        for link in links.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.links.remove(&link);
            self.outputs.push(Output::Hangup(link));
        }
        Ok(())
    }
}

/// An entry, if it is not proved yet. Damaged it is none: it is made anew of its document, or gone.
fn unproved_entry(txn: &Txn<'_>, id: &EntryId) -> Result<Option<RenderedRecord>, Error> {
    match txn.get::<RenderedRecord>(Key::Name(&id.0)) {
        Ok(shown) => Ok(shown.filter(|shown| shown.unproved.is_some())),
        Err(StoreError::Damaged) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Signed envelopes are known to have carried these changes of an entry.
fn prove(shown: &mut RenderedRecord, changes: &[[u8; 32]]) {
    let mut unproved = unproved(shown);
    if let Some(left) = unproved.as_mut().and_then(|it| it.left.as_mut()) {
        left.retain(|change| !changes.contains(change));
    }
    shown.unproved = unproved;
}

/// Whether what an entry shows is what its changes make, and all of these pass the gate.
fn is_sound(txn: &Txn<'_>, id: &EntryId, shown: &RenderedRecord) -> Result<bool, Error> {
    let Some(entry) = kept(txn, id)? else {
        return Ok(true);
    };
    Ok(match document(&entry) {
        Ok(mut document) => {
            document.version() == version(shown) && document.render() == shown.rendered
        }
        Err(_) => false,
    })
}
