//! The epochs of one space: which continue which, and which one to write in.
//!
//! Whatever the order in which records come, the same set of them gives the same graph and the
//! same choice, without a clock.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::EpochNode;
use sidelight_format::{
    AuthorId, EpochId, EpochRecord, KeyHash, PersonId, Sequence, VerifyingKey, limits,
};

/// How many epochs one key signs in a space before those of its epochs that nobody writes in are
/// left to themselves: more than all devices of a person make between two rotations.
const LED_OVER_MAX: usize = 64;

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
    /// It is in the graph now, and its signer's key has continued the same parent too often:
    /// none of those epochs is written in. To be reported.
    Crowd,
    /// It was there.
    Known,
    /// It continues no epoch that is here: show it again when one is.
    Orphan,
    /// Its signer's key has continued the same parent so often that no more are followed. To be
    /// reported.
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

    /// The place of a record among the others; `signed_by` is the key that signed it.
    pub fn node_of(record: &EpochRecord, signed_by: VerifyingKey) -> EpochNode {
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
            signed_by,
            closing: statement.closing.clone(),
        }
    }

    /// Takes an epoch in. Its record was checked before.
    pub fn admit(&mut self, node: EpochNode) -> Admission {
        if self.nodes.contains_key(&node.epoch) {
            return Admission::Known;
        }
        // One known parent is enough: a device that was linked while others had begun an epoch
        // without hearing of it has the others from the keyring only. And nobody begins a space
        // a second time, or its epochs would have no end.
        let known = |parent| self.nodes.contains_key(parent);
        if !self.nodes.is_empty() && !node.parents.iter().any(known) {
            return Admission::Orphan;
        }
        let siblings = self.siblings(&node);
        if siblings >= limits::SIBLINGS_FOLLOWED_MAX {
            return Admission::TooMany;
        }
        self.nodes.insert(node.epoch, node);
        if siblings >= limits::SIBLINGS_MAX {
            Admission::Crowd
        } else {
            Admission::New
        }
    }

    /// How many others that its key signed continue a parent that it continues: of the parent of
    /// which most do. A device that was removed has former keys only, so that none of what others
    /// begin is counted with what it does.
    fn siblings(&self, node: &EpochNode) -> usize {
        let of_parent = |parent: &EpochId| {
            let same = |other: &&EpochNode| {
                other.epoch != node.epoch
                    && other.signed_by == node.signed_by
                    && other.parents.contains(parent)
            };
            self.nodes.values().filter(same).count()
        };
        node.parents.iter().map(of_parent).max().unwrap_or(0)
    }

    fn is_crowd(&self, node: &EpochNode) -> bool {
        self.siblings(node) >= limits::SIBLINGS_MAX
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

    /// The leaves that the next epoch continues, sorted: as many as a record may name. Those that
    /// one signer began without end come last, and of those the ones with the highest ids.
    pub fn to_continue(&self) -> Vec<EpochId> {
        let mut leaves = self.leaves();
        leaves.sort_by_key(|leaf| self.is_crowd(&self.nodes[leaf]));
        leaves.truncate(limits::PARENTS_MAX);
        leaves.sort_unstable();
        leaves
    }

    /// The epoch to write in: of the leaves whose recipients are `recipients` and that their
    /// signer's newest key signed, the lowest id. None that is one of too many of its signer's.
    ///
    /// Without the second rule a removed device, which has the old keys, could begin an epoch
    /// in a mailbox that it still knows, sealed to the right recipients and to nobody's harm but
    /// that it has the secret. The key and not its generation is compared: in a fork, the branch
    /// that lost has a key of the same generation.
    pub fn current(
        &self,
        recipients: &[KeyHash],
        newest: impl Fn(&PersonId) -> Option<VerifyingKey>,
    ) -> Option<EpochId> {
        let qualifies = self.qualifying(recipients, newest);
        self.leaves()
            .into_iter()
            .find(|leaf| qualifies(&self.nodes[leaf]))
    }

    /// Whether there are leaves that nobody writes in any more. Whoever was sealed to them only
    /// looks for what follows there and nowhere else: the next to write begins an epoch that
    /// continues them too, even if there is one to write in.
    ///
    /// Epochs of which there are too many keep nobody busy, nor does a key that has signed more
    /// than any device that had not heard of a newer one would.
    pub fn has_stragglers(
        &self,
        recipients: &[KeyHash],
        newest: impl Fn(&PersonId) -> Option<VerifyingKey>,
    ) -> bool {
        let qualifies = self.qualifying(recipients, newest);
        let leaves = self.leaves().into_iter().map(|leaf| &self.nodes[&leaf]);
        let mut others = leaves.filter(|node| !self.is_crowd(node) && !self.is_busy(node));
        others.any(|node| !qualifies(node))
    }

    /// Whether its key has signed too many epochs for each to be led over: one that a thief has
    /// would otherwise cost a new epoch for every write.
    fn is_busy(&self, node: &EpochNode) -> bool {
        let same = |other: &&EpochNode| other.signed_by == node.signed_by;
        self.nodes.values().filter(same).count() > LED_OVER_MAX
    }

    fn qualifying(
        &self,
        recipients: &[KeyHash],
        newest: impl Fn(&PersonId) -> Option<VerifyingKey>,
    ) -> impl Fn(&EpochNode) -> bool {
        let mut expected = recipients.to_vec();
        expected.sort_unstable();
        move |node| {
            node.recipients == expected
                && newest(&node.signer) == Some(node.signed_by)
                && !self.is_crowd(node)
        }
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
                .filter(|parent| recent.insert(*parent))
                .collect();
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
    use sidelight_format::{Generation, Head, Link};

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
            signed_by: VerifyingKey([signer; 32]),
            closing: Vec::new(),
        }
    }

    fn first(signer: &PersonId) -> Option<VerifyingKey> {
        Some(VerifyingKey(signer.0))
    }

    #[test]
    fn an_epoch_signed_with_former_keys_is_not_written_in() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1, 2], 1));
        let recipients = [KeyHash([1; 32]), KeyHash([2; 32])];
        assert_eq!(graph.current(&recipients, first), Some(EpochId([9; 32])));
        let next = VerifyingKey([9; 32]);
        assert_eq!(graph.current(&recipients, |_| Some(next)), None);
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
        let mut admitted = (0..100).map(|n| graph.admit(node(n, &[200], &[1], 2)));
        let mut count = |admission| admitted.by_ref().take_while(|is| *is == admission).count();
        assert_eq!(count(Admission::New), limits::SIBLINGS_MAX);
        // `take_while` took the first of the crowd.
        assert_eq!(
            count(Admission::Crowd) + 1,
            limits::SIBLINGS_FOLLOWED_MAX - limits::SIBLINGS_MAX
        );
        assert_eq!(count(Admission::New), 0);
        assert_eq!(
            graph.admit(node(100, &[200], &[1], 1)),
            Admission::New,
            "the other is not"
        );
    }

    #[test]
    fn whichever_of_too_many_epochs_came_first_none_of_them_is_written_in() {
        let recipients = [KeyHash([1; 32])];
        let many: Vec<EpochNode> = (0..=limits::SIBLINGS_MAX as u8)
            .map(|n| node(n, &[200], &[1], 2))
            .collect();
        let honest = node(100, &[200], &[1], 1);
        let mut graphs = [EpochGraph::default(), EpochGraph::default()];
        for graph in &mut graphs {
            graph.admit(node(200, &[], &[1], 1));
        }
        for node in many.iter().chain([&honest]) {
            graphs[0].admit(node.clone());
        }
        for node in [&honest].into_iter().chain(many.iter().rev()) {
            graphs[1].admit(node.clone());
        }
        assert_eq!(graphs[0], graphs[1]);
        assert_eq!(graphs[0].current(&recipients, first), Some(honest.epoch));
    }

    #[test]
    fn an_epoch_continues_no_more_than_a_record_may_name_and_those_that_matter_first() {
        let mut graph = EpochGraph::default();
        graph.admit(node(200, &[], &[1], 1));
        for n in 0..40 {
            graph.admit(node(n, &[200], &[1], 2));
        }
        graph.admit(node(100, &[200], &[1], 1));
        let parents = graph.to_continue();
        assert_eq!(parents.len(), limits::PARENTS_MAX);
        assert!(parents.is_sorted() && parents.contains(&EpochId([100; 32])));
    }

    #[test]
    fn leaves_that_nobody_writes_in_are_led_over_by_the_next_epoch() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1, 2], 1));
        graph.admit(node(5, &[9], &[1, 2], 1));
        graph.admit(node(3, &[9], &[1, 3], 2));
        let recipients = [KeyHash([1; 32]), KeyHash([2; 32])];
        assert_eq!(graph.current(&recipients, first), Some(EpochId([5; 32])));
        assert!(graph.has_stragglers(&recipients, first));
        graph.admit(node(8, &[3, 5], &[1, 2], 1));
        graph.admit(node(7, &[3, 5], &[1, 2], 2));
        assert_eq!(graph.current(&recipients, first), Some(EpochId([7; 32])));
        assert!(!graph.has_stragglers(&recipients, first));
    }

    #[test]
    fn a_stolen_key_costs_no_new_epoch_for_every_write() {
        let mut graph = EpochGraph::default();
        graph.admit(node(200, &[], &[1, 2], 1));
        graph.admit(node(100, &[200], &[1, 2], 2));
        let recipients = [KeyHash([1; 32]), KeyHash([2; 32])];
        let former = |signer: &PersonId| first(signer).filter(|_| signer.0 != [1; 32]);
        let mut last = 200;
        for n in 101..101 + LED_OVER_MAX as u8 {
            assert!(n == 101 || graph.has_stragglers(&recipients, former));
            graph.admit(node(n, &[last], &[1, 2], 1));
            last = n;
        }
        assert!(!graph.has_stragglers(&recipients, former));
        assert_eq!(graph.current(&recipients, former), Some(EpochId([100; 32])));
    }

    #[test]
    fn who_has_a_former_key_only_crowds_out_no_epoch_of_the_same_person() {
        let mut graph = EpochGraph::default();
        graph.admit(node(200, &[], &[1], 1));
        for n in 0..limits::SIBLINGS_FOLLOWED_MAX as u8 {
            graph.admit(node(n, &[200], &[1], 2));
        }
        let next = VerifyingKey([9; 32]);
        let renewed = EpochNode {
            signed_by: next,
            ..node(150, &[200], &[1], 2)
        };
        assert_eq!(graph.admit(renewed), Admission::New);
        let current = graph.current(&[KeyHash([1; 32])], |_| Some(next));
        assert_eq!(current, Some(EpochId([150; 32])));
    }

    #[test]
    fn an_epoch_is_followed_if_one_of_its_parents_is_known_and_never_if_none_is() {
        let mut graph = EpochGraph::default();
        graph.admit(node(9, &[], &[1], 1));
        assert_eq!(graph.admit(node(5, &[7], &[1], 1)), Admission::Orphan);
        assert_eq!(graph.admit(node(6, &[], &[1], 1)), Admission::Orphan);
        assert_eq!(graph.admit(node(4, &[7, 9], &[1], 1)), Admission::New);
        assert_eq!(graph.leaves(), [EpochId([4; 32])]);
        assert!(graph.recent(3).contains(&EpochId([9; 32])));
        // The other parent comes late and is not written in.
        assert_eq!(graph.admit(node(7, &[9], &[1], 1)), Admission::New);
        assert_eq!(graph.leaves(), [EpochId([4; 32])]);
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
