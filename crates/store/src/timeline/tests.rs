use core::time::Duration;
use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sidelight_format::{EntryDate, Kind, PersonId, SpaceId, record::Table};

use super::*;
use crate::{Batch, Direction, MemoryDisk, MemoryStore, Store, testing::Unsealed};

type Model = BTreeMap<IndexKey, IndexRow>;

fn row(day: u32, order: u32, id: u32) -> IndexRow {
    let mut entry = [0; 32];
    entry[..4].copy_from_slice(&id.to_be_bytes());
    IndexRow {
        key: IndexKey {
            day,
            order,
            entry: EntryId(entry),
        },
        date: EntryDate::new(2024, 2, 29, 60).unwrap(),
        space: SpaceId([id as u8 % 3; 32]),
        owner: PersonId([id as u8 % 2; 32]),
        together: false,
        kind: Kind::moment(),
    }
}

fn store() -> MemoryStore {
    MemoryDisk::new().create(Arc::new(Unsealed)).unwrap()
}

/// Everything that can be asked, against the model, and every rule of the pages.
fn check(txn: &Txn<'_>, model: &Model, rng: &mut ChaCha8Rng) {
    let rows: Vec<IndexRow> = model.values().cloned().collect();
    let newest_first: Vec<IndexRow> = model.values().rev().cloned().collect();
    assert_eq!(len(txn), Ok(rows.len() as u64));
    assert_eq!(after(txn, None, usize::MAX, |_| true).unwrap(), rows);
    let all = page(txn, None, usize::MAX, |_| true).unwrap();
    assert_eq!(all, newest_first);

    let directory = directory(txn).unwrap();
    let mut seen = 0;
    for (at, (first, counted, number)) in directory.pages.iter().enumerate() {
        let page = read_page(txn, *number).unwrap();
        assert!((1..=PAGE_ROWS_MAX).contains(&page.rows.len()));
        assert_eq!(page.rows[0].key, *first);
        if at + 1 < directory.pages.len() {
            assert_eq!(page.rows.len(), *counted as usize);
        }
        assert_eq!(page.rows, rows[seen..seen + page.rows.len()]);
        seen += page.rows.len();
    }

    for _ in 0..8 {
        let cursor = row(
            rng.next_u32() % 40,
            rng.next_u32() % 4,
            rng.next_u32() % 3000,
        )
        .key;
        let limit = rng.next_u32() as usize % 200;
        let space = SpaceId([rng.next_u32() as u8 % 3; 32]);
        let earlier: Vec<IndexRow> = model
            .range(..cursor)
            .rev()
            .map(|(_, row)| row.clone())
            .collect();
        let found = page(txn, Some(cursor), limit, |_| true).unwrap();
        assert_eq!(found, earlier[..limit.min(earlier.len())]);
        let found = page(txn, Some(cursor), limit, |row| row.space == space).unwrap();
        let kept = earlier.into_iter().filter(|row| row.space == space);
        assert_eq!(found, kept.take(limit).collect::<Vec<_>>());

        let behind = model.range(cursor..).filter(|(key, _)| **key != cursor);
        let later: Vec<IndexRow> = behind.map(|(_, row)| row.clone()).collect();
        let found = after(txn, Some(cursor), limit, |_| true).unwrap();
        assert_eq!(found, later[..limit.min(later.len())]);

        let of_day = |row: &&IndexRow| row.key.day == cursor.day && row.space == space;
        let highest = rows.iter().filter(of_day).map(|row| row.key.order).max();
        let found = highest_order(txn, cursor.day, |row| row.space == space);
        assert_eq!(found, Ok(highest.unwrap_or(0)));
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Rows of neighbouring days and ids, upwards or downwards.
    Run {
        id: u32,
        day: u32,
        up: bool,
        count: u32,
    },
    /// Rows of random days.
    Scatter {
        seed: u64,
        count: u32,
    },
    /// Takes out so many rows, from some place on, leaving every `stride`th.
    Thin {
        from: usize,
        stride: usize,
        count: usize,
    },
    /// Moves a row to another day.
    Move {
        at: usize,
        day: u32,
    },
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3000_u32, 0..40_u32, any::<bool>(), 1..300_u32)
            .prop_map(|(id, day, up, count)| Step::Run { id, day, up, count }),
        2 => (any::<u64>(), 1..150_u32).prop_map(|(seed, count)| Step::Scatter { seed, count }),
        4 => (0..2000_usize, 2..9_usize, 1..300_usize)
            .prop_map(|(from, stride, count)| Step::Thin { from, stride, count }),
        2 => (0..2000_usize, 0..40_u32).prop_map(|(at, day)| Step::Move { at, day }),
        2 => Just(Step::Commit),
    ]
}

fn take(step: &Step, txn: &mut Txn<'_>, model: &mut Model) {
    let mut put = |row: IndexRow| {
        insert(txn, row.clone()).unwrap();
        model.insert(row.key, row);
    };
    match *step {
        Step::Run { id, day, up, count } => {
            for step in 0..count {
                let step = if up { step } else { count - step };
                put(row(day, 1, id + step));
            }
        }
        Step::Scatter { seed, count } => {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..count {
                put(row(
                    rng.next_u32() % 40,
                    rng.next_u32() % 4,
                    rng.next_u32() % 3000,
                ));
            }
        }
        Step::Thin {
            from,
            stride,
            count,
        } => {
            let keys: Vec<IndexKey> = model.keys().skip(from).take(count).copied().collect();
            for (place, key) in keys.iter().enumerate() {
                if place % stride != 0 {
                    assert_eq!(remove(txn, key), Ok(model.remove(key)));
                    assert_eq!(remove(txn, key), Ok(None));
                }
            }
        }
        Step::Move { at, day } => {
            if let Some(old) = model.keys().nth(at).copied() {
                let mut moved = model.remove(&old).unwrap();
                moved.key.day = day;
                replace(txn, &old, moved.clone()).unwrap();
                model.insert(moved.key, moved);
            }
        }
        Step::Commit => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_timeline_is_a_sorted_map(steps in prop::collection::vec(step(), 1..24), seed: u64) {
        let mut store = store();
        let mut model = Model::new();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut begun = Txn::begin(&store).unwrap();
        for step in &steps {
            take(step, &mut begun, &mut model);
            if matches!(step, Step::Commit) {
                check(&begun, &model, &mut rng);
                let batch = begun.into_batch();
                store.commit(batch).unwrap();
                begun = Txn::begin(&store).unwrap();
                check(&begun, &model, &mut rng);
            }
        }
        check(&begun, &model, &mut rng);
        let batch = begun.into_batch();
        store.commit(batch).unwrap();
        check(&Txn::begin(&store).unwrap(), &model, &mut rng);
    }
}

/// Ten years of two people, put in at random: still whole, in order and well packed.
#[test]
fn ten_years_in_random_order() {
    const ROWS: u32 = 36_500;
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let mut rows: Vec<IndexRow> = (0..ROWS).map(|id| row(id / 10, id % 10, id)).collect();
    shuffle(&mut rows, &mut rng);
    let mut store = store();
    let mut model = Model::new();
    for part in rows.chunks(ROWS as usize / 4) {
        let mut txn = Txn::begin(&store).unwrap();
        for row in part {
            insert(&mut txn, row.clone()).unwrap();
            model.insert(row.key, row.clone());
        }
        let batch = txn.into_batch();
        store.commit(batch).unwrap();
    }
    let txn = Txn::begin(&store).unwrap();
    check(&txn, &model, &mut rng);
    let pages = directory(&txn).unwrap().pages.len();
    assert!(pages < ROWS as usize / 64, "{pages} pages are half empty");

    // A reader who turns pages sees every row once.
    let mut shown = Vec::new();
    while let Some(more) = Some(
        page(
            &txn,
            shown.last().map(|row: &IndexRow| row.key),
            1000,
            |_| true,
        )
        .unwrap(),
    ) && !more.is_empty()
    {
        shown.extend(more);
    }
    assert!(shown.iter().eq(model.values().rev()));
    drop(txn);

    shuffle(&mut rows, &mut rng);
    let mut txn = Txn::begin(&store).unwrap();
    for row in &rows[200..] {
        remove(&mut txn, &row.key).unwrap();
        model.remove(&row.key);
    }
    check(&txn, &model, &mut rng);
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
    let mut txn = Txn::begin(&store).unwrap();
    assert!(
        directory(&txn).unwrap().pages.len() <= 8,
        "shrunken pages merge"
    );
    for row in &rows[..200] {
        remove(&mut txn, &row.key).unwrap();
    }
    assert_eq!(len(&txn), Ok(0));
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
    assert_eq!(store.all(Table::IndexPages), Ok(vec![]), "empty pages go");
}

fn shuffle(rows: &mut [IndexRow], rng: &mut ChaCha8Rng) {
    for last in (1..rows.len()).rev() {
        rows.swap(last, rng.next_u32() as usize % (last + 1));
    }
}

/// Counts the rows that are read.
#[derive(Debug)]
struct Counting {
    store: MemoryStore,
    reads: Cell<usize>,
}

impl Store for Counting {
    fn read(&self, table: Table, key: Key<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        self.store.read(table, key)
    }
    fn range(
        &self,
        _: Table,
        _: u64,
        _: Direction,
        _: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        unreachable!("the timeline reads single rows")
    }
    fn all(&self, _: Table) -> Result<Vec<Vec<u8>>, StoreError> {
        unreachable!("the timeline reads single rows")
    }
    fn is_empty(&self, _: Table) -> Result<bool, StoreError> {
        unreachable!("the timeline reads single rows")
    }
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.store.commit(batch)
    }
    fn revision(&self) -> Result<u64, StoreError> {
        self.store.revision()
    }
    fn hold(&self) -> Result<(), StoreError> {
        self.store.hold()
    }
    fn release(&self) {
        self.store.release();
    }
    fn take_turn(&mut self, wait: Duration) -> Result<bool, StoreError> {
        self.store.take_turn(wait)
    }
    fn release_turn(&mut self) {
        self.store.release_turn();
    }
    fn suspend(&mut self) {
        self.store.suspend();
    }
    fn resume(&mut self) -> Result<bool, StoreError> {
        self.store.resume()
    }
}

/// A journal of `rows` entries, ten a day, written in order.
fn grown(rows: u32) -> Counting {
    let mut store = store();
    let mut txn = Txn::begin(&store).unwrap();
    for id in 0..rows {
        insert(&mut txn, row(id / 10, id % 10, id)).unwrap();
    }
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
    Counting {
        store,
        reads: Cell::new(0),
    }
}

#[test]
fn costs_do_not_grow_with_the_journal() {
    for rows in [300, 10_000] {
        let mut store = grown(rows);
        let reads = |store: &Counting| store.reads.replace(0);

        let txn = Txn::begin(&store).unwrap();
        page(&txn, None, 40, |_| true).unwrap();
        assert!(reads(&store) <= 3, "the directory and what is shown");
        let cursor = row(rows / 20, 0, 0).key;
        page(&txn, Some(cursor), 40, |_| true).unwrap();
        assert!(reads(&store) <= 2, "the directory was read before");
        after(&txn, Some(cursor), 40, |_| true).unwrap();
        assert!(reads(&store) <= 2);
        highest_order(&txn, rows / 20, |_| true).unwrap();
        assert!(reads(&store) <= 2);
        len(&txn).unwrap();
        assert_eq!(reads(&store), 1);
        drop(txn);

        // An entry of today changes the newest page and nothing else, most of the time.
        let mut writes = Vec::new();
        for id in rows..rows + 200 {
            let mut txn = Txn::begin(&store).unwrap();
            insert(&mut txn, row(rows / 10, id, id)).unwrap();
            highest_order(&txn, rows / 10, |_| true).unwrap();
            let batch = txn.into_batch();
            writes.push(batch.len());
            store.commit(batch).unwrap();
            assert!(reads(&store) <= 2);
        }
        assert!(writes.iter().filter(|rows| **rows > 1).count() <= 2);
        assert!(writes.iter().all(|rows| *rows <= 3));

        // One of an earlier day: its page, the one it may split off, and the directory.
        let mut txn = Txn::begin(&store).unwrap();
        insert(&mut txn, row(rows / 20, 20, rows)).unwrap();
        assert!(txn.into_batch().len() <= 3);
        assert!(reads(&store) <= 3);
    }
}

#[test]
fn a_journal_that_grows_at_one_end_has_full_pages() {
    for newest_last in [true, false] {
        let mut store = store();
        for day in 0..20 {
            let mut txn = Txn::begin(&store).unwrap();
            for place in 0..64 {
                let id = day * 64 + place;
                let id = if newest_last { id } else { 1280 - id };
                insert(&mut txn, row(id, 0, id)).unwrap();
            }
            let batch = txn.into_batch();
            store.commit(batch).unwrap();
        }
        let txn = Txn::begin(&store).unwrap();
        assert_eq!(directory(&txn).unwrap().pages.len(), 10);
        assert_eq!(len(&txn), Ok(1280));
    }
}

#[test]
fn looking_for_what_is_not_there_changes_nothing() {
    let store = grown(300).store;
    let mut txn = Txn::begin(&store).unwrap();
    assert_eq!(remove(&mut txn, &row(99, 99, 99).key), Ok(None));
    assert!(txn.is_empty());
    assert!(txn.into_batch().is_empty());
}

#[test]
fn an_empty_timeline_has_nothing() {
    let store = store();
    let mut txn = Txn::begin(&store).unwrap();
    assert_eq!(page(&txn, None, 9, |_| true), Ok(vec![]));
    assert_eq!(after(&txn, Some(row(1, 1, 1).key), 9, |_| true), Ok(vec![]));
    assert_eq!(highest_order(&txn, u32::MAX, |_| true), Ok(0));
    assert_eq!(len(&txn), Ok(0));
    assert_eq!(remove(&mut txn, &row(1, 1, 1).key), Ok(None));
}

#[test]
fn a_directory_that_names_a_page_that_is_not_there_is_damage() {
    for pages in [None, Some(IndexPage::default())] {
        let mut store = grown(10).store;
        let mut txn = Txn::begin(&store).unwrap();
        match pages {
            Some(empty) => txn.put(Key::Number(0), &empty),
            None => txn.delete::<IndexPage>(Key::Number(0)),
        }
        let batch = txn.into_batch();
        store.commit(batch).unwrap();
        let mut txn = Txn::begin(&store).unwrap();
        assert_eq!(page(&txn, None, 9, |_| true), Err(StoreError::Damaged));
        assert_eq!(len(&txn), Err(StoreError::Damaged));
        assert_eq!(insert(&mut txn, row(1, 1, 1)), Err(StoreError::Damaged));
        assert_eq!(
            remove(&mut txn, &row(1, 1, 1).key),
            Err(StoreError::Damaged)
        );
    }
}
