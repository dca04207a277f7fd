//! What waits for a relay to say that it keeps it, in the order of writing.

use std::collections::{BTreeMap, HashMap};

use sidelight_format::record::OutboxRecord;
use sidelight_format::{EnvelopeId, MailboxName};
use sidelight_store::{Direction, Key, Txn};

use crate::Error;

/// The outbox: small rows in memory, envelopes in the store.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<MailboxName, BTreeMap<u64, EnvelopeId>>,
    numbers: HashMap<(MailboxName, EnvelopeId), u64>,
    /// Never given twice while this device is open: links remember how far they have sent.
    next: u64,
}

impl Outbox {
    /// Reads what waits: its cost grows with what was not sent, never with the journal.
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        let mut outbox = Self::default();
        loop {
            let rows = txn.range::<OutboxRecord>(outbox.next, Direction::Up, 1024)?;
            if rows.is_empty() {
                return Ok(outbox);
            }
            for (number, record) in rows {
                outbox.next = number + 1;
                outbox.insert(number, record);
            }
        }
    }

    /// Puts an envelope at the end, unless it waits already.
    pub(super) fn push(&mut self, txn: &mut Txn<'_>, record: OutboxRecord) {
        if !self
            .numbers
            .contains_key(&(record.mailbox, record.envelope))
        {
            let number = self.next;
            self.next += 1;
            txn.put(Key::Number(number), &record);
            self.insert(number, record);
        }
    }

    /// A relay keeps it: it waits no more.
    pub(super) fn acknowledge(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        id: &EnvelopeId,
    ) -> bool {
        let Some(number) = self.numbers.remove(&(*mailbox, *id)) else {
            return false;
        };
        if let Some(waiting) = self.waiting.get_mut(mailbox) {
            waiting.remove(&number);
            if waiting.is_empty() {
                self.waiting.remove(mailbox);
            }
        }
        txn.delete::<OutboxRecord>(Key::Number(number));
        true
    }

    /// Nothing waits for `mailbox` any more: it will not be opened again.
    pub(super) fn forget(&mut self, txn: &mut Txn<'_>, mailbox: &MailboxName) {
        for (number, id) in self.waiting.remove(mailbox).unwrap_or_default() {
            self.numbers.remove(&(*mailbox, id));
            txn.delete::<OutboxRecord>(Key::Number(number));
        }
    }

    /// The first that waits at `mailbox` after number `sent`.
    pub(super) fn after(
        &self,
        mailbox: &MailboxName,
        sent: Option<u64>,
    ) -> Option<(u64, EnvelopeId)> {
        let from = sent.map_or(0, |sent| sent + 1);
        self.waiting
            .get(mailbox)?
            .range(from..)
            .next()
            .map(|(number, id)| (*number, *id))
    }

    pub(super) fn waits_at(&self, mailbox: &MailboxName) -> bool {
        self.waiting.contains_key(mailbox)
    }

    /// Whether this envelope waits.
    pub(super) fn waits(&self, mailbox: &MailboxName, id: &EnvelopeId) -> bool {
        self.numbers.contains_key(&(*mailbox, *id))
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    fn insert(&mut self, number: u64, record: OutboxRecord) {
        self.numbers
            .insert((record.mailbox, record.envelope), number);
        self.waiting
            .entry(record.mailbox)
            .or_default()
            .insert(number, record.envelope);
    }
}
