//! What a change would inflate to is never held: a program of its own, since what is allocated is
//! counted for all threads.

use std::io::{Read as _, Write as _};

use peak_alloc::PeakAlloc;
use sidelight_format::Mode;
use sidelight_format::record::{Fact, Verdict};
use sidelight_tests::story::{ADA, BO, Chunk, Hand, Story};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// To so many bytes the change would inflate.
const INFLATED: usize = 98 << 20;

/// The most that was allocated at once while `work` ran.
fn peak<T>(work: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(work());
    MEMORY.peak_usage().saturating_sub(before)
}

#[test]
fn a_small_change_that_inflates_to_a_hundred_megabytes_is_refused_unread() {
    let mut story = Story::of_a_couple(9);
    let mut hand = Hand::of(&story, BO, 0);
    let bo = hand.person;
    let preimage = hand.preimage(bo, Mode::Own);
    let (_, change) = hand.first_change(&preimage, "harmless");
    let encoder = || flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    // What a million zeros after a million zeros deflate to, a hundred times.
    let mut zeros = encoder();
    let mut ends = [0; 2];
    for end in &mut ends {
        zeros.write_all(&vec![0; 1 << 20]).expect("into memory");
        zeros.flush().expect("into memory");
        *end = zeros.get_ref().len();
    }
    let million = zeros.get_ref()[ends[0]..ends[1]].to_vec();
    let mut bomb = zeros.finish().expect("into memory");
    let last = bomb.split_off(ends[1]);
    bomb.extend(million.repeat(98));
    bomb.extend(last);
    assert!(bomb.len() < 250_000, "{}", bomb.len());
    let control = peak(|| {
        let mut inflated = flate2::read::DeflateDecoder::new(&bomb[..]).take(INFLATED as u64);
        let mut held = Vec::new();
        inflated.read_to_end(&mut held).expect("from memory");
        assert_eq!(held.len(), INFLATED, "it would inflate");
    });
    assert!(control >= INFLATED, "the control: this would be noticed");
    let bomb = Chunk::of(&change).compressed(|_| bomb);
    let honest_but_compressed = Chunk::of(&change).compressed(|body| {
        let mut out = encoder();
        out.write_all(body).expect("into memory");
        out.finish().expect("into memory")
    });
    for bytes in [bomb, honest_but_compressed] {
        let envelope = hand.envelope(preimage, vec![bytes]);
        let before = story.facts(ADA).len();
        let peak = peak(|| story.show(&hand, std::slice::from_ref(&envelope)));
        assert!(peak < INFLATED / 4, "{peak} bytes were held for it");
        let id = hand.id(&envelope);
        let kept = story.envelope(ADA, &id).expect("its id is remembered");
        assert_eq!(kept.verdict, Verdict::Refused);
        let refused = Fact::Refused {
            person: Some(bo),
            envelope: id,
        };
        assert_eq!(story.facts(ADA)[before..], [refused]);
        assert!(story.shared_entries(ADA).is_empty(), "nothing is shown");
    }
}
