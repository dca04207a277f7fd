use core::{fmt, mem, time::Duration};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sidelight_format::record::Table;

use crate::{
    Access, Batch, Direction, Key, Sealing, Store, StoreError,
    sealing::{Place, Sealer},
};

/// A disk in memory: what a [`MemoryStore`] leaves behind when it is dropped, as a process
/// leaves its files when it is killed. Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    /// Shared with the openers that hold a state; none until a store is created.
    rows: Option<Arc<Rows>>,
    writing: bool,
    /// How many commits succeed before all fail.
    commits_left: Option<u64>,
    /// Everything that was ever written, if it is kept.
    history: Option<Vec<Sealed>>,
}

type Rows = BTreeMap<Place, Sealed>;
type Sealed = Arc<[u8]>;

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty disk that keeps all that is ever written to it, for [`sealed`](Self::sealed).
    pub fn recording() -> Self {
        let disk = Self::default();
        disk.lock().history = Some(Vec::new());
        disk
    }

    /// Creates a store on it, with the writer's turn.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one.
    pub fn create(&self, sealing: Arc<dyn Sealing>) -> Result<MemoryStore, StoreError> {
        let sealer = Sealer::new(sealing);
        let mut disk = self.lock();
        if disk.rows.is_some() {
            return Err(StoreError::Exists);
        }
        let header: Sealed = sealer.seal_header(0).into();
        disk.history
            .iter_mut()
            .for_each(|all| all.push(header.clone()));
        disk.rows = Some(Arc::new(Rows::from([(Place::header(), header)])));
        disk.writing = true;
        drop(disk);
        Ok(MemoryStore {
            disk: self.clone(),
            sealer,
            may_write: true,
            turn: true,
            seen: 0,
            held: RefCell::default(),
            suspended: None,
        })
    }

    /// Opens the store on it. It never waits: whoever has the turn runs in the same thread, or
    /// may.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::WrongKey`], [`StoreError::Busy`] while another
    /// opener has the writer's turn.
    pub fn open(
        &self,
        sealing: Arc<dyn Sealing>,
        access: Access,
    ) -> Result<MemoryStore, StoreError> {
        let mut store = MemoryStore {
            disk: self.clone(),
            sealer: Sealer::new(sealing),
            may_write: access != Access::Read,
            turn: false,
            seen: 0,
            held: RefCell::default(),
            suspended: None,
        };
        store.seen = store.revision()?;
        if let Access::Write { wait } = access {
            store.take_turn(wait)?;
        }
        Ok(store)
    }

    /// Another disk with the same rows, as a copied or restored home has them. Nobody has its
    /// writer's turn, and its commits succeed.
    #[must_use]
    pub fn fork(&self) -> Self {
        let disk = self.lock();
        Self(Arc::new(Mutex::new(Disk {
            rows: disk.rows.clone(),
            writing: false,
            commits_left: None,
            history: disk.history.clone(),
        })))
    }

    /// Lets `commits` more commits succeed and fails all later ones with [`StoreError::Full`],
    /// until [`recover`](Self::recover).
    pub fn fail_after(&self, commits: u64) {
        self.lock().commits_left = Some(commits);
    }

    /// Ends [`fail_after`](Self::fail_after).
    pub fn recover(&self) {
        self.lock().commits_left = None;
    }

    /// Every sealed row that the disk has; on a [`recording`](Self::recording) disk every one
    /// that was ever written, in that order.
    pub fn sealed(&self) -> Vec<Vec<u8>> {
        let disk = self.lock();
        match (&disk.history, &disk.rows) {
            (Some(history), _) => history.iter().map(|sealed| sealed.to_vec()).collect(),
            (None, Some(rows)) => rows.values().map(|sealed| sealed.to_vec()).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// A panic elsewhere leaves no half-done change: each is one assignment.
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").finish_non_exhaustive()
    }
}

/// A [`Store`] on a [`MemoryDisk`], sealed and exclusive as on a real one. Dropping it is a
/// crash: what was committed stays, the writer's turn is free.
pub struct MemoryStore {
    disk: MemoryDisk,
    sealer: Sealer,
    may_write: bool,
    turn: bool,
    /// The revision when this opener last had the turn.
    seen: u64,
    held: RefCell<Held>,
    /// While suspended: whether it had the turn.
    suspended: Option<bool>,
}

/// The state that reads see while it is held.
#[derive(Default)]
struct Held {
    depth: u32,
    rows: Option<Arc<Rows>>,
}

impl MemoryStore {
    fn rows(&self) -> Result<Arc<Rows>, StoreError> {
        if self.suspended.is_some() {
            return Err(StoreError::Suspended);
        }
        if let Some(rows) = &self.held.borrow().rows {
            return Ok(rows.clone());
        }
        self.disk.lock().rows.clone().ok_or(StoreError::Missing)
    }

    fn header(&self, rows: &Rows) -> Result<u64, StoreError> {
        let header = rows.get(&Place::header()).ok_or(StoreError::Damaged)?;
        self.sealer.open_header(header)
    }
}

impl Store for MemoryStore {
    fn read(&self, table: Table, key: Key<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let place = self.sealer.place(table, key);
        match self.rows()?.get(&place) {
            Some(sealed) => self.sealer.open(&place, sealed).map(Some),
            None => Ok(None),
        }
    }

    fn range(
        &self,
        table: Table,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let rows = self.rows()?;
        let open = |(place, sealed): (&Place, &Sealed)| {
            Ok((place.number()?, self.sealer.open(place, sealed)?))
        };
        let from = Place::numbered(table, from);
        let first = Place::numbered(table, 0);
        let last = Place::numbered(table, u64::MAX);
        match direction {
            Direction::Up => rows.range(from..=last).take(limit).map(open).collect(),
            Direction::Down => rows
                .range(first..=from)
                .rev()
                .take(limit)
                .map(open)
                .collect(),
        }
    }

    fn all(&self, table: Table) -> Result<Vec<Vec<u8>>, StoreError> {
        self.rows()?
            .range(Place::of(table as u8, &[])..)
            .take_while(|(place, _)| place.table() == table as u8)
            .map(|(place, sealed)| self.sealer.open(place, sealed))
            .filter(|opened| *opened != Err(StoreError::Locked))
            .collect()
    }

    fn is_empty(&self, table: Table) -> Result<bool, StoreError> {
        let rows = self.rows()?;
        let first = rows.range(Place::of(table as u8, &[])..).next();
        Ok(first.is_none_or(|(place, _)| place.table() != table as u8))
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if self.suspended.is_some() {
            return Err(StoreError::Suspended);
        }
        if !self.turn {
            return Err(StoreError::ReadOnly);
        }
        if batch.is_empty() {
            return Ok(());
        }
        // Nobody else borrows this store, so a hold that is still there was leaked.
        self.held.take();
        let revision = self.revision()?.checked_add(1).ok_or(StoreError::Damaged)?;
        let mut changes = vec![(Place::header(), Some(self.sealer.seal_header(revision)))];
        for (table, key, plain) in batch.changes() {
            let place = self.sealer.place(table, key);
            let sealed = plain
                .map(|plain| self.sealer.seal(&place, plain))
                .transpose()?;
            changes.push((place, sealed));
        }

        let mut disk = self.disk.lock();
        match &mut disk.commits_left {
            Some(0) => return Err(StoreError::Full),
            Some(left) => *left -= 1,
            None => {}
        }
        let Disk { rows, history, .. } = &mut *disk;
        let rows = Arc::make_mut(rows.as_mut().ok_or(StoreError::Missing)?);
        for (place, sealed) in changes {
            match sealed.map(Sealed::from) {
                Some(sealed) => {
                    history.iter_mut().for_each(|all| all.push(sealed.clone()));
                    rows.insert(place, sealed);
                }
                None => {
                    rows.remove(&place);
                }
            }
        }
        self.seen = revision;
        Ok(())
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.header(&*self.rows()?)
    }

    fn hold(&self) -> Result<(), StoreError> {
        let rows = self.rows()?;
        let mut held = self.held.borrow_mut();
        held.depth += 1;
        held.rows = Some(rows);
        Ok(())
    }

    fn release(&self) {
        let mut held = self.held.borrow_mut();
        held.depth = held.depth.saturating_sub(1);
        if held.depth == 0 {
            held.rows = None;
        }
    }

    fn take_turn(&mut self, _wait: Duration) -> Result<bool, StoreError> {
        if self.suspended.is_some() {
            return Err(StoreError::Suspended);
        }
        if !self.may_write {
            return Err(StoreError::ReadOnly);
        }
        if self.turn {
            return Ok(false);
        }
        if mem::replace(&mut self.disk.lock().writing, true) {
            return Err(StoreError::Busy);
        }
        self.turn = true;
        self.held.take();
        match self.revision() {
            Ok(now) => Ok(mem::replace(&mut self.seen, now) != now),
            Err(error) => {
                self.release_turn();
                Err(error)
            }
        }
    }

    fn release_turn(&mut self) {
        if mem::take(&mut self.turn) {
            self.disk.lock().writing = false;
        }
    }

    fn suspend(&mut self) {
        if self.suspended.is_none() {
            self.suspended = Some(self.turn);
            self.held.take();
            self.release_turn();
        }
    }

    fn resume(&mut self) -> Result<bool, StoreError> {
        let Some(had_turn) = self.suspended.take() else {
            return Ok(false);
        };
        let resumed = match had_turn {
            true => self.take_turn(Duration::ZERO),
            false => self
                .revision()
                .map(|now| mem::replace(&mut self.seen, now) != now),
        };
        if resumed.is_err() {
            self.suspended = Some(had_turn);
        }
        resumed
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.release_turn();
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}
