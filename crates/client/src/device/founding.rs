//! Beginnings: of a person on this device, and of the space that two persons share.

use sidelight_crypto::{DeviceSigningKey, UnsealingKey, new_secret, recovery_keys};
use sidelight_format::record::{DeviceRecord, EpochSecretRecord, Name, PersonRecord, SpaceRecord};
use sidelight_format::{
    Body, Class, DeviceKeys, EpochId, EpochRecord, EraseToken, Keyring, PersonGenesis, PersonId,
    RelayAddress, SealingKey, SegmentId, SpaceId, Subject, VerifyingKey, encode, envelope_id,
    limits,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{
    Epoch as NewlyBegun, EpochGraph, NewEpoch, Outside, Person, Roster, begin_epoch,
};

use super::NewPerson;
use super::core::Core;
use super::linking::private_space;
use super::space::{Epoch, Known, Space};
use crate::Error;

impl Core {
    /// Begins a person: their keys, recovery key, roster and private space.
    pub(super) fn found(
        txn: &mut Txn<'_>,
        new: &NewPerson,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let name = &checked_name(&new.name)?;
        if txn.get::<DeviceRecord>(Key::One)?.is_some() {
            return Err(Error::invalid(
                "a journal has begun here already; choose another home",
            ));
        }
        let (person, roster, me) = begin_person(name, new, outside)?;
        let mut core = Self::empty(me, SegmentId(outside.random()));
        core.roster = Some(roster);
        core.know(txn, person, name);
        core.found_private(txn, outside)?;
        core.save_me(txn);
        Ok(core)
    }

    /// The private space's first epoch: its record goes into the mailbox of the recovery words,
    /// where the recovery walk begins; the person's keys and roster into the space itself.
    pub(super) fn found_private(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let recipients = self.private_recipients()?;
        let begun = self.begin_first_epoch(
            self.me.private,
            self.me.relay.clone(),
            &recipients.iter().collect::<Vec<_>>(),
            outside,
        )?;
        let recovery = self.recovery.name();
        self.post_body(
            txn,
            recovery,
            Body::Epoch(Box::new(begun.record.clone())),
            outside,
        )?;
        let signed_by = self.signing().verifying_key();
        self.add_space(
            txn,
            self.me.private,
            vec![self.me.person],
            (begun, signed_by),
            outside,
        );

        let keys = encode(self.keys());
        let private = self.me.private;
        self.author(
            txn,
            private,
            (Subject::PERSON_KEYS, None, None),
            vec![keys],
            outside,
        )?;
        let roster = self.me.roster.iter().map(encode).collect();
        self.author(txn, private, (Subject::ROSTER, None, None), roster, outside)?;
        Ok(())
    }

    /// Begins the first epoch of a space, sealed to `recipients`.
    pub(super) fn begin_first_epoch(
        &self,
        space: SpaceId,
        relay: Option<RelayAddress>,
        recipients: &[&SealingKey],
        outside: &mut Outside<'_>,
    ) -> Result<NewlyBegun, Error> {
        let private = self.private_parts(&space);
        let words = self.me.recovery.as_ref().map(recovery_keys);
        let new = NewEpoch {
            space,
            parents: &[],
            earlier: &Keyring {
                secrets: Vec::new(),
                person: private.keys,
            },
            relay,
            recipients,
            closing: Vec::new(),
            successors: Vec::new(),
            founder: self
                .founder_of(&space)
                .zip(words.as_ref())
                .map(|(genesis, words)| (genesis, self.me.name.0.as_str(), &words.signing)),
            roster: private.roster,
            signer: self.me.person,
            generation: self.keys().generation,
        };
        begin_epoch(new, &self.signing(), outside)
            .map_err(|_| Error::internal("a checked key is none"))
    }

    /// The first epoch of a private space says how its person began.
    fn founder_of(&self, space: &SpaceId) -> Option<&PersonGenesis> {
        let own = self
            .persons
            .get(&self.me.person)
            .filter(|_| *space == self.me.private);
        own.map(|known| known.person.genesis())
    }

    /// Keeps a space and its first epoch.
    pub(super) fn add_space(
        &mut self,
        txn: &mut Txn<'_>,
        id: SpaceId,
        persons: Vec<PersonId>,
        (begun, signed_by): (NewlyBegun, VerifyingKey),
        outside: &Outside<'_>,
    ) {
        let epoch = begun.record.statement.epoch;
        let record = SpaceRecord {
            persons,
            epochs: Vec::new(),
            unread: Vec::new(),
            since: outside.now,
            left: false,
            copied: Vec::new(),
            pending: Vec::new(),
            relay: begun.record.statement.relay.clone(),
            unconfirmed: false,
        };
        let mut space = Space::new(id, record);
        debug_assert_eq!(epoch, EpochId::of(&id, &begun.secret));
        let node = EpochGraph::node_of(&begun.record, signed_by);
        space.graph.admit(node);
        let kept = epoch_record(id, begun.record, begun.secret);
        txn.put(Key::Name(&epoch.0), &kept);
        space.open.insert(epoch, Epoch::new(kept));
        self.spaces.insert(id, space);
        self.save_space(txn, id);
    }

    /// Keeps what changed of a space.
    pub(super) fn save_space(&mut self, txn: &mut Txn<'_>, id: SpaceId) {
        if let Some(space) = self.spaces.get_mut(&id) {
            space.record.epochs = space.graph.nodes();
            txn.put(Key::Name(&id.0), &space.record);
        }
    }

    /// Seals a body that no author signs and puts it into a mailbox.
    pub(super) fn post_body(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: sidelight_format::MailboxName,
        body: Body,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let keys = self
            .mailbox_keys(&mailbox)
            .ok_or_else(|| Error::internal("a mailbox without keys"))?;
        // Nobody will ask the relay to drop it, so nobody needs to know the token again.
        let token = EraseToken(outside.random());
        let envelope = keys
            .seal(Class::Live, &body, &token, outside.rng)
            .map_err(|_| Error::internal("a bounded body does not fit"))?;
        self.post(txn, mailbox, envelope_id(&mailbox, &envelope), envelope)
    }

    /// Knows a person from now on.
    pub(super) fn know(&mut self, txn: &mut Txn<'_>, person: Person, name: &str) {
        let record = PersonRecord {
            name: Name(name.to_owned()),
            genesis: person.genesis().clone(),
            successors: person.steps(),
            forked: person.is_forked(),
            settled: person.settled(),
        };
        txn.put(Key::Name(&person.id().0), &record);
        self.persons.insert(person.id(), Known { person });
    }

    /// Names the relay, if there was none; or its ticket, if there is another one now.
    pub(super) fn use_relay(
        &mut self,
        txn: &mut Txn<'_>,
        relay: &RelayAddress,
        ticket: sidelight_format::Bytes,
    ) -> Result<(), Error> {
        match &self.me.relay {
            None => {}
            Some(named) if named == relay => {
                self.me.ticket = ticket;
                self.save_me(txn);
                return Ok(());
            }
            Some(_) => {
                return Err(Error::invalid(
                    "this journal is kept at another relay; moving takes everything along",
                ));
            }
        }
        self.me.relay = Some(relay.clone());
        self.me.ticket = ticket;
        self.save_me(txn);
        let private = self.me.private;
        if let Some(space) = self.spaces.get_mut(&private) {
            for (id, epoch) in &mut space.open {
                epoch.record.relay = Some(relay.clone());
                txn.put(Key::Name(&id.0), &epoch.record);
            }
        }
        Ok(())
    }
}

/// A new person, their recovery key, and this as their first device.
pub(super) fn begin_person(
    name: &str,
    new: &NewPerson,
    outside: &mut Outside<'_>,
) -> Result<(Person, Roster, DeviceRecord), Error> {
    let entropy = new_secret(outside.rng);
    let recovery = recovery_keys(&entropy);
    let (person, keys) = Person::begin(recovery.signing.verifying_key(), outside);

    let (signing, sealing) = (new_secret(outside.rng), new_secret(outside.rng));
    let roster = Roster::begin(
        &person,
        &DeviceSigningKey::from_seed(&signing),
        UnsealingKey::from_seed(&sealing).sealing_key(),
        "",
        recovery.sealing.sealing_key(),
    )
    .map_err(|_| Error::internal("a list that begins is well formed"))?;
    let private = private_space(&person.id());
    let me = DeviceRecord {
        person: person.id(),
        name: Name(name.to_owned()),
        signing,
        sealing,
        keys: vec![keys],
        recovery: Some(entropy),
        recovery_mailbox: recovery.mailbox,
        recovering: None,
        roster: roster.records(),
        relay: new.relay.clone(),
        ticket: new.ticket.clone(),
        private,
        shared: None,
        former: Vec::new(),
        removed: false,
        since: outside.now,
    };
    Ok((person, roster, me))
}

/// An epoch as it is kept.
pub(super) fn epoch_record(
    space: SpaceId,
    record: EpochRecord,
    secret: sidelight_format::Secret,
) -> EpochSecretRecord {
    debug_assert_eq!(record.statement.epoch, EpochId::of(&space, &secret));
    let relay = record.statement.relay.clone();
    EpochSecretRecord {
        space,
        secret,
        relay,
        record: Some(record),
        authors: Vec::new(),
    }
}

/// A name of a person or device, without spaces around it.
pub(super) fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.len() > limits::NAME_LEN_MAX || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "a name has 1 to 64 bytes and no control characters; choose another",
        ));
    }
    Ok(name.to_owned())
}

/// The public half of a device.
pub(super) fn device_keys(
    signing: &sidelight_format::Secret,
    sealing: &sidelight_format::Secret,
) -> DeviceKeys {
    DeviceKeys {
        signing: DeviceSigningKey::from_seed(signing).verifying_key(),
        sealing: UnsealingKey::from_seed(sealing).sealing_key(),
    }
}
