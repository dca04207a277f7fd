//! The mailboxes that are on their way to another relay, each with how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::record::{EpochSecretRecord, MoveRecord, MoveStage};
use sidelight_format::{EnvelopeId, EpochId, EraseToken, MailboxName, SpaceId, Timestamp};
use sidelight_store::{Direction, Key, StoreError, Txn};
use sidelight_sync::epoch_mailbox;

use crate::Error;

/// How many mailboxes are taken leave of at once.
const DROPPING_MAX: usize = 8;

/// How long a former relay is called on to drop what it has: 30 days, in seconds. One that has
/// not answered by then is gone, or keeps what it likes.
const FAREWELL_SECS: i64 = 30 * 24 * 60 * 60;

/// The mailboxes on their way, all of them in memory: people move seldom.
#[derive(Default)]
pub(super) struct Moves {
    rows: BTreeMap<u64, (MailboxName, MoveRecord)>,
    /// Those that have been read to their end at the new relay since they were named there.
    filled: BTreeSet<MailboxName>,
    next: u64,
}

impl Moves {
    pub(super) fn open(txn: &Txn<'_>) -> Result<Self, Error> {
        let mut moves = Self::default();
        for (number, record) in txn.range::<MoveRecord>(0, Direction::Up, usize::MAX)? {
            moves.next = number + 1;
            let kept = match txn.get::<EpochSecretRecord>(Key::Name(&record.epoch.0)) {
                // It goes on once private entries are unlocked.
                Err(StoreError::Locked) => continue,
                kept => kept?,
            };
            if let Some(kept) = kept {
                let mailbox = epoch_mailbox(&kept.space, &kept.secret).name();
                moves.rows.insert(number, (mailbox, record));
            }
        }
        Ok(moves)
    }

    /// Lets a mailbox be on its way.
    pub(super) fn push(&mut self, txn: &mut Txn<'_>, mailbox: MailboxName, record: MoveRecord) {
        txn.put(Key::Number(self.next), &record);
        self.rows.insert(self.next, (mailbox, record));
        self.next += 1;
    }

    /// A mailbox has come to where it belongs, as far as this device sees to it.
    pub(super) fn remove(&mut self, txn: &mut Txn<'_>, number: u64) {
        txn.delete::<MoveRecord>(Key::Number(number));
        self.rows.remove(&number);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.rows.keys().copied().collect()
    }

    /// A mailbox on its way.
    pub(super) fn get(&self, number: u64) -> Option<(MailboxName, &MoveRecord)> {
        let row = self.rows.get(&number);
        row.map(|(mailbox, record)| (*mailbox, record))
    }

    /// Nothing of a space is on its way any more.
    pub(super) fn forget(&mut self, txn: &mut Txn<'_>, space: &SpaceId) {
        for number in self.numbers() {
            if self.rows[&number].1.space == *space {
                self.remove(txn, number);
            }
        }
    }

    /// A mailbox has come further.
    pub(super) fn set_stage(&mut self, txn: &mut Txn<'_>, number: u64, stage: MoveStage) {
        if let Some((_, record)) = self.rows.get_mut(&number) {
            record.stage = stage;
            txn.put(Key::Number(number), record);
        }
    }

    /// A mailbox was named at its new relay, which is yet to be read.
    pub(super) fn renamed(&mut self, mailbox: &MailboxName) {
        self.filled.remove(mailbox);
    }

    /// A mailbox was read to its end at its new relay.
    pub(super) fn has_filled(&mut self, mailbox: &MailboxName) {
        if self.is_filling(mailbox) {
            self.filled.insert(*mailbox);
        }
    }

    /// Whether all of a mailbox was compared with what its new relay has.
    pub(super) fn is_filled(&self, mailbox: &MailboxName) -> bool {
        self.filled.contains(mailbox)
    }

    /// Notes when leave was first taken of a relay, and gives up on one that never answers.
    pub(super) fn tire(&mut self, txn: &mut Txn<'_>, now: Timestamp) {
        let mut over = Vec::new();
        for (number, (_, record)) in &mut self.rows {
            match record.since {
                _ if record.stage != MoveStage::Dropping => {}
                None => {
                    record.since = Some(now);
                    txn.put(Key::Number(*number), record);
                }
                Some(since) if now.0.saturating_sub(since.0) > FAREWELL_SECS => over.push(*number),
                Some(_) => {}
            }
        }
        for number in over {
            self.remove(txn, number);
        }
    }

    /// Whether the mailbox is on its way, or not long arrived.
    pub(super) fn has(&self, mailbox: &MailboxName) -> bool {
        self.rows.values().any(|(moving, _)| moving == mailbox)
    }

    pub(super) fn has_epoch(&self, epoch: &EpochId) -> bool {
        self.rows.values().any(|(_, record)| record.epoch == *epoch)
    }

    /// Whether a mailbox is being brought to its relay: that this one lacks something is no loss.
    pub(super) fn is_filling(&self, mailbox: &MailboxName) -> bool {
        let mut rows = self.rows.values();
        rows.any(|(moving, record)| moving == mailbox && record.stage == MoveStage::Filling)
    }

    /// The epochs that are being brought to their relay.
    pub(super) fn filling(&self) -> Vec<(SpaceId, EpochId)> {
        let rows = self.rows.values();
        let filling = rows.filter(|(_, record)| record.stage == MoveStage::Filling);
        filling
            .map(|(_, record)| (record.space, record.epoch))
            .collect()
    }

    /// Whether something of a space has not arrived yet, so that nothing is missing for certain.
    pub(super) fn is_under_way(&self, space: &SpaceId) -> bool {
        let mut rows = self.rows.values();
        rows.any(|(_, record)| record.space == *space && record.stage < MoveStage::Dropping)
    }

    /// The mailboxes to take leave of now, each with its former relay.
    pub(super) fn leave_taking(&self) -> impl Iterator<Item = (&MailboxName, &MoveRecord)> {
        let rows = self.rows.values();
        let rows = rows.filter(|(_, record)| record.stage == MoveStage::Dropping);
        rows.map(|(mailbox, record)| (mailbox, record))
            .take(DROPPING_MAX)
    }

    /// The mailbox of which leave is taken.
    pub(super) fn number_of(&self, mailbox: &MailboxName) -> Option<(u64, &MoveRecord)> {
        let mut rows = self.rows.iter();
        let found = rows
            .find(|(_, (moving, record))| moving == mailbox && record.stage == MoveStage::Dropping);
        found.map(|(number, (_, record))| (*number, record))
    }

    /// The former relay has dropped what it was to drop of the list up to `next`. False if
    /// there is no such move any more.
    pub(super) fn looked(&mut self, txn: &mut Txn<'_>, number: u64, next: u64) -> bool {
        let Some((_, record)) = self.rows.get_mut(&number) else {
            return false;
        };
        if record.next != next {
            record.next = next;
            txn.put(Key::Number(number), record);
        }
        true
    }

    /// What was erased since the mailbox left.
    pub(super) fn also(&self, number: u64) -> Vec<(EnvelopeId, EraseToken)> {
        let row = self.rows.get(&number);
        row.map(|(_, record)| record.also.clone())
            .unwrap_or_default()
    }

    /// A body that was erased goes from the former relay too.
    pub(super) fn drop_there_too(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        body: (EnvelopeId, EraseToken),
    ) {
        for (number, (moving, record)) in &mut self.rows {
            let has_left = record.from.is_some() && record.stage > MoveStage::Leaving;
            if moving == mailbox && has_left && !record.also.contains(&body) {
                record.also.push(body);
                txn.put(Key::Number(*number), record);
            }
        }
    }
}
