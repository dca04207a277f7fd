//! Filling a new device: entries first, the newest before the others, then their proof, then
//! whatever no volume brought, envelope by envelope.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::{
    EntryRecord, EnvelopeRecord, ErasedRecord, Fact, RenderedRecord, Taking, Unproved,
    UnprovedRecord, Verdict,
};
use sidelight_format::{
    Bytes, Class, EntryId, EnvelopeId, EpochId, MailboxName, Mode, Position, SignedDirectory,
    SpaceId, VerifyingKey, Volume, VolumeItem, VolumePart, digest, limits,
};
use sidelight_store::{Key, Txn, timeline};
use sidelight_sync::{Outside, volumes};

use super::super::core::{Core, Purpose};
use super::super::entries::index_row;
use super::super::erase::erased;
use super::super::{LinkId, Output};
use super::Filling;
use super::ahead::Looking;
use super::proof::CHECKED_AT_ONCE;
use crate::Error;

/// How many parts are on their way at once on a link.
///
/// A part has up to 256 KiB, and perhaps 100 kB of them on the wire. A line of 20 Mbit/s and 50 ms
/// holds 125 kB, the queue before it twice as much, and 2.5 kB more pass in each millisecond in which
/// one is taken in: with two it stood empty for a third of the time. Parts wait in the transport,
/// sealed, no more than its window of 1 MiB lets in; one at a time is opened.
const ASKED_MAX: usize = 6;

/// How long volumes are waited for, by this device's clock. After an hour, whatever has not come
/// comes envelope by envelope: a relay that serves nothing else but volumes holds nobody up.
const WAIT_SECS: i64 = 3600;

impl Core {
    /// Begins to be filled from what another own device has packed, if that counts.
    pub(in super::super) fn begin_filling(
        &mut self,
        txn: &mut Txn<'_>,
        signed: &SignedDirectory,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let Some(roster) = &self.roster else {
            return Ok(());
        };
        let counts = volumes::check_directory(signed, &self.me.private, roster).is_ok();
        if counts && signed.directory.maker != self.own_device() {
            self.know_directory(signed);
            let maker = signed.directory.maker;
            self.fill_from(txn, maker, signed.directory.volumes.clone(), outside)?;
        }
        Ok(())
    }

    /// The recovery words have led to every private mailbox, and those were read to their ends;
    /// of what was shared nothing was. It is filled from what some own device had packed, as long
    /// as those still are on the list: with all that is shared, and with what is private where no
    /// volume was taken [before](super::ahead) and the relay had less of it than was packed.
    pub(in super::super) fn fill_after_walk(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let private = self.me.private;
        let rows = timeline::page(txn, None, usize::MAX, |row| row.space == private)?;
        let lacks = |volume: &Volume| {
            let (oldest, newest) = volume.days;
            let within = rows
                .iter()
                .filter(|row| (oldest..=newest).contains(&row.key.day));
            volume.space != private || within.count() < volume.entries.items as usize
        };
        self.fill_by_best(
            txn,
            |volume, here| Ok(!here(volume)? && lacks(volume)),
            outside,
        )
    }

    /// Begins to be filled from these volumes. Their mailboxes are read, once more if they were.
    pub(super) fn fill_from(
        &mut self,
        txn: &mut Txn<'_>,
        maker: VerifyingKey,
        mut volumes: Vec<Volume>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let private = self.me.private;
        let mut epochs: Vec<EpochId> = volumes.iter().map(|volume| volume.epoch).collect();
        // What was written privately is proved, or fetched, where it was written.
        let own = volumes.iter().filter(|volume| volume.space == private);
        epochs.extend(own.flat_map(|volume| &volume.written_in));
        epochs.sort_unstable();
        epochs.dedup();
        for epoch in epochs {
            if !self.reopen_epoch(txn, private, epoch)? {
                volumes.retain(|volume| volume.epoch != epoch);
            } else if let Some(known) = self.spaces.get_mut(&private)
                && !known.record.unread.contains(&epoch)
            {
                known.record.unread.push(epoch);
                known.record.unread.sort_unstable();
            }
        }
        self.save_space(txn, private);
        if !volumes.is_empty() {
            let record = self.volumes.change();
            let before = record.taking.take().filter(|taking| taking.maker == maker);
            record.taking = Some(Taking {
                maker,
                since: outside.now,
                entries: volumes,
                proofs: before.map(|taking| taking.proofs).unwrap_or_default(),
            });
        }
        Ok(())
    }

    /// Remembers what another own device has packed, if it is the newest that it said.
    pub(super) fn know_directory(&mut self, signed: &SignedDirectory) {
        let maker = signed.directory.maker;
        let others = &self.volumes.record.others;
        let known = others.iter().find(|known| known.directory.maker == maker);
        if known.is_some_and(|known| known.directory.number >= signed.directory.number) {
            return;
        }
        let others = &mut self.volumes.change().others;
        others.retain(|known| known.directory.maker != maker);
        others.push(signed.clone());
    }

    /// Another own device says what it has packed. Only in a private epoch.
    pub(in super::super) fn receive_directory(
        &mut self,
        space: SpaceId,
        signed: &SignedDirectory,
    ) -> Verdict {
        let Some(roster) = self.roster.as_ref().filter(|_| space == self.me.private) else {
            return Verdict::Refused;
        };
        match volumes::check_directory(signed, &self.me.private, roster) {
            // One that was removed meanwhile said it, or one that is not known yet.
            Err(_) => Verdict::Unknown,
            Ok(()) if signed.directory.maker == self.own_device() => Verdict::Accepted,
            Ok(()) => {
                self.know_directory(signed);
                Verdict::Accepted
            }
        }
    }

    /// Whether a mailbox is read in the way of a device that starts empty: its list first, then
    /// volumes, then the rest. Volumes of a space that is not known yet hold nothing up.
    pub(in super::super) fn fills(&self, mailbox: &MailboxName) -> bool {
        if self.looks_ahead(mailbox) {
            return true;
        }
        let Some(taking) = &self.volumes.record.taking else {
            return false;
        };
        let Some(Purpose::Epoch(_, epoch)) = self.purpose(mailbox) else {
            return false;
        };
        let mut left = taking.entries.iter().chain(&taking.proofs);
        left.any(|volume| {
            let here = self.spaces.contains_key(&volume.space);
            here && (volume.epoch == epoch || volume.written_in.contains(&epoch))
        })
    }

    /// Whether a mailbox is to be listed once more, for what is not here after all.
    pub(in super::super) fn relists(&mut self, mailbox: &MailboxName) -> bool {
        self.volumes.relist.remove(mailbox)
    }

    /// Takes the filling as far as it can go now: asks for parts, and lets links go on that
    /// nothing holds up any more.
    pub(in super::super) fn go_on_filling(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.finish_filling(outside);
        let proofs = self.asks_for_proofs(txn)?;
        let mailboxes: Vec<(LinkId, MailboxName)> = {
            let links = self.links.iter();
            links.map(|(id, link)| (*id, link.mailbox)).collect()
        };
        for (id, mailbox) in &mailboxes {
            self.look_ahead(*id, *mailbox);
        }
        self.end_looking_ahead(txn, outside)?;
        for (id, mailbox) in mailboxes {
            let fills = self.fills(&mailbox);
            let Some(link) = self.links.get(&id) else {
                continue;
            };
            if fills && !link.holds() {
                // It began before it was known that there are volumes, or before their space.
                self.links.remove(&id);
                self.outputs.push(Output::Reopen(id));
            } else if link.holds() {
                self.ask_for_parts(id, mailbox, proofs);
                if !self.fills(&mailbox) {
                    self.let_go_on(txn, id, outside)?;
                }
            }
        }
        self.finish_filling(outside);
        Ok(())
    }

    /// Volumes of spaces that are not known by the time that everything else is read: nobody
    /// has heard of those spaces, so there is nothing to fill.
    fn finish_filling(&mut self, outside: &Outside<'_>) {
        let Some(taking) = &self.volumes.record.taking else {
            return;
        };
        let waited = outside.now.0.saturating_sub(taking.since.0);
        if !(0..WAIT_SECS).contains(&waited) {
            self.volumes.change().taking = None;
            return;
        }
        let unread = self.spaces.values().any(|it| !it.record.unread.is_empty());
        let known = |volume: &Volume| self.spaces.contains_key(&volume.space);
        let mut left = taking.entries.iter().chain(&taking.proofs);
        if !left.any(|volume| known(volume) || unread) {
            self.volumes.change().taking = None;
        }
    }

    /// Whether proofs may come by now. There is much to be checked in them, for which nobody waits:
    /// what has come is made searchable before.
    fn asks_for_proofs(&self, txn: &Txn<'_>) -> Result<bool, Error> {
        let taking = self.volumes.record.taking.as_ref();
        let proofs = taking.is_some_and(|taking| !taking.proofs.is_empty());
        Ok(proofs && !self.index_is_due(txn)?)
    }

    /// Asks on a link for the next parts that are in its mailbox.
    fn ask_for_parts(&mut self, id: LinkId, mailbox: MailboxName, proofs: bool) {
        let Some(Purpose::Epoch(_, epoch)) = self.purpose(&mailbox) else {
            return;
        };
        loop {
            let Some(link) = self.links.get(&id) else {
                return;
            };
            let Filling { listed, asked, .. } = &link.filling;
            if listed.is_none() || asked.len() >= ASKED_MAX {
                return;
            }
            let Some(part) = self.next_part(epoch, proofs, |part| !asked.contains(part)) else {
                return;
            };
            let place = listed
                .as_ref()
                .and_then(|listed| listed.get(&part))
                .copied();
            match (place, self.links.get_mut(&id)) {
                (Some(place), Some(link)) => {
                    link.filling.asked.push_back(part);
                    link.take(place);
                    self.send_session(id);
                }
                // It was replaced meanwhile, or never came there.
                _ => self.lose_part(&part),
            }
        }
    }

    /// The next part to ask for in an epoch's mailbox.
    fn next_part(
        &self,
        epoch: EpochId,
        with_proofs: bool,
        wanted: impl Fn(&EnvelopeId) -> bool,
    ) -> Option<EnvelopeId> {
        let taking = self.volumes.record.taking.as_ref()?;
        let here =
            |volume: &&Volume| volume.epoch == epoch && self.spaces.contains_key(&volume.space);
        let entries = taking.entries.iter().filter(here);
        let entries = entries.map(|volume| volume.entries.envelope);
        let proofs = taking.proofs.iter().filter(|_| with_proofs).filter(here);
        let proofs = proofs.flat_map(|volume| volume.proofs.iter().map(|part| part.envelope));
        entries.chain(proofs).find(wanted)
    }

    /// The list of a mailbox was read: where its volumes and proofs are, and what else is wanted.
    pub(in super::super) fn has_listed(
        &mut self,
        link: LinkId,
        bulk: Vec<(EnvelopeId, Position)>,
        live: Vec<Position>,
    ) {
        let mailbox = self.links.get(&link).map(|link| link.mailbox);
        let looks = mailbox.is_some_and(|mailbox| self.looks_ahead(&mailbox));
        if let Some(link) = self.links.get_mut(&link) {
            link.filling.listed = Some(bulk.into_iter().collect::<BTreeMap<_, _>>());
            link.filling.looking = looks.then(|| Looking::at(live));
        }
    }

    /// What was asked for has been answered. If it did not come, there is no such part any more.
    pub(in super::super) fn has_answered(&mut self, link: LinkId) {
        let Some(link) = self.links.get_mut(&link) else {
            return;
        };
        let looking = link.filling.looking.as_mut();
        if looking.is_some_and(Looking::has_come) {
            return;
        }
        if let Some(part) = link.filling.asked.pop_front() {
            self.lose_part(&part);
        }
    }

    /// A link broke while a part was on its way on it: that one is not asked for again.
    pub(in super::super) fn has_broken(&mut self, link: LinkId) {
        self.has_answered(link);
    }

    /// Does without a part. Without its entries, a volume's proof is of no use.
    pub(super) fn lose_part(&mut self, part: &EnvelopeId) {
        let holds = |taking: &Taking| {
            let entries = taking.entries.iter();
            let mut proofs = taking.proofs.iter().flat_map(|volume| &volume.proofs);
            entries
                .clone()
                .any(|volume| volume.entries.envelope == *part)
                || proofs.any(|proof| proof.envelope == *part)
        };
        if !self.volumes.record.taking.as_ref().is_some_and(holds) {
            return;
        }
        if let Some(taking) = &mut self.volumes.change().taking {
            taking
                .entries
                .retain(|volume| volume.entries.envelope != *part);
            for volume in &mut taking.proofs {
                volume.proofs.retain(|proof| proof.envelope != *part);
            }
            taking.proofs.retain(|volume| !volume.proofs.is_empty());
        }
    }

    /// A part of a volume has come: its entries are shown from now on.
    pub(in super::super) fn take_volume(
        &mut self,
        txn: &mut Txn<'_>,
        (mailbox, envelope): (MailboxName, EnvelopeId),
        part: &VolumePart,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(taking) = &self.volumes.record.taking else {
            return Ok(());
        };
        let maker = taking.maker;
        let mut volumes = taking.entries.iter();
        let volume = volumes.find(|volume| volume.entries.envelope == envelope);
        let Some(volume) = volume
            .filter(|it| self.spaces.contains_key(&it.space))
            .cloned()
        else {
            return Ok(());
        };
        let items = volumes::unpack::<VolumeItem>(&volume.entries, &part.contents);
        let items = items.ok().filter(|_| part.volume == volume.name);
        let Some(items) = items else {
            self.lose_part(&envelope);
            return self.report(txn, Fact::Volume { maker }, outside.now);
        };
        let brought: BTreeSet<EntryId> = {
            let preimages = items.iter().map(|item| &item.preimage);
            preimages.map(|it| it.id(&volume.space)).collect()
        };
        let (mut taken, absent) = (Vec::new(), Absent::of(txn)?);
        for item in items {
            match self.take_item(txn, &volume, maker, item, absent)? {
                Item::Taken(id) => taken.push(id),
                Item::Here => {}
                Item::Unsound => self.report(txn, Fact::Volume { maker }, outside.now)?,
            }
        }
        for entries in taken.chunks(CHECKED_AT_ONCE) {
            let entries = entries.to_vec();
            txn.append(&UnprovedRecord { entries })?;
        }
        self.retry_all_waiting(txn, &brought, outside)?;
        self.keep_taken(txn, mailbox, envelope, Class::Volume);
        self.lose_part(&envelope);
        if let Some(taking) = &mut self.volumes.change().taking
            && !volume.proofs.is_empty()
        {
            taking.proofs.push(volume);
        }
        Ok(())
    }

    /// Remembers a part as one that is not wanted again.
    pub(super) fn keep_taken(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: MailboxName,
        envelope: EnvelopeId,
        class: Class,
    ) {
        let taken = EnvelopeRecord {
            mailbox,
            class,
            verdict: Verdict::Accepted,
            bytes: Bytes::new(),
        };
        txn.put(Key::Name(&envelope.0), &taken);
    }

    /// Takes one entry out of a volume, unless it is here or was erased.
    fn take_item(
        &mut self,
        txn: &mut Txn<'_>,
        volume: &Volume,
        maker: VerifyingKey,
        item: VolumeItem,
        absent: Absent,
    ) -> Result<Item, Error> {
        let VolumeItem {
            preimage,
            changes,
            version,
            rendered,
        } = item;
        let lane = (preimage.mode == Mode::Own).then_some(preimage.owner);
        let known = self.spaces.get(&volume.space);
        let sound = lane == volume.lane
            && known.is_some_and(|known| known.record.persons.contains(&preimage.owner))
            && !changes.is_empty()
            && changes
                .iter()
                .all(|change| change.len() <= limits::CHANGE_LEN_MAX)
            && rendered.text.len() <= limits::TEXT_LEN_MAX;
        if !sound {
            return Ok(Item::Unsound);
        }
        let id = preimage.id(&volume.space);
        let name = Key::Name(&id.0);
        let here = txn.get::<RenderedRecord>(name)?.is_some()
            || !absent.entries && txn.get::<EntryRecord>(name)?.is_some()
            || !absent.erased && erased(txn, &id)?.is_some();
        if here {
            return Ok(Item::Here);
        }
        let shown = RenderedRecord {
            space: volume.space,
            preimage,
            version,
            rendered,
            changes,
            unproved: Some(Unproved { maker, left: None }),
        };
        let row = self.lock.disguise(index_row(id, &shown));
        self.note_changed(txn, id, (None, row.key))?;
        timeline::insert(txn, row)?;
        txn.put(name, &shown);
        self.volumes.change().unproved += 1;
        self.volumes.unproved = None;
        self.changed.insert(id);
        Ok(Item::Taken(id))
    }
}

/// What has become of an entry of a volume.
enum Item {
    /// It is shown from now on.
    Taken(EntryId),
    /// It is here already, or was erased.
    Here,
    /// It cannot be what an honest device packs.
    Unsound,
}

/// What a device that starts empty has nothing of: it need not be looked for, entry by entry.
#[derive(Clone, Copy)]
struct Absent {
    /// Documents that lie by themselves.
    entries: bool,
    /// Entries that were erased.
    erased: bool,
}

impl Absent {
    fn of(txn: &Txn<'_>) -> Result<Self, Error> {
        Ok(Self {
            entries: txn.has_none::<EntryRecord>()?,
            erased: txn.has_none::<ErasedRecord>()?,
        })
    }
}

/// Names one change of an entry.
pub(in super::super) fn change_hash(change: &[u8]) -> [u8; 32] {
    digest("change", &[change])
}
