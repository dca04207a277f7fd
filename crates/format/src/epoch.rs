//! Epochs: the time during which one secret seals a space.

use serde::{Deserialize, Serialize};

use crate::{
    Bytes, Context, EpochId, Founder, Generation, Head, KeyHash, PersonId, PersonKeys,
    PersonSuccessor, RelayAddress, RosterRecord, Secret, Signature, SpaceId, Statement, digest,
    limits,
};

impl EpochId {
    /// The epoch of `secret` in `space`: naming it commits to the secret.
    pub fn of(space: &SpaceId, secret: &Secret) -> Self {
        Self(digest("epoch", &[&space.0, secret.expose()]))
    }
}

/// An epoch's secret, sealed to one recipient by HPKE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The hash of the recipient's sealing key.
    pub recipient: KeyHash,
    /// The encapsulated key: 1,120 bytes.
    pub encapsulated: Bytes,
    /// The sealed secret and its tag: 48 bytes.
    pub ciphertext: Bytes,
}

/// A new epoch. It is appended to the mailbox of each parent (the first one to the mailbox of
/// the pairing's invitation or of the recovery words) before anything is written under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// What is signed.
    pub statement: EpochStatement,
    /// By the person's signing key of [`EpochStatement::generation`].
    pub signature: Signature,
}

/// What a person says of a new epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStatement {
    /// The space.
    pub space: SpaceId,
    /// The epoch: commits to the secret.
    pub epoch: EpochId,
    /// The epochs that it continues, sorted; none for the first.
    pub parents: Vec<EpochId>,
    /// Where its mailbox is; none while the person has no relay.
    pub relay: Option<RelayAddress>,
    /// The secret, sealed to each recipient, sorted by key hash.
    pub recipients: Vec<SealedSecret>,
    /// The [`Keyring`], sealed under the epoch's secret: nonce, ciphertext, tag.
    pub keyring: Bytes,
    /// Where the signer's own authors stand in the parents. Nothing of theirs beyond is accepted.
    pub closing: Vec<Head>,
    /// Steps of the members' chains that readers of the parents may lack.
    pub successors: Vec<PersonSuccessor>,
    /// In the private epoch with which the recovery walk begins, the first one or the first for
    /// other words: how the person began, so that the words alone tell whose it is. None elsewhere.
    pub founder: Option<Founder>,
    /// In a private space, the own roster; none elsewhere.
    pub roster: Vec<RosterRecord>,
    /// Who signs.
    pub signer: PersonId,
    /// With which of their keys.
    pub generation: Generation,
}

impl Statement for EpochStatement {
    const CONTEXT: Context = Context::Epoch;
}

impl EpochRecord {
    /// Whether its lists are within [`limits`] and sorted as they must be.
    pub fn within_limits(&self) -> bool {
        let statement = &self.statement;
        statement.parents.len() <= limits::PARENTS_MAX
            && statement.parents.is_sorted_by(|a, b| a < b)
            && (1..=limits::RECIPIENTS_MAX).contains(&statement.recipients.len())
            && statement
                .recipients
                .is_sorted_by(|a, b| a.recipient < b.recipient)
            && statement.closing.len() <= limits::CLOSING_MAX
            && statement.closing.is_sorted_by(|a, b| a.author < b.author)
            && statement.successors.len() <= limits::SUCCESSORS_MAX
            && statement.roster.len() <= limits::ROSTER_MAX
    }
}

/// The secrets of a space's earlier epochs, so that a new recipient reads what was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyring {
    /// Epoch and secret, sorted by epoch.
    pub secrets: Vec<(EpochId, Secret)>,
    /// In a private space, the person's secrets of every generation, the newest last: so that an
    /// own device has new keys together with the epoch that they begin. None elsewhere.
    pub person: Vec<PersonKeys>,
}
