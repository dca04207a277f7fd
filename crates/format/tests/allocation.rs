//! What a decoder allocates is bounded by the bytes it was given, whatever they claim.

#[path = "bytes/samples/mod.rs"]
#[allow(dead_code, reason = "the other test program uses the rest")]
mod samples;

use peak_alloc::PeakAlloc;
use sidelight_format::{
    Class, Contents, EnvelopeId, Frame, FrameReader, Item, Position, decode, encode, frame_bytes,
    limits::FRAME_LEN_MAX,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// serde prepares room for at most this much of a claimed sequence before it has seen any of it;
/// two sequences may be open at once, one inside the other.
const IN_ADVANCE: usize = 2 * 1024 * 1024;

/// The widest element beside its shortest encoding, with room for a vector that has just doubled.
const PER_BYTE: usize = 96;

/// The most that was allocated at once while `work` ran.
fn peak<T>(work: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(work());
    MEMORY.peak_usage().saturating_sub(before)
}

// One test in this program: the allocator counts for all threads.
#[test]
fn decoding_allocates_no_more_than_the_bytes_can_hold() {
    assert!(
        peak(|| vec![0u8; 4 << 20]) >= 4 << 20,
        "the control: this would be noticed"
    );

    let giants = [
        &[0xff, 0xff, 0xff, 0x7f][..],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for sample in samples::all() {
        for at in 0..sample.bytes.len() {
            for giant in giants {
                let (before, after) = sample.bytes.split_at(at);
                let bytes = [before, giant, after].concat();
                let peak = peak(|| (sample.again)(&bytes));
                let bound = IN_ADVANCE + PER_BYTE * bytes.len();
                assert!(
                    peak <= bound,
                    "{} claims at {at}: {peak} bytes",
                    sample.name
                );
            }
        }
    }

    // The frames with the most elements for their length.
    let item = Item {
        id: EnvelopeId([7; 32]),
        class: Class::Live,
        contents: Contents::Skipped,
    };
    for frame in [
        Frame::Items {
            first: Position(0),
            items: vec![item; FRAME_LEN_MAX / 34 - 1],
        },
        Frame::Stored {
            first: Position(0),
            ids: vec![EnvelopeId([7; 32]); FRAME_LEN_MAX / 32 - 1],
        },
        Frame::Put {
            envelope: vec![7; FRAME_LEN_MAX - 16].into(),
        },
    ] {
        let bytes = frame_bytes(&frame);
        let peak = peak(|| decode::<Frame>(&bytes[3..]).expect("a frame"));
        assert!(
            peak <= 8 * bytes.len(),
            "{peak} bytes for a frame of {}",
            bytes.len()
        );
    }

    // A claimed length is not prepared for before its bytes have come.
    let mut reader = FrameReader::default();
    let peak = peak(|| {
        reader.extend(&encode(&(FRAME_LEN_MAX as u32)));
        reader.next_frame()
    });
    assert!(peak < 1024, "{peak} bytes for a frame that has not come");
}
