//! New keys on schedule: a while after a person has written, and never without that, so that a
//! removal looks like any other renewal and a device whose person only reads emits nothing.

use sidelight_format::record::RenewalRecord;
use sidelight_format::{EpochId, PersonId, SealingKey, SpaceId, Timestamp};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outside, schedule};

use super::core::Core;
use crate::Error;

impl Core {
    /// How far this device's person has written in the shared space: in which epoch, and how many
    /// envelopes there.
    pub(super) fn written(&self) -> Option<(EpochId, u64)> {
        let (space, epoch) = self.shared_epoch()?;
        let own = self.spaces.get(&space)?.open.get(&epoch)?.own.as_ref()?;
        Some((epoch, own.next.0))
    }

    /// A person has written into the shared space: notes since when with these keys, and chooses
    /// when they are renewed, once they are old or have served for much.
    pub(super) fn has_written(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some((_, writes)) = self.written() else {
            return Ok(());
        };
        // Drawn whether it is due or not, so that no other randomness depends on a clock.
        let moment = schedule::renewal(outside);
        let kept = txn.get::<RenewalRecord>(Key::One)?;
        let generation = self.keys().generation;
        // A clock that was ahead then is no reason to wait until it would be again.
        let same = kept.filter(|kept| kept.generation == generation && kept.since <= outside.now);
        let mut record = same.unwrap_or(RenewalRecord {
            generation,
            since: outside.now,
            at: None,
        });
        // A renewal that was due when the program ended comes with this write.
        if record.at.is_none() && schedule::is_due(record.since, outside.now, writes) {
            record.at = Some(moment);
        }
        if same != Some(record) {
            txn.put(Key::One, &record);
            self.dirty = true;
        }
        self.renewal = record.at;
        Ok(())
    }

    /// Goes on with a renewal that was due, if something shared is still to be sent: that tells
    /// that somebody is there, whether or not new keys come with it. If nothing is, the next
    /// write goes on with it: opening a journal to read must not be seen.
    pub(super) fn reopen_for_renewal(&mut self, txn: &Txn<'_>) -> Result<(), Error> {
        let shared = self.me.shared.and_then(|shared| self.spaces.get(&shared));
        let mut open = shared.into_iter().flat_map(|known| known.open.values());
        if open.any(|epoch| self.outbox.waits_at(&epoch.keys.name())) {
            let kept = txn.get::<RenewalRecord>(Key::One)?;
            self.renewal = kept.and_then(|kept| kept.at);
        }
        Ok(())
    }

    /// Whether keys are to be renewed now: a moment that was chosen has come, and everything is
    /// known that other own devices have done.
    pub(super) fn is_renewal_due(&self, now: Timestamp) -> bool {
        self.renewal.is_some_and(|at| schedule::has_come(at, now))
            && !self.me.removed
            && self.is_read_to_its_end(&self.me.private)
            && self
                .me
                .shared
                .is_some_and(|shared| self.is_read_to_its_end(&shared))
    }

    /// Renews all keys, if that is due. Whether it did.
    pub(super) fn renew_if_due(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        if !self.is_renewal_due(outside.now) {
            return Ok(false);
        }
        self.renewal = None;
        if let Some(kept) = txn.get::<RenewalRecord>(Key::One)? {
            let kept = RenewalRecord { at: None, ..kept };
            txn.put(Key::One, &kept);
        }
        let Some((space, epoch)) = self.shared_epoch() else {
            return Ok(false);
        };
        let pairing = self.pairing.as_ref();
        let is_pairing = pairing.is_some_and(|open| open.pairing.record().ended.is_none());
        // A later write makes it due again.
        if is_pairing
            || !self.can_write_now(&space)
            || !self.has_partner_written(&space, &epoch)
            || !self.renews_for_its_person()
        {
            return Ok(false);
        }
        self.rotate(txn, outside)?;
        Ok(true)
    }

    /// The shared space and the epoch in which it is written, if there is one.
    fn shared_epoch(&self) -> Option<(SpaceId, EpochId)> {
        let space = self.me.shared?;
        let known = self.spaces.get(&space)?;
        let recipients = self.recipients(known)?;
        let hashes: Vec<_> = recipients.iter().map(SealingKey::hash).collect();
        let newest = |signer: &PersonId| self.persons.get(signer)?.person.newest_signing_key();
        Some((space, known.graph.current(&hashes, newest)?))
    }

    fn is_read_to_its_end(&self, space: &SpaceId) -> bool {
        let known = self.spaces.get(space);
        known.is_some_and(|known| {
            let leaves = known.graph.leaves();
            leaves.iter().all(|leaf| {
                let opened = known.open.get(leaf);
                opened.is_some_and(|opened| self.is_read(&opened.keys.name()))
            })
        })
    }

    /// Whether the partner has written in an epoch. If not, they may not know of it yet, and more
    /// epochs would only make their way longer.
    fn has_partner_written(&self, space: &SpaceId, epoch: &EpochId) -> bool {
        let known = self.spaces.get(space);
        let opened = known.and_then(|known| known.open.get(epoch));
        opened.is_some_and(|opened| {
            let mut authors = opened.authors.values();
            authors.any(|author| author.person != self.me.person)
        })
    }

    /// Of several own devices the one that was listed first renews on schedule: two that did it
    /// without hearing of each other would bring their person's keys into doubt.
    fn renews_for_its_person(&self) -> bool {
        self.own_devices().first().is_some_and(|first| first.this)
    }
}
