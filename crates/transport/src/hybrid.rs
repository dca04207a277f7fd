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
        let key = EncapsulationKey::<MlKem768>::new_from_slice(key).map_err(|_| invalid_share())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_LEN: usize = ENCAPSULATION_KEY_LEN + X25519_LEN;
    const SERVER_LEN: usize = CIPHERTEXT_LEN + X25519_LEN;

    /// The secret of a client that receives this share.
    fn complete(client: Box<dyn ActiveKeyExchange>, server: &[u8]) -> Option<Vec<u8>> {
        let secret = client.complete(server).ok()?;
        Some(secret.secret_bytes().to_vec())
    }

    #[test]
    fn both_ends_get_one_secret_and_every_exchange_another() {
        let mut secrets = std::collections::HashSet::new();
        for _ in 0..8 {
            let client = X25519MLKEM768.start().unwrap();
            assert_eq!(client.pub_key().len(), CLIENT_LEN);
            let server = X25519MLKEM768.start_and_complete(client.pub_key()).unwrap();
            assert_eq!(server.pub_key.len(), SERVER_LEN);
            let secret = server.secret.secret_bytes().to_vec();
            assert_eq!(secret.len(), 64);
            assert_eq!(complete(client, &server.pub_key), Some(secret.clone()));
            for half in secret.chunks(32) {
                assert!(secrets.insert(half.to_vec()));
            }
        }
    }

    /// The draft's order, checked against the two halves by themselves.
    #[test]
    fn ml_kem_stands_before_x25519() {
        let seed = Array::from([5; 64]);
        let decapsulation = DecapsulationKey::<MlKem768>::from_seed(seed);
        let classical = X25519.start().unwrap();
        let share = join(
            &decapsulation.encapsulation_key().to_bytes(),
            classical.pub_key(),
        );
        let server = X25519MLKEM768.start_and_complete(&share).unwrap();
        let (ciphertext, point) = server.pub_key.split_at(CIPHERTEXT_LEN);
        let (kem, ecdh) = server.secret.secret_bytes().split_at(32);
        assert_eq!(
            decapsulation
                .decapsulate_slice(ciphertext)
                .unwrap()
                .as_slice(),
            kem
        );
        assert_eq!(classical.complete(point).unwrap().secret_bytes(), ecdh);
    }

    #[test]
    fn a_share_of_any_other_length_is_refused() {
        let client = X25519MLKEM768.start().unwrap();
        let share = client.pub_key().to_vec();
        let server = X25519MLKEM768.start_and_complete(&share).unwrap();
        for len in [0, 1, 32, ENCAPSULATION_KEY_LEN, CLIENT_LEN - 1] {
            assert!(X25519MLKEM768.start_and_complete(&share[..len]).is_err());
        }
        let longer = [&share[..], &[0]].concat();
        assert!(X25519MLKEM768.start_and_complete(&longer).is_err());
        for len in [0, 1, 32, CIPHERTEXT_LEN, SERVER_LEN - 1] {
            let client = X25519MLKEM768.start().unwrap();
            assert_eq!(complete(client, &server.pub_key[..len]), None);
        }
        let longer = [&server.pub_key[..], &[0]].concat();
        assert_eq!(complete(client, &longer), None);
    }

    /// FIPS 203 §7.2: each coefficient has twelve bits and must be below 3329.
    #[test]
    fn an_encapsulation_key_out_of_range_is_refused() {
        let client = X25519MLKEM768.start().unwrap();
        // The first 1,152 bytes are coefficients, two in three bytes; the rest is a seed.
        for at in [0, 3, 600, 1149] {
            let mut share = client.pub_key().to_vec();
            share[at] = 0x01;
            share[at + 1] = share[at + 1] & 0xf0 | 0x0d; // 0xd01 = 3329
            assert!(X25519MLKEM768.start_and_complete(&share).is_err(), "{at}");
            share[at] = 0x00; // 3328
            assert!(X25519MLKEM768.start_and_complete(&share).is_ok(), "{at}");
        }
    }

    /// RFC 7748 §6.1: points of small order make the secret zero, whoever's key it is.
    #[test]
    fn an_x25519_key_that_contributes_nothing_is_refused_by_both_ends() {
        let one = core::array::from_fn(|i| u8::from(i == 0));
        let order_eight = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ];
        for point in [[0; X25519_LEN], one, order_eight] {
            let client = X25519MLKEM768.start().unwrap();
            let mut share = client.pub_key().to_vec();
            let mut server = X25519MLKEM768.start_and_complete(&share).unwrap().pub_key;
            share[ENCAPSULATION_KEY_LEN..].copy_from_slice(&point);
            assert!(X25519MLKEM768.start_and_complete(&share).is_err());
            server[CIPHERTEXT_LEN..].copy_from_slice(&point);
            assert_eq!(complete(client, &server), None);
        }
    }

    #[test]
    fn a_changed_ciphertext_gives_a_secret_that_nobody_else_has() {
        let client = X25519MLKEM768.start().unwrap();
        let server = X25519MLKEM768.start_and_complete(client.pub_key()).unwrap();
        let mut share = server.pub_key.clone();
        share[0] ^= 1;
        let secret = complete(client, &share).unwrap();
        let (kem, ecdh) = server.secret.secret_bytes().split_at(32);
        assert_ne!(&secret[..32], kem);
        assert_eq!(&secret[32..], ecdh);
    }

    #[test]
    fn the_group_is_for_tls_1_3_alone() {
        assert!(X25519MLKEM768.usable_for_version(ProtocolVersion::TLSv1_3));
        assert!(!X25519MLKEM768.usable_for_version(ProtocolVersion::TLSv1_2));
        assert_eq!(u16::from(X25519MLKEM768.name()), 0x11ec);
    }
}
