//! Gaps: what is missing in a log when everything that could explain it has been read.
//!
//! What is missing in one epoch may have been erased in another one, and each epoch is read on a
//! link of its own: that both are at their ends says nothing of what is on its way on either. So
//! a gap is told when the other epochs have been read to their ends once more since it was seen.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::Fact;
use sidelight_format::{MailboxName, SpaceId};
use sidelight_store::Txn;
use sidelight_sync::{Limit, Outside, chain};

use super::core::{Core, FactKey, Purpose, fact_key};
use crate::Error;

/// Gaps that were seen in a space, and the mailboxes that are being read once more.
#[derive(Default)]
pub(super) struct Suspected {
    gaps: BTreeSet<FactKey>,
    unread: BTreeSet<MailboxName>,
}

impl Core {
    /// All that a mailbox's relay lists is here: whatever is still missing may be a gap.
    pub(super) fn report_gaps(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let Some(Purpose::Epoch(space, _)) = self.purpose(mailbox) else {
            return Ok(());
        };
        if self.moves.is_under_way(&space) {
            // What the former relay has dropped may not have come to the new one yet.
            return Ok(());
        }
        let beside = self.read_beside(&space, mailbox);
        let mut suspected = self.suspected.remove(&space).unwrap_or_default();
        suspected.unread.remove(mailbox);
        suspected.unread.retain(|unread| beside.contains(unread));
        let gaps = self.gaps(&space);
        if !suspected.unread.is_empty() {
            self.suspected.insert(space, suspected);
            return Ok(());
        }
        let (certain, new): (Vec<Fact>, Vec<Fact>) = gaps
            .into_iter()
            .filter(|gap| !self.facts.contains(&fact_key(gap)))
            .partition(|gap| beside.is_empty() || suspected.gaps.contains(&fact_key(gap)));
        for gap in certain {
            self.report(txn, gap, outside.now)?;
        }
        if !new.is_empty() {
            self.read_again(&beside);
            let suspected = Suspected {
                gaps: new.iter().map(fact_key).collect(),
                unread: beside,
            };
            self.suspected.insert(space, suspected);
        }
        Ok(())
    }

    /// The other mailboxes of a space at the same relay. Another relay may never be reached, and
    /// holds nothing up.
    fn read_beside(&self, space: &SpaceId, mailbox: &MailboxName) -> BTreeSet<MailboxName> {
        let Some(known) = self.spaces.get(space).filter(|known| !known.record.left) else {
            return BTreeSet::new();
        };
        let epochs = known.open.values();
        let mailboxes = epochs.map(|epoch| (epoch.keys.name(), epoch.record.relay.as_ref()));
        let mut others: BTreeMap<MailboxName, _> = mailboxes.collect();
        let here = others.remove(mailbox).flatten();
        let beside = others.into_iter().filter(|(_, relay)| *relay == here);
        beside.map(|(name, _)| name).collect()
    }

    /// What is missing in the logs of a space.
    fn gaps(&self, space: &SpaceId) -> Vec<Fact> {
        let Some(known) = self.spaces.get(space) else {
            return Vec::new();
        };
        let authors = known.open.iter().flat_map(|(epoch, opened)| {
            let authors = opened.authors.iter();
            authors.map(move |(author, record)| (epoch, author, record))
        });
        let gap = |(epoch, author, record): (_, &_, &sidelight_format::record::AuthorRecord)| {
            let (from, to) = chain::gap(record)?;
            // What lies beyond where its person closed the epoch is not missing.
            let to = match known.graph.limit(epoch, &record.person, author) {
                Limit::None => to,
                Limit::UpTo(last) => to.min(last),
                Limit::Nothing => return None,
            };
            (from <= to).then_some(Fact::Gap {
                person: record.person,
                author: *author,
                from,
                to,
            })
        };
        authors.filter_map(gap).collect()
    }
}
