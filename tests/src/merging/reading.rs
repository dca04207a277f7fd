//! What a device has, and what it reads out of that: the same of the same.

use sidelight_format::{EpochId, PersonSuccessor, RosterRecord, SealingKey, digest, encode};
use sidelight_sync::{EpochGraph, Person};

use super::member::{Member, hashes};

impl Member {
    /// Which records it has, as one hash: whoever has the same must read the same.
    pub fn set(&self) -> [u8; 32] {
        let steps = |person: &Person| {
            let mut hashes: Vec<_> = person.steps().iter().map(PersonSuccessor::hash).collect();
            hashes.sort_unstable();
            hashes
        };
        let epochs = |graph: &EpochGraph| -> Vec<EpochId> {
            graph.nodes().into_iter().map(|node| node.epoch).collect()
        };
        let roster: Vec<_> = self
            .roster
            .records()
            .iter()
            .map(RosterRecord::hash)
            .collect();
        // The keys in force, last, are the device's own matter while they are in doubt.
        let mut keys: Vec<_> = self.keys.iter().map(encode).collect();
        if let Some((_, others)) = keys.split_last_mut() {
            others.sort_unstable();
        }
        digest(
            "what a member has",
            &[
                &encode(&(self.own.id(), self.left, self.from_words)),
                &encode(&(roster, steps(&self.own), steps(&self.other))),
                &encode(&(epochs(&self.private), epochs(&self.shared))),
                &encode(&self.secrets.keys().collect::<Vec<_>>()),
                &encode(&keys),
            ],
        )
    }

    /// What it reads out of the records that it has, as one hash.
    pub fn reading(&self) -> [u8; 32] {
        let recipients = |keys: Option<Vec<SealingKey>>| keys.map(|keys| hashes(&keys));
        digest(
            "what a member reads",
            &[
                &encode(&(self.private_current(), self.shared_current())),
                &encode(&recipients(self.private_recipients())),
                &encode(&recipients(self.shared_recipients())),
                &encode(&(self.own.successors(), self.other.successors())),
                &encode(&(self.own.is_forked(), self.other.is_forked())),
                &encode(&(self.own.recovery_key(), self.roster.recovery_key())),
            ],
        )
    }
}
