//! The envelope: what a relay keeps and cannot read.

use serde::{Deserialize, Serialize};

use crate::{EnvelopeId, MailboxName, digest, limits::ENVELOPE_LEN_MAX};

/// The version of every format in this crate.
pub const VERSION: u8 = 1;

/// The set of primitives in use. An unknown one is refused; none is ever chosen by what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[repr(u8)]
#[serde(try_from = "u8", into = "u8")]
pub enum Suite {
    /// XChaCha20-Poly1305, Ed25519, HKDF-SHA256, HPKE with X-Wing, HKDF-SHA256 and
    /// ChaCha20-Poly1305.
    One = 1,
}

impl TryFrom<u8> for Suite {
    type Error = &'static str;
    fn try_from(byte: u8) -> Result<Self, Self::Error> {
        if byte == 1 {
            Ok(Self::One)
        } else {
            Err("unknown suite")
        }
    }
}

impl From<Suite> for u8 {
    fn from(suite: Suite) -> Self {
        suite as u8
    }
}

/// What an envelope is for, as far as a relay must know: live ones are pushed, bulk ones only
/// fetched on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Class {
    /// Changes, erasures, epochs, pairing.
    Live = 0,
    /// Packed entries for a device that starts empty.
    Volume = 1,
    /// What proves a volume's authorship.
    Proof = 2,
    /// Attachments.
    Blob = 3,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Live, Self::Volume, Self::Proof, Self::Blob];
}

/// A set of classes: bit `n` stands for class `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSet(pub u8);

impl ClassSet {
    /// Only [`Class::Live`].
    pub const LIVE: Self = Self(1);
    /// [`Class::Volume`] and [`Class::Proof`].
    pub const VOLUMES: Self = Self(0b0110);
    /// Every class.
    pub const ALL: Self = Self(0b1111);

    /// Whether it holds `class`.
    pub fn contains(self, class: Class) -> bool {
        self.0 & (1 << class as u8) != 0
    }
}

/// Bytes that cannot be an envelope of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Shorter than a header and a tag, longer than the limit, or not a padded length.
    #[error("an envelope of {0} bytes is not one of the padded lengths")]
    Length(usize),
    /// A version that this program does not know.
    #[error("format version {0} is not known here")]
    Version(u8),
    /// A suite that this program does not know.
    #[error("suite {0} is not known here")]
    Suite(u8),
    /// A class that this program does not know.
    #[error("class {0} is not known here")]
    Class(u8),
    /// The reserved byte is in use.
    #[error("the reserved byte of the header is {0}, not 0")]
    Reserved(u8),
}

/// The first 68 bytes of an envelope, authenticated with its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeHeader {
    /// The primitives in use.
    pub suite: Suite,
    /// What it is for.
    pub class: Class,
    /// Commits to the key, since Poly1305 does not: a ciphertext that opens under two keys
    /// would show two people two texts.
    pub key_commitment: [u8; 32],
    /// The hash of the erase token.
    pub erase_hash: [u8; 32],
}

impl EnvelopeHeader {
    /// How many bytes it has.
    pub const LEN: usize = 68;

    /// Its bytes, which are the associated data of the sealing.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = VERSION;
        bytes[1] = self.suite as u8;
        bytes[2] = self.class as u8;
        bytes[4..36].copy_from_slice(&self.key_commitment);
        bytes[36..68].copy_from_slice(&self.erase_hash);
        bytes
    }
}

/// An envelope, taken apart but not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The authenticated header.
    pub header: EnvelopeHeader,
    /// The nonce of the sealing (192 bits).
    pub nonce: [u8; 24],
    /// Ciphertext and tag.
    pub ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Header, nonce and tag: what an envelope has beyond its padded plaintext.
    pub const OVERHEAD: usize = EnvelopeHeader::LEN + 24 + 16;

    /// Takes an envelope apart.
    ///
    /// # Errors
    /// [`Malformed`], by the first defect found.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() <= Self::OVERHEAD
            || bytes.len() > ENVELOPE_LEN_MAX
            || padded_len(bytes.len()) != bytes.len()
        {
            return Err(Malformed::Length(bytes.len()));
        }
        if bytes[0] != VERSION {
            return Err(Malformed::Version(bytes[0]));
        }
        let suite = Suite::try_from(bytes[1]).map_err(|_| Malformed::Suite(bytes[1]))?;
        let class = Class::ALL
            .into_iter()
            .find(|class| *class as u8 == bytes[2])
            .ok_or(Malformed::Class(bytes[2]))?;
        if bytes[3] != 0 {
            return Err(Malformed::Reserved(bytes[3]));
        }
        let array = |from: usize| {
            <[u8; 32]>::try_from(&bytes[from..from + 32]).expect("the range has 32 bytes")
        };
        Ok(Self {
            header: EnvelopeHeader {
                suite,
                class,
                key_commitment: array(4),
                erase_hash: array(36),
            },
            nonce: bytes[68..92].try_into().expect("the range has 24 bytes"),
            ciphertext: &bytes[92..],
        })
    }
}

/// The length to which an envelope of `len` bytes in all is padded: 1, 2, 4, 8 or 16 KiB, then
/// Padmé (Nikitin and others, "Reducing Metadata Leakage from Encrypted Files", PETS 2019),
/// which adds at most 12 % and leaks O(log log len) bits.
pub fn padded_len(len: usize) -> usize {
    const BUCKETS: [usize; 5] = [1024, 2048, 4096, 8192, 16384];
    if let Some(bucket) = BUCKETS.into_iter().find(|bucket| len <= *bucket) {
        return bucket;
    }
    let exponent = len.ilog2();
    let mantissa_bits = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - mantissa_bits)) - 1;
    (len + mask) & !mask
}

/// The id of an envelope in a mailbox.
pub fn envelope_id(mailbox: &MailboxName, envelope: &[u8]) -> EnvelopeId {
    EnvelopeId(digest("envelope", &[&mailbox.0, envelope]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_lengths_are_fixed_points_and_waste_little() {
        assert!(padded_len(ENVELOPE_LEN_MAX) == ENVELOPE_LEN_MAX);
        for len in (1..=ENVELOPE_LEN_MAX).step_by(97) {
            let padded = padded_len(len);
            assert!(padded >= len && padded_len(padded) == padded, "{len}");
            if len > 16384 {
                assert!(
                    (padded - len) as f64 <= 0.12 * len as f64,
                    "{len} to {padded}"
                );
            }
        }
    }

    #[test]
    fn each_defect_has_its_name() {
        let header = EnvelopeHeader {
            suite: Suite::One,
            class: Class::Live,
            key_commitment: [1; 32],
            erase_hash: [2; 32],
        };
        let mut bytes = vec![9; 1024];
        bytes[..EnvelopeHeader::LEN].copy_from_slice(&header.to_bytes());
        assert_eq!(
            Envelope::parse(&bytes).map(|envelope| envelope.header),
            Ok(header)
        );
        for (at, value, defect) in [
            (0, 2, Malformed::Version(2)),
            (1, 0, Malformed::Suite(0)),
            (2, 4, Malformed::Class(4)),
            (3, 1, Malformed::Reserved(1)),
        ] {
            let mut broken = bytes.clone();
            broken[at] = value;
            assert_eq!(Envelope::parse(&broken), Err(defect));
        }
        assert_eq!(
            Envelope::parse(&bytes[..1023]),
            Err(Malformed::Length(1023))
        );
        assert_eq!(Envelope::parse(&[]), Err(Malformed::Length(0)));
    }
}
