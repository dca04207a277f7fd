//! Finding entries: by the search index as far as it goes, and by looking where it does not.

use std::collections::BTreeSet;

use sidelight_format::record::{IndexKey, IndexRow, RenderedRecord, SearchChange};
use sidelight_format::{EntryId, PersonId, SpaceId};
use sidelight_journal::search::{Terms, may_have_word, term, terms};
use sidelight_store::search::{self, Clause, START, Span};
use sidelight_store::{Store, Txn, timeline};

use super::entries::{index_row, rendered};
use super::lock::{Lock, PrivateLock, private_kind};
use super::permit::heed;
use super::view::{EntryView, entry_view, private};
use crate::Error;

/// How many rows of the timeline are looked at in one go.
const ROWS: usize = 256;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What an entry must have; something at least.
    pub clauses: Vec<Clause>,
    /// The first day, as a [day number](sidelight_format::EntryDate::day_number).
    pub from: Option<u32>,
    /// The last day.
    pub until: Option<u32>,
    /// Where, if it matters.
    pub space: Option<Where>,
    /// Only entries that count: what is asked for depends on who may say it.
    pub heeded: bool,
}

/// In the private space, or in one that is or was shared.
#[derive(Clone, Copy, Debug)]
pub struct Where {
    /// The private space.
    pub private: SpaceId,
    /// Rather the others.
    pub shared: bool,
}

impl Where {
    /// Whether `space` is meant.
    pub fn is(&self, space: &SpaceId) -> bool {
        (*space != self.private) == self.shared
    }
}

/// At most `limit` entries before `before`, the newest first, and the key to go on from.
///
/// # Errors
/// Storage.
pub fn seek(
    store: &dyn Store,
    wanted: &Wanted,
    before: Option<&IndexKey>,
    limit: usize,
) -> Result<(Vec<EntryView>, Option<IndexKey>), Error> {
    let txn = Txn::begin(store)?;
    let private = private(&txn)?;
    let mut found = Vec::new();
    let mut before = before.copied();
    loop {
        let keys = keys(&txn, wanted, before, limit - found.len())?;
        let full = keys.len() == limit - found.len();
        before = keys.last().copied();
        for key in keys {
            // What the index says is checked against what is kept, which alone is shown.
            let Some(shown) = rendered(&txn, &key.entry)? else {
                continue;
            };
            if wanted.space.is_some_and(|space| !space.is(&shown.space)) {
                continue;
            }
            let view = heed(&txn, private, entry_view(key.entry, shown))?;
            if view.heeded || !wanted.heeded {
                found.push(view);
            }
        }
        if !full || found.len() == limit {
            let next = before.filter(|_| full);
            return Ok((found, next));
        }
    }
}

/// The keys of at most `limit` entries before `before`, the newest first.
fn keys(
    txn: &Txn<'_>,
    wanted: &Wanted,
    before: Option<IndexKey>,
    limit: usize,
) -> Result<Vec<IndexKey>, Error> {
    let from = wanted.from.map(day_begins);
    let end = wanted
        .until
        .and_then(|until| until.checked_add(1))
        .map(day_begins);
    let before = [before, end].into_iter().flatten().min();
    let inside = |key: &IndexKey| {
        from.is_none_or(|from| *key >= from) && before.is_none_or(|before| *key < before)
    };

    let (lock, _) = Lock::of(txn)?;
    // Locked away, the index does not open: what may be read is looked through.
    let begins = search::begins(txn)?.filter(|_| lock.state != PrivateLock::Locked);
    let mut found = Vec::new();
    if let Some(begins) = begins {
        let mut except = BTreeSet::new();
        for change in txn.all::<SearchChange>()? {
            except.insert(change.entry);
            let Some(shown) = rendered(txn, &change.entry)? else {
                continue;
            };
            let key = index_row(change.entry, &shown).key;
            if key >= begins && inside(&key) && has(wanted, &terms_of(&shown)) {
                found.push(key);
            }
        }
        let indexed = search::find(txn, &wanted.clauses, (from, before), limit, &except)?;
        found.extend(indexed);
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(limit);
    }
    let (words, mut buffer) = (words(wanted), String::new());
    let mut before = [before, begins].into_iter().flatten().min();
    while begins != Some(START) && found.len() < limit {
        let rows = timeline::page(txn, before, ROWS, |row| !lock.hides(&row.space))?;
        for row in &rows {
            if found.len() == limit || !inside(&row.key) {
                return Ok(found);
            }
            if may_have(wanted, row)
                && let Some(shown) = rendered(txn, &row.key.entry)?
                && words
                    .iter()
                    .all(|word| may_have_word(&shown.rendered, word, &mut buffer))
                && has(wanted, &terms_of(&shown))
            {
                found.push(row.key);
            }
        }
        before = rows.last().map(|row| row.key);
        if rows.len() < ROWS {
            break;
        }
    }
    Ok(found)
}

/// Words, or beginnings of words, without which nothing can have what is wanted: the longest of
/// each phrase, which the fewest entries have.
fn words(wanted: &Wanted) -> Vec<&str> {
    let of_word = |span: &'_ Span| span.is_about(&term::word(""));
    let phrases = wanted.clauses.iter().map(|clause| match clause {
        Clause::Phrase(spans) => spans.as_slice(),
        Clause::AnyOf(spans) if spans.len() == 1 => spans.as_slice(),
        Clause::AnyOf(_) => &[],
    });
    let longest = phrases.filter_map(|spans| {
        let spans = spans.iter().filter(|span| of_word(span));
        let words = spans.filter_map(|span| {
            let word = span.beginning_of_all()?.get(term::word("").len()..)?;
            std::str::from_utf8(word).ok()
        });
        words.max_by_key(|word| word.len())
    });
    longest.collect()
}

fn terms_of(shown: &RenderedRecord) -> Terms {
    terms(&shown.rendered, &shown.preimage.owner)
}

fn has(wanted: &Wanted, terms: &Terms) -> bool {
    wanted.clauses.iter().all(|clause| clause.holds(terms))
}

/// Whether an entry may have what is wanted, as far as its row in the timeline tells.
fn may_have(wanted: &Wanted, row: &IndexRow) -> bool {
    if row.kind == private_kind() {
        return true;
    }
    let known = [
        term::kind(&row.kind),
        term::owner(&row.owner),
        term::day_of_year(&row.date),
    ];
    let about_these = |span: &Span| known.iter().any(|term| span.is_about(term));
    wanted.clauses.iter().all(|clause| match clause {
        Clause::AnyOf(spans) if spans.iter().all(about_these) => known
            .iter()
            .any(|term| spans.iter().any(|span| span.has(term))),
        _ => true,
    })
}

/// The key before all entries of a day.
pub(super) fn day_begins(day: u32) -> IndexKey {
    IndexKey {
        day,
        order: 0,
        entry: EntryId([0; EntryId::LEN]),
    }
}

/// By one of these persons.
pub fn by(persons: &[PersonId]) -> Clause {
    let spans = persons
        .iter()
        .map(|person| Span::exactly(term::owner(person)));
    Clause::AnyOf(spans.collect())
}
