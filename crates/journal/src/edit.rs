//! Changing an entry, in the text that the person saw.

use core::fmt;

use automerge::transaction::Transactable;
use automerge::{
    ActorId as AutomergeActor, AutomergeError, ChangeHash, ObjId, ObjType, PatchLog, ROOT, ReadDoc,
    Value,
};
use sidelight_format::{Edit, limits};

use crate::document::constant_time;
use crate::gate::expand;
use crate::kinds::{Rules, Text as TextRule};
use crate::rebase::{Splice, rebase};
use crate::typing::Typed;
use crate::{ActorId, ChangeId, Document, OPERATION_COUNTER_MAX, Version, field, fields};

/// An edit that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Edited {
    /// The change: one uncompressed Automerge chunk.
    pub change: Vec<u8>,
    /// What the person sees now: what they saw before, and the change. Their next edit is in
    /// this text, whatever has arrived since.
    pub version: Version,
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edited")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Why an edit cannot be made. The entry is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEdit {
    /// A version that is not of this entry.
    #[error("the edit is in a version that this entry does not have")]
    UnknownVersion,
    /// A splice past the end of the text.
    #[error("the edit reaches to {end}, the text has {len} characters")]
    OutOfRange {
        /// Where the splice ends, in Unicode scalar values.
        end: u64,
        /// The length of the text, in Unicode scalar values.
        len: u64,
    },
    /// Nothing would be left of the text.
    #[error("an entry needs some text; to be rid of it, remove the entry")]
    Empty,
    /// The text would pass [`TEXT_LEN_MAX`](limits::TEXT_LEN_MAX).
    #[error(
        "the text would have {len} bytes; an entry holds up to {}",
        limits::TEXT_LEN_MAX
    )]
    TooLong {
        /// Its bytes.
        len: usize,
    },
    /// U+0000 in a text. Many programs take it for the end, so what follows would be lost there.
    #[error("the text holds a NUL character (U+0000); remove it")]
    Nul,
    /// More characters come and go at once than one change carries.
    #[error("too much changes at once; make the edit in two steps")]
    TooLarge,
    /// A field that is said once, with the entry, a text that the rest of the entry is about, or
    /// a value that can be taken back only by saying another.
    #[error("this stays as it was said; say it anew in an entry of its own")]
    Fixed,
    /// A value that the field cannot hold.
    #[error("the entry's kind has no such field, or the field holds nothing of this sort")]
    FieldValue,
    /// The entry is of a kind without a text.
    #[error("the entry has no text to edit")]
    NoText,
    /// The entry has had so many changes that there are no numbers left for another.
    #[error("the entry has had too many changes; copy it and go on in the copy")]
    WornOut,
}

impl Document {
    /// Makes `edits` in one change by `actor`: each in the text that the ones before it left,
    /// the first in the text of `at` (`None`: of the document). Characters that others write
    /// at the same time stay.
    ///
    /// Returns `None` if nothing changes.
    ///
    /// # Errors
    /// [`InvalidEdit`].
    pub fn edit(
        &mut self,
        actor: ActorId,
        at: Option<&Version>,
        edits: &[Edit],
    ) -> Result<Option<Edited>, InvalidEdit> {
        let mut size = 0_u64;
        let rules = self.rules();
        for edit in edits {
            fields::check(rules, edit)?;
            size += fields::size(edit);
            if let Edit::Splice { delete, insert, .. } = edit {
                if rules.text == TextRule::Fixed {
                    return Err(InvalidEdit::Fixed);
                }
                if insert.contains('\0') {
                    return Err(InvalidEdit::Nul);
                }
                size += u64::from(*delete) + insert.len() as u64;
            }
        }
        if size <= SMALL {
            match self.type_in(actor, at, rules, edits)? {
                Typed::Made(edited) => return Ok(Some(edited)),
                Typed::Nothing => return Ok(None),
                Typed::Elsewhere => {}
            }
        }
        self.settle();
        let view = self.view(at)?;
        if size <= SMALL {
            return self.edit_in_place(actor, &view, edits);
        }
        // What a change takes is known once it is made, and a change that is made stays. One
        // that may be too large is made on a copy.
        let mut copy = self.clone();
        let edited = copy.edit_in_place(actor, &view, edits)?;
        if edited
            .as_ref()
            .is_some_and(|edited| edited.change.len() > limits::CHANGE_LEN_MAX)
        {
            return Err(InvalidEdit::TooLarge);
        }
        *self = copy;
        Ok(edited)
    }

    fn edit_in_place(
        &mut self,
        actor: ActorId,
        view: &View,
        edits: &[Edit],
    ) -> Result<Option<Edited>, InvalidEdit> {
        let actor = actor.to_automerge();
        let base = self.base(view, &actor)?;
        let rebased;
        let rules = self.rules();
        let edits = if base.heads == view.heads {
            edits
        } else {
            rebased = self.rebased((&view.heads, &base.heads), rules, edits)?;
            &rebased
        };
        self.automerge.set_actor(actor);
        let mut transaction = if base.isolated {
            let log = PatchLog::null();
            let transaction = self.automerge.transaction_at(log, &base.heads);
            transaction.expect("a log that records nothing belongs to every document")
        } else {
            self.automerge.transaction()
        };
        // Dropped without a commit, the transaction leaves no trace.
        make(&mut transaction, rules, edits)?;
        if transaction.pending_ops() > limits::OPERATIONS_MAX {
            return Err(InvalidEdit::TooLarge);
        }
        let (Some(hash), _) = transaction.commit_with(constant_time()) else {
            return Ok(None);
        };
        let change = self.automerge.get_change_by_hash(&hash);
        let change = change.expect("the change was committed a moment ago");
        if let Some(index) = &mut self.index {
            let _ = index.add(&change, &expand(&change)); // fit, as this crate made it
        }
        if edits
            .iter()
            .any(|edit| !matches!(edit, Edit::Splice { .. }))
        {
            self.frame = None;
        }
        self.shown = match self.shown.take() {
            Some(text) if !base.isolated => splice(text, edits),
            _ => None,
        };
        let seen = [hash].into_iter().chain(base.dropped).map(ChangeId::from);
        Ok(Some(Edited {
            change: change.raw_bytes().to_vec(),
            version: Version::new(seen),
        }))
    }

    fn view(&self, at: Option<&Version>) -> Result<View, InvalidEdit> {
        let current = self.automerge.get_heads();
        let heads = match at {
            None => current.clone(),
            Some(version) if version.heads().is_empty() => return Err(InvalidEdit::UnknownVersion),
            Some(version) => version.to_automerge(),
        };
        if heads != current && !self.automerge.get_missing_deps(&heads).is_empty() {
            return Err(InvalidEdit::UnknownVersion);
        }
        Ok(View {
            current: heads == current,
            heads,
        })
    }

    /// What the change shall come after: what the person saw, wherever that is possible.
    fn base(&self, view: &View, actor: &AutomergeActor) -> Result<Base, InvalidEdit> {
        let end_of = |hash: &ChangeHash| {
            self.automerge
                .get_change_meta_by_hash(hash)
                .map_or(0, |meta| meta.max_op)
        };
        let view_end = view.heads.iter().map(end_of).max().unwrap_or(0);
        let (mut end, mut own) = (view_end, None);
        if !view.current {
            for change in self.automerge.get_changes_meta(&view.heads) {
                end = end.max(change.max_op);
                if *change.actor == *actor {
                    own = Some(change.hash); // they come in order, so the actor's last stays
                }
            }
        }
        if end + limits::OPERATIONS_MAX as u64 > OPERATION_COUNTER_MAX {
            return Err(InvalidEdit::WornOut);
        }
        let mut heads = view.heads.clone();
        if end - view_end >= limits::OPERATION_STEP_MAX {
            heads = self.automerge.get_heads(); // or the change's numbers would be too far ahead
        } else if let Some(own) = own {
            heads.push(own); // an actor's changes are a chain
        }
        // A partner who forges concurrent actors must not make this person's changes unfit for
        // others: some heads are left out, never the actor's own change before.
        let mut dropped = Vec::new();
        if heads.len() >= limits::DEPENDENCIES_MAX {
            let own = self
                .automerge
                .get_changes_meta(&[])
                .into_iter()
                .rfind(|change| *change.actor == *actor);
            let own = own.map(|change| change.hash);
            heads.retain(|head| Some(*head) != own);
            dropped = heads.split_off(limits::DEPENDENCIES_MAX - 1);
            heads.extend(own);
        }
        let isolated = !(view.current && heads == view.heads);
        Ok(Base {
            heads,
            dropped,
            isolated,
        })
    }

    /// `edits`, made in the text at `from`, as they are in the text at `to`.
    fn rebased(
        &self,
        (from, to): (&[ChangeHash], &[ChangeHash]),
        rules: &Rules,
        edits: &[Edit],
    ) -> Result<Vec<Edit>, InvalidEdit> {
        let Some((Value::Object(ObjType::Text), text)) = self
            .automerge
            .get_at(ROOT, field::TEXT, from)
            .ok()
            .flatten()
        else {
            return Err(InvalidEdit::NoText);
        };
        let len = self.automerge.length_at(&text, from);
        let mut splices = Vec::new();
        for edit in edits {
            if let Edit::Splice { at, delete, insert } = edit {
                splices.push(Splice {
                    at: *at as usize,
                    delete: *delete as usize,
                    insert: insert.chars().collect(),
                });
            }
        }
        let patches = self
            .automerge
            .diff_obj(&text, from, to, false)
            .unwrap_or_default();
        let splices =
            rebase(len, &splices, &patches).map_err(|(end, len)| InvalidEdit::OutOfRange {
                end: end as u64,
                len: len as u64,
            })?;
        let splices = splices.into_iter().map(|splice| Edit::Splice {
            at: splice.at as u32,
            delete: splice.delete as u32,
            insert: splice.insert.into_iter().collect(),
        });
        let others = edits
            .iter()
            .filter(|edit| !matches!(edit, Edit::Splice { .. }))
            .filter_map(|edit| fields::rebased(&self.automerge, rules, (from, to), edit));
        Ok(splices.chain(others).collect())
    }
}

/// `text` after `edits`, which fit it.
pub(crate) fn splice(mut text: String, edits: &[Edit]) -> Option<String> {
    for edit in edits {
        let Edit::Splice { at, delete, insert } = edit else {
            continue;
        };
        let mut places = text.char_indices().map(|(place, _)| place);
        let from = places.nth(*at as usize).unwrap_or(text.len());
        let mut places = text[from..].char_indices().map(|(place, _)| from + place);
        let to = places.nth(*delete as usize).unwrap_or(text.len());
        text.replace_range(from..to, insert);
    }
    (text.len() <= limits::TEXT_LEN_MAX).then_some(text)
}

/// Up to this many bytes and deletions make a change below [`limits::CHANGE_LEN_MAX`] wherever
/// they are: none takes more than some 40 bytes.
const SMALL: u64 = 16 * 1024;

/// The version in which an edit was made.
struct View {
    heads: Vec<ChangeHash>,
    /// Whether that is all there is.
    current: bool,
}

/// What a change comes after.
struct Base {
    heads: Vec<ChangeHash>,
    /// What the person saw and the change cannot name.
    dropped: Vec<ChangeHash>,
    /// Whether there is more, which the change must not see.
    isolated: bool,
}

fn make<T: Transactable + ReadDoc>(
    tx: &mut T,
    rules: &Rules,
    edits: &[Edit],
) -> Result<(), InvalidEdit> {
    let mut text: Option<Text> = None;
    let mut operations = 0;
    for edit in edits {
        match edit {
            Edit::Splice { at, delete, insert } => {
                let text = match &mut text {
                    Some(text) => text,
                    none => none.insert(Text::of(tx)?),
                };
                let end = u64::from(*at) + u64::from(*delete);
                if end > text.len {
                    return Err(InvalidEdit::OutOfRange { end, len: text.len });
                }
                let inserted = insert.chars().count() as u64;
                operations += u64::from(*delete) + inserted;
                if operations > limits::OPERATIONS_MAX as u64 {
                    return Err(InvalidEdit::TooLarge);
                }
                // The number of characters is below 2^31 by OPERATION_COUNTER_MAX.
                tx.splice_text(&text.id, *at as usize, *delete as isize, insert)
                    .map_err(unexpected)?;
                text.len = text.len - u64::from(*delete) + inserted;
            }
            Edit::Date(date) => {
                tx.put(ROOT, field::DATE, date.to_string())
                    .map_err(unexpected)?;
                tx.put(ROOT, field::OFFSET, i64::from(date.offset_minutes()))
                    .map_err(unexpected)?;
            }
            Edit::Field { .. } | Edit::Add { .. } | Edit::Remove { .. } => {
                fields::make(tx, rules, edit)?;
            }
        }
    }
    let Some(text) = text else { return Ok(()) };
    if text.len == 0 && rules.text != TextRule::Optional {
        return Err(InvalidEdit::Empty);
    }
    // No character takes more than four bytes, so most texts need not be read to be measured.
    if text.len * 4 > limits::TEXT_LEN_MAX as u64 {
        let len = tx.text(&text.id).map_err(unexpected)?.len();
        // Merging may have made the text too long; then it may be shortened by and by.
        if len > limits::TEXT_LEN_MAX && len >= text.bytes_before {
            return Err(InvalidEdit::TooLong { len });
        }
    }
    Ok(())
}

struct Text {
    id: ObjId,
    /// In characters.
    len: u64,
    /// Bytes before the edit, if they may be near the limit.
    bytes_before: usize,
}

impl Text {
    fn of<T: Transactable + ReadDoc>(tx: &T) -> Result<Self, InvalidEdit> {
        let Some((Value::Object(ObjType::Text), id)) =
            tx.get(ROOT, field::TEXT).map_err(unexpected)?
        else {
            return Err(InvalidEdit::NoText);
        };
        let len = tx.length(&id) as u64;
        let near = len > (limits::TEXT_LEN_MAX / 4) as u64;
        let bytes_before = if near {
            tx.text(&id).map_err(unexpected)?.len()
        } else {
            0
        };
        Ok(Self {
            id,
            len,
            bytes_before,
        })
    }
}

/// Positions and objects are checked before, so Automerge has nothing to object to; should it
/// do so all the same, the edit is not made.
fn unexpected(_: AutomergeError) -> InvalidEdit {
    InvalidEdit::NoText
}
