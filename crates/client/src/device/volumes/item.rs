//! One entry as it is packed: its changes, each as it was signed, and the proof of them.

use std::collections::BTreeMap;

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    AuthorRecord, ChainRecord, EntryRecord, EnvelopeRecord, PackedRecord, RenderedRecord, Verdict,
};
use sidelight_format::{
    Body, Bytes, EntryId, EpochId, PartHash, ProofItem, Salt, SpaceId, VolumeItem, digest, encode,
    part_hash,
};
use sidelight_store::{Key, Txn};

use super::super::core::{Core, open_epoch};
use super::super::entries::document;
use super::super::erase::carriers;
use super::super::write::chain_key;
use super::pack::PART_LEN;
use crate::Error;

impl Core {
    /// An entry as it is packed, unless it is already, or cannot be.
    pub(super) fn item_of(
        &self,
        txn: &Txn<'_>,
        id: &EntryId,
    ) -> Result<Option<(VolumeItem, [u8; 32])>, Error> {
        let name = Key::Name(&id.0);
        // What only says that something was taken back has no rendered row.
        let Some(mut shown) = txn.get::<RenderedRecord>(name)? else {
            return Ok(None);
        };
        let heads: Vec<&[u8]> = shown.version.iter().map(|head| &head[..]).collect();
        let version = digest("packed version", &heads);
        if let Some(packed) = txn.get::<PackedRecord>(name)? {
            let current = packed.volumes.last().filter(|_| packed.version == version);
            let mut volumes = self.volumes.record.packed.iter();
            if current.is_some_and(|current| volumes.any(|it| it.name == *current)) {
                return Ok(None);
            }
        }
        if shown.unproved.is_some() {
            return Ok(None);
        }
        let brought = std::mem::take(&mut shown.changes);
        let changes = match txn.get::<EntryRecord>(name)? {
            Some(entry) if entry.document.is_empty() => Some(entry.tail),
            Some(entry) => self.unfolded(txn, id, &entry)?,
            None => Some(brought).filter(|brought| !brought.is_empty()),
        };
        let Some(changes) = changes else {
            return Ok(None);
        };
        let item = VolumeItem {
            preimage: shown.preimage,
            changes,
            version: shown.version,
            rendered: shown.rendered,
        };
        let fits = encode(&item).len() <= PART_LEN;
        Ok(fits.then_some((item, version)))
    }

    /// The changes of an entry whose document was saved as a whole, if each of them was signed
    /// byte for byte: who reads them would take this device for a liar otherwise.
    fn unfolded(
        &self,
        txn: &Txn<'_>,
        id: &EntryId,
        entry: &EntryRecord,
    ) -> Result<Option<Vec<Bytes>>, Error> {
        if entry.document.len() > PART_LEN {
            // What was saved is compressed: its changes are longer still.
            return Ok(None);
        }
        let changes = changes_of(entry)?;
        let mut proofs = Vec::new();
        self.proofs_of(txn, id, &mut BTreeMap::new(), &mut proofs)?;
        Ok(are_signed(&proofs, &changes).then_some(changes))
    }

    /// The proof of what envelopes carried of an entry.
    pub(super) fn proofs_of(
        &self,
        txn: &Txn<'_>,
        id: &EntryId,
        keys: &mut BTreeMap<EpochId, Option<(SpaceId, MailboxKeys)>>,
        proofs: &mut Vec<ProofItem>,
    ) -> Result<(), Error> {
        for place in carriers(txn, id)? {
            let Some(author) = txn.get::<AuthorRecord>(Key::Name(&place.author.0))? else {
                continue;
            };
            let chain =
                txn.get::<ChainRecord>(Key::Name(&chain_key(&place.author, place.sequence)))?;
            for branch in chain.iter().flat_map(|chain| &chain.branches) {
                if branch.entry != Some(*id) || branch.erased {
                    continue;
                }
                let name = Key::Name(&branch.envelope.0);
                if let Some(item) = txn.get::<ProofItem>(name)? {
                    proofs.push(item);
                    continue;
                }
                let kept = txn.get::<EnvelopeRecord>(name)?;
                let Some(kept) = kept.filter(|kept| kept.verdict == Verdict::Accepted) else {
                    continue;
                };
                if let std::collections::btree_map::Entry::Vacant(place) = keys.entry(author.epoch)
                {
                    let opened = open_epoch(txn, &author.epoch)?;
                    place.insert(opened.map(|opened| (opened.record.space, opened.keys)));
                }
                let opened = keys.get(&author.epoch).and_then(Option::as_ref);
                let Some((space, keys)) = opened else {
                    continue;
                };
                if let Ok((_, Body::Authored(authored))) = keys.open(&kept.bytes) {
                    proofs.push(ProofItem {
                        envelope: branch.envelope,
                        certificate: authored.certificate,
                        statement: authored.statement(*space, author.epoch),
                        signature: authored.signature,
                    });
                }
            }
        }
        Ok(())
    }
}

/// All changes of an entry, in an order in which they apply.
pub(in super::super) fn changes_of(entry: &EntryRecord) -> Result<Vec<Bytes>, Error> {
    if entry.document.is_empty() {
        return Ok(entry.tail.clone());
    }
    let changes = document(entry)?.changes().into_iter();
    Ok(changes.map(Bytes::from).collect())
}

/// Finds parts among the changes of an entry. As they lie in a log, they lie in an entry: the
/// next one is mostly the one after.
pub(in super::super) struct Finder<'a> {
    changes: &'a [Bytes],
    after: usize,
}

impl<'a> Finder<'a> {
    pub(in super::super) fn new(changes: &'a [Bytes]) -> Self {
        Self { changes, after: 0 }
    }

    /// The place of the change of which `part` is the hash with `salt`.
    pub(in super::super) fn find(&mut self, salt: &Salt, part: &PartHash) -> Option<usize> {
        let (before, rest) = self.changes.split_at(self.after);
        let mut changes = rest.iter().chain(before).enumerate();
        let (steps, _) = changes.find(|(_, change)| part_hash(salt, change) == *part)?;
        let place = (self.after + steps) % self.changes.len();
        self.after = (place + 1) % self.changes.len();
        Some(place)
    }
}

/// Whether each of the changes was signed.
fn are_signed(proofs: &[ProofItem], changes: &[Bytes]) -> bool {
    let mut signed = vec![false; changes.len()];
    let mut finder = Finder::new(changes);
    for statement in proofs.iter().map(|item| &item.statement) {
        for part in &statement.parts {
            if let Some(place) = finder.find(&statement.salt, part) {
                signed[place] = true;
            }
        }
    }
    signed.into_iter().all(|signed| signed)
}
