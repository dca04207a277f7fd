//! Pairing: an invitation taken up, compared on both sides, and only then sealed to.
//!
//! The state is one [`PairingRecord`], so a pairing survives a restart at any step: whatever a
//! method posts may leave the device once the changed record is kept, not before.

use sidelight_crypto::pairing::{Emoji, Step, comparison, open, seal, transcript};
use sidelight_crypto::{
    DeviceSigningKey, PersonSigningKey, UnsealingKey, check_sealing_key, new_secret, verify,
};
use sidelight_format::record::{PairingEnd, PairingRecord};
use sidelight_format::{
    Bundle, Bytes, Confirmation, ConfirmationStatement, EnvelopeId, Hello, Invitation,
    InvitationLink, PairingMessage, Purpose, RelayAddress, Secret, Signature, SpaceId, Suite,
    Timestamp, VERSION, Welcome, Who, decode, digest, encode, limits,
};

use crate::{Outside, Person};

mod again;
mod welcome;

/// A pairing under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    record: PairingRecord,
}

/// What a step of a pairing leads to, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To be put into the invitation's mailbox.
    Post(Box<PairingMessage>),
    /// Both sides can be compared now.
    Compare,
    /// Both sides have confirmed. The inviter begins the first epoch now, or takes the new
    /// device in.
    Agreed,
    /// The joiner is an own device of the inviter's person now.
    Welcomed(Box<Welcome>),
    /// It is over.
    Ended(PairingEnd),
    /// Somebody else took up an invitation that was spent: to be reported.
    SecondJoiner,
}

/// Why an invitation is not taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotJoined {
    /// Of another version.
    #[error("the invitation was made by another version; update the app")]
    Version,
    /// Its time is over, by this device's clock.
    #[error("the invitation has expired; ask for a new one")]
    Expired,
    /// It is this person's own.
    #[error("this is your own invitation; the other person opens it on their phone")]
    Own,
    /// It is for a further device of the one who made it, and this is a person.
    #[error(
        "this link is for a new device of the person who made it, and there is a journal here already; ask your partner for an invitation instead"
    )]
    ForDevice,
    /// It is for a partner, and this is a device without a person.
    #[error(
        "this is an invitation for a partner, not for a device; begin a journal of your own first, then take it up"
    )]
    ForPartner,
}

/// Who this side is.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The person, or the device that is nobody's yet.
    pub who: Who,
    /// What they want to be called.
    pub name: &'a str,
}

/// What signs this side's answer to the comparison.
#[derive(Debug)]
pub enum Signer {
    /// The person.
    Person(PersonSigningKey),
    /// The device that is nobody's yet.
    Device(DeviceSigningKey),
}

impl Signer {
    fn sign(&self, statement: &ConfirmationStatement) -> Signature {
        match self {
            Self::Person(key) => key.sign(statement),
            Self::Device(key) => key.sign(statement),
        }
    }
}

impl Pairing {
    /// Invites: the state to keep, the link to show, and what to post.
    pub fn invite(
        side: &Side<'_>,
        purpose: Purpose,
        (relay, ticket): (&RelayAddress, Bytes),
        expires: Timestamp,
        outside: &mut Outside<'_>,
    ) -> (Self, InvitationLink, Vec<Outcome>) {
        let (own, pairing, nonce) = bundle(side, outside);
        let invitation = Invitation {
            version: VERSION,
            suite: Suite::One,
            purpose,
            secret: new_secret(outside.rng),
            fingerprint: own.fingerprint(),
            relay: relay.key(),
            expires,
            ticket,
        };
        let link = InvitationLink::new(relay, invitation.clone());
        let offer = Outcome::Post(Box::new(PairingMessage::Offer(own.clone())));
        (
            Self::new(invitation, relay.clone(), true, own, pairing, nonce),
            link,
            vec![offer],
        )
    }

    /// Takes an invitation up; the hello is sealed once the inviter's offer has come.
    ///
    /// # Errors
    /// [`NotJoined`].
    pub fn join(
        side: &Side<'_>,
        link: &InvitationLink,
        outside: &mut Outside<'_>,
    ) -> Result<Self, NotJoined> {
        let invitation = link.invitation();
        if invitation.version != VERSION {
            return Err(NotJoined::Version);
        }
        match (&side.who, invitation.purpose) {
            (Who::Person { .. }, Purpose::Partner) | (Who::Device(_), Purpose::OwnDevice) => {}
            (Who::Person { .. }, Purpose::OwnDevice) => return Err(NotJoined::ForDevice),
            (Who::Device(_), Purpose::Partner) => return Err(NotJoined::ForPartner),
        }
        if outside.now > invitation.expires {
            return Err(NotJoined::Expired);
        }
        let (own, pairing, nonce) = bundle(side, outside);
        Ok(Self::new(
            invitation.clone(),
            link.relay(),
            false,
            own,
            pairing,
            nonce,
        ))
    }

    fn new(
        invitation: Invitation,
        relay: RelayAddress,
        inviter: bool,
        own: Bundle,
        pairing: Secret,
        nonce: Secret,
    ) -> Self {
        Self {
            record: PairingRecord {
                invitation,
                relay,
                inviter,
                pairing,
                nonce,
                own,
                other: None,
                other_nonce: None,
                confirmed: None,
                other_confirmed: None,
                ended: None,
                with: None,
                unused: Vec::new(),
            },
        }
    }

    /// Goes on from what was kept.
    pub fn resume(record: PairingRecord) -> Self {
        Self { record }
    }

    /// What is to be kept.
    pub fn record(&self) -> &PairingRecord {
        &self.record
    }

    /// Names another relay for its mailbox: the one that there was is gone.
    pub fn set_relay(&mut self, relay: RelayAddress) {
        self.record.relay = relay;
    }

    /// The other side, once known. To be trusted only once both sides have confirmed.
    pub fn other(&self) -> Option<&Bundle> {
        self.record.other.as_ref()
    }

    /// What both sides compare, once it is known.
    pub fn comparison(&self) -> Option<[Emoji; 7]> {
        self.transcript().map(|transcript| comparison(&transcript))
    }

    /// Whether both sides have confirmed.
    pub fn is_agreed(&self) -> bool {
        self.record.confirmed == Some(true) && self.record.other_confirmed == Some(true)
    }

    /// The shared space that it founds.
    pub fn space(&self) -> Option<SpaceId> {
        self.transcript()
            .map(|transcript| SpaceId(digest("shared space", &[&transcript])))
    }

    /// Puts a message aside that came before what it follows; false if there are too many.
    pub fn set_aside(&mut self, envelope: EnvelopeId) -> bool {
        let unused = &mut self.record.unused;
        let fits = unused.len() < limits::PAIRING_UNUSED_MAX && !unused.contains(&envelope);
        if fits {
            unused.push(envelope);
        }
        fits
    }

    /// Takes out what was set aside, to be tried again.
    pub fn take_unused(&mut self) -> Vec<EnvelopeId> {
        core::mem::take(&mut self.record.unused)
    }

    /// Takes in a message of the other side (one's own, coming back, must be left out).
    pub fn handle(&mut self, message: &PairingMessage, outside: &mut Outside<'_>) -> Vec<Outcome> {
        match message {
            _ if self
                .record
                .ended
                .is_some_and(|ended| ended != PairingEnd::Paired) =>
            {
                Vec::new()
            }
            PairingMessage::Offer(bundle) => self.handle_offer(bundle, outside),
            PairingMessage::Join {
                encapsulated,
                ciphertext,
            } => self.handle_join(encapsulated, ciphertext, outside),
            PairingMessage::Reveal {
                encapsulated,
                ciphertext,
            } => self.handle_reveal(encapsulated, ciphertext),
            PairingMessage::Confirm {
                encapsulated,
                ciphertext,
            } => self.handle_confirm(encapsulated, ciphertext),
            PairingMessage::Welcome {
                encapsulated,
                ciphertext,
            } => self.handle_welcome(encapsulated, ciphertext),
        }
    }

    /// Says whether the person sees the same emoji as their partner.
    ///
    /// Nothing happens unless there is something to compare and no answer was given.
    pub fn confirm(
        &mut self,
        same: bool,
        signer: &Signer,
        outside: &mut Outside<'_>,
    ) -> Vec<Outcome> {
        let (Some(transcript), None, None) =
            (self.transcript(), self.record.confirmed, self.record.ended)
        else {
            return Vec::new();
        };
        let Some(other) = &self.record.other else {
            return Vec::new();
        };
        let inviter = self.record.inviter;
        let statement = ConfirmationStatement {
            transcript,
            inviter,
            same,
        };
        let confirmation = Confirmation {
            same,
            signature: signer.sign(&statement),
        };
        let step = if inviter {
            Step::ConfirmInviter
        } else {
            Step::ConfirmJoiner
        };
        let (encapsulated, ciphertext) = seal(
            step,
            &self.record.invitation,
            &other.pairing,
            &transcript,
            &encode(&confirmation),
            outside.rng,
        )
        .expect(PROOF);
        self.record.confirmed = Some(same);
        let mut outcomes = vec![Outcome::Post(Box::new(PairingMessage::Confirm {
            encapsulated,
            ciphertext,
        }))];
        outcomes.extend(self.settle());
        outcomes
    }

    /// Calls it off; the invitation is spent. If the other side can already compare, they are
    /// told no.
    pub fn cancel(&mut self, signer: &Signer, outside: &mut Outside<'_>) -> Vec<Outcome> {
        if self.record.ended.is_some() {
            return Vec::new();
        }
        let mut outcomes = self.confirm(false, signer, outside);
        outcomes.retain(|outcome| matches!(outcome, Outcome::Post(_)));
        self.record.ended = Some(PairingEnd::Cancelled);
        outcomes.push(Outcome::Ended(PairingEnd::Cancelled));
        outcomes
    }

    /// Ends it if its time is over and nobody has joined.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Outcome> {
        if self.record.ended.is_some()
            || self.record.other.is_some()
            || now <= self.record.invitation.expires
        {
            return Vec::new();
        }
        self.end(PairingEnd::Expired)
    }

    /// The space has begun: the pairing is done.
    pub fn finish(&mut self) {
        self.record.ended = Some(PairingEnd::Paired);
    }

    fn end(&mut self, end: PairingEnd) -> Vec<Outcome> {
        self.record.ended = Some(end);
        vec![Outcome::Ended(end)]
    }

    /// The joiner learns who invites. Only the bundle that the code named counts.
    fn handle_offer(&mut self, offered: &Bundle, outside: &mut Outside<'_>) -> Vec<Outcome> {
        let record = &mut self.record;
        if record.inviter
            || record.other.is_some()
            || offered.fingerprint() != record.invitation.fingerprint
            || !is_well_formed(offered, Purpose::Partner)
        {
            return Vec::new();
        }
        if self.is_stranger(offered) {
            return self.end(PairingEnd::Stranger);
        }
        let record = &mut self.record;
        let hello = Hello {
            bundle: record.own.clone(),
            nonce: *record.nonce.expose(),
        };
        let (encapsulated, ciphertext) = seal(
            Step::Join,
            &record.invitation,
            &offered.pairing,
            &record.invitation.fingerprint,
            &encode(&hello),
            outside.rng,
        )
        .expect(PROOF);
        record.other = Some(offered.clone());
        vec![Outcome::Post(Box::new(PairingMessage::Join {
            encapsulated,
            ciphertext,
        }))]
    }

    /// The inviter learns who joins. The first well-formed joiner consumes the invitation.
    fn handle_join(
        &mut self,
        encapsulated: &Bytes,
        ciphertext: &Bytes,
        outside: &mut Outside<'_>,
    ) -> Vec<Outcome> {
        let record = &mut self.record;
        if !record.inviter {
            // Two joiners hold one invitation; which of them the inviter took is not ours to know.
            return Vec::new();
        }
        let key = UnsealingKey::from_seed(&record.pairing);
        let fingerprint = record.invitation.fingerprint;
        let purpose = record.invitation.purpose;
        let opened = open(
            Step::Join,
            &record.invitation,
            &key,
            &fingerprint,
            encapsulated,
            ciphertext,
        )
        .ok()
        .and_then(|bytes| decode::<Hello>(&bytes).ok())
        .filter(|hello| is_well_formed(&hello.bundle, purpose))
        .filter(|hello| Bundle::commitment(&hello.nonce) == hello.bundle.commitment);
        let Some(hello) = opened else {
            return Vec::new();
        };
        if record.other.is_some() {
            return vec![Outcome::SecondJoiner];
        }
        if outside.now > record.invitation.expires {
            return self.end(PairingEnd::Expired);
        }
        if hello.bundle.who == record.own.who {
            return self.end(PairingEnd::Broken);
        }
        if self.is_stranger(&hello.bundle) {
            return self.end(PairingEnd::Stranger);
        }
        let record = &mut self.record;
        let (encapsulated, ciphertext) = seal(
            Step::Reveal,
            &record.invitation,
            &hello.bundle.pairing,
            &hello.bundle.fingerprint(),
            record.nonce.expose(),
            outside.rng,
        )
        .expect(PROOF);
        record.other = Some(hello.bundle);
        record.other_nonce = Some(hello.nonce);
        vec![
            Outcome::Post(Box::new(PairingMessage::Reveal {
                encapsulated,
                ciphertext,
            })),
            Outcome::Compare,
        ]
    }

    /// The joiner learns the inviter's nonce, which the bundle in the code committed to.
    fn handle_reveal(&mut self, encapsulated: &Bytes, ciphertext: &Bytes) -> Vec<Outcome> {
        let record = &mut self.record;
        let (false, Some(other), None) = (record.inviter, &record.other, record.other_nonce) else {
            return Vec::new();
        };
        let key = UnsealingKey::from_seed(&record.pairing);
        let context = record.own.fingerprint();
        let opened = open(
            Step::Reveal,
            &record.invitation,
            &key,
            &context,
            encapsulated,
            ciphertext,
        );
        let Some(nonce) = opened
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
        else {
            return Vec::new();
        };
        if Bundle::commitment(&nonce) != other.commitment {
            return self.end(PairingEnd::Broken);
        }
        record.other_nonce = Some(nonce);
        vec![Outcome::Compare]
    }

    fn handle_confirm(&mut self, encapsulated: &Bytes, ciphertext: &Bytes) -> Vec<Outcome> {
        let Some(transcript) = self.transcript() else {
            return Vec::new();
        };
        let record = &mut self.record;
        let (Some(other), None) = (&record.other, record.other_confirmed) else {
            return Vec::new();
        };
        let key = UnsealingKey::from_seed(&record.pairing);
        let step = if record.inviter {
            Step::ConfirmJoiner
        } else {
            Step::ConfirmInviter
        };
        let opened = open(
            step,
            &record.invitation,
            &key,
            &transcript,
            encapsulated,
            ciphertext,
        );
        let Some(confirmation) = opened
            .ok()
            .and_then(|bytes| decode::<Confirmation>(&bytes).ok())
        else {
            return Vec::new();
        };
        let same = confirmation.same;
        let statement = ConfirmationStatement {
            transcript,
            inviter: !record.inviter,
            same,
        };
        let signing = match &other.who {
            Who::Person {
                genesis,
                successors,
            } => Person::check(genesis, successors)
                .ok()
                .and_then(|person| person.newest_signing_key()),
            Who::Device(keys) => Some(keys.signing),
        };
        if signing.is_none_or(|key| verify(&key, &statement, &confirmation.signature).is_err()) {
            return Vec::new();
        }
        record.other_confirmed = Some(same);
        self.settle()
    }

    /// What the two answers make.
    fn settle(&mut self) -> Vec<Outcome> {
        match (self.record.confirmed, self.record.other_confirmed) {
            (Some(false), _) => self.end(PairingEnd::RefusedHere),
            (_, Some(false)) => self.end(PairingEnd::RefusedThere),
            (Some(true), Some(true)) => vec![Outcome::Agreed],
            _ => Vec::new(),
        }
    }

    fn transcript(&self) -> Option<[u8; 32]> {
        let record = &self.record;
        let (other, other_nonce) = (record.other.as_ref()?, record.other_nonce.as_ref()?);
        let own_nonce = record.nonce.expose();
        Some(if record.inviter {
            transcript(
                &record.invitation,
                &record.own,
                other,
                own_nonce,
                other_nonce,
            )
        } else {
            transcript(
                &record.invitation,
                other,
                &record.own,
                other_nonce,
                own_nonce,
            )
        })
    }
}

/// Why sealing to the other side's pairing key cannot fail.
const PROOF: &str = "a bundle's keys are checked before it is taken in";

fn bundle(side: &Side<'_>, outside: &mut Outside<'_>) -> (Bundle, Secret, Secret) {
    let (pairing, nonce) = (new_secret(outside.rng), new_secret(outside.rng));
    let bundle = Bundle {
        who: side.who.clone(),
        pairing: UnsealingKey::from_seed(&pairing).sealing_key(),
        name: side.name.to_owned(),
        commitment: Bundle::commitment(nonce.expose()),
    };
    (bundle, pairing, nonce)
}

/// An inviter is always a person; a joiner is what the invitation is for.
fn is_well_formed(bundle: &Bundle, purpose: Purpose) -> bool {
    let sound = match (&bundle.who, purpose) {
        (
            Who::Person {
                genesis,
                successors,
            },
            Purpose::Partner,
        ) => Person::check(genesis, successors).is_ok(),
        (Who::Device(keys), Purpose::OwnDevice) => check_sealing_key(&keys.sealing).is_ok(),
        _ => false,
    };
    sound && bundle.within_limits() && check_sealing_key(&bundle.pairing).is_ok()
}
