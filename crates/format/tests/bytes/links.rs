//! A link may cut its bytes anywhere.

use proptest::prelude::*;
use sidelight_format::{
    DecodeError, Frame, FrameReader, encode, frame_bytes, limits::FRAME_LEN_MAX,
};

use crate::samples::frames::frames;

fn sent() -> (Vec<Frame>, Vec<u8>) {
    let frames: Vec<Frame> = frames().into_iter().map(|(_, frame)| frame).collect();
    let bytes = frames.iter().flat_map(frame_bytes).collect();
    (frames, bytes)
}

/// Feeds the pieces one by one and takes out whatever is whole after each.
fn received<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for piece in pieces {
        reader.extend(piece);
        while let Some(frame) = reader.next_frame().expect("whole frames") {
            frames.push(frame);
        }
    }
    frames
}

#[test]
fn cut_once_at_any_byte_all_frames_arrive() {
    let (frames, bytes) = sent();
    for at in 0..=bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(received([before, after]), frames, "cut at {at}");
    }
}

#[test]
fn one_byte_at_a_time_all_frames_arrive() {
    let (frames, bytes) = sent();
    assert_eq!(received(bytes.chunks(1)), frames);
}

#[test]
fn a_frame_comes_out_no_earlier_than_its_last_byte() {
    let (_, bytes) = sent();
    let first = frame_bytes(&frames()[0].1).len();
    assert_eq!(received([&bytes[..first - 1]]), []);
    assert_eq!(received([&bytes[..first]]).len(), 1);
}

#[test]
fn a_frame_that_claims_too_much_is_refused_by_its_length_alone() {
    for (len, refused) in [
        (FRAME_LEN_MAX, false),
        (FRAME_LEN_MAX + 1, true),
        (u32::MAX as usize, true),
    ] {
        let mut reader = FrameReader::default();
        reader.extend(&encode(&(len as u32)));
        let expected = if refused {
            Err(DecodeError::Malformed)
        } else {
            Ok(None)
        };
        assert_eq!(reader.next_frame(), expected, "{len}");
    }
}

#[test]
fn a_broken_link_stays_broken() {
    let mut reader = FrameReader::default();
    reader.extend(&[1, 0xff]);
    reader.extend(&sent().1);
    for _ in 0..3 {
        assert_eq!(reader.next_frame(), Err(DecodeError::Malformed));
    }
}

#[test]
fn an_empty_frame_is_refused() {
    let mut reader = FrameReader::default();
    reader.extend(&[0]);
    assert_eq!(reader.next_frame(), Err(DecodeError::Malformed));
}

#[test]
fn a_length_has_one_form_and_one_to_three_bytes() {
    for (len, bytes) in [
        (1, 1),
        (127, 1),
        (128, 2),
        (16_383, 2),
        (16_384, 3),
        (FRAME_LEN_MAX, 3),
    ] {
        assert_eq!(encode(&(len as u32)).len(), bytes, "{len}");
    }
    let first = frame_bytes(&frames()[0].1);
    let encoded = &first[encode(&(first.len() as u32)).len()..];
    for (length, refused) in [
        (
            vec![encoded.len() as u8 | 0x80, 0],
            DecodeError::NotCanonical,
        ),
        (vec![0xff; 5], DecodeError::Malformed),
    ] {
        let mut reader = FrameReader::default();
        reader.extend(&length);
        reader.extend(encoded);
        assert_eq!(reader.next_frame(), Err(refused));
    }
}

proptest! {
    #[test]
    fn cut_into_any_pieces_all_frames_arrive(cuts in prop::collection::vec(0usize..2000, 0..40)) {
        let (frames, bytes) = sent();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % bytes.len()).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        prop_assert_eq!(received(pieces), frames);
    }

    #[test]
    fn any_bytes_end_in_frames_an_error_or_patience(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut reader = FrameReader::default();
        reader.extend(&bytes);
        let mut taken = Vec::new();
        while let Ok(Some(frame)) = reader.next_frame() {
            taken.extend(frame_bytes(&frame));
        }
        prop_assert!(bytes.starts_with(&taken));
    }
}
