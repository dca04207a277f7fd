//! Keys by purpose.
//!
//! Each Ed25519 key has its own type, and [`SignedBy`] says which statements it may sign: a
//! wrong pairing does not compile.

use core::fmt;
use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use sidelight_format::{
    AuthorCertificateStatement, AuthorId, AuthoredStatement, ConfirmationStatement, EpochStatement,
    EvidenceStatement, FounderStatement, MailboxName, MailboxProof, PersonGenesisStatement,
    PersonSuccessorStatement, RosterStatement, Secret, Signature, Statement, VerifyingKey,
    VolumeDirectory, signing_bytes,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::derive::SUITE;

/// 32 fresh secret bytes: the seed of a key, or an epoch's or invitation's secret.
pub fn new_secret(rng: &mut (impl CryptoRng + ?Sized)) -> Secret {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    let secret = Secret::new(bytes);
    bytes.zeroize();
    secret
}

/// Says that keys of type `K` may sign this statement.
///
/// Both the statements and the keys are defined outside of the crates that use them, so none of
/// those can widen the list (Rust's orphan rule).
#[diagnostic::on_unimplemented(
    message = "a `{K}` does not sign `{Self}`",
    note = "every key has one purpose; look for the key type whose purpose this is"
)]
pub trait SignedBy<K>: Statement {}

macro_rules! signing_key {
    ($(#[$doc:meta])* $name:ident signs $($statement:ty),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, ZeroizeOnDrop)]
        pub struct $name(ed25519_dalek::SigningKey);

        impl $name {
            /// The key whose RFC 8032 private key is `seed`.
            pub fn from_seed(seed: &Secret) -> Self {
                Self(ed25519_dalek::SigningKey::from_bytes(seed.expose()))
            }

            /// Verifies what this key signs.
            pub fn verifying_key(&self) -> VerifyingKey {
                VerifyingKey(self.0.verifying_key().to_bytes())
            }

            /// Signs a statement of this key's purpose.
            pub fn sign<S: SignedBy<Self>>(&self, statement: &S) -> Signature {
                Signature::from_bytes(&self.0.sign(&signing_bytes(SUITE, statement)).to_bytes())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        $(impl SignedBy<$name> for $statement {})+
    };
}

signing_key! {
    /// A person's, of one generation. Their own devices share it; nobody else has it.
    ///
    /// ```
    /// use sidelight_crypto::{PersonSigningKey, verify};
    /// use sidelight_format::{ConfirmationStatement, Secret};
    ///
    /// let person = PersonSigningKey::from_seed(&Secret::new([1; 32]));
    /// let statement = ConfirmationStatement { transcript: [2; 32], inviter: true, same: true };
    /// let signature = person.sign(&statement);
    /// assert!(verify(&person.verifying_key(), &statement, &signature).is_ok());
    /// ```
    ///
    /// The same statement under another purpose's key is no program:
    ///
    /// ```compile_fail,E0277
    /// use sidelight_crypto::DeviceSigningKey;
    /// use sidelight_format::{MailboxName, MailboxProof, Secret};
    ///
    /// let device = DeviceSigningKey::from_seed(&Secret::new([1; 32]));
    /// let statement = MailboxProof { exporter: [2; 32], mailbox: MailboxName([3; 32]) };
    /// device.sign(&statement); // a `DeviceSigningKey` does not sign `MailboxProof`
    /// ```
    PersonSigningKey signs
        PersonGenesisStatement,
        PersonSuccessorStatement,
        AuthorCertificateStatement,
        EpochStatement,
        ConfirmationStatement,
        EvidenceStatement,
}

signing_key! {
    /// A device's. It never leaves the device, and the partner never sees what it signs.
    DeviceSigningKey signs RosterStatement, ConfirmationStatement, VolumeDirectory
}

signing_key! {
    /// An author's: fresh for each device, space and epoch, and linked to none of them but by
    /// the person's certificate.
    AuthorSigningKey signs AuthoredStatement
}

signing_key! {
    /// A person's recovery key: replaces a person's keys and chooses between forked ones.
    RecoverySigningKey signs PersonSuccessorStatement, RosterStatement, FounderStatement
}

signing_key! {
    /// A mailbox's: whoever can derive it may read and append.
    MailboxSigningKey signs MailboxProof
}

impl AuthorSigningKey {
    /// The author, named by the key that verifies what they write.
    pub fn id(&self) -> AuthorId {
        AuthorId(self.verifying_key().0)
    }
}

impl MailboxSigningKey {
    /// The mailbox, named by the key that verifies its proofs.
    pub fn name(&self) -> MailboxName {
        MailboxName(self.verifying_key().0)
    }
}

/// The signature is not this key's over this statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct Unverified;

/// Checks that `key` signed `statement`, as `verify_strict` does: no small-order key or nonce
/// point, no unreduced scalar, so one signature is not another's variant.
///
/// # Errors
/// [`Unverified`], whatever the reason.
pub fn verify<S: Statement>(
    key: &VerifyingKey,
    statement: &S,
    signature: &Signature,
) -> Result<(), Unverified> {
    ed25519_dalek::VerifyingKey::from_bytes(&key.0)
        .and_then(|key| {
            key.verify_strict(
                &signing_bytes(SUITE, statement),
                &ed25519_dalek::Signature::from_bytes(&signature.to_bytes()),
            )
        })
        .map_err(|_| Unverified)
}
