//! Recall: what this person's own entries say of what has helped, and of what goes together.

use core::fmt;
use std::collections::BTreeSet;

use sidelight_format::record::{DismissedRecord, RenderedRecord, SharedRecord};
use sidelight_format::{EntryId, FieldValue, Timestamp};
use sidelight_journal::kinds::words::{Support, Word};
use sidelight_journal::kinds::{Meaning, SupportOffer, SupportResponse, Typed};
use sidelight_journal::recall::{self, Recall};
use sidelight_store::{Key, Store, Txn};

use crate::device::lock::locked;
use crate::device::seek::{self, Wanted};
use crate::device::view;
use crate::{Date, Error, Journal, reading};

/// How many entries are looked at, the newest first: years of several a day.
const ENTRIES_MAX: usize = 10_000;

/// How many days back: what was so years ago may be so no longer.
const YEAR_DAYS: u32 = 366;

/// Something that is recalled. It has no number, and is about this person alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Recollection {
    /// Names it, for [`dismiss`](Journal::dismiss).
    pub id: String,
    /// What.
    pub what: Recalled,
}

/// What this person's own entries say.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recalled {
    /// They said again and again that this helped: a word of
    /// [`Support`](crate::kinds::words::Support).
    Helped(String),
    /// On days with the one tag there mostly was the other. Why, nobody knows.
    Together {
        /// The one.
        on: String,
        /// The other.
        also: String,
    },
}

impl fmt::Debug for Recollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recollection")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Recalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Helped(_) => "Helped(…)",
            Self::Together { .. } => "Together(…)",
        })
    }
}

impl Journal {
    /// What this person's own entries of the last year say of what has helped and of what goes
    /// together: answers in which they said that an offer helped, and tags of the same days.
    /// Nothing is said that was not said often, and nothing of the partner. It is computed here
    /// when somebody asks, and kept nowhere. For when somebody asks: nothing is brought up by
    /// itself.
    ///
    /// # Errors
    /// Keys locked while private entries are; Invalid by a clock that shows no day; Storage.
    pub async fn recall(&self) -> Result<Vec<Recollection>, Error> {
        self.call(|driver| {
            let now = driver.clock.now();
            driver.read(|store| recall_at(store, now))
        })
        .await
    }

    /// Never recalls this again on this device.
    ///
    /// # Errors
    /// Keys locked while private entries are; Invalid for what is no [id](Recollection::id);
    /// Storage.
    pub async fn dismiss(&self, id: String) -> Result<(), Error> {
        self.call(move |driver| {
            let what = EntryId::from_hex(&id).ok_or_else(|| {
                Error::invalid("this names nothing that is recalled; take the id from the list")
            })?;
            driver.act(|device, _| device.dismiss(what.0))
        })
        .await
    }

    /// Takes every [dismissal](Self::dismiss) on this device back.
    ///
    /// # Errors
    /// Keys locked while private entries are; Storage.
    pub async fn dismiss_nothing(&self) -> Result<(), Error> {
        self.call(|driver| driver.act(|device, _| device.dismiss_nothing()))
            .await
    }
}

fn recall_at(store: &dyn Store, now: Timestamp) -> Result<Vec<Recollection>, Error> {
    if view::is_locked(store)? {
        return Err(locked());
    }
    let (me, _) = reading::me(store)?;
    let until = Date::at(now)?.checked()?.day_number();
    let txn = Txn::begin(store)?;
    let copies = txn.all::<SharedRecord>()?.into_iter();
    let copies: BTreeSet<_> = copies.map(|record| record.copy).collect();
    let wanted = Wanted {
        clauses: vec![seek::by(&[me])],
        from: Some(until.saturating_sub(YEAR_DAYS)),
        until: Some(until),
        heeded: true,
        ..Wanted::default()
    };
    let mut recall = Recall::default();
    for view in seek::seek(store, &wanted, None, ENTRIES_MAX)?.0 {
        // A shared copy says nothing that its private entry does not say.
        if copies.contains(&view.id) {
            continue;
        }
        let tags = view.rendered.fields.iter().find(|(name, _)| name == "tags");
        if let Some((_, FieldValue::List(tags))) = tags {
            let day = view.rendered.date.day_number();
            recall.take_tags(day, tags.iter().map(String::as_str));
        }
        if let Meaning::SupportResponse(answer) = Meaning::of(&view.rendered)
            && let Some((offered, helped)) = answered(&txn, &answer)?
        {
            recall.take_answer(&offered, helped);
        }
    }
    let mut recollections = Vec::new();
    for recalled in recall.recalled() {
        let id = recalled.id();
        if txn.get::<DismissedRecord>(Key::Name(&id))?.is_none() {
            recollections.push(Recollection {
                id: EntryId(id).to_hex(),
                what: match recalled {
                    recall::Recalled::Helped(help) => Recalled::Helped(help.name().to_owned()),
                    recall::Recalled::Together { on, also } => Recalled::Together { on, also },
                },
            });
        }
    }
    Ok(recollections)
}

/// What had been offered, and whether it helped, if the answer says so.
fn answered(
    txn: &Txn<'_>,
    answer: &SupportResponse,
) -> Result<Option<(BTreeSet<Support>, bool)>, Error> {
    let helped = match (answer.helped, answer.too_much) {
        (_, true) => false,
        (Some(helped), false) => helped,
        (None, false) => return Ok(None),
    };
    let offer = txn.get::<RenderedRecord>(Key::Name(&answer.target.0))?;
    let offer = offer.and_then(|shown| SupportOffer::read(&shown.rendered));
    Ok(offer.map(|offer| (offer.offers().clone(), helped)))
}
