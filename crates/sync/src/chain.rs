//! An author's chain: which of its envelopes are here, what is missing, where it forks.
//!
//! Order of arrival decides nothing: a relay may reorder and withhold. Gaps and forks are
//! evidence, reported with author and range; both branches of a fork stay accepted.

use sidelight_format::record::{AuthorRecord, ChainBranch, ChainRecord};
use sidelight_format::{
    AuthorId, AuthoredStatement, BodyHash, EpochId, Head, Link, PersonId, Sequence, limits,
    link_after,
};

/// What the keeper of chains must offer: one author's sequences, by number.
pub trait Chains {
    /// What goes wrong when the keeper cannot read.
    type Error;

    /// What is known of `sequence` of `author`.
    ///
    /// # Errors
    /// The keeper's own.
    fn chain(
        &self,
        author: &AuthorId,
        sequence: Sequence,
    ) -> Result<Option<ChainRecord>, Self::Error>;

    /// The hash of a body that was erased at `sequence` of `author` and has never come.
    ///
    /// # Errors
    /// The keeper's own.
    fn erased(
        &self,
        author: &AuthorId,
        sequence: Sequence,
    ) -> Result<Option<BodyHash>, Self::Error>;
}

/// An author of whom nothing is known yet.
pub fn new_author(epoch: EpochId, person: PersonId) -> AuthorRecord {
    AuthorRecord {
        epoch,
        person,
        head: None,
        highest: Sequence(0),
        forked: false,
    }
}

/// Takes one more envelope of an author in: changes `author`, returns the sequence's record to
/// be kept and the place of a fork that it shows, if any.
///
/// # Errors
/// The keeper's own.
pub fn extend<C: Chains>(
    chains: &C,
    author: &mut AuthorRecord,
    statement: &AuthoredStatement,
    branch: ChainBranch,
) -> Result<(ChainRecord, Option<Sequence>), C::Error> {
    let sequence = statement.sequence;
    let mut record = chains
        .chain(&statement.author, sequence)?
        .unwrap_or(ChainRecord {
            branches: Vec::new(),
        });
    let mut fork = None;
    if record
        .branches
        .iter()
        .any(|known| known.link != branch.link)
    {
        fork = Some(sequence);
    }
    // One that was known from a volume's proof, and comes itself after all, is the same branch.
    let envelope = branch.envelope;
    let known = record.branches.iter().any(|it| it.envelope == envelope);
    if !known && record.branches.len() < limits::BRANCHES_MAX {
        record.branches.push(branch);
    }
    match author.head {
        // It may follow places that were erased before anything of this author came.
        None => {
            advance(chains, &statement.author, author)?;
        }
        Some(head) if head.sequence >= sequence => {
            let erased = chains.erased(&statement.author, sequence)?;
            if erased.is_some_and(|body| body != branch.body) {
                fork = Some(sequence);
            }
        }
        Some(_) => {}
    }

    author.highest = author.highest.max(sequence);
    if sequence == Sequence(0) && branch.previous != Link::START {
        fork = Some(sequence);
    }
    let follows = match author.head {
        None => sequence == Sequence(0) && branch.previous == Link::START,
        Some(head) if sequence == head.sequence.next() => {
            if head.link != branch.previous
                && !reaches(chains, statement.author, sequence, &branch)?
            {
                fork = Some(sequence);
            }
            head.link == branch.previous
        }
        Some(_) => false,
    };
    if follows {
        author.head = Some(statement.head());
        fork = advance(chains, &statement.author, author)?.or(fork);
    }
    author.forked |= fork.is_some();
    Ok((record, fork))
}

/// Moves an author's head on over what is here, and over what was erased and never came: an
/// erasure gives the chain what the body would have given. Returns the place of a fork that it
/// comes upon, if any.
///
/// # Errors
/// The keeper's own.
pub fn advance<C: Chains>(
    chains: &C,
    id: &AuthorId,
    author: &mut AuthorRecord,
) -> Result<Option<Sequence>, C::Error> {
    loop {
        let (sequence, previous) = author.head.map_or((Sequence(0), Link::START), |head| {
            (head.sequence.next(), head.link)
        });
        let known = chains.chain(id, sequence)?;
        let mut branches = known.iter().flat_map(|known| &known.branches);
        let link = match branches.find(|after| after.previous == previous) {
            Some(after) => after.link,
            None => match chains.erased(id, sequence)? {
                Some(body) => link_after(id, sequence, &previous, &body),
                None => return Ok(known.map(|_| sequence)),
            },
        };
        author.head = Some(Head {
            author: *id,
            sequence,
            link,
        });
    }
}

/// Whether some branch of the sequence before leads to `branch`.
fn reaches<C: Chains>(
    chains: &C,
    author: AuthorId,
    sequence: Sequence,
    branch: &ChainBranch,
) -> Result<bool, C::Error> {
    let Some(before) = sequence.0.checked_sub(1) else {
        return Ok(branch.previous == Link::START);
    };
    let known = chains.chain(&author, Sequence(before))?;
    Ok(known.is_some_and(|known| known.branches.iter().any(|b| b.link == branch.previous)))
}

/// Takes in what another author says of this one: how far it has come, and, where both are
/// known, whether it is the same log. Returns the place of a fork that it shows, if any.
///
/// # Errors
/// The keeper's own.
pub fn witness<C: Chains>(
    chains: &C,
    author: &mut AuthorRecord,
    head: &Head,
) -> Result<Option<Sequence>, C::Error> {
    author.highest = author.highest.max(head.sequence);
    let Some(known) = chains.chain(&head.author, head.sequence)? else {
        return Ok(None);
    };
    if known.branches.iter().any(|branch| branch.link == head.link) {
        return Ok(None);
    }
    author.forked = true;
    Ok(Some(head.sequence))
}

/// The run of an author's envelopes that is known to exist and is not here, if there is one.
pub fn gap(author: &AuthorRecord) -> Option<(Sequence, Sequence)> {
    let from = author.head.map_or(Sequence(0), |head| head.sequence.next());
    let missing = match author.head {
        Some(head) => author.highest > head.sequence,
        None => true,
    };
    missing.then_some((from, author.highest))
}
