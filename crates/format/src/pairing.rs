//! Pairing: the invitation, and the messages in its mailbox.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{
    Bytes, Context, DeviceKeys, PersonGenesis, PersonSuccessor, RelayAddress, RelayKey, SealingKey,
    Secret, Signature, SignedDirectory, SpaceCopy, Statement, Suite, Timestamp, digest, encode,
    limits,
};

/// What an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Purpose {
    /// Two persons begin a shared space.
    Partner = 0,
    /// A person's further device.
    OwnDevice = 1,
}

/// What the inviter shows, as a code or as a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The format's version.
    pub version: u8,
    /// The primitives in use.
    pub suite: Suite,
    /// What it is for.
    pub purpose: Purpose,
    /// Known to the two sides; names the mailbox and is the pre-shared key of both messages.
    pub secret: Secret,
    /// [`Bundle::fingerprint`] of the inviter's bundle.
    pub fingerprint: [u8; 32],
    /// The relay's key; its address stands in the link.
    pub relay: RelayKey,
    /// After this it is worth nothing.
    pub expires: Timestamp,
    /// Admits the invitation's mailbox to a relay that asks for it; empty otherwise.
    pub ticket: Bytes,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// Who one side of a pairing is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A person, to be pinned.
    Person {
        /// How they began.
        genesis: PersonGenesis,
        /// Their chain up to now.
        successors: Vec<PersonSuccessor>,
    },
    /// A device that is nobody's yet, for [`Purpose::OwnDevice`].
    Device(DeviceKeys),
}

/// One side of a pairing: who they are, and the keys for this pairing alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Who they are.
    pub who: Who,
    /// Where the other side's message of this pairing is sealed to.
    pub pairing: SealingKey,
    /// What they want to be called: 1 to [`limits::NAME_LEN_MAX`] bytes.
    pub name: String,
    /// The hash of the inviter's nonce ([`Hello::nonce`] of a joiner needs none).
    pub commitment: [u8; 32],
}

impl Bundle {
    /// The hash that the invitation carries.
    pub fn fingerprint(&self) -> [u8; 32] {
        digest("bundle", &[&encode(self)])
    }

    /// What commits to the inviter's nonce.
    pub fn commitment(nonce: &[u8; 32]) -> [u8; 32] {
        digest("pairing nonce", &[nonce])
    }

    /// Whether name and chain are within [`limits`].
    pub fn within_limits(&self) -> bool {
        let chain = match &self.who {
            Who::Person { successors, .. } => successors.len(),
            Who::Device(_) => 0,
        };
        (1..=limits::NAME_LEN_MAX).contains(&self.name.len())
            && !self.name.chars().any(char::is_control)
            && chain <= limits::SUCCESSORS_MAX
    }
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Who(…)")
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bundle(…)")
    }
}

/// A message in the mailbox of an invitation.
///
/// The inviter commits to a nonce before seeing the joiner's, so that neither side (nor anybody
/// between) can choose the emoji: Vaudenay, "Secure Communications over Insecure Channels Based
/// on Short Authenticated Strings", CRYPTO 2005.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PairingMessage {
    /// 1, by the inviter: who they are.
    Offer(Bundle),
    /// 2, by the joiner: [`Hello`], by HPKE with the invitation's secret as PSK.
    Join {
        /// The encapsulated key.
        encapsulated: Bytes,
        /// The sealed hello.
        ciphertext: Bytes,
    },
    /// 3, by the inviter: the nonce, sealed likewise to the joiner's pairing key.
    Reveal {
        /// The encapsulated key.
        encapsulated: Bytes,
        /// The sealed nonce.
        ciphertext: Bytes,
    },
    /// 4, by both: [`Confirmation`], sealed likewise.
    Confirm {
        /// The encapsulated key.
        encapsulated: Bytes,
        /// The sealed confirmation.
        ciphertext: Bytes,
    },
    /// 5, by the inviter of [`Purpose::OwnDevice`]: [`Welcome`], sealed likewise.
    Welcome {
        /// The encapsulated key.
        encapsulated: Bytes,
        /// The sealed welcome.
        ciphertext: Bytes,
    },
}

/// What a further own device begins with. Its person's secrets are in the keyring of the private
/// epoch, the list of devices in that epoch's statement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The private space, entered with an epoch that is sealed to the new device.
    pub private: SpaceCopy,
    /// What the recovery mailbox derives from.
    pub recovery_mailbox: Secret,
    /// The relay for new spaces.
    pub relay: Option<RelayAddress>,
    /// Admits new mailboxes to it.
    pub ticket: Bytes,
    /// What is packed for it, if anything is.
    pub volumes: Option<SignedDirectory>,
}

impl fmt::Debug for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Welcome(…)")
    }
}

/// How a pairing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum PairingEnd {
    /// A space has begun.
    Paired = 0,
    /// The comparison was refused here.
    RefusedHere = 1,
    /// The comparison was refused there.
    RefusedThere = 2,
    /// It was called off here.
    Cancelled = 3,
    /// It ran out.
    Expired = 4,
    /// The other side broke the rules.
    Broken = 5,
    /// Somebody else than the partner who was to be compared with again.
    Stranger = 6,
}

/// What the joiner says first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Who they are; its commitment is that of `nonce`.
    pub bundle: Bundle,
    /// The joiner's share of what the emoji are drawn from.
    pub nonce: [u8; 32],
}

/// A side's answer to «are these the emoji that your partner sees?».
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The answer: false ends the pairing.
    pub same: bool,
    /// By the person's or device's signing key, over [`ConfirmationStatement`].
    pub signature: Signature,
}

/// What a confirmation's signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationStatement {
    /// Version, suite, invitation, relay, both bundles and both nonces.
    pub transcript: [u8; 32],
    /// Whether the inviter says it; otherwise the joiner.
    pub inviter: bool,
    /// The answer.
    pub same: bool,
}

impl Statement for ConfirmationStatement {
    const CONTEXT: Context = Context::PairingConfirmation;
}
