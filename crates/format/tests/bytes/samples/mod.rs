//! One fixed value, or several, of everything that this crate can encode.

mod bodies;
pub(crate) mod frames;
mod people;
mod records;
mod small;

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use sidelight_format::record::Record;
use sidelight_format::{
    Body, Envelope, InvitationLink, RelayAddress, Statement, Suite, decode, encode, frame_bytes,
    signing_bytes,
};

/// A fixed value as bytes.
pub(crate) struct Sample {
    /// The golden file, a slash, and its name there.
    pub(crate) name: String,
    /// The type, as its source calls it.
    pub(crate) of: String,
    /// Its encoding.
    pub(crate) bytes: Vec<u8>,
    /// Decodes bytes and encodes what came out; `None` where they were refused.
    pub(crate) again: Again,
}

/// Decodes and encodes again.
pub(crate) type Again = fn(&[u8]) -> Option<Vec<u8>>;

/// Every sample, in the order of the golden files.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    samples.extend(small::samples());
    samples.extend(people::samples());
    samples.extend(bodies::samples());
    samples.extend(frames::samples());
    samples.extend(records::samples());
    samples
}

/// Hashes and signed bytes: nothing decodes them, and a second implementation must get the same.
pub(crate) fn derived() -> Vec<(String, Vec<u8>)> {
    let mut derived = Vec::new();
    derived.extend(small::derived());
    derived.extend(people::derived());
    derived.extend(bodies::derived());
    derived
}

/// Bytes that count up from `first`, so that any swapped order shows.
pub(crate) fn run<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first.wrapping_add(at as u8))
}

fn short_name<T>() -> String {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

fn value<T>(name: &str, value: &T) -> Sample
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let bytes = encode(value);
    assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value), "{name}");
    Sample {
        name: name.to_owned(),
        of: short_name::<T>(),
        bytes,
        again: |bytes| decode::<T>(bytes).ok().map(|value| encode(&value)),
    }
}

fn record<T: Record + PartialEq + Debug>(name: &str, value: &T) -> Sample {
    let bytes = value.to_record();
    assert_eq!(T::from_record(&bytes).as_ref(), Ok(value), "{name}");
    Sample {
        name: name.to_owned(),
        of: short_name::<T>(),
        bytes,
        again: |bytes| T::from_record(bytes).ok().map(|value| value.to_record()),
    }
}

/// The byte of the kind, then the body.
fn body(name: &str, value: &Body) -> Sample {
    let join = |(kind, encoded): (u8, Vec<u8>)| [vec![kind], encoded].concat();
    let bytes = join(value.encode());
    assert_eq!(
        Body::decode(bytes[0], &bytes[1..]).as_ref(),
        Ok(value),
        "{name}"
    );
    Sample {
        name: name.to_owned(),
        of: "Body".to_owned(),
        bytes,
        again: |bytes| {
            let (kind, encoded) = bytes.split_first()?;
            match Body::decode(*kind, encoded) {
                // What a newer version wrote is remembered by its kind alone.
                Ok(Body::Unknown(_)) => Some(bytes.to_vec()),
                Ok(body) => {
                    let (kind, encoded) = body.encode();
                    Some([vec![kind], encoded].concat())
                }
                Err(_) => None,
            }
        },
    }
}

/// A whole envelope, whose ciphertext nobody here can open.
fn envelope(name: &str, bytes: Vec<u8>) -> Sample {
    let again: Again = |bytes| {
        let envelope = Envelope::parse(bytes).ok()?;
        let mut again = envelope.header.to_bytes().to_vec();
        again.extend_from_slice(&envelope.nonce);
        again.extend_from_slice(envelope.ciphertext);
        Some(again)
    };
    assert_eq!(again(&bytes).as_ref(), Some(&bytes), "{name}");
    Sample {
        name: name.to_owned(),
        of: "Envelope".to_owned(),
        bytes,
        again,
    }
}

fn relay_text(name: &str, address: &RelayAddress) -> Sample {
    assert_eq!(address.to_string().parse().as_ref(), Ok(address), "{name}");
    Sample {
        name: name.to_owned(),
        of: "RelayAddress as text".to_owned(),
        bytes: address.to_string().into_bytes(),
        again: |bytes| {
            let address: RelayAddress = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            Some(address.to_string().into_bytes())
        },
    }
}

fn link_text(name: &str, link: &InvitationLink) -> Sample {
    assert_eq!(link.expose().parse().as_ref(), Ok(link), "{name}");
    Sample {
        name: name.to_owned(),
        of: "InvitationLink as text".to_owned(),
        bytes: link.expose().into_bytes(),
        again: |bytes| {
            let link: InvitationLink = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            Some(link.expose().into_bytes())
        },
    }
}

fn on_a_link(name: &str, frame: &sidelight_format::Frame) -> Sample {
    Sample {
        name: name.to_owned(),
        of: "Frame on a link".to_owned(),
        bytes: frame_bytes(frame),
        again: |bytes| {
            let mut reader = sidelight_format::FrameReader::default();
            reader.extend(bytes);
            let mut again = Vec::new();
            while let Some(frame) = reader.next_frame().ok()? {
                again.extend_from_slice(&frame_bytes(&frame));
            }
            // An unfinished frame is neither taken nor refused; the reader waits for its rest.
            (again.len() == bytes.len()).then_some(again)
        },
    }
}

fn signed<S: Statement>(name: &str, statement: &S) -> (String, Vec<u8>) {
    assert!(name.ends_with(S::CONTEXT.label()), "{name}");
    (name.to_owned(), signing_bytes(Suite::One, statement))
}
