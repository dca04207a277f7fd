//! The key exchange X25519MLKEM768, the only one that either end offers.
//!
//! Composed as draft-ietf-tls-ecdhe-mlkem says (group 0x11EC), from ML-KEM-768 (FIPS 203, crate
//! `ml-kem`) and the TLS provider's own X25519:
//!
//! | | bytes | what |
//! |---|---|---|
//! | client's share | 1184 ‖ 32 | encapsulation key ‖ X25519 public key |
//! | server's share | 1088 ‖ 32 | ciphertext ‖ X25519 public key |
//! | shared secret | 32 ‖ 32 | ML-KEM secret ‖ X25519 secret |
//!
//! ML-KEM stands first, unlike in the other groups of that draft and unlike in the group's name.
//! The secret holds as long as *either* half does: X25519 should ML-KEM or its young implementation
//! turn out weak, ML-KEM should a quantum computer come.
//!
//! Refused with an `illegal_parameter` alert, as the draft demands: a share of any other length; an
//! encapsulation key with a coefficient out of range (FIPS 203 §7.2, checked by `ml-kem`); an X25519
//! key that contributes nothing, so that the secret would be zero (checked by *ring*). A ciphertext
//! that was tampered with decapsulates to a secret that nobody else has, and the handshake fails.
//!
//! The client's share makes its hello longer than one datagram of 1,200 bytes; QUIC sends two.

use ml_kem::array::Array;
use ml_kem::kem::{Decapsulate, KeyExport, TryKeyInit};
use ml_kem::{DecapsulationKey, EncapsulationKey, MlKem768};
use rustls::crypto::ring::kx_group::X25519;
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use zeroize::Zeroize;

/// Bytes of an ML-KEM-768 encapsulation key.
pub const ENCAPSULATION_KEY_LEN: usize = 1184;

/// Bytes of an ML-KEM-768 ciphertext.
pub const CIPHERTEXT_LEN: usize = 1088;

/// Bytes of an X25519 public key.
pub const X25519_LEN: usize = 32;

/// The group, for a [`CryptoProvider`](rustls::crypto::CryptoProvider).
pub(crate) static X25519MLKEM768: &dyn SupportedKxGroup = &Group;

#[derive(Debug)]
struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classical = X25519.start()?;
        let mut seed = Array::default();
        random(&mut seed)?;
        let decapsulation = DecapsulationKey::<MlKem768>::from_seed(seed);
        seed.as_mut_slice().zeroize();
        let share = join(
            &decapsulation.encapsulation_key().to_bytes(),
            classical.pub_key(),
        );
        Ok(Box::new(Started {
            classical,
            decapsulation,
            share,
        }))
    }

    fn start_and_complete(&self, client: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, classical) = split(client, ENCAPSULATION_KEY_LEN)?;
        let key =
            EncapsulationKey::<MlKem768>::new_from_slice(key).map_err(|_| invalid_share())?;
        let classical = X25519.start_and_complete(classical)?;
        let mut message = Array::default();
        random(&mut message)?;
        let (ciphertext, mut secret) = key.encapsulate_deterministic(&message);
        message.as_mut_slice().zeroize();
        let joined = join(&secret, classical.secret.secret_bytes());
        secret.as_mut_slice().zeroize();
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: join(&ciphertext, &classical.pub_key),
            secret: SharedSecret::from(joined),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

/// A client's exchange, between its hello and the server's.
struct Started {
    classical: Box<dyn ActiveKeyExchange>,
    decapsulation: DecapsulationKey<MlKem768>,
    share: Vec<u8>,
}

impl ActiveKeyExchange for Started {
    fn complete(self: Box<Self>, server: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classical) = split(server, CIPHERTEXT_LEN)?;
        let classical = self.classical.complete(classical)?;
        let mut secret = self
            .decapsulation
            .decapsulate_slice(ciphertext)
            .map_err(|_| invalid_share())?;
        let joined = join(&secret, classical.secret_bytes());
        secret.as_mut_slice().zeroize();
        Ok(SharedSecret::from(joined))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

/// ML-KEM's part of a share, of this length, and X25519's.
fn split(share: &[u8], kem_len: usize) -> Result<(&[u8], &[u8]), Error> {
    match share.split_at_checked(kem_len) {
        Some((kem, classical)) if classical.len() == X25519_LEN => Ok((kem, classical)),
        _ => Err(invalid_share()),
    }
}

/// ML-KEM's bytes, then X25519's, never moved while growing: they may be secret.
fn join(kem: &[u8], classical: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(kem.len() + classical.len());
    joined.extend_from_slice(kem);
    joined.extend_from_slice(classical);
    joined
}

/// Fills `bytes` from the TLS provider's generator.
fn random(bytes: &mut [u8]) -> Result<(), Error> {
    Ok(crate::tls::provider().secure_random.fill(bytes)?)
}

fn invalid_share() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}
