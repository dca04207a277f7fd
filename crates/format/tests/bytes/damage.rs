//! Damaged bytes: refused, or the one encoding of another value. Never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use sidelight_format::padded_len;

use crate::samples::{self, Sample};

/// How many seeds each sample gets in the ordinary run.
const ROUNDS: u64 = 300;

/// The longest sample of which every single bit is flipped. Beyond, the cost grows with the square.
const EVERY_BIT_LEN_MAX: usize = 1024;

/// Varints that claim far more than any input holds: 2²⁸−1, 2³²−1, 2⁶³ and 2⁶⁴−1.
pub(crate) const GIANT: [&[u8]; 4] = [
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];

/// Decodes; what is accepted must be the bytes' own value. Returns whether it was accepted.
fn accepted(sample: &Sample, bytes: &[u8]) -> bool {
    let Some(again) = (sample.again)(bytes) else {
        return false;
    };
    // Copied text may bring spaces along; everything else has one form.
    let own = match std::str::from_utf8(bytes) {
        Ok(text) if sample.of.ends_with("as text") => text.trim().as_bytes(),
        _ => bytes,
    };
    assert!(
        again == own,
        "{} accepts bytes that are not canonical: {}",
        sample.name,
        data_encoding::HEXLOWER.encode(bytes)
    );
    true
}

#[test]
fn truncated_anywhere_is_refused() {
    for sample in samples::all() {
        for end in 0..sample.bytes.len() {
            // A link cut between two frames and an envelope cut to another padded length are
            // whole; for the latter its tag speaks.
            let whole = match sample.of.as_str() {
                "Frame on a link" => continue,
                "Envelope" => end > 108 && padded_len(end) == end,
                _ => false,
            };
            let accepted = accepted(&sample, &sample.bytes[..end]);
            assert_eq!(accepted, whole, "{} cut after {end} bytes", sample.name);
        }
    }
}

#[test]
fn bytes_in_excess_are_refused() {
    for sample in samples::all() {
        for excess in [&[0][..], &[1], &[0xff], &[0; 64], b"A"] {
            let bytes = [&sample.bytes, excess].concat();
            assert!(
                !accepted(&sample, &bytes),
                "{} with {excess:?}",
                sample.name
            );
        }
        let twice = [&sample.bytes[..], &sample.bytes].concat();
        let whole = ["Frame on a link", "Envelope"].contains(&sample.of.as_str());
        assert_eq!(accepted(&sample, &twice), whole, "{} twice", sample.name);
    }
}

#[test]
fn with_any_bit_flipped_it_is_refused_or_another_value() {
    for sample in samples::all() {
        let mut bytes = sample.bytes.clone();
        // What is longer holds sealing keys, of which one bit is like another: there one bit of
        // each byte, a different one each time.
        let all = bytes.len() <= EVERY_BIT_LEN_MAX;
        for at in 0..bytes.len() {
            for bit in (0..8).filter(|bit| all || at % 8 == *bit) {
                bytes[at] ^= 1 << bit;
                accepted(&sample, &bytes);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn giant_claimed_lengths_are_refused_or_are_no_length() {
    for sample in samples::all() {
        let all = sample.bytes.len() <= EVERY_BIT_LEN_MAX;
        for at in 0..sample.bytes.len() {
            let (before, after) = sample.bytes.split_at(at);
            // In long samples one of them each time, for the same reason as above.
            for (number, giant) in GIANT.into_iter().enumerate() {
                if all {
                    accepted(&sample, &[before, giant, after].concat());
                }
                if all || at % GIANT.len() == number {
                    accepted(&sample, &[before, giant, &after[1..]].concat());
                }
            }
        }
    }
}

#[test]
fn an_integer_written_longer_than_it_needs_is_refused() {
    // Every sample that begins with a varint below 128: a zero byte behind it adds nothing.
    let mut tried = 0;
    for sample in samples::all() {
        let whole_varint = [
            "numbers/Position 127",
            "numbers/Sequence 300",
            "numbers/Subject 2",
        ];
        if sample.name.starts_with("frames/") && sample.of == "Frame"
            || whole_varint.contains(&sample.name.as_str())
        {
            let mut longer = sample.bytes.clone();
            let last = longer
                .iter()
                .position(|byte| byte & 0x80 == 0)
                .expect("a varint ends");
            longer[last] |= 0x80;
            longer.insert(last + 1, 0);
            assert!(!accepted(&sample, &longer), "{}", sample.name);
            tried += 1;
        }
    }
    assert_eq!(tried, 14);
}

#[test]
fn one_types_bytes_given_to_another_are_refused_or_canonical() {
    let samples = samples::all();
    for sample in &samples {
        for other in &samples {
            accepted(sample, &other.bytes);
        }
    }
}

#[test]
fn mutated_at_random_it_is_refused_or_another_value() {
    let samples = samples::all();
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("SIDELIGHT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIDELIGHT_ROUNDS").unwrap_or(ROUNDS),
    };
    for seed in seeds {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut random = Random(seed);
            for sample in &samples {
                let bytes = random.mutate(&sample.bytes, &samples);
                accepted(sample, &bytes);
            }
        }));
        if let Err(panic) = outcome {
            eprintln!(
                "rerun: SIDELIGHT_SEED={seed} cargo test -p sidelight-format --test bytes mutated"
            );
            resume_unwind(panic);
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): enough to choose where to damage.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// One to four injuries.
    fn mutate(&mut self, bytes: &[u8], samples: &[Sample]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let until = at + self.below(bytes.len() - at);
            match self.below(7) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = self.next() as u8,
                2 => bytes.insert(at, self.next() as u8),
                3 => drop(bytes.drain(at..until)),
                4 => {
                    let piece = bytes[at..until].to_vec();
                    bytes.splice(at..at, piece);
                }
                5 => {
                    let other = &samples[self.below(samples.len())].bytes;
                    let from = self.below(other.len());
                    bytes.splice(at..until, other[from..].iter().copied());
                }
                _ => {
                    let giant = GIANT[self.below(GIANT.len())];
                    bytes.splice(at..at, giant.iter().copied());
                }
            }
        }
        bytes
    }
}
