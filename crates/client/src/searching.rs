//! Searching: entries by their words, kind, author, tags and days.

use std::time::{Duration, Instant};

use sidelight_format::record::PersonRecord;
use sidelight_format::{Kind, PersonId};
use sidelight_journal::search::{phrases, term};
use sidelight_store::search::{Clause, Span};
use sidelight_store::{Store, Txn};

use crate::convert::{self, People};
use crate::device::seek::{self, Wanted};
use crate::device::view;
use crate::driver::Driver;
use crate::reading::{self, PAGE_LEN_MAX};
use crate::records::{Page, Space};
use crate::{Date, Error, Journal, Reader};

/// How many words can be looked for at once: more than anybody remembers of an entry.
const WORDS_MAX: usize = 64;

/// What is looked for. An entry is found that has all of what is given; the default finds
/// everything.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words of its text, or of fields that are in words: each the beginning of one, in any
    /// order. Words in quotation marks follow one another as they stand; the last one may be
    /// the beginning of a word until the second mark is typed. Case and diacritics do not
    /// matter.
    pub words: String,
    /// Its kind is one of these; none for any.
    pub kinds: Vec<String>,
    /// Who wrote it; none for both.
    pub by: Option<By>,
    /// Where it is kept; none for anywhere.
    pub space: Option<Space>,
    /// It has all of these tags, whatever their case.
    pub tags: Vec<String>,
    /// It is about this day or a later one.
    pub from: Option<Date>,
    /// It is about this day or an earlier one.
    pub to: Option<Date>,
    /// How many at most: 1 to 1,000. Beyond that it is taken for the nearest.
    pub limit: u32,
    /// [`Page::next`] of the page before; none for the newest.
    pub before: Option<String>,
}

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// This person.
    Me,
    /// Their partner, or a former one.
    Partner,
}

impl core::fmt::Debug for SearchRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SearchRequest")
            .field("by", &self.by)
            .field("space", &self.space)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Looks for entries, the newest first. What has not been indexed yet is looked through,
    /// which takes longer in a long journal; nothing is left out.
    ///
    /// # Errors
    /// Invalid for a cursor, kind or day that is none, and for more than 64 words; Storage.
    pub async fn search(&self, request: SearchRequest) -> Result<Page, Error> {
        self.call(move |driver| driver.read(|store| search(store, &request)))
            .await
    }

    /// Brings the search index up to date, which a journal otherwise does by itself when it has
    /// been left alone for a moment: for an app that is about to be suspended, or a program that
    /// ends after each command. Other calls get in between. Says whether nothing is left to do;
    /// false if `deadline` was over before.
    ///
    /// # Errors
    /// Storage.
    pub async fn prepare_search(&self, deadline: Duration) -> Result<bool, Error> {
        let began = Instant::now();
        loop {
            if !self.call(Driver::index_for_a_while).await? {
                return Ok(true);
            }
            if began.elapsed() >= deadline {
                return Ok(false);
            }
        }
    }
}

impl Reader {
    /// Looks for entries, as [`Journal::search`] does.
    ///
    /// # Errors
    /// As there.
    pub async fn search(&self, request: SearchRequest) -> Result<Page, Error> {
        self.read(move |store| search(store, &request)).await
    }
}

fn search(store: &dyn Store, request: &SearchRequest) -> Result<Page, Error> {
    let before = request.before.as_deref();
    let before = before.map(convert::index_key).transpose()?;
    let limit = request.limit.clamp(1, PAGE_LEN_MAX) as usize;
    let Some(wanted) = wanted(store, request)? else {
        return Ok(Page::default());
    };
    let people = People::of(store)?;
    let (entries, next) = if wanted.clauses.is_empty() {
        let (shown, next) = view::span(store, &wanted, before, limit)?;
        let entries = shown.into_iter().map(|shown| people.shown(shown));
        (entries.collect(), next)
    } else {
        let (found, next) = seek::seek(store, &wanted, before.as_ref(), limit)?;
        let entries = found.into_iter().map(|entry| people.entry(entry));
        (entries.collect(), next)
    };
    Ok(Page {
        entries,
        next: next.as_ref().map(convert::cursor),
    })
}

/// What a request asks for; none if there can be nothing of the kind.
fn wanted(store: &dyn Store, request: &SearchRequest) -> Result<Option<Wanted>, Error> {
    let mut clauses = Vec::new();
    let phrases = phrases(&request.words);
    if phrases.is_empty() && !request.words.trim().is_empty() {
        return Ok(None);
    }
    if phrases
        .iter()
        .map(|phrase| phrase.words.len())
        .sum::<usize>()
        > WORDS_MAX
    {
        return Err(Error::invalid(
            "these are more than 64 words; look for a few of them",
        ));
    }
    for phrase in phrases {
        let last = phrase.words.len() - 1;
        let span = |(at, word): (usize, &String)| match term::word(word) {
            word if at == last && phrase.open => Span::beginning(word),
            word => Span::exactly(word),
        };
        let spans = phrase.words.iter().enumerate().map(span);
        clauses.push(Clause::Phrase(spans.collect()));
    }
    if !request.kinds.is_empty() {
        let kinds = request.kinds.iter().map(|name| {
            let kind = Kind::named(name)
                .ok_or_else(|| Error::invalid("a kind is named by 1 to 32 of a–z and _"))?;
            Ok(Span::exactly(term::kind(&kind)))
        });
        clauses.push(Clause::AnyOf(kinds.collect::<Result<_, Error>>()?));
    }
    for tag in &request.tags {
        clauses.push(Clause::AnyOf(vec![Span::exactly(term::tag(tag))]));
    }
    let (me, private) = reading::me(store)?;
    match request.by {
        None => {}
        Some(By::Me) => clauses.push(seek::by(&[me])),
        Some(By::Partner) => {
            let others = others(store, &me)?;
            if others.is_empty() {
                return Ok(None);
            }
            clauses.push(seek::by(&others));
        }
    }
    let day = |day: &Option<Date>| -> Result<Option<u32>, Error> {
        let day = day.as_ref().map(Date::checked).transpose()?;
        Ok(day.map(|day| day.day_number()))
    };
    Ok(Some(Wanted {
        clauses,
        from: day(&request.from)?,
        until: day(&request.to)?,
        space: request.space.map(|space| seek::Where {
            private,
            shared: space == Space::Shared,
        }),
        heeded: !request.kinds.is_empty(),
    }))
}

fn others(store: &dyn Store, me: &PersonId) -> Result<Vec<PersonId>, Error> {
    let persons = Txn::begin(store)?.all::<PersonRecord>()?;
    let ids = persons.iter().map(|person| person.genesis.id());
    Ok(ids.filter(|person| person != me).collect())
}
