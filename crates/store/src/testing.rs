//! What unit and integration tests share: a real sealing under a key made up from one byte, and
//! one that hides nothing.

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use sidelight_format::digest;

use crate::{Sealing, Unreadable};

pub(crate) struct TestSealing([u8; 32]);

pub(crate) fn sealing(key: u8) -> Arc<dyn Sealing> {
    Arc::new(TestSealing([key; 32]))
}

impl TestSealing {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

impl Sealing for TestSealing {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).expect("a test machine has randomness");
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let sealed = self
            .cipher()
            .encrypt(&nonce.into(), payload)
            .expect("a row is shorter than the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (nonce, msg) = sealed
            .split_first_chunk::<24>()
            .ok_or(Unreadable::Changed)?;
        let payload = Payload { msg, aad: place };
        self.cipher()
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| Unreadable::Changed)
    }

    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        let hash = digest("test blinding", &[&self.0, place, name]);
        *hash.first_chunk().expect("a hash has 32 bytes")
    }
}

impl core::fmt::Debug for TestSealing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TestSealing(…)")
    }
}

/// For tests about rows, not about sealing: without optimisation the cipher takes a thousand
/// times as long as anything else here.
#[derive(Debug)]
pub(crate) struct Unsealed;

impl Sealing for Unsealed {
    fn seal(&self, _place: &[u8], plain: &[u8]) -> Vec<u8> {
        plain.to_vec()
    }

    fn open(&self, _place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        Ok(sealed.to_vec())
    }

    fn blind(&self, place: &[u8], name: &[u8]) -> [u8; 16] {
        TestSealing([0; 32]).blind(place, name)
    }
}
