//! Asking the index.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sidelight_format::record::{IndexKey, SearchKeys, SearchPage, SearchRun};
use sidelight_format::{DecodeError, EntryId};

use super::{PAGE_KEYS, damaged, directory, keys_at, page, run};
use crate::{StoreError, Txn};

/// The terms from one to another, as bytes sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    from: Vec<u8>,
    /// The first that is not meant.
    until: Vec<u8>,
}

impl Span {
    /// One term.
    pub fn exactly(term: Vec<u8>) -> Self {
        let until = [&term[..], &[0]].concat();
        Self { from: term, until }
    }

    /// All terms that begin with UTF-8 that has a byte of its own before it.
    pub fn beginning(prefix: Vec<u8>) -> Self {
        // No UTF-8 has this byte.
        let until = [&prefix[..], &[0xff]].concat();
        Self {
            from: prefix,
            until,
        }
    }

    /// The terms from `from` to before `until`.
    pub fn between(from: Vec<u8>, until: Vec<u8>) -> Self {
        Self { from, until }
    }

    /// What all its terms begin with, if that is all there is to them.
    pub fn beginning_of_all(&self) -> Option<&[u8]> {
        self.until.starts_with(&self.from).then_some(&self.from)
    }

    /// Whether its terms say the same kind of thing as `term`: they begin with the same byte.
    pub fn is_about(&self, term: &[u8]) -> bool {
        self.from.first() == term.first()
    }

    /// Whether it has `term`.
    pub fn has(&self, term: &[u8]) -> bool {
        (&self.from[..]..&self.until[..]).contains(&term)
    }
}

/// What an entry must have to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// Terms of these spans that follow one another.
    Phrase(Vec<Span>),
    /// A term of any of these spans.
    AnyOf(Vec<Span>),
}

impl Clause {
    /// Whether it finds an entry with these terms, each with the positions at which it stands.
    pub fn holds(&self, terms: &BTreeMap<Vec<u8>, Vec<u32>>) -> bool {
        let of = |span: &Span| terms.range(span.from.clone()..span.until.clone());
        match self {
            Self::AnyOf(spans) => spans.iter().any(|span| of(span).next().is_some()),
            Self::Phrase(spans) => {
                let mut here: Option<BTreeSet<u32>> = None;
                for span in spans {
                    let positions = of(span).flat_map(|(_, positions)| positions).copied();
                    let follows = |position: &u32| {
                        let before = position.checked_sub(1);
                        here.as_ref()
                            .is_none_or(|here| before.is_some_and(|before| here.contains(&before)))
                    };
                    here = Some(positions.filter(follows).collect());
                }
                here.is_some_and(|here| !here.is_empty())
            }
        }
    }
}

/// At most `limit` entries that every clause finds, the newest first: from `from` on and before
/// `before`, without those in `except`. As far as the index goes; without clauses it finds
/// nothing.
///
/// # Errors
/// Those of reading.
pub fn find(
    txn: &Txn<'_>,
    clauses: &[Clause],
    (from, before): (Option<IndexKey>, Option<IndexKey>),
    limit: usize,
    except: &BTreeSet<EntryId>,
) -> Result<Vec<IndexKey>, StoreError> {
    let mut found = Vec::new();
    let directory = directory(txn)?;
    let runs = &directory.runs;
    let end = before.map_or(runs.len(), |before| {
        runs.partition_point(|(first, _)| *first < before)
    });
    let begin = from.map_or(0, |from| {
        let after = runs.partition_point(|(first, _)| *first <= from);
        after.saturating_sub(1)
    });
    for (_, number) in runs.get(begin..end).unwrap_or_default().iter().rev() {
        if found.len() == limit {
            break;
        }
        let mut run = Run::open(txn, *number)?;
        for entry in run.entries(clauses)?.into_iter().rev() {
            let key = run.key(entry)?;
            if from.is_some_and(|from| key < from) || found.len() == limit {
                break;
            }
            let wanted = before.is_none_or(|before| key < before) && !except.contains(&key.entry);
            if wanted {
                found.push(key);
            }
        }
    }
    Ok(found)
}

/// A run while it is asked, with the pages that it was asked for.
struct Run<'t, 's> {
    txn: &'t Txn<'s>,
    run: SearchRun,
    pages: Vec<(usize, Rc<SearchPage>)>,
    keys: Option<(usize, SearchKeys)>,
}

impl<'t, 's> Run<'t, 's> {
    fn open(txn: &'t Txn<'s>, number: u64) -> Result<Self, StoreError> {
        Ok(Self {
            txn,
            run: run(txn, number)?,
            pages: Vec::new(),
            keys: None,
        })
    }

    /// The numbers of the entries that every clause finds, sorted.
    fn entries(&mut self, clauses: &[Clause]) -> Result<Vec<u32>, StoreError> {
        let mut common: Option<Vec<u32>> = None;
        for clause in clauses {
            let found = match clause {
                Clause::Phrase(spans) => self.phrase(spans)?,
                Clause::AnyOf(spans) => self.any_of(spans)?,
            };
            let both = match common {
                None => found,
                Some(mut before) => {
                    before.retain(|entry| found.binary_search(entry).is_ok());
                    before
                }
            };
            if both.is_empty() {
                return Ok(both);
            }
            common = Some(both);
        }
        Ok(common.unwrap_or_default())
    }

    fn phrase(&mut self, spans: &[Span]) -> Result<Vec<u32>, StoreError> {
        let [first, rest @ ..] = spans else {
            return Ok(Vec::new());
        };
        if rest.is_empty() {
            return self.any_of(spans);
        }
        let mut here = self.places(first)?;
        for span in rest {
            if here.is_empty() {
                break;
            }
            let next = self.places(span)?;
            let mut follow = next.iter().peekable();
            here.retain_mut(|(entry, position)| {
                let wanted = (*entry, position.saturating_add(1));
                while follow.peek().is_some_and(|place| **place < wanted) {
                    follow.next();
                }
                *position = wanted.1;
                follow.peek() == Some(&&wanted)
            });
        }
        let mut entries: Vec<u32> = here.into_iter().map(|(entry, _)| entry).collect();
        entries.dedup();
        Ok(entries)
    }

    fn any_of(&mut self, spans: &[Span]) -> Result<Vec<u32>, StoreError> {
        let (mut entries, mut positions) = (Vec::new(), Vec::new());
        let mut terms = 0_usize;
        for span in spans {
            self.each(span, |mut places| {
                terms += 1;
                while let Some(entry) = places.next_entry(&mut positions)? {
                    entries.push(entry);
                    positions.clear();
                }
                Ok(())
            })?;
        }
        if terms > 1 {
            entries.sort_unstable();
            entries.dedup();
        }
        Ok(entries)
    }

    /// Where terms of a span stand: entries and positions, sorted.
    fn places(&mut self, span: &Span) -> Result<Vec<(u32, u32)>, StoreError> {
        let (mut found, mut positions) = (Vec::new(), Vec::new());
        let mut terms = 0_usize;
        self.each(span, |mut places| {
            terms += 1;
            while let Some(entry) = places.next_entry(&mut positions)? {
                found.extend(positions.drain(..).map(|position| (entry, position)));
            }
            Ok(())
        })?;
        if terms > 1 {
            found.sort_unstable();
        }
        Ok(found)
    }

    /// Shows `visit` the places of each term of a span.
    fn each(
        &mut self,
        span: &Span,
        mut visit: impl FnMut(sidelight_format::record::Places<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), StoreError> {
        let pages = &self.run.pages;
        let begin = pages.partition_point(|(first, _)| first[..] <= span.from[..]);
        let begin = begin.saturating_sub(1);
        let end = pages.partition_point(|(first, _)| first[..] < span.until[..]);
        for at in begin..end {
            let page = self.page(at)?;
            let mut terms = page.terms();
            while let Some((term, places)) = terms.next_term().map_err(damaged)? {
                if term >= &span.until[..] {
                    break;
                }
                if term >= &span.from[..] {
                    visit(places).map_err(damaged)?;
                }
            }
        }
        Ok(())
    }

    fn page(&mut self, at: usize) -> Result<Rc<SearchPage>, StoreError> {
        if let Some((_, page)) = self.pages.iter().find(|(known, _)| *known == at) {
            return Ok(page.clone());
        }
        let opened = Rc::new(page(self.txn, self.run.pages[at].1)?);
        self.pages.push((at, opened.clone()));
        Ok(opened)
    }

    /// The key of an entry by its number.
    fn key(&mut self, entry: u32) -> Result<IndexKey, StoreError> {
        let (at, place) = (entry as usize / PAGE_KEYS, entry as usize % PAGE_KEYS);
        let known = self.keys.take().filter(|(known, _)| *known == at);
        let (_, keys) = match known {
            Some(known) => self.keys.insert(known),
            None => {
                let (_, number) = self.run.keys.get(at).ok_or(StoreError::Damaged)?;
                self.keys.insert((at, keys_at(self.txn, *number)?))
            }
        };
        keys.keys.get(place).copied().ok_or(StoreError::Damaged)
    }
}
