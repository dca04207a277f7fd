//! Pairing on this device: the invitation's mailbox, the person's answers, the first epoch.

use sidelight_crypto::DeviceSigningKey;
use sidelight_format::record::{EnvelopeRecord, Fact};
use sidelight_format::{
    Body, EnvelopeId, EpochRecord, InvitationLink, PersonId, Purpose, SpaceId, Who,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outcome, Outside, Pairing, Person, Signer, check_epoch, open_epoch};

use super::core::Core;
use super::{Event, Output, PairingView};
use crate::{Error, ErrorKind};

impl Core {
    pub(super) fn invite(
        &mut self,
        txn: &mut Txn<'_>,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        let with = self.partner_in_doubt();
        self.make_room_for_pairing(txn, Purpose::Partner, with, outside)?;
        self.open_invitation(txn, (Purpose::Partner, with), lifetime_secs, outside)
    }

    /// Invites the partner that there is to compare once more.
    pub(super) fn invite_again(
        &mut self,
        txn: &mut Txn<'_>,
        lifetime_secs: u32,
        outside: &mut Outside<'_>,
    ) -> Result<InvitationLink, Error> {
        let with = Some(self.partner()?);
        self.make_room_for_pairing(txn, Purpose::Partner, with, outside)?;
        self.open_invitation(txn, (Purpose::Partner, with), lifetime_secs, outside)
    }

    /// Takes up the invitation of the partner that there is, to compare once more.
    pub(super) fn join_again(
        &mut self,
        txn: &mut Txn<'_>,
        link: &InvitationLink,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let with = Some(self.partner()?);
        self.join_with(txn, link, with, outside)
    }

    /// The partner that there is.
    fn partner(&self) -> Result<PersonId, Error> {
        let shared = self.me.shared.and_then(|shared| self.spaces.get(&shared));
        let mut persons = shared.into_iter().flat_map(|space| &space.record.persons);
        let partner = persons.find(|person| **person != self.me.person);
        partner.copied().ok_or_else(|| {
            Error::new(
                ErrorKind::NotPaired,
                "there is no partner to compare with; invite one first",
            )
        })
    }

    /// The partner, if they must be compared with again before anything is shared.
    pub(super) fn partner_in_doubt(&self) -> Option<PersonId> {
        let shared = self.me.shared?;
        let partner = self.partner().ok()?;
        (!self.keys_are_certain(&shared)).then_some(partner)
    }

    /// The partner was compared with once more, and both have confirmed: what they showed is
    /// their chain, whatever else was signed, and what both keep goes on.
    fn compared_again(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let (Some(rendezvous), Some(shared)) = (&self.pairing, self.me.shared) else {
            return Ok(());
        };
        let (_, other, name) = founders(&rendezvous.pairing)?;
        let known = self.persons.get(&other.id());
        let known = known.ok_or_else(|| Error::internal("a stranger was compared with"))?;
        let mut person = known.person.clone();
        person
            .settle(&other)
            .map_err(|_| Error::internal("a stranger was compared with"))?;
        self.know(txn, person, &name);
        self.finish_pairing(txn, shared, outside)?;
        let unconfirmed = self
            .spaces
            .get_mut(&shared)
            .is_some_and(|space| std::mem::take(&mut space.record.unconfirmed));
        self.save_space(txn, shared);
        if unconfirmed {
            // The partner hears of the new keys, and is written to under nothing older.
            self.writable_epoch(txn, shared, outside)?;
        }
        Ok(())
    }

    /// What signs this side's answer to a comparison.
    pub(super) fn pairing_signer(&self) -> Signer {
        if self.roster.is_none() {
            Signer::Device(DeviceSigningKey::from_seed(&self.me.signing))
        } else {
            Signer::Person(self.signing())
        }
    }

    pub(super) fn confirm(
        &mut self,
        txn: &mut Txn<'_>,
        same: bool,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let signer = self.pairing_signer();
        let Some(rendezvous) = self.pairing.as_mut() else {
            return Err(Error::invalid(
                "there is no pairing under way; invite or join first",
            ));
        };
        let record = rendezvous.pairing.record();
        if record.ended.is_some() {
            return Err(Error::invalid("this pairing is over; invite again"));
        }
        if record.confirmed.is_some() {
            return Err(Error::invalid(
                "you have answered already; your partner has yet to",
            ));
        }
        if rendezvous.pairing.comparison().is_none() {
            return Err(Error::invalid(
                "there is nothing to compare yet; wait until both of you see the seven emoji",
            ));
        }
        let outcomes = rendezvous.pairing.confirm(same, &signer, outside);
        self.follow(txn, outcomes, outside)
    }

    pub(super) fn cancel_pairing(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let signer = self.pairing_signer();
        let open = self
            .pairing
            .as_mut()
            .filter(|open| open.pairing.record().ended.is_none());
        let Some(rendezvous) = open else {
            return Err(Error::invalid("there is no pairing under way"));
        };
        let outcomes = rendezvous.pairing.cancel(&signer, outside);
        self.follow(txn, outcomes, outside)
    }

    /// An invitation that nobody took up in time is over.
    pub(super) fn expire_pairing(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let Some(rendezvous) = self.pairing.as_mut() else {
            return Ok(());
        };
        match rendezvous.pairing.expire(outside.now) {
            outcomes if outcomes.is_empty() => Ok(()),
            outcomes => self.follow(txn, outcomes, outside),
        }
    }

    pub(super) fn pairing_view(&self) -> Option<PairingView> {
        let pairing = &self.pairing.as_ref()?.pairing;
        let record = pairing.record();
        Some(PairingView {
            inviter: record.inviter,
            own_device: record.invitation.purpose == Purpose::OwnDevice,
            other_name: pairing.other().map(|other| other.name.clone()),
            comparison: pairing.comparison().map(|emoji| {
                emoji
                    .iter()
                    .map(|emoji| (emoji.symbol, emoji.name))
                    .collect()
            }),
            confirmed: record.confirmed,
            ended: record.ended,
        })
    }

    /// Takes in a message of the pairing's mailbox. One that comes before what it follows is
    /// set aside and tried again after each step, since the relay may show them in any order.
    pub(super) fn receive_pairing(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: EnvelopeId,
        body: &Body,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if !self.use_message(txn, envelope, body, outside)? {
            if let Some(rendezvous) = &mut self.pairing
                && rendezvous.pairing.set_aside(envelope)
            {
                self.save_pairing(txn);
            }
            return Ok(());
        }
        loop {
            let Some(rendezvous) = &mut self.pairing else {
                return Ok(());
            };
            let mut progress = false;
            for envelope in rendezvous.pairing.take_unused() {
                let kept = txn.get::<EnvelopeRecord>(Key::Name(&envelope.0))?;
                let opened = match (&self.pairing, kept) {
                    (Some(rendezvous), Some(kept)) => rendezvous.keys.open(&kept.bytes).ok(),
                    _ => None,
                };
                let Some((_, body)) = opened else { continue };
                if self.use_message(txn, envelope, &body, outside)? {
                    progress = true;
                } else if let Some(rendezvous) = &mut self.pairing {
                    rendezvous.pairing.set_aside(envelope);
                }
            }
            self.save_pairing(txn);
            if !progress {
                return Ok(());
            }
        }
    }

    /// Whether the message had its effect, or never will have one.
    fn use_message(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: EnvelopeId,
        body: &Body,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        let Some(rendezvous) = self.pairing.as_mut() else {
            return Ok(true);
        };
        match body {
            Body::Pairing(message) => {
                let before = rendezvous.pairing.clone();
                let outcomes = rendezvous.pairing.handle(message, outside);
                let used = !outcomes.is_empty() || rendezvous.pairing != before;
                if used {
                    self.follow(txn, outcomes, outside)?;
                }
                Ok(used)
            }
            Body::Epoch(record) => self.receive_first_epoch(txn, envelope, record, outside),
            _ => Ok(true),
        }
    }

    /// The joiner gets the first epoch of the shared space, once both sides have confirmed.
    fn receive_first_epoch(
        &mut self,
        txn: &mut Txn<'_>,
        id: EnvelopeId,
        record: &EpochRecord,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        let own_keys = self.unsealing();
        let Some(rendezvous) = self.pairing.as_ref() else {
            return Ok(true);
        };
        let kept = rendezvous.pairing.record();
        if kept.inviter || kept.ended.is_some() || kept.invitation.purpose != Purpose::Partner {
            return Ok(true);
        }
        if !rendezvous.pairing.is_agreed() {
            return Ok(false);
        }
        let relay = kept.relay.clone();
        let (space, inviter, name) = founders(&rendezvous.pairing)?;
        let me = self.me.person;
        let own = &self
            .persons
            .get(&me)
            .ok_or_else(|| Error::internal("who is me?"))?
            .person;
        let members = [&inviter, own];
        let recipients: Vec<_> = members
            .iter()
            .filter_map(|person| person.sealing_key())
            .map(sidelight_format::SealingKey::hash)
            .collect();
        let statement = &record.statement;
        let signed_by = check_epoch(record, &space, &members, &recipients);
        let sound = statement.signer == inviter.id()
            && statement.parents.is_empty()
            && statement.relay.as_ref() == Some(&relay);
        let opened = if sound {
            open_epoch(record, &own_keys).ok()
        } else {
            None
        };
        let (Some((secret, _)), Ok(signed_by)) = (opened, signed_by) else {
            self.report(
                txn,
                Fact::Refused {
                    person: None,
                    envelope: id,
                },
                outside.now,
            )?;
            return Ok(true);
        };
        let persons = vec![inviter.id(), me];
        let begun = sidelight_sync::Epoch {
            record: record.clone(),
            secret,
        };
        self.know(txn, inviter, &name);
        self.add_space(txn, space, persons, (begun, signed_by), outside);
        self.finish_pairing(txn, space, outside)?;
        Ok(true)
    }

    /// Both have confirmed: the inviter founds the shared space.
    fn found_shared(&mut self, txn: &mut Txn<'_>, outside: &mut Outside<'_>) -> Result<(), Error> {
        let Some(rendezvous) = &self.pairing else {
            return Ok(());
        };
        if !rendezvous.pairing.record().inviter {
            return Ok(());
        }
        let (mailbox, relay) = (
            rendezvous.keys.name(),
            rendezvous.pairing.record().relay.clone(),
        );
        let (space, joiner, name) = founders(&rendezvous.pairing)?;
        let me = self.me.person;
        let own = &self
            .persons
            .get(&me)
            .ok_or_else(|| Error::internal("who is me?"))?
            .person;
        let recipients: Vec<_> = [own, &joiner]
            .iter()
            .filter_map(|person| person.sealing_key().cloned())
            .collect();
        let begun = self.begin_first_epoch(
            space,
            Some(relay),
            &recipients.iter().collect::<Vec<_>>(),
            outside,
        )?;
        self.post_body(
            txn,
            mailbox,
            Body::Epoch(Box::new(begun.record.clone())),
            outside,
        )?;
        let persons = vec![me, joiner.id()];
        self.know(txn, joiner, &name);
        let begun = (begun, self.signing().verifying_key());
        self.add_space(txn, space, persons, begun, outside);
        self.finish_pairing(txn, space, outside)
    }

    fn finish_pairing(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.me.shared = Some(space);
        self.save_me(txn);
        if let Some(rendezvous) = &mut self.pairing {
            rendezvous.pairing.finish();
        }
        self.save_pairing(txn);
        self.outputs.push(Output::Event(Event::PairingChanged));
        self.copy_space(txn, space, outside)
    }

    /// Does what a step of the pairing leads to. The changed pairing is kept in the same batch
    /// as what it posts, so a first joiner is fixed before they get an answer.
    pub(super) fn follow(
        &mut self,
        txn: &mut Txn<'_>,
        outcomes: Vec<Outcome>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        self.dirty = true;
        self.save_pairing(txn);
        self.outputs.push(Output::Event(Event::PairingChanged));
        for outcome in outcomes {
            match outcome {
                Outcome::Post(message) => {
                    let Some(rendezvous) = &self.pairing else {
                        continue;
                    };
                    let mailbox = rendezvous.keys.name();
                    self.post_body(txn, mailbox, Body::Pairing(message), outside)?;
                }
                Outcome::Agreed => match self.purpose_of_pairing() {
                    Some(Purpose::OwnDevice) => self.take_device_in(txn, outside)?,
                    _ if self.compares_again() => self.compared_again(txn, outside)?,
                    _ => self.found_shared(txn, outside)?,
                },
                Outcome::Welcomed(welcome) => self.welcomed(txn, &welcome, outside)?,
                Outcome::SecondJoiner => self.report(txn, Fact::SecondJoiner, outside.now)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn compares_again(&self) -> bool {
        let open = self.pairing.as_ref();
        open.is_some_and(|open| open.pairing.record().with.is_some())
    }

    fn purpose_of_pairing(&self) -> Option<Purpose> {
        let open = self.pairing.as_ref()?;
        Some(open.pairing.record().invitation.purpose)
    }

    pub(super) fn save_pairing(&self, txn: &mut Txn<'_>) {
        if let Some(rendezvous) = &self.pairing {
            txn.put(
                Key::Name(&rendezvous.keys.name().0),
                rendezvous.pairing.record(),
            );
        }
    }
}

/// The space that a pairing founds, and the other side.
fn founders(pairing: &Pairing) -> Result<(SpaceId, Person, String), Error> {
    let (Some(space), Some(other)) = (pairing.space(), pairing.other()) else {
        return Err(Error::internal("a pairing that is agreed knows both sides"));
    };
    let Who::Person {
        genesis,
        successors,
    } = &other.who
    else {
        return Err(Error::internal("a partner is a person"));
    };
    let person = Person::check(genesis, successors)
        .map_err(|_| Error::internal("a bundle is checked before it is taken in"))?;
    Ok((space, person, other.name.clone()))
}
