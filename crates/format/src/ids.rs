//! A type for each id, number and public key, so that no two can be confused.

use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident [$len:literal] $show:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// How many bytes it has.
            pub const LEN: usize = $len;

            /// Its bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// Lower-case hexadecimal, for people and scripts that must name it.
            pub fn to_hex(&self) -> String {
                data_encoding::HEXLOWER.encode(&self.0)
            }

            /// From [`to_hex`](Self::to_hex)'s form.
            pub fn from_hex(hex: &str) -> Option<Self> {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
                Some(Self(bytes.try_into().ok()?))
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = core::array::TryFromSliceError;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                Ok(Self(bytes.try_into()?))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $show {
                    write!(f, "{}({}…)", stringify!($name), data_encoding::HEXLOWER.encode(&self.0[..4]))
                } else {
                    write!(f, "{}(…)", stringify!($name))
                }
            }
        }
    };
}

id! {
    /// Names a person: the hash of their genesis record.
    PersonId[32] true
}
id! {
    /// Names a space: what a set of people keep.
    SpaceId[32] true
}
id! {
    /// Names an epoch and commits to its secret.
    EpochId[32] true
}
id! {
    /// Names an entry: the hash of its space and [`EntryPreimage`](crate::EntryPreimage).
    EntryId[32] true
}
id! {
    /// One device's pseudonymous log within one epoch: its Ed25519 public key.
    AuthorId[32] true
}
id! {
    /// One opening of a store for writing: 128 random bits.
    SegmentId[16] true
}
id! {
    /// Names a mailbox: the Ed25519 public key derived from a shared secret. Its bytes never
    /// reach a log.
    MailboxName[32] false
}
id! {
    /// Names an envelope: the hash of its mailbox and bytes.
    EnvelopeId[32] true
}
id! {
    /// One life of a relay's data: 128 random bits, new when the data is lost or restored.
    RelayInstance[16] true
}
id! {
    /// A relay's Ed25519 public key, pinned as part of its address.
    RelayKey[32] true
}
id! {
    /// The hash over all ids that a mailbox has listed so far, in order.
    RunningHash[32] true
}
id! {
    /// The hash that ends an author's log so far; the next envelope names it.
    Link[32] true
}
id! {
    /// The hash of what an envelope carries, salted, so that it can outlive what it hashes.
    BodyHash[32] true
}
id! {
    /// The salted hash of one part of a body.
    PartHash[32] true
}
id! {
    /// The hash of a person's or device's sealing key, naming a recipient of an epoch.
    KeyHash[32] true
}
id! {
    /// Randomness in a body that keeps its hash from being guessed after erasure.
    Salt[16] false
}
id! {
    /// Presenting it makes a relay drop the body of the envelope whose header has its hash.
    EraseToken[32] false
}
id! {
    /// An Ed25519 public key that verifies what a person or device signs.
    VerifyingKey[32] true
}

impl RunningHash {
    /// Of a mailbox that has listed nothing.
    pub const START: Self = Self([0; 32]);

    /// The hash once `id` is listed too.
    #[must_use]
    pub fn after(&self, id: &EnvelopeId) -> Self {
        Self(crate::digest("running", &[&self.0, &id.0]))
    }
}

impl Link {
    /// Before an author's first envelope.
    pub const START: Self = Self([0; 32]);
}

impl EraseToken {
    /// What the header of its envelope carries.
    pub fn hash(&self) -> [u8; 32] {
        crate::digest("erase token", &[&self.0])
    }
}

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signature([u8; 32], [u8; 32]);

impl Signature {
    /// Its 64 bytes.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.0);
        bytes[32..].copy_from_slice(&self.1);
        bytes
    }

    /// From its 64 bytes.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        Self(r, s)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

/// An X-Wing public key (X25519 and ML-KEM-768, draft-connolly-cfrg-xwing-kem): 1,216 bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "crate::Bytes", into = "crate::Bytes")]
pub struct SealingKey(Box<[u8; Self::LEN]>);

impl SealingKey {
    /// How many bytes it has.
    pub const LEN: usize = 1216;

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The hash that names it in an epoch record.
    pub fn hash(&self) -> KeyHash {
        KeyHash(crate::digest("sealing key", &[self.0.as_slice()]))
    }
}

impl From<[u8; SealingKey::LEN]> for SealingKey {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(Box::new(bytes))
    }
}

impl TryFrom<crate::Bytes> for SealingKey {
    type Error = &'static str;
    fn try_from(bytes: crate::Bytes) -> Result<Self, Self::Error> {
        let bytes: Box<[u8]> = bytes.into_vec().into();
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| "a sealing key has 1,216 bytes")
    }
}

impl From<SealingKey> for crate::Bytes {
    fn from(key: SealingKey) -> Self {
        crate::Bytes::from(key.0.to_vec())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({:?})", self.hash())
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $int);

        impl $name {
            /// The one that follows; at the end of the range it stays there.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

number! {
    /// A place in a mailbox, counted from 0 without gaps; also how many places there are.
    Position(u64)
}
number! {
    /// An author's envelopes, counted from 0.
    Sequence(u64)
}
number! {
    /// Which pair of keys a person uses, counted from 0 at the genesis.
    Generation(u32)
}

/// Seconds since 1970-01-01T00:00:00Z, as one device's own clock tells them. Never compared
/// across devices to decide anything but an invitation's expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub i64);
