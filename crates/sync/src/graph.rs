//! The epochs of one space: which continue which, and which one to write in.
//!
//! Whatever the order in which records come, the same set of them gives the same graph and the
//! same choice, without a clock.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::EpochNode;
use sidelight_format::{
    AuthorId, EpochId, EpochRecord, Generation, KeyHash, PersonId, Sequence, limits,
};

/// The epochs accepted of one space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EpochGraph {
    nodes: BTreeMap<EpochId, EpochNode>,
}

/// What became of an epoch that was shown to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is in the graph now.
    New,
    /// It was there.
    Known,
    /// It continues an epoch that is not here: show it again when that one is.
    Orphan,
    /// Its signer has continued the same parent too often.
    TooMany,
}

impl EpochGraph {
    /// The graph of what was kept.
    pub fn of(nodes: &[EpochNode]) -> Self {
        Self {
            nodes: nodes
                .iter()
                .map(|node| (node.epoch, node.clone()))
                .collect(),
        }
    }

    /// What is to be kept, sorted.
    pub fn nodes(&self) -> Vec<EpochNode> {
        self.nodes.values().cloned().collect()
    }

    /// The place of a record among the others.
    pub fn node_of(record: &EpochRecord) -> EpochNode {
        let statement = &record.statement;
        EpochNode {
            epoch: statement.epoch,
            parents: statement.parents.clone(),
            recipients: statement
                .recipients
                .iter()
                .map(|sealed| sealed.recipient)
                .collect(),
            signer: statement.signer,
            generation: statement.generation,
            closing: statement.closing.clone(),
        }
    }

    /// Takes an epoch in. Its record was checked before.
    pub fn admit(&mut self, node: EpochNode) -> Admission {
        if self.nodes.contains_key(&node.epoch) {
            return Admission::Known;
        }
        if node
            .parents
            .iter()
            .any(|parent| !self.nodes.contains_key(parent))
        {
            return Admission::Orphan;
        }
        let siblings = |parent: &EpochId| {
            let same =
                |other: &&EpochNode| other.signer == node.signer && other.parents.contains(parent);
            self.nodes.values().filter(same).count()
        };
        if node
            .parents
            .iter()
            .any(|parent| siblings(parent) >= limits::SIBLINGS_MAX)
        {
            return Admission::TooMany;
        }
        self.nodes.insert(node.epoch, node);
        Admission::New
    }

    /// Takes an epoch in whose parents may not be here: an own device vouches for it, or has
    /// handed over the parents' secrets with it.
    pub fn enter(&mut self, node: EpochNode) {
        self.nodes.entry(node.epoch).or_insert(node);
    }

    /// The epochs that `epoch` continues and those before them, the nearest first, as far as
    /// they are here.
    pub fn earlier(&self, epoch: &EpochId) -> Vec<EpochNode> {
        let mut seen = BTreeSet::from([*epoch]);
        let mut found = Vec::new();
        let mut edge = vec![*epoch];
        while !edge.is_empty() {
            let parents: BTreeSet<EpochId> = edge
                .iter()
                .filter_map(|epoch| self.nodes.get(epoch))
                .flat_map(|node| node.parents.clone())
                .collect();
            edge = parents.into_iter().filter(|id| seen.insert(*id)).collect();
            found.extend(edge.iter().filter_map(|id| self.nodes.get(id)).cloned());
        }
        found
    }

    /// Whether it is in the graph.
    pub fn contains(&self, epoch: &EpochId) -> bool {
        self.nodes.contains_key(epoch)
    }

    /// The epochs that no other continues, sorted.
    pub fn leaves(&self) -> Vec<EpochId> {
        let continued: BTreeSet<_> = self.nodes.values().flat_map(|node| &node.parents).collect();
        self.nodes
            .keys()
            .filter(|epoch| !continued.contains(epoch))
            .copied()
            .collect()
    }

    /// The epoch to write in: of the leaves whose recipients are `recipients` and that their
    /// signer's newest keys signed, the lowest id.
    ///
    /// Without the second rule a removed device, which has the old keys, could begin an epoch
    /// in a mailbox that it still knows, sealed to the right recipients and to nobody's harm but
    /// that it has the secret.
    pub fn current(
        &self,
        recipients: &[KeyHash],
        newest: impl Fn(&PersonId) -> Option<Generation>,
    ) -> Option<EpochId> {
        let mut expected = recipients.to_vec();
        expected.sort_unstable();
        self.leaves().into_iter().find(|leaf| {
            let node = &self.nodes[leaf];
            node.recipients == expected && newest(&node.signer) == Some(node.generation)
        })
    }

    /// The leaves and the epochs at most `steps` before one: those whose mailboxes may still
    /// get something from who has not heard of what follows.
    pub fn recent(&self, steps: usize) -> BTreeSet<EpochId> {
        let mut recent: BTreeSet<EpochId> = self.leaves().into_iter().collect();
        let mut edge: Vec<EpochId> = recent.iter().copied().collect();
        for _ in 0..steps {
            edge = edge
                .iter()
                .filter_map(|epoch| self.nodes.get(epoch))
                .flat_map(|node| node.parents.clone())
                .collect();
            recent.extend(&edge);
        }
        recent
    }

    /// How far an author of `person` may have written in `epoch`: without limit, up to a
    /// sequence, or not at all. Whoever begins an epoch fixes where their own authors stand in
    /// its parents, so that a device they removed adds nothing; never where the other's stand.
    pub fn limit(&self, epoch: &EpochId, person: &PersonId, author: &AuthorId) -> Limit {
        let mut limit = Limit::None;
        for node in self.nodes.values() {
            if node.signer != *person || !node.parents.contains(epoch) {
                continue;
            }
            let closed = node.closing.iter().find(|head| head.author == *author);
            let closed = closed.map_or(Limit::Nothing, |head| Limit::UpTo(head.sequence));
            limit = limit.min(closed);
        }
        limit
    }
}

/// How far an author may have written in a closed epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Not at all.
    Nothing,
    /// Up to this sequence.
    UpTo(Sequence),
    /// Without limit: the epoch is not closed by the author's person.
    None,
}

impl Limit {
    /// Whether a sequence is within it.
    pub fn allows(self, sequence: Sequence) -> bool {
        match self {
            Self::Nothing => false,
            Self::UpTo(last) => sequence <= last,
            Self::None => true,
        }
    }

    fn min(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, other) | (other, Self::None) => other,
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::UpTo(a), Self::UpTo(b)) => Self::UpTo(a.min(b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_format::{Head, Link};

    fn node(epoch: u8, parents: &[u8], recipients: &[u8], signer: u8) -> EpochNode {
        EpochNode {
            epoch: EpochId([epoch; 32]),
            parents: parents
                .iter()
                .map(|parent| EpochId([*parent; 32]))
                .collect(),
            recipients: recipients.iter().map(|key| KeyHash([*key; 32])).collect(),
            signer: PersonId([signer; 32]),
            generation: Generation(0),
            closing: Vec::new(),
        }
    }

    fn first(_: &PersonId) -> Option<Generation> {
        Some(Generation(0))
    }

    #[test]
    fn an_epoch_signed_with_former_keys_is_not_written_in() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1, 2], 1));
        let recipients = [KeyHash([1; 32]), KeyHash([2; 32])];
        assert_eq!(graph.current(&recipients, first), Some(EpochId([9; 32])));
        assert_eq!(graph.current(&recipients, |_| Some(Generation(1))), None);
    }

    #[test]
    fn concurrent_epochs_settle_on_the_lowest_id_in_every_order() {
        let nodes = [
            node(9, &[], &[1, 2], 1),
            node(5, &[9], &[1, 2], 1),
            node(3, &[9], &[1, 2], 2),
        ];
        for order in [[0, 1, 2], [0, 2, 1]] {
            let mut graph = EpochGraph::default();
            for place in order {
                assert_eq!(graph.admit(nodes[place].clone()), Admission::New);
            }
            assert_eq!(
                graph.current(&[KeyHash([2; 32]), KeyHash([1; 32])], first),
                Some(EpochId([3; 32]))
            );
        }
    }

    #[test]
    fn an_epoch_for_former_recipients_is_not_written_in() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1, 2], 1));
        assert_eq!(
            graph.current(&[KeyHash([1; 32]), KeyHash([3; 32])], first),
            None
        );
    }

    #[test]
    fn who_begins_epochs_without_end_is_stopped() {
        let mut graph = EpochGraph::default();
        graph.admit(node(200, &[], &[1], 1));
        let admitted = (0..50).filter(|n| graph.admit(node(*n, &[200], &[1], 2)) == Admission::New);
        assert_eq!(admitted.count(), limits::SIBLINGS_MAX);
        assert_eq!(
            graph.admit(node(100, &[200], &[1], 1)),
            Admission::New,
            "the other is not"
        );
    }

    #[test]
    fn closing_limits_the_signers_own_authors_only() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1], 1));
        let known = AuthorId([7; 32]);
        let head = Head {
            author: known,
            sequence: Sequence(4),
            link: Link::START,
        };
        graph.admit(EpochNode {
            closing: vec![head],
            ..node(5, &[9], &[1], 1)
        });
        let limit =
            |person: u8, author| graph.limit(&EpochId([9; 32]), &PersonId([person; 32]), &author);
        assert!(limit(1, known).allows(Sequence(4)) && !limit(1, known).allows(Sequence(5)));
        assert!(!limit(1, AuthorId([8; 32])).allows(Sequence(0)));
        assert!(limit(2, AuthorId([8; 32])).allows(Sequence(99)));
    }
}
