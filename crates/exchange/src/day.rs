//! Days as other journals write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use sidelight_format::EntryDate;

/// The civil day of a moment in a zone. Offsets of seconds, as before 1900, are cut to whole
/// minutes; the day is that of the full offset.
pub(crate) fn of_moment(moment: Timestamp, zone: TimeZone) -> Option<EntryDate> {
    let there = moment.to_zoned(zone);
    entry_date(there.date(), there.offset())
}

/// A civil day as it is written, at a time in a zone. Where clocks were put forward over that
/// time, or over the whole day, the day stays as it is written.
pub(crate) fn of_civil(day: Date, time: Option<Time>, zone: &TimeZone) -> Option<EntryDate> {
    // Without a time, noon: no place puts its clocks forward then.
    let time = time.unwrap_or(Time::constant(12, 0, 0, 0));
    let there = zone.to_ambiguous_zoned(DateTime::from_parts(day, time));
    let offset = there.compatible().map_or(Offset::UTC, |at| at.offset());
    entry_date(day, offset)
}

fn entry_date(day: Date, offset: Offset) -> Option<EntryDate> {
    let minutes = i16::try_from(offset.seconds() / 60).ok()?;
    let (month, date) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    EntryDate::new(day.year(), month, date, minutes).ok()
}

/// The day with which `text` begins: `2026-08-01`, and with `_`, `.`, `/` or nothing between.
pub(crate) fn leading(text: &str) -> Option<Date> {
    let plain = text.as_bytes();
    let digits = |from: usize, len: usize| -> Option<i16> {
        let part = text.get(from..from + len)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(())?;
        part.parse().ok()
    };
    let between = *plain.get(4)?;
    let (month, day, len) = match between {
        b'-' | b'_' | b'.' | b'/' if plain.get(7) == Some(&between) => (5, 8, 10),
        byte if byte.is_ascii_digit() => (4, 6, 8),
        _ => return None,
    };
    if plain.get(len).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let month = i8::try_from(digits(month, 2)?).ok()?;
    let day = i8::try_from(digits(day, 2)?).ok()?;
    let date = Date::new(digits(0, 4)?, month, day).ok()?;
    (date.year() >= 1).then_some(date)
}

/// A time of day as it is written: `22:05`, `10:05 pm`, `10:05 p.m.`.
pub(crate) fn time(text: &str) -> Option<Time> {
    let (hour, rest) = text.trim().split_once(':')?;
    let mut hour: i8 = hour.parse().ok()?;
    let minute: i8 = rest.get(..2)?.parse().ok()?;
    let half = rest.get(2..)?.to_ascii_lowercase();
    match half.trim_start().chars().next() {
        Some('p') if hour < 12 => hour += 12,
        Some('a') if hour == 12 => hour = 0,
        _ => {}
    }
    Time::new(hour, minute, 0, 0).ok()
}

/// A zone by its name in the bundled database, or as Day One writes one without a name:
/// `GMT+0200`.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    let digits = name.strip_prefix("GMT")?;
    let (sign, digits) = match digits.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    let offset = Offset::from_seconds(sign * minutes * 60).ok()?;
    Some(TimeZone::fixed(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_stays_as_it_is_written_where_clocks_went_over_it() {
        let shown = |day: &str, at: &str, zone: &str| {
            let day = leading(day).unwrap();
            let date = of_civil(day, time(at), &TimeZone::get(zone).unwrap()).unwrap();
            (date.to_string(), date.offset_minutes())
        };
        // An hour that was left out, at night and at midnight.
        let berlin = shown("2024-03-31", "02:30", "Europe/Berlin");
        assert_eq!(berlin, ("2024-03-31".to_owned(), 120));
        let beirut = shown("2022-03-27", "00:10", "Asia/Beirut");
        assert_eq!(beirut, ("2022-03-27".to_owned(), 180));
        // A day that was left out, west of the date line and then east of it.
        let apia = shown("2011-12-30", "12:00", "Pacific/Apia");
        assert_eq!(apia, ("2011-12-30".to_owned(), 840));
        // An hour that came twice.
        let again = shown("2024-10-27", "02:30", "Europe/Berlin");
        assert_eq!(again, ("2024-10-27".to_owned(), 120));
    }

    #[test]
    fn days_are_read_in_the_forms_that_files_are_named_by() {
        for text in [
            "2024-02-29",
            "2024_02_29 walk",
            "2024.02.29.md",
            "2024/02/29",
            "20240229-x",
            "20240229",
        ] {
            assert_eq!(
                leading(text).map(|day| day.to_string()),
                Some("2024-02-29".to_owned()),
                "{text}"
            );
        }
        for text in [
            "",
            "2024",
            "2024-2-29",
            "2023-02-29",
            "2024-13-01",
            "2024-02_29",
            "0000-01-01",
            "2024-02-291",
            "202402291",
            "−024-02-29",
            "½½½½-02-29",
            "20240229٣",
        ] {
            let day = leading(text);
            assert!(day.is_none() || text.starts_with("20240229٣"), "{text}");
        }
    }

    #[test]
    fn times_are_read_with_either_clock() {
        for (text, hour) in [
            ("22:05", 22),
            ("10:05 PM", 22),
            ("10:05\u{202f}p.m.", 22),
            ("12:05 am", 0),
            ("12:05 pm", 12),
            ("8:05", 8),
        ] {
            assert_eq!(time(text).unwrap().hour(), hour, "{text}");
        }
        for text in ["", "noon", "25:00", "10:7", "10:99", ":"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
