//! Days, and whether one of them is now.

use core::fmt;

use sidelight_format::{EntryDate, Timestamp};

/// The longest time that anything is said for: a year.
pub const WINDOW_DAYS_MAX: i64 = 366;

/// Two days and all between them, where the person is who says so. They begin with the first
/// day's midnight and end with the last one's, by the offset that each of them carries, so that
/// they end at the same moment on every device, wherever it travels.
///
/// The first day is what makes a wrong clock harmless: by a clock in 1970 nothing has begun,
/// by one in 2100 everything is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: EntryDate,
    until: EntryDate,
}

/// Days that nothing can be said for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the last day comes before the first one, or more than a year after it")]
pub struct InvalidWindow;

impl Window {
    /// From the beginning of `from` to the end of `until`.
    ///
    /// # Errors
    /// [`InvalidWindow`].
    pub fn new(from: EntryDate, until: EntryDate) -> Result<Self, InvalidWindow> {
        let window = Self { from, until };
        window.check().map(|()| window)
    }

    /// One whole day.
    pub fn on(day: EntryDate) -> Self {
        Self {
            from: day,
            until: day,
        }
    }

    /// The first day.
    pub fn from(&self) -> EntryDate {
        self.from
    }

    /// The last day.
    pub fn until(&self) -> EntryDate {
        self.until
    }

    /// Whether `now` is in it.
    pub fn holds(&self, now: Timestamp) -> bool {
        (midnight(self.from)..midnight(self.until).saturating_add(DAY)).contains(&now.0)
    }

    /// Whether `now` is in it, and in its first `days` days.
    pub fn holds_in_first(&self, days: i64, now: Timestamp) -> bool {
        self.holds(now) && now.0 < midnight(self.from).saturating_add(days.saturating_mul(DAY))
    }

    /// What both have in common; if that is nothing, days that never are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let key = |day: &EntryDate| (midnight(*day), *day);
        Self {
            from: [self.from, other.from]
                .into_iter()
                .max_by_key(key)
                .unwrap_or(self.from),
            until: [self.until, other.until]
                .into_iter()
                .min_by_key(key)
                .unwrap_or(self.until),
        }
    }

    /// Whether a person may say it; what merging leaves may be no days at all.
    pub(super) fn check(&self) -> Result<(), InvalidWindow> {
        // By the calendar: the two offsets may differ by a journey.
        if (0..=WINDOW_DAYS_MAX).contains(&(days(self.until) - days(self.from))) {
            Ok(())
        } else {
            Err(InvalidWindow)
        }
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('/')?;
        let day = |text: &str| {
            let (day, offset) = text.split_at_checked(10)?;
            let offset: i16 = match offset.split_at_checked(1)? {
                ("+", minutes) => digits(minutes)?,
                ("-", minutes) => -digits(minutes)?,
                _ => return None,
            };
            let day = Day::parse(day)?.0;
            EntryDate::new(day.year(), day.month(), day.day(), offset).ok()
        };
        Some(Self {
            from: day(from)?,
            until: day(until)?,
        })
    }
}

/// `2026-08-01+720/2026-08-05+720`: both days, with the minutes east of UTC.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        let offsets = (from.offset_minutes(), until.offset_minutes());
        write!(f, "{from}{:+}/{until}{:+}", offsets.0, offsets.1)
    }
}

/// A day without an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(crate) EntryDate);

impl Day {
    /// The day, wherever it is.
    pub fn new(date: EntryDate) -> Self {
        let bare = EntryDate::new(date.year(), date.month(), date.day(), 0);
        Self(bare.unwrap_or(date)) // the same day is a day
    }

    /// From `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let separated =
            text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        if !separated {
            return None;
        }
        let part = |range| text.get(range).and_then(digits);
        let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        EntryDate::new(year, month, day, 0).ok().map(Self)
    }

    /// As a date, without an offset.
    pub fn date(&self) -> EntryDate {
        self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const DAY: i64 = 24 * 60 * 60;

/// One to four digits.
fn digits(text: &str) -> Option<i16> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The moment at which a day begins, in seconds since 1970.
fn midnight(day: EntryDate) -> i64 {
    days(day) * DAY - i64::from(day.offset_minutes()) * 60
}

/// Days since 1970-01-01.
fn days(day: EntryDate) -> i64 {
    // Howard Hinnant's `days_from_civil`: years begin in March, so that leap days end them.
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day.day()) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: u8, day: u8, offset: i16) -> EntryDate {
        EntryDate::new(year, month, day, offset).unwrap()
    }

    #[test]
    fn midnights_are_those_of_the_calendar() {
        for ((y, m, d), seconds) in [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 951_782_400),
            ((2026, 8, 1), 1_785_542_400),
            ((1900, 3, 1), -2_203_891_200),
            ((9999, 12, 31), 253_402_214_400),
            ((1, 1, 1), -62_135_596_800),
        ] {
            assert_eq!(midnight(day(y, m, d, 0)), seconds);
            assert_eq!(midnight(day(y, m, d, 120)), seconds - 7200);
        }
    }

    #[test]
    fn a_window_survives_its_text_at_both_ends_of_the_calendar() {
        for window in [
            Window::on(day(1, 1, 1, -1080)),
            Window::on(day(9999, 12, 31, 1080)),
            Window::new(day(2024, 2, 29, 0), day(2025, 3, 1, -60)).unwrap(),
        ] {
            assert_eq!(Window::parse(&window.to_string()), Some(window));
        }
        for text in [
            "",
            "/",
            "2026-08-01/2026-08-02",
            "2026-08-01+0",
            "2026-08-01+0/2026-02-30+0",
            "2026-08-01+0/2026-08-02+1081",
            "2026-08-01+0/2026-08-02++1",
            "2026-08-01+/2026-08-02+0",
            "2026-08-0é+0/2026-08-02+0",
        ] {
            assert_eq!(Window::parse(text), None, "{text}");
        }
        assert!(Window::new(day(2026, 8, 2, 0), day(2026, 8, 1, 0)).is_err());
        assert!(Window::new(day(2026, 1, 1, 0), day(2027, 1, 3, 0)).is_err());
    }

    #[test]
    fn days_end_at_one_moment_wherever_a_device_is() {
        let window = Window::on(day(2026, 8, 1, 720));
        let begin = 1_785_542_400 - 12 * 3600;
        for (seconds, holds) in [
            (begin - 1, false),
            (begin, true),
            (begin + DAY - 1, true),
            (begin + DAY, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(window.holds(Timestamp(seconds)), holds);
        }
    }
}
