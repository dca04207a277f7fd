//! Receiving: an envelope is opened, proved, and only then touches an entry.

use std::collections::BTreeSet;

use sidelight_crypto::Unopened;
use sidelight_format::record::{
    ChainBranch, ChainPlace, EnvelopeRecord, Fact, Verdict, WaitingRecord,
};
use sidelight_format::{
    AuthorId, Authored, Body, Bytes, EntryId, EntryPreimage, EnvelopeId, EpochId, MailboxName,
    PersonId, SpaceId, Subject, limits,
};
use sidelight_journal::{Admitted, ChangeId, Document, actor, admit};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::{Outside, authors, chain};

use super::core::{Core, Purpose};
use super::entries::Open;
use super::erase::erased;
use super::write::{Chains, carries};
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
        if self.sees_ahead(txn, (mailbox, envelope), &bytes, outside)? {
            return Ok(());
        }
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
                if verdict == Verdict::Unknown
                    && let Some(known) = self.spaces.get_mut(&space)
                {
                    known.set_aside(envelope);
                    self.save_space(txn, space);
                }
                match verdict {
                    Verdict::Refused => {
                        let signer = record.statement.signer;
                        self.refuse(txn, came, Some(signer), outside)
                    }
                    verdict => self.keep(txn, mailbox, envelope, verdict, bytes),
                }
            }
            (Body::Epoch(record), Purpose::Recovery) if self.is_walking() => {
                let verdict = self.receive_start(txn, &record, outside)?;
                self.keep(txn, mailbox, envelope, verdict, bytes)
            }
            (Body::Volume(part), Purpose::Epoch(space, _)) if space == self.me.private => {
                self.take_volume(txn, (mailbox, envelope), &part, outside)
            }
            (Body::Proof(part), Purpose::Epoch(space, _)) if space == self.me.private => {
                self.take_proof(txn, (mailbox, envelope), &part, outside)
            }
            (Body::Directory(signed), Purpose::Epoch(space, _)) if space == self.me.private => {
                let verdict = self.receive_directory(space, &signed);
                self.keep(txn, mailbox, envelope, verdict, bytes)
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
            // A device that had not heard of the next epoch writes it again there; one that was
            // removed does not. Nothing tells the two apart, so there is nothing to report.
            let refused = Verdict::Refused;
            return self.keep(txn, came.mailbox, came.envelope, refused, Bytes::new());
        }
        let opened = self.epoch_mut(space, epoch)?;
        let theirs = opened
            .authors
            .values()
            .filter(|author| author.person == person);
        if !opened.authors.contains_key(&certificate.author)
            && theirs.count() >= limits::AUTHORS_MAX
        {
            return self.refuse(txn, came, Some(person), outside);
        }
        opened.verified.insert(certificate.author, certificate);
        let entry = authored.entry.map(|preimage| preimage.id(&space));

        let verdict = match (authored.subject, authored.entry, entry) {
            (Subject::ERASURE, Some(preimage), Some(id)) => {
                let place = (came.mailbox, came.envelope);
                self.receive_erasures(txn, space, (id, preimage), authored, (place, &mut *outside))?
            }
            (_, _, Some(id)) if erased(txn, &id)?.is_some() => Verdict::Erased,
            (Subject::ENTRY, Some(preimage), Some(id)) => {
                self.make_sure(txn, &id, outside)?;
                self.apply(txn, space, (id, preimage), authored)?
            }
            (Subject::ENDED, None, None) if space == self.me.private => {
                self.receive_endings(txn, authored)?
            }
            (
                Subject::PERSON_KEYS | Subject::ROSTER | Subject::SPACE | Subject::RECOVERY,
                None,
                None,
            ) if space == self.me.private => self.receive_private(txn, authored, outside)?,
            (Subject::LEFT, None, None)
                if space != self.me.private
                    && authored.parts.iter().all(|part| part.is_empty()) =>
            {
                self.has_left(txn, space, person, outside)?;
                Verdict::Accepted
            }
            _ => Verdict::Unknown,
        };
        if verdict == Verdict::Waiting && self.has_no_room_for(&statement.author) {
            // Nothing of it is remembered, so that it can be fetched again once there is room.
            self.missed.insert(came.mailbox);
            return Ok(());
        }
        // Its author's chain goes on even over what was refused: a refusal is no gap.
        let mut branch = ChainBranch {
            envelope: came.envelope,
            previous: statement.previous,
            body: statement.body_hash(),
            link: statement.link(),
            entry: carries(authored.subject, authored.entry, &space),
            earlier: None,
            erased: false,
        };
        if verdict == Verdict::Erased {
            let place = ChainPlace {
                author: statement.author,
                sequence: statement.sequence,
            };
            branch.erased = self.was_awaited(txn, place, person, &branch)?;
        }
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

        if let (Verdict::Erased, Some(id)) = (verdict, entry) {
            let place = (came.mailbox, came.envelope);
            let awaited = (branch.erased, outside);
            return self.keep_erased(txn, place, (space, epoch, id), (authored, bytes), awaited);
        }
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
        let Some(changes) = admit_all(authored, &id) else {
            return Ok(Verdict::Refused);
        };
        let mut open = match self.open_entry(txn, &id)? {
            Some(open) => open,
            None => Open::new(space, preimage, Document::from_changes(Vec::new()).0),
        };
        let new = new_changes(&open, &changes);
        // Change by change: whether one may follow those before it is the same on every device,
        // whatever else was in its envelope.
        let applied = open.document.apply(changes);
        let verdict = if !applied.waiting.is_empty() {
            Verdict::Waiting
        } else if !applied.refused.is_empty() {
            Verdict::Refused
        } else {
            Verdict::Accepted
        };
        if applied.applied > 0 {
            open.note_applied(&new);
            self.keep_entry_soon(txn, id, open)?;
        } else if !open.is_new() {
            self.put_back(id, open);
        }
        if verdict == Verdict::Accepted {
            self.is_proved_by(txn, &id, &authored.parts)?;
        }
        Ok(verdict)
    }

    /// Whether as many envelopes of an author wait as may.
    fn has_no_room_for(&self, author: &AuthorId) -> bool {
        self.waiting
            .get(author)
            .is_some_and(|own| *own >= limits::WAITING_PER_AUTHOR_MAX)
    }

    /// Notes that an envelope waits.
    fn wait(
        &mut self,
        txn: &mut Txn<'_>,
        envelope: EnvelopeId,
        author: &AuthorId,
        entry: Option<EntryId>,
    ) -> Result<bool, Error> {
        let Some(entry) = entry else { return Ok(false) };
        *self.waiting.entry(*author).or_default() += 1;
        txn.append(&WaitingRecord {
            envelope,
            author: *author,
            entry,
        })?;
        Ok(true)
    }

    /// Something was applied to an entry: what waited for it may apply now. All of it at once,
    /// since one by one a thousand changes that came in the wrong order take a million tries.
    fn retry_waiting(&mut self, txn: &mut Txn<'_>, entry: EntryId) -> Result<(), Error> {
        if self.waiting.values().all(|own| *own == 0) {
            return Ok(());
        }
        let mut waiting = Vec::new();
        for (number, record) in txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX)? {
            if record.entry == entry {
                waiting.push((number, record, self.proved(txn, &record.envelope)?));
            }
        }
        let mut changes = Vec::new();
        for (_, _, authored) in &waiting {
            if let Some(authored) = authored {
                changes.extend(admit_all(authored, &entry).unwrap_or_default());
            }
        }
        if let Some(mut open) = self.open_entry(txn, &entry)? {
            let new = new_changes(&open, &changes);
            if open.document.apply(changes).applied > 0 {
                open.note_applied(&new);
                self.keep_entry_soon(txn, entry, open)?;
            } else {
                self.put_back(entry, open);
            }
        }
        for (number, record, authored) in waiting {
            let verdict = match &authored {
                Some(authored) => self.verdict_of(txn, &entry, authored)?,
                None => Verdict::Refused,
            };
            if verdict == Verdict::Waiting {
                continue;
            }
            if let (Verdict::Accepted, Some(authored)) = (verdict, &authored) {
                self.is_proved_by(txn, &entry, &authored.parts)?;
            }
            self.released = true;
            txn.delete::<WaitingRecord>(Key::Number(number));
            if let Some(own) = self.waiting.get_mut(&record.author) {
                *own = own.saturating_sub(1);
            }
            let name = Key::Name(&record.envelope.0);
            if let Some(kept) = txn.get::<EnvelopeRecord>(name)? {
                txn.put(name, &EnvelopeRecord { verdict, ..kept });
            }
        }
        Ok(())
    }

    /// A volume has brought entries: what waited for them may apply now.
    pub(super) fn retry_all_waiting(
        &mut self,
        txn: &mut Txn<'_>,
        brought: &BTreeSet<EntryId>,
        outside: &mut Outside<'_>,
    ) -> Result<(), Error> {
        if self.waiting.values().all(|own| *own == 0) {
            return Ok(());
        }
        let waiting = txn.range::<WaitingRecord>(0, Direction::Up, usize::MAX)?;
        let waiting = waiting.into_iter().map(|(_, record)| record.entry);
        let waiting: BTreeSet<EntryId> = waiting.filter(|id| brought.contains(id)).collect();
        for entry in waiting {
            self.make_sure(txn, &entry, outside)?;
            self.retry_waiting(txn, entry)?;
        }
        Ok(())
    }

    /// An envelope that was proved when it came.
    fn proved(&self, txn: &Txn<'_>, id: &EnvelopeId) -> Result<Option<Box<Authored>>, Error> {
        let Some(kept) = txn.get::<EnvelopeRecord>(Key::Name(&id.0))? else {
            return Ok(None);
        };
        let keys = self.mailbox_keys(&kept.mailbox);
        Ok(match keys.map(|keys| keys.open(&kept.bytes)) {
            Some(Ok((_, Body::Authored(authored)))) => Some(authored),
            _ => None,
        })
    }

    /// What became of an envelope whose changes were given to their entry.
    fn verdict_of(
        &mut self,
        txn: &Txn<'_>,
        entry: &EntryId,
        authored: &Authored,
    ) -> Result<Verdict, Error> {
        let Some(changes) = admit_all(authored, entry) else {
            return Ok(Verdict::Refused);
        };
        let Some(open) = self.open_entry(txn, entry)? else {
            return Ok(Verdict::Waiting);
        };
        let document = &open.document;
        let verdict = if changes.iter().all(|change| document.contains(&change.id())) {
            Verdict::Accepted
        } else if changes
            .iter()
            .any(|change| !document.missing_dependencies(change).is_empty())
        {
            Verdict::Waiting
        } else {
            Verdict::Refused
        };
        self.put_back(*entry, open);
        Ok(verdict)
    }

    /// Takes in what an author says of the others: how far they have come.
    pub(super) fn witness(
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
            let fork = chain::witness(&Chains(txn, record.person), record, head)?;
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

/// The changes of a body that pass the gate, all or none.
pub(crate) fn admit_all(authored: &Authored, entry: &EntryId) -> Option<Vec<Admitted>> {
    let (author, segment) = authored.actor_of();
    let actor = actor(&author, &segment, entry);
    let parts = authored.parts.iter();
    let changes: Vec<_> = parts
        .map(|part| admit(part, &actor).ok())
        .collect::<Option<_>>()?;
    // Only its owner begins an entry: beginning it in their name would put words into their
    // mouth, beginning it again would hide what both have typed into it.
    let owner = authored
        .entry
        .is_some_and(|preimage| preimage.owner == authored.certificate.person);
    (owner || !changes.iter().any(Admitted::is_first)).then_some(changes)
}

/// Those of `changes` that an entry has not, with their bytes.
fn new_changes(open: &Open, changes: &[Admitted]) -> Vec<(ChangeId, Vec<u8>)> {
    let new = changes
        .iter()
        .filter(|change| !open.document.contains(&change.id()));
    new.map(|change| (change.id(), change.bytes().to_vec()))
        .collect()
}
