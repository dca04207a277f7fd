use sidelight_format::EntryDate;
use sidelight_journal::kinds::{Said, TimeOfDay, Window};

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The moment when a wall clock in the zone shows this.
fn wall(zone: &TimeZone, text: &str) -> Timestamp {
    let moment: civil::DateTime = text.parse().unwrap();
    let moment = zone.to_ambiguous_zoned(moment).unambiguous().unwrap();
    Timestamp(moment.timestamp().as_second())
}

/// What a wall clock in the zone shows at some milliseconds.
fn shown(zone: &TimeZone, ms: Option<i64>) -> Option<String> {
    let at = zoned(Timestamp(ms? / 1000), zone)?;
    Some(at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn quiet(times: &[&str]) -> Told {
    Told {
        quiet: times
            .iter()
            .map(|time| Quiet::parse(time).unwrap())
            .collect(),
        ..Told::default()
    }
}

fn walk(days: &[Weekday], at: &str) -> Rhythm {
    let rhythm = Rhythm::to(Said::new("a walk").unwrap()).at(TimeOfDay::parse(at).unwrap());
    days.iter().fold(rhythm, |rhythm, day| rhythm.on(*day))
}

const DAILY: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

#[test]
fn nothing_disturbs_in_a_quiet_time_and_its_end_is_known() {
    let berlin = zone("Europe/Berlin");
    let told = quiet(&["22:00-07:30", "13:00-14:00"]);
    for (now, free) in [
        ("2026-08-01T21:59", "2026-08-01 21:59"),
        ("2026-08-01T22:00", "2026-08-02 07:30"),
        ("2026-08-02T03:00", "2026-08-02 07:30"),
        ("2026-08-02T13:00", "2026-08-02 14:00"),
    ] {
        let notices = told.notices(wall(&berlin, now), &berlin);
        assert_eq!(
            shown(&berlin, notices.next_ms).as_deref(),
            Some(free),
            "{now}"
        );
        assert_eq!(notices.now, free.replace(' ', "T") == now, "{now}");
    }
    // Times that follow one another are one; what is quiet all day is quiet always.
    let told = quiet(&["22:00-07:00", "06:30-12:00"]);
    let night = told.notices(wall(&berlin, "2026-08-02T00:10"), &berlin);
    assert_eq!(
        shown(&berlin, night.next_ms).as_deref(),
        Some("2026-08-02 12:00")
    );
    let always = quiet(&["00:00-00:00"]).notices(wall(&berlin, "2026-08-02T00:10"), &berlin);
    assert!(!always.now && always.next_ms.is_none());
}

#[test]
fn quiet_times_are_those_of_the_wall_clock_where_it_leaps_and_where_one_travels() {
    // The hour from two to three is left out on 29 March, and comes twice on 25 October.
    let berlin = zone("Europe/Berlin");
    let in_the_gap = quiet(&["01:00-02:30"]).notices(wall(&berlin, "2026-03-29T01:59"), &berlin);
    assert_eq!(
        shown(&berlin, in_the_gap.next_ms).as_deref(),
        Some("2026-03-29 03:00")
    );
    let told = quiet(&["02:00-03:00"]);
    let before = wall(&berlin, "2026-10-25T01:30");
    for (minutes, free) in [
        (0, true),
        (30, false),
        (89, false),
        (90, false),
        (149, false),
        (150, true),
    ] {
        let now = Timestamp(before.0 + minutes * 60);
        assert_eq!(
            told.notices(now, &berlin).now,
            free,
            "{minutes} minutes later"
        );
    }
    // The same moment is night at home and day where they are.
    let now = wall(&berlin, "2026-08-01T23:00");
    let night = quiet(&["22:00-07:00"]);
    assert!(!night.notices(now, &berlin).now);
    assert!(night.notices(now, &zone("America/Los_Angeles")).now);
}

#[test]
fn a_rhythm_reminds_on_its_days_at_its_time_and_a_pause_ends_that() {
    let berlin = zone("Europe/Berlin");
    // A Saturday.
    let now = wall(&berlin, "2026-08-01T12:00");
    let remind = |rhythm: Rhythm, told: Told| {
        let told = Told {
            rhythms: vec![(rhythm, false)],
            ..told
        };
        shown(&berlin, told.notices(now, &berlin).reminder_ms)
    };
    let days = [Weekday::Monday, Weekday::Saturday];
    let at = |text: &str| Some(text.to_owned());
    assert_eq!(
        remind(walk(&days, "20:00"), Told::default()),
        at("2026-08-01 20:00")
    );
    assert_eq!(
        remind(walk(&days, "12:00"), Told::default()),
        at("2026-08-03 12:00")
    );
    let saturdays = walk(&days[1..], "09:00");
    assert_eq!(remind(saturdays, Told::default()), at("2026-08-08 09:00"));
    // No day, no time, or a pause: nothing.
    assert_eq!(remind(walk(&[], "20:00"), Told::default()), None);
    let untimed = Rhythm {
        at: None,
        ..walk(&days, "20:00")
    };
    assert_eq!(remind(untimed, Told::default()), None);
    let paused = Rhythm {
        paused: true,
        ..walk(&days, "20:00")
    };
    assert_eq!(remind(paused, Told::default()), None);
    // They set the time themselves, inside of their quiet times.
    let night = quiet(&["19:00-07:00"]);
    assert_eq!(remind(walk(&days, "20:00"), night), at("2026-08-01 20:00"));
}

#[test]
fn what_both_share_waits_for_the_partner_and_is_not_made_up_for() {
    let berlin = zone("Europe/Berlin");
    let now = wall(&berlin, "2026-08-01T12:00");
    let remind = |shared, told: Told| {
        let told = Told {
            rhythms: vec![(walk(&DAILY, "20:00"), shared)],
            ..told
        };
        shown(&berlin, told.notices(now, &berlin).reminder_ms)
    };
    let at = |text: &str| Some(text.to_owned());
    // In Auckland, where it is six in the morning then.
    let asleep = || Told {
        theirs: vec![(Quiet::parse("22:00-07:00").unwrap(), 720)],
        ..Told::default()
    };
    assert_eq!(remind(true, asleep()), None);
    assert_eq!(
        remind(false, asleep()),
        at("2026-08-01 20:00"),
        "it is nobody else's"
    );
    let today = EntryDate::new(2026, 8, 1, 120).unwrap();
    let needs = |need| Told {
        needs: vec![CheckIn::for_days(Window::on(today)).need(need)],
        ..Told::default()
    };
    assert_eq!(remind(true, needs(Need::Space)), at("2026-08-02 20:00"));
    assert_eq!(remind(true, needs(Need::Company)), at("2026-08-01 20:00"));
    assert_eq!(remind(false, needs(Need::Space)), at("2026-08-01 20:00"));
}

#[test]
fn a_reminder_comes_where_clocks_leap_and_not_on_a_day_that_is_left_out() {
    let remind = |zone: &TimeZone, now: &str, at: &str| {
        let told = Told {
            rhythms: vec![(walk(&DAILY, at), false)],
            ..Told::default()
        };
        shown(zone, told.notices(wall(zone, now), zone).reminder_ms)
    };
    let at = |text: &str| Some(text.to_owned());
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        remind(&berlin, "2026-03-29T00:30", "02:30"),
        at("2026-03-29 03:30")
    );
    assert_eq!(
        remind(&berlin, "2026-10-25T00:30", "02:30"),
        at("2026-10-25 02:30")
    );
    // Of the hour that comes twice, the first.
    let told = Told {
        rhythms: vec![(walk(&DAILY, "02:30"), false)],
        ..Told::default()
    };
    let first = told
        .notices(wall(&berlin, "2026-10-25T00:30"), &berlin)
        .reminder_ms
        .unwrap();
    let then = told.notices(Timestamp(first / 1000), &berlin).reminder_ms;
    assert_eq!(shown(&berlin, then), at("2026-10-26 02:30"));
    // Samoa had no 30 December 2011.
    let apia = zone("Pacific/Apia");
    assert_eq!(
        remind(&apia, "2011-12-29T21:00", "20:00"),
        at("2011-12-31 20:00")
    );
    let fridays = Told {
        rhythms: vec![(walk(&[Weekday::Friday], "20:00"), false)],
        ..Told::default()
    };
    let next = fridays
        .notices(wall(&apia, "2011-12-29T21:00"), &apia)
        .reminder_ms;
    assert_eq!(shown(&apia, next), at("2012-01-06 20:00"));
}

#[test]
fn by_a_clock_that_no_wall_can_show_nothing_disturbs() {
    let told = Told {
        rhythms: vec![(walk(&DAILY, "20:00"), false)],
        ..Told::default()
    };
    for wrong in [i64::MIN, i64::MAX] {
        let notices = told.notices(Timestamp(wrong), &TimeZone::UTC);
        assert!(!notices.now && notices.next_ms.is_none() && notices.reminder_ms.is_none());
    }
}
