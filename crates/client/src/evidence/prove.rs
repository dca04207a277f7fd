//! One entry, proved from what was signed.

use sidelight_format::{
    EntryId, EntryPreimage, EvidenceBody, PersonId, Rendered, SpaceId, Subject,
};
use sidelight_journal::Document;
use sidelight_sync::{Person, authors};

use crate::device::admit_all;

/// What the signatures prove.
pub(super) struct Proved {
    pub(super) id: EntryId,
    pub(super) space: SpaceId,
    pub(super) preimage: EntryPreimage,
    pub(super) rendered: Rendered,
    /// Who wrote in it, sorted.
    pub(super) writers: Vec<PersonId>,
}

/// Why bodies prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No person vouches for the author.
    Certificate,
    /// The author did not sign it.
    Signature,
    /// The author may not write in the entry.
    Owner,
    /// The changes are not an entry, or not all of those that it takes.
    Changes,
}

pub(super) fn prove(bodies: &[EvidenceBody], persons: &[Person]) -> Result<Proved, Fault> {
    let first = bodies.first().ok_or(Fault::Changes)?;
    let preimage = first.authored.entry.ok_or(Fault::Owner)?;
    let (space, id) = (first.space, preimage.id(&first.space));
    let members: Vec<&Person> = persons.iter().collect();
    let (mut changes, mut writers) = (Vec::new(), Vec::new());
    for body in bodies {
        let authored = &body.authored;
        let place = authors::Place {
            space: body.space,
            epoch: body.epoch,
        };
        authors::check(authored, place, &members, false).map_err(|unproved| match unproved {
            authors::Unproved::Certificate => Fault::Certificate,
            authors::Unproved::Signature => Fault::Signature,
            authors::Unproved::Owner => Fault::Owner,
            _ => Fault::Changes,
        })?;
        let same = body.space == space && authored.entry == Some(preimage);
        if !same || authored.subject != Subject::ENTRY {
            return Err(Fault::Owner);
        }
        changes.extend(admit_all(authored, &id).ok_or(Fault::Changes)?);
        writers.push(authored.certificate.person);
    }
    writers.sort_unstable();
    writers.dedup();
    let (mut document, applied) = Document::from_changes(changes);
    if !applied.waiting.is_empty() || !applied.refused.is_empty() || applied.applied == 0 {
        return Err(Fault::Changes);
    }
    Ok(Proved {
        id,
        space,
        preimage,
        rendered: document.render(),
        writers,
    })
}
