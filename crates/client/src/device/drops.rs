//! What relays are yet to drop: kept until a relay says that the body is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sidelight_format::record::DropRecord;
use sidelight_format::{EnvelopeId, Frame, MailboxName};
use sidelight_store::{Direction, Key, Txn};

use super::Output;
use super::core::Core;
use crate::Error;

/// How many drops may be on their way on one link without an answer: each costs the relay a
/// write, and its answer goes to everybody who listens.
const IN_FLIGHT_MAX: usize = 256;

/// The drops that wait, all of them in memory: people erase little.
#[derive(Default)]
pub(super) struct Drops {
    waiting: BTreeMap<MailboxName, BTreeMap<u64, DropRecord>>,
    numbers: HashMap<(MailboxName, EnvelopeId), u64>,
    next: u64,
}

impl Drops {
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        let mut drops = Self::default();
        for (number, record) in txn.range::<DropRecord>(0, Direction::Up, usize::MAX)? {
            drops.next = number + 1;
            drops.insert(number, record);
        }
        Ok(drops)
    }

    /// Lets a drop wait, unless it does.
    pub(super) fn push(&mut self, txn: &mut Txn<'_>, record: DropRecord) {
        if !self.waits(&record.mailbox, &record.envelope) {
            let number = self.next;
            self.next += 1;
            txn.put(Key::Number(number), &record);
            self.insert(number, record);
        }
    }

    /// A relay has dropped the body, or never had it.
    fn done(&mut self, txn: &mut Txn<'_>, mailbox: &MailboxName, id: &EnvelopeId) -> Option<u64> {
        let number = self.numbers.remove(&(*mailbox, *id))?;
        if let Some(waiting) = self.waiting.get_mut(mailbox) {
            waiting.remove(&number);
            if waiting.is_empty() {
                self.waiting.remove(mailbox);
            }
        }
        txn.delete::<DropRecord>(Key::Number(number));
        Some(number)
    }

    /// Drops that are not to be asked for any more.
    pub(super) fn forget(&mut self, txn: &mut Txn<'_>, which: impl Fn(&DropRecord) -> bool) {
        let drops = self.waiting.values().flat_map(BTreeMap::values);
        let forgotten: Vec<_> = drops
            .filter(|drop| which(drop))
            .map(|drop| (drop.mailbox, drop.envelope))
            .collect();
        for (mailbox, envelope) in forgotten {
            self.done(txn, &mailbox, &envelope);
        }
    }

    pub(super) fn waits(&self, mailbox: &MailboxName, id: &EnvelopeId) -> bool {
        self.numbers.contains_key(&(*mailbox, *id))
    }

    pub(super) fn waits_at(&self, mailbox: &MailboxName) -> bool {
        self.waiting.contains_key(mailbox)
    }

    /// One drop for each mailbox at which some wait.
    pub(super) fn by_mailbox(&self) -> impl Iterator<Item = &DropRecord> {
        self.waiting
            .values()
            .filter_map(|drops| drops.values().next())
    }

    fn insert(&mut self, number: u64, record: DropRecord) {
        self.numbers
            .insert((record.mailbox, record.envelope), number);
        self.waiting
            .entry(record.mailbox)
            .or_default()
            .insert(number, record);
    }
}

impl Core {
    /// A relay says that it has dropped a body, or that it has no such envelope. If it shows the
    /// body again, it is told again.
    pub(super) fn dropped(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        id: &EnvelopeId,
    ) -> bool {
        let Some(number) = self.drops.done(txn, mailbox, id) else {
            return false;
        };
        for link in self.links.values_mut() {
            link.drops.remove(&number);
        }
        true
    }

    /// Asks relays to drop what they are to drop, once they keep the erasure that says so.
    pub(super) fn send_drops(&mut self) {
        for (link, opened) in &mut self.links {
            let Some(waiting) = self.drops.waiting.get(&opened.mailbox) else {
                continue;
            };
            for (number, record) in waiting {
                if opened.drops.len() >= IN_FLIGHT_MAX {
                    break;
                }
                let (mailbox, erasure) = &record.after;
                if self.outbox.waits(mailbox, erasure) || !opened.drops.insert(*number) {
                    continue;
                }
                self.outputs.push(Output::Send(
                    *link,
                    Frame::Drop {
                        id: record.envelope,
                        token: record.token,
                    },
                ));
            }
        }
    }
}

/// The drops that were sent on a link and have not been answered.
pub(super) type DropsInFlight = BTreeSet<u64>;
