//! Keys by purpose, sealing, epochs' sealing and the pairing handshake: the one home of ciphers.
//!
//! Nothing is invented here. X25519, ML-KEM, Ed25519, XChaCha20-Poly1305, HKDF and HPKE come
//! from the crates that keep them; this one says which key is for what, and binds every sealed
//! or signed byte to its label, version, suite and place.
//!
//! It deliberately knows no clock, disk, network or ambient randomness (a generator is always an
//! argument), and no order of events: *when* something is sealed, to *whom*, and what a failure
//! means, is decided in `sync`. It checks that a signature is a key's, never whose key it is.
//!
//! # Who knows what
//!
//! | secret | who has it | what it opens |
//! |---|---|---|
//! | epoch secret ([`MailboxKeys::of_epoch`]) | the members of the space during the epoch | mailbox name and proofs, all envelopes, the keyring of earlier epochs |
//! | person's sealing seed ([`UnsealingKey`]) | the person's own devices | every epoch secret sealed to that generation |
//! | person's signing seed ([`PersonSigningKey`]) | the same | nothing; it speaks for the person |
//! | author's seed ([`AuthorSigningKey`]) | one device, one epoch | nothing; it speaks for that log |
//! | device's seeds ([`DeviceSigningKey`], [`UnsealingKey`]) | that device alone | private epochs sealed to it |
//! | recovery words ([`RecoverySigningKey`], [`UnsealingKey`], [`MailboxKeys::of_recovery`]) | the person, on paper | private epochs, and with them the rest |
//! | invitation ([`MailboxKeys::of_invitation`], [`pairing`]) | whoever saw it | its mailbox and half of each pairing message; the pairing keys are the other half |
//! | storage key ([`StorageKey`]) | the device's platform | that device's rows |
//! | passphrase ([`open_storage_key`]) | the person, where no platform keeps the storage key | the storage key |
//!
//! The relay has none of these. It sees names, header, padded length and time.
//!
//! # Which attack remains
//!
//! - **A stolen epoch secret** reads its epoch and, by the keyring, the space's earlier ones:
//!   history is kept, so there is no forward secrecy for it. A new epoch that the thief is not
//!   sealed to ends what can be read.
//! - **A recorder with a quantum computer** meets X-Wing: content and epoch secrets stay sealed
//!   while ML-KEM-768 *or* X25519 stands. Ed25519 falls then: signatures could be forged from
//!   that day on.
//! - **A member** can sign or seal anything that a member may: envelopes are one shared key, so
//!   authorship is the signature's inside, not the envelope's. A member can also show a signature
//!   to others; nothing is deniable.
//! - **Whoever saw an invitation** can join first, or relay between the two. They know all but
//!   the pairing keys, and are caught by the comparison except with probability 2⁻⁴², if both
//!   people do compare.
//! - **Swapped, transplanted or truncated bytes** fail as one error, [`Tampered`], without a
//!   reason. **Withheld, repeated or rolled back** bytes are whole and open: `sync` must notice.
//! - **Lengths** show the bucket they fall in. **Memory** is wiped on drop, as far as a compiler
//!   and the crates below allow; copies that an operating system makes are beyond reach.
//!
//! # A complete exchange
//!
//! ```
//! use sidelight_crypto::*;
//! use sidelight_format::*;
//! # use rand_core::SeedableRng;
//! # let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
//! // Two people; each has pinned the other's keys at pairing.
//! let (ada, bo) = (new_secret(&mut rng), new_secret(&mut rng));
//! let (ada, bo) = (UnsealingKey::from_seed(&ada), UnsealingKey::from_seed(&bo));
//! let signing = PersonSigningKey::from_seed(&new_secret(&mut rng));
//!
//! // Ada begins an epoch and seals its secret to both.
//! let space = SpaceId([1; 32]);
//! let secret = new_secret(&mut rng);
//! let epoch = EpochId::of(&space, &secret);
//! let context = EpochContext {
//!     space,
//!     epoch,
//!     parents: &[],
//!     signer: PersonId([2; 32]),
//!     generation: Generation(0),
//! };
//! let mut recipients = vec![
//!     seal_epoch_secret(&secret, &ada.sealing_key(), &context, &mut rng)?,
//!     seal_epoch_secret(&secret, &bo.sealing_key(), &context, &mut rng)?,
//! ];
//! recipients.sort_by_key(|sealed| sealed.recipient);
//! let keyring = seal_keyring(&Keyring::default(), &space, &epoch, &secret, &mut rng);
//! let statement = EpochStatement {
//!     space, epoch, recipients, keyring,
//!     parents: vec![], relay: None, closing: vec![], successors: vec![],
//!     founder: None, roster: vec![],
//!     signer: context.signer, generation: context.generation,
//! };
//! let signature = signing.sign(&statement);
//!
//! // Ada seals something under it. This is all that the relay gets to keep.
//! let body = Body::Blob(Bytes::from(b"rain again, and soup".to_vec()));
//! let token = erase_token(&new_secret(&mut rng), &Salt([3; 16]));
//! let keys = MailboxKeys::of_epoch(&space, &epoch, &secret);
//! let envelope = keys.seal(Class::Live, &body, &token, &mut rng)?;
//! assert_eq!(envelope.len(), 1024);
//!
//! // Bo checks who says so, opens the secret, and with it the envelope.
//! verify(&signing.verifying_key(), &statement, &signature)?;
//! let own = bo.sealing_key().hash();
//! let sealed = statement.recipients.iter().find(|sealed| sealed.recipient == own).unwrap();
//! let opened = open_epoch_secret(sealed, &bo, &context)?;
//! let keys = MailboxKeys::of_epoch(&space, &epoch, &opened);
//! assert_eq!(keys.open(&envelope)?.1, body);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aead;
mod comparison;
mod derive;
mod epoch;
mod hybrid;
mod keys;
mod mailbox_keys;
pub mod pairing;
mod passphrase;
mod recovery;
mod storage;
mod words;

pub use epoch::{EpochContext, open_epoch_secret, open_keyring, seal_epoch_secret, seal_keyring};
pub use hybrid::{InvalidSealingKey, UnsealingKey, check_sealing_key};
pub use keys::{
    AuthorSigningKey, DeviceSigningKey, PersonSigningKey, RecoverySigningKey, SignedBy, Unverified,
    new_secret, verify,
};
pub use mailbox_keys::{MailboxKeys, TooLong, Unopened, erase_token};
pub use passphrase::{
    PassphraseError, SEALED_STORAGE_KEY_LEN, open_private_key, open_storage_key, seal_private_key,
    seal_storage_key,
};
pub use recovery::{RecoveryKeys, recovery_keys};
pub use storage::{STORED_OVERHEAD, StorageKey};
pub use words::{RECOVERY_WORDS, RecoveryWords, WordsError};

/// It does not open: it was changed, belongs elsewhere, or is sealed under another key. One
/// error without detail, since detail helps whoever is trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open under this key in this place")]
pub struct Tampered;
