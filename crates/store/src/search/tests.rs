use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::testing::{Unsealed, sealing};
use crate::{MemoryDisk, Store};

/// Words by entry: the model.
type Model = BTreeMap<IndexKey, Vec<u8>>;

fn key(day: u32) -> IndexKey {
    IndexKey {
        day,
        order: day % 3,
        entry: EntryId([day as u8; 32]),
    }
}

/// An entry with its terms, each with the positions at which it stands.
#[derive(Clone)]
struct Indexed {
    key: IndexKey,
    terms: BTreeMap<Vec<u8>, Vec<u32>>,
}

fn built(entries: &[Indexed]) -> RunBuilder {
    let mut built = RunBuilder::default();
    for entry in entries {
        built.entry(entry.key);
        for (term, positions) in &entry.terms {
            if positions.is_empty() {
                built.term(term, None);
            }
            for position in positions {
                built.term(term, Some(*position));
            }
        }
    }
    built
}

/// An entry of one-letter words; a third of the terms stand nowhere.
fn indexed(key: IndexKey, words: &[u8]) -> Indexed {
    let mut terms: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
    for (position, word) in words.iter().enumerate() {
        terms
            .entry(vec![0, *word])
            .or_default()
            .push(position as u32);
    }
    terms.insert(vec![1, words.len() as u8 % 3], Vec::new());
    Indexed { key, terms }
}

fn holds(clause: &Clause, words: &[u8]) -> bool {
    let term = |word: &u8| vec![0, *word];
    match clause {
        Clause::AnyOf(spans) => spans.iter().any(|span| {
            words.iter().any(|word| span.has(&term(word))) || span.has(&[1, words.len() as u8 % 3])
        }),
        Clause::Phrase(spans) => words.windows(spans.len()).any(|window| {
            spans
                .iter()
                .zip(window)
                .all(|(span, word)| span.has(&term(word)))
        }),
    }
}

fn clause() -> impl Strategy<Value = Clause> {
    let span = prop_oneof![
        (b'a'..=b'e').prop_map(|word| Span::exactly(vec![0, word])),
        (b'a'..=b'e', 1..4_u8)
            .prop_map(|(from, wide)| Span::between(vec![0, from], vec![0, from + wide])),
        Just(Span::beginning(vec![0])),
    ];
    let kind = (0..3_u8).prop_map(|kind| Clause::AnyOf(vec![Span::exactly(vec![1, kind])]));
    prop_oneof![
        3 => prop::collection::vec(span.clone(), 1..4).prop_map(Clause::Phrase),
        1 => prop::collection::vec(span, 1..3).prop_map(Clause::AnyOf),
        1 => kind,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn what_is_found_is_what_a_look_at_every_entry_finds(
        days in prop::collection::btree_map(1..=255_u32, prop::collection::vec(b'a'..=b'e', 0..9), 1..200),
        cuts in prop::collection::btree_set(2..255_u32, 0..4),
        gone in prop::collection::btree_set(1..=255_u32, 0..40),
        clauses in prop::collection::vec(clause(), 1..3),
        (from, before) in (prop::option::of(1..200_u32), prop::option::of(1..=255_u32)),
        limit in 1..80_usize,
        except in prop::collection::btree_set(1..=255_u32, 0..9),
    ) {
        let mut store = MemoryDisk::new().create(Arc::new(Unsealed)).unwrap();
        let mut model: Model = days.into_iter().map(|(day, words)| (key(day), words)).collect();
        let mut txn = Txn::begin(&store).unwrap();
        prop_assert_eq!(begins(&txn).unwrap(), None);
        // The newest run first, as it is built.
        let firsts: Vec<IndexKey> = std::iter::once(START).chain(cuts.iter().map(|day| key(*day))).collect();
        for (at, first) in firsts.iter().enumerate().rev() {
            let until = firsts.get(at + 1).copied();
            let run: Vec<Indexed> = model
                .range(first..)
                .take_while(|(key, _)| until.is_none_or(|until| **key < until))
                .map(|(key, words)| indexed(*key, words))
                .collect();
            // Twice, the second in place of the first.
            put_run(&mut txn, *first, until, built(&run[..run.len() / 2])).unwrap();
            put_run(&mut txn, *first, until, built(&run)).unwrap();
            prop_assert_eq!(begins(&txn).unwrap(), Some(*first));
            prop_assert_eq!(run_of(&txn, first).unwrap(), Some((*first, until)));
        }
        let gone: BTreeSet<IndexKey> = gone.into_iter().map(key).collect();
        forget(&mut txn, &gone).unwrap();
        model.retain(|key, _| !gone.contains(key));
        let batch = txn.into_batch();
        store.commit(batch).unwrap();

        let txn = Txn::begin(&store).unwrap();
        let (from, before) = (from.map(key), before.map(key));
        let except: BTreeSet<EntryId> = except.into_iter().map(|day| key(day).entry).collect();
        let wanted: Vec<IndexKey> = model
            .iter()
            .rev()
            .filter(|(key, _)| from.is_none_or(|from| **key >= from))
            .filter(|(key, _)| before.is_none_or(|before| **key < before))
            .filter(|(key, _)| !except.contains(&key.entry))
            .filter(|(_, words)| clauses.iter().all(|clause| holds(clause, words)))
            .map(|(key, _)| *key)
            .take(limit)
            .collect();
        prop_assert_eq!(find(&txn, &clauses, (from, before), limit, &except).unwrap(), wanted);
    }
}

#[test]
fn of_a_forgotten_entry_no_row_has_a_word_and_no_other_page_is_touched() {
    let disk = MemoryDisk::new();
    let mut store = disk.create(Arc::new(Unsealed)).unwrap();
    let mut txn = Txn::begin(&store).unwrap();
    let entries: Vec<Indexed> = (1..=250_u32)
        .map(|day| {
            let words = (0..20).map(|at| format!("word{:04}", (day * 20 + at) % 4000));
            let terms = words.map(|word| (word.into_bytes(), vec![7]));
            let mut terms: BTreeMap<Vec<u8>, Vec<u32>> = terms.collect();
            if day == 99 {
                terms.insert(b"zeppelin".to_vec(), vec![0]);
            }
            Indexed {
                key: key(day),
                terms,
            }
        })
        .collect();
    put_run(&mut txn, START, None, built(&entries)).unwrap();
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
    let has = |needle: &[u8]| {
        let rows = disk.sealed();
        rows.iter()
            .any(|row| row.windows(needle.len()).any(|part| part == needle))
    };
    assert!(has(b"zeppelin") && has(&key(99).entry.0));

    let mut txn = Txn::begin(&store).unwrap();
    let pages = run(&txn, directory(&txn).unwrap().runs[0].1).unwrap().pages;
    assert!(pages.len() > 4, "{}", pages.len());
    forget(&mut txn, &BTreeSet::from([key(99), key(251)])).unwrap();
    let batch = txn.into_batch();
    // Its page of keys, its pages of terms and the run.
    assert!(batch.len() < pages.len(), "{}", batch.len());
    store.commit(batch).unwrap();
    assert!(!has(b"zeppelin") && !has(&key(99).entry.0));
    assert!(has(b"word0001"));
}

#[test]
fn nothing_of_it_lies_open() {
    let disk = MemoryDisk::recording();
    let mut store = disk.create(sealing(1)).unwrap();
    let mut txn = Txn::begin(&store).unwrap();
    let terms = BTreeMap::from([(b"\0zeppelin".to_vec(), vec![0])]);
    put_run(
        &mut txn,
        START,
        None,
        built(&[Indexed { key: key(7), terms }]),
    )
    .unwrap();
    let batch = txn.into_batch();
    store.commit(batch).unwrap();
    for row in disk.sealed() {
        assert!(!row.windows(8).any(|part| part == b"zeppelin"));
        assert!(!row.windows(32).any(|part| part == [7; 32]));
    }
}
