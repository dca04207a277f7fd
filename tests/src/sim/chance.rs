//! The seed's dice.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Everything that a run leaves to chance.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha20Rng);

impl Chance {
    /// The dice of `seed`; `stream` keeps independent dice apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number below `bound`, 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            (self.0.next_u64() % bound as u64) as usize
        }
    }

    /// True in `percent` of 100 throws.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, or nothing of nothing.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }

    /// The generator, for production code.
    pub fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }
}
