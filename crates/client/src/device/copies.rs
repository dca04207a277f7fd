//! Copies of a space in the private one: all that a further own device, or a recovered one,
//! needs in order to read it and go on in it. Never the reverse.
//!
//! Own devices write them without knowing of each other, and take in what the others wrote:
//! epochs unite, the longer chain of a person holds, and what was left stays left.

use sidelight_format::record::{EpochSecretRecord, Fact, PersonRecord, SpaceRecord, Verdict};
use sidelight_format::{
    Authored, EpochId, KeyHash, PersonId, PersonKeys, PersonSuccessor, RosterRecord, Secret,
    SpaceCopy, SpaceId, Subject, decode, encode, limits,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outside, Person, check_epoch, read_epoch};

use super::core::Core;
use super::lock::PrivateLock;
use super::space::Space;
use crate::Error;

impl Core {
    /// Copies into the private space whatever it has no copy of: each of the space's epochs that
    /// nothing continues.
    pub(super) fn copy_space(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let walking = self.is_walking();
        let Some(known) = self.spaces.get_mut(&space) else {
            return Ok(());
        };
        if space == self.me.private || known.record.left || self.me.removed || walking {
            return Ok(());
        }
        if self.lock.state == PrivateLock::Locked {
            // What has no copy yet gets one once private entries are unlocked.
            return Ok(());
        }
        let leaves = known.graph.leaves();
        known.record.copied.retain(|copied| leaves.contains(copied));
        for leaf in leaves {
            if !self.spaces[&space].record.copied.contains(&leaf) {
                self.write_copy(txn, space, leaf, outside)?;
            }
        }
        Ok(())
    }

    /// Says in the private space that a space was left.
    pub(super) fn copy_left(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.lock.state == PrivateLock::Locked {
            // Said once private entries are unlocked: until then no copy says it.
            if let Some(known) = self.spaces.get_mut(&space) {
                known.record.copied.clear();
            }
            self.save_space(txn, space);
            return Ok(());
        }
        let leaf = self.spaces.get(&space).and_then(|known| {
            let leaves = known.graph.leaves();
            leaves.first().copied()
        });
        match leaf {
            Some(leaf) if !self.me.removed && !self.is_walking() => {
                self.write_copy(txn, space, leaf, outside)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn write_copy(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(copy) = self.space_copy(txn, space, epoch)? else {
            return Ok(());
        };
        self.has_copy(txn, space, epoch);
        let private = self.me.private;
        self.author(
            txn,
            private,
            (Subject::SPACE, None, None),
            vec![encode(&copy)],
            outside,
        )
        .map(|_| ())
    }

    /// A space as own devices need it, entered with `epoch`.
    pub(super) fn space_copy(
        &self,
        txn: &Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
    ) -> Result<Option<SpaceCopy>, Error> {
        let Some(known) = self.spaces.get(&space) else {
            return Ok(None);
        };
        let kept = txn.get::<EpochSecretRecord>(Key::Name(&epoch.0))?;
        let Some((secret, Some(record))) = kept.map(|kept| (kept.secret, kept.record)) else {
            return Ok(None);
        };
        let mut persons = Vec::new();
        for id in &known.record.persons {
            if let Some(person) = txn.get::<PersonRecord>(Key::Name(&id.0))? {
                persons.push((person.genesis, person.successors, person.name.0));
            }
        }
        let mut earlier = known.graph.earlier(&epoch);
        earlier.truncate(limits::COPIED_EPOCHS_MAX);
        let mut former = self.me.former.clone();
        former.sort_unstable();
        Ok(Some(SpaceCopy {
            space,
            persons,
            epoch: (epoch, secret, record),
            earlier,
            left: known.record.left,
            former,
            since: known.record.since,
        }))
    }

    fn has_copy(&mut self, txn: &mut Txn<'_>, space: SpaceId, epoch: EpochId) {
        if let Some(known) = self.spaces.get_mut(&space)
            && !known.record.copied.contains(&epoch)
        {
            known.record.copied.push(epoch);
            known.record.copied.sort_unstable();
            self.save_space(txn, space);
        }
    }

    /// What another own device wrote for this one.
    pub(super) fn receive_private(
        &mut self,
        txn: &mut Txn<'_>,
        authored: &Authored,
        outside: &mut Outside<'_>,
    ) -> Result<Verdict, Error> {
        let parts = &authored.parts;
        match authored.subject {
            Subject::PERSON_KEYS => {
                let keys = parts
                    .first()
                    .and_then(|part| decode::<PersonKeys>(part).ok());
                let step = parts.get(1).map(|part| decode::<PersonSuccessor>(part));
                let own = self.persons.get(&self.me.person);
                let (Some(keys), Some(mut own)) = (keys, own.map(|own| own.person.clone())) else {
                    return Ok(Verdict::Refused);
                };
                if let Some(step) = step {
                    let taken = step.ok().and_then(|step| own.extend(&step).ok());
                    // A step whose own step before is not here comes again with an epoch.
                    if taken.is_none() {
                        return Ok(Verdict::Accepted);
                    }
                }
                self.know_if_new(txn, &own)?;
                self.take_keys(txn, &[keys], &own);
                Ok(Verdict::Accepted)
            }
            Subject::ROSTER => {
                let records: Result<Vec<RosterRecord>, _> =
                    parts.iter().map(|part| decode(part)).collect();
                let Ok(records) = records else {
                    return Ok(Verdict::Refused);
                };
                self.take_roster(txn, &records, outside)?;
                Ok(Verdict::Accepted)
            }
            Subject::RECOVERY => match parts.first().map(|part| decode::<Secret>(part)) {
                Some(Ok(mailbox)) => self.take_recovery_mailbox(txn, &mailbox),
                _ => Ok(Verdict::Refused),
            },
            _ => match parts.first().map(|part| decode::<SpaceCopy>(part)) {
                Some(Ok(copy)) => self.take_copy(txn, &copy, outside),
                _ => Ok(Verdict::Refused),
            },
        }
    }

    /// Takes a copy of a space in: what it says and was not known here.
    pub(super) fn take_copy(
        &mut self,
        txn: &mut Txn<'_>,
        copy: &SpaceCopy,
        outside: &mut Outside<'_>,
    ) -> Result<Verdict, Error> {
        let (epoch, secret, record) = &copy.epoch;
        let statement = &record.statement;
        let sealed_to: Vec<KeyHash> = statement
            .recipients
            .iter()
            .map(|sealed| sealed.recipient)
            .collect();
        let Some(persons) = self.persons_of(copy) else {
            return Ok(Verdict::Refused);
        };
        let members: Vec<&Person> = persons.iter().map(|(person, _)| person).collect();
        let sound = statement.epoch == *epoch
            && copy.earlier.len() <= limits::COPIED_EPOCHS_MAX
            && members.iter().any(|person| person.id() == self.me.person);
        let checked = check_epoch(record, &copy.space, &members, &sealed_to);
        let (true, Ok(signed_by), Ok(keyring)) = (sound, checked, read_epoch(record, secret))
        else {
            return Ok(Verdict::Refused);
        };
        self.dirty = true;
        let ids: Vec<PersonId> = persons.iter().map(|(person, _)| person.id()).collect();
        for (person, name) in persons {
            self.know_from_copy(txn, person, &name, outside)?;
        }
        self.begin_from_copy(copy, ids);
        let Some(known) = self.spaces.get_mut(&copy.space) else {
            return Ok(Verdict::Refused);
        };
        known.record.since = known.record.since.min(copy.since);
        if !known.graph.contains(epoch) {
            known
                .graph
                .enter(sidelight_sync::EpochGraph::node_of(record, signed_by));
        }
        // Only what can be opened as well: what nothing continues must be.
        for node in &copy.earlier {
            let mut secrets = keyring.secrets.iter();
            if secrets.any(|(id, _)| *id == node.epoch) {
                known.graph.enter(node.clone());
            }
        }
        let (record, secret) = (record.clone(), secret.clone());
        self.keep_epoch(txn, copy.space, record, secret, &keyring.secrets)?;
        if copy.space != self.me.private {
            self.has_copy(txn, copy.space, *epoch);
        }
        self.follow_again = true;
        self.settle_spaces(txn, copy, outside)?;
        Ok(Verdict::Accepted)
    }

    /// The persons of a copy, with what is known of their chains here as well.
    fn persons_of(&self, copy: &SpaceCopy) -> Option<Vec<(Person, String)>> {
        let of_copy = copy.persons.iter().map(|(genesis, successors, name)| {
            let copied = Person::resume(genesis, successors, false, None).ok()?;
            let person = match self.persons.get(&copied.id()) {
                None => copied,
                Some(known) => {
                    let mut person = known.person.clone();
                    for step in successors {
                        person.extend(step).ok()?;
                    }
                    person
                }
            };
            Some((person, name.clone()))
        });
        of_copy.collect()
    }

    fn know_from_copy(
        &mut self,
        txn: &mut Txn<'_>,
        person: Person,
        name: &str,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(known) = self.persons.get(&person.id()) else {
            self.know(txn, person, name);
            return Ok(());
        };
        if person.is_forked() && !known.person.is_forked() {
            let fork = Fact::PersonFork {
                person: person.id(),
                generation: person.generation(),
            };
            self.report(txn, fork, outside.now)?;
        }
        self.know_if_new(txn, &person)
    }

    fn begin_from_copy(&mut self, copy: &SpaceCopy, persons: Vec<PersonId>) {
        // Whoever had an own device may have written the copy, so its partner is to be compared
        // with again.
        let unconfirmed = self.is_walking();
        self.spaces.entry(copy.space).or_insert_with(|| {
            let record = SpaceRecord {
                persons,
                epochs: Vec::new(),
                unread: Vec::new(),
                since: copy.since,
                left: false,
                unconfirmed,
                copied: Vec::new(),
                pending: Vec::new(),
                relay: None,
            };
            Space::new(copy.space, record)
        });
    }

    /// Which spaces were left, and which one is written in, by what a copy says as well.
    fn settle_spaces(
        &mut self,
        txn: &mut Txn<'_>,
        copy: &SpaceCopy,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if copy.left {
            self.end_space(txn, copy.space);
        }
        for former in &copy.former {
            self.end_space(txn, *former);
        }
        if self.me.former.contains(&copy.space) {
            self.end_space(txn, copy.space);
        }
        let private = self.me.private;
        let current = self.spaces.values();
        let current = current.filter(|space| space.id != private && !space.record.left);
        let mut current: Vec<SpaceId> = current.map(|space| space.id).collect();
        current.sort_unstable();
        // Own devices that paired at once have a partner each. All of them choose the same one.
        if let [_, others @ ..] = current.as_slice()
            && !others.is_empty()
        {
            for other in others {
                self.end_space(txn, *other);
            }
            self.report(txn, Fact::TwoPairings, outside.now)?;
        }
        let shared = current.first().copied();
        if self.me.shared != shared {
            self.me.shared = shared;
            self.save_me(txn);
            self.outputs
                .push(super::Output::Event(super::Event::PairingChanged));
        }
        self.end_pairing_if_shared(txn, outside)
    }

    /// Another own device has paired: a pairing of this one with a partner is called off.
    fn end_pairing_if_shared(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let under_way = self.pairing.as_ref().is_some_and(|open| {
            let record = open.pairing.record();
            record.ended.is_none()
                && record.with.is_none()
                && record.invitation.purpose == sidelight_format::Purpose::Partner
        });
        if self.me.shared.is_none() || !under_way {
            return Ok(());
        }
        let signer = self.pairing_signer();
        let outcomes = match self.pairing.as_mut() {
            Some(open) => open.pairing.cancel(&signer, outside),
            None => return Ok(()),
        };
        self.follow(txn, outcomes, outside)
    }
}
