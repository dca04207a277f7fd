//! Counted by callgrind, so that a change shows on a machine that does other things, too. What is
//! done with ten entries is done with two hundred as well: it should cost the same.

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use sidelight::device::Draft;
use sidelight::device::view;
use sidelight_crypto::MailboxKeys;
use sidelight_format::{Body, Bytes, Envelope, EraseToken, Frame, FrameReader, frame_bytes};
use sidelight_tests::story::{ADA, BO, Hand, Story, shared};

/// About as long as an entry is.
const TEXT: &str = "Up and to the office, where all the morning, and at noon home to dinner with \
    my wife; then abroad by coach to several places, and so home to supper and to bed, in great \
    content with the day, and with what the two of us have said about the spring.";

/// How many entries of both a long journal has here. Under callgrind a thousand would take minutes.
const MANY: usize = 200;

/// What the other side needs to be shown alone.
struct Sealed {
    keys: MailboxKeys,
    body: Body,
    envelope: Bytes,
}

/// An entry that has been written and sealed.
fn sealed() -> Sealed {
    let story = Story::of_a_couple(1);
    let mut hand = Hand::of(&story, ADA, 1);
    let preimage = hand.preimage(hand.person, sidelight_format::Mode::Own);
    let (_, change) = hand.first_change(&preimage, TEXT);
    let envelope = hand.envelope(preimage, vec![change]);
    let (_, body) = hand.keys.open(&envelope).expect("it was sealed just now");
    let keys = story.shared_keys(ADA);
    Sealed {
        keys,
        body,
        envelope,
    }
}

#[library_benchmark]
#[bench::entry(setup = sealed)]
fn seal(mut sealed: Sealed) -> (Bytes, Sealed) {
    let Sealed { keys, body, .. } = &sealed;
    let mut rng = Counting(0);
    let class = sidelight_format::Class::Live;
    let bytes = keys.seal(class, black_box(body), &EraseToken([5; 32]), &mut rng);
    sealed.envelope = Bytes::from(bytes.expect("an entry is not too long"));
    (sealed.envelope.clone(), sealed)
}

#[library_benchmark]
#[bench::entry(setup = sealed)]
fn open(sealed: Sealed) -> (Body, Sealed) {
    let (_, body) = sealed
        .keys
        .open(black_box(&sealed.envelope))
        .expect("it was sealed for these keys");
    (body, sealed)
}

/// What a relay does with an envelope, and a device before it opens one: out of a frame, and its
/// header read.
fn framed() -> (Vec<u8>, Sealed) {
    let sealed = sealed();
    let put = Frame::Put {
        envelope: sealed.envelope.clone(),
    };
    (frame_bytes(&put), sealed)
}

#[library_benchmark]
#[bench::entry(setup = framed)]
fn decode((bytes, sealed): (Vec<u8>, Sealed)) -> (Frame, Sealed) {
    let mut reader = FrameReader::default();
    reader.extend(black_box(&bytes));
    let frame = reader.next_frame().expect("a frame").expect("a whole one");
    if let Frame::Put { envelope } = &frame {
        Envelope::parse(envelope).expect("an envelope");
    }
    (frame, sealed)
}

/// Two people with so many entries of each.
fn couple(entries: usize) -> Story {
    let mut story = Story::of_a_couple(2);
    for home in [ADA, BO] {
        let drafts: Vec<Draft> = (0..entries)
            .map(|n| shared(&format!("{n} {TEXT}")))
            .collect();
        story
            .command(home, |device, outside| device.write(&drafts, outside))
            .expect("they are paired");
        story.exchange();
    }
    story
}

#[library_benchmark]
#[bench::ten(args = (10), setup = couple)]
#[bench::many(args = (MANY), setup = couple)]
fn page(story: Story) -> Story {
    let shown = view::page(story.device(BO).store(), None, 10).expect("a store in memory");
    assert_eq!(black_box(shown).0.len(), 10);
    story
}

#[library_benchmark]
#[bench::ten(args = (10), setup = couple)]
#[bench::many(args = (MANY), setup = couple)]
fn write(mut story: Story) -> Story {
    story.write(ADA, shared(TEXT));
    story
}

/// A couple whose one has written something that the other does not have.
fn ahead(entries: usize) -> Story {
    let mut story = couple(entries);
    story.write(ADA, shared(TEXT));
    story
}

// From the writer's outbox over the mailbox until the reader has checked and kept it, and the
// writer knows that it is kept.
#[library_benchmark]
#[bench::ten(args = (10), setup = ahead)]
#[bench::many(args = (MANY), setup = ahead)]
fn replicate(mut story: Story) -> Story {
    story.exchange();
    story
}

/// Nonces for nothing: only their cost matters here.
struct Counting(u64);

impl rand_core::TryRng for Counting {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|next| next as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

library_benchmark_group!(
    name = entries,
    benchmarks = [seal, open, decode, page, write, replicate]
);
main!(library_benchmark_groups = entries);
