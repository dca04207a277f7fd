//! The pairing handshake: what its messages are sealed with, and what its comparison is drawn
//! from. The order of the steps, and when they are refused, is `sync`'s.
//!
//! A message is sealed by HPKE in PSK mode: to read or forge one takes the receiver's pairing
//! key *and* the invitation. What remains for somebody who photographed the invitation is to
//! join first, or to stand between; the comparison is for both.

use core::fmt;
use rand_core::CryptoRng;
use sidelight_format::{Bundle, Bytes, Invitation, SealingKey, digest, encode};
use zeroize::Zeroizing;

use crate::Tampered;
pub use crate::comparison::{COMPARED, Emoji, comparison};
use crate::derive::{Label, SUITE, derive, labelled};
use crate::hybrid::{self, InvalidSealingKey, Psk, UnsealingKey};

/// Which message it is. One is never taken for another, nor one side's for the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Step {
    /// The joiner's hello, to the inviter.
    Join = 0,
    /// The inviter's nonce, to the joiner.
    Reveal = 1,
    /// The inviter's answer to the comparison.
    ConfirmInviter = 2,
    /// The joiner's answer to the comparison.
    ConfirmJoiner = 3,
    /// What a further own device begins with, to the joiner.
    Welcome = 4,
}

/// Seals the message of one step. `context` is what both sides know by then, for instance the
/// [`transcript`]; the message opens under no other.
///
/// Gives the encapsulated key and the ciphertext.
///
/// # Errors
/// [`InvalidSealingKey`]: the other side's bundle has a key that is none.
pub fn seal(
    step: Step,
    invitation: &Invitation,
    to: &SealingKey,
    context: &[u8; 32],
    plain: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Bytes, Bytes), InvalidSealingKey> {
    let shared = Shared::of(invitation);
    hybrid::seal(
        to,
        Some(&shared.psk()),
        &shared.info(step, context),
        &to.hash().0,
        plain,
        rng,
    )
}

/// Opens the message of one step.
///
/// # Errors
/// [`Tampered`], whatever the reason.
pub fn open(
    step: Step,
    invitation: &Invitation,
    key: &UnsealingKey,
    context: &[u8; 32],
    encapsulated: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Tampered> {
    let shared = Shared::of(invitation);
    hybrid::open(
        key,
        Some(&shared.psk()),
        &shared.info(step, context),
        &key.hash().0,
        encapsulated,
        ciphertext,
    )
}

/// Everything that the two sides must agree on: version, suite, invitation with its relay, both
/// whole bundles, both nonces. The emoji and both confirmations are over it.
pub fn transcript(
    invitation: &Invitation,
    inviter: &Bundle,
    joiner: &Bundle,
    inviter_nonce: &[u8; 32],
    joiner_nonce: &[u8; 32],
) -> [u8; 32] {
    digest(
        "pairing transcript",
        &[
            &[SUITE as u8],
            &invitation_hash(invitation),
            &invitation.relay.0,
            &encode(inviter),
            &encode(joiner),
            inviter_nonce,
            joiner_nonce,
        ],
    )
}

/// The whole invitation, its version and suite, purpose, relay and expiry included.
fn invitation_hash(invitation: &Invitation) -> [u8; 32] {
    let encoded = Zeroizing::new(encode(invitation));
    digest("invitation", &[&encoded])
}

/// What both sides have from the invitation.
struct Shared {
    psk: Zeroizing<[u8; 32]>,
    invitation: [u8; 32],
}

impl Shared {
    fn of(invitation: &Invitation) -> Self {
        Self {
            psk: derive(invitation.secret.expose(), Label::PairingPsk, &[]),
            invitation: invitation_hash(invitation),
        }
    }

    fn psk(&self) -> Psk<'_> {
        Psk {
            secret: &self.psk,
            id: &self.invitation,
        }
    }

    fn info(&self, step: Step, context: &[u8; 32]) -> Vec<u8> {
        labelled(
            "sidelight pairing",
            &[&[step as u8], &self.invitation, context],
        )
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared(…)")
    }
}
