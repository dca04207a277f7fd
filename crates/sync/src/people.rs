//! A person's public chain: generation 0, pinned at pairing, and what followed it.

use sidelight_crypto::{
    PersonSigningKey, RecoverySigningKey, UnsealingKey, check_sealing_key, new_secret, verify,
};
use sidelight_format::{
    Generation, PersonGenesis, PersonGenesisStatement, PersonId, PersonKeys, PersonSuccessor,
    PersonSuccessorStatement, SealingKey, SuccessorSigner, VerifyingKey,
};

use crate::Outside;

/// A person's chain, every step of it checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    id: PersonId,
    genesis: PersonGenesis,
    successors: Vec<PersonSuccessor>,
    recovery: VerifyingKey,
    forked: bool,
}

/// A chain in which a step is not vouched for by the one before, or has a key that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("generation {} of a person's keys does not follow from the one before", .0.0)]
pub struct BrokenChain(pub Generation);

/// What a step did to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The chain has it now.
    New,
    /// The chain had it.
    Known,
    /// Another step of that generation is there: a fork. Nothing is sealed to either.
    Fork,
}

/// Who signs a person's next keys.
#[derive(Debug)]
pub enum Successor<'a> {
    /// The present signing key.
    Predecessor(&'a PersonSigningKey),
    /// The recovery key.
    Recovery(&'a RecoverySigningKey),
}

impl Person {
    /// Begins a person: the genesis for others, and the secrets for the own devices.
    ///
    /// `recovery` verifies what the person's recovery key signs.
    pub fn begin(recovery: VerifyingKey, outside: &mut Outside<'_>) -> (Self, PersonKeys) {
        let keys = PersonKeys {
            generation: Generation(0),
            sealing: new_secret(outside.rng),
            signing: new_secret(outside.rng),
            erasing: new_secret(outside.rng),
        };
        let signing = PersonSigningKey::from_seed(&keys.signing);
        let statement = PersonGenesisStatement {
            sealing: UnsealingKey::from_seed(&keys.sealing).sealing_key(),
            signing: signing.verifying_key(),
            recovery,
            random: outside.random(),
        };
        let genesis = PersonGenesis {
            signature: signing.sign(&statement),
            statement,
        };
        let person = Self {
            id: genesis.id(),
            genesis,
            successors: Vec::new(),
            recovery,
            forked: false,
        };
        (person, keys)
    }

    /// Checks a chain.
    ///
    /// # Errors
    /// [`BrokenChain`] names the first generation that does not follow.
    pub fn check(
        genesis: &PersonGenesis,
        successors: &[PersonSuccessor],
    ) -> Result<Self, BrokenChain> {
        let statement = &genesis.statement;
        verify(&statement.signing, statement, &genesis.signature)
            .map_err(|_| BrokenChain(Generation(0)))?;
        check_sealing_key(&statement.sealing).map_err(|_| BrokenChain(Generation(0)))?;
        let mut person = Self {
            id: genesis.id(),
            genesis: genesis.clone(),
            successors: Vec::new(),
            recovery: statement.recovery,
            forked: false,
        };
        for successor in successors {
            if person.extend(successor)? != Step::New {
                return Err(BrokenChain(successor.statement.generation));
            }
        }
        Ok(person)
    }

    /// Takes one more step in.
    ///
    /// # Errors
    /// [`BrokenChain`] if it is not vouched for by its predecessor or the recovery key.
    pub fn extend(&mut self, successor: &PersonSuccessor) -> Result<Step, BrokenChain> {
        let statement = &successor.statement;
        let broken = BrokenChain(statement.generation);
        let place = (statement.generation.0 as usize)
            .checked_sub(1)
            .ok_or(broken)?;
        if let Some(known) = self.successors.get(place)
            && known == successor
        {
            return Ok(Step::Known);
        }
        let before = place
            .checked_sub(1)
            .map(|before| self.successors.get(before).ok_or(broken));
        let (hash, signing) = match before.transpose()? {
            None => (self.genesis.hash(), self.genesis.statement.signing),
            Some(before) => (before.hash(), before.statement.signing),
        };
        let signer = match statement.signer {
            SuccessorSigner::Predecessor if statement.recovery.is_none() => signing,
            SuccessorSigner::Predecessor => return Err(broken),
            SuccessorSigner::Recovery => self.recovery,
        };
        if statement.person != self.id || statement.previous != hash {
            return Err(broken);
        }
        verify(&signer, statement, &successor.signature).map_err(|_| broken)?;
        check_sealing_key(&statement.sealing).map_err(|_| broken)?;
        if self.successors.len() > place {
            if statement.signer != SuccessorSigner::Recovery {
                self.forked = true;
                return Ok(Step::Fork);
            }
            // The recovery key has chosen: what others signed from here on counts no more.
            self.successors.truncate(place);
            self.forked = false;
        }
        self.recovery = statement.recovery.unwrap_or(self.recovery);
        self.successors.push(successor.clone());
        Ok(Step::New)
    }

    /// The person's next keys: the step for others, and the secrets for the own devices. Signed
    /// by the present signing key, or by the recovery key, which also ends a fork.
    pub fn succeed(
        &self,
        signer: &Successor<'_>,
        outside: &mut Outside<'_>,
    ) -> (PersonSuccessor, PersonKeys) {
        let generation = self.generation().next();
        let keys = PersonKeys {
            generation,
            sealing: new_secret(outside.rng),
            signing: new_secret(outside.rng),
            erasing: new_secret(outside.rng),
        };
        let statement = PersonSuccessorStatement {
            person: self.id,
            generation,
            previous: self
                .successors
                .last()
                .map_or_else(|| self.genesis.hash(), PersonSuccessor::hash),
            sealing: UnsealingKey::from_seed(&keys.sealing).sealing_key(),
            signing: PersonSigningKey::from_seed(&keys.signing).verifying_key(),
            recovery: None,
            signer: match signer {
                Successor::Predecessor(_) => SuccessorSigner::Predecessor,
                Successor::Recovery(_) => SuccessorSigner::Recovery,
            },
        };
        let signature = match signer {
            Successor::Predecessor(key) => key.sign(&statement),
            Successor::Recovery(key) => key.sign(&statement),
        };
        (
            PersonSuccessor {
                statement,
                signature,
            },
            keys,
        )
    }

    /// What verifies the recovery key's signatures now.
    pub fn recovery_key(&self) -> VerifyingKey {
        self.recovery
    }

    /// Their id.
    pub fn id(&self) -> PersonId {
        self.id
    }

    /// How they began.
    pub fn genesis(&self) -> &PersonGenesis {
        &self.genesis
    }

    /// What followed.
    pub fn successors(&self) -> &[PersonSuccessor] {
        &self.successors
    }

    /// Whether two steps of one generation were seen.
    pub fn is_forked(&self) -> bool {
        self.forked
    }

    /// The newest generation.
    pub fn generation(&self) -> Generation {
        Generation(self.successors.len() as u32)
    }

    /// Where epochs are sealed to now; none while the chain is forked.
    pub fn sealing_key(&self) -> Option<&SealingKey> {
        let newest = self.successors.last();
        (!self.forked).then(|| {
            newest.map_or(&self.genesis.statement.sealing, |last| {
                &last.statement.sealing
            })
        })
    }

    /// What verifies their signatures of `generation`.
    pub fn signing_key(&self, generation: Generation) -> Option<VerifyingKey> {
        match generation.0.checked_sub(1) {
            None => Some(self.genesis.statement.signing),
            Some(place) => self
                .successors
                .get(place as usize)
                .map(|successor| successor.statement.signing),
        }
    }
}
