//! Looks for plaintext where there must be none, in every form that a careless program gives it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// Shorter needles could be found by chance.
pub(super) const NEEDLE_LEN_MIN: usize = 12;

/// Longer ones are cut, so that a needle lies whole within a datagram or a page of a database.
/// Chance finds 40 bytes never.
pub(super) const NEEDLE_LEN_MAX: usize = 40;

/// How much of a file is read at once.
const BLOCK_LEN: usize = 4 * 1024 * 1024;

/// All forms of all needles, ready to be looked for in one pass.
pub(super) struct Search {
    forms: AhoCorasick,
    /// Which needle each form is of.
    needle_of: Vec<usize>,
    longest: usize,
    needles: Vec<String>,
}

/// What was looked through, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// How many times a needle was found, and in which file first.
    pub(super) hits: u64,
    pub(super) first: Option<PathBuf>,
}

impl Found {
    /// Adds what another look found.
    pub(super) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.hits += other.hits;
        self.first = self.first.take().or(other.first);
    }
}

impl Search {
    /// A search for `needles`, of which those under [`NEEDLE_LEN_MIN`] bytes are left out.
    pub(super) fn new(needles: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut needles: Vec<String> = needles
            .into_iter()
            .map(|needle| cut(&needle).to_owned())
            .filter(|needle| needle.len() >= NEEDLE_LEN_MIN)
            .collect();
        needles.sort_unstable();
        needles.dedup();
        let mut forms = Vec::new();
        let mut needle_of = Vec::new();
        for (number, needle) in needles.iter().enumerate() {
            for form in forms_of(needle) {
                forms.push(form);
                needle_of.push(number);
            }
        }
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let forms = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&forms)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            forms,
            needle_of,
            longest,
            needles,
        })
    }

    pub(super) fn needles(&self) -> &[String] {
        &self.needles
    }

    pub(super) fn forms(&self) -> usize {
        self.needle_of.len()
    }

    /// Looks through every file at `place` and below it.
    pub(super) fn look(&self, place: &Path) -> io::Result<Found> {
        Ok(self.walk(place)?.0)
    }

    fn walk(&self, place: &Path) -> io::Result<(Found, Vec<bool>)> {
        let mut found = Found::default();
        let mut seen = vec![false; self.needle_of.len()];
        let mut places = vec![place.to_owned()];
        while let Some(place) = places.pop() {
            if place.is_dir() {
                for entry in fs::read_dir(&place)? {
                    places.push(entry?.path());
                }
            } else {
                found.files += 1;
                self.look_in(&place, &mut found, &mut seen)?;
            }
        }
        Ok((found, seen))
    }

    fn look_in(&self, path: &Path, found: &mut Found, seen: &mut [bool]) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut block = Vec::with_capacity(BLOCK_LEN + self.longest);
        // The end of a block is looked at again with the next: a form may lie across.
        let mut kept = 0;
        loop {
            block.drain(..block.len() - kept);
            let read = file
                .by_ref()
                .take(BLOCK_LEN as u64)
                .read_to_end(&mut block)?;
            if read == 0 {
                return Ok(());
            }
            found.bytes += read as u64;
            for hit in self.forms.find_overlapping_iter(&block) {
                if hit.end() <= kept {
                    continue; // found with the block before
                }
                found.hits += 1;
                found.first.get_or_insert_with(|| path.to_owned());
                seen[hit.pattern().as_usize()] = true;
            }
            kept = block.len().min(self.longest.saturating_sub(1));
        }
    }

    /// Proves that the search would find something: plants every form of one needle into `file`,
    /// among bytes like those that are searched, and looks. Returns how many forms were planted
    /// and how many of them found.
    pub(super) fn control(
        &self,
        needle: usize,
        among: &[u8],
        file: &Path,
    ) -> io::Result<(usize, usize)> {
        let forms = forms_of(&self.needles[needle]);
        let mut bytes = Vec::new();
        for form in &forms {
            bytes.extend_from_slice(among);
            bytes.extend_from_slice(form);
        }
        bytes.extend_from_slice(among);
        fs::write(file, bytes)?;
        let (_, seen) = self.walk(file)?;
        let of_this = self.needle_of.iter().zip(seen);
        let found = of_this.filter(|(of, seen)| **of == needle && *seen).count();
        Ok((forms.len(), found))
    }
}

/// The needle, cut between characters to at most [`NEEDLE_LEN_MAX`] bytes.
fn cut(needle: &str) -> &str {
    let ends = needle.char_indices().map(|(start, c)| start + c.len_utf8());
    let end = ends.take_while(|end| *end <= NEEDLE_LEN_MAX).last();
    &needle[..end.unwrap_or(0)]
}

/// UTF-8, UTF-16 in both orders, hexadecimal in both cases, and base64 in both alphabets at all
/// three alignments.
fn forms_of(needle: &str) -> Vec<Vec<u8>> {
    let bytes = needle.as_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        needle.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        needle.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
    ];
    for alphabet in [BASE64, BASE64URL] {
        for before in 0..3 {
            let mut shifted = vec![0; before];
            shifted.extend_from_slice(bytes);
            let text = alphabet.encode(&shifted);
            // The characters into which only bits of the needle went.
            let first = (before * 8).div_ceil(6);
            let end = shifted.len() * 8 / 6;
            forms.push(text.as_bytes()[first..end].to_vec());
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDLE: &str = "Up betimes, and by water";

    fn found_in(bytes: &[u8]) -> Found {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/file"), bytes).unwrap();
        let search = Search::new([NEEDLE.to_owned(), "too short".to_owned()]).unwrap();
        assert_eq!(search.needles(), [NEEDLE]);
        search.look(dir.path()).unwrap()
    }

    #[test]
    fn every_form_is_found_wherever_it_lies() {
        for before in 0..7 {
            let mut plain = vec![b'.'; before];
            plain.extend_from_slice(NEEDLE.as_bytes());
            plain.extend_from_slice(b"..");
            let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
                let text = String::from_utf8(plain.clone()).unwrap();
                text.encode_utf16().flat_map(order).collect()
            };
            for bytes in [
                plain.clone(),
                utf16(u16::to_le_bytes),
                utf16(u16::to_be_bytes),
                HEXLOWER.encode(&plain).into_bytes(),
                HEXUPPER.encode(&plain).into_bytes(),
                BASE64.encode(&plain).into_bytes(),
                BASE64URL.encode(&plain).into_bytes(),
            ] {
                // In ASCII, one order of UTF-16 holds all but the end of the other.
                assert!(matches!(found_in(&bytes).hits, 1 | 2), "{before}");
            }
        }
    }

    #[test]
    fn a_form_across_two_blocks_is_found_once() {
        for before in [0, 1, 10, NEEDLE.len() - 1, NEEDLE.len()] {
            let mut bytes = vec![b'.'; BLOCK_LEN - before];
            bytes.extend_from_slice(NEEDLE.as_bytes());
            bytes.extend_from_slice(&[b'.'; 100]);
            let found = found_in(&bytes);
            assert_eq!(
                (found.hits, found.bytes),
                (1, bytes.len() as u64),
                "{before}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(found_in(b"Up betimes, and by wagon").hits, 0);
        assert_eq!(found_in(b"").hits, 0);
    }

    #[test]
    fn the_control_finds_all_forms() {
        let dir = tempfile::tempdir().unwrap();
        // Its base64 differs between the alphabets, so that all forms do.
        let needle = "what?~what>what?~\u{ff}\u{fb}";
        let search = Search::new([needle.to_owned(), NEEDLE.to_owned()]).unwrap();
        let number = search.needles().iter().position(|n| n == needle).unwrap();
        let control = dir.path().join("control");
        let (planted, found) = search.control(number, &[0x5a; 100], &control).unwrap();
        assert!(planted >= 9, "{planted}");
        assert_eq!(found, planted);
    }
}
