//! Epochs: beginning one, checking one that arrived, opening one that is sealed to us.

use sidelight_crypto::{
    EpochContext, InvalidSealingKey, MailboxKeys, PersonSigningKey, RecoverySigningKey,
    UnsealingKey, new_secret, open_epoch_secret, open_keyring, seal_epoch_secret, seal_keyring,
    verify,
};
use sidelight_format::record::Name;
use sidelight_format::{
    EpochId, EpochRecord, EpochStatement, Founder, FounderStatement, Generation, Head, KeyHash,
    Keyring, PersonGenesis, PersonId, PersonSuccessor, RelayAddress, RosterRecord, SealingKey,
    Secret, SpaceId, VerifyingKey, limits,
};

use crate::{Outside, Person};

/// What a new epoch is made of.
#[derive(Debug)]
pub struct NewEpoch<'a> {
    /// The space.
    pub space: SpaceId,
    /// The epochs that it continues, with their secrets: they enter the keyring.
    pub parents: &'a [(EpochId, Secret)],
    /// The secrets of still earlier epochs and, in a private space only, the person's.
    pub earlier: &'a Keyring,
    /// Where its mailbox will be.
    pub relay: Option<RelayAddress>,
    /// To whom it is sealed.
    pub recipients: &'a [&'a SealingKey],
    /// Where the signer's own authors stand in the parents, sorted.
    pub closing: Vec<Head>,
    /// Steps of the members' chains that readers of the parents may lack.
    pub successors: Vec<PersonSuccessor>,
    /// In the private epoch with which the recovery walk begins: how its person began, what they
    /// want to be called, and the recovery key, which vouches for it.
    pub founder: Option<(&'a PersonGenesis, &'a str, &'a RecoverySigningKey)>,
    /// In a private space: the own list of devices.
    pub roster: Vec<RosterRecord>,
    /// Who begins it.
    pub signer: PersonId,
    /// With which of their keys.
    pub generation: Generation,
}

/// An epoch and its secret.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Its record, to be appended to each parent's mailbox.
    pub record: EpochRecord,
    /// Its secret.
    pub secret: Secret,
}

/// Why an epoch's record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadEpoch {
    /// Its lists are too long or not sorted.
    #[error("an epoch record breaks the limits of the format")]
    Limits,
    /// Its signer is nobody who keeps the space, or did not sign it.
    #[error("an epoch record is not signed by a member of its space")]
    Signer,
    /// It is of another space than the mailbox it came in.
    #[error("an epoch record belongs to another space")]
    Space,
    /// It is sealed to others than the members, or not to all of them.
    #[error("an epoch record is not sealed to exactly the members of its space")]
    Recipients,
    /// It is sealed to us and does not open.
    #[error("an epoch record that is sealed to this person does not open")]
    Sealed,
}

/// Begins an epoch.
///
/// # Errors
/// [`InvalidSealingKey`]: a recipient's key is none, which [`Person::check`] rules out.
pub fn begin_epoch(
    new: NewEpoch<'_>,
    signing: &PersonSigningKey,
    outside: &mut Outside<'_>,
) -> Result<Epoch, InvalidSealingKey> {
    let secret = new_secret(outside.rng);
    let epoch = EpochId::of(&new.space, &secret);
    let mut parents: Vec<EpochId> = new.parents.iter().map(|(parent, _)| *parent).collect();
    parents.sort_unstable();
    let context = EpochContext {
        space: new.space,
        epoch,
        parents: &parents,
        signer: new.signer,
        generation: new.generation,
    };
    let mut recipients: Vec<_> = new
        .recipients
        .iter()
        .map(|to| seal_epoch_secret(&secret, to, &context, outside.rng))
        .collect::<Result<_, _>>()?;
    recipients.sort_unstable_by_key(|sealed| sealed.recipient);

    let mut keyring = new.earlier.clone();
    keyring.secrets.extend(new.parents.iter().cloned());
    keyring.secrets.sort_unstable_by_key(|(epoch, _)| *epoch);
    keyring.secrets.dedup_by_key(|(epoch, _)| *epoch);
    keyring.secrets.truncate(limits::KEYRING_MAX);

    let statement = EpochStatement {
        space: new.space,
        epoch,
        keyring: seal_keyring(&keyring, &new.space, &epoch, &secret, outside.rng),
        parents,
        relay: new.relay,
        recipients,
        closing: new.closing,
        successors: new.successors,
        founder: new.founder.map(|(genesis, name, words)| Founder {
            genesis: genesis.clone(),
            name: Name(name.to_owned()),
            signature: words.sign(&FounderStatement {
                person: genesis.id(),
                epoch,
            }),
        }),
        roster: new.roster,
        signer: new.signer,
        generation: new.generation,
    };
    let record = EpochRecord {
        signature: signing.sign(&statement),
        statement,
    };
    Ok(Epoch { record, secret })
}

/// Checks an epoch's record: who may begin it, and that nobody else can read it.
///
/// `members` keep the space; `recipients` are the sealing keys that it must be sealed to. Returns
/// the key that signed it.
///
/// # Errors
/// [`BadEpoch`], by the first rule broken.
pub fn check_epoch(
    record: &EpochRecord,
    space: &SpaceId,
    members: &[&Person],
    recipients: &[KeyHash],
) -> Result<VerifyingKey, BadEpoch> {
    let statement = &record.statement;
    if !record.within_limits() {
        return Err(BadEpoch::Limits);
    }
    if statement.space != *space {
        return Err(BadEpoch::Space);
    }
    let signer = members
        .iter()
        .find(|person| person.id() == statement.signer)
        .ok_or(BadEpoch::Signer)?;
    let signed_by = signer
        .signing_keys(statement.generation)
        .find(|key| verify(key, statement, &record.signature).is_ok())
        .ok_or(BadEpoch::Signer)?;

    let mut expected = recipients.to_vec();
    expected.sort_unstable();
    let sealed_to: Vec<_> = statement
        .recipients
        .iter()
        .map(|sealed| sealed.recipient)
        .collect();
    if sealed_to != expected {
        return Err(BadEpoch::Recipients);
    }
    Ok(signed_by)
}

/// Opens an epoch's record with one of our keys.
///
/// # Errors
/// [`BadEpoch::Recipients`] if it is sealed to none of them, [`BadEpoch::Sealed`] if it does
/// not open.
pub fn open_epoch(
    record: &EpochRecord,
    own: &[UnsealingKey],
) -> Result<(Secret, Keyring), BadEpoch> {
    let statement = &record.statement;
    let context = EpochContext {
        space: statement.space,
        epoch: statement.epoch,
        parents: &statement.parents,
        signer: statement.signer,
        generation: statement.generation,
    };
    for key in own {
        let hash = key.sealing_key().hash();
        let Some(sealed) = statement
            .recipients
            .iter()
            .find(|sealed| sealed.recipient == hash)
        else {
            continue;
        };
        let secret = open_epoch_secret(sealed, key, &context).map_err(|_| BadEpoch::Sealed)?;
        let keyring = open_keyring(
            &statement.keyring,
            &statement.space,
            &statement.epoch,
            &secret,
        )
        .map_err(|_| BadEpoch::Sealed)?;
        return Ok((secret, keyring));
    }
    Err(BadEpoch::Recipients)
}

/// Opens the keyring of an epoch whose secret is known already, be it sealed to us or not.
///
/// # Errors
/// [`BadEpoch::Sealed`] if the secret is another epoch's, or the keyring does not open.
pub fn read_epoch(record: &EpochRecord, secret: &Secret) -> Result<Keyring, BadEpoch> {
    let statement = &record.statement;
    if EpochId::of(&statement.space, secret) != statement.epoch {
        return Err(BadEpoch::Sealed);
    }
    let (space, epoch) = (&statement.space, &statement.epoch);
    open_keyring(&statement.keyring, space, epoch, secret).map_err(|_| BadEpoch::Sealed)
}

/// The keys of an epoch's mailbox.
pub fn epoch_mailbox(space: &SpaceId, secret: &Secret) -> MailboxKeys {
    MailboxKeys::of_epoch(space, &EpochId::of(space, secret), secret)
}
