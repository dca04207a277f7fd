//! What one shared secret gives for one mailbox: its name, the right to use it, and the sealing
//! of its envelopes.

use core::fmt;
use rand_core::CryptoRng;
use sidelight_format::{
    Body, Class, DecodeError, Envelope, EnvelopeHeader, EpochId, EraseToken, MailboxName,
    MailboxProof, Malformed, Salt, Secret, Signature, SpaceId, limits::ENVELOPE_LEN_MAX,
    padded_len,
};
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::derive::{Label, SUITE, derive};
use crate::keys::MailboxSigningKey;
use crate::{Tampered, aead};

/// Everything that derives from one shared secret for one mailbox. Nothing of it tells the
/// secret, and no two of it tell each other.
///
/// | derived | label | from |
/// |---|---|---|
/// | the mailbox's Ed25519 key, which names it | `sidelight mailbox signing seed` | kind, space, epoch |
/// | the key of its envelopes | `sidelight envelope key` | kind, space, epoch |
/// | the commitment in their headers | `sidelight key commitment` | kind, space, epoch |
///
/// The kind is `epoch`, `invitation` or `recovery`; only an epoch has a space and an id.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MailboxKeys {
    signing: MailboxSigningKey,
    envelope: Zeroizing<[u8; 32]>,
    #[zeroize(skip)] // stands in the header of every envelope
    commitment: [u8; 32],
}

/// A body that does not fit into the longest envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body of {found} bytes does not fit into an envelope; the longest has {max}")]
pub struct TooLong {
    /// How many bytes it has.
    pub found: usize,
    /// How many it may have.
    pub max: usize,
}

/// Why an envelope did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unopened {
    /// It is no envelope of this version: anybody can see that, without a key.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It was sealed under another key, or changed since.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// It is authentic, but what it holds is not a body of its kind: a holder of the key broke
    /// the format.
    #[error("the envelope is authentic, but its contents break the format: {0}")]
    Undecodable(DecodeError),
}

/// The kind of the body and its length: what stands before the body in the plaintext.
const PREFIX_LEN: usize = 1 + 4;

/// The longest body.
const BODY_LEN_MAX: usize = ENVELOPE_LEN_MAX - Envelope::OVERHEAD - PREFIX_LEN;

impl MailboxKeys {
    /// Of an epoch's mailbox.
    pub fn of_epoch(space: &SpaceId, epoch: &EpochId, secret: &Secret) -> Self {
        Self::derived(secret, &[b"epoch", &space.0, &epoch.0])
    }

    /// Of the mailbox in which an invitation is taken up.
    pub fn of_invitation(secret: &Secret) -> Self {
        Self::derived(secret, &[b"invitation"])
    }

    /// Of the mailbox at which the recovery words' walk begins.
    pub fn of_recovery(secret: &Secret) -> Self {
        Self::derived(secret, &[b"recovery"])
    }

    fn derived(secret: &Secret, parts: &[&[u8]]) -> Self {
        let secret = secret.expose();
        let seed = Secret::new(*derive(secret, Label::MailboxSigning, parts));
        Self {
            signing: MailboxSigningKey::from_seed(&seed),
            envelope: derive(secret, Label::EnvelopeKey, parts),
            commitment: *derive(secret, Label::KeyCommitment, parts),
        }
    }

    /// The mailbox's name.
    pub fn name(&self) -> MailboxName {
        self.signing.name()
    }

    /// Proves the right to use the mailbox, on the one connection that has this TLS exporter.
    pub fn prove(&self, exporter: &[u8; 32]) -> Signature {
        self.signing.sign(&MailboxProof {
            exporter: *exporter,
            mailbox: self.name(),
        })
    }

    /// Seals a body into a whole envelope of one of the padded lengths.
    ///
    /// The plaintext is `kind ‖ len ‖ body ‖ zeros`: one byte, four bytes little-endian, the
    /// body, and as many zeros as the padded length asks for.
    ///
    /// # Errors
    /// [`TooLong`].
    ///
    /// # Panics
    /// For [`Body::Unknown`], which nobody writes.
    pub fn seal(
        &self,
        class: Class,
        body: &Body,
        token: &EraseToken,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, TooLong> {
        let (kind, body) = body.encode();
        let body = Zeroizing::new(body);
        if body.len() > BODY_LEN_MAX {
            return Err(TooLong {
                found: body.len(),
                max: BODY_LEN_MAX,
            });
        }
        let header = EnvelopeHeader {
            suite: SUITE,
            class,
            key_commitment: self.commitment,
            erase_hash: token.hash(),
        }
        .to_bytes();
        let whole = padded_len(Envelope::OVERHEAD + PREFIX_LEN + body.len());
        let mut envelope = Vec::with_capacity(whole);
        envelope.extend_from_slice(&header);
        let plain = |out: &mut Vec<u8>| {
            out.push(kind);
            out.extend_from_slice(&(body.len() as u32).to_le_bytes());
            out.extend_from_slice(&body);
            out.resize(whole - aead::TAG_LEN, 0);
        };
        aead::seal_into(&mut envelope, &self.envelope, &header, plain, rng);
        Ok(envelope)
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`Unopened`]. A wrong key, commitment, tag, length or padding are one
    /// [`Unopened::Tampered`].
    pub fn open(&self, envelope: &[u8]) -> Result<(EnvelopeHeader, Body), Unopened> {
        let Envelope { header, .. } = Envelope::parse(envelope)?;
        let (header_bytes, sealed) = envelope.split_at(EnvelopeHeader::LEN);
        // Poly1305 alone would let a key holder make one ciphertext that opens under two keys.
        if !bool::from(header.key_commitment.ct_eq(&self.commitment)) {
            return Err(Tampered.into());
        }
        let plain = aead::open(&self.envelope, header_bytes, sealed)?;
        let (kind, body) = unpadded(&plain, envelope.len()).ok_or(Tampered)?;
        let body = Body::decode(kind, body).map_err(Unopened::Undecodable)?;
        Ok((header, body))
    }
}

/// Kind and body, if what follows is all zeros and no more of them than its length asks for:
/// padding is no place to hide anything in.
fn unpadded(plain: &[u8], whole: usize) -> Option<(u8, &[u8])> {
    let (prefix, rest) = plain.split_first_chunk::<PREFIX_LEN>()?;
    let [kind, len @ ..] = *prefix;
    let len = usize::try_from(u32::from_le_bytes(len)).ok()?;
    let (body, padding) = rest.split_at_checked(len)?;
    let exact = padded_len(Envelope::OVERHEAD + PREFIX_LEN + len) == whole;
    (exact && padding.iter().all(|byte| *byte == 0)).then_some((kind, body))
}

impl fmt::Debug for MailboxKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxKeys(…)")
    }
}

/// The token that erases the one envelope whose body has this salt. Any of a person's devices
/// can derive it from [`PersonKeys::erasing`](sidelight_format::PersonKeys::erasing); the relay
/// knows its hash only.
pub fn erase_token(erasing: &Secret, salt: &Salt) -> EraseToken {
    EraseToken(*derive(erasing.expose(), Label::EraseToken, &[&salt.0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_format::{Bytes, VERSION};

    fn keys() -> MailboxKeys {
        MailboxKeys::of_epoch(&SpaceId([1; 32]), &EpochId([2; 32]), &Secret::new([3; 32]))
    }

    /// Seals any plaintext whatever, as a member who breaks the rules could.
    fn sealed(keys: &MailboxKeys, plain: &[u8]) -> Vec<u8> {
        struct Zeros;
        impl rand_core::TryRng for Zeros {
            type Error = core::convert::Infallible;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Ok(0)
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Ok(0)
            }
            fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
                bytes.fill(0);
                Ok(())
            }
        }
        impl rand_core::TryCryptoRng for Zeros {}
        let header = EnvelopeHeader {
            suite: SUITE,
            class: Class::Live,
            key_commitment: keys.commitment,
            erase_hash: [0; 32],
        }
        .to_bytes();
        assert_eq!(header[0], VERSION);
        let mut envelope = header.to_vec();
        aead::seal_into(
            &mut envelope,
            &keys.envelope,
            &header,
            |out| out.extend_from_slice(plain),
            &mut Zeros,
        );
        envelope
    }

    /// The plaintext of a 1 KiB envelope that holds a blob of `body`.
    fn plain(kind: u8, len: u32, body: &[u8]) -> Vec<u8> {
        let mut plain = vec![kind];
        plain.extend_from_slice(&len.to_le_bytes());
        plain.extend_from_slice(body);
        plain.resize(1024 - Envelope::OVERHEAD, 0);
        plain
    }

    #[test]
    fn a_member_cannot_hide_bytes_in_the_padding() {
        let keys = keys();
        let good = plain(5, 3, &[2, 7, 8]);
        let (_, body) = keys.open(&sealed(&keys, &good)).unwrap();
        assert_eq!(body, Body::Blob(Bytes::from(vec![7, 8])));

        for at in 8..good.len() {
            let mut hidden = good.clone();
            hidden[at] = 1;
            assert_eq!(
                keys.open(&sealed(&keys, &hidden)),
                Err(Unopened::Tampered(Tampered)),
                "{at}"
            );
        }
    }

    #[test]
    fn a_length_beyond_the_plaintext_or_below_its_bucket_is_refused() {
        let keys = keys();
        for len in [1024 - Envelope::OVERHEAD as u32 - 4, 1024, u32::MAX] {
            assert_eq!(
                keys.open(&sealed(&keys, &plain(5, len, &[]))),
                Err(Unopened::Tampered(Tampered))
            );
        }
        let mut wide = plain(5, 3, &[2, 7, 8]);
        wide.resize(2048 - Envelope::OVERHEAD, 0);
        assert_eq!(
            keys.open(&sealed(&keys, &wide)),
            Err(Unopened::Tampered(Tampered))
        );
    }

    #[test]
    fn an_authentic_envelope_with_broken_contents_says_so() {
        let keys = keys();
        assert_eq!(
            keys.open(&sealed(&keys, &plain(5, 3, &[9, 7, 8]))),
            Err(Unopened::Undecodable(DecodeError::Malformed))
        );
        assert_eq!(
            keys.open(&sealed(&keys, &plain(200, 3, &[9, 7, 8])))
                .map(|(_, body)| body),
            Ok(Body::Unknown(200))
        );
    }
}
