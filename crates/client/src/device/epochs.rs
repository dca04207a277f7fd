//! Epochs of a space that goes on: beginning the next one, following one that somebody began,
//! writing again what a closed epoch no longer takes.

use sidelight_format::record::{ChainRecord, EpochSecretRecord, Fact, Verdict};
use sidelight_format::{
    Body, EpochId, EpochRecord, KeyHash, Keyring, MailboxName, PersonId, PersonSuccessor,
    SealingKey, Secret, Sequence, SpaceId, Voice,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{
    Admission, EpochGraph, Limit, NewEpoch, Outside, Person, Step, begin_epoch, check_epoch,
    open_epoch as unseal_epoch,
};

use super::core::{Core, Purpose, open_epoch};
use super::founding::epoch_record;
use super::space::Epoch;
use super::write::chain_key;
use crate::Error;

impl Core {
    /// The epoch to write in. Whoever finds none that is sealed to exactly the current
    /// recipients begins one before they write: so nothing is ever sealed to who was removed.
    pub(super) fn writable_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<EpochId, Error> {
        let known = self
            .spaces
            .get(&space)
            .ok_or_else(|| Error::internal("a space is not kept"))?;
        if known.record.left {
            return Err(Error::invalid(
                "this journal was left; what it holds can still be read",
            ));
        }
        let recipients = self.recipients(known).ok_or_else(|| {
            Error::invalid("your partner's keys are in doubt; compare again before you write")
        })?;
        let hashes: Vec<KeyHash> = recipients.iter().map(SealingKey::hash).collect();
        let newest = |signer: &PersonId| {
            let person = &self.persons.get(signer)?.person;
            (!person.is_forked()).then(|| person.generation())
        };
        if let Some(current) = known.graph.current(&hashes, newest) {
            return Ok(current);
        }
        self.begin_next_epoch(txn, space, &recipients, outside)
    }

    /// Begins an epoch that continues all that nothing continues yet.
    pub(super) fn begin_next_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        recipients: &[SealingKey],
        outside: &mut Outside<'_>,
    ) -> Result<EpochId, Error> {
        self.dirty = true;
        let known = self
            .spaces
            .get(&space)
            .ok_or_else(|| Error::internal("a space is not kept"))?;
        let leaves = known.graph.leaves();
        let (mut parents, mut closing, mut relay) = (Vec::new(), Vec::new(), None);
        for leaf in &leaves {
            let parent = known
                .open
                .get(leaf)
                .ok_or_else(|| Error::internal("a leaf is not open"))?;
            parents.push((*leaf, parent.record.secret.clone()));
            relay = parent.record.relay.clone().or(relay);
            let own = parent
                .authors
                .values()
                .filter(|author| author.person == self.me.person);
            closing.extend(own.filter_map(|author| author.head));
        }
        closing.sort_unstable();
        let mut earlier = Keyring::default();
        let kept = known.graph.nodes().into_iter().map(|node| node.epoch);
        for epoch in kept.chain(known.record.unread.clone()) {
            if let Some(record) = txn.get::<EpochSecretRecord>(Key::Name(&epoch.0))? {
                earlier.secrets.push((epoch, record.secret));
            }
        }
        let new = NewEpoch {
            space,
            parents: &parents,
            earlier: &earlier,
            relay,
            recipients: &recipients.iter().collect::<Vec<_>>(),
            closing,
            successors: self.steps_since(known, &leaves),
            founder: None,
            roster: Vec::new(),
            signer: self.me.person,
            generation: self.keys().generation,
        };
        let begun = begin_epoch(new, &self.signing(), outside)
            .map_err(|_| Error::internal("a checked key is none"))?;
        for leaf in leaves {
            let mailbox = self.epoch_mut(space, leaf)?.keys.name();
            self.post_body(
                txn,
                mailbox,
                Body::Epoch(Box::new(begun.record.clone())),
                outside,
            )?;
        }
        let epoch = begun.record.statement.epoch;
        self.adopt(txn, space, begun.record, begun.secret, &Keyring::default())?;
        Ok(epoch)
    }

    /// The steps of the own chain that readers of `parents` may lack: those after the keys that
    /// signed a parent, or that one was sealed to.
    fn steps_since(
        &self,
        space: &super::space::Space,
        parents: &[EpochId],
    ) -> Vec<PersonSuccessor> {
        let Some(own) = self.persons.get(&self.me.person).map(|known| &known.person) else {
            return Vec::new();
        };
        let nodes = space.graph.nodes();
        let told = |step: &PersonSuccessor| {
            let key = step.statement.sealing.hash();
            let mut of_parents = nodes.iter().filter(|node| parents.contains(&node.epoch));
            of_parents.all(|node| {
                let signed =
                    node.signer == own.id() && node.generation >= step.statement.generation;
                signed || node.recipients.contains(&key)
            })
        };
        let known = own.successors().iter().rposition(told);
        own.successors()[known.map_or(0, |place| place + 1)..].to_vec()
    }

    /// Follows an epoch that somebody began.
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
        if !self.follow_chain(txn, record, outside)? {
            return Ok(Verdict::Refused);
        }
        let known = &self.spaces[&space];
        let members = known.members(&self.persons);
        let sealed_to: Vec<KeyHash> = statement
            .recipients
            .iter()
            .map(|sealed| sealed.recipient)
            .collect();
        let allowed = if space == self.me.private {
            let devices: Vec<KeyHash> = self
                .private_recipients()
                .iter()
                .map(SealingKey::hash)
                .collect();
            sealed_to.iter().all(|key| devices.contains(key))
        } else {
            // Whoever began it may not have heard of the newest keys: nobody writes in it then,
            // but what was written can be read.
            let keys: Vec<Vec<KeyHash>> = members.iter().map(|person| all_keys(person)).collect();
            sealed_to
                .iter()
                .all(|key| keys.iter().any(|own| own.contains(key)))
                && keys
                    .iter()
                    .all(|own| own.iter().any(|key| sealed_to.contains(key)))
        };
        if !allowed || check_epoch(record, &space, &members, &sealed_to).is_err() {
            return Ok(Verdict::Refused);
        }
        if statement
            .parents
            .iter()
            .any(|parent| !known.graph.contains(parent))
        {
            return Ok(Verdict::Unknown);
        }
        let Ok((secret, keyring)) = unseal_epoch(record, &self.epoch_keys(space)) else {
            return Ok(Verdict::Refused);
        };
        let parents = statement.parents.clone();
        if !self.adopt(txn, space, record.clone(), secret, &keyring)? {
            return Ok(Verdict::Refused);
        }
        if statement.signer == self.me.person && !known_left(self, space) {
            self.write_again(txn, space, &parents, outside)?;
        }
        Ok(Verdict::Accepted)
    }

    /// What may open an epoch of `space`.
    fn epoch_keys(&self, space: SpaceId) -> Vec<sidelight_crypto::UnsealingKey> {
        if space == self.me.private {
            return vec![sidelight_crypto::UnsealingKey::from_seed(&self.me.sealing)];
        }
        self.unsealing()
    }

    /// Takes the steps of the signer's chain in. False if they do not follow.
    fn follow_chain(
        &mut self,
        txn: &mut Txn<'_>,
        record: &EpochRecord,
        outside: &Outside<'_>,
    ) -> Result<bool, Error> {
        let signer = record.statement.signer;
        let Some(mut person) = self.persons.get(&signer).map(|known| known.person.clone()) else {
            return Ok(false);
        };
        for step in &record.statement.successors {
            match person.extend(step) {
                Ok(Step::New | Step::Known) => {}
                Ok(Step::Fork) => {
                    let generation = step.statement.generation;
                    self.report(
                        txn,
                        Fact::PersonFork {
                            person: signer,
                            generation,
                        },
                        outside.now,
                    )?;
                }
                Err(_) => return Ok(false),
            }
        }
        if self
            .persons
            .get(&signer)
            .is_some_and(|known| known.person != person)
        {
            self.know_more(txn, person)?;
        }
        Ok(true)
    }

    /// Has an epoch from now on, and the secrets of earlier ones from its keyring. False if
    /// its signer has begun too many.
    fn adopt(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        record: EpochRecord,
        secret: Secret,
        keyring: &Keyring,
    ) -> Result<bool, Error> {
        let epoch = record.statement.epoch;
        let known = self
            .spaces
            .get_mut(&space)
            .ok_or_else(|| Error::internal("no such space"))?;
        match known.graph.admit(EpochGraph::node_of(&record)) {
            Admission::New => {}
            Admission::Known => return Ok(true),
            Admission::Orphan | Admission::TooMany => return Ok(false),
        }
        let relay = record.statement.relay.clone();
        let kept = epoch_record(space, record, secret);
        txn.put(Key::Name(&epoch.0), &kept);
        known.open.insert(epoch, Epoch::new(kept));
        for (id, secret) in &keyring.secrets {
            if known.graph.contains(id)
                || txn.get::<EpochSecretRecord>(Key::Name(&id.0))?.is_some()
                || EpochId::of(&space, secret) != *id
            {
                continue;
            }
            let kept = EpochSecretRecord {
                space,
                secret: secret.clone(),
                record: None,
                relay: relay.clone(),
                authors: Vec::new(),
            };
            txn.put(Key::Name(&id.0), &kept);
            known.record.unread.push(*id);
            known.open.insert(*id, Epoch::new(kept));
        }
        known.record.unread.sort_unstable();
        self.listen(txn, space)?;
        Ok(true)
    }

    /// Opens what is to be listened to now and lets go of what is not.
    fn listen(&mut self, txn: &mut Txn<'_>, space: SpaceId) -> Result<(), Error> {
        let Some(known) = self.spaces.get_mut(&space) else {
            return Ok(());
        };
        // What drops out of sight is read to its end once more.
        let recent = known.graph.recent(super::space::STEPS_BACK);
        let dropping: Vec<EpochId> = known
            .open
            .keys()
            .filter(|epoch| !recent.contains(epoch))
            .copied()
            .collect();
        known.record.unread.extend(dropping);
        known.record.unread.sort_unstable();
        known.record.unread.dedup();
        let listened = known.listened();
        for epoch in &listened {
            if !known.open.contains_key(epoch) {
                known.open.insert(*epoch, open_epoch(txn, epoch)?);
            }
        }
        let outbox = &self.outbox;
        known
            .open
            .retain(|id, epoch| listened.contains(id) || outbox.waits_at(&epoch.keys.name()));
        self.save_space(txn, space);
        Ok(())
    }

    /// A mailbox was read to its end.
    pub(super) fn has_read(&mut self, txn: &mut Txn<'_>, mailbox: &MailboxName) {
        if let Some(Purpose::Epoch(space, epoch)) = self.purpose(mailbox)
            && let Some(known) = self.spaces.get_mut(&space)
            && known.record.unread.contains(&epoch)
        {
            known.record.unread.retain(|unread| *unread != epoch);
            self.save_space(txn, space);
        }
    }

    /// An own device closed epochs in which this one had written more than it knew of: that is
    /// written again, under the new epoch, as the same changes.
    fn write_again(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        closed: &[EpochId],
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        for epoch in closed {
            let Some(known) = self.spaces.get(&space) else {
                continue;
            };
            let Some(own) = known.open.get(epoch).and_then(|opened| opened.own.clone()) else {
                continue;
            };
            let author = own.certificate.author;
            let from = match known.graph.limit(epoch, &self.me.person, &author) {
                Limit::None => continue,
                Limit::Nothing => Sequence(0),
                Limit::UpTo(last) => last.next(),
            };
            for sequence in from.0..own.next.0 {
                let key = chain_key(&author, Sequence(sequence));
                let Some(chain) = txn.get::<ChainRecord>(Key::Name(&key))? else {
                    continue;
                };
                for branch in chain.branches {
                    self.write_envelope_again(txn, space, *epoch, &branch.envelope, outside)?;
                }
            }
        }
        Ok(())
    }

    fn write_envelope_again(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
        envelope: &sidelight_format::EnvelopeId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let kept = txn.get::<sidelight_format::record::EnvelopeRecord>(Key::Name(&envelope.0))?;
        let Some(kept) = kept.filter(|kept| !kept.bytes.is_empty()) else {
            return Ok(());
        };
        let Ok((_, Body::Authored(authored))) =
            self.epoch_mut(space, epoch)?.keys.open(&kept.bytes)
        else {
            return Ok(());
        };
        let own = Voice {
            epoch,
            certificate: authored.certificate,
            segment: authored.segment,
        };
        let voice = authored.voice.unwrap_or(own);
        let parts = authored.parts.iter().map(|part| part.to_vec()).collect();
        self.author(
            txn,
            space,
            (authored.subject, authored.entry, Some(voice)),
            parts,
            outside,
        )
    }

    /// Knows more of a person's chain.
    pub(super) fn know_more(&mut self, txn: &mut Txn<'_>, person: Person) -> Result<(), Error> {
        let name = txn
            .get::<sidelight_format::record::PersonRecord>(Key::Name(&person.id().0))?
            .map(|record| record.name.0)
            .unwrap_or_default();
        self.know(txn, person, &name);
        Ok(())
    }
}

fn known_left(core: &Core, space: SpaceId) -> bool {
    core.spaces
        .get(&space)
        .is_none_or(|known| known.record.left)
}

/// The hashes of all sealing keys that a person has had.
fn all_keys(person: &Person) -> Vec<KeyHash> {
    let first = person.genesis().statement.sealing.hash();
    let later = person
        .successors()
        .iter()
        .map(|step| step.statement.sealing.hash());
    std::iter::once(first).chain(later).collect()
}
