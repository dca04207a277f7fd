//! Obeying erasures: those of the partner's, of one's own other devices, and of what comes after
//! it was erased.

use sidelight_format::record::{
    AuthorRecord, ChainBranch, ChainPlace, ChainRecord, EnvelopeRecord, ErasedRecord, Reach,
    UnseenErasure, UnseenRecord, Verdict,
};
use sidelight_format::{
    Authored, Body, Bytes, Ending, EntryId, EntryPreimage, EnvelopeId, EpochId, Erasure,
    MailboxName, PersonId, SpaceId, decode, limits,
};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outside, chain, erasure};

use super::core::{Core, Purpose};
use super::erase::{erased, erasing, is_own, mark_erased};
use super::write::{Chains, chain_key};
use crate::Error;

impl Core {
    /// Takes in erasures of envelopes that carried an entry. All of them hold, or none.
    pub(super) fn receive_erasures(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        (id, preimage): (EntryId, EntryPreimage),
        authored: &Authored,
        (came, outside): ((MailboxName, EnvelopeId), &mut Outside<'_>),
    ) -> Result<Verdict, Error> {
        let person = authored.certificate.person;
        let Some(erasures) = erasure::erasures(authored) else {
            return Ok(Verdict::Refused);
        };
        let mut unseen = Vec::new();
        for erasure in &erasures {
            if let Some(author) = txn.get::<AuthorRecord>(Key::Name(&erasure.author.0))?
                && !erasure::may_be_of(erasure, &person, &author)
            {
                return Ok(Verdict::Refused);
            }
            let key = chain_key(&erasure.author, erasure.sequence);
            let chain = txn.get::<ChainRecord>(Key::Name(&key))?;
            let mut branches = chain.iter().flat_map(|chain| &chain.branches);
            match branches.find_map(|branch| erasure::is_of(erasure, &id, branch)) {
                Some(true) => {}
                Some(false) => return Ok(Verdict::Refused),
                None => unseen.push(*erasure),
            }
        }
        let record = ErasedRecord {
            space,
            preimage,
            reach: Reach::Everywhere,
        };
        txn.put(Key::Name(&id.0), &record);
        for erasure in &erasures {
            mark_erased(txn, erasure)?;
            if person == self.me.person {
                self.ask_to_drop(txn, space, erasure, came)?;
            }
        }
        for erasure in unseen {
            self.remember_unseen(txn, (space, person, id), erasure)?;
        }
        if person == self.me.person && self.can_write_now(&space) {
            // What this device had written, and the one that erased did not know of.
            self.cover(txn, &id, &record, outside)?;
        }
        self.forget(txn, &id, &record)?;
        Ok(Verdict::Accepted)
    }

    /// Takes in that own copies were erased, on another device of one's own.
    pub(super) fn receive_endings(
        &mut self,
        txn: &mut Txn<'_>,
        authored: &Authored,
    ) -> Result<Verdict, Error> {
        let endings = authored
            .parts
            .iter()
            .map(|part| decode::<Ending>(part).ok());
        let Some(endings) = endings.collect::<Option<Vec<_>>>() else {
            return Ok(Verdict::Refused);
        };
        for ending in endings {
            let id = ending.entry.id(&ending.space);
            if erased(txn, &id)?.is_none() {
                let record = ErasedRecord {
                    space: ending.space,
                    preimage: ending.entry,
                    reach: Reach::OwnDevices,
                };
                txn.put(Key::Name(&id.0), &record);
                self.forget(txn, &id, &record)?;
            }
        }
        Ok(Verdict::Accepted)
    }

    /// Keeps the erasure of an envelope that has not come: the chain goes on over it.
    fn remember_unseen(
        &mut self,
        txn: &mut Txn<'_>,
        (space, person, entry): (SpaceId, PersonId, EntryId),
        erasure: Erasure,
    ) -> Result<(), Error> {
        let key = chain_key(&erasure.author, erasure.sequence);
        let mut at = txn
            .get::<UnseenRecord>(Key::Name(&key))?
            .unwrap_or_default();
        let mut tally = erasing(txn)?;
        let own = tally.unseen.iter().position(|(whose, _)| *whose == person);
        let own = own.unwrap_or_else(|| {
            tally.unseen.push((person, 0));
            tally.unseen.len() - 1
        });
        let full = at.erased.len() == limits::BRANCHES_MAX
            || tally.unseen[own].1 >= limits::UNSEEN_MAX
            || erasure::knows(&at.erased, &person, &erasure.envelope);
        if full {
            return Ok(());
        }
        tally.unseen[own].1 += 1;
        txn.put(Key::One, &tally);
        at.erased.push(UnseenErasure {
            person,
            entry,
            erasure,
        });
        txn.put(Key::Name(&key), &at);

        let opened = self.spaces.get_mut(&space);
        let opened = opened.and_then(|known| known.open.get_mut(&erasure.epoch));
        let name = Key::Name(&erasure.author.0);
        let mut elsewhere = txn.get::<AuthorRecord>(name)?;
        let author = match opened.and_then(|opened| opened.authors.get_mut(&erasure.author)) {
            Some(author) => Some(author),
            None => elsewhere.as_mut(),
        };
        if let Some(author) = author.filter(|author| author.person == person) {
            chain::advance(&Chains(txn, person), &erasure.author, author)?;
            txn.put(name, author);
        }
        Ok(())
    }

    /// Whether the erasure of an envelope came before it; it is awaited no more then.
    pub(super) fn was_awaited(
        &mut self,
        txn: &mut Txn<'_>,
        place: ChainPlace,
        person: PersonId,
        branch: &ChainBranch,
    ) -> Result<bool, Error> {
        let key = chain_key(&place.author, place.sequence);
        let Some(mut at) = txn.get::<UnseenRecord>(Key::Name(&key))? else {
            return Ok(false);
        };
        let before = at.erased.len();
        at.erased
            .retain(|unseen| !erasure::awaited(unseen, &person, branch));
        if at.erased.len() == before {
            return Ok(false);
        }
        if at.erased.is_empty() {
            txn.delete::<UnseenRecord>(Key::Name(&key));
        } else {
            txn.put(Key::Name(&key), &at);
        }
        let mut tally = erasing(txn)?;
        for (whose, count) in &mut tally.unseen {
            if *whose == person {
                *count = count.saturating_sub(1);
            }
        }
        txn.put(Key::One, &tally);
        Ok(true)
    }

    /// An envelope has come that carries something of an erased entry: it is known by its id
    /// only. If it is this person's and nobody has erased it yet, because it was written by a
    /// device that had not heard, that is made up for.
    pub(super) fn keep_erased(
        &mut self,
        txn: &mut Txn<'_>,
        (mailbox, envelope): (MailboxName, EnvelopeId),
        (space, epoch, id): (SpaceId, EpochId, EntryId),
        (authored, bytes): (&Authored, Bytes),
        (awaited, outside): (bool, &mut Outside<'_>),
    ) -> Result<(), Error> {
        let Some(record) = erased(txn, &id)? else {
            return Err(Error::internal("an erased entry is not known"));
        };
        let mine = is_own(self, &record.preimage) && record.reach == Reach::Everywhere;
        if mine && awaited {
            let after = (mailbox, envelope);
            self.let_drop(txn, (space, epoch), after, (authored, &bytes), after);
        }
        let writes = mine && !awaited && self.can_write_now(&space);
        let bytes = if writes { bytes } else { Bytes::new() };
        self.keep(txn, mailbox, envelope, Verdict::Erased, bytes)?;
        if writes {
            self.cover(txn, &id, &record, outside)?;
            self.strip(txn, &envelope, Reach::Everywhere)?;
        }
        Ok(())
    }

    /// A relay shows a body that was erased: one that was restored from a backup, or was never
    /// told. It is told, if this person may.
    pub(super) fn shown_again(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: MailboxName,
        envelope: EnvelopeId,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let Some(Purpose::Epoch(space, epoch)) = self.purpose(&mailbox) else {
            return Ok(());
        };
        if self.drops.waits(&mailbox, &envelope) {
            return Ok(());
        }
        let Ok((_, Body::Authored(authored))) = self.epoch_mut(space, epoch)?.keys.open(bytes)
        else {
            return Ok(());
        };
        let Some(preimage) = authored.entry.filter(|preimage| is_own(self, preimage)) else {
            return Ok(());
        };
        let record = erased(txn, &preimage.id(&space))?;
        if record.is_some_and(|record| record.reach == Reach::Everywhere) {
            let envelope = (mailbox, envelope);
            self.let_drop(txn, (space, epoch), envelope, (&authored, bytes), envelope);
        }
        Ok(())
    }

    /// Whether a body is here to be given to a relay that lost it.
    pub(super) fn has_body(&self, txn: &Txn<'_>, envelope: &EnvelopeId) -> Result<bool, Error> {
        let kept = txn.get::<EnvelopeRecord>(Key::Name(&envelope.0))?;
        Ok(kept.is_some_and(|kept| !kept.bytes.is_empty() && kept.verdict != Verdict::Erased))
    }
}
