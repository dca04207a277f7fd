//! What becomes of a datagram.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The weather between the devices and the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weather {
    /// Of a thousand datagrams, how many are held back, so that others overtake them.
    pub(super) delayed_per_mille: u32,
    /// For at most so many milliseconds.
    pub(super) delay_max_ms: u32,
    /// Of a thousand datagrams, how many come twice.
    pub(super) duplicated_per_mille: u32,
}

impl Weather {
    /// Everything passes at once, and once.
    pub(super) const CALM: Self = Self {
        delayed_per_mille: 0,
        delay_max_ms: 0,
        duplicated_per_mille: 0,
    };

    /// A quarter of all datagrams is held back for some milliseconds, every twentieth comes
    /// twice. Some 900 times in the whole trace, one person waits for what the other typed; longer
    /// delays would make the demo long, and nothing harder.
    pub(super) const ROUGH: Self = Self {
        delayed_per_mille: 250,
        delay_max_ms: 6,
        duplicated_per_mille: 50,
    };
}

/// The weather, with the dice.
pub(super) struct Sky {
    pub(super) weather: Weather,
    dice: ChaCha8Rng,
}

impl Sky {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            weather: Weather::CALM,
            dice: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Each time that the next datagram is delivered: at once (none), or so much later.
    pub(super) fn deliveries(&mut self) -> Vec<Option<Duration>> {
        let mut deliveries = vec![self.delay()];
        if self.chance(self.weather.duplicated_per_mille) {
            deliveries.push(self.delay());
        }
        deliveries
    }

    fn delay(&mut self) -> Option<Duration> {
        let held = self.chance(self.weather.delayed_per_mille);
        held.then(|| {
            let ms = 1 + self.dice.next_u32() % self.weather.delay_max_ms.max(1);
            Duration::from_millis(u64::from(ms))
        })
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        self.dice.next_u32() % 1000 < per_mille
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calm_weather_changes_nothing() {
        let mut sky = Sky::new(7);
        for _ in 0..100 {
            assert_eq!(sky.deliveries(), [None]);
        }
    }

    #[test]
    fn rough_weather_holds_back_and_repeats_alike_for_the_same_seed() {
        let run = || {
            let mut sky = Sky::new(7);
            sky.weather = Weather::ROUGH;
            (0..1000).map(|_| sky.deliveries()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        let twice = first.iter().filter(|times| times.len() == 2).count();
        let held = first.iter().filter(|times| times[0].is_some()).count();
        assert!((20..100).contains(&twice), "{twice}");
        assert!((200..300).contains(&held), "{held}");
        let longest = first.iter().flatten().flatten().max();
        assert!(longest <= Some(&Duration::from_millis(6)), "{longest:?}");
    }
}
