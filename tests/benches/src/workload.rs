//! What is written: entries of two people over weeks to decades, the same for the same seed.
//!
//! The diary's own text is too short for ten years of two people, and repeated it would flatter
//! whatever compresses. So it is cut into phrases of a few words, and these are put together anew
//! such that no run of 64 bytes comes twice.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::Deserialize;

/// What no text repeats.
const WINDOW: usize = 64;

/// How long a phrase is at least, in bytes.
const PHRASE_MIN: usize = 20;

/// How often a phrase is picked for one entry: a diary that has run out ends the run.
const PICKS_MAX: usize = 10_000;

/// About how long an entry is, in bytes.
const ENTRY_LEN: usize = 400;

/// How many entries the two write together in a day.
pub const ENTRIES_A_DAY: usize = 10;

#[derive(Deserialize)]
struct DayOne {
    entries: Vec<DayOneEntry>,
}

#[derive(Deserialize)]
struct DayOneEntry {
    #[serde(default)]
    text: String,
}

/// The diary's texts, in order.
pub fn diary(path: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut json = String::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut json)?;
    let file: DayOne = serde_json::from_str(&json)?;
    let texts = file.entries.into_iter().map(|entry| entry.text);
    Ok(texts.filter(|text| !text.is_empty()).collect())
}

/// Texts without end, made of the diary's phrases.
pub struct Texts {
    phrases: Vec<String>,
    seen: HashSet<u64>,
    /// The last bytes of what was written, so that runs across entries count too.
    tail: Vec<u8>,
    rng: ChaCha8Rng,
}

impl Texts {
    pub fn new(diary: &[String], seed: u64) -> Self {
        let mut phrases = Vec::new();
        for text in diary {
            let mut phrase = String::new();
            for word in text.split_whitespace() {
                phrase.push_str(word);
                phrase.push(' ');
                if phrase.len() >= PHRASE_MIN {
                    phrases.push(std::mem::take(&mut phrase));
                }
            }
        }
        // A word longer than the window would repeat it by itself.
        phrases.retain(|phrase| phrase.len() < WINDOW);
        Self {
            phrases,
            seen: HashSet::new(),
            tail: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The next entry's text.
    pub fn next(&mut self) -> String {
        let spread = (self.rng.next_u32() as usize) % ENTRY_LEN;
        let len = ENTRY_LEN / 2 + spread;
        let mut text = String::with_capacity(len + WINDOW);
        let mut picks = 0;
        while text.len() < len {
            picks += 1;
            assert!(
                picks < PICKS_MAX,
                "the diary is too short for so many texts"
            );
            let phrase = (self.rng.next_u32() as usize) % self.phrases.len();
            let phrase = self.phrases[phrase].clone();
            if self.is_new(&phrase) {
                text.push_str(&phrase);
            }
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// Whether a phrase repeats no run; it is written then.
    fn is_new(&mut self, phrase: &str) -> bool {
        let mut with = self.tail.clone();
        with.extend_from_slice(phrase.as_bytes());
        let first = (self.tail.len() + 1).saturating_sub(WINDOW);
        let runs = with.len().saturating_sub(WINDOW - 1);
        let hashes: Vec<u64> = (first..runs)
            .map(|at| hash(&with[at..at + WINDOW]))
            .collect();
        if hashes.iter().any(|hash| self.seen.contains(hash)) {
            return false;
        }
        self.seen.extend(hashes);
        let keep = with.len().saturating_sub(WINDOW);
        self.tail = with.split_off(keep);
        true
    }
}

/// FNV-1a with a final mix: only equality matters, and one text too few does no harm.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash
}

/// How long a journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub name: &'static str,
    pub days: usize,
}

pub const SPANS: [Span; 5] = [
    Span {
        name: "one week",
        days: 7,
    },
    Span {
        name: "one month",
        days: 30,
    },
    Span {
        name: "one year",
        days: 365,
    },
    Span {
        name: "ten years",
        days: 3650,
    },
    Span {
        name: "fifty years",
        days: 18250,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_of_64_bytes_comes_twice_and_a_seed_gives_the_same_texts() {
        let diary: Vec<String> = (0..20_000_u64)
            .map(|n| {
                format!(
                    "{:x} and so {:x} home",
                    n.wrapping_mul(0x9e37_79b9),
                    n * n * 7
                )
            })
            .collect();
        let mut texts = Texts::new(&diary, 1);
        let mut again = Texts::new(&diary, 1);
        let mut runs = HashSet::new();
        for _ in 0..200 {
            let text = texts.next();
            assert_eq!(text, again.next());
            for run in text.as_bytes().windows(WINDOW) {
                assert!(runs.insert(run.to_vec()), "a run comes twice");
            }
        }
    }
}
