//! Envelopes made by hand, as a changed client makes them: with a person's real secrets, and
//! with no rule kept unless the test keeps it.

use sidelight_crypto::{AuthorSigningKey, MailboxKeys, PersonSigningKey, erase_token};
use sidelight_format::record::{EpochSecretRecord, OwnAuthorRecord};
use sidelight_format::{
    AuthorId, Authored, Body, Bytes, Class, EntryId, EntryPreimage, EnvelopeId, EpochId, Mode,
    PersonId, Salt, Secret, SegmentId, Signature, SpaceId, Subject, Timestamp, envelope_id,
};
use sidelight_journal::{ActorId, Document, NewEntry, actor};
use sidelight_sync::authors::{Place, begin_author};
use sidelight_sync::{Outside, epoch_mailbox};

use super::{Story, draft};
use crate::sim::Chance;

/// A changed client's hand: one author of a home's person.
#[derive(Debug)]
pub struct Hand {
    /// Whose hand it is.
    pub person: PersonId,
    /// The space it writes in, and signs for.
    pub space: SpaceId,
    /// The epoch it writes in, and signs for.
    pub epoch: EpochId,
    /// The keys of the epoch's mailbox.
    pub keys: MailboxKeys,
    /// The author: its key, certificate, segment, and where its log stands.
    pub own: OwnAuthorRecord,
    /// The person's key, which certifies authors.
    pub signing: PersonSigningKey,
    erasing: Secret,
    dice: Chance,
}

/// The keys of an epoch's mailbox.
pub fn envelope_keys(epoch: &EpochSecretRecord) -> MailboxKeys {
    epoch_mailbox(&epoch.space, &epoch.secret)
}

impl Hand {
    /// A new author of `home`'s person in the shared space, truly certified.
    pub fn of(story: &Story, home: usize, stream: u64) -> Self {
        let space = story.device_record(home).shared.expect("paired");
        Self::in_space(story, home, space, stream)
    }

    /// The same in a space that `home` has one epoch of.
    pub fn in_space(story: &Story, home: usize, space: SpaceId, stream: u64) -> Self {
        let me = story.device_record(home);
        let epoch = story.epoch(home, &space);
        let keys = me.keys.last().expect("a person has keys");
        let signing = PersonSigningKey::from_seed(&keys.signing);
        let mut dice = Chance::new(story.seed, 7_000_000 + stream);
        let mut outside = Outside {
            now: Timestamp(0),
            rng: dice.rng(),
        };
        let segment = SegmentId(outside.random());
        let place = Place {
            space,
            epoch: EpochId::of(&space, &epoch.secret),
        };
        let own = begin_author(
            place,
            me.person,
            keys.generation,
            &signing,
            segment,
            &mut outside,
        );
        Self {
            person: me.person,
            space,
            epoch: place.epoch,
            keys: envelope_keys(&epoch),
            own,
            signing,
            erasing: keys.erasing.clone(),
            dice,
        }
    }

    /// The author.
    pub fn author(&self) -> AuthorId {
        self.own.certificate.author
    }

    /// Certifies the author anew, for whatever space, epoch and person the hand now claims.
    pub fn certify(&mut self) {
        let certificate = &mut self.own.certificate;
        certificate.person = self.person;
        let statement = certificate.statement(self.space, self.epoch);
        certificate.signature = self.signing.sign(&statement);
    }

    /// Some random bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut outside = Outside {
            now: Timestamp(0),
            rng: self.dice.rng(),
        };
        outside.random()
    }

    /// Where a new entry of `owner` would be.
    pub fn preimage(&mut self, owner: PersonId, mode: Mode) -> EntryPreimage {
        EntryPreimage {
            owner,
            mode,
            random: self.random(),
        }
    }

    /// The actor that this author must write as in an entry.
    pub fn actor(&self, entry: &EntryId) -> ActorId {
        actor(&self.author(), &self.own.segment, entry)
    }

    /// The first change of an entry, with this text.
    pub fn first_change(&self, preimage: &EntryPreimage, text: &str) -> (Document, Vec<u8>) {
        let draft = draft(text);
        let new = NewEntry {
            kind: draft.kind,
            date: draft.date,
            day_order: 1,
            text: draft.text,
            fields: draft.fields,
        };
        Document::create(&new, self.actor(&preimage.id(&self.space))).expect("a sound entry")
    }

    /// The next envelope of the log, signed, for a test to change before it is sealed.
    pub fn authored(&mut self, preimage: Option<EntryPreimage>, parts: Vec<Vec<u8>>) -> Authored {
        let mut authored = Authored {
            certificate: self.own.certificate,
            segment: self.own.segment,
            sequence: self.own.next,
            previous: self.own.link,
            heads: Vec::new(),
            salt: Salt(self.random()),
            subject: Subject::ENTRY,
            entry: preimage,
            voice: None,
            parts: parts.into_iter().map(Bytes::from).collect(),
            signature: Signature::from_bytes(&[0; 64]),
        };
        self.sign(&mut authored);
        authored
    }

    /// Signs, for the space and epoch that the hand claims.
    pub fn sign(&self, authored: &mut Authored) {
        let statement = authored.statement(self.space, self.epoch);
        authored.signature = AuthorSigningKey::from_seed(&self.own.signing).sign(&statement);
    }

    /// Seals. The log goes on after it.
    pub fn seal(&mut self, authored: Authored) -> Bytes {
        let statement = authored.statement(self.space, self.epoch);
        self.own.next = statement.sequence.next();
        self.own.link = statement.link();
        let token = erase_token(&self.erasing, &authored.salt);
        self.seal_body(&Body::Authored(Box::new(authored)), &token)
    }

    /// Seals any body.
    pub fn seal_body(&mut self, body: &Body, token: &sidelight_format::EraseToken) -> Bytes {
        let sealed = self.keys.seal(Class::Live, body, token, self.dice.rng());
        Bytes::from(sealed.expect("it fits"))
    }

    /// An envelope that keeps all rules.
    pub fn envelope(&mut self, preimage: EntryPreimage, parts: Vec<Vec<u8>>) -> Bytes {
        let authored = self.authored(Some(preimage), parts);
        self.seal(authored)
    }

    /// An envelope's id in this mailbox.
    pub fn id(&self, envelope: &Bytes) -> EnvelopeId {
        envelope_id(&self.keys.name(), envelope)
    }
}

impl Story {
    /// Puts envelopes into a mailbox at the relay, over a connection of whoever has its keys.
    pub fn post(&mut self, keys: &MailboxKeys, envelopes: impl IntoIterator<Item = Bytes>) {
        let frames = envelopes
            .into_iter()
            .map(|envelope| sidelight_format::Frame::Put { envelope });
        self.speak_to_relay(keys, frames.collect());
    }
}
