//! Rhythms and quiet times: when an app may draw attention to a journal, and with what.
//!
//! What may be shown is one sentence, the same whatever happened:
//! [`Sentence::Notice`](crate::words::Sentence::Notice), or an app's own that tells as little. It
//! has no author, kind, text or number in it, for it stands on screens that others see.

use core::fmt;

use jiff::tz::TimeZone;
use jiff::{Zoned, civil};
use sidelight_format::Timestamp;
use sidelight_format::record::SharedRecord;
use sidelight_journal::kinds::words::{Need, Weekday, Word};
use sidelight_journal::kinds::{CheckIn, Meaning, Quiet, Rhythm};
use sidelight_store::{Key, Store, Txn};

use crate::convert::milliseconds;
use crate::device::lock::locked;
use crate::device::view;
use crate::{Error, Journal, Reader, memories, reading, today};

/// How many days ahead reminders are looked for: a week, the day on which it begins, and one more
/// if a day of it is left out.
const DAYS_AHEAD: usize = 9;

/// How many minutes ahead the end of quiet times is looked for. They are those of every day, so
/// whatever is quiet for two days is quiet always.
const MINUTES_AHEAD: i64 = 2 * 24 * 60;

/// When an app may show its one notice. It holds where this device is now, and until an entry
/// changes or the person travels: ask again then.
///
/// - Nothing at all until the person of this device [wants](Journal::want_notices) it.
/// - For something that came: never in a quiet time of theirs, and not as long as private entries
///   are locked, since nobody knows then which times those are.
/// - To remind of a rhythm: on its days, at its time, unless it is paused. A quiet time of their
///   own does not hold that back, for they set the time themselves. A rhythm that is shared
///   concerns both, so quiet times that the partner shared hold it back, and their need for
///   space. A reminder that was held back is not made up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Whether the person of this device wants any.
    pub wanted: bool,
    /// Whether one may be shown now because something came.
    pub now: bool,
    /// From when on one may be shown because something came, in milliseconds since 1970 by this
    /// device's clock: this moment, or the end of a quiet time. None if it is always quiet.
    pub next_ms: Option<i64>,
    /// When one is to be shown next to remind of a rhythm; none within a week.
    pub reminder_ms: Option<i64>,
}

/// A rhythm: something meant for some days. Nothing says whether it was done.
#[derive(Clone, PartialEq, Eq)]
pub struct RhythmShown {
    /// The entry.
    pub id: String,
    /// Whether it is this person's own.
    pub mine: bool,
    /// Whether both see it.
    pub shared: bool,
    /// What is meant.
    pub intention: String,
    /// On which days, `monday` to `sunday`.
    pub weekdays: Vec<String>,
    /// When its person wants to be reminded, as `20:00`.
    pub at: Option<String>,
    /// When nothing may disturb them, as `22:00-07:30`.
    pub quiet: Vec<String>,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether this is one of its days.
    pub today: bool,
}

impl fmt::Debug for RhythmShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RhythmShown")
            .field("id", &self.id)
            .field("mine", &self.mine)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// When an app may show its one notice, by the time zone of this device.
    ///
    /// # Errors
    /// Storage.
    pub async fn notices(&self) -> Result<Notices, Error> {
        self.call(|driver| {
            let now = driver.clock.now();
            driver.read(|store| notices(store, now))
        })
        .await
    }

    /// Says whether the person of this device wants notices here. They do not until they say so.
    ///
    /// # Errors
    /// Storage.
    pub async fn want_notices(&self, wanted: bool) -> Result<(), Error> {
        self.call(move |driver| driver.act(|device, _| device.want_notices(wanted)))
            .await
    }

    /// The rhythms of this person, and those that the partner shared; the newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn rhythms(&self) -> Result<Vec<RhythmShown>, Error> {
        self.call(|driver| {
            let now = driver.clock.now();
            driver.read(|store| rhythms(store, now))
        })
        .await
    }

    /// Pauses every rhythm of this person, or goes on with them, on all of their devices. Quiet
    /// times hold all the same.
    ///
    /// # Errors
    /// Keys locked while private entries are; Storage.
    pub async fn pause_rhythms(&self, paused: bool) -> Result<(), Error> {
        self.call(move |driver| {
            let now = driver.clock.now();
            let own = driver.read(|store| match view::is_locked(store)? {
                true => Err(locked()),
                false => own_rhythms(store, now),
            })?;
            for (id, rhythm) in own {
                if rhythm.paused != paused {
                    let edits = [Rhythm::pause(paused)];
                    driver.act(|device, outside| device.edit(&id, None, &edits, outside))?;
                }
            }
            Ok(())
        })
        .await
    }
}

impl Reader {
    /// When an app may show its one notice, as [`Journal::notices`].
    ///
    /// # Errors
    /// As there.
    pub async fn notices(&self) -> Result<Notices, Error> {
        let now = self.clock().now();
        self.read(move |store| notices(store, now)).await
    }
}

fn rhythms(store: &dyn Store, now: Timestamp) -> Result<Vec<RhythmShown>, Error> {
    let (me, private) = reading::me(store)?;
    let weekday = zoned(now, &TimeZone::system()).map(|now| weekday(now.date()));
    let mut shown = Vec::new();
    for view in today::matters(store, now)? {
        let Some(rhythm) = rhythm(&view.rendered) else {
            continue;
        };
        let is_today = weekday.is_some_and(|day| rhythm.weekdays.contains(&day));
        shown.push(RhythmShown {
            id: view.id.to_hex(),
            mine: view.preimage.owner == me,
            shared: view.space != private,
            intention: rhythm.intention.as_str().to_owned(),
            weekdays: rhythm
                .weekdays
                .iter()
                .map(|day| day.name().to_owned())
                .collect(),
            at: rhythm.at.map(|at| at.to_string()),
            quiet: rhythm.quiet.iter().map(Quiet::to_string).collect(),
            paused: rhythm.paused,
            today: is_today && !rhythm.paused,
        });
    }
    Ok(shown)
}

fn own_rhythms(
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<(sidelight_format::EntryId, Rhythm)>, Error> {
    let (me, _) = reading::me(store)?;
    let views = today::matters(store, now)?.into_iter();
    let own = views.filter(|view| view.preimage.owner == me);
    Ok(own
        .filter_map(|view| Some((view.id, rhythm(&view.rendered)?)))
        .collect())
}

fn rhythm(shown: &sidelight_format::Rendered) -> Option<Rhythm> {
    match Meaning::of(shown) {
        Meaning::Rhythm(rhythm) => Some(rhythm),
        _ => None,
    }
}

fn notices(store: &dyn Store, now: Timestamp) -> Result<Notices, Error> {
    if !memories::choices(store)?.notices {
        return Ok(Notices::default());
    }
    let notices = told(store, now)?.notices(now, &TimeZone::system());
    if view::is_locked(store)? {
        // Which times are quiet is private, and any may be.
        return Ok(Notices {
            now: false,
            next_ms: None,
            ..notices
        });
    }
    Ok(notices)
}

/// What decides: all that is looked at, and nothing else is.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Own quiet times.
    quiet: Vec<Quiet>,
    /// Own rhythms, and whether each is shared.
    rhythms: Vec<(Rhythm, bool)>,
    /// Quiet times that the partner shared, by minutes east of UTC where they said so.
    theirs: Vec<(Quiet, i16)>,
    /// What the partner shared that they need, the newest first.
    needs: Vec<CheckIn>,
}

fn told(store: &dyn Store, now: Timestamp) -> Result<Told, Error> {
    let (me, private) = reading::me(store)?;
    let txn = Txn::begin(store)?;
    let mut told = Told::default();
    for view in today::matters(store, now)? {
        let mine = view.preimage.owner == me;
        match Meaning::of(&view.rendered) {
            Meaning::Rhythm(rhythm) if mine => {
                told.quiet.extend(&rhythm.quiet);
                // What was shared stands for what it was copied from.
                let copied = txn.get::<SharedRecord>(Key::Name(&view.id.0))?;
                if copied.is_none() {
                    told.rhythms.push((rhythm, view.space != private));
                }
            }
            Meaning::Rhythm(rhythm) => {
                let offset = view.rendered.date.offset_minutes();
                let theirs = rhythm.quiet.into_iter();
                told.theirs.extend(theirs.map(|quiet| (quiet, offset)));
            }
            Meaning::CheckIn(check_in) if !mine => told.needs.push(check_in),
            _ => {}
        }
    }
    Ok(told)
}

impl Told {
    /// When a notice may be shown: a pure function of what was told, the time and the zone.
    fn notices(&self, now: Timestamp, zone: &TimeZone) -> Notices {
        let next = self.free_from(now, zone);
        let reminders = self.rhythms.iter();
        let reminders = reminders.filter_map(|(rhythm, shared)| {
            moments(rhythm, now, zone).find(|at| !shared || self.partner_lets(*at))
        });
        Notices {
            wanted: true,
            now: next == Some(now),
            next_ms: next.map(milliseconds),
            reminder_ms: reminders.min_by_key(|at| at.0).map(milliseconds),
        }
    }

    /// The first moment from `now` on that is in no own quiet time.
    fn free_from(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let begins = now.0.div_euclid(60).checked_mul(60)?;
        let minutes = (1..=MINUTES_AHEAD).map(|minute| begins.saturating_add(minute * 60));
        let mut moments = std::iter::once(now).chain(minutes.map(Timestamp));
        // A moment that no wall clock can show is quiet.
        moments.find(|at| {
            zoned(*at, zone).is_some_and(|wall| {
                let minute = minute(wall.time());
                !self.quiet.iter().any(|quiet| quiet.holds(minute))
            })
        })
    }

    /// Whether the partner lets what both share come up at this moment.
    fn partner_lets(&self, at: Timestamp) -> bool {
        let quiet = self.theirs.iter().any(|(quiet, offset)| {
            let there = at.0.saturating_add(i64::from(*offset) * 60);
            // Less than a day's minutes.
            quiet.holds((there.rem_euclid(24 * 3600) / 60) as u16)
        });
        let says = self.needs.iter().find(|said| said.days().holds(at));
        !quiet && says.and_then(|said| said.needed(at)) != Some(Need::Space)
    }
}

/// When to remind of a rhythm, after `now` and within a week.
fn moments<'a>(
    rhythm: &'a Rhythm,
    now: Timestamp,
    zone: &'a TimeZone,
) -> impl Iterator<Item = Timestamp> + 'a {
    let time = rhythm.at.filter(|_| !rhythm.paused).and_then(|at| {
        // Below 24 and below 60.
        civil::Time::new((at.minute() / 60) as i8, (at.minute() % 60) as i8, 0, 0).ok()
    });
    let first = zoned(now, zone).map(|now| now.date());
    let days = first
        .into_iter()
        .flat_map(|first| first.series(jiff::Span::new().days(1)));
    let days = days.take(DAYS_AHEAD);
    days.filter(|day| rhythm.weekdays.contains(&weekday(*day)))
        .filter_map(move |day| {
            // A time that the clock leaps over comes an hour later; one that it has twice, once.
            let ambiguous = zone.to_ambiguous_zoned(day.to_datetime(time?));
            let at = ambiguous.compatible().ok()?;
            // A day that is left out where the date line was moved has no reminder.
            let that_day = at.date() == day;
            that_day.then(|| Timestamp(at.timestamp().as_second()))
        })
        .filter(move |at| *at > now)
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let moment = jiff::Timestamp::from_second(at.0).ok()?;
    Some(moment.to_zoned(zone.clone()))
}

fn minute(time: civil::Time) -> u16 {
    // 0 to 23 and 0 to 59.
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

fn weekday(day: civil::Date) -> Weekday {
    match day.weekday() {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests;
