//! The diary that one device imports: what the demo must know of it to check and to search.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::Deserialize;

use super::search::{NEEDLE_LEN_MAX, NEEDLE_LEN_MIN};
use super::source::{self, Source};
use crate::failure::Failure;

/// How many sentences are looked for at the end.
pub(super) const SENTENCES: usize = 200;

/// Day One's export, as far as it matters here; the library reads the rest.
#[derive(Deserialize)]
struct DayOne {
    entries: Vec<DayOneEntry>,
}

#[derive(Deserialize)]
struct DayOneEntry {
    #[serde(default)]
    text: String,
}

/// A diary.
pub(super) struct Diary {
    pub(super) source: Source,
    pub(super) texts: Vec<String>,
    bytes: Vec<u8>,
}

impl Diary {
    /// The diary that `given` names, else the whole one beside the project, else the excerpt.
    pub(super) fn read(given: Option<&Path>) -> Result<Self, Failure> {
        let (source, bytes) = source::read(&source::DIARY, given)?;
        let file: DayOne = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::invalid(format!(
                "{source} is not a journal as Day One exports it ({error}); choose another with --data"
            ))
        })?;
        let texts: Vec<String> = file
            .entries
            .into_iter()
            .map(|entry| entry.text)
            .filter(|text| !text.is_empty())
            .collect();
        if texts.is_empty() {
            return Err(Failure::invalid(format!(
                "{source} has no entry with a text; choose another with --data"
            )));
        }
        Ok(Self {
            source,
            texts,
            bytes,
        })
    }

    /// Unicode scalar values of all texts.
    pub(super) fn characters(&self) -> u64 {
        self.texts
            .iter()
            .map(|text| text.chars().count() as u64)
            .sum()
    }

    /// Puts it into a file for the device that imports it.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let mut packed = GzEncoder::new(File::create(file)?, Compression::fast());
        packed.write_all(&self.bytes)?;
        packed.finish()?.sync_all()
    }

    /// [`SENTENCES`] of its sentences, or fewer if it has not so many.
    pub(super) fn sentences(&self, seed: u64) -> Vec<String> {
        let mut all: Vec<&str> = self
            .texts
            .iter()
            .flat_map(|text| text.split(['\n', '.', ';', '?', '!']))
            .map(str::trim)
            // A short one, or a common one, says little when it is found and less when it is not.
            .filter(|sentence| sentence.len() >= NEEDLE_LEN_MAX)
            .collect();
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen: Vec<String> = Vec::new();
        while chosen.len() < SENTENCES && !all.is_empty() {
            let place = usize::try_from(dice.next_u64() % all.len() as u64).unwrap_or(0);
            chosen.push(all.swap_remove(place).to_owned());
        }
        chosen
    }
}

/// The lines of a text that are long enough to be looked for.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.len() >= NEEDLE_LEN_MIN)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_has_entries_and_sentences_enough() {
        let diary = Diary::read(Some(Path::new(source::EXCERPT))).unwrap();
        assert_eq!(diary.texts.len(), 120);
        assert_eq!(diary.characters(), 181_259);
        let sentences = diary.sentences(1);
        assert_eq!(sentences.len(), SENTENCES);
        assert_eq!(sentences, diary.sentences(1));
        assert_ne!(sentences, diary.sentences(2));
    }
}
