//! Packing: one volume a step, the newest entries first, each lane apart.
//!
//! Nothing is loaded: an entry's changes and what it shows are copied as they are kept, and their
//! proof is what stood in the envelopes. An entry that does not fit, or of which something is in
//! doubt, is left out, and comes by its envelopes.

use std::collections::BTreeMap;

use sidelight_crypto::DeviceSigningKey;
use sidelight_format::record::{
    EnvelopeRecord, IndexKey, IndexRow, Lane, OutboxRecord, PackedRecord, Packing, Table, Verdict,
};
use sidelight_format::{
    Body, Bytes, Class, EntryId, EnvelopeId, EpochId, PersonId, ProofItem, ProofPart,
    SignedDirectory, Volume, VolumeDirectory, VolumeItem, VolumePart, VolumePartHeader, digest,
    encode, envelope_id, limits,
};
use sidelight_store::{Key, Txn, timeline};
use sidelight_sync::{Outside, volumes};

use super::super::Device;
use super::super::core::Core;
use super::super::space::STEPS_BACK;
use crate::Error;

/// So many envelopes that are new here are packed: fewer are fetched as fast.
const PACK_AFTER: u64 = 512;

/// As many, when a device is about to be linked.
const PACK_FOR_LINK: u64 = 64;

/// How many rows of the timeline one step looks at.
const ROWS: usize = 2048;

/// What the items of one part have together at most: some room is left for their number.
pub(super) const PART_LEN: usize = limits::VOLUME_PART_LEN_MAX - 16;

/// How many volumes there may be before all is packed anew, so that few volumes stay few.
const VOLUMES_MANY: usize = 256;

/// What goes into one volume.
#[derive(Default)]
struct Gathered {
    items: Vec<VolumeItem>,
    len: usize,
    entries: Vec<(EntryId, [u8; 32])>,
    days: Option<(u32, u32)>,
}

impl Device {
    /// Whether [`pack`](Self::pack) has something to do.
    ///
    /// # Errors
    /// Storage.
    pub fn is_packing_due(&self) -> Result<bool, Error> {
        let txn = Txn::begin(&*self.store)?;
        self.core.packing_is_due(&txn)
    }

    /// Packs one volume for further own devices, if enough is new. False if there was nothing to
    /// be done. For when nothing else is.
    ///
    /// # Errors
    /// Storage.
    pub fn pack(&mut self, outside: &mut Outside<'_>) -> Result<bool, Error> {
        self.run(|core, txn| core.pack_step(txn, outside))
    }
}

impl super::Volumes {
    /// A device is about to be linked: it is to find what there is.
    pub(in super::super) fn hurry(&mut self) {
        self.hurry = true;
    }
}

impl Core {
    fn may_pack(&self) -> bool {
        let private = self.spaces.get(&self.me.private);
        let relay = private.is_some_and(|known| {
            let leaves = known.graph.leaves();
            let mut leaves = leaves.iter().filter_map(|leaf| known.open.get(leaf));
            leaves.any(|leaf| leaf.record.relay.is_some())
        });
        relay
            && self.roster.is_some()
            && !self.me.removed
            && self.is_unlocked().is_ok()
            && self.can_write_now(&self.me.private)
            && self.volumes.record.taking.is_none()
            && self.waiting.values().all(|own| *own == 0)
    }

    fn packing_is_due(&self, txn: &Txn<'_>) -> Result<bool, Error> {
        if !self.may_pack() {
            return Ok(false);
        }
        let record = &self.volumes.record;
        if record.packing.is_some() || !record.shed.is_empty() {
            return Ok(true);
        }
        let listed = txn.last_number(Table::Listed)?;
        let new = match (listed, record.through) {
            (None, _) => 0,
            (Some(listed), None) => listed + 1,
            (Some(listed), Some(through)) => listed.saturating_sub(through),
        };
        let mut others = record.others.iter();
        let another = others.any(|signed| !signed.directory.volumes.is_empty());
        // Nothing but its volumes says what it has to whoever has nothing.
        let proved = record.unproved == 0;
        let alone = record.filled && proved && record.through.is_none() && !another;
        // One device that packs is enough.
        let leaves_it = record.packed.is_empty() && another;
        Ok(match self.volumes.hurry {
            _ if alone => true,
            true => new >= PACK_FOR_LINK || record.filled && record.through.is_none(),
            false => !leaves_it && new >= PACK_AFTER,
        })
    }

    fn pack_step(&mut self, txn: &mut Txn<'_>, outside: &mut Outside<'_>) -> Result<bool, Error> {
        if !self.packing_is_due(txn)? {
            return Ok(false);
        }
        self.dirty = true;
        let shed = std::mem::take(&mut self.volumes.change().shed);
        for volume in &shed {
            self.drop_volume(txn, volume)?;
        }
        if !shed.is_empty() {
            return Ok(true);
        }
        if self.volumes.record.packing.is_none() {
            self.begin_packing(txn)?;
        }
        let lanes = self.volumes.record.packing.iter().flat_map(|it| &it.lanes);
        // The newest first, over all lanes; one that has not begun is as new as can be.
        let next = lanes
            .enumerate()
            .max_by_key(|(at, lane)| (lane.before.is_none(), lane.before, usize::MAX - at));
        let Some((at, lane)) = next.map(|(at, lane)| (at, lane.clone())) else {
            self.finish_packing(txn, outside)?;
            return Ok(true);
        };
        let (gathered, before) = self.gather_lane(txn, &lane)?;
        if !gathered.items.is_empty() {
            self.pack_volume(txn, &lane, gathered, outside)?;
        }
        if let Some(packing) = &mut self.volumes.change().packing {
            match before {
                Some(before) => packing.lanes[at].before = Some(before),
                None => drop(packing.lanes.remove(at)),
            }
        }
        Ok(true)
    }

    fn begin_packing(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        // A mailbox that no device opens any more may be swept away with what is in it.
        let many = self.volumes.record.packed.len() > VOLUMES_MANY;
        let private = self.spaces.get(&self.me.private);
        let recent = private.map(|known| known.graph.recent(STEPS_BACK));
        let stays = |volume: &Volume| {
            let recent = recent.as_ref();
            !many && recent.is_some_and(|recent| recent.contains(&volume.epoch))
        };
        let packed = std::mem::take(&mut self.volumes.change().packed);
        let (stay, go): (Vec<_>, Vec<_>) = packed.into_iter().partition(stays);
        self.volumes.change().packed = stay;
        for volume in &go {
            self.drop_volume(txn, volume)?;
        }
        let through = txn.last_number(Table::Listed)?;
        let lanes = self.spaces.values().flat_map(|known| {
            let persons = &known.record.persons;
            let together = (persons.len() > 1).then_some(None);
            let lanes = persons.iter().copied().map(Some).chain(together);
            lanes.map(|lane| Lane {
                space: known.id,
                lane,
                before: None,
            })
        });
        let lanes = lanes.collect();
        self.volumes.change().packing = Some(Packing { through, lanes });
        Ok(())
    }

    /// All that is new is packed: own devices are told.
    fn finish_packing(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.volumes.hurry = false;
        let record = self.volumes.change();
        if let Some(packing) = record.packing.take() {
            record.through = packing.through;
        }
        self.post_directory(txn, outside)
    }

    /// The directory of what is packed, signed.
    fn sign_directory(&mut self) -> SignedDirectory {
        let (space, maker) = (self.me.private, self.own_device());
        let record = self.volumes.change();
        record.number += 1;
        let directory = VolumeDirectory {
            space,
            maker,
            number: record.number,
            volumes: record.packed.clone(),
        };
        volumes::sign_directory(directory, &DeviceSigningKey::from_seed(&self.me.signing))
    }

    fn post_directory(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let epoch = self.writable_epoch(txn, self.me.private, outside)?;
        let signed = self.sign_directory();
        let token = volumes::volume_token(&self.keys().erasing, &directory_name(&signed));
        let private = self.me.private;
        let keys = &self.epoch_mut(private, epoch)?.keys;
        let mailbox = keys.name();
        let sealed = keys.seal(
            Class::Live,
            &Body::Directory(Box::new(signed)),
            &token,
            outside.rng,
        );
        let sealed = sealed.map_err(|_| Error::internal("a bounded body does not fit"))?;
        let envelope = envelope_id(&mailbox, &sealed);
        self.post(txn, mailbox, envelope, sealed)?;
        let before = self
            .volumes
            .change()
            .directory
            .replace((epoch, envelope, token));
        let after = (mailbox, envelope);
        if let Some((epoch, envelope, token)) = before {
            self.drop_directory(txn, (epoch, envelope, token), after)?;
        }
        Ok(())
    }

    /// What is packed by now, for a device that is being linked; with copies of all spaces in the
    /// epoch with which it begins, so that it need not look for them.
    pub(in super::super) fn directory_for_new(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<Option<SignedDirectory>, Error> {
        if self.volumes.record.packed.is_empty() {
            return Ok(None);
        }
        let spaces = self.spaces.values().filter(|it| it.id != self.me.private);
        let leaves = spaces.flat_map(|known| {
            let leaves = known.graph.leaves();
            leaves.into_iter().map(|leaf| (known.id, leaf))
        });
        for (space, leaf) in leaves.collect::<Vec<_>>() {
            self.write_copy(txn, space, leaf, outside)?;
        }
        Ok(Some(self.sign_directory()))
    }

    /// Gathers the next entries of a lane, and where to go on; none if that was the last.
    fn gather_lane(
        &self,
        txn: &Txn<'_>,
        lane: &Lane,
    ) -> Result<(Gathered, Option<IndexKey>), Error> {
        let is_in = |row: &IndexRow| row.space == lane.space && lane_of(row) == lane.lane;
        let rows = timeline::page(txn, lane.before, ROWS, is_in)?;
        let end = rows.len() < ROWS;
        let mut gathered = Gathered::default();
        let mut before = lane.before;
        for row in rows {
            let id = row.key.entry;
            if let Some((item, version)) = self.item_of(txn, &id)? {
                let len = encode(&item).len();
                if gathered.len + len > PART_LEN {
                    return Ok((gathered, before));
                }
                gathered.len += len;
                let (_, newest) = gathered.days.unwrap_or((row.key.day, row.key.day));
                gathered.days = Some((row.key.day, newest));
                gathered.items.push(item);
                gathered.entries.push((id, version));
            }
            before = Some(row.key);
        }
        Ok((gathered, before.filter(|_| !end)))
    }

    /// Seals what was gathered, with its proof.
    fn pack_volume(
        &mut self,
        txn: &mut Txn<'_>,
        lane: &Lane,
        gathered: Gathered,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let private = self.me.private;
        let epoch = self.writable_epoch(txn, private, outside)?;
        let name: [u8; 16] = outside.random();
        let mut written_in = Vec::new();
        let mut proofs = Vec::new();
        let mut keys = BTreeMap::new();
        for (id, _) in &gathered.entries {
            self.proofs_of(txn, id, &mut keys, &mut proofs)?;
        }
        // By author and place: one certificate after the other packs best, and a log is followed
        // as it was written.
        proofs.sort_by_key(|item: &ProofItem| (item.statement.author, item.statement.sequence));
        written_in.extend(proofs.iter().map(|item| item.statement.epoch));
        written_in.sort_unstable();
        written_in.dedup();
        let place = (epoch, name);
        let part = |contents: Bytes| {
            Body::Volume(Box::new(VolumePart {
                volume: name,
                contents,
            }))
        };
        let entries =
            self.post_part(txn, place, (Class::Volume, &gathered.items), part, outside)?;
        let mut headers = Vec::new();
        for items in chunks(&proofs) {
            let part = |contents: Bytes| {
                Body::Proof(Box::new(ProofPart {
                    volume: name,
                    contents,
                }))
            };
            headers.push(self.post_part(txn, place, (Class::Proof, items), part, outside)?);
        }
        headers.truncate(limits::VOLUME_PROOFS_MAX);
        written_in.truncate(limits::VOLUME_EPOCHS_MAX);
        for (id, version) in gathered.entries {
            let before = txn.get::<PackedRecord>(Key::Name(&id.0))?;
            let mut volumes = before.map(|before| before.volumes).unwrap_or_default();
            volumes.retain(|it| {
                self.volumes
                    .record
                    .packed
                    .iter()
                    .any(|known| known.name == *it)
            });
            volumes.push(name);
            txn.put(Key::Name(&id.0), &PackedRecord { version, volumes });
        }
        let generation = self.keys().generation;
        let packed = &mut self.volumes.change().packed;
        packed.push(Volume {
            name,
            generation,
            epoch,
            space: lane.space,
            lane: lane.lane,
            days: gathered.days.unwrap_or_default(),
            written_in,
            entries,
            proofs: headers,
        });
        packed.sort_by_key(|volume| std::cmp::Reverse(volume.days.1));
        packed.truncate(limits::VOLUMES_MAX);
        Ok(())
    }

    /// Seals one part, and lets it wait for the relay.
    fn post_part<T: serde::Serialize>(
        &mut self,
        txn: &mut Txn<'_>,
        (epoch, name): (EpochId, [u8; 16]),
        (class, items): (Class, &[T]),
        body: impl FnOnce(Bytes) -> Body,
        outside: &mut Outside<'_>,
    ) -> Result<VolumePartHeader, Error> {
        let packed = volumes::pack(items);
        let packed = packed.map_err(|_| Error::internal("a part holds what was counted"))?;
        let token = volumes::volume_token(&self.keys().erasing, &name);
        let private = self.me.private;
        let keys = &self.epoch_mut(private, epoch)?.keys;
        let mailbox = keys.name();
        let body = body(Bytes::from(packed.contents));
        let sealed = keys.seal(class, &body, &token, outside.rng);
        let sealed = sealed.map_err(|_| Error::internal("a bounded body does not fit"))?;
        let envelope = envelope_id(&mailbox, &sealed);
        let kept = EnvelopeRecord {
            mailbox,
            class,
            verdict: Verdict::Accepted,
            bytes: Bytes::from(sealed),
        };
        txn.put(Key::Name(&envelope.0), &kept);
        self.outbox.push(txn, OutboxRecord { mailbox, envelope });
        Ok(VolumePartHeader {
            envelope,
            hash: packed.hash,
            inflated_len: packed.inflated_len,
            items: packed.items,
        })
    }

    /// A relay keeps a part: the bytes need not be kept here as well.
    pub(in super::super) fn keep_stored(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: &EnvelopeId,
    ) -> Result<(), Error> {
        let name = Key::Name(&envelope.0);
        if let Some(kept) = txn.get::<EnvelopeRecord>(name)? {
            let bytes = Bytes::new();
            txn.put(name, &EnvelopeRecord { bytes, ..kept });
        }
        Ok(())
    }
}

/// Whose lane a row is of; none for one that is kept together.
pub(super) fn lane_of(row: &IndexRow) -> Option<PersonId> {
    (!row.together).then_some(row.owner)
}

/// Proofs in runs that fit into a part each.
fn chunks(items: &[ProofItem]) -> impl Iterator<Item = &[ProofItem]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let mut len = 0;
        let fits = rest.iter().take_while(|item| {
            len += encode(*item).len();
            len <= PART_LEN
        });
        let count = fits.count().max(rest.len().min(1));
        let (chunk, after) = rest.split_at(count);
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// What the erase token of a directory's envelope derives from.
fn directory_name(signed: &SignedDirectory) -> [u8; 16] {
    let directory = &signed.directory;
    let number = directory.number.to_be_bytes();
    let hash = digest("volume directory", &[&directory.maker.0, &number]);
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    name
}
