//! A log in memory, for tests, simulations and relays that keep nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidelight_format::{
    Bytes, Contents, Direction, EnvelopeId, Item, MailboxName, Position, RelayInstance,
    RunningHash, Timestamp,
};

use crate::{Ledger, Log, LogError, Place, Range};

/// What survives a crash of the relay that writes to it. Clones are the same disk.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

#[derive(Clone)]
struct Disk {
    instance: RelayInstance,
    mailboxes: BTreeMap<MailboxName, Rows>,
    failing: Option<LogError>,
}

#[derive(Clone, Default)]
struct Rows {
    ledger: Option<Ledger>,
    rows: Vec<Row>,
    positions: BTreeMap<EnvelopeId, usize>,
}

#[derive(Clone)]
struct Row {
    id: EnvelopeId,
    place: Place,
    body: Option<Bytes>,
}

/// The state of a [`MemoryDisk`] at one moment, as in a backup.
#[derive(Clone)]
pub struct MemorySnapshot(Disk);

impl MemoryDisk {
    /// An empty disk.
    pub fn new(instance: RelayInstance) -> Self {
        Self(Arc::new(Mutex::new(Disk {
            instance,
            mailboxes: BTreeMap::new(),
            failing: None,
        })))
    }

    /// A log on this disk, as a relay has it that has just started. What another log of this
    /// disk has not committed is not there; only one may be in use at a time.
    pub fn log(&self) -> MemoryLog {
        MemoryLog {
            disk: self.clone(),
            uncommitted: Vec::new(),
        }
    }

    /// From now on every commit fails like this, or works again.
    pub fn fail_commits(&self, failing: Option<LogError>) {
        self.lock().failing = failing;
    }

    /// The names of all mailboxes.
    pub fn mailboxes(&self) -> Vec<MailboxName> {
        self.lock().mailboxes.keys().copied().collect()
    }

    /// All bodies that a mailbox still has, oldest first: what a curious relay can read.
    pub fn envelopes(&self, mailbox: &MailboxName) -> Vec<Bytes> {
        let disk = self.lock();
        let rows = disk.mailboxes.get(mailbox).into_iter();
        rows.flat_map(|rows| rows.rows.iter().filter_map(|row| row.body.clone()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // A panic elsewhere in a test leaves the state of the last finished change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a hostile or restored relay does. A [`Host`](crate::Host) remembers the ledgers of open
/// mailboxes, so these take effect on one that starts afterwards.
impl MemoryDisk {
    /// The present state.
    pub fn snapshot(&self) -> MemorySnapshot {
        MemorySnapshot(self.lock().clone())
    }

    /// Goes back to an earlier state, under the instance of that state.
    pub fn restore(&self, snapshot: &MemorySnapshot) {
        *self.lock() = snapshot.0.clone();
    }

    /// Begins another life of the same data.
    pub fn begin_instance(&self, instance: RelayInstance) {
        self.lock().instance = instance;
    }

    /// Loses everything, and begins another life.
    pub fn lose_everything(&self, instance: RelayInstance) {
        let mut disk = self.lock();
        disk.instance = instance;
        disk.mailboxes.clear();
    }

    /// Swaps what is at two positions, and agrees with itself about the new order. Whether there
    /// were two such positions.
    pub fn swap(&self, mailbox: &MailboxName, a: Position, b: Position) -> bool {
        self.rewrite(mailbox, |rows| {
            let (a, b) = (a.0 as usize, b.0 as usize);
            let possible = a != b && a < rows.len() && b < rows.len();
            if possible {
                rows.swap(a, b);
            }
            possible
        })
    }

    /// Takes one envelope out as if it had never come. Whether there was one.
    pub fn withhold(&self, mailbox: &MailboxName, position: Position) -> bool {
        self.rewrite(mailbox, |rows| {
            let possible = (position.0 as usize) < rows.len();
            if possible {
                rows.remove(position.0 as usize);
            }
            possible
        })
    }

    /// Changes the bytes at a position, and keeps the id. Whether there was a body.
    pub fn tamper(
        &self,
        mailbox: &MailboxName,
        position: Position,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut disk = self.lock();
        let rows = disk.mailboxes.get_mut(mailbox);
        let row = rows.and_then(|rows| rows.rows.get_mut(position.0 as usize));
        let body = row.and_then(|row| row.body.as_mut());
        body.map(|body| change(body)).is_some()
    }

    fn rewrite(&self, mailbox: &MailboxName, change: impl FnOnce(&mut Vec<Row>) -> bool) -> bool {
        let mut disk = self.lock();
        let Some(rows) = disk.mailboxes.get_mut(mailbox) else {
            return false;
        };
        let changed = change(&mut rows.rows);
        let mut hash = RunningHash::START;
        rows.positions.clear();
        for (at, row) in rows.rows.iter_mut().enumerate() {
            row.place.position = Position(at as u64);
            rows.positions.insert(row.id, at);
            hash = hash.after(&row.id);
        }
        if let Some(ledger) = &mut rows.ledger {
            ledger.length = Position(rows.rows.len() as u64);
            ledger.hash = hash;
        }
        changed
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryDisk(…)")
    }
}

impl fmt::Debug for MemorySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemorySnapshot(…)")
    }
}

/// A [`Log`] on a [`MemoryDisk`]. Dropping it is the crash: what it had not committed is gone.
#[derive(Debug)]
pub struct MemoryLog {
    disk: MemoryDisk,
    uncommitted: Vec<Change>,
}

enum Change {
    Ledger(MailboxName, Ledger),
    Append(MailboxName, Row),
    DropBody(MailboxName, Position),
    Remove(MailboxName),
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change(…)")
    }
}

impl MemoryLog {
    /// The disk below.
    pub fn disk(&self) -> &MemoryDisk {
        &self.disk
    }
}

impl Log for MemoryLog {
    fn instance(&self) -> RelayInstance {
        self.disk.lock().instance
    }

    fn mailboxes(&self) -> Result<u64, LogError> {
        Ok(self.disk.lock().mailboxes.len() as u64)
    }

    fn ledger(&self, mailbox: &MailboxName) -> Result<Option<Ledger>, LogError> {
        let disk = self.disk.lock();
        Ok(disk.mailboxes.get(mailbox).and_then(|rows| rows.ledger))
    }

    fn place_of(&self, mailbox: &MailboxName, id: &EnvelopeId) -> Result<Option<Place>, LogError> {
        let disk = self.disk.lock();
        let Some(rows) = disk.mailboxes.get(mailbox) else {
            return Ok(None);
        };
        Ok(rows.positions.get(id).map(|at| rows.rows[*at].place))
    }

    fn read(&self, mailbox: &MailboxName, range: &Range) -> Result<Vec<Item>, LogError> {
        let disk = self.disk.lock();
        let rows = disk
            .mailboxes
            .get(mailbox)
            .map_or(&[][..], |rows| &rows.rows);
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut at = usize::try_from(range.first.0).ok();
        while let Some(row) = at.and_then(|at| rows.get(at)) {
            let wanted = range.classes.contains(row.place.class);
            let contents = match &row.body {
                None => Contents::Dropped,
                Some(_) if !wanted => Contents::Skipped,
                Some(body) => {
                    bytes += body.len();
                    Contents::Whole(body.clone())
                }
            };
            if items.len() >= range.count || (!items.is_empty() && bytes > range.bytes) {
                break;
            }
            items.push(Item {
                id: row.id,
                class: row.place.class,
                contents,
            });
            at = match range.direction {
                Direction::Forward => at.and_then(|at| at.checked_add(1)),
                Direction::Backward => at.and_then(|at| at.checked_sub(1)),
            };
        }
        Ok(items)
    }

    fn set_ledger(&mut self, mailbox: &MailboxName, ledger: &Ledger) -> Result<(), LogError> {
        self.uncommitted.push(Change::Ledger(*mailbox, *ledger));
        Ok(())
    }

    fn append(
        &mut self,
        mailbox: &MailboxName,
        id: &EnvelopeId,
        place: &Place,
        envelope: Bytes,
    ) -> Result<(), LogError> {
        let row = Row {
            id: *id,
            place: *place,
            body: Some(envelope),
        };
        self.uncommitted.push(Change::Append(*mailbox, row));
        Ok(())
    }

    fn drop_body(&mut self, mailbox: &MailboxName, position: Position) -> Result<(), LogError> {
        self.uncommitted.push(Change::DropBody(*mailbox, position));
        Ok(())
    }

    fn sweep(&mut self, now: Timestamp, budget: usize) -> Result<usize, LogError> {
        let disk = self.disk.lock();
        let mut touched = 0;
        for (name, rows) in &disk.mailboxes {
            if touched >= budget {
                break;
            }
            if rows.ledger.is_some_and(|ledger| ledger.expires < now) {
                self.uncommitted.push(Change::Remove(*name));
                touched += 1;
            }
        }
        Ok(touched)
    }

    fn commit(&mut self) -> Result<(), LogError> {
        let mut disk = self.disk.lock();
        if let Some(failing) = disk.failing {
            return Err(failing);
        }
        for change in self.uncommitted.drain(..) {
            disk.apply(change);
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.uncommitted.clear();
    }
}

impl Disk {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Ledger(name, ledger) => {
                self.mailboxes.entry(name).or_default().ledger = Some(ledger);
            }
            Change::Append(name, row) => {
                let rows = self.mailboxes.entry(name).or_default();
                rows.positions.insert(row.id, rows.rows.len());
                rows.rows.push(row);
            }
            Change::DropBody(name, position) => {
                let rows = self.mailboxes.entry(name).or_default();
                if let Some(row) = rows.rows.get_mut(position.0 as usize) {
                    row.body = None;
                    row.place.dropped = true;
                }
            }
            Change::Remove(name) => {
                self.mailboxes.remove(&name);
            }
        }
    }
}
