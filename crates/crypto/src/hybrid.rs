//! Sealing to a public key: HPKE (RFC 9180) with X-Wing (X25519 and ML-KEM-768, KEM 0x647a),
//! HKDF-SHA256 and ChaCha20-Poly1305, in base and PSK mode. X-Wing has no authenticated mode:
//! who sealed is said by a signature beside it, or by the pre-shared key.

use core::fmt;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::XWing,
};
use rand_core::CryptoRng;
use sidelight_format::{Bytes, KeyHash, SealingKey, Secret};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Tampered;

/// Opens what was sealed to its [`SealingKey`].
#[derive(Clone, ZeroizeOnDrop)]
pub struct UnsealingKey {
    seed: Secret,
    #[zeroize(skip)] // public, and dear to compute: an ML-KEM key generation
    sealing: SealingKey,
}

impl UnsealingKey {
    /// The key whose X-Wing decapsulation key is `seed`.
    pub fn from_seed(seed: &Secret) -> Self {
        let public = XWing::sk_to_pk(&private(seed));
        Self {
            seed: seed.clone(),
            sealing: SealingKey::from(<[u8; SealingKey::LEN]>::from(public.to_bytes())),
        }
    }

    /// What seals to this key.
    pub fn sealing_key(&self) -> SealingKey {
        self.sealing.clone()
    }

    /// The hash of [`sealing_key`](Self::sealing_key), which names a recipient.
    pub(crate) fn hash(&self) -> KeyHash {
        self.sealing.hash()
    }
}

/// Expanded anew for each use: the seed alone is kept, and wiped.
fn private(seed: &Secret) -> <XWing as Kem>::PrivateKey {
    <XWing as Kem>::PrivateKey::from_bytes(seed.expose()).expect("a seed has 32 bytes")
}

impl fmt::Debug for UnsealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsealingKey(…)")
    }
}

/// Bytes of the right length that are no X-Wing public key: a coefficient of the ML-KEM half is
/// out of range (FIPS 203 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealing key is not a valid X-Wing key")]
pub struct InvalidSealingKey;

/// Checks that a key from outside can be sealed to, so that it is refused where it arrives and
/// not when an epoch needs it.
///
/// A point of small order in the X25519 half is let through, as X-Wing does: it takes that half's
/// protection from its owner alone, who could as well publish what they open.
///
/// # Errors
/// [`InvalidSealingKey`].
pub fn check_sealing_key(key: &SealingKey) -> Result<(), InvalidSealingKey> {
    public(key).map(|_| ())
}

fn public(key: &SealingKey) -> Result<<XWing as Kem>::PublicKey, InvalidSealingKey> {
    <XWing as Kem>::PublicKey::from_bytes(key.as_bytes()).map_err(|_| InvalidSealingKey)
}

/// A secret that both sides know beforehand, and what names it.
pub(crate) struct Psk<'a> {
    pub(crate) secret: &'a [u8; 32],
    pub(crate) id: &'a [u8; 32],
}

impl Psk<'_> {
    fn bundle(&self) -> PskBundle<'_> {
        PskBundle::new(self.secret, self.id).expect("neither is empty")
    }
}

/// Encapsulated key and ciphertext of one message. `info` and `associated` are digests or
/// otherwise short: HPKE bounds `info` at 64 KiB.
pub(crate) fn seal(
    to: &SealingKey,
    psk: Option<&Psk<'_>>,
    info: &[u8],
    associated: &[u8],
    plain: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Bytes, Bytes), InvalidSealingKey> {
    let mode = psk.map_or(OpModeS::Base, |psk| OpModeS::Psk(psk.bundle()));
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        XWing,
    >(
        &mode, &public(to)?, info, plain, associated, &mut &mut *rng
    )
    .expect("X-Wing encapsulates to every valid key, and one message is below every limit");
    Ok((
        Bytes::from(encapsulated.to_bytes().to_vec()),
        Bytes::from(ciphertext),
    ))
}

/// The reverse. A wrong encapsulated key decapsulates to a random secret (implicit rejection),
/// so it fails where a wrong ciphertext does.
pub(crate) fn open(
    key: &UnsealingKey,
    psk: Option<&Psk<'_>>,
    info: &[u8],
    associated: &[u8],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Tampered> {
    let mode = psk.map_or(OpModeR::Base, |psk| OpModeR::Psk(psk.bundle()));
    let encapsulated =
        <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| Tampered)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &mode,
        &private(&key.seed),
        &encapsulated,
        info,
        ciphertext,
        associated,
    )
    .map(Zeroizing::new)
    .map_err(|_| Tampered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn field(value: &Value, key: &str) -> Vec<u8> {
        let text = value[key].as_str().unwrap();
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    /// The same vectors run against `hpke` itself in `tests/vectors`; here it is this module's
    /// choice of suite that they check.
    #[test]
    fn published_vectors_open_through_this_module() {
        let kept: Value =
            serde_json::from_str(include_str!("../tests/vectors/hpke-xwing.json")).unwrap();
        let mut opened = 0;
        for vector in kept
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|set| set["vectors"].as_array())
            .flatten()
        {
            let seed = <[u8; 32]>::try_from(field(vector, "skRm")).unwrap();
            let first = &vector["encryptions"][0];
            let plain = open(
                &UnsealingKey::from_seed(&Secret::new(seed)),
                None,
                &field(vector, "info"),
                &field(first, "aad"),
                &field(vector, "enc"),
                &field(first, "ct"),
            );
            assert_eq!(plain.as_deref(), Ok(&field(first, "pt")));
            opened += 1;
        }
        assert_eq!(opened, 2);
    }
}
