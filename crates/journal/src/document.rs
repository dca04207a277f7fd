//! One entry, with its history.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use automerge::legacy::Op;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, LoadOptions, ObjType, ROOT, ReadDoc, TextEncoding, VerificationMode};
use sidelight_format::{EntryDate, FieldValue, Kind, Rendered, limits};

use crate::gate::{Admitted, Refused, expand, readmit};
use crate::index::Index;
use crate::kinds::{Text, rules};
use crate::{ActorId, ChangeId, FIELD_NAME_LEN_MAX, Version, field, fields, plain, value};

/// One entry as an Automerge document.
///
/// Automerge walks the whole entry for each batch of changes that it takes in. So what arrives is
/// judged at once and handed over when somebody asks for something that only Automerge knows.
#[derive(Clone)]
pub struct Document {
    /// All but what is staged: [`settle`](Self::settle) first.
    pub(crate) automerge: Automerge,
    /// What the index has let in since, each after its dependencies.
    pub(crate) staged: Vec<Admitted>,
    /// Made when the first change from elsewhere arrives: showing and editing do without.
    pub(crate) index: Option<Index>,
    /// What [`text`](Self::text) gives, if it is known.
    pub(crate) shown: Option<String>,
    /// All else that is shown, if it is known.
    pub(crate) frame: Option<Rendered>,
}

/// What a new entry says.
#[derive(Clone)]
pub struct NewEntry {
    /// Its kind.
    pub kind: Kind,
    /// The day it is about.
    pub date: EntryDate,
    /// Its place among the entries of that day.
    pub day_order: u32,
    /// Its text: 1 byte to [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX), without U+0000; for
    /// [some kinds](crate::kinds::Text::Optional) it may be empty.
    pub text: String,
    /// Its other fields, each name once; a set as a list.
    pub fields: Vec<(String, FieldValue)>,
}

/// Why there can be no such entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEntry {
    /// A text of no bytes.
    #[error("an entry needs some text")]
    Empty,
    /// A text past [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX).
    #[error(
        "the text has {len} bytes; an entry holds up to {}",
        limits::TEXT_LEN_MAX
    )]
    TooLong {
        /// Its bytes.
        len: usize,
    },
    /// U+0000 in a text. Many programs take it for the end, so what follows would be lost there.
    #[error("the text holds a NUL character (U+0000); remove it")]
    Nul,
    /// A field's name that is taken, empty, repeated or longer than [`FIELD_NAME_LEN_MAX`].
    #[error("a field's name is taken, empty, repeated or longer than {FIELD_NAME_LEN_MAX} bytes")]
    FieldName,
    /// An unknown value that no document had.
    #[error("a field's value is not one that an entry can hold")]
    FieldValue,
    /// Text and fields together make a change past the limits.
    #[error("the entry's fields are too large")]
    TooLarge,
}

/// A saved document that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saved entry is damaged")]
pub struct Damaged;

/// What became of the changes given to [`Document::apply`].
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// How many of them are new in the document.
    pub applied: usize,
    /// Those of which some dependency is missing: give them again when it has come.
    pub waiting: Vec<Admitted>,
    /// Those that may not follow what they come after, and why. They never will.
    pub refused: Vec<(Admitted, Refused)>,
}

impl Document {
    /// A new entry, and the one change that makes it.
    ///
    /// # Errors
    /// [`InvalidEntry`].
    pub fn create(new: &NewEntry, actor: ActorId) -> Result<(Self, Vec<u8>), InvalidEntry> {
        new.check()?;
        if new.fields.is_empty() {
            return Self::create_plain(new, actor);
        }
        Self::create_with_fields(new, actor)
    }

    /// Without Automerge, which would make the same change.
    fn create_plain(new: &NewEntry, actor: ActorId) -> Result<(Self, Vec<u8>), InvalidEntry> {
        let by = actor.to_automerge();
        let operations: Arc<[Op]> = plain::operations(new, &by).into();
        if operations.len() > limits::OPERATIONS_MAX {
            return Err(InvalidEntry::TooLarge);
        }
        let change = plain::change(&operations, by);
        let bytes = change.raw_bytes().to_vec();
        if bytes.len() > limits::CHANGE_LEN_MAX {
            return Err(InvalidEntry::TooLarge);
        }
        let mut document = Self::empty();
        let first = Admitted::own(change, operations, actor);
        let applied = document.apply(vec![first]);
        debug_assert_eq!(applied.applied, 1);
        document.shown = Some(new.text.clone());
        Ok((document, bytes))
    }

    fn create_with_fields(new: &NewEntry, actor: ActorId) -> Result<(Self, Vec<u8>), InvalidEntry> {
        let mut document = Self::empty();
        document.automerge.set_actor(actor.to_automerge());
        let mut transaction = document.automerge.transaction();
        let tx = &mut transaction;
        let written = (|| {
            tx.put(ROOT, field::SCHEMA, field::SCHEMA_VERSION)?;
            tx.put(ROOT, field::KIND, new.kind.as_str())?;
            tx.put(ROOT, field::DATE, new.date.to_string())?;
            tx.put(ROOT, field::OFFSET, i64::from(new.date.offset_minutes()))?;
            tx.put(ROOT, field::ORDER, u64::from(new.day_order))?;
            let text = tx.put_object(ROOT, field::TEXT, ObjType::Text)?;
            tx.splice_text(&text, 0, 0, &new.text)?;
            for (name, value) in &new.fields {
                fields::put(tx, rules(&new.kind), name, value)?;
            }
            Ok::<_, automerge::AutomergeError>(())
        })();
        written.map_err(|_| InvalidEntry::FieldValue)?;
        if transaction.pending_ops() > limits::OPERATIONS_MAX {
            return Err(InvalidEntry::TooLarge);
        }
        transaction.commit_with(constant_time());
        let change = document.last_change().ok_or(InvalidEntry::Empty)?;
        if change.len() > limits::CHANGE_LEN_MAX {
            return Err(InvalidEntry::TooLarge);
        }
        document.shown = Some(new.text.clone());
        Ok((document, change))
    }

    /// A document that this device saved.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn load(saved: &[u8]) -> Result<Self, Damaged> {
        if !is_one_document(saved) {
            return Err(Damaged);
        }
        let options = LoadOptions::new()
            .text_encoding(TextEncoding::UnicodeCodePoint)
            .verification_mode(VerificationMode::Check);
        let automerge = Automerge::load_with_options(saved, options).map_err(|_| Damaged)?;
        Ok(Self {
            automerge,
            ..Self::empty()
        })
    }

    /// The document as changes make it, in any order.
    pub fn from_changes(changes: Vec<Admitted>) -> (Self, Applied) {
        let mut document = Self::empty();
        let applied = document.apply(changes);
        (document, applied)
    }

    /// The document's bytes, compressed. The same set of changes gives the same document, not
    /// always the same bytes.
    pub fn save(&mut self) -> Vec<u8> {
        self.settle();
        self.automerge.save()
    }

    /// The state that [`render`](Self::render) shows.
    pub fn version(&self) -> Version {
        match &self.index {
            Some(index) => index.version(),
            None => Version::from_automerge(&self.automerge.get_heads()),
        }
    }

    /// How many changes it has had since the first.
    pub fn amendments(&self) -> u32 {
        let changes = match &self.index {
            Some(index) => index.len() as u64,
            None => self.automerge.stats().num_changes,
        };
        u32::try_from(changes.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Whether the change is part of it.
    pub fn contains(&self, change: &ChangeId) -> bool {
        match &self.index {
            Some(index) => index.contains(change),
            None => self
                .automerge
                .get_missing_deps(&[change.to_automerge()])
                .is_empty(),
        }
    }

    /// The dependencies of `change` that are not part of it.
    pub fn missing_dependencies(&self, change: &Admitted) -> Vec<ChangeId> {
        let missing = change.dependencies().filter(|id| !self.contains(id));
        missing.collect()
    }

    /// Adds `changes`, in whatever order they come; those it has are passed over.
    ///
    /// Whether a change is refused depends on it and on what it comes after alone, so every
    /// device refuses the same ones.
    pub fn apply(&mut self, changes: Vec<Admitted>) -> Applied {
        let mut index = self.index.take().unwrap_or_else(|| self.make_index());
        let mut outcome = Applied::default();
        let mut ready = Vec::new();
        let mut queue = Queue::new(changes, &index);
        while let Some(change) = queue.next_ready() {
            match index.add(&change.change, &change.operations) {
                Ok(()) => {
                    if !index.is_of_text(&change.operations) {
                        self.frame = None;
                    }
                    queue.has_come(change.id());
                    ready.push(change);
                }
                Err(reason) => outcome.refused.push((change, reason)),
            }
        }
        outcome.waiting = queue.rest();
        outcome.applied = ready.len();
        if !ready.is_empty() {
            self.shown = None;
        }
        self.staged.append(&mut ready);
        self.index = Some(index);
        outcome
    }

    /// Hands over to Automerge what it has not seen yet.
    pub(crate) fn settle(&mut self) {
        let staged = std::mem::take(&mut self.staged);
        let changes: Vec<_> = staged.into_iter().map(|admitted| admitted.change).collect();
        if changes.is_empty() || self.automerge.apply_changes(changes.clone()).is_ok() {
            return;
        }
        // Automerge takes all or none. It has no reason left to refuse what the index let through;
        // if it does, what it refuses is missing from what is shown, and nothing else is.
        for change in changes {
            let _ = self.automerge.apply_changes([change]);
        }
    }

    /// Adds changes of this device's own store, which were applied before, in an order in which
    /// each comes after its dependencies.
    ///
    /// # Errors
    /// [`Damaged`] if they are not such changes. The document may then hold some of them.
    pub fn replay<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), Damaged> {
        let changes: Result<Vec<_>, _> = changes.into_iter().map(readmit).collect();
        let outcome = self.apply(changes.map_err(|_| Damaged)?);
        if outcome.waiting.is_empty() && outcome.refused.is_empty() {
            Ok(())
        } else {
            Err(Damaged)
        }
    }

    pub(crate) fn empty() -> Self {
        // Text is counted in Unicode scalar values on every platform. Automerge draws a random
        // actor here, which never writes: whoever writes sets their own.
        let automerge = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
        Self {
            automerge,
            staged: Vec::new(),
            index: None,
            shown: None,
            frame: None,
        }
    }

    pub(crate) fn make_index(&self) -> Index {
        let mut index = Index::default();
        for change in self.automerge.get_changes(&[]) {
            // They are in the document, so they were let in once. If one were not fit now, those
            // that come after it would wait, and nothing worse.
            let _ = index.add(&change, &expand(&change));
        }
        index
    }

    /// The bytes of the change that the document's actor made last.
    pub(crate) fn last_change(&self) -> Option<Vec<u8>> {
        let change = self.automerge.get_last_local_change()?;
        Some(change.raw_bytes().to_vec())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("amendments", &self.amendments())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEntry")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl NewEntry {
    /// Whether [`Document::create`] takes it; only its size as a change is not known here.
    ///
    /// # Errors
    /// [`InvalidEntry`].
    pub fn check(&self) -> Result<(), InvalidEntry> {
        let rules = rules(&self.kind);
        match check_text(&self.text) {
            Err(InvalidEntry::Empty) if rules.text == Text::Optional => {}
            checked => checked?,
        }
        for (place, (name, value)) in self.fields.iter().enumerate() {
            let repeated = self.fields[..place].iter().any(|(other, _)| other == name);
            if repeated || !fields::is_free(rules, name) {
                return Err(InvalidEntry::FieldName);
            }
            value::check(value)?;
        }
        Ok(())
    }
}

/// A change tells nothing of when it was made.
pub(crate) fn constant_time() -> CommitOptions {
    CommitOptions::default().with_time(0)
}

fn check_text(text: &str) -> Result<(), InvalidEntry> {
    match text.len() {
        0 => Err(InvalidEntry::Empty),
        len if len > limits::TEXT_LEN_MAX => Err(InvalidEntry::TooLong { len }),
        _ if text.contains('\0') => Err(InvalidEntry::Nul),
        _ => Ok(()),
    }
}

/// Whether `saved` is exactly one document chunk, which is all that [`Document::save`] writes.
fn is_one_document(saved: &[u8]) -> bool {
    let Some((head, rest)) = saved.split_at_checked(9) else {
        return false;
    };
    let mut len: u64 = 0;
    for (place, byte) in rest.iter().enumerate().take(9) {
        len |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            let exact = len == (rest.len() - place - 1) as u64;
            return head[..4] == [0x85, 0x6f, 0x4a, 0x83] && head[8] == 0 && exact;
        }
    }
    false
}

/// Changes waiting for those they come after.
struct Queue {
    ready: Vec<Admitted>,
    waiting: BTreeMap<ChangeId, Waiting>,
    dependents: BTreeMap<ChangeId, Vec<ChangeId>>,
}

struct Waiting {
    change: Admitted,
    missing: usize,
}

impl Queue {
    fn new(changes: Vec<Admitted>, index: &Index) -> Self {
        let mut queue = Self {
            ready: Vec::new(),
            waiting: BTreeMap::new(),
            dependents: BTreeMap::new(),
        };
        for change in changes {
            let id = change.id();
            if index.contains(&id) || queue.waiting.contains_key(&id) {
                continue;
            }
            let mut missing = 0;
            for dependency in change.dependencies().filter(|id| !index.contains(id)) {
                queue.dependents.entry(dependency).or_default().push(id);
                missing += 1;
            }
            queue.waiting.insert(id, Waiting { change, missing });
        }
        let ready: Vec<_> = queue
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.missing == 0)
            .map(|(id, _)| *id)
            .collect();
        queue.ready.extend(
            ready
                .iter()
                .filter_map(|id| queue.waiting.remove(id))
                .map(|waiting| waiting.change),
        );
        queue
    }

    fn next_ready(&mut self) -> Option<Admitted> {
        self.ready.pop()
    }

    fn has_come(&mut self, id: ChangeId) {
        for dependent in self.dependents.remove(&id).unwrap_or_default() {
            let Some(waiting) = self.waiting.get_mut(&dependent) else {
                continue;
            };
            waiting.missing -= 1;
            if waiting.missing == 0 {
                let waiting = self.waiting.remove(&dependent);
                self.ready.extend(waiting.map(|waiting| waiting.change));
            }
        }
    }

    fn rest(self) -> Vec<Admitted> {
        self.waiting
            .into_values()
            .map(|waiting| waiting.change)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_entry_begins_with_the_change_that_automerge_makes() {
        let actor = ActorId([7; ActorId::LEN]);
        for text in ["a", "Grüße, ", "👩‍👩‍👧 and after\nthat", &"long ".repeat(9_000)]
        {
            let new = NewEntry {
                kind: Kind::moment(),
                date: EntryDate::new(1660, 1, 1, -90).expect("a day"),
                day_order: 3,
                text: text.into(),
                fields: Vec::new(),
            };
            let (mut plain, ours) = Document::create(&new, actor).expect("valid");
            let (mut made, theirs) = Document::create_with_fields(&new, actor).expect("valid");
            assert_eq!(ours, theirs);
            assert!(plain.render() == made.render());
            assert_eq!(plain.save(), made.save());
        }
    }
}
