//! Linking a further own device, and removing one.

use sidelight_crypto::{DeviceSigningKey, MailboxKeys, UnsealingKey, new_secret};
use sidelight_format::record::{DeviceRecord, Name, PairingEnd, PairingRecord};
use sidelight_format::{
    Body, Bytes, InvitationLink, PersonId, Purpose, RosterAction, SegmentId, SpaceId, Subject,
    Timestamp, VerifyingKey, Welcome, Who, digest, encode, limits,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{
    NotJoined, Outside, Pairing, Person, Roster, RosterSigner, Side, Standing,
    open_epoch as unseal_epoch,
};

use super::core::{Core, Rendezvous};
use super::founding::device_keys;
use super::lock::locked;
use super::{Event, Output, OwnDevice};
use crate::{Error, ErrorKind};

impl Core {
    /// Invites a further own device.
    pub(super) fn link(
        &mut self,
        txn: &mut Txn<'_>,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        self.is_unlocked()?;
        if self.roster()?.devices().len() >= limits::DEVICES_MAX {
            return Err(Error::invalid(
                "there are as many devices as a journal can have; remove one first",
            ));
        }
        self.make_room_for_pairing(txn, Purpose::OwnDevice, None, outside)?;
        self.volumes.hurry();
        self.open_invitation(txn, (Purpose::OwnDevice, None), lifetime_secs, outside)
    }

    /// A device that is nobody's yet, with keys of its own, about to be linked by `link`.
    pub(super) fn begin_nobodys(
        txn: &mut Txn<'_>,
        name: &str,
        segment: SegmentId,
        outside: &mut Outside<'_>,
    ) -> Result<Self, Error> {
        let name = super::founding::checked_name(name)?;
        let me = DeviceRecord {
            person: PersonId([0; PersonId::LEN]),
            name: Name(name),
            signing: new_secret(outside.rng),
            sealing: new_secret(outside.rng),
            keys: Vec::new(),
            recovery: None,
            recovery_mailbox: new_secret(outside.rng),
            recovering: None,
            roster: Vec::new(),
            relay: None,
            ticket: Bytes::new(),
            private: SpaceId([0; SpaceId::LEN]),
            shared: None,
            former: Vec::new(),
            removed: false,
            since: outside.now,
        };
        txn.put(Key::One, &me);
        Ok(Self::empty(me, segment))
    }

    /// An earlier attempt to link this device: its keys were given to nobody else.
    pub(super) fn again_nobodys(mut self, txn: &mut Txn<'_>, name: &str) -> Result<Self, Error> {
        if self.roster.is_some() {
            return Err(Error::invalid(
                "a journal has begun here already; a device is linked in a home without one",
            ));
        }
        self.me.name = Name(super::founding::checked_name(name)?);
        self.save_me(txn);
        Ok(self)
    }

    /// Takes an invitation up, as the person or as the device that is nobody's yet.
    pub(super) fn join(
        &mut self,
        txn: &mut Txn<'_>,
        link: &InvitationLink,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let with = self.partner_in_doubt();
        self.join_with(txn, link, with, outside)
    }

    /// Takes an invitation up, of `with` and nobody else if somebody is named.
    pub(super) fn join_with(
        &mut self,
        txn: &mut Txn<'_>,
        link: &InvitationLink,
        with: Option<PersonId>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let keys = MailboxKeys::of_invitation(&link.invitation().secret);
        if let Some(before) = txn.get::<PairingRecord>(Key::Name(&keys.name().0))? {
            return Err(Error::invalid(
                match (before.inviter, link.invitation().purpose) {
                    (true, Purpose::Partner) => {
                        "this is your own invitation; the other person opens it on their phone"
                    }
                    (true, Purpose::OwnDevice) => {
                        "this is the link that this device shows; open it on the new one"
                    }
                    (false, _) => "this invitation was taken up here before; ask for a new one",
                },
            ));
        }
        let not_joined = |error: NotJoined| Error::invalid(error.to_string());
        Pairing::join(&self.side()?, link, outside).map_err(not_joined)?;
        let purpose = link.invitation().purpose;
        self.make_room_for_pairing(txn, purpose, with, outside)?;
        if self.roster.is_none() {
            // An earlier attempt may have brought its keys onto a list without hearing of it.
            self.me.signing = new_secret(outside.rng);
            self.me.sealing = new_secret(outside.rng);
            self.save_me(txn);
        }
        let joined = Pairing::join(&self.side()?, link, outside).map_err(not_joined)?;
        let joined = match with {
            Some(partner) if purpose == Purpose::Partner => joined.with(partner),
            _ => joined,
        };
        self.pairing = Some(Rendezvous::new(joined));
        self.follow(txn, Vec::new(), outside)
    }

    /// Who this side of a pairing is.
    pub(super) fn side(&self) -> Result<Side<'_>, Error> {
        let name = &self.me.name.0;
        let who = if self.roster.is_none() {
            Who::Device(device_keys(&self.me.signing, &self.me.sealing))
        } else {
            let own = self.persons.get(&self.me.person);
            let own = &own.ok_or_else(|| Error::internal("who is me?"))?.person;
            Who::Person {
                genesis: own.genesis().clone(),
                successors: own.successors().to_vec(),
            }
        };
        Ok(Side { who, name })
    }

    /// Both have confirmed: the device comes onto the list, the private space goes on with an
    /// epoch that is sealed to it as well, and it is told where. All of it is kept at once.
    pub(super) fn take_device_in(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(rendezvous) = self.pairing.as_ref().filter(|open| {
            let record = open.pairing.record();
            record.inviter && record.ended.is_none()
        }) else {
            return Ok(());
        };
        let mailbox = rendezvous.keys.name();
        let Some((Who::Device(device), name)) = rendezvous
            .pairing
            .other()
            .map(|other| (other.who.clone(), other.name.clone()))
        else {
            return Err(Error::internal("who is linked is a device"));
        };
        // Whatever keeps the device from coming in, the other side waits for nothing any more; and
        // what comes from there must never fail here.
        let standing = self.roster()?.standing(&device.signing);
        let added = match standing {
            _ if self.is_unlocked().is_err() => Err(locked()),
            Standing::Member => Ok(()),
            _ => self.change_roster(txn, RosterAction::Add { device, name }, outside),
        };
        if self.me.removed || added.is_err() || self.private_recipients().is_err() {
            self.break_linking(txn);
            return Ok(());
        }
        let private = self.me.private;
        let epoch = self.writable_epoch(txn, private, outside)?;
        let copy = self.space_copy(txn, private, epoch)?;
        let volumes = self.directory_for_new(txn, outside)?;
        let welcome = Welcome {
            private: copy.ok_or_else(|| Error::internal("the private space is kept"))?,
            recovery_mailbox: self.me.recovery_mailbox.clone(),
            relay: self.me.relay.clone(),
            ticket: self.me.ticket.clone(),
            volumes,
        };
        let told = self.pairing.as_ref();
        let told = told.and_then(|open| open.pairing.welcome(&welcome, outside));
        let told = told.ok_or_else(|| Error::internal("both sides have confirmed"))?;
        self.post_body(txn, mailbox, Body::Pairing(Box::new(told)), outside)?;
        self.end_linking(txn);
        Ok(())
    }

    /// Says something on the list of devices, and goes on with it.
    fn change_roster(
        &mut self,
        txn: &mut Txn<'_>,
        action: RosterAction,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let signing = DeviceSigningKey::from_seed(&self.me.signing);
        let next = self.roster()?.next(action, &RosterSigner::Device(&signing));
        let record = next.map_err(|_| {
            Error::invalid(
                "the list of your devices does not take this change; recover your journal with \
                 the words, which begins it anew",
            )
        })?;
        self.take_roster(txn, &[record], outside)
    }

    fn break_linking(&mut self, txn: &mut Txn<'_>) {
        if let Some(rendezvous) = &mut self.pairing {
            rendezvous.pairing.end_broken();
        }
        self.save_pairing(txn);
        self.outputs.push(Output::Event(Event::PairingChanged));
    }

    fn end_linking(&mut self, txn: &mut Txn<'_>) {
        if let Some(rendezvous) = &mut self.pairing {
            rendezvous.pairing.finish();
        }
        self.save_pairing(txn);
        self.outputs.push(Output::Event(Event::PairingChanged));
    }

    /// This device, which was nobody's, is one of its person's from now on.
    pub(super) fn welcomed(
        &mut self,
        txn: &mut Txn<'_>,
        welcome: &Welcome,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.roster.is_some() {
            return Ok(());
        }
        let Some((own, name, roster)) = self.check_welcome(welcome) else {
            // Both have confirmed, so this is no stranger: the other side is broken.
            self.break_linking(txn);
            return Ok(());
        };
        let record = &welcome.private.epoch.2;
        let sealing = UnsealingKey::from_seed(&self.me.sealing);
        let keyring = unseal_epoch(record, &[sealing]);
        let (_, keyring) = keyring.map_err(|_| Error::internal("it was opened just now"))?;
        self.dirty = true;
        self.me.person = own.id();
        self.me.name = Name(name.clone());
        self.me.private = welcome.private.space;
        self.me.recovery_mailbox = welcome.recovery_mailbox.clone();
        self.me.relay.clone_from(&welcome.relay);
        self.me.ticket = welcome.ticket.clone();
        self.me.roster = roster.records();
        self.me.since = outside.now;
        self.recovery = MailboxKeys::of_recovery(&self.me.recovery_mailbox);
        self.roster = Some(roster);
        self.know(txn, own.clone(), &name);
        self.take_keys(txn, &keyring.person, &own);
        self.take_copy(txn, &welcome.private, outside)?;
        if let Some(volumes) = &welcome.volumes {
            self.begin_filling(txn, volumes, outside)?;
        }
        self.save_me(txn);
        // Its first word to the others: the one that welcomed it sees that it was heard.
        let records = self.me.roster.iter().map(encode).collect();
        let private = self.me.private;
        self.author(
            txn,
            private,
            (Subject::ROSTER, None, None),
            records,
            outside,
        )?;
        self.end_linking(txn);
        Ok(())
    }

    /// Whose this device becomes, if the welcome is by who was compared with, and for it.
    fn check_welcome(&self, welcome: &Welcome) -> Option<(Person, String, Roster)> {
        let other = self.pairing.as_ref()?.pairing.other()?;
        let Who::Person { genesis, .. } = &other.who else {
            return None;
        };
        let copy = &welcome.private;
        let [(copied, successors, name)] = copy.persons.as_slice() else {
            return None;
        };
        let own = Person::check(genesis, successors).ok()?;
        let (epoch, secret, record) = &copy.epoch;
        let roster = Roster::check(&own, &record.statement.roster).ok()?;
        let sealing = UnsealingKey::from_seed(&self.me.sealing);
        let (opened, keyring) = unseal_epoch(record, &[sealing]).ok()?;
        let newest = keyring.person.iter().map(|keys| keys.generation).max()?;
        let sound = copied == genesis
            && copy.space == private_space(&own.id())
            && record.statement.epoch == *epoch
            && opened == *secret
            && newest >= own.generation()
            && super::founding::checked_name(name).is_ok()
            && roster.standing(&self.own_device()) == Standing::Member;
        sound.then(|| (own, name.clone(), roster))
    }

    /// Removes an own device, at once and offline: it opens nothing that is sealed from now on.
    pub(super) fn remove_device(
        &mut self,
        txn: &mut Txn<'_>,
        device: &VerifyingKey,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.is_unlocked()?;
        if *device == self.own_device() {
            return Err(Error::invalid(
                "this is the device that you hold; remove it from another of your devices",
            ));
        }
        if self.roster()?.standing(device) != Standing::Member {
            return Err(Error::new(
                ErrorKind::NotFound,
                "there is no such device on your list; look at the list again",
            ));
        }
        self.call_pairing_off(txn, outside)?;
        let device = *device;
        self.change_roster(txn, RosterAction::Remove { device }, outside)?;
        self.renew(txn, outside)
    }

    /// What a person should see of their own devices.
    pub(super) fn own_devices(&self) -> Vec<OwnDevice> {
        let own = self.own_device();
        let devices = self.roster.iter().flat_map(Roster::devices);
        devices
            .map(|device| OwnDevice {
                this: device.keys.signing == own,
                id: device.keys.signing,
                name: device.name,
            })
            .collect()
    }

    /// Whether a linked device that was welcomed has said a word yet: until then it may still
    /// look for the welcome.
    pub(super) fn has_heard_from_linked(&self) -> bool {
        let private = self.spaces.get(&self.me.private);
        private.is_some_and(|space| {
            let mut open = space.open.values();
            open.any(|epoch| {
                let own = epoch.own.as_ref().map(|own| own.certificate.author);
                epoch.authors.keys().any(|author| Some(*author) != own)
            })
        })
    }
}

/// The private space of a person.
pub(crate) fn private_space(person: &PersonId) -> SpaceId {
    SpaceId(digest("private space", &[&person.0]))
}

impl Core {
    /// Calls whatever pairing is under way off, because something else cannot wait for it.
    pub(super) fn call_pairing_off(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let under_way = self
            .pairing
            .as_ref()
            .is_some_and(|open| open.pairing.record().ended.is_none());
        if under_way {
            self.cancel_pairing(txn, outside)?;
        }
        Ok(())
    }

    /// One pairing at a time, one partner at a time. An invitation that nobody took up gives
    /// way to the next.
    pub(super) fn make_room_for_pairing(
        &mut self,
        txn: &mut Txn<'_>,
        purpose: Purpose,
        with: Option<PersonId>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if purpose == Purpose::Partner && self.me.shared.is_some() && with.is_none() {
            return Err(Error::invalid(
                "this journal is shared with a partner already; to compare with them once more, \
                 say that you do so again",
            ));
        }
        let signer = self.pairing_signer();
        let Some(rendezvous) = self.pairing.as_mut() else {
            return Ok(());
        };
        let record = rendezvous.pairing.record();
        let mailbox = rendezvous.keys.name();
        match record.ended {
            None if record.other.is_some() => {
                return Err(Error::invalid(
                    "a pairing is under way; answer its comparison or call it off first",
                ));
            }
            None => {
                let outcomes = rendezvous.pairing.cancel(&signer, outside);
                self.follow(txn, outcomes, outside)?;
            }
            // Once it is with the relay, whoever has yet to read it finds it there.
            Some(PairingEnd::Paired) if self.outbox.waits_at(&mailbox) => {
                return Err(Error::invalid(
                    "the other side cannot know yet that you have both confirmed; sync first",
                ));
            }
            Some(_) => {}
        }
        // One pairing's mailbox is open at a time: what waits for this one would wait forever.
        self.dirty = true;
        self.outbox.forget(txn, &mailbox);
        Ok(())
    }

    /// Whether the last pairing was agreed on, and the other side may still have to learn it.
    pub(super) fn is_unheard(&self) -> bool {
        let Some(rendezvous) = &self.pairing else {
            return false;
        };
        let record = rendezvous.pairing.record();
        let heard = match record.invitation.purpose {
            Purpose::Partner => self.me.shared.is_none() || self.has_heard_from_partner(),
            Purpose::OwnDevice => self.has_heard_from_linked(),
        };
        record.inviter && record.ended == Some(PairingEnd::Paired) && !heard
    }

    /// Begins an invitation of a purpose.
    pub(super) fn open_invitation(
        &mut self,
        txn: &mut Txn<'_>,
        (purpose, with): (Purpose, Option<PersonId>),
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        let relay = self.me.relay.clone().ok_or_else(|| {
            Error::invalid("an invitation needs a relay to meet at; name one first")
        })?;
        let expires = Timestamp(outside.now.0.saturating_add(i64::from(lifetime_secs)));
        let ticket = self.me.ticket.clone();
        let (pairing, link, outcomes) =
            Pairing::invite(&self.side()?, purpose, (&relay, ticket), expires, outside);
        let pairing = match with {
            Some(partner) => pairing.with(partner),
            None => pairing,
        };
        self.pairing = Some(Rendezvous::new(pairing));
        self.follow(txn, outcomes, outside)?;
        Ok(link)
    }
}
