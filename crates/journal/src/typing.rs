//! Typing into a text that others type into as well, without walking it.

use std::sync::Arc;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange, ScalarValue};
use sidelight_format::{Edit, limits};

use crate::index::{Index, TextAt};
use crate::kinds::{Rules, Text};
use crate::sequence::Id;
use crate::{ActorId, Admitted, Document, Edited, InvalidEdit, OPERATION_COUNTER_MAX, Version};

/// What became of an attempt.
pub(crate) enum Typed {
    Made(Edited),
    /// Nothing changes.
    Nothing,
    /// Automerge is to make it: the case is rare, or no index is there.
    Elsewhere,
}

impl Document {
    /// Makes `edits` as [`edit`](Self::edit) does, if they are splices of the one text, in a
    /// version that holds all that `actor` wrote.
    pub(crate) fn type_in(
        &mut self,
        actor: ActorId,
        at: Option<&Version>,
        rules: &Rules,
        edits: &[Edit],
    ) -> Result<Typed, InvalidEdit> {
        let Some(index) = &self.index else {
            return Ok(Typed::Elsewhere);
        };
        let current = index.version();
        let at = at.unwrap_or(&current);
        let own = actor.to_automerge();
        let Some(text) = index.text_at(at, &own) else {
            return Ok(Typed::Elsewhere);
        };
        let limit = OPERATION_COUNTER_MAX - limits::OPERATIONS_MAX as u64;
        if u64::from(text.start) > limit || text.seen.len() * 4 > limits::TEXT_LEN_MAX / 2 {
            return Ok(Typed::Elsewhere);
        }
        let Some(operations) = splice(index, &text, &own, rules, edits)? else {
            return Ok(Typed::Elsewhere);
        };
        if operations.is_empty() {
            return Ok(Typed::Nothing);
        }
        let change = Change::from(ExpandedChange {
            operations: operations.clone(),
            actor_id: own,
            hash: None,
            seq: text.sequence + 1,
            start_op: u64::from(text.start)
                .try_into()
                .map_err(|_| InvalidEdit::WornOut)?,
            time: 0,
            message: None,
            deps: at.to_automerge(),
            extra_bytes: Vec::new(),
            author: None,
        });
        if change.raw_bytes().len() > limits::CHANGE_LEN_MAX {
            return Err(InvalidEdit::TooLarge);
        }
        let was_current = *at == current;
        if let Some(index) = &mut self.index
            && index.add(&change, &operations).is_err()
        {
            return Ok(Typed::Elsewhere);
        }
        self.shown = match self.shown.take() {
            Some(shown) if was_current => crate::edit::splice(shown, edits),
            _ => None,
        };
        let operations: Arc<[Op]> = operations.into();
        let made = Admitted::own(change, operations, actor);
        let edited = Edited {
            change: made.bytes().to_vec(),
            version: made.version(),
        };
        self.staged.push(made);
        Ok(Typed::Made(edited))
    }
}

/// The operations of `edits`; none of them if something beside the text changes.
fn splice(
    index: &Index,
    text: &TextAt,
    own: &automerge::ActorId,
    rules: &Rules,
    edits: &[Edit],
) -> Result<Option<Vec<Op>>, InvalidEdit> {
    // Until its first change is in the index, an actor has no place there.
    let id_of = |id: Id| match index.actor(id.actor()) {
        Some(actor) => OpId::new(u64::from(id.number()), actor),
        None => OpId::new(u64::from(id.number()), own),
    };
    let object = ObjectId::Id(id_of(text.object));
    let mut seen = text.seen.clone();
    let mut operations: Vec<Op> = Vec::new();
    for edit in edits {
        let Edit::Splice { at, delete, insert } = edit else {
            return Ok(None);
        };
        let (from, len) = (*at as usize, seen.len() as u64);
        let end = u64::from(*at) + u64::from(*delete);
        if end > len {
            return Err(InvalidEdit::OutOfRange { end, len });
        }
        let size = operations.len() as u64 + u64::from(*delete) + insert.chars().count() as u64;
        if size > limits::OPERATIONS_MAX as u64 {
            return Err(InvalidEdit::TooLarge);
        }
        let next = |operations: &[Op]| text.start + operations.len() as u32;
        let mut after = from.checked_sub(1).map(|before| seen[before]);
        let mut came = Vec::new();
        for character in insert.chars() {
            let id = Id::new(next(&operations), text.own);
            operations.push(Op {
                action: OpType::Put(ScalarValue::Str(character.to_string().into())),
                obj: object.clone(),
                key: Key::Seq(after.map_or(ElementId::Head, |id| ElementId::Id(id_of(id)))),
                pred: Vec::new().into(),
                insert: true,
            });
            came.push(id);
            after = Some(id);
        }
        for gone in &seen[from..end as usize] {
            operations.push(Op {
                action: OpType::Delete,
                obj: object.clone(),
                key: Key::Seq(ElementId::Id(id_of(*gone))),
                pred: vec![id_of(*gone)].into(),
                insert: false,
            });
        }
        seen.splice(from..end as usize, came);
    }
    if seen.is_empty() && !operations.is_empty() && rules.text != Text::Optional {
        return Err(InvalidEdit::Empty);
    }
    Ok(Some(operations))
}
