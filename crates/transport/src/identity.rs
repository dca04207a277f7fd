//! A relay's key, and what follows from it.

use core::fmt;
use std::sync::Arc;

use rustls::crypto::ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::crypto::tls13::{Hkdf, OkmBlock};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use sidelight_format::{RelayKey, Secret};
use zeroize::Zeroizing;

/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 v1 (RFC 8410 §7):
/// `SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING { … } } }`.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What stands before the 32 bytes of an Ed25519 public key in a SubjectPublicKeyInfo
/// (RFC 8410 §4): `SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING { … } }`.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A relay's Ed25519 key. Devices know the relay by it, wherever it moves.
#[derive(Clone)]
pub struct RelayIdentity {
    key: RelayKey,
    signing: Arc<dyn SigningKey>,
    reset: Arc<ResetKey>,
}

impl RelayIdentity {
    /// The identity of this seed (RFC 8032 §5.1.5). The seed is what a relay backs up.
    pub fn from_seed(seed: &Secret) -> Self {
        let mut pkcs8 = Zeroizing::new([0; PKCS8_PREFIX.len() + 32]);
        pkcs8[..PKCS8_PREFIX.len()].copy_from_slice(&PKCS8_PREFIX);
        pkcs8[PKCS8_PREFIX.len()..].copy_from_slice(seed.expose());
        let signing = any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()))
            .expect("any 32 bytes behind the prefix are an Ed25519 private key");
        let info = signing
            .public_key()
            .expect("ring derives the public key of every Ed25519 key");
        let key = key_of(info.as_ref()).expect("ring writes Ed25519 keys as RFC 8410 says");
        Self {
            key,
            signing,
            reset: Arc::new(ResetKey::derive(seed)),
        }
    }

    /// The public key, which is part of the relay's address.
    pub fn key(&self) -> RelayKey {
        self.key
    }

    /// The key as TLS presents it.
    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        let info = CertificateDer::from(key_info(&self.key).to_vec());
        Arc::new(CertifiedKey::new(vec![info], self.signing.clone()))
    }

    /// The key by which a relay that was started again tells its devices so.
    pub(crate) fn reset_key(&self) -> Arc<ResetKey> {
        self.reset.clone()
    }
}

impl fmt::Debug for RelayIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelayIdentity").field(&self.key).finish()
    }
}

/// The SubjectPublicKeyInfo of a key, which is what RFC 7250 sends in place of a certificate.
pub(crate) fn key_info(key: &RelayKey) -> [u8; 44] {
    let mut info = [0; 44];
    info[..SPKI_PREFIX.len()].copy_from_slice(&SPKI_PREFIX);
    info[SPKI_PREFIX.len()..].copy_from_slice(key.as_bytes());
    info
}

fn key_of(info: &[u8]) -> Option<RelayKey> {
    RelayKey::try_from(info.strip_prefix(&SPKI_PREFIX)?).ok()
}

/// Signs stateless resets (RFC 9000 §10.3). It follows from the seed, so that a relay which was
/// killed and started again can tell a device at its next packet that the connection is gone;
/// with a key of its own making, devices would wait out their idle timeout.
///
/// Relays that share a seed *and* an address would reset each other's connections; each machine
/// behind one address must see only its own packets.
pub(crate) struct ResetKey(OkmBlock);

impl ResetKey {
    const LABEL: &[u8] = b"sidelight relay stateless reset";

    fn derive(seed: &Secret) -> Self {
        let expander = hkdf().extract_from_secret(None, seed.expose());
        Self(expander.expand_block(&[Self::LABEL]))
    }
}

impl quinn::crypto::HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature: &mut [u8]) {
        signature.copy_from_slice(hkdf().hmac_sign(&self.0, data).as_ref());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), quinn::crypto::CryptoError> {
        // Never called: only who receives a reset compares it, with bytes that it was sent before.
        // The comparison is here because the trait has it, and leaks nothing about the key.
        let expected = hkdf().hmac_sign(&self.0, data);
        let differing = expected.as_ref().iter().zip(signature).map(|(a, b)| a ^ b);
        let equal = differing.fold(0, |all, byte| all | byte) == 0;
        if equal && signature.len() == self.signature_len() {
            Ok(())
        } else {
            Err(quinn::crypto::CryptoError)
        }
    }
}

/// HKDF-SHA256 and HMAC-SHA256, as the TLS provider has them.
fn hkdf() -> &'static dyn Hkdf {
    TLS13_CHACHA20_POLY1305_SHA256
        .tls13()
        .expect("the suite is one of TLS 1.3")
        .hkdf_provider
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seed: &str) -> RelayIdentity {
        let seed = RelayKey::from_hex(seed).unwrap();
        RelayIdentity::from_seed(&Secret::new(seed.0))
    }

    /// RFC 8032 §7.1, tests 1 to 3, and the key of RFC 8410 §10.3.
    #[test]
    fn the_key_is_the_ed25519_key_of_the_seed() {
        for (seed, key) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            ),
            (
                "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
                "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
            ),
        ] {
            assert_eq!(identity(seed).key().to_hex(), key);
        }
    }

    #[test]
    fn only_the_key_is_printed() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let printed = format!("{:?}", identity(seed));
        assert_eq!(printed, "RelayIdentity(RelayKey(d75a9801…))");
    }

    #[test]
    fn the_reset_key_follows_from_the_seed_and_differs_between_seeds() {
        use quinn::crypto::HmacKey;
        let sign = |seed: [u8; 32]| {
            let mut signature = [0; 32];
            let identity = RelayIdentity::from_seed(&Secret::new(seed));
            identity.reset_key().sign(b"connection", &mut signature);
            signature
        };
        assert_eq!(sign([1; 32]), sign([1; 32]));
        assert_ne!(sign([1; 32]), sign([2; 32]));
    }
}
