//! Seven emoji that both partners look at: 42 bits of the transcript.

use crate::derive::{Label, derive};

/// One of the 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Emoji {
    /// One Unicode scalar value of Unicode 9 or earlier that is shown as a picture by default,
    /// so that old phones have it and none shows it as text.
    pub symbol: &'static str,
    /// What to call it aloud, and what a screen reader says: English, distinct.
    pub name: &'static str,
}

impl Emoji {
    const fn new(symbol: &'static str, name: &'static str) -> Self {
        Self { symbol, name }
    }
}

/// How many emoji are compared: 7 of 64 are 42 bits, so that whoever stands between two people
/// has one try in four million million.
pub const COMPARED: usize = 7;

/// The emoji of a pairing's [`transcript`](crate::pairing::transcript).
///
/// They are worth comparing only because neither side could choose its nonce knowing the
/// other's: the inviter commits to one first.
pub fn comparison(transcript: &[u8; 32]) -> [Emoji; COMPARED] {
    let drawn: [u8; 6] = *derive(transcript, Label::Comparison, &[]);
    let bits = drawn
        .iter()
        .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    // The first 42 of 48 bits, six at a time from the left.
    core::array::from_fn(|place| TABLE[(bits >> (42 - 6 * place)) as usize & 63])
}

/// Chosen to be told apart at a glance, in greyscale and when spoken. The order is part of the
/// format: two versions must show the same.
const TABLE: [Emoji; 64] = [
    Emoji::new("🐶", "dog"),
    Emoji::new("🐱", "cat"),
    Emoji::new("🐴", "horse"),
    Emoji::new("🐷", "pig"),
    Emoji::new("🐘", "elephant"),
    Emoji::new("🐰", "rabbit"),
    Emoji::new("🐼", "panda"),
    Emoji::new("🐧", "penguin"),
    Emoji::new("🐢", "turtle"),
    Emoji::new("🐟", "fish"),
    Emoji::new("🐙", "octopus"),
    Emoji::new("🦋", "butterfly"),
    Emoji::new("🐝", "bee"),
    Emoji::new("🐌", "snail"),
    Emoji::new("🐸", "frog"),
    Emoji::new("🦁", "lion"),
    Emoji::new("🌵", "cactus"),
    Emoji::new("🌻", "sunflower"),
    Emoji::new("🍄", "mushroom"),
    Emoji::new("🌽", "corn"),
    Emoji::new("🍎", "apple"),
    Emoji::new("🍌", "banana"),
    Emoji::new("🍓", "strawberry"),
    Emoji::new("🍇", "grapes"),
    Emoji::new("🍋", "lemon"),
    Emoji::new("🥕", "carrot"),
    Emoji::new("🍞", "bread"),
    Emoji::new("🧀", "cheese"),
    Emoji::new("🥚", "egg"),
    Emoji::new("🍕", "pizza"),
    Emoji::new("🎂", "cake"),
    Emoji::new("🍩", "doughnut"),
    Emoji::new("🌲", "tree"),
    Emoji::new("🌙", "moon"),
    Emoji::new("🔥", "fire"),
    Emoji::new("🌈", "rainbow"),
    Emoji::new("⚡", "lightning"),
    Emoji::new("⛄", "snowman"),
    Emoji::new("🌍", "globe"),
    Emoji::new("☔", "umbrella"),
    Emoji::new("🎈", "balloon"),
    Emoji::new("🎁", "present"),
    Emoji::new("🔑", "key"),
    Emoji::new("🔔", "bell"),
    Emoji::new("🔒", "padlock"),
    Emoji::new("🔨", "hammer"),
    Emoji::new("⏰", "alarm clock"),
    Emoji::new("📖", "book"),
    Emoji::new("💡", "light bulb"),
    Emoji::new("🎸", "guitar"),
    Emoji::new("🎺", "trumpet"),
    Emoji::new("🥁", "drum"),
    Emoji::new("🚗", "car"),
    Emoji::new("🚲", "bicycle"),
    Emoji::new("🚂", "train"),
    Emoji::new("🚀", "rocket"),
    Emoji::new("⛵", "sailboat"),
    Emoji::new("⚓", "anchor"),
    Emoji::new("🏠", "house"),
    Emoji::new("⛺", "tent"),
    Emoji::new("👑", "crown"),
    Emoji::new("👓", "glasses"),
    Emoji::new("⚽", "football"),
    Emoji::new("🏆", "trophy"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn all_64_have_their_own_symbol_and_name() {
        let symbols: HashSet<_> = TABLE.iter().map(|emoji| emoji.symbol).collect();
        let names: HashSet<_> = TABLE.iter().map(|emoji| emoji.name).collect();
        assert_eq!((symbols.len(), names.len()), (64, 64));
        for Emoji { symbol, name } in TABLE {
            assert_eq!(
                symbol.chars().count(),
                1,
                "{name}: needs no variation selector"
            );
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == ' '),
                "{name}"
            );
            assert!(name.len() <= 12, "{name} is short");
        }
    }

    #[test]
    fn every_emoji_comes_up_in_every_place() {
        let mut seen = HashSet::new();
        for number in 0..2000u32 {
            let mut transcript = [0; 32];
            transcript[..4].copy_from_slice(&number.to_be_bytes());
            for (place, emoji) in comparison(&transcript).into_iter().enumerate() {
                seen.insert((place, emoji));
            }
        }
        assert_eq!(seen.len(), 64 * COMPARED);
    }
}
