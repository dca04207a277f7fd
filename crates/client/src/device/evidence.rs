//! What proves entries: the signed bodies that carried them, out of the envelopes that are kept; or,
//! of what came in a volume, put together of their proofs and of the entry's changes.

use sidelight_format::record::{
    AuthorRecord, ChainRecord, EnvelopeRecord, PersonRecord, RenderedRecord, Verdict,
};
use sidelight_format::{
    Authored, Body, Bytes, EntryId, EvidenceBody, EvidencePerson, EvidenceStatement, PersonId,
    ProofItem, Signature,
};
use sidelight_store::{Key, Store, Txn};

use super::core::{Core, open_epoch};
use super::entries::kept as kept_entry;
use super::erase::carriers;
use super::volumes::item::{Finder, changes_of};
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
    let mut changes = None;
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
            let authored = match epoch.keys.open(&kept.bytes) {
                Ok((_, Body::Authored(authored))) => Some(*authored),
                Ok(_) => None,
                Err(_) => {
                    let proof = txn.get::<ProofItem>(Key::Name(&branch.envelope.0))?;
                    if proof.is_some() && changes.is_none() {
                        let entry = kept_entry(&txn, id)?;
                        changes = entry.as_ref().map(changes_of).transpose()?;
                    }
                    let changes = changes.as_deref().unwrap_or_default();
                    proof.and_then(|proof| put_together(proof, changes))
                }
            };
            bodies.extend(authored.map(|authored| EvidenceBody {
                space: shown.space,
                epoch: author.epoch,
                authored,
            }));
        }
    }
    Ok(bodies)
}

/// The body that a proof is of, if all that it carried is among the entry's changes.
fn put_together(proof: ProofItem, changes: &[Bytes]) -> Option<Authored> {
    let statement = proof.statement;
    let mut finder = Finder::new(changes);
    let parts = statement.parts.iter();
    let parts = parts.map(|part| changes.get(finder.find(&statement.salt, part)?).cloned());
    Some(Authored {
        certificate: proof.certificate,
        segment: statement.segment,
        sequence: statement.sequence,
        previous: statement.previous,
        parts: parts.collect::<Option<_>>()?,
        heads: statement.heads,
        salt: statement.salt,
        subject: statement.subject,
        entry: statement.entry,
        voice: statement.voice,
        signature: proof.signature,
    })
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
