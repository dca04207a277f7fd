//! Epochs of a space that goes on: beginning the next one, following one that somebody began,
//! writing again what a closed epoch no longer takes.

use std::collections::BTreeSet;

use sidelight_crypto::RecoveryKeys;
use sidelight_format::record::{ChainRecord, EpochSecretRecord, Fact, Verdict};
use sidelight_format::{
    Body, EpochId, EpochRecord, KeyHash, Keyring, MailboxName, PersonId, PersonSuccessor,
    SealingKey, Secret, Sequence, SpaceId, VerifyingKey, Voice,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Admission, EpochGraph, Limit, NewEpoch, Outside, Person, begin_epoch};

use super::core::{Core, Purpose, open_epoch};
use super::founding::epoch_record;
use super::space::Epoch;
use super::walk::walked_to;
use super::write::chain_key;
use crate::{Error, ErrorKind};

impl Core {
    /// The epoch to write in. Whoever finds none that is sealed to exactly the current
    /// recipients begins one before they write: so nothing is ever sealed to who was removed.
    pub(super) fn writable_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<EpochId, Error> {
        if space == self.me.private {
            self.is_unlocked()?;
        }
        let known = self
            .spaces
            .get(&space)
            .ok_or_else(|| Error::internal("a space is not kept"))?;
        if known.record.left {
            return Err(Error::invalid(
                "this journal was left; what it holds can still be read",
            ));
        }
        if known.record.unconfirmed {
            return Err(Error::new(
                ErrorKind::NotPaired,
                "your journal was brought back here; compare once more with your partner before \
                 you share or take back anything: invite them again",
            ));
        }
        let recipients = if space == self.me.private {
            self.private_recipients()?
        } else {
            self.recipients(known).ok_or_else(|| {
                Error::invalid("your partner's keys are in doubt; compare again before you write")
            })?
        };
        let hashes: Vec<KeyHash> = recipients.iter().map(SealingKey::hash).collect();
        let own = self.signing().verifying_key();
        let newest = |signer: &PersonId| {
            if space == self.me.private {
                // Own devices whose keys went on in two ways keep to their own way each: nobody
                // is held up in their own journal by that.
                return Some(own);
            }
            self.persons.get(signer)?.person.newest_signing_key()
        };
        if let Some(current) = known.graph.current(&hashes, newest)
            && known.is_at_its_relay(&current)
            && (self.is_behind() || !known.graph.has_stragglers(&hashes, newest))
        {
            return Ok(current);
        }
        self.begin_next_epoch(txn, space, &recipients, None, outside)
    }

    /// Begins an epoch that continues all that nothing continues yet. With `words`, the walk of
    /// these recovery words begins with it.
    pub(super) fn begin_next_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        recipients: &[SealingKey],
        words: Option<&RecoveryKeys>,
        outside: &mut Outside<'_>,
    ) -> Result<EpochId, Error> {
        if space == self.me.private || self.is_behind() {
            self.is_unlocked()?;
        }
        if space != self.me.private && self.is_behind() {
            // An epoch signed with former keys is not written in: each write would begin another.
            return Err(Error::invalid(
                "another device of yours has made new keys, and they have not come here yet; sync, \
                 then try again",
            ));
        }
        self.dirty = true;
        let known = self
            .spaces
            .get(&space)
            .ok_or_else(|| Error::internal("a space is not kept"))?;
        let leaves = known.graph.to_continue();
        let private = self.private_parts(&space);
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
        let mut earlier = Keyring {
            secrets: Vec::new(),
            person: private.keys,
        };
        let kept = known.graph.nodes().into_iter().map(|node| node.epoch);
        for epoch in kept.chain(known.record.unread.clone()) {
            if let Some(record) = txn.get::<EpochSecretRecord>(Key::Name(&epoch.0))? {
                earlier.secrets.push((epoch, record.secret));
            }
        }
        let own = self.persons.get(&self.me.person);
        let own = &own.ok_or_else(|| Error::internal("who is me?"))?.person;
        let new = NewEpoch {
            space,
            parents: &parents,
            earlier: &earlier,
            relay: known.record.relay.clone().or(relay),
            recipients: &recipients.iter().collect::<Vec<_>>(),
            closing,
            successors: match words {
                Some(_) => own.successors().to_vec(),
                None => self.steps_since(known, &leaves),
            },
            founder: words.map(|words| (own.genesis(), self.me.name.0.as_str(), &words.signing)),
            roster: private.roster,
            signer: self.me.person,
            generation: self.keys().generation,
        };
        let begun = begin_epoch(new, &self.signing(), outside)
            .map_err(|_| Error::internal("a checked key is none"))?;
        let mut mailboxes = Vec::new();
        for leaf in leaves {
            mailboxes.push(self.epoch_mut(space, leaf)?.keys.name());
        }
        mailboxes.extend(words.map(|_| self.recovery.name()));
        for mailbox in mailboxes {
            self.post_body(
                txn,
                mailbox,
                Body::Epoch(Box::new(begun.record.clone())),
                outside,
            )?;
        }
        let epoch = begun.record.statement.epoch;
        let signed_by = self.signing().verifying_key();
        let opened = (begun.secret, earlier.secrets.as_slice());
        self.adopt(txn, space, (begun.record, signed_by), opened, outside)?;
        self.copy_space(txn, space, outside)?;
        Ok(epoch)
    }

    /// The steps of the members' chains that readers of `parents` may lack: those after the keys
    /// that signed a parent, or that one was sealed to. The partner's too: an own device, or one
    /// of theirs, may read this epoch before it has heard of them.
    fn steps_since(
        &self,
        space: &super::space::Space,
        parents: &[EpochId],
    ) -> Vec<PersonSuccessor> {
        let nodes = space.graph.nodes();
        let mut steps = Vec::new();
        for person in space.members(&self.persons) {
            let told = |step: &PersonSuccessor| {
                let key = step.statement.sealing.hash();
                let mut of_parents = nodes.iter().filter(|node| parents.contains(&node.epoch));
                of_parents.all(|node| {
                    let signed =
                        node.signer == person.id() && node.generation >= step.statement.generation;
                    signed || node.recipients.contains(&key)
                })
            };
            let known = person.successors().iter().rposition(told);
            steps.extend_from_slice(&person.successors()[known.map_or(0, |place| place + 1)..]);
        }
        steps
    }

    /// Has an epoch from now on, and the secrets of earlier ones from its keyring. False if
    /// its signer has begun too many. The caller has checked it.
    pub(super) fn adopt(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        (record, signed_by): (EpochRecord, VerifyingKey),
        (secret, keyring): (Secret, &[(EpochId, Secret)]),
        outside: &Outside<'_>,
    ) -> Result<bool, Error> {
        let node = EpochGraph::node_of(&record, signed_by);
        let known = self
            .spaces
            .get_mut(&space)
            .ok_or_else(|| Error::internal("no such space"))?;
        match known.graph.admit(node.clone()) {
            Admission::New => {}
            Admission::Crowd => {
                let person = record.statement.signer;
                self.report(txn, Fact::Crowd { person }, outside.now)?;
            }
            Admission::Known => return Ok(true),
            Admission::TooMany => return Ok(false),
            // Its keyring has the parents' secrets, as the caller has seen.
            Admission::Orphan => known.graph.enter(node),
        }
        self.keep_epoch(txn, space, record, secret, keyring)?;
        Ok(true)
    }

    /// Keeps an epoch that is in its space's graph, and the secrets of earlier ones.
    pub(super) fn keep_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        record: EpochRecord,
        secret: Secret,
        keyring: &[(EpochId, Secret)],
    ) -> Result<(), Error> {
        // On a walk, each mailbox is read to its end, beginning where the words led.
        let walks = self.is_walking().then(|| self.me.relay.clone());
        let known = self
            .spaces
            .get_mut(&space)
            .ok_or_else(|| Error::internal("no such space"))?;
        let epoch = record.statement.epoch;
        let relay = match &walks {
            Some(given) => walked_to(known, &record, given.as_ref()),
            None => record.statement.relay.clone(),
        };
        match txn.get::<EpochSecretRecord>(Key::Name(&epoch.0))? {
            // Known from a keyring so far, and read since, or still to be.
            Some(kept) => {
                let kept = EpochSecretRecord {
                    record: Some(record),
                    ..kept
                };
                txn.put(Key::Name(&epoch.0), &kept);
                if let Some(opened) = known.open.get_mut(&epoch) {
                    opened.record = kept;
                }
            }
            None => {
                if walks.is_some() {
                    known.record.unread.push(epoch);
                }
                let mut kept = epoch_record(space, record, secret);
                kept.relay.clone_from(&relay);
                txn.put(Key::Name(&epoch.0), &kept);
                known.open.insert(epoch, Epoch::new(kept));
            }
        }
        for (id, secret) in keyring {
            if txn.get::<EpochSecretRecord>(Key::Name(&id.0))?.is_some()
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
        known.record.unread.dedup();
        self.listen(txn, space)
    }

    /// Opens what is to be listened to now and lets go of what is not.
    pub(super) fn listen(&mut self, txn: &mut Txn<'_>, space: SpaceId) -> Result<(), Error> {
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
        let unread = &known.record.unread;
        let anew = dropping.iter().filter(|epoch| !unread.contains(epoch));
        let anew = anew.filter_map(|epoch| known.open.get(epoch));
        let anew: BTreeSet<MailboxName> = anew.map(|epoch| epoch.keys.name()).collect();
        known.record.unread.extend(dropping);
        known.record.unread.sort_unstable();
        known.record.unread.dedup();
        let listened = known.listened();
        for epoch in &listened {
            if !known.open.contains_key(epoch)
                && let Some(opened) = open_epoch(txn, epoch)?
            {
                known.open.insert(*epoch, opened);
            }
        }
        let (outbox, drops, moves) = (&self.outbox, &self.drops, &self.moves);
        let waits = |mailbox| {
            outbox.waits_at(&mailbox) || drops.waits_at(&mailbox) || moves.is_filling(&mailbox)
        };
        known
            .open
            .retain(|id, epoch| listened.contains(id) || waits(epoch.keys.name()));
        self.save_space(txn, space);
        // Where a link is up already, nothing else would ask.
        self.read_again(&anew);
        self.plan_moves(txn, space)
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
    pub(super) fn write_again(
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

    /// The partner began an epoch before what waits here was sent: by the time it arrives they may
    /// have gone so far that they no longer look there. It is written under the new epoch too, as
    /// the same changes, which count once.
    pub(super) fn take_waiting_along(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        parents: &[EpochId],
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        for epoch in parents {
            let known = self.spaces.get(&space);
            let Some(opened) = known.and_then(|known| known.open.get(epoch)) else {
                continue;
            };
            let mailbox = opened.keys.name();
            let Some(own) = opened
                .own
                .as_ref()
                .filter(|_| self.outbox.waits_at(&mailbox))
            else {
                continue;
            };
            let (author, end) = (own.certificate.author, own.next);
            let mut waiting = Vec::new();
            for sequence in (0..end.0).rev() {
                let key = chain_key(&author, Sequence(sequence));
                let Some(chain) = txn.get::<ChainRecord>(Key::Name(&key))? else {
                    break;
                };
                let before = waiting.len();
                let here = chain.branches.iter().map(|branch| branch.envelope);
                waiting.extend(here.filter(|envelope| self.outbox.waits(&mailbox, envelope)));
                // What was erased unsent does not wait; what came before it may.
                if waiting.len() == before && chain.branches.iter().all(|branch| !branch.erased) {
                    break;
                }
            }
            for envelope in waiting.iter().rev() {
                self.write_envelope_again(txn, space, *epoch, envelope, outside)?;
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
        // What was erased may still wait to be sent; it is not written anew.
        let kept = kept.filter(|kept| !kept.bytes.is_empty() && kept.verdict != Verdict::Erased);
        let Some(kept) = kept else {
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
        .map(|_| ())
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
