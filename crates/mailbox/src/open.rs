//! A mailbox while it is in use: its ledger, who listens, what waits for the commit.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::{EnvelopeId, Position, RunningHash};

use crate::{Ledger, LinkId, Place};

/// A mailbox that at least one link has open, or that waits for a commit.
pub(crate) struct OpenMailbox {
    /// As it will stand after the commit.
    pub(crate) ledger: Ledger,
    /// As far as it is durable: all that [`State`](sidelight_format::Frame::State) and
    /// [`Fetched`](sidelight_format::Frame::Fetched) ever tell.
    pub(crate) durable: (Position, RunningHash),
    /// Who listens.
    pub(crate) links: BTreeSet<LinkId>,
    /// What was put since the last commit, by position.
    pub(crate) puts: Vec<Put>,
    /// Where in `puts` an id is.
    pub(crate) put_at: BTreeMap<EnvelopeId, usize>,
    /// What was dropped since the last commit, and who asked.
    pub(crate) drops: BTreeMap<EnvelopeId, BTreeSet<LinkId>>,
}

/// An envelope that waits for the commit.
pub(crate) struct Put {
    pub(crate) id: EnvelopeId,
    pub(crate) place: Place,
    /// Who put it: they are told if it fails.
    pub(crate) by: BTreeSet<LinkId>,
}

impl OpenMailbox {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            durable: (ledger.length, ledger.hash),
            links: BTreeSet::new(),
            puts: Vec::new(),
            put_at: BTreeMap::new(),
            drops: BTreeMap::new(),
        }
    }

    /// The envelope of this id that waits for the commit.
    pub(crate) fn put_mut(&mut self, id: &EnvelopeId) -> Option<&mut Put> {
        self.put_at.get(id).map(|at| &mut self.puts[*at])
    }

    /// Takes the next position for an envelope.
    pub(crate) fn list(&mut self, id: EnvelopeId, place: Place, by: LinkId) {
        self.ledger.length = self.ledger.length.next();
        self.ledger.hash = self.ledger.hash.after(&id);
        self.put_at.insert(id, self.puts.len());
        self.puts.push(Put {
            id,
            place,
            by: BTreeSet::from([by]),
        });
    }
}
