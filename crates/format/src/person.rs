//! Persons and their devices: the public chain of a person's keys, and the private roster.

use serde::{Deserialize, Serialize};

use crate::record::Name;
use crate::{
    AuthorId, Context, EpochId, Generation, MailboxName, PersonId, SealingKey, Sequence, Signature,
    SpaceId, Statement, VerifyingKey, digest, encode,
};

/// How a person begins: generation 0 of their keys. It is pinned at pairing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonGenesis {
    /// What is signed.
    pub statement: PersonGenesisStatement,
    /// By [`PersonGenesisStatement::signing`].
    pub signature: Signature,
}

/// What a person's first signing key says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonGenesisStatement {
    /// Where epochs are sealed to.
    pub sealing: SealingKey,
    /// Verifies what the person signs.
    pub signing: VerifyingKey,
    /// Verifies what the recovery key signs; fixed when the person begins.
    pub recovery: VerifyingKey,
    /// So that two persons differ even under equal keys.
    pub random: [u8; 16],
}

impl Statement for PersonGenesisStatement {
    const CONTEXT: Context = Context::PersonGenesis;
}

impl PersonGenesis {
    /// The person's id.
    pub fn id(&self) -> PersonId {
        PersonId(digest("person", &[&encode(self)]))
    }
}

/// Where the recovery walk begins: whose words they are, and their own word for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founder {
    /// How the person began.
    pub genesis: PersonGenesis,
    /// What the person wanted to be called then.
    pub name: Name,
    /// Over [`FounderStatement`], by the recovery key. Devices can append to the recovery
    /// mailbox, so a stolen one could put another person there, who names the same recovery key;
    /// this they cannot make.
    pub signature: Signature,
}

/// What the recovery key says where the recovery walk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FounderStatement {
    /// Whose recovery key it is.
    pub person: PersonId,
    /// The private epoch with which the walk begins.
    pub epoch: EpochId,
}

impl Statement for FounderStatement {
    const CONTEXT: Context = Context::Founder;
}

/// Who says what a person's next keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum SuccessorSigner {
    /// The signing key of the generation before.
    Predecessor = 0,
    /// The recovery key, which also chooses between two successors of one generation.
    Recovery = 1,
}

/// A person's next keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSuccessor {
    /// What is signed.
    pub statement: PersonSuccessorStatement,
    /// By the key that [`PersonSuccessorStatement::signer`] names.
    pub signature: Signature,
}

/// What is said of a person's next keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSuccessorStatement {
    /// Whose.
    pub person: PersonId,
    /// Which generation this one is: one more than the one before.
    pub generation: Generation,
    /// The hash of the record before: the genesis or a successor, whole.
    pub previous: [u8; 32],
    /// Where epochs are sealed to from now on.
    pub sealing: SealingKey,
    /// Verifies what the person signs from now on.
    pub signing: VerifyingKey,
    /// Another recovery key, if it is replaced; then the old recovery key must sign.
    pub recovery: Option<VerifyingKey>,
    /// Who signs.
    pub signer: SuccessorSigner,
}

impl Statement for PersonSuccessorStatement {
    const CONTEXT: Context = Context::PersonSuccessor;
}

impl PersonSuccessor {
    /// The hash by which the next one names this one.
    pub fn hash(&self) -> [u8; 32] {
        digest("person successor", &[&encode(self)])
    }
}

impl PersonGenesis {
    /// The hash by which generation 1 names this one.
    pub fn hash(&self) -> [u8; 32] {
        self.id().0
    }
}

/// A person vouches for an author of theirs, in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorCertificate {
    /// The author.
    pub author: AuthorId,
    /// Whose author.
    pub person: PersonId,
    /// Which of the person's keys signs.
    pub generation: Generation,
    /// Over [`AuthorCertificateStatement`].
    pub signature: Signature,
}

impl AuthorCertificate {
    /// What its signature is over.
    pub fn statement(&self, space: SpaceId, epoch: EpochId) -> AuthorCertificateStatement {
        AuthorCertificateStatement {
            space,
            epoch,
            author: self.author,
            person: self.person,
            generation: self.generation,
        }
    }
}

/// What a person signs of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorCertificateStatement {
    /// The space in which the author writes.
    pub space: SpaceId,
    /// The one epoch in which the author writes.
    pub epoch: EpochId,
    /// The author.
    pub author: AuthorId,
    /// Whose author.
    pub person: PersonId,
    /// Which of the person's keys signs.
    pub generation: Generation,
}

impl Statement for AuthorCertificateStatement {
    const CONTEXT: Context = Context::AuthorCertificate;
}

/// The public keys of a device, known to the person's own devices only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKeys {
    /// Verifies what the device signs.
    pub signing: VerifyingKey,
    /// Where private epochs are sealed to.
    pub sealing: SealingKey,
}

/// One record of a person's own list of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterRecord {
    /// What is signed.
    pub statement: RosterStatement,
    /// By [`RosterStatement::signer`].
    pub signature: Signature,
}

impl RosterRecord {
    /// The hash by which the next one names this one.
    pub fn hash(&self) -> [u8; 32] {
        digest("roster", &[&encode(self)])
    }
}

/// A change of a person's own list of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterStatement {
    /// Whose list.
    pub person: PersonId,
    /// One more than the highest of the records before; 0 for the first.
    pub sequence: Sequence,
    /// The hashes of the records before that nothing known to the signer followed, sorted; none
    /// for the first. More than one after concurrent changes: from then on they are one again.
    pub previous: Vec<[u8; 32]>,
    /// The change.
    pub action: RosterAction,
    /// The device, or the recovery key, that signs.
    pub signer: VerifyingKey,
}

impl Statement for RosterStatement {
    const CONTEXT: Context = Context::Roster;
}

/// A change of a person's own list of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RosterAction {
    /// The first device, and where the private space is sealed to for the recovery words.
    /// Later, signed by the recovery key: the only device from now on.
    Begin {
        /// The device.
        device: DeviceKeys,
        /// What its person calls it.
        name: String,
        /// The recovery key's sealing half.
        recovery: SealingKey,
    },
    /// One more device.
    Add {
        /// The device.
        device: DeviceKeys,
        /// What its person calls it.
        name: String,
    },
    /// A device goes.
    Remove {
        /// By its signing key.
        device: VerifyingKey,
    },
    /// The recovery key is replaced; signed by the old one.
    Recovery {
        /// Verifies what the new recovery key signs.
        signing: VerifyingKey,
        /// The new recovery key's sealing half.
        recovery: SealingKey,
        /// The mailbox to which the new words lead, whose secret own devices are told.
        mailbox: MailboxName,
    },
}
