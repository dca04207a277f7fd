//! Days as people name them.

use jiff::Zoned;
use sidelight_format::{EntryDate, Timestamp};
use sidelight_journal::kinds::Window;

use crate::Error;

/// A day as a person names it, where they were: a civil date and the offset from UTC. Apart
/// from any time of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, 1 to 9999.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// Minutes east of UTC, −1080 to 1080.
    pub offset_minutes: i16,
}

impl Date {
    /// Today in the zone that this device is set to; UTC if it does not say.
    pub fn today() -> Self {
        Self::of(&Zoned::now())
    }

    /// The day of a clock that was set, in seconds since 1970, in the zone of this device.
    ///
    /// # Errors
    /// Invalid if no calendar has that day.
    #[doc(hidden)]
    pub fn by_clock(seconds: i64) -> Result<Self, Error> {
        Self::at(Timestamp(seconds))
    }

    /// The day of a moment in the zone of this device.
    pub(crate) fn at(now: Timestamp) -> Result<Self, Error> {
        let moment = jiff::Timestamp::from_second(now.0).map_err(|_| {
            Error::invalid(
                "this device's clock shows no day that a calendar has; set it, then try again",
            )
        })?;
        Ok(Self::of(&moment.to_zoned(jiff::tz::TimeZone::system())))
    }

    /// The day `YYYY-MM-DD`, `offset_minutes` east of UTC.
    ///
    /// # Errors
    /// Invalid for another form, a day that no calendar has, or an offset past 18 hours.
    pub fn parse(text: &str, offset_minutes: i16) -> Result<Self, Error> {
        let parsed = digits(text).map(|(year, month, day)| Self {
            year,
            month,
            day,
            offset_minutes,
        });
        parsed
            .filter(|date| date.checked().is_ok())
            .ok_or_else(invalid)
    }

    /// The day so many days later, by the calendar.
    ///
    /// # Errors
    /// Invalid if the calendar ends before it.
    pub fn plus(&self, days: u32) -> Result<Self, Error> {
        let date = self.checked()?; // so that it is one of jiff's, too
        let day = jiff::civil::Date::new(date.year(), date.month() as i8, date.day() as i8);
        let later = day.and_then(|day| day.checked_add(jiff::Span::new().try_days(days)?));
        let later = later.map_err(|_| invalid())?;
        Ok(Self {
            year: later.year(),
            month: later.month().unsigned_abs(),
            day: later.day().unsigned_abs(),
            offset_minutes: self.offset_minutes,
        })
    }

    /// From this day to the end of `until`, for what a [kind](crate::kinds) says for a while.
    ///
    /// # Errors
    /// Invalid if `until` comes before this day, or more than a year after it.
    pub fn to(&self, until: &Self) -> Result<Window, Error> {
        Window::new(self.checked()?, until.checked()?).map_err(|_| {
            Error::invalid("the last day is before the first, or more than a year after it")
        })
    }

    /// The civil day of a moment in its zone. Offsets of seconds, as before 1900, are cut to
    /// whole minutes; the day is that of the full offset.
    pub(crate) fn of(moment: &Zoned) -> Self {
        let day = moment.date();
        Self {
            year: day.year(),
            month: day.month().unsigned_abs(),
            day: day.day().unsigned_abs(),
            // At most 26 hours, which is 1,560 minutes.
            offset_minutes: (moment.offset().seconds() / 60) as i16,
        }
    }

    /// As entries hold it.
    pub(crate) fn checked(&self) -> Result<EntryDate, Error> {
        EntryDate::new(self.year, self.month, self.day, self.offset_minutes).map_err(|_| invalid())
    }
}

impl From<EntryDate> for Date {
    fn from(date: EntryDate) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
            day: date.day(),
            offset_minutes: date.offset_minutes(),
        }
    }
}

/// `YYYY-MM-DD`.
impl core::fmt::Display for Date {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn digits(text: &str) -> Option<(i16, u8, u8)> {
    let plain = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = plain(year, 4) && plain(month, 2) && plain(day, 2) && parts.next().is_none();
    fits.then_some(())?;
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

fn invalid() -> Error {
    Error::invalid("this is no day of the years 1 to 9999; write it as 2026-08-01")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_its_text() {
        let day = Date::parse("2024-02-29", 120).unwrap();
        assert_eq!((day.year, day.month, day.day), (2024, 2, 29));
        assert_eq!(day.to_string(), "2024-02-29");
        assert_eq!(Date::parse("0001-01-01", -1080).unwrap().year, 1);
    }

    #[test]
    fn days_are_added_by_the_calendar_up_to_its_end() {
        let day = Date::parse("2024-02-28", -60).unwrap();
        assert_eq!(day.plus(2).unwrap().to_string(), "2024-03-01");
        let last = Date::parse("9999-12-31", 0).unwrap();
        assert_eq!(last.plus(0).unwrap(), last);
        assert!(last.plus(1).is_err() && day.plus(u32::MAX).is_err());
        assert!(day.to(&day.plus(366).unwrap()).is_ok());
        assert!(day.to(&day.plus(367).unwrap()).is_err());
        assert!(day.plus(1).unwrap().to(&day).is_err());
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "0000-01-01",
            "24-01-01",
            "2024-1-1",
            "20240101",
            "2024-01-01T00:00",
            "2024-01-01-",
            "+024-01-01",
            "",
        ] {
            assert!(Date::parse(text, 0).is_err(), "{text}");
        }
        assert!(Date::parse("2024-01-01", 1081).is_err());
    }

    #[test]
    fn a_moment_has_the_day_of_its_zone() {
        let moment: jiff::Timestamp = "1660-01-11T00:00:30Z".parse().unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/London").unwrap();
        let day = Date::of(&moment.to_zoned(zone));
        // Local mean time is 75 seconds behind: the evening before.
        assert_eq!(
            (day.to_string().as_str(), day.offset_minutes),
            ("1660-01-10", -1)
        );
    }
}
