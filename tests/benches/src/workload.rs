//! What is written: entries of two people over weeks to decades, the same for the same seed.
//!
//! The diary's own text is too short for ten years of two people, and repeated it would flatter
//! whatever compresses. So it is cut into phrases of a few words, and these are put together anew
//! such that no run of 64 bytes comes twice; a run of the benchmark checks that by another way.
//!
//! Of ten days the two write nine one after the other, each having received what the other wrote
//! before, and one apart: both offline, so that what they write is concurrent. Of each ten days'
//! entries a fifth is edited once.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::Deserialize;

use crate::measure::Failed;

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
pub fn diary(path: &Path) -> Result<Vec<String>, Failed> {
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
        self.text(ENTRY_LEN / 2 + spread)
    }

    /// A text of at least `len` bytes.
    pub fn text(&mut self, len: usize) -> String {
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

pub const WEEK: Span = Span {
    name: "one week",
    days: 7,
};
pub const MONTH: Span = Span {
    name: "one month",
    days: 30,
};
pub const YEAR: Span = Span {
    name: "one year",
    days: 365,
};
pub const TEN: Span = Span {
    name: "ten years",
    days: 3650,
};
pub const FIFTY: Span = Span {
    name: "fifty years",
    days: 18250,
};

pub const SPANS: [Span; 5] = [WEEK, MONTH, YEAR, TEN, FIFTY];

/// One entry, written on a day, and what is written behind it later.
pub struct Note {
    pub day: usize,
    pub text: String,
    pub more: Option<String>,
}

/// What the two write before they meet again.
pub struct Stretch {
    pub ada: Vec<Note>,
    pub bo: Vec<Note>,
    /// Neither has received what the other writes here.
    pub apart: bool,
}

/// How many days in a row the two write one after the other, before a day apart.
const DAYS_TOGETHER: usize = 9;

/// One in this many entries is edited once.
const EDITED: u32 = 5;

/// How long that is which is written behind an entry later.
const MORE_LEN: usize = 60;

/// What two people write over a span.
pub struct Script {
    texts: Texts,
    choices: ChaCha8Rng,
    day: usize,
    end: usize,
    apart: bool,
}

impl Script {
    pub fn new(diary: &[String], span: Span, seed: u64) -> Self {
        Self {
            texts: Texts::new(diary, seed),
            choices: ChaCha8Rng::seed_from_u64(seed),
            day: 0,
            end: span.days,
            apart: false,
        }
    }

    fn lane(&mut self, days: &std::ops::Range<usize>) -> Vec<Note> {
        let mut notes = Vec::new();
        for day in days.clone() {
            for _ in 0..ENTRIES_A_DAY / 2 {
                let text = self.texts.next();
                let edited = self.choices.next_u32().is_multiple_of(EDITED);
                let more = edited.then(|| format!(" {}", self.texts.text(MORE_LEN)));
                notes.push(Note { day, text, more });
            }
        }
        notes
    }
}

impl Iterator for Script {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let len = if self.apart { 1 } else { DAYS_TOGETHER };
        let days = self.day..self.end.min(self.day + len);
        if days.is_empty() {
            return None;
        }
        let apart = self.apart;
        self.apart = !apart;
        self.day = days.end;
        Some(Stretch {
            ada: self.lane(&days),
            bo: self.lane(&days),
            apart,
        })
    }
}

/// How many runs of 64 bytes in `text` come more than once, counted by sorting a fingerprint of
/// each: another way than the one by which texts are made.
pub fn repeated_runs(text: &str) -> usize {
    let fingerprint = |run: &[u8]| {
        let words = run.chunks_exact(8);
        words.fold(0_u64, |sum, word| {
            let word = u64::from_le_bytes(word.try_into().expect("chunks of eight bytes"));
            (sum.rotate_left(25) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        })
    };
    let mut runs: Vec<u64> = text.as_bytes().windows(WINDOW).map(fingerprint).collect();
    runs.sort_unstable();
    runs.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// The keystrokes of two people who type at the same time: who, where, how many letters go, and
/// what comes.
pub type Keystroke = (usize, u32, u32, String);

#[derive(Deserialize)]
struct Trace {
    txns: Vec<Typed>,
}

#[derive(Deserialize)]
struct Typed {
    agent: usize,
    patches: Vec<(u32, u32, String)>,
}

/// The typing trace, in its order.
pub fn keystrokes(path: &Path) -> Result<Vec<Keystroke>, Failed> {
    let mut json = String::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut json)?;
    let trace: Trace = serde_json::from_str(&json)?;
    let typed = trace.txns.into_iter().flat_map(|typed| {
        let agent = typed.agent;
        let patches = typed.patches.into_iter();
        patches.map(move |(at, delete, insert)| (agent, at, delete, insert))
    });
    Ok(typed.collect())
}

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

    #[test]
    fn repeated_runs_are_counted() {
        let text: String = (0..200)
            .map(|n| char::from(b'a' + (n * n % 23) as u8))
            .collect();
        let once = "0123456789".repeat(3) + &"abcdefghij".repeat(3) + &text[..3];
        assert_eq!(repeated_runs(&once), 0);
        assert_eq!(repeated_runs(&"x".repeat(66)), 2);
    }

    #[test]
    fn one_day_in_ten_is_written_apart_and_a_fifth_is_edited() {
        let diary: Vec<String> = (0..20_000_u64)
            .map(|n| format!("{:x} and so home", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let stretches: Vec<Stretch> = Script::new(&diary, MONTH, 1).collect();
        assert_eq!(stretches.iter().filter(|stretch| stretch.apart).count(), 3);
        let notes = || stretches.iter().flat_map(|it| it.ada.iter().chain(&it.bo));
        assert_eq!(notes().count(), MONTH.days * ENTRIES_A_DAY);
        let edited = notes().filter(|note| note.more.is_some()).count();
        assert!((30..90).contains(&edited), "{edited} of 300");
    }
}
