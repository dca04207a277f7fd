//! XChaCha20-Poly1305 under a random nonce: `nonce ‖ ciphertext ‖ tag`.

use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::Tampered;

/// 192 bits: random nonces do not meet in any number of seals that a device can make, so no
/// counter is kept that a restored or cloned phone would use twice.
pub(crate) const NONCE_LEN: usize = 24;

/// Poly1305's.
pub(crate) const TAG_LEN: usize = 16;

/// Appends a fresh nonce, the sealed bytes and the tag to `out`.
pub(crate) fn seal_into(
    out: &mut Vec<u8>,
    key: &[u8; 32],
    associated: &[u8],
    plain: impl FnOnce(&mut Vec<u8>),
    rng: &mut (impl CryptoRng + ?Sized),
) {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    out.extend_from_slice(&nonce);
    let start = out.len();
    plain(out);
    let tag = XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            associated,
            InOutBuf::from(&mut out[start..]),
        )
        .expect("the plaintext is far below the cipher's 256 GiB");
    out.extend_from_slice(&tag);
}

/// Opens `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn open(
    key: &[u8; 32],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Tampered> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Tampered)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(Tampered)?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            associated,
            InOutBuf::from(plain.as_mut_slice()),
            &(*tag).into(),
        )
        .map_err(|_| Tampered)?;
    Ok(plain)
}
