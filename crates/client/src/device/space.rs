//! What the hub holds of a space in memory: its members, and the epochs that nothing continues.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{AuthorRecord, EpochSecretRecord, OwnAuthorRecord, SpaceRecord};
use sidelight_format::{
    AuthorCertificate, AuthorId, EnvelopeId, EpochId, Head, PersonId, SpaceId, limits,
};
use sidelight_sync::{EpochGraph, Person, epoch_mailbox};

/// How many epochs before a leaf are still listened to: who wrote before hearing of what
/// follows wrote there, and a relay that loses something there is refilled. With a rotation
/// every week, two months.
pub(super) const STEPS_BACK: usize = 8;

/// A space.
pub(super) struct Space {
    pub(super) id: SpaceId,
    pub(super) record: SpaceRecord,
    pub(super) graph: EpochGraph,
    /// The epochs that are listened to: the recent ones, and those not yet read to their end.
    pub(super) open: BTreeMap<EpochId, Epoch>,
}

/// An epoch that can be written in or received from.
pub(super) struct Epoch {
    pub(super) record: EpochSecretRecord,
    pub(super) keys: MailboxKeys,
    pub(super) own: Option<OwnAuthorRecord>,
    pub(super) authors: BTreeMap<AuthorId, AuthorRecord>,
    /// Certificates verified since opening, so that each is verified once.
    pub(super) verified: BTreeMap<AuthorId, AuthorCertificate>,
}

impl Epoch {
    pub(super) fn new(record: EpochSecretRecord) -> Self {
        Self {
            keys: epoch_mailbox(&record.space, &record.secret),
            record,
            own: None,
            authors: BTreeMap::new(),
            verified: BTreeMap::new(),
        }
    }

    /// Where the other authors stand, for the next envelope of our own.
    pub(super) fn heads_of_others(&self) -> Vec<Head> {
        let own = self.own.as_ref().map(|own| own.certificate.author);
        let others = self
            .authors
            .iter()
            .filter(|(author, _)| Some(**author) != own);
        others.filter_map(|(_, record)| record.head).collect()
    }
}

impl Space {
    pub(super) fn new(id: SpaceId, record: SpaceRecord) -> Self {
        let graph = EpochGraph::of(&record.epochs);
        Self {
            id,
            record,
            graph,
            open: BTreeMap::new(),
        }
    }

    /// The epochs to listen to.
    pub(super) fn listened(&self) -> BTreeSet<EpochId> {
        let mut listened = self.graph.recent(STEPS_BACK);
        listened.extend(&self.record.unread);
        listened
    }

    /// Whether an epoch was begun where the space belongs.
    pub(super) fn is_at_its_relay(&self, epoch: &EpochId) -> bool {
        let opened = self.open.get(epoch);
        let there = opened.and_then(|opened| super::moving::stated(&opened.record));
        self.record.relay.is_none() || there == self.record.relay
    }

    /// Remembers an envelope with an epoch that cannot be followed yet; the oldest gives way.
    pub(super) fn set_aside(&mut self, envelope: EnvelopeId) {
        let pending = &mut self.record.pending;
        if !pending.contains(&envelope) {
            if pending.len() >= limits::PENDING_EPOCHS_MAX {
                pending.remove(0);
            }
            pending.push(envelope);
        }
    }

    /// Those who keep it, of the persons known.
    pub(super) fn members<'a>(&self, persons: &'a BTreeMap<PersonId, Known>) -> Vec<&'a Person> {
        self.record
            .persons
            .iter()
            .filter_map(|id| persons.get(id))
            .map(|known| &known.person)
            .collect()
    }
}

/// A person known here.
pub(super) struct Known {
    pub(super) person: Person,
}
