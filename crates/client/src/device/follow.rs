//! Following an epoch that somebody began: another own device, or the partner.

use sidelight_crypto::recovery_keys;
use sidelight_format::record::{EnvelopeRecord, EpochSecretRecord, Fact, Verdict};
use sidelight_format::{
    Body, EnvelopeId, EpochRecord, Generation, KeyHash, PersonId, PersonKeys, SealingKey, Secret,
    SpaceId, VerifyingKey,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{
    BadEpoch, Outside, Person, Step, check_epoch, open_epoch as unseal_epoch, read_epoch,
};

use super::core::Core;
use crate::Error;

/// An epoch's secret and what its keyring holds.
struct Unsealed {
    secret: Secret,
    earlier: Vec<(sidelight_format::EpochId, Secret)>,
    person: Vec<PersonKeys>,
}

/// Whose keys went on in two ways, and from which generation on.
type Forked = (PersonId, Generation);

impl Core {
    /// Follows an epoch that somebody began. `Unknown` means not yet: it is tried again once
    /// there is something new to open or to check it with.
    pub(super) fn receive_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        record: &EpochRecord,
        outside: &mut Outside<'_>,
    ) -> Result<Verdict, Error> {
        let statement = &record.statement;
        let Some(known) = self.spaces.get(&space) else {
            return Ok(Verdict::Unknown);
        };
        if known.graph.contains(&statement.epoch) {
            return Ok(Verdict::Accepted);
        }
        let members = known.record.persons.clone();
        if !members.contains(&statement.signer) || !record.within_limits() {
            return Ok(Verdict::Refused);
        }
        // The first has no parents, and was agreed on otherwise.
        if statement.parents.is_empty() {
            return Ok(Verdict::Refused);
        }
        let Some((persons, forks)) = self.chains_with(space, record) else {
            return Ok(Verdict::Refused);
        };
        let own = statement.signer == self.me.person;
        let private = space == self.me.private;
        // The steps are signed: that much is certain, whatever else the epoch is. Those of one's
        // own too, before their secrets are here: whoever has heard of new keys shares nothing
        // under the old ones, which a device that was removed has.
        for person in &persons {
            self.know_if_new(txn, person)?;
        }
        for (person, generation) in forks {
            self.report(txn, Fact::PersonFork { person, generation }, outside.now)?;
        }
        if private {
            // Devices sign the list, so it counts whether or not the epoch is for this one: so
            // one that was removed learns of it.
            self.take_roster(txn, &statement.roster, outside)?;
        }
        let Some(signed_by) = self.signed_for_members(space, record, &persons)? else {
            return Ok(Verdict::Refused);
        };
        let opened = match self.unseal(txn, space, record)? {
            Ok(opened) => opened,
            Err(BadEpoch::Recipients) => return Ok(Verdict::Unknown),
            Err(_) => return Ok(Verdict::Refused),
        };
        if private && let Some(me) = persons.iter().find(|it| it.id() == statement.signer) {
            self.take_keys(txn, &opened.person, me);
        }
        let graph = &self.spaces[&space].graph;
        let reachable = |parent: &_| {
            graph.contains(parent) || opened.earlier.iter().any(|(epoch, _)| epoch == parent)
        };
        if !statement.parents.iter().all(reachable) {
            return Ok(Verdict::Unknown);
        }
        let parents = statement.parents.clone();
        let Unsealed {
            secret, earlier, ..
        } = opened;
        let record = (record.clone(), signed_by);
        if !self.adopt(txn, space, record, (secret, &earlier), outside)? {
            return Ok(Verdict::Refused);
        }
        self.follow_again = true;
        if self.can_write_now(&space) && !self.me.removed {
            if own {
                self.write_again(txn, space, &parents, outside)?;
            } else {
                self.take_waiting_along(txn, space, &parents, outside)?;
            }
        }
        self.gather(txn, space, outside)?;
        self.copy_space(txn, space, outside)?;
        Ok(Verdict::Accepted)
    }

    /// The member's key that signed an epoch, if it is sealed to nobody but the members of its
    /// space and, in a shared one, to each of them.
    fn signed_for_members(
        &self,
        space: SpaceId,
        record: &EpochRecord,
        members: &[Person],
    ) -> Result<Option<VerifyingKey>, Error> {
        let members: Vec<&Person> = members.iter().collect();
        let sealed_to: Vec<KeyHash> = record
            .statement
            .recipients
            .iter()
            .map(|sealed| sealed.recipient)
            .collect();
        let allowed = if space == self.me.private {
            // Whoever began it may not have heard of every device, or of who was removed.
            let devices = self.all_private_recipients()?;
            let devices: Vec<KeyHash> = devices.iter().map(SealingKey::hash).collect();
            sealed_to.iter().all(|key| devices.contains(key))
        } else {
            // Whoever began it may not have heard of the newest keys: nobody writes in it then,
            // but what was written can be read.
            let keys: Vec<Vec<KeyHash>> = members
                .iter()
                .map(|person| person.sealing_keys().map(SealingKey::hash).collect())
                .collect();
            sealed_to
                .iter()
                .all(|key| keys.iter().any(|own| own.contains(key)))
                && keys
                    .iter()
                    .all(|own| own.iter().any(|key| sealed_to.contains(key)))
        };
        let signed_by = check_epoch(record, &space, &members, &sealed_to).ok();
        Ok(signed_by.filter(|_| allowed))
    }

    /// An epoch's secret and keyring: by a later keyring that named it, or by a key of our own.
    fn unseal(
        &self,
        txn: &Txn<'_>,
        space: SpaceId,
        record: &EpochRecord,
    ) -> Result<Result<Unsealed, BadEpoch>, Error> {
        let epoch = &record.statement.epoch;
        let opened = match txn.get::<EpochSecretRecord>(Key::Name(&epoch.0))? {
            Some(kept) => read_epoch(record, &kept.secret).map(|keyring| (kept.secret, keyring)),
            None => unseal_epoch(record, &self.epoch_keys(space)),
        };
        Ok(opened.map(|(secret, keyring)| Unsealed {
            secret,
            earlier: keyring.secrets,
            person: keyring.person,
        }))
    }

    /// What may open an epoch of `space`.
    fn epoch_keys(&self, space: SpaceId) -> Vec<sidelight_crypto::UnsealingKey> {
        if space == self.me.private {
            let own = sidelight_crypto::UnsealingKey::from_seed(&self.me.sealing);
            let words = self.me.recovering.as_ref();
            let words = words.map(|walk| recovery_keys(&walk.words).sealing);
            return std::iter::once(own).chain(words).collect();
        }
        self.unsealing()
    }

    /// The members with the steps of their chains that an epoch brings, and the forks that those
    /// show. None if they do not follow.
    fn chains_with(
        &self,
        space: SpaceId,
        record: &EpochRecord,
    ) -> Option<(Vec<Person>, Vec<Forked>)> {
        let members = self.spaces.get(&space)?.members(&self.persons);
        let mut persons: Vec<Person> = members.into_iter().cloned().collect();
        let mut forks = Vec::new();
        for step in &record.statement.successors {
            let of = step.statement.person;
            let person = persons.iter_mut().find(|person| person.id() == of)?;
            if person.extend(step).ok()? == Step::Fork {
                forks.push((of, step.statement.generation));
            }
        }
        Some((persons, forks))
    }

    /// Knows more of a person's chain, if there is more.
    pub(super) fn know_if_new(&mut self, txn: &mut Txn<'_>, person: &Person) -> Result<(), Error> {
        let before = self.persons.get(&person.id());
        if before.is_some_and(|known| known.person != *person) {
            self.dirty = true;
            self.know_more(txn, person.clone())?;
        }
        Ok(())
    }

    /// Tries again what could not be followed, as long as that brings something new.
    pub(super) fn follow_pending(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        while std::mem::take(&mut self.follow_again) {
            let open = self
                .spaces
                .iter()
                .filter(|(space, _)| !self.lock.hides(space));
            let pending = open.flat_map(|(space, known)| {
                let pending = known.record.pending.iter();
                pending.map(|envelope| (*space, *envelope))
            });
            for (space, envelope) in pending.collect::<Vec<_>>() {
                self.follow_one(txn, space, envelope, outside)?;
            }
        }
        Ok(())
    }

    fn follow_one(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        envelope: EnvelopeId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let name = Key::Name(&envelope.0);
        let kept = txn.get::<EnvelopeRecord>(name)?;
        let opened = kept.as_ref().and_then(|kept| {
            let keys = self.mailbox_keys(&kept.mailbox)?;
            keys.open(&kept.bytes).ok()
        });
        let verdict = match &opened {
            Some((_, Body::Epoch(record))) => self.receive_epoch(txn, space, record, outside)?,
            // Its mailbox is no longer listened to.
            _ => Verdict::Refused,
        };
        if verdict == Verdict::Unknown {
            return Ok(());
        }
        if let Some(known) = self.spaces.get_mut(&space) {
            known.record.pending.retain(|pending| *pending != envelope);
        }
        self.save_space(txn, space);
        if let Some(kept) = kept {
            txn.put(name, &EnvelopeRecord { verdict, ..kept });
        }
        Ok(())
    }
}
