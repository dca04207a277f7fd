//! One secret, many keys: HKDF-SHA256 (RFC 5869) with a label for each purpose.

use hkdf::Hkdf;
use sha2::Sha256;
use sidelight_format::{Suite, VERSION};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The primitives that this version seals with. What arrives never chooses another.
pub(crate) const SUITE: Suite = Suite::One;

/// What is derived. No label begins another, so no two purposes ever share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    MailboxSigning,
    EnvelopeKey,
    KeyCommitment,
    KeyringKey,
    EraseToken,
    PairingPsk,
    Comparison,
    StorageSealing,
    StorageBlinding,
    RecoverySigning,
    RecoverySealing,
    RecoveryMailbox,
    PassphraseSealing,
}

impl Label {
    #[cfg(test)]
    const ALL: [Self; 13] = [
        Self::MailboxSigning,
        Self::EnvelopeKey,
        Self::KeyCommitment,
        Self::KeyringKey,
        Self::EraseToken,
        Self::PairingPsk,
        Self::Comparison,
        Self::StorageSealing,
        Self::StorageBlinding,
        Self::RecoverySigning,
        Self::RecoverySealing,
        Self::RecoveryMailbox,
        Self::PassphraseSealing,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::MailboxSigning => "sidelight mailbox signing seed",
            Self::EnvelopeKey => "sidelight envelope key",
            Self::KeyCommitment => "sidelight key commitment",
            Self::KeyringKey => "sidelight keyring key",
            Self::EraseToken => "sidelight erase token",
            Self::PairingPsk => "sidelight pairing psk",
            Self::Comparison => "sidelight comparison",
            Self::StorageSealing => "sidelight storage sealing",
            Self::StorageBlinding => "sidelight storage blinding",
            Self::RecoverySigning => "sidelight recovery signing seed",
            Self::RecoverySealing => "sidelight recovery sealing seed",
            Self::RecoveryMailbox => "sidelight recovery mailbox",
            Self::PassphraseSealing => "sidelight passphrase sealing",
        }
    }
}

/// `HKDF-SHA256(salt = none, ikm = secret, info)` with
/// `info = len(label) ‖ label ‖ version ‖ suite ‖ (len(part) ‖ part)*`: the label's length as
/// one byte, a part's as eight, big-endian, so that no two lists of parts give the same bytes.
///
/// `secret` is uniformly random or itself derived here, which is what HKDF without a salt needs.
pub(crate) fn derive<const LEN: usize>(
    secret: &[u8; 32],
    label: Label,
    parts: &[&[u8]],
) -> Zeroizing<[u8; LEN]> {
    Extracted::of(secret).derive(label, parts)
}

/// HKDF's first half done: for a secret of which much is derived, such as where each row lies.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct Extracted(Zeroizing<[u8; 32]>);

impl Extracted {
    pub(crate) fn of(secret: &[u8; 32]) -> Self {
        let (mut extracted, _) = Hkdf::<Sha256>::extract(None, secret);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&extracted);
        extracted.as_mut_slice().zeroize();
        Self(key)
    }

    /// As [`derive`].
    pub(crate) fn derive<const LEN: usize>(
        &self,
        label: Label,
        parts: &[&[u8]],
    ) -> Zeroizing<[u8; LEN]> {
        const { assert!(LEN <= 255 * 32, "RFC 5869 §2.3") };
        let mut derived = Zeroizing::new([0; LEN]);
        Hkdf::<Sha256>::from_prk(&*self.0)
            .expect("it is as long as SHA-256's output")
            .expand(&labelled(label.words(), parts), derived.as_mut())
            .expect("LEN is within HKDF's bound, asserted above");
        derived
    }
}

/// `len(label) ‖ label ‖ version ‖ suite ‖ (len(part) ‖ part)*`.
pub(crate) fn labelled(label: &'static str, parts: &[&[u8]]) -> Vec<u8> {
    let parts_len: usize = parts.iter().map(|part| 8 + part.len()).sum();
    let mut bytes = Vec::with_capacity(3 + label.len() + parts_len);
    bytes.push(label.len() as u8);
    bytes.extend_from_slice(label.as_bytes());
    bytes.extend_from_slice(&[VERSION, SUITE as u8]);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_context_gives_its_own_key() {
        let mut seen = Vec::new();
        for label in Label::ALL {
            for parts in [&[][..], &[&b"a"[..]], &[b"a", b""], &[b"", b"a"]] {
                seen.push(*derive::<32>(&[7; 32], label, parts));
            }
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn no_label_is_another_or_begins_another() {
        for a in Label::ALL {
            for b in Label::ALL {
                assert!(a == b || !a.words().starts_with(b.words()), "{a:?}, {b:?}");
            }
        }
    }
}
