//! Erasures: whose word takes a body back, and what it says.
//!
//! Only the person whose entry it is erases, from whichever of their devices; what both keep
//! together nobody erases for the other. An erasure names the place, the envelope and the hash
//! of its body, so that the chain goes on over the place and nothing else fits into it.

use sidelight_format::record::{AuthorRecord, ChainBranch, UnseenErasure};
use sidelight_format::{
    Authored, EntryId, EnvelopeId, Erasure, Mode, PersonId, decode, encode, limits,
};

/// What a body that [`check`](crate::authors::check) has passed erases, if it may.
///
/// None for an entry that is not its author's person's alone, and for parts that are no
/// erasures.
pub fn erasures(authored: &Authored) -> Option<Vec<Erasure>> {
    let preimage = authored.entry?;
    let theirs = preimage.mode == Mode::Own && preimage.owner == authored.certificate.person;
    let parts = authored.parts.iter().map(|part| decode(part).ok());
    let erasures: Option<Vec<Erasure>> = parts.collect();
    erasures.filter(|_| theirs)
}

/// The parts of the bodies that carry `erasures`: as many bodies as it takes.
pub fn parts(erasures: &[Erasure]) -> impl Iterator<Item = Vec<Vec<u8>>> {
    erasures
        .chunks(limits::PARTS_MAX)
        .map(|chunk| chunk.iter().map(encode).collect())
}

/// Whether an erasure by `person` can be of `author` at all.
pub fn may_be_of(erasure: &Erasure, person: &PersonId, author: &AuthorRecord) -> bool {
    author.person == *person && author.epoch == erasure.epoch
}

/// Whether an erasure of `entry` is of this branch. None if it is of another envelope; false if
/// it names this one and says what is not so.
pub fn is_of(erasure: &Erasure, entry: &EntryId, branch: &ChainBranch) -> Option<bool> {
    let says_so = erasure.body == branch.body && branch.entry == Some(*entry);
    (erasure.envelope == branch.envelope).then_some(says_so)
}

/// Which of the erasures that came first are of an envelope of `person` that comes now.
pub fn awaited(unseen: &UnseenErasure, person: &PersonId, branch: &ChainBranch) -> bool {
    unseen.person == *person && is_of(&unseen.erasure, &unseen.entry, branch) == Some(true)
}

/// Whether `unseen` already has the erasure of this envelope.
pub fn knows(unseen: &[UnseenErasure], person: &PersonId, envelope: &EnvelopeId) -> bool {
    unseen
        .iter()
        .any(|known| known.person == *person && known.erasure.envelope == *envelope)
}
