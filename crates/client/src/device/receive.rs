//! Receiving: an envelope is opened, proved, and only then touches an entry.

use sidelight_crypto::Unopened;
use sidelight_format::record::{ChainBranch, EnvelopeRecord, Fact, Verdict, WaitingRecord};
use sidelight_format::{
    Authored, Body, Bytes, EntryId, EntryPreimage, EnvelopeId, EpochId, MailboxName, PersonId,
    SpaceId, Subject, limits,
};
use sidelight_journal::{Admitted, Document, actor, admit};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::{Outside, authors, chain};

use super::core::{Core, Purpose};
use super::entries::Open;
use super::write::Chains;
use crate::Error;

/// Where an envelope came in.
#[derive(Clone, Copy)]
struct Came {
    mailbox: MailboxName,
    envelope: EnvelopeId,
}

impl Core {
    /// Takes in one envelope that is not known here. What does not open or breaks a rule is
    /// remembered by its id only and never asked for again.
    pub(super) fn receive(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: MailboxName,
        envelope: EnvelopeId,
        bytes: Bytes,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let came = Came { mailbox, envelope };
        let Some(purpose) = self.purpose(&mailbox) else {
            return Ok(());
        };
        let opened = match purpose {
            Purpose::Epoch(space, epoch) => self.epoch_mut(space, epoch)?.keys.open(&bytes),
            Purpose::Pairing => match &self.pairing {
                Some(rendezvous) => rendezvous.keys.open(&bytes),
                None => return Ok(()),
            },
            Purpose::Recovery => self.recovery.open(&bytes),
        };
        let body = match opened {
            Ok((_, body)) => body,
            // A relay can make up any number of these: they are no fact about a person.
            Err(Unopened::Tampered(_) | Unopened::Malformed(_)) => {
                return self.keep(txn, mailbox, envelope, Verdict::Refused, bytes);
            }
            Err(_) => return self.refuse(txn, came, None, outside),
        };
        match (body, purpose) {
            (Body::Authored(authored), Purpose::Epoch(space, epoch)) => {
                self.receive_authored(txn, came, (space, epoch), &authored, bytes, outside)
            }
            (body @ (Body::Pairing(_) | Body::Epoch(_)), Purpose::Pairing) => {
                self.keep(txn, mailbox, envelope, Verdict::Accepted, bytes)?;
                self.receive_pairing(txn, envelope, &body, outside)
            }
            (Body::Epoch(record), Purpose::Epoch(space, _)) => {
                let verdict = self.receive_epoch(txn, space, &record, outside)?;
                match verdict {
                    Verdict::Refused => {
                        let signer = record.statement.signer;
                        self.refuse(txn, came, Some(signer), outside)
                    }
                    verdict => self.keep(txn, mailbox, envelope, verdict, bytes),
                }
            }
            // Written by a later version, or read by a later part of this one: kept.
            (Body::Unknown(_) | Body::Epoch(_), _) => {
                self.keep(txn, mailbox, envelope, Verdict::Unknown, bytes)
            }
            _ => self.refuse(txn, came, None, outside),
        }
    }

    fn receive_authored(
        &mut self,
        txn: &mut Txn<'_>,
        came: Came,
        (space, epoch): (SpaceId, EpochId),
        authored: &Authored,
        bytes: Bytes,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        let certificate = authored.certificate;
        let place = authors::Place { space, epoch };
        let checked = {
            let Some(known_space) = self.spaces.get(&space) else {
                return Ok(());
            };
            let members = known_space.members(&self.persons);
            let known = known_space.open.get(&epoch).is_some_and(|opened| {
                opened.verified.get(&certificate.author) == Some(&certificate)
            });
            authors::check(authored, place, &members, known)
        };
        let Ok(statement) = checked else {
            return self.refuse(txn, came, None, outside);
        };
        let person = certificate.person;
        let limit = self
            .spaces
            .get(&space)
            .map(|known| known.graph.limit(&epoch, &person, &certificate.author));
        if !limit.is_some_and(|limit| limit.allows(statement.sequence)) {
            return self.refuse(txn, came, Some(person), outside);
        }
        self.epoch_mut(space, epoch)?
            .verified
            .insert(certificate.author, certificate);
        let entry = authored.entry.map(|preimage| preimage.id(&space));

        let verdict = match (authored.subject, authored.entry, entry) {
            (Subject::ENTRY, Some(preimage), Some(id)) => {
                self.apply(txn, space, (id, preimage), authored)?
            }
            (Subject::PERSON_KEYS | Subject::ROSTER | Subject::SPACE, None, None)
                if space == self.me.private =>
            {
                // For a device that is linked or recovered; this one has them.
                Verdict::Accepted
            }
            (Subject::LEFT, None, None)
                if space != self.me.private
                    && authored.parts.iter().all(|part| part.is_empty()) =>
            {
                self.partner_left(txn, space, outside)?;
                Verdict::Accepted
            }
            _ => Verdict::Unknown,
        };
        // Its author's chain goes on even over what was refused: a refusal is no gap.
        let branch = ChainBranch {
            envelope: came.envelope,
            previous: statement.previous,
            body: statement.body_hash(),
            link: statement.link(),
            entry,
            erased: false,
        };
        let fork = self.extend_chain(txn, space, epoch, &statement, person, branch)?;
        if let Some(sequence) = fork {
            let fact = Fact::Fork {
                person,
                author: statement.author,
                sequence,
            };
            self.report(txn, fact, outside.now)?;
        }
        self.witness(txn, (space, epoch), &statement.heads, outside)?;

        let taken = match verdict {
            Verdict::Refused => false,
            Verdict::Waiting => self.wait(txn, came.envelope, &statement.author, entry)?,
            _ => true,
        };
        if !taken {
            return self.refuse(txn, came, Some(person), outside);
        }
        self.keep(txn, came.mailbox, came.envelope, verdict, bytes)?;
        match entry {
            Some(id) if verdict == Verdict::Accepted => self.retry_waiting(txn, id),
            _ => Ok(()),
        }
    }

    /// Applies an authored body's changes to its entry, if the gate lets them through.
    fn apply(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        (id, preimage): (EntryId, EntryPreimage),
        authored: &Authored,
    ) -> Result<Verdict, Error> {
        let (author, segment) = authored.actor_of();
        let actor = actor(&author, &segment, &id);
        let mut admitted = Vec::new();
        for part in &authored.parts {
            match admit(part, &actor) {
                Ok(change) => admitted.push(change),
                Err(_) => return Ok(Verdict::Refused),
            }
        }
        // Only its owner begins an entry: beginning it in their name would put words into their
        // mouth, beginning it again would hide what both have typed into it.
        let begins = admitted.iter().any(Admitted::is_first);
        if begins && authored.certificate.person != preimage.owner {
            return Ok(Verdict::Refused);
        }
        let mut open = match self.open_entry(txn, &id)? {
            Some(open) => open,
            None => Open::new(space, preimage, Document::from_changes(Vec::new()).0),
        };
        let new: Vec<_> = admitted
            .iter()
            .filter(|change| !open.document.contains(&change.id()))
            .map(|change| (change.id(), change.bytes().to_vec()))
            .collect();
        let applied = open.document.apply(admitted);
        if !applied.refused.is_empty() {
            // Nothing of it is kept; the document is read again from the store.
            return Ok(Verdict::Refused);
        }
        let verdict = if applied.waiting.is_empty() {
            Verdict::Accepted
        } else {
            Verdict::Waiting
        };
        if applied.applied == 0 {
            // An entry of which nothing is here yet has no document to put back.
            if !open.record.tail.is_empty() || !open.record.document.is_empty() {
                self.put_back(id, open);
            }
            return Ok(verdict);
        }
        for (change, bytes) in &new {
            if open.document.contains(change) {
                open.note(bytes);
            }
        }
        self.keep_entry(txn, id, open)?;
        Ok(verdict)
    }

    /// Notes that an envelope waits, unless its author has too many waiting.
    fn wait(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: EnvelopeId,
        author: &sidelight_format::AuthorId,
        entry: Option<EntryId>,
    ) -> Result<bool, Error> {
        let Some(entry) = entry else { return Ok(false) };
        let own = self.waiting.entry(*author).or_default();
        if *own >= limits::WAITING_PER_AUTHOR_MAX {
            return Ok(false);
        }
        *own += 1;
        txn.append(&WaitingRecord {
            envelope,
            author: *author,
            entry,
        })?;
        Ok(true)
    }

    /// Something was applied to an entry: what waited for it may apply now.
    fn retry_waiting(&mut self, txn: &mut Txn<'_>, entry: EntryId) -> Result<(), Error> {
        loop {
            let waiting = txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX)?;
            let mut progress = false;
            for (number, record) in waiting {
                if record.entry != entry {
                    continue;
                }
                let verdict = match txn.get::<EnvelopeRecord>(Key::Name(&record.envelope.0))? {
                    Some(kept) => self.apply_kept(txn, &kept)?,
                    None => Verdict::Refused,
                };
                if verdict == Verdict::Waiting {
                    continue;
                }
                progress = true;
                txn.delete::<WaitingRecord>(Key::Number(number));
                if let Some(own) = self.waiting.get_mut(&record.author) {
                    *own = own.saturating_sub(1);
                }
                if let Some(kept) = txn.get::<EnvelopeRecord>(Key::Name(&record.envelope.0))? {
                    txn.put(
                        Key::Name(&record.envelope.0),
                        &EnvelopeRecord { verdict, ..kept },
                    );
                }
            }
            if !progress {
                return Ok(());
            }
        }
    }

    /// Applies an envelope that was proved when it came.
    fn apply_kept(&mut self, txn: &mut Txn<'_>, kept: &EnvelopeRecord) -> Result<Verdict, Error> {
        let Some(Purpose::Epoch(space, epoch)) = self.purpose(&kept.mailbox) else {
            return Ok(Verdict::Waiting);
        };
        match self.epoch_mut(space, epoch)?.keys.open(&kept.bytes) {
            Ok((_, Body::Authored(authored))) => match authored.entry {
                Some(preimage) => {
                    self.apply(txn, space, (preimage.id(&space), preimage), &authored)
                }
                None => Ok(Verdict::Refused),
            },
            _ => Ok(Verdict::Refused),
        }
    }

    /// Takes in what an author says of the others: how far they have come.
    fn witness(
        &mut self,
        txn: &mut Txn<'_>,
        (space, epoch): (SpaceId, EpochId),
        heads: &[sidelight_format::Head],
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        for head in heads {
            let opened = self.epoch_mut(space, epoch)?;
            // An author of whom nothing has come yet is a gap without a person: it is known
            // once their first envelope is here.
            let Some(record) = opened.authors.get_mut(&head.author) else {
                continue;
            };
            let fork = chain::witness(&Chains(txn), record, head)?;
            let person = record.person;
            txn.put(Key::Name(&head.author.0), record);
            if let Some(sequence) = fork {
                let fact = Fact::Fork {
                    person,
                    author: head.author,
                    sequence,
                };
                self.report(txn, fact, outside.now)?;
            }
        }
        Ok(())
    }

    /// All that the relay lists is here: whatever is still missing is a gap.
    pub(super) fn report_gaps(
        &mut self,
        txn: &mut Txn<'_>,
        mailbox: &MailboxName,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let Some(Purpose::Epoch(space, epoch)) = self.purpose(mailbox) else {
            return Ok(());
        };
        let opened = self.epoch_mut(space, epoch)?;
        let gaps: Vec<Fact> = opened
            .authors
            .iter()
            .filter_map(|(author, record)| {
                let (from, to) = chain::gap(record)?;
                Some(Fact::Gap {
                    person: record.person,
                    author: *author,
                    from,
                    to,
                })
            })
            .collect();
        for gap in gaps {
            self.report(txn, gap, outside.now)?;
        }
        Ok(())
    }

    /// Remembers an envelope by its id only, and that somebody who has the key sealed it.
    fn refuse(
        &mut self,
        txn: &mut Txn<'_>,
        came: Came,
        person: Option<PersonId>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        self.keep(
            txn,
            came.mailbox,
            came.envelope,
            Verdict::Refused,
            Bytes::new(),
        )?;
        self.report(
            txn,
            Fact::Refused {
                person,
                envelope: came.envelope,
            },
            outside.now,
        )
    }
}
