//! What proves entries: the signed bodies that carried them, out of the envelopes that are kept.

use sidelight_format::record::{
    AuthorRecord, ChainRecord, EnvelopeRecord, PersonRecord, RenderedRecord, Verdict,
};
use sidelight_format::{
    Body, EntryId, EvidenceBody, EvidencePerson, EvidenceStatement, PersonId, Signature,
};
use sidelight_store::{Key, Store, Txn};

use super::core::{Core, open_epoch};
use super::erase::carriers;
use super::write::chain_key;
use crate::Error;

/// The bodies that carried an entry. Whether they are all, those who ask see: they make the entry
/// as it is shown, or not.
///
/// # Errors
/// Storage.
pub fn bodies(store: &dyn Store, id: &EntryId) -> Result<Vec<EvidenceBody>, Error> {
    let txn = Txn::begin(store)?;
    let mut bodies = Vec::new();
    let Some(shown) = txn.get::<RenderedRecord>(Key::Name(&id.0))? else {
        return Ok(bodies);
    };
    for place in carriers(&txn, id)? {
        let Some(author) = txn.get::<AuthorRecord>(Key::Name(&place.author.0))? else {
            continue;
        };
        let Some(epoch) = open_epoch(&txn, &author.epoch)? else {
            continue;
        };
        let key = chain_key(&place.author, place.sequence);
        let chain = txn.get::<ChainRecord>(Key::Name(&key))?;
        for branch in chain.iter().flat_map(|chain| &chain.branches) {
            if branch.entry != Some(*id) || branch.erased {
                continue;
            }
            let kept = txn.get::<EnvelopeRecord>(Key::Name(&branch.envelope.0))?;
            let Some(kept) = kept.filter(|kept| kept.verdict == Verdict::Accepted) else {
                continue;
            };
            if let Ok((_, Body::Authored(authored))) = epoch.keys.open(&kept.bytes) {
                bodies.push(EvidenceBody {
                    space: shown.space,
                    epoch: author.epoch,
                    authored: *authored,
                });
            }
        }
    }
    Ok(bodies)
}

/// The chain of a person who is known here, and what they want to be called.
///
/// # Errors
/// Storage.
pub fn person(
    store: &dyn Store,
    person: &PersonId,
) -> Result<Option<(EvidencePerson, String)>, Error> {
    let known = Txn::begin(store)?.get::<PersonRecord>(Key::Name(&person.0))?;
    Ok(known.map(|known| {
        let chain = EvidencePerson {
            genesis: known.genesis,
            successors: known.successors,
        };
        (chain, known.name.0)
    }))
}

impl Core {
    /// Signs what a bundle holds.
    pub(super) fn sign_evidence(&self, files: [u8; 32]) -> (EvidenceStatement, Signature) {
        let statement = EvidenceStatement {
            person: self.me.person,
            generation: self.keys().generation,
            files,
        };
        (statement, self.signing().sign(&statement))
    }
}
