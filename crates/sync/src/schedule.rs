//! When a person's keys are renewed though nobody was removed, so that a removal is one renewal
//! among others, and keys that leaked unnoticed open what was written in some weeks.
//!
//! Ages are by the clock of the device that asks, and are compared with nobody's: a clock that is
//! wrong makes its own device renew sooner or later, and nothing else.

use sidelight_format::Timestamp;

use crate::Outside;

/// How old a person's keys become while they write: 30 days, in seconds. Every renewal stays in
/// the person's chain and its epoch in every later keyring, so that 256 steps, the most that a
/// device is told of at once, are twenty years.
pub const AGE_MAX_SECS: i64 = 30 * 24 * 60 * 60;

/// How many envelopes one device writes in an epoch. Who writes that much in less than a month
/// renews sooner, since what a stolen secret opens is then as much.
pub const WRITES_MAX: u64 = 1024;

/// The least and the most that passes between the write that makes a renewal due and the renewal:
/// a minute, six hours, in seconds. Without it a renewal would always come with a write, and a
/// removal, which comes when it must, would be told from it.
pub const DELAY_SECS: (i64, i64) = (60, 6 * 60 * 60);

/// Whether keys that this device has had since `since` are to be renewed, now that it has written
/// `writes` envelopes in the epoch.
pub fn is_due(since: Timestamp, now: Timestamp, writes: u64) -> bool {
    // A clock that was set back makes no keys older.
    now.0.saturating_sub(since.0) >= AGE_MAX_SECS || writes >= WRITES_MAX
}

/// When a renewal that is due now happens.
pub fn renewal(outside: &mut Outside<'_>) -> Timestamp {
    let (least, most) = DELAY_SECS;
    let random = u64::from_be_bytes(outside.random());
    // What the division leaves favours some moments by one in 10¹⁵.
    let beyond = random % (most - least).unsigned_abs();
    let delay = least.saturating_add_unsigned(beyond);
    Timestamp(outside.now.0.saturating_add(delay))
}

/// Whether the moment has come. Also if it lies farther off than any delay: then the clock was
/// ahead when it was chosen.
pub fn has_come(renewal: Timestamp, now: Timestamp) -> bool {
    let left = renewal.0.saturating_sub(now.0);
    left <= 0 || left > DELAY_SECS.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn keys_are_due_by_age_and_by_count_and_a_clock_set_back_makes_nothing_older() {
        let since = Timestamp(1_000_000);
        let after = |secs: i64| Timestamp(since.0 + secs);
        assert!(!is_due(since, after(AGE_MAX_SECS - 1), WRITES_MAX - 1));
        assert!(is_due(since, after(AGE_MAX_SECS), 1));
        assert!(is_due(since, since, WRITES_MAX));
        assert!(!is_due(since, Timestamp(i64::MIN), 1));
        assert!(is_due(Timestamp(i64::MIN), Timestamp(i64::MAX), 1));
    }

    #[test]
    fn the_delay_is_random_and_within_its_bounds() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut delays = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            let mut outside = Outside {
                now: Timestamp(5),
                rng: &mut rng,
            };
            let delay = renewal(&mut outside).0 - 5;
            assert!((DELAY_SECS.0..DELAY_SECS.1).contains(&delay));
            delays.insert(delay);
        }
        assert!(delays.len() > 900, "they differ");
    }

    #[test]
    fn a_moment_farther_off_than_any_delay_was_chosen_by_a_wrong_clock_and_has_come() {
        let now = Timestamp(1_000_000);
        assert!(!has_come(Timestamp(now.0 + DELAY_SECS.1), now));
        assert!(has_come(Timestamp(now.0 + DELAY_SECS.1 + 1), now));
        assert!(has_come(now, now));
    }
}
