//! Reading what belongs together: an entry's answers, its past, and the same day of other years.

use core::fmt;

use sidelight_format::record::ChoicesRecord;
use sidelight_journal::search::term;
use sidelight_store::search::{Clause, Span};
use sidelight_store::{Key, Store, Txn};

use crate::convert::{self, People};
use crate::device::seek::{self, Wanted};
use crate::device::view;
use crate::reading::{self, PAGE_LEN_MAX};
use crate::records::{Entry, Page};
use crate::{Date, Error, Journal, Reader};

/// How many versions of an entry are shown at most.
const HISTORY_MAX: usize = 100;

/// An entry and what answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The entry; none if it is not here, whether it never came or was taken back.
    pub entry: Option<Entry>,
    /// Whether it was taken back, or its copy here was erased. What answers it stays: it is its
    /// writer's own.
    pub taken_back: bool,
    /// What points at it: replies, answers to offers, turns of a conversation, assents. The
    /// oldest first, up to 1,000.
    pub replies: Vec<Entry>,
}

/// What an entry said at one time.
#[derive(Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Its version.
    pub version: String,
    /// Its text.
    pub text: String,
    /// The day that it was about.
    pub date: Date,
}

impl fmt::Debug for Amendment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Amendment").finish_non_exhaustive()
    }
}

impl Journal {
    /// An entry and what answers it.
    ///
    /// # Errors
    /// Invalid for what names no entry or several; Not found for what names none that is or was
    /// here; Storage.
    pub async fn thread(&self, id: String) -> Result<Thread, Error> {
        self.call(move |driver| driver.read(|store| thread(store, &id)))
            .await
    }

    /// What an entry said after each of its last changes, up to 100, the oldest first; the last
    /// is what it says now. Who may read an entry may read this: an amendment takes nothing back.
    /// Only [erasing](Self::erase) does, and takes all of it.
    ///
    /// # Errors
    /// Not found; Invalid for what names none or several; Storage.
    pub async fn history(&self, id: String) -> Result<Vec<Amendment>, Error> {
        self.call(move |driver| driver.read(|store| history(store, &id)))
            .await
    }

    /// Whether [`on_this_day`](Self::on_this_day) shows anything. It does not until the person of
    /// this device wants it to, and only on this device.
    ///
    /// # Errors
    /// Storage.
    pub async fn wants_on_this_day(&self) -> Result<bool, Error> {
        self.call(|driver| driver.read(|store| Ok(choices(store)?.on_this_day)))
            .await
    }

    /// Turns [`on_this_day`](Self::on_this_day) on or off.
    ///
    /// # Errors
    /// Storage.
    pub async fn want_on_this_day(&self, wanted: bool) -> Result<(), Error> {
        self.call(move |driver| driver.act(|device, _| device.want_on_this_day(wanted)))
            .await
    }

    /// Entries about the same day of earlier years than `day`, the newest first. Those of a 29
    /// February come on the 28th in a year that has none. For when somebody asks: nothing is
    /// brought up by itself, least of all on a bad day.
    ///
    /// # Errors
    /// Invalid for a day or cursor that is none, and as long as it is not
    /// [wanted](Self::want_on_this_day); Storage.
    pub async fn on_this_day(
        &self,
        day: Date,
        limit: u32,
        before: Option<String>,
    ) -> Result<Page, Error> {
        let read = move |store: &dyn Store| on_this_day(store, &day, limit, before.as_deref());
        self.call(move |driver| driver.read(read)).await
    }
}

impl Reader {
    /// An entry and what answers it, as [`Journal::thread`].
    ///
    /// # Errors
    /// As there.
    pub async fn thread(&self, id: String) -> Result<Thread, Error> {
        self.read(move |store| thread(store, &id)).await
    }

    /// What an entry said after each of its last changes, as [`Journal::history`].
    ///
    /// # Errors
    /// As there.
    pub async fn history(&self, id: String) -> Result<Vec<Amendment>, Error> {
        self.read(move |store| history(store, &id)).await
    }
}

fn thread(store: &dyn Store, id: &str) -> Result<Thread, Error> {
    let id = convert::entry_id(store, id)?;
    let people = People::of(store)?;
    let wanted = Wanted {
        clauses: vec![exactly(term::target(&id))],
        heeded: true,
        ..Wanted::default()
    };
    let (found, _) = seek::seek(store, &wanted, None, PAGE_LEN_MAX as usize)?;
    let replies = found.into_iter().rev().map(|entry| people.entry(entry));
    let replies: Vec<Entry> = replies.collect();
    let entry = view::heeded(store, &id)?.map(|entry| people.entry(entry));
    let taken_back = entry.is_none() && view::taken_back(store, &id)?.is_some();
    if entry.is_none() && !taken_back && replies.is_empty() {
        return Err(convert::no_entry());
    }
    Ok(Thread {
        entry,
        taken_back,
        replies,
    })
}

fn history(store: &dyn Store, id: &str) -> Result<Vec<Amendment>, Error> {
    let id = convert::entry_id(store, id)?;
    let Some(past) = view::history(store, &id, HISTORY_MAX)? else {
        return Err(reading::no_entry(store, &id)?);
    };
    let amendment = |past: sidelight_journal::Past| Amendment {
        version: past.version.to_hex(),
        text: past.text,
        date: past.date.into(),
    };
    Ok(past.into_iter().map(amendment).collect())
}

fn on_this_day(
    store: &dyn Store,
    day: &Date,
    limit: u32,
    before: Option<&str>,
) -> Result<Page, Error> {
    if !choices(store)?.on_this_day {
        return Err(Error::invalid(
            "days of other years are not shown until you want them to be; turn that on first",
        ));
    }
    let checked = day.checked()?;
    let mut spans = vec![Span::exactly(term::day_of_year(&checked))];
    let of_year = |month, day_of_month| Date {
        month,
        day: day_of_month,
        ..*day
    };
    let leap = of_year(2, 29).checked().is_ok();
    if (day.month, day.day) == (2, 28) && !leap {
        let extra = Date {
            year: 2000,
            ..of_year(2, 29)
        };
        spans.push(Span::exactly(term::day_of_year(&extra.checked()?)));
    }
    let Some(before_this_year) = of_year(1, 1).checked()?.day_number().checked_sub(1) else {
        return Ok(Page::default());
    };
    let wanted = Wanted {
        clauses: vec![Clause::AnyOf(spans)],
        until: Some(before_this_year),
        ..Wanted::default()
    };
    let before = before.map(convert::index_key).transpose()?;
    let limit = limit.clamp(1, PAGE_LEN_MAX) as usize;
    let (found, next) = seek::seek(store, &wanted, before.as_ref(), limit)?;
    let people = People::of(store)?;
    Ok(Page {
        entries: found.into_iter().map(|entry| people.entry(entry)).collect(),
        next: next.as_ref().map(convert::cursor),
    })
}

fn exactly(term: Vec<u8>) -> Clause {
    Clause::AnyOf(vec![Span::exactly(term)])
}

pub(crate) fn choices(store: &dyn Store) -> Result<ChoicesRecord, Error> {
    Ok(Txn::begin(store)?.get(Key::One)?.unwrap_or_default())
}
