//! Where the recovery walk begins: the record in the mailbox of the recovery words.

use sidelight_crypto::{RecoveryKeys, verify};
use sidelight_format::record::Name;
use sidelight_format::{
    EpochRecord, FounderStatement, KeyHash, Keyring, PersonId, RosterRecord, Secret, SpaceId,
    VerifyingKey, digest,
};

use crate::{Person, check_epoch, open_epoch};

/// A person's private space, entered with the record that their recovery words lead to.
#[derive(Clone, Debug)]
pub struct Start {
    /// Whose words they are, with their chain up to that record.
    pub person: Person,
    /// What they wanted to be called when they began.
    pub name: Name,
    /// Their private space.
    pub space: SpaceId,
    /// The epoch's secret.
    pub secret: Secret,
    /// What its keyring holds.
    pub keyring: Keyring,
    /// Their own list of devices up to that record.
    pub roster: Vec<RosterRecord>,
    /// The person's key that signed the record.
    pub signed_by: VerifyingKey,
}

/// The record is not where a recovery walk begins with these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record in the mailbox of the recovery words is not vouched for by them")]
pub struct NoStart;

/// The private space of a person.
pub fn private_space(person: &PersonId) -> SpaceId {
    SpaceId(digest("private space", &[&person.0]))
}

/// Checks a record in the mailbox of recovery words, and opens it with them.
///
/// Own devices can append to that mailbox, so a stolen one can put anything there, even a person
/// of its own who names the same recovery key. What counts is the recovery key's own signature
/// over person and epoch, which only the words can make.
///
/// # Errors
/// [`NoStart`], whatever the reason.
pub fn check_start(record: &EpochRecord, words: &RecoveryKeys) -> Result<Start, NoStart> {
    let statement = &record.statement;
    let founder = statement.founder.as_ref().ok_or(NoStart)?;
    let person = Person::check(&founder.genesis, &statement.successors).map_err(|_| NoStart)?;
    let (space, key) = (private_space(&person.id()), words.signing.verifying_key());
    let vouched = FounderStatement {
        person: person.id(),
        epoch: statement.epoch,
    };
    let sealed_to: Vec<KeyHash> = statement
        .recipients
        .iter()
        .map(|sealed| sealed.recipient)
        .collect();
    let vouched = person.recovery_key() == key
        && statement.signer == person.id()
        && verify(&key, &vouched, &founder.signature).is_ok();
    if !vouched {
        return Err(NoStart);
    }
    let signed_by = check_epoch(record, &space, &[&person], &sealed_to).map_err(|_| NoStart)?;
    let opened = open_epoch(record, std::slice::from_ref(&words.sealing));
    let (secret, keyring) = opened.map_err(|_| NoStart)?;
    Ok(Start {
        person,
        name: founder.name.clone(),
        space,
        secret,
        keyring,
        roster: statement.roster.clone(),
        signed_by,
    })
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use sidelight_crypto::{PersonSigningKey, RecoverySigningKey, recovery_keys};
    use sidelight_format::Timestamp;

    use super::*;
    use crate::{NewEpoch, Outside, begin_epoch};

    fn words(seed: u8) -> RecoveryKeys {
        recovery_keys(&Secret::new([seed; 32]))
    }

    /// A person who names `named` as their recovery key, for whom `vouching` vouches, and who
    /// seals to `named` as well.
    fn start(named: &RecoveryKeys, vouching: Option<&RecoverySigningKey>) -> (Person, EpochRecord) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut outside = Outside {
            now: Timestamp(0),
            rng: &mut rng,
        };
        let (person, keys) = Person::begin(named.signing.verifying_key(), &mut outside);
        let to = named.sealing.sealing_key();
        let new = NewEpoch {
            space: private_space(&person.id()),
            parents: &[],
            earlier: &Keyring::default(),
            relay: None,
            recipients: &[&to],
            closing: Vec::new(),
            successors: Vec::new(),
            founder: vouching.map(|words| (person.genesis(), "Ada", words)),
            roster: Vec::new(),
            signer: person.id(),
            generation: person.generation(),
        };
        let signing = PersonSigningKey::from_seed(&keys.signing);
        let record = begin_epoch(new, &signing, &mut outside)
            .expect("a sound key")
            .record;
        (person, record)
    }

    #[test]
    fn the_words_lead_to_whom_they_vouch_for() {
        let mine = words(1);
        let (ada, record) = start(&mine, Some(&mine.signing));
        let begun = check_start(&record, &mine).expect("Ada's own record");
        assert_eq!(begun.person.id(), ada.id());
        assert_eq!(begun.space, record.statement.space);
    }

    #[test]
    fn whom_the_words_do_not_vouch_for_is_nobody() {
        let (mine, theirs) = (words(1), words(2));
        // A thief knows what verifies the recovery key, and where it is sealed to, but cannot
        // sign with it.
        for vouching in [None, Some(&theirs.signing)] {
            let (_, forged) = start(&mine, vouching);
            assert_eq!(check_start(&forged, &mine).err(), Some(NoStart));
        }
        let (_, other) = start(&theirs, Some(&theirs.signing));
        assert_eq!(check_start(&other, &mine).err(), Some(NoStart));
        // The words' word for one epoch is none for another.
        let (_, mut moved) = start(&mine, Some(&mine.signing));
        moved.statement.epoch.0[0] ^= 1;
        assert_eq!(check_start(&moved, &mine).err(), Some(NoStart));
    }
}
