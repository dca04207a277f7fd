//! Rhythms and quiet times: what somebody means to do, and when nothing may disturb them.

use core::fmt;
use std::collections::BTreeSet;

use sidelight_format::{Edit, FieldValue, Rendered};

use super::content::{Content, Reader, Said, Typed, Writer, set};
use super::needs::flag;
use super::words::Weekday;

/// Something that somebody means to do on some days. Not doing it leaves no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// What.
    pub intention: Said,
    /// On which days of the week; on none until some are chosen.
    pub weekdays: BTreeSet<Weekday>,
    /// When on those days they want to be reminded; none for not at all.
    pub at: Option<TimeOfDay>,
    /// When nothing may disturb.
    pub quiet: BTreeSet<Quiet>,
    /// Whether it is paused.
    pub paused: bool,
}

impl Rhythm {
    /// Means to do this.
    pub fn to(intention: Said) -> Self {
        Self {
            intention,
            weekdays: BTreeSet::new(),
            at: None,
            quiet: BTreeSet::new(),
            paused: false,
        }
    }

    /// On this day of the week.
    #[must_use]
    pub fn on(mut self, day: Weekday) -> Self {
        self.weekdays.insert(day);
        self
    }

    /// With a reminder at this time of those days.
    #[must_use]
    pub fn at(self, at: TimeOfDay) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }

    /// With nothing disturbing in this time.
    #[must_use]
    pub fn quiet(mut self, quiet: Quiet) -> Self {
        self.quiet.insert(quiet);
        self
    }

    /// The edit that pauses it, or goes on.
    pub fn pause(paused: bool) -> Edit {
        flag("paused", paused)
    }
}

impl Typed for Rhythm {
    const KIND: &'static str = "rhythm";

    fn content(&self) -> Content {
        let quiet: Vec<_> = self.quiet.iter().map(Quiet::to_string).collect();
        Writer::of::<Self>()
            .text(&self.intention)
            .words_of("weekdays", &self.weekdays)
            .text_of("at", self.at)
            .put(
                "quiet",
                (!quiet.is_empty()).then_some(FieldValue::List(quiet)),
            )
            .flag("paused", self.paused)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let quiet = reader.members("quiet");
        Some(Self {
            intention: reader.text()?,
            weekdays: reader.words_of("weekdays"),
            at: reader.str("at").and_then(TimeOfDay::parse),
            quiet: set(quiet.iter().filter_map(|said| Quiet::parse(said.as_str()))),
            paused: reader.flag("paused", true),
        })
    }
}

/// A time of every day, on the wall clock of whoever it is quiet for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quiet {
    from: u16,
    until: u16,
}

impl Quiet {
    /// From `from` until `until`, minutes after midnight, 0 to 1,439; over midnight if it ends
    /// before it begins, and the whole day if both are the same. None for other minutes.
    pub fn new(from: u16, until: u16) -> Option<Self> {
        (from < MINUTES && until < MINUTES).then_some(Self { from, until })
    }

    /// Whether it is quiet at this minute of the day. A wall clock that leaps passes by minutes
    /// or has them twice; each of them is quiet or not as always.
    pub fn holds(&self, minute: u16) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }

    /// From `22:00-07:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let minute = |text| TimeOfDay::parse(text).map(TimeOfDay::minute);
        Self::new(minute(from)?, minute(until)?)
    }
}

/// `22:00-07:30`.
impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", TimeOfDay(self.from), TimeOfDay(self.until))
    }
}

/// A minute of the day on the wall clock of whoever it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// So many minutes after midnight, 0 to 1,439; none for others.
    pub fn new(minute: u16) -> Option<Self> {
        (minute < MINUTES).then_some(Self(minute))
    }

    /// Minutes after midnight, 0 to 1,439.
    pub fn minute(self) -> u16 {
        self.0
    }

    /// From `20:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let plain = [hours, minutes]
            .iter()
            .all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (plain && hours < 24 && minutes < 60).then_some(Self(hours * 60 + minutes))
    }
}

/// `20:00`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The minutes of a day on a wall clock.
const MINUTES: u16 = 24 * 60;
