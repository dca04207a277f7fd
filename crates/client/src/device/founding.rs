//! Beginnings: of a person on this device, and of the space that two persons share.

use sidelight_crypto::{DeviceSigningKey, UnsealingKey, new_secret, recovery_keys};
use sidelight_format::record::{DeviceRecord, EpochSecretRecord, Name, PersonRecord, SpaceRecord};
use sidelight_format::{
    Body, Class, DeviceKeys, EpochId, EpochRecord, EraseToken, PersonGenesis, PersonId,
    RelayAddress, RosterAction, RosterRecord, RosterStatement, SealingKey, SegmentId, Sequence,
    SpaceId, Subject, digest, encode, envelope_id, limits,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Epoch as NewlyBegun, EpochGraph, NewEpoch, Outside, Person, begin_epoch};

use super::NewPerson;
use super::core::Core;
use super::space::{Epoch, Known, Space};
use crate::Error;

impl Core {
    /// Begins a person: their keys, recovery key, roster and private space.
    pub(super) fn found(
        txn: &mut Txn<'_>,
        new: &NewPerson,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let name = new.name.trim();
        if name.is_empty()
            || name.len() > limits::NAME_LEN_MAX
            || name.chars().any(char::is_control)
        {
            return Err(Error::invalid(
                "a name has 1 to 64 bytes and no control characters; choose another",
            ));
        }
        if txn.get::<DeviceRecord>(Key::One)?.is_some() {
            return Err(Error::invalid(
                "a journal has begun here already; choose another home",
            ));
        }
        let entropy = new_secret(outside.rng);
        let recovery = recovery_keys(&entropy);
        let (person, keys) = Person::begin(recovery.signing.verifying_key(), outside);

        let (signing, sealing) = (new_secret(outside.rng), new_secret(outside.rng));
        let roster = begin_roster(
            person.id(),
            &signing,
            &sealing,
            recovery.sealing.sealing_key(),
        );
        let private = SpaceId(digest("private space", &[&person.id().0]));
        let me = DeviceRecord {
            person: person.id(),
            name: Name(name.to_owned()),
            signing,
            sealing,
            keys: vec![keys],
            recovery: Some(entropy),
            recovery_mailbox: recovery.mailbox,
            roster: vec![roster],
            relay: new.relay.clone(),
            ticket: new.ticket.clone(),
            private,
            shared: None,
            former: Vec::new(),
            removed: false,
            since: outside.now,
        };
        let mut core = Self::empty(me, SegmentId(outside.random()));
        core.know(txn, person, name);
        core.found_private(txn, outside)?;
        core.save_me(txn);
        Ok(core)
    }

    /// The private space's first epoch: its record goes into the mailbox of the recovery words,
    /// where the recovery walk begins; the person's keys and roster into the space itself.
    fn found_private(&mut self, txn: &mut Txn<'_>, outside: &mut Outside<'_>) -> Result<(), Error> {
        let recipients = self.private_recipients();
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
        self.add_space(txn, self.me.private, vec![self.me.person], begun, outside);

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
        let new = NewEpoch {
            space,
            parents: &[],
            earlier: &Default::default(),
            relay,
            recipients,
            closing: Vec::new(),
            successors: Vec::new(),
            founder: self.founder_of(&space),
            roster: Vec::new(),
            signer: self.me.person,
            generation: self.keys().generation,
        };
        begin_epoch(new, &self.signing(), outside)
            .map_err(|_| Error::internal("a checked key is none"))
    }

    /// The first epoch of a private space says how its person began.
    fn founder_of(&self, space: &SpaceId) -> Option<PersonGenesis> {
        let own = self
            .persons
            .get(&self.me.person)
            .filter(|_| *space == self.me.private);
        own.map(|known| known.person.genesis().clone())
    }

    /// Keeps a space and its first epoch.
    pub(super) fn add_space(
        &mut self,
        txn: &mut Txn<'_>,
        id: SpaceId,
        persons: Vec<PersonId>,
        begun: NewlyBegun,
        outside: &Outside<'_>,
    ) {
        let epoch = begun.record.statement.epoch;
        let record = SpaceRecord {
            persons,
            epochs: Vec::new(),
            unread: Vec::new(),
            since: outside.now,
            left: false,
        };
        let mut space = Space::new(id, record);
        debug_assert_eq!(epoch, EpochId::of(&id, &begun.secret));
        let node = EpochGraph::node_of(&begun.record);
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
            successors: person.successors().to_vec(),
            forked: person.is_forked(),
        };
        txn.put(Key::Name(&person.id().0), &record);
        self.persons.insert(person.id(), Known { person });
    }

    pub(super) fn save_me(&self, txn: &mut Txn<'_>) {
        txn.put(Key::One, &self.me);
    }

    /// Own devices and the recovery words: the recipients of private epochs.
    pub(super) fn private_recipients(&self) -> Vec<SealingKey> {
        let mut recipients: Vec<SealingKey> = Vec::new();
        let mut words = None;
        for record in &self.me.roster {
            match &record.statement.action {
                RosterAction::Begin {
                    device, recovery, ..
                } => {
                    recipients.push(device.sealing.clone());
                    words = Some(recovery.clone());
                }
                RosterAction::Add { device, .. } => recipients.push(device.sealing.clone()),
                RosterAction::Recovery { recovery, .. } => words = Some(recovery.clone()),
                RosterAction::Remove { .. } => {}
            }
        }
        recipients.extend(words);
        recipients
    }

    /// Names the relay, if there was none.
    pub(super) fn use_relay(
        &mut self,
        txn: &mut Txn<'_>,
        relay: &RelayAddress,
        ticket: sidelight_format::Bytes,
    ) -> Result<(), Error> {
        if self.me.relay.is_some() {
            return Err(Error::invalid("this journal has a relay already"));
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

fn begin_roster(
    person: PersonId,
    signing: &sidelight_format::Secret,
    sealing: &sidelight_format::Secret,
    recovery: SealingKey,
) -> RosterRecord {
    let signer = DeviceSigningKey::from_seed(signing);
    let device = DeviceKeys {
        signing: signer.verifying_key(),
        sealing: UnsealingKey::from_seed(sealing).sealing_key(),
    };
    let statement = RosterStatement {
        person,
        sequence: Sequence(0),
        previous: Vec::new(),
        signer: device.signing,
        action: RosterAction::Begin {
            device,
            name: String::new(),
            recovery,
        },
    };
    RosterRecord {
        signature: signer.sign(&statement),
        statement,
    }
}
