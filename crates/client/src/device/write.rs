//! Writing: a draft becomes a change, an envelope, and rows that are kept in one batch.

use sidelight_crypto::MailboxKeys;
use sidelight_format::record::{
    ChainBranch, ChainPlace, ChainRecord, ImportedRecord, RenderedRecord, SharedRecord,
    UnseenRecord,
};
use sidelight_format::{
    AuthorId, BodyHash, Edit, EntryId, EntryPreimage, EnvelopeId, EpochId, MailboxName, Mode,
    PersonId, Sequence, SpaceId, Subject, Voice, digest,
};
use sidelight_journal::{Document, NewEntry, Version, actor};
use sidelight_store::{Key, StoreError, Txn, timeline};
use sidelight_sync::{Outside, authors, chain};

use super::core::Core;
use super::entries::Open;
use super::erase::{carry, erased};
use super::{Draft, Wrote};
use crate::Error;

impl Core {
    pub(super) fn write(
        &mut self,
        txn: &mut Txn<'_>,
        drafts: &[Draft],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<Wrote>, Error> {
        // Everything that can be wrong with a draft is found before anything is changed.
        for draft in drafts {
            self.check_draft(txn, draft)?;
        }
        drafts
            .iter()
            .map(|draft| self.write_one(txn, draft, None, outside))
            .collect()
    }

    /// Whether a draft may be written.
    pub(super) fn check_draft(&self, txn: &Txn<'_>, draft: &Draft) -> Result<(), Error> {
        self.space_for(draft.shared)?;
        if draft.together && !draft.shared {
            return Err(Error::invalid(
                "an entry kept together belongs to the shared journal; share it",
            ));
        }
        new_entry(draft, 0)
            .check()
            .map_err(|error| Error::invalid(error.to_string()))?;
        self.check_kind(txn, draft)
    }

    /// Writes an entry at its place in the day; none for the next one.
    pub(super) fn write_one(
        &mut self,
        txn: &mut Txn<'_>,
        draft: &Draft,
        order: Option<u32>,
        outside: &mut Outside<'_>,
    ) -> Result<Wrote, Error> {
        let space = self.space_for(draft.shared)?;
        let source = draft
            .source
            .as_ref()
            .map(|source| imported_key(&space, source));
        if let Some(source) = &source
            && let Some(before) = txn.get::<ImportedRecord>(Key::Name(source))?
        {
            return Ok(Wrote {
                entry: before.entry,
                new: false,
            });
        }
        let preimage = EntryPreimage {
            owner: self.me.person,
            mode: if draft.together {
                Mode::Together
            } else {
                Mode::Own
            },
            random: outside.random(),
        };
        let id = preimage.id(&space);
        // Only rows of the same space count: the order is shared with the entry, and must not
        // tell how many private ones the day has.
        let day = draft.date.day_number();
        let order = match order {
            Some(order) => order,
            None => timeline::highest_order(txn, day, |row| row.space == space)?.saturating_add(1),
        };
        let new = new_entry(draft, order);
        let author = self.own_author(txn, space, outside)?;
        let (document, change) = Document::create(&new, actor(&author, &self.segment, &id))
            .map_err(|error| Error::invalid(error.to_string()))?;
        let mut open = Open::new(space, preimage, document);
        open.note(&change);
        self.author(
            txn,
            space,
            (Subject::ENTRY, Some(preimage), None),
            vec![change],
            outside,
        )?;
        self.keep_entry(txn, id, open)?;
        if let Some(source) = &source {
            txn.put(Key::Name(source), &ImportedRecord { entry: id });
        }
        Ok(Wrote {
            entry: id,
            new: true,
        })
    }

    pub(super) fn edit(
        &mut self,
        txn: &mut Txn<'_>,
        id: &EntryId,
        at: Option<&Version>,
        edits: &[Edit],
        outside: &mut Outside<'_>,
    ) -> Result<Version, Error> {
        self.make_sure(txn, id, outside)?;
        let mut open = self
            .open_entry(txn, id)?
            .ok_or_else(|| Error::not_found("there is no such entry; reload the list"))?;
        let (space, preimage) = (open.record.space, open.record.preimage);
        if preimage.mode == Mode::Own && preimage.owner != self.me.person {
            self.put_back(*id, open);
            return Err(Error::invalid(
                "only the one who wrote this entry can change it; write one of your own",
            ));
        }
        let author = self.own_author(txn, space, outside)?;
        let edited = open
            .document
            .edit(actor(&author, &self.segment, id), at, edits);
        let made = match edited {
            Ok(Some(made)) => made,
            Ok(None) => {
                let unchanged = open.document.version();
                self.put_back(*id, open);
                return Ok(unchanged);
            }
            Err(error) => {
                self.put_back(*id, open);
                return Err(Error::invalid(error.to_string()));
            }
        };
        open.note(&made.change);
        self.author(
            txn,
            space,
            (Subject::ENTRY, Some(preimage), None),
            vec![made.change],
            outside,
        )?;
        self.keep_entry(txn, *id, open)?;
        Ok(made.version)
    }

    pub(super) fn share(
        &mut self,
        txn: &mut Txn<'_>,
        entries: &[EntryId],
        outside: &mut Outside<'_>,
    ) -> Result<Vec<EntryId>, Error> {
        let private = self.me.private;
        self.space_for(true)?;
        let mut drafts = Vec::new();
        for id in entries {
            self.make_sure(txn, id, outside)?;
            let shown = txn
                .get::<RenderedRecord>(Key::Name(&id.0))?
                .ok_or_else(|| Error::not_found("there is no such entry; reload the list"))?;
            if shown.space != private {
                return Err(Error::invalid(
                    "this entry is in the shared journal already",
                ));
            }
            drafts.push(self.copy_to_share(txn, &shown.rendered)?);
        }
        let mut copies = Vec::new();
        for (id, draft) in entries.iter().zip(drafts) {
            let before = txn.get::<SharedRecord>(Key::Name(&id.0))?;
            if let Some(before) = before
                && erased(txn, &before.copy)?.is_none()
            {
                copies.push(before.copy);
                continue;
            }
            let copy = self.write_one(txn, &draft, None, outside)?.entry;
            txn.put(Key::Name(&id.0), &SharedRecord { copy });
            self.hold_no_more(txn, id);
            copies.push(copy);
        }
        Ok(copies)
    }

    pub(super) fn space_for(&self, shared: bool) -> Result<SpaceId, Error> {
        if !shared {
            return Ok(self.me.private);
        }
        self.me.shared.ok_or_else(|| {
            Error::new(
                crate::ErrorKind::NotPaired,
                "there is no partner yet; invite one, then share",
            )
        })
    }

    /// The epoch to write in, with this device's author there.
    pub(super) fn own_author(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        outside: &mut Outside<'_>,
    ) -> Result<AuthorId, Error> {
        let epoch = self.writable_epoch(txn, space, outside)?;
        let (person, generation, signing) =
            (self.me.person, self.keys().generation, self.signing());
        let segment = self.segment;
        let opened = self.epoch_mut(space, epoch)?;
        if opened.own.is_none() {
            let place = authors::Place { space, epoch };
            let begun =
                authors::begin_author(place, person, generation, &signing, segment, outside);
            txn.put(Key::Name(&epoch.0), &begun);
            opened.own = Some(begun);
        }
        let own = opened
            .own
            .as_mut()
            .ok_or_else(|| Error::internal("an author that just began"))?;
        own.segment = segment;
        Ok(own.certificate.author)
    }

    /// Writes one envelope as this device's author in the current epoch of `space`, and keeps
    /// it with everything that it changes. Returns its mailbox and id.
    pub(super) fn author(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        about: (Subject, Option<EntryPreimage>, Option<Voice>),
        parts: Vec<Vec<u8>>,
        outside: &mut Outside<'_>,
    ) -> Result<(MailboxName, EnvelopeId), Error> {
        self.dirty = true;
        self.own_author(txn, space, outside)?;
        let epoch = self.writable_epoch(txn, space, outside)?;
        let erasing = self.keys().erasing.clone();
        let opened = self.epoch_mut(space, epoch)?;
        let heads = opened.heads_of_others();
        let keys: &MailboxKeys = &opened.keys;
        let own = opened
            .own
            .as_mut()
            .ok_or_else(|| Error::internal("an author that just began"))?;
        let place = authors::Place { space, epoch };
        let written = authors::write(own, place, about, parts, &heads, (keys, &erasing), outside)
            .map_err(|_| {
            Error::invalid("this is too much for one change; make it in smaller steps")
        })?;
        txn.put(Key::Name(&epoch.0), own);
        let mailbox = keys.name();
        let certificate = own.certificate;
        opened.verified.insert(certificate.author, certificate);

        let branch = ChainBranch {
            envelope: written.id,
            previous: written.statement.previous,
            body: written.statement.body_hash(),
            link: written.statement.link(),
            entry: carries(about.0, about.1, &space),
            earlier: None,
            erased: false,
        };
        self.extend_chain(
            txn,
            space,
            epoch,
            &written.statement,
            certificate.person,
            branch,
        )?;
        self.post(txn, mailbox, written.id, written.envelope)?;
        Ok((mailbox, written.id))
    }

    /// Takes an envelope into its author's chain; returns where it forks.
    pub(super) fn extend_chain(
        &mut self,
        txn: &mut Txn<'_>,
        space: SpaceId,
        epoch: EpochId,
        statement: &sidelight_format::AuthoredStatement,
        person: PersonId,
        branch: ChainBranch,
    ) -> Result<Option<Sequence>, Error> {
        let author = statement.author;
        let opened = self.epoch_mut(space, epoch)?;
        let known = opened.authors.contains_key(&author);
        let record = opened
            .authors
            .entry(author)
            .or_insert_with(|| chain::new_author(epoch, person));
        let (mut chained, fork) = chain::extend(&Chains(txn, person), record, statement, branch)?;
        let place = ChainPlace {
            author,
            sequence: statement.sequence,
        };
        carry(txn, place, &branch.envelope, &mut chained)?;
        txn.put(Key::Name(&chain_key(&author, statement.sequence)), &chained);
        txn.put(Key::Name(&author.0), record);
        if !known {
            opened.record.authors.push(author);
            opened.record.authors.sort_unstable();
            txn.put(Key::Name(&epoch.0), &opened.record);
        }
        Ok(fork)
    }

    pub(super) fn epoch_mut(
        &mut self,
        space: SpaceId,
        epoch: EpochId,
    ) -> Result<&mut super::space::Epoch, Error> {
        self.spaces
            .get_mut(&space)
            .and_then(|space| space.open.get_mut(&epoch))
            .ok_or_else(|| Error::internal("an epoch is not kept"))
    }
}

/// The name under which it is kept that `source` was imported into `space`.
pub(super) fn imported_key(space: &SpaceId, source: &str) -> [u8; 32] {
    digest("imported", &[&space.0, source.as_bytes()])
}

pub(super) fn new_entry(draft: &Draft, day_order: u32) -> NewEntry {
    NewEntry {
        kind: draft.kind.clone(),
        date: draft.date,
        day_order,
        text: draft.text.clone(),
        fields: draft.fields.clone(),
    }
}

/// The chains of a person's authors, in a transaction.
pub(super) struct Chains<'a, 's>(pub(super) &'a Txn<'s>, pub(super) PersonId);

impl chain::Chains for Chains<'_, '_> {
    type Error = StoreError;
    fn chain(
        &self,
        author: &AuthorId,
        sequence: Sequence,
    ) -> Result<Option<ChainRecord>, StoreError> {
        self.0.get(Key::Name(&chain_key(author, sequence)))
    }

    fn erased(
        &self,
        author: &AuthorId,
        sequence: Sequence,
    ) -> Result<Option<BodyHash>, StoreError> {
        let unseen: Option<UnseenRecord> = self.0.get(Key::Name(&chain_key(author, sequence)))?;
        let mut erased = unseen.iter().flat_map(|unseen| &unseen.erased);
        let theirs = erased.find(|erased| erased.person == self.1);
        Ok(theirs.map(|erased| erased.erasure.body))
    }
}

/// The entry that a body carries something of: an erasure names one, and carries nothing.
pub(super) fn carries(
    subject: Subject,
    entry: Option<EntryPreimage>,
    space: &SpaceId,
) -> Option<EntryId> {
    let entry = entry.filter(|_| subject != Subject::ERASURE)?;
    Some(entry.id(space))
}

/// The name of one sequence of an author's log.
pub(super) fn chain_key(author: &AuthorId, sequence: Sequence) -> [u8; 40] {
    let mut key = [0; 40];
    key[..32].copy_from_slice(&author.0);
    key[32..].copy_from_slice(&sequence.0.to_be_bytes());
    key
}
