//! Letting go of volumes: what was erased is in none of them any more, nor what a removed device
//! has packed.

use std::collections::HashSet;

use sidelight_crypto::erase_token;
use sidelight_format::record::{
    DropRecord, EnvelopeRecord, IndexRow, PackedRecord, Packing, Table,
};
use sidelight_format::{
    Class, EntryId, EnvelopeId, EpochId, EraseToken, Erasure, MailboxName, ProofItem, SpaceId,
    VerifyingKey, Volume,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::volumes;

use super::super::core::Core;
use super::pack::lane_of;
use crate::Error;

impl Core {
    /// An entry is erased: every volume that holds it is dropped. Those of other own devices by
    /// the day that it stood at; whoever packed them hears of the erasure, and drops whatever
    /// else holds it.
    pub(in super::super) fn shed_entry(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        row: Option<&IndexRow>,
    ) -> Result<(), Error> {
        let name = Key::Name(&id.0);
        let mut shed = Vec::new();
        if let Some(packed) = txn.get::<PackedRecord>(name)? {
            txn.delete::<PackedRecord>(name);
            let volumes = &self.volumes.record.packed;
            let holds = |volume: &&Volume| packed.volumes.contains(&volume.name);
            shed.extend(volumes.iter().filter(holds).cloned());
        }
        if let Some(row) = row {
            let holds = |volume: &&Volume| {
                let (oldest, newest) = volume.days;
                volume.space == row.space
                    && volume.lane == lane_of(row)
                    && (oldest..=newest).contains(&row.key.day)
            };
            let others = self.volumes.record.others.iter();
            let others = others.flat_map(|signed| &signed.directory.volumes);
            shed.extend(others.filter(holds).cloned());
        }
        self.shed(txn, &shed)
    }

    /// Nothing is left of what a removed device has packed.
    pub(in super::super) fn shed_of(
        &mut self,
        txn: &mut Txn<'_>,
        maker: &VerifyingKey,
    ) -> Result<(), Error> {
        let others = self.volumes.record.others.iter();
        let theirs = others.filter(|signed| signed.directory.maker == *maker);
        let shed: Vec<Volume> = theirs
            .flat_map(|signed| signed.directory.volumes.clone())
            .collect();
        self.shed(txn, &shed)?;
        if self
            .volumes
            .record
            .others
            .iter()
            .any(|it| it.directory.maker == *maker)
        {
            let others = &mut self.volumes.change().others;
            others.retain(|signed| signed.directory.maker != *maker);
        }
        let taking = self.volumes.record.taking.as_ref();
        if taking.is_some_and(|taking| taking.maker == *maker) {
            self.volumes.change().taking = None;
        }
        Ok(())
    }

    fn shed(&mut self, txn: &mut Txn<'_>, shed: &[Volume]) -> Result<(), Error> {
        if shed.is_empty() {
            return Ok(());
        }
        if self.is_unlocked().is_err() {
            // Nothing opens their mailboxes now.
            self.volumes.change().shed.extend_from_slice(shed);
        } else {
            for volume in shed {
                self.drop_volume(txn, volume)?;
            }
        }
        let gone = |volume: &Volume| shed.iter().any(|it| it.name == volume.name);
        let record = self.volumes.change();
        let before = record.packed.len();
        record.packed.retain(|volume| !gone(volume));
        if record.packed.len() < before {
            // What else they held is packed again when there is time.
            record.through = None;
        }
        for signed in &mut record.others {
            signed.directory.volumes.retain(|volume| !gone(volume));
        }
        Ok(())
    }

    /// Asks the relay to drop the parts of a volume.
    pub(super) fn drop_volume(&mut self, txn: &mut Txn<'_>, volume: &Volume) -> Result<(), Error> {
        let private = self.me.private;
        if !self.reopen_epoch(txn, private, volume.epoch)? {
            return Ok(());
        }
        let mailbox = self.epoch_mut(private, volume.epoch)?.keys.name();
        let mut keys = self.me.keys.iter().rev();
        let Some(keys) = keys.find(|keys| keys.generation == volume.generation) else {
            return Ok(());
        };
        let token = volumes::volume_token(&keys.erasing, &volume.name);
        let parts = volume.proofs.iter().chain([&volume.entries]);
        for envelope in parts.map(|part| part.envelope) {
            if self.outbox.acknowledge(txn, &mailbox, &envelope) {
                // It may be there all the same: its answer may have been lost.
                txn.delete::<EnvelopeRecord>(Key::Name(&envelope.0));
            }
            let record = DropRecord {
                space: private,
                epoch: volume.epoch,
                mailbox,
                envelope,
                token,
                after: (mailbox, envelope),
            };
            self.drop_when_told(txn, record);
        }
        Ok(())
    }

    /// Asks the relay to drop a directory, once it has the one that replaces it.
    pub(super) fn drop_directory(
        &mut self,
        txn: &mut Txn<'_>,
        (epoch, envelope, token): (EpochId, EnvelopeId, EraseToken),
        after: (MailboxName, EnvelopeId),
    ) -> Result<(), Error> {
        let space = self.me.private;
        if self.reopen_epoch(txn, space, epoch)? {
            let mailbox = self.epoch_mut(space, epoch)?.keys.name();
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
        Ok(())
    }

    /// A relay says that it has dropped a part: the volume is none any more.
    pub(in super::super) fn volume_is_gone(
        &mut self,
        txn: &mut Txn<'_>,
        part: &EnvelopeId,
    ) -> Result<(), Error> {
        let holds = |volume: &&Volume| {
            let mut proofs = volume.proofs.iter();
            volume.entries.envelope == *part || proofs.any(|proof| proof.envelope == *part)
        };
        let packed = self.volumes.record.packed.iter();
        let gone: Vec<Volume> = packed.filter(holds).cloned().collect();
        self.shed(txn, &gone)
    }

    /// A relay has no room for an envelope. A volume is done without, so that nothing waits behind
    /// it, and no more is packed before much is new. False for what cannot be done without.
    pub(in super::super) fn does_without_room(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        envelope: &EnvelopeId,
    ) -> Result<bool, Error> {
        if !self.outbox.waits(mailbox, envelope) {
            // Of a volume that was let go of since it was sent.
            return Ok(true);
        }
        let name = Key::Name(&envelope.0);
        let kept = txn.get::<EnvelopeRecord>(name)?;
        if kept.is_none_or(|kept| kept.class == Class::Live) {
            return Ok(false);
        }
        self.dirty = true;
        self.volume_is_gone(txn, envelope)?;
        if self.outbox.acknowledge(txn, mailbox, envelope) {
            txn.delete::<EnvelopeRecord>(name);
        }
        // What is left of them is said, and that is all for now.
        let (through, lanes) = (txn.last_number(Table::Listed)?, Vec::new());
        self.volumes.change().packing = Some(Packing { through, lanes });
        Ok(true)
    }

    /// A relay was read in full after a loss: what it lost of volumes is packed again, by whoever
    /// packed it, or by a device that has nothing else to give of it.
    pub(in super::super) fn forget_lost_volumes(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        listed: &HashSet<EnvelopeId>,
    ) -> Result<(), Error> {
        let known = self.spaces.get(&self.me.private);
        let lost = |volume: &&Volume| {
            let opened = known.and_then(|known| known.open.get(&volume.epoch));
            let here = opened.is_some_and(|opened| opened.keys.name() == *mailbox);
            let mut parts = volume.proofs.iter().chain([&volume.entries]);
            here && parts.any(|part| {
                let envelope = &part.envelope;
                !listed.contains(envelope) && !self.outbox.waits(mailbox, envelope)
            })
        };
        let packed = self.volumes.record.packed.iter();
        let own: Vec<Volume> = packed.filter(lost).cloned().collect();
        let others = self.volumes.record.others.iter();
        let others = others.flat_map(|signed| &signed.directory.volumes);
        let theirs: Vec<[u8; 16]> = others.filter(lost).map(|volume| volume.name).collect();
        if !theirs.is_empty() {
            for signed in &mut self.volumes.change().others {
                let volumes = &mut signed.directory.volumes;
                volumes.retain(|volume| !theirs.contains(&volume.name));
            }
        }
        self.shed(txn, &own)
    }

    /// Lets the drop of an envelope wait that is known here from its proof alone.
    pub(in super::super) fn ask_to_drop_proved(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        erasure: &Erasure,
        after: (MailboxName, EnvelopeId),
    ) -> Result<(), Error> {
        let Some(item) = txn.get::<ProofItem>(Key::Name(&erasure.envelope.0))? else {
            return Ok(());
        };
        if !self.reopen_epoch(txn, space, erasure.epoch)? {
            return Ok(());
        }
        let mailbox = self.epoch_mut(space, erasure.epoch)?.keys.name();
        let mut keys = self.me.keys.iter().rev();
        let written = item.certificate.generation;
        if let Some(keys) = keys.find(|keys| keys.generation == written) {
            let (envelope, epoch) = (erasure.envelope, erasure.epoch);
            let token = erase_token(&keys.erasing, &item.statement.salt);
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
        Ok(())
    }
}
