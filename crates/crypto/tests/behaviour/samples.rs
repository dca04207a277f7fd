//! Values that the tests share. Everything is drawn from a seed.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sidelight_crypto::{EpochContext, UnsealingKey, new_secret};
use sidelight_format::{
    Body, Bundle, Bytes, EpochId, Generation, Invitation, PersonGenesis, PersonGenesisStatement,
    PersonId, Purpose, RelayKey, Secret, Signature, SpaceId, Suite, Timestamp, VERSION,
    VerifyingKey, Who,
};

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn secret(seed: u8) -> Secret {
    new_secret(&mut rng(seed))
}

pub(crate) const SPACE: SpaceId = SpaceId([0x51; 32]);

pub(crate) const PARENTS: [EpochId; 2] = [EpochId([0x11; 32]), EpochId([0x22; 32])];

/// An epoch of [`SPACE`] that continues [`PARENTS`].
pub(crate) fn context(secret: &Secret) -> EpochContext<'static> {
    EpochContext {
        space: SPACE,
        epoch: EpochId::of(&SPACE, secret),
        parents: &PARENTS,
        signer: PersonId([0x33; 32]),
        generation: Generation(4),
    }
}

pub(crate) fn blob(len: usize) -> Body {
    Body::Blob(Bytes::from(vec![0xb7; len]))
}

pub(crate) fn invitation(seed: u8) -> Invitation {
    Invitation {
        version: VERSION,
        suite: Suite::One,
        purpose: Purpose::Partner,
        secret: secret(seed),
        fingerprint: [0x44; 32],
        relay: RelayKey([0x55; 32]),
        expires: Timestamp(1_800_000_000),
        ticket: Bytes::default(),
    }
}

pub(crate) fn bundle(seed: u8, name: &str) -> Bundle {
    Bundle {
        who: Who::Person {
            genesis: PersonGenesis {
                statement: PersonGenesisStatement {
                    sealing: UnsealingKey::from_seed(&secret(seed)).sealing_key(),
                    signing: VerifyingKey([seed; 32]),
                    recovery: VerifyingKey([seed; 32]),
                    random: [seed; 16],
                },
                signature: Signature::from_bytes(&[seed; 64]),
            },
            successors: vec![],
        },
        pairing: UnsealingKey::from_seed(&secret(seed + 1)).sealing_key(),
        name: name.to_owned(),
        commitment: [seed; 32],
    }
}

/// Calls `check` with `bytes` once for each bit, that bit flipped; gives the number of bits.
pub(crate) fn each_bit_flipped(bytes: &[u8], mut check: impl FnMut(usize, &[u8])) -> usize {
    let mut flipped = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        check(bit, &flipped);
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(flipped, bytes);
    bytes.len() * 8
}
