//! Entries on this device: documents, their rendered form, and their place in the timeline.

use std::collections::VecDeque;

use sidelight_format::record::{EntryRecord, IndexKey, IndexRow, RenderedRecord, Unproved};
use sidelight_format::{Bytes, EntryId, EntryPreimage, Mode, SpaceId};
use sidelight_journal::{ChangeId, Document, Version};
use sidelight_store::{Key, StoreError, Txn, timeline};

use super::core::Core;
use super::volumes::change_hash;
use crate::Error;

/// How many documents stay in memory: the one being typed into, and some neighbours.
const DOCUMENTS_MAX: usize = 4;

/// The tail of changes is folded into the saved document when it outgrows this, or a quarter
/// of the document: so a burst of typing costs what it brings, not what the entry holds.
const TAIL_LEN_MAX: usize = 16 * 1024;

/// Documents in use, the newest last.
#[derive(Default)]
pub(super) struct Documents(VecDeque<(EntryId, Open)>);

impl Documents {
    pub(super) fn has(&self, id: &EntryId) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    pub(super) fn forget(&mut self, id: &EntryId) {
        self.0.retain(|(known, _)| known != id);
    }
}

/// An entry with its document.
pub(super) struct Open {
    pub(super) record: EntryRecord,
    pub(super) document: Document,
    tail_len: usize,
    /// Whether it has changed since it was kept.
    changed: bool,
}

impl Open {
    pub(super) fn new(space: SpaceId, preimage: EntryPreimage, document: Document) -> Self {
        let record = EntryRecord {
            space,
            preimage,
            document: Bytes::new(),
            tail: Vec::new(),
        };
        Self {
            record,
            document,
            tail_len: 0,
            changed: false,
        }
    }

    /// Takes note of a change that the document has applied.
    pub(super) fn note(&mut self, change: &[u8]) {
        self.tail_len += change.len();
        self.record.tail.push(Bytes::from(change.to_vec()));
    }

    /// Takes note of those of `changes` that the document has applied: in the order in which it
    /// can apply them again.
    pub(super) fn note_applied(&mut self, changes: &[(ChangeId, Vec<u8>)]) {
        for (id, bytes) in changes {
            if self.document.contains(id) {
                self.note(bytes);
            }
        }
    }

    /// Whether nothing of the entry is here yet.
    pub(super) fn is_new(&self) -> bool {
        self.record.tail.is_empty() && self.record.document.is_empty()
    }

    fn fold(&mut self) {
        if self.tail_len > TAIL_LEN_MAX.max(self.record.document.len() / 4) {
            self.record.document = Bytes::from(self.document.save());
            self.record.tail.clear();
            self.tail_len = 0;
        }
    }
}

impl Core {
    /// Takes an entry's document out, from memory or from the store.
    pub(super) fn open_entry(
        &mut self,
        txn: &Txn<'_>,
        id: &EntryId,
    ) -> Result<Option<Open>, Error> {
        if let Some(place) = self.documents.0.iter().position(|(known, _)| known == id) {
            return Ok(self.documents.0.remove(place).map(|(_, open)| open));
        }
        let Some(record) = kept(txn, id)? else {
            return Ok(None);
        };
        let document = document(&record)?;
        let tail_len = record.tail.iter().map(|change| change.len()).sum();
        Ok(Some(Open {
            record,
            document,
            tail_len,
            changed: false,
        }))
    }

    /// Keeps an entry that has changed, at the latest when the step ends: what a step brings to
    /// one entry is taken in, rendered and kept together.
    pub(super) fn keep_entry_soon(
        &mut self,
        txn: &mut Txn<'_>,
        id: EntryId,
        mut open: Open,
    ) -> Result<(), Error> {
        open.changed = true;
        self.documents.0.push_back((id, open));
        self.trim_documents(txn)
    }

    /// Keeps every entry that has changed.
    pub(super) fn keep_entries(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        for place in 0..self.documents.0.len() {
            let Some((id, mut open)) = self.documents.0.remove(place) else {
                break;
            };
            if open.changed {
                self.keep_open(txn, id, &mut open)?;
            }
            self.documents.0.insert(place, (id, open));
        }
        self.trim_documents(txn)
    }

    /// Lets go of the documents that were longest not in use.
    fn trim_documents(&mut self, txn: &mut Txn<'_>) -> Result<(), Error> {
        while self.documents.0.len() > DOCUMENTS_MAX {
            let Some((id, mut open)) = self.documents.0.pop_front() else {
                break;
            };
            if open.changed {
                self.keep_open(txn, id, &mut open)?;
            }
        }
        Ok(())
    }

    /// Keeps an entry: its document, what it shows, its place in the timeline.
    pub(super) fn keep_entry(
        &mut self,
        txn: &mut Txn<'_>,
        id: EntryId,
        mut open: Open,
    ) -> Result<(), Error> {
        self.keep_open(txn, id, &mut open)?;
        self.documents.0.push_back((id, open));
        self.trim_documents(txn)
    }

    fn keep_open(&mut self, txn: &mut Txn<'_>, id: EntryId, open: &mut Open) -> Result<(), Error> {
        // Before the document is replaced, of which it may have to be made.
        let before = rendered(txn, &id)?;
        let unproved = before.as_ref().and_then(unproved);
        let before = before.map(|before| self.lock.disguise(index_row(id, &before)));
        open.fold();
        txn.put(Key::Name(&id.0), &open.record);
        let mut shown = render(&open.record, &mut open.document);
        shown.unproved = unproved;
        let row = self.lock.disguise(index_row(id, &shown));
        let keys = (before.as_ref().map(|row| row.key), row.key);
        self.note_changed(txn, id, keys)?;
        match before {
            None => timeline::insert(txn, row)?,
            Some(before) if before != row => timeline::replace(txn, &before.key, row)?,
            Some(_) => {}
        }
        txn.put(Key::Name(&id.0), &shown);
        self.changed.insert(id);
        open.changed = false;
        Ok(())
    }

    /// Puts a document back as it was.
    pub(super) fn put_back(&mut self, id: EntryId, open: Open) {
        self.documents.0.push_back((id, open));
    }
}

/// An entry's document as it is kept.
pub(super) fn document(record: &EntryRecord) -> Result<Document, Error> {
    let damaged = |_| Error::internal("a kept document does not load");
    let mut document = if record.document.is_empty() {
        Document::from_changes(Vec::new()).0
    } else {
        Document::load(&record.document).map_err(damaged)?
    };
    document
        .replay(record.tail.iter().map(|change| change.as_slice()))
        .map_err(damaged)?;
    Ok(document)
}

/// An entry's changes, as they are kept: by themselves, or beside what it shows as a volume brought
/// both.
pub(super) fn kept(txn: &Txn<'_>, id: &EntryId) -> Result<Option<EntryRecord>, Error> {
    let name = Key::Name(&id.0);
    if let Some(record) = txn.get::<EntryRecord>(name)? {
        return Ok(Some(record));
    }
    Ok(txn.get::<RenderedRecord>(name)?.and_then(brought))
}

/// An entry's changes, if they lie beside what it shows.
pub(super) fn brought(shown: RenderedRecord) -> Option<EntryRecord> {
    (!shown.changes.is_empty()).then_some(EntryRecord {
        space: shown.space,
        preimage: shown.preimage,
        document: Bytes::new(),
        tail: shown.changes,
    })
}

/// What is not proved of an entry, with each change that is not.
pub(super) fn unproved(shown: &RenderedRecord) -> Option<Unproved> {
    let unproved = shown.unproved.clone()?;
    let all = || {
        shown
            .changes
            .iter()
            .map(|change| change_hash(change))
            .collect()
    };
    Some(Unproved {
        left: Some(unproved.left.unwrap_or_else(all)),
        ..unproved
    })
}

/// What an entry shows, as it is kept beside its document. Where that is damaged or gone, it is made
/// anew of the document, if that lies by itself: it alone decides. It is kept again with the next
/// change.
pub(super) fn rendered(txn: &Txn<'_>, id: &EntryId) -> Result<Option<RenderedRecord>, Error> {
    match txn.get::<RenderedRecord>(Key::Name(&id.0)) {
        Ok(Some(shown)) => return Ok(Some(shown)),
        Ok(None) | Err(StoreError::Damaged) => {}
        Err(error) => return Err(error.into()),
    }
    let record = txn.get::<EntryRecord>(Key::Name(&id.0))?;
    let anew = |record: EntryRecord| Ok(render(&record, &mut document(&record)?));
    record.map(anew).transpose()
}

fn render(record: &EntryRecord, document: &mut Document) -> RenderedRecord {
    RenderedRecord {
        space: record.space,
        preimage: record.preimage,
        version: document
            .version()
            .heads()
            .iter()
            .map(|head| head.0)
            .collect(),
        rendered: document.render(),
        changes: Vec::new(),
        unproved: None,
    }
}

/// An entry's row in the timeline.
pub(super) fn index_row(entry: EntryId, shown: &RenderedRecord) -> IndexRow {
    let rendered = &shown.rendered;
    IndexRow {
        key: IndexKey {
            day: rendered.date.day_number(),
            order: rendered.day_order,
            entry,
        },
        date: rendered.date,
        space: shown.space,
        owner: shown.preimage.owner,
        together: shown.preimage.mode == Mode::Together,
        kind: rendered.kind.clone(),
    }
}

/// The version of an entry as it is kept rendered.
pub(super) fn version(shown: &RenderedRecord) -> Version {
    Version::new(shown.version.iter().copied().map(ChangeId))
}
