//! A person's public chain: generation 0, pinned at pairing, and what followed it.

use sidelight_crypto::{
    PersonSigningKey, RecoverySigningKey, UnsealingKey, check_sealing_key, new_secret, verify,
};
use sidelight_format::{
    Generation, PersonGenesis, PersonGenesisStatement, PersonId, PersonKeys, PersonSuccessor,
    PersonSuccessorStatement, SealingKey, SuccessorSigner, VerifyingKey, limits,
};

use crate::Outside;

/// A person's chain, every step of it checked.
///
/// All steps that were seen are kept, also those of a fork, and which of them count is read out
/// of all of them: whoever has seen the same steps reads the same, whatever the order.
///
/// - A step that the recovery key signed outranks others: of the steps that follow one step, the
///   one counts behind which the recovery key signed farthest.
/// - What a recovery key signed does not count beside its replacement: a key is replaced because
///   somebody else may have it.
/// - A comparison that both sides confirmed outranks both: what was shown in it counts, and
///   nothing beside it.
/// - Where that does not decide, there is a fork, and nothing is sealed to any of its branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    id: PersonId,
    genesis: PersonGenesis,
    steps: Vec<Known>,
    /// The steps that count, one for each generation after the first; in a fork, and behind it,
    /// one of the branches.
    chosen: Vec<PersonSuccessor>,
    /// How many of them stand before the first fork.
    certain: Option<usize>,
    /// The step up to which a comparison has chosen, by its hash.
    settled: Option<[u8; 32]>,
    /// The highest generation at which a rival was not kept, since too many were.
    crowded: Option<Generation>,
    recovery: VerifyingKey,
}

/// A step in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    step: PersonSuccessor,
    hash: [u8; 32],
    /// The step that it follows; none for the genesis.
    after: Option<usize>,
    /// The recovery key that signed it.
    decided_by: Option<VerifyingKey>,
    /// The recovery key from here on.
    recovery: VerifyingKey,
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
    /// Another step follows the same one: a fork. Nothing is sealed to either.
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
        let person = Self::of(genesis);
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
        let mut person = Self::of(genesis.clone());
        for successor in successors {
            if person.extend(successor)? != Step::New {
                return Err(BrokenChain(successor.statement.generation));
            }
        }
        Ok(person)
    }

    /// The chain of what was kept: all [`steps`](Self::steps), whether it was
    /// [forked](Self::is_forked), and where it was [settled](Self::settled).
    ///
    /// # Errors
    /// [`BrokenChain`] names the first generation that does not follow.
    pub fn resume(
        genesis: &PersonGenesis,
        steps: &[PersonSuccessor],
        forked: bool,
        settled: Option<[u8; 32]>,
    ) -> Result<Self, BrokenChain> {
        let mut person = Self::check(genesis, &[])?;
        person.settled = settled;
        for step in steps {
            person.extend(step)?;
        }
        if forked && !person.is_forked() {
            person.crowded = Some(person.generation());
            person.choose();
        }
        Ok(person)
    }

    fn of(genesis: PersonGenesis) -> Self {
        Self {
            id: genesis.id(),
            recovery: genesis.statement.recovery,
            genesis,
            steps: Vec::new(),
            chosen: Vec::new(),
            certain: None,
            settled: None,
            crowded: None,
        }
    }

    /// Takes one more step in.
    ///
    /// # Errors
    /// [`BrokenChain`] if it is not vouched for by its predecessor or the recovery key, or
    /// follows a step that is not here.
    pub fn extend(&mut self, successor: &PersonSuccessor) -> Result<Step, BrokenChain> {
        let statement = &successor.statement;
        let broken = BrokenChain(statement.generation);
        let hash = successor.hash();
        if self.steps.iter().any(|known| known.hash == hash) {
            return Ok(Step::Known);
        }
        let mut after = None;
        let mut before = (Generation(0), self.genesis.statement.signing);
        let mut recovery = self.genesis.statement.recovery;
        if statement.previous != self.genesis.hash() {
            let follows = |known: &Known| known.hash == statement.previous;
            let place = self.steps.iter().position(follows).ok_or(broken)?;
            let known = &self.steps[place];
            after = Some(place);
            before = (
                known.step.statement.generation,
                known.step.statement.signing,
            );
            recovery = known.recovery;
        }
        let (signer, decided_by) = match statement.signer {
            SuccessorSigner::Predecessor if statement.recovery.is_none() => (before.1, None),
            SuccessorSigner::Predecessor => return Err(broken),
            SuccessorSigner::Recovery => (recovery, Some(recovery)),
        };
        if statement.person != self.id || statement.generation != before.0.next() {
            return Err(broken);
        }
        verify(&signer, statement, &successor.signature).map_err(|_| broken)?;
        check_sealing_key(&statement.sealing).map_err(|_| broken)?;

        let rival = self.steps.iter().any(|known| known.after == after);
        let rivals = self.steps.len() - self.chosen.len();
        if rival && rivals >= limits::RIVALS_MAX {
            // The recovery key has room for as many again.
            if decided_by.is_none() {
                self.crowded = self.crowded.max(Some(statement.generation));
                self.choose();
                return Ok(Step::Fork);
            }
            if rivals >= 2 * limits::RIVALS_MAX {
                return Err(broken);
            }
        }
        let recovery = statement.recovery.unwrap_or(recovery);
        self.steps.push(Known {
            step: successor.clone(),
            hash,
            after,
            decided_by,
            recovery,
        });
        if rivals == 0 && !rival && self.crowded.is_none() {
            // Nothing is in doubt: the whole of a long chain is read as fast as this.
            self.chosen.push(successor.clone());
            self.recovery = recovery;
            return Ok(Step::New);
        }
        self.choose();
        let fork = rival && self.is_forked();
        Ok(if fork { Step::Fork } else { Step::New })
    }

    /// Reads out of all steps which count.
    fn choose(&mut self) {
        let mut decided = vec![Generation(0); self.steps.len()];
        for place in (0..self.steps.len()).rev() {
            if self.decides(place) {
                decided[place] = decided[place].max(self.steps[place].step.statement.generation);
            }
            if let Some(after) = self.steps[place].after {
                decided[after] = decided[after].max(decided[place]);
            }
        }
        let settled = self.steps.iter();
        let mut settled = settled
            .clone()
            .position(|known| Some(known.hash) == self.settled);
        let mut shown = Vec::new();
        while let Some(place) = settled {
            shown.push(place);
            settled = self.steps[place].after;
        }
        let (mut chosen, mut at, mut certain) = (Vec::new(), None, None);
        loop {
            let following = |place: &usize| self.steps[*place].after == at;
            let rank = |place: usize| decided[place];
            let next: Vec<usize> = (0..self.steps.len()).filter(following).collect();
            if let Some(place) = next.iter().find(|place| shown.contains(place)) {
                at = Some(*place);
                chosen.push(*place);
                continue;
            }
            let Some(highest) = next.iter().map(|place| rank(*place)).max() else {
                break;
            };
            let best = next.into_iter().filter(|place| rank(*place) == highest);
            let best: Vec<usize> = best.collect();
            if best.len() > 1 {
                certain = certain.or(Some(chosen.len()));
            }
            at = best.into_iter().min_by_key(|place| self.steps[*place].hash);
            chosen.extend(at);
        }
        let last_decision = chosen.iter().rposition(|place| self.decides(*place));
        let decided = last_decision.map_or(0, |place| place + 1).max(shown.len());
        let settled = Generation(decided as u32);
        self.crowded = self.crowded.filter(|crowded| *crowded > settled);
        if self.crowded.is_some() {
            certain = certain.or(Some(settled.0 as usize));
        }
        self.recovery = chosen
            .last()
            .map_or(self.genesis.statement.recovery, |place| {
                self.steps[*place].recovery
            });
        let step = |place: usize| self.steps[place].step.clone();
        self.chosen = chosen.into_iter().map(step).collect();
        self.certain = certain;
    }

    /// Whether the recovery key signed a step, and was not replaced beside it.
    fn decides(&self, place: usize) -> bool {
        let Some(key) = self.steps[place].decided_by else {
            return false;
        };
        let replaced_beside = |other: usize| {
            let known = &self.steps[other];
            other != place
                && known.decided_by == Some(key)
                && known.recovery != key
                && !self.follows(other, place)
                && !self.follows(place, other)
        };
        !(0..self.steps.len()).any(replaced_beside)
    }

    fn follows(&self, place: usize, before: usize) -> bool {
        core::iter::successors(Some(place), |at| self.steps[*at].after).any(|at| at == before)
    }

    /// A comparison in which this person showed `chosen` has been confirmed on both sides: that
    /// is their chain, and whatever else follows a step of it counts no more.
    ///
    /// # Errors
    /// [`BrokenChain`] if `chosen` is the chain of somebody else, or in doubt itself.
    pub fn settle(&mut self, chosen: &Self) -> Result<(), BrokenChain> {
        if chosen.id != self.id || chosen.is_forked() {
            return Err(BrokenChain(Generation(0)));
        }
        let mut settled = Self::of(self.genesis.clone());
        settled.settled = chosen.chosen.last().map(PersonSuccessor::hash);
        for step in &chosen.chosen {
            settled.extend(step)?;
        }
        // What lost is still read, as far as there is room for it.
        for known in &self.steps {
            let _ = settled.extend(&known.step);
        }
        *self = settled;
        Ok(())
    }

    /// The step up to which a comparison has chosen, by its hash.
    pub fn settled(&self) -> Option<[u8; 32]> {
        self.settled
    }

    /// The person's next keys: the step for others, and the secrets for the own devices. Signed
    /// by the present signing key, or by the recovery key, which also ends a fork: its step then
    /// follows what came before the fork. In a fork, a signing key continues its own branch.
    ///
    /// `recovery` verifies what another recovery key signs, which takes the present one's place;
    /// only the present one can say so.
    pub fn succeed(
        &self,
        signer: &Successor<'_>,
        recovery: Option<VerifyingKey>,
        outside: &mut Outside<'_>,
    ) -> (PersonSuccessor, PersonKeys) {
        let newest = self.chosen.last();
        let before = match (signer, self.certain) {
            (Successor::Recovery(_), Some(certain)) => self.chosen[..certain].last(),
            (Successor::Predecessor(key), Some(_)) => {
                let own = key.verifying_key();
                let mut branches = self.steps.iter().map(|known| &known.step);
                branches.find(|step| step.statement.signing == own)
            }
            _ => newest,
        };
        let generation = before
            .map_or(Generation(0), |step| step.statement.generation)
            .next();
        let keys = PersonKeys {
            generation,
            sealing: new_secret(outside.rng),
            signing: new_secret(outside.rng),
            erasing: new_secret(outside.rng),
        };
        let statement = PersonSuccessorStatement {
            person: self.id,
            generation,
            previous: before.map_or_else(|| self.genesis.hash(), PersonSuccessor::hash),
            sealing: UnsealingKey::from_seed(&keys.sealing).sealing_key(),
            signing: PersonSigningKey::from_seed(&keys.signing).verifying_key(),
            recovery,
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

    /// What followed, as far as it counts; see [`is_forked`](Self::is_forked).
    pub fn successors(&self) -> &[PersonSuccessor] {
        &self.chosen
    }

    /// All steps that were seen, each after the one that it follows: to be kept, and for
    /// [`resume`](Self::resume).
    pub fn steps(&self) -> Vec<PersonSuccessor> {
        self.steps.iter().map(|known| known.step.clone()).collect()
    }

    /// Whether two steps follow one, and the recovery key has not chosen.
    pub fn is_forked(&self) -> bool {
        self.certain.is_some()
    }

    /// The newest generation.
    pub fn generation(&self) -> Generation {
        Generation(self.chosen.len() as u32)
    }

    /// Where epochs are sealed to now; none while the chain is forked.
    pub fn sealing_key(&self) -> Option<&SealingKey> {
        let newest = self.chosen.last();
        (!self.is_forked()).then(|| {
            newest.map_or(&self.genesis.statement.sealing, |last| {
                &last.statement.sealing
            })
        })
    }

    /// Where epochs were ever sealed to, those of a fork too: what was written under them can be
    /// read.
    pub fn sealing_keys(&self) -> impl Iterator<Item = &SealingKey> {
        let later = self.steps.iter().map(|known| &known.step.statement.sealing);
        core::iter::once(&self.genesis.statement.sealing).chain(later)
    }

    /// What verifies their signatures now; none while the chain is forked.
    pub fn newest_signing_key(&self) -> Option<VerifyingKey> {
        (!self.is_forked()).then(|| {
            let newest = self.chosen.last();
            newest.map_or(self.genesis.statement.signing, |last| {
                last.statement.signing
            })
        })
    }

    /// What verifies their signatures of `generation`, as far as it counts.
    pub fn signing_key(&self, generation: Generation) -> Option<VerifyingKey> {
        match generation.0.checked_sub(1) {
            None => Some(self.genesis.statement.signing),
            Some(place) => {
                let step = self.chosen.get(place as usize);
                step.map(|step| step.statement.signing)
            }
        }
    }

    /// What verifies their signatures of `generation`: of all branches of a fork, since what an
    /// honest device signed under one that lost is still theirs. Whoever has a key that lost has
    /// the one before it too.
    pub fn signing_keys(&self, generation: Generation) -> impl Iterator<Item = VerifyingKey> {
        let first = (generation == Generation(0)).then_some(self.genesis.statement.signing);
        let later = self.steps.iter().map(|known| &known.step.statement);
        let later = later.filter(move |statement| statement.generation == generation);
        first
            .into_iter()
            .chain(later.map(|statement| statement.signing))
    }
}

#[cfg(test)]
mod tests;
