//! A storage key under a passphrase, for a device whose platform keeps none; and the key of
//! private rows under a further secret.
//!
//! A passphrase is guessed, so each guess must cost: Argon2id (RFC 9106) makes the key that seals.
//! What it costs is fixed here. The sealed bytes name their cost by a number and carry none of its
//! parameters, so whoever can write to them chooses nothing: neither a cheap guess for what is
//! sealed next, nor one so dear that the device never comes back from it.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand_core::CryptoRng;
use sidelight_format::VERSION;
use zeroize::Zeroizing;

use crate::derive::{Label, SUITE, derive, labelled};
use crate::{Tampered, aead};

/// How long a sealed storage key is: 91 bytes.
pub const SEALED_STORAGE_KEY_LEN: usize =
    HEADER_LEN + aead::NONCE_LEN + size_of::<[u8; 32]>() + aead::TAG_LEN;

/// Version, suite, cost, salt.
const HEADER_LEN: usize = PREFIX.len() + SALT_LEN;

/// The only cost that is known: [`MEMORY_KIB`], [`PASSES`] and [`LANES`].
const COST: u8 = 1;

const PREFIX: [u8; 3] = [VERSION, SUITE as u8, COST];

/// RFC 9106 §4, second recommended option, for where memory is scarce: 64 MiB is what the
/// smallest phone can spare for an instant, and what a guesser must spare for each guess.
const MEMORY_KIB: u32 = 64 * 1024;

/// The same option: about a tenth of a second here.
const PASSES: u32 = 3;

/// The same option. They are worked through one after another; a guesser gains nothing by it.
const LANES: u32 = 4;

/// 128 bits, as RFC 9106 §3.1 recommends: no two sealed keys ever share a table of guesses.
const SALT_LEN: usize = 16;

/// Why a storage key does not open, or was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Another passphrase, or changed bytes: which of them cannot be told.
    #[error("the sealed key does not open under this passphrase")]
    Wrong,
    /// It says that it is of another version, suite or cost.
    #[error("the sealed key is of a version that is not known here")]
    Unknown,
    /// There is no room for the 64 MiB that Argon2id takes.
    #[error("there is not enough memory for the passphrase; it takes 64 MiB")]
    NoMemory,
}

/// Seals a storage key under a passphrase, under a fresh salt:
/// `version ‖ suite ‖ cost ‖ salt ‖ nonce ‖ ciphertext ‖ tag`.
///
/// # Errors
/// [`PassphraseError::NoMemory`].
pub fn seal_storage_key(
    key: &[u8; 32],
    passphrase: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, PassphraseError> {
    seal(STORAGE, key, passphrase, rng)
}

/// Opens what [`seal_storage_key`] sealed. It costs the same whatever the bytes are, or nothing.
///
/// # Errors
/// [`PassphraseError`].
pub fn open_storage_key(
    sealed: &[u8],
    passphrase: &[u8],
) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    open(STORAGE, sealed, passphrase)
}

/// Seals the key of a device's private rows under the person's further secret, as
/// [`seal_storage_key`] does the storage key; neither opens in place of the other.
///
/// # Errors
/// [`PassphraseError::NoMemory`].
pub fn seal_private_key(
    key: &[u8; 32],
    secret: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, PassphraseError> {
    seal(PRIVATE, key, secret, rng)
}

/// Opens what [`seal_private_key`] sealed.
///
/// # Errors
/// [`PassphraseError`].
pub fn open_private_key(
    sealed: &[u8],
    secret: &[u8],
) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    open(PRIVATE, sealed, secret)
}

/// What a sealed key is for.
type Use = &'static str;

const STORAGE: Use = "sidelight storage key";
const PRIVATE: Use = "sidelight private key";

fn seal(
    what: Use,
    key: &[u8; 32],
    passphrase: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, PassphraseError> {
    let mut salt = [0; SALT_LEN];
    rng.fill_bytes(&mut salt);
    let sealing = stretch(passphrase, &salt)?;
    let mut sealed = Vec::with_capacity(SEALED_STORAGE_KEY_LEN);
    sealed.extend_from_slice(&PREFIX);
    sealed.extend_from_slice(&salt);
    let associated = labelled(what, &[&sealed]);
    aead::seal_into(
        &mut sealed,
        &sealing,
        &associated,
        |out| out.extend_from_slice(key),
        rng,
    );
    Ok(sealed)
}

fn open(
    what: Use,
    sealed: &[u8],
    passphrase: &[u8],
) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    let (header, rest) = sealed
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(PassphraseError::Wrong)?;
    let salt = match header.strip_prefix(&PREFIX) {
        Some(salt) => salt.try_into().expect("a header ends with its salt"),
        None => return Err(PassphraseError::Unknown),
    };
    if sealed.len() != SEALED_STORAGE_KEY_LEN {
        return Err(PassphraseError::Wrong);
    }
    let sealing = stretch(passphrase, salt)?;
    let plain = aead::open(&sealing, &labelled(what, &[header]), rest)
        .map_err(|Tampered| PassphraseError::Wrong)?;
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&plain);
    Ok(key)
}

/// The key that a passphrase makes.
fn stretch(
    passphrase: &[u8],
    salt: &[u8; SALT_LEN],
) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32))
        .expect("the constants are within RFC 9106 §3.1");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    // Memory of one's own, so that it is wiped: a guess could be checked against any of it.
    let blocks = argon2.params().block_count();
    let mut memory = Zeroizing::new(Vec::new());
    memory
        .try_reserve_exact(blocks)
        .map_err(|_| PassphraseError::NoMemory)?;
    memory.resize(blocks, Block::new());
    let mut stretched = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into_with_memory(passphrase, salt, &mut *stretched, memory.as_mut_slice())
        .expect("lengths are within RFC 9106 §3.1, and the memory is as large as it says");
    Ok(derive(&stretched, Label::PassphraseSealing, &[]))
}
