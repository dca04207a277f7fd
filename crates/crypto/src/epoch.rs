//! An epoch's secret, sealed to each recipient, and the keyring of the secrets before it.

use rand_core::CryptoRng;
use sidelight_format::{
    Bytes, EpochId, Generation, Keyring, PersonId, SealedSecret, SealingKey, Secret, SpaceId,
    decode, encode,
};
use zeroize::Zeroizing;

use crate::derive::{Label, derive, labelled};
use crate::hybrid::{self, InvalidSealingKey, UnsealingKey};
use crate::{Tampered, aead};

/// What a sealed epoch secret is bound to: it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochContext<'a> {
    /// The space.
    pub space: SpaceId,
    /// The epoch: commits to the secret.
    pub epoch: EpochId,
    /// The epochs that it continues, as the record lists them.
    pub parents: &'a [EpochId],
    /// Who signs the record.
    pub signer: PersonId,
    /// With which of their keys.
    pub generation: Generation,
}

impl EpochContext<'_> {
    /// HPKE's `info`: label, version and suite, then each field, the parents as one part.
    fn info(&self) -> Vec<u8> {
        labelled(
            "sidelight epoch secret",
            &[
                &self.space.0,
                &self.epoch.0,
                self.parents
                    .iter()
                    .map(|id| id.0)
                    .collect::<Vec<_>>()
                    .as_flattened(),
                &self.signer.0,
                &self.generation.0.to_be_bytes(),
            ],
        )
    }
}

/// Seals an epoch's secret to one recipient.
///
/// # Errors
/// [`InvalidSealingKey`], which [`check_sealing_key`](crate::check_sealing_key) tells beforehand.
pub fn seal_epoch_secret(
    secret: &Secret,
    to: &SealingKey,
    context: &EpochContext<'_>,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<SealedSecret, InvalidSealingKey> {
    let recipient = to.hash();
    let (encapsulated, ciphertext) = hybrid::seal(
        to,
        None,
        &context.info(),
        &recipient.0,
        secret.expose(),
        rng,
    )?;
    Ok(SealedSecret {
        recipient,
        encapsulated,
        ciphertext,
    })
}

/// Opens an epoch's secret. It is the one that the epoch's id commits to: a signer cannot give
/// two recipients two secrets under one name.
///
/// # Errors
/// [`Tampered`], whatever the reason.
pub fn open_epoch_secret(
    sealed: &SealedSecret,
    key: &UnsealingKey,
    context: &EpochContext<'_>,
) -> Result<Secret, Tampered> {
    let recipient = key.hash();
    if recipient != sealed.recipient {
        return Err(Tampered);
    }
    let plain = hybrid::open(
        key,
        None,
        &context.info(),
        &recipient.0,
        &sealed.encapsulated,
        &sealed.ciphertext,
    )?;
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(plain.as_slice()).map_err(|_| Tampered)?);
    let secret = Secret::new(*bytes);
    if EpochId::of(&context.space, &secret) != context.epoch {
        return Err(Tampered);
    }
    Ok(secret)
}

/// Seals the secrets of a space's earlier epochs under a new epoch's secret:
/// `nonce ‖ ciphertext ‖ tag`, the secrets sorted by epoch.
pub fn seal_keyring(
    keyring: &Keyring,
    space: &SpaceId,
    epoch: &EpochId,
    secret: &Secret,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Bytes {
    let mut keyring = keyring.clone();
    keyring.secrets.sort_unstable_by_key(|(epoch, _)| *epoch);
    keyring.secrets.dedup_by_key(|(epoch, _)| *epoch);
    let plain = Zeroizing::new(encode(&keyring));
    let mut sealed = Vec::new();
    aead::seal_into(
        &mut sealed,
        &keyring_key(space, epoch, secret),
        &keyring_associated(space, epoch),
        |out| {
            out.reserve_exact(plain.len() + aead::TAG_LEN); // growing would leave a copy behind
            out.extend_from_slice(&plain);
        },
        rng,
    );
    Bytes::from(sealed)
}

/// Opens a keyring. Each of its secrets is the one that its epoch's id commits to.
///
/// # Errors
/// [`Tampered`], whatever the reason.
pub fn open_keyring(
    sealed: &[u8],
    space: &SpaceId,
    epoch: &EpochId,
    secret: &Secret,
) -> Result<Keyring, Tampered> {
    let key = keyring_key(space, epoch, secret);
    let plain = aead::open(&key, &keyring_associated(space, epoch), sealed)?;
    let keyring: Keyring = decode(&plain).map_err(|_| Tampered)?;
    let committed = keyring
        .secrets
        .iter()
        .all(|(epoch, secret)| EpochId::of(space, secret) == *epoch);
    if !committed || !keyring.secrets.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Err(Tampered);
    }
    Ok(keyring)
}

fn keyring_key(space: &SpaceId, epoch: &EpochId, secret: &Secret) -> Zeroizing<[u8; 32]> {
    derive(secret.expose(), Label::KeyringKey, &[&space.0, &epoch.0])
}

fn keyring_associated(space: &SpaceId, epoch: &EpochId) -> Vec<u8> {
    labelled("sidelight keyring", &[&space.0, &epoch.0])
}
