//! The gate: what a change must be before Automerge sees it.

use core::fmt;
use std::sync::Arc;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ObjType, ScalarValue};

use crate::columns::{self, Outline, Unfit};
use crate::{ActorId, ChangeId, Version, field};

/// A change that passed the gate. What it says of other changes is checked when it is applied,
/// for only a document knows them.
#[derive(Clone)]
pub struct Admitted {
    pub(crate) change: Change,
    /// What it does, spelled out.
    pub(crate) operations: Arc<[Op]>,
    actor: ActorId,
}

impl Admitted {
    /// A change that this crate made.
    pub(crate) fn own(change: Change, operations: Arc<[Op]>, actor: ActorId) -> Self {
        Self {
            change,
            operations,
            actor,
        }
    }

    /// Its name.
    pub fn id(&self) -> ChangeId {
        self.change.hash().into()
    }

    /// The actor it is by.
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// The chunk, as it was admitted.
    pub fn bytes(&self) -> &[u8] {
        self.change.raw_bytes()
    }

    /// The changes that it comes right after, sorted.
    pub fn dependencies(&self) -> impl ExactSizeIterator<Item = ChangeId> + '_ {
        self.change.deps().iter().copied().map(ChangeId::from)
    }

    /// Whether it comes after no other: the change that creates its entry.
    ///
    /// An entry has one such change. In an entry that two people keep, a second one by the partner
    /// could put another text in the place of the first; whoever knows who owns the entry lets
    /// only the owner's in.
    pub fn is_first(&self) -> bool {
        self.change.deps().is_empty()
    }

    /// What its writer saw once it was made: itself and all that it comes after.
    pub fn version(&self) -> Version {
        Version::new([self.id()])
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted")
            .field("id", &self.id())
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

/// Why a change is not let in.
///
/// Each reason depends on the change and on what comes before it alone, never on what a device
/// happens to know beside that, so all devices decide alike. [`Refused::Sequence`] is the one
/// exception, and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not the one encoding of an uncompressed change.
    #[error("not an uncompressed change in its one encoding")]
    Malformed,
    /// Compressed, a whole document, or a bundle: a few bytes of these can hold gigabytes.
    #[error("not an uncompressed change but another sort of chunk")]
    WrongChunk,
    /// By another actor than the envelope's author, segment and entry give.
    #[error("the change is not by the actor of its envelope")]
    Actor,
    /// With a time, a message or further bytes, which would tell more than the entry.
    #[error("the change carries a time, a message or further bytes")]
    Extras,
    /// Longer, or with more operations, dependencies or longer names than
    /// [`limits`](sidelight_format::limits) allows.
    #[error("the change is larger than a change may be")]
    Limit,
    /// An operation that entries do not use: see [the crate's list](crate#what-a-change-may-do).
    #[error("the change does something that entries do not allow")]
    Operation,
    /// An operation on something that is not there, or that its writer cannot have seen.
    #[error("the change refers to something that does not come before it")]
    Reference,
    /// The number of its first operation is not above those it comes after, or too far above.
    #[error("the change does not number its operations after those before it")]
    StartOperation,
    /// Its actor has another change in this place, or none in the place before. An honest
    /// actor's changes form a chain. If a dishonest author signs two for one place, each device
    /// keeps the one that it met first; the two signed envelopes prove who did it.
    #[error("the change's actor did not make it after its other changes")]
    Sequence,
}

impl From<Unfit> for Refused {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Malformed => Self::Malformed,
            Unfit::WrongChunk => Self::WrongChunk,
            Unfit::Actor => Self::Actor,
            Unfit::Extras => Self::Extras,
            Unfit::Limit => Self::Limit,
            Unfit::Operation => Self::Operation,
        }
    }
}

/// Lets the change in `bytes` through if it is one that `actor` may have written.
///
/// Takes memory in proportion to the number of operations, at most
/// [`OPERATIONS_MAX`](sidelight_format::limits::OPERATIONS_MAX), whatever `bytes` claim.
///
/// # Errors
/// [`Refused`], but for its last three reasons, which [`Document::apply`](crate::Document::apply)
/// gives.
pub fn admit(bytes: &[u8], actor: &ActorId) -> Result<Admitted, Refused> {
    let outline = columns::outline(bytes)?;
    if outline.actor != *actor {
        return Err(Refused::Actor);
    }
    admit_outlined(bytes, outline)
}

/// A change of this device's own store, admitted before: the gate again, for whichever actor the
/// change names.
///
/// # Errors
/// As [`admit`].
pub fn readmit(bytes: &[u8]) -> Result<Admitted, Refused> {
    admit_outlined(bytes, columns::outline(bytes)?)
}

fn admit_outlined(bytes: &[u8], outline: Outline) -> Result<Admitted, Refused> {
    let change = Change::try_from(bytes).map_err(|_| Refused::Malformed)?;
    if change.hash().0[..4] != outline.checksum || change.len() as u64 != outline.operations {
        return Err(Refused::Malformed);
    }
    let first = change.deps().is_empty();
    let expanded = change.decode();
    let mut id = OpId::new(expanded.start_op.get(), &expanded.actor_id);
    for operation in &expanded.operations {
        check(operation, &id, first)?;
        id.0 += 1;
    }
    let operations = expanded.operations.as_slice().into();
    // One change, one encoding. A document keeps operations, not chunks, and hashes what it
    // writes anew: a change in another encoding would be saved and never load again.
    if Change::from(expanded).raw_bytes() != bytes {
        return Err(Refused::Malformed);
    }
    Ok(Admitted {
        change,
        operations,
        actor: outline.actor,
    })
}

/// What can be said of an operation without its document; `first` if its change begins the entry.
fn check(operation: &Op, id: &OpId, first: bool) -> Result<(), Refused> {
    let Op {
        action,
        obj,
        key,
        pred,
        insert,
    } = operation;
    match action {
        OpType::Put(ScalarValue::Str(text)) if text.contains('\0') => {
            return Err(Refused::Operation);
        }
        OpType::Put(ScalarValue::Counter(_) | ScalarValue::Unknown { .. })
        | OpType::Make(ObjType::Table)
        | OpType::Increment(_)
        | OpType::MarkBegin(_)
        | OpType::MarkEnd(_) => return Err(Refused::Operation),
        OpType::Put(_) | OpType::Make(_) | OpType::Delete => {}
    }
    // Numbers grow along every reference (Lamport), or sequences would have no order.
    let earlier = |other: &OpId| other.0 < id.0;
    let object = match obj {
        ObjectId::Root => None,
        ObjectId::Id(object) => Some(object),
    };
    let element = match key {
        Key::Seq(ElementId::Id(element)) => Some(element),
        Key::Seq(ElementId::Head) | Key::Map(_) => None,
    };
    if !object
        .into_iter()
        .chain(element)
        .chain(pred.iter())
        .all(earlier)
    {
        return Err(Refused::Reference);
    }
    let delete = matches!(action, OpType::Delete);
    let fits = match key {
        Key::Map(name) => {
            // The text is made once, with the entry, and then only spliced: whoever could replace
            // it later would take along what others are typing into it.
            let text = *obj == ObjectId::Root && name == field::TEXT;
            let makes_text = matches!(action, OpType::Make(ObjType::Text)) && pred.is_empty();
            // Its kind says who may say what and how it merges: an entry that both keep must not
            // become one that speaks for its owner.
            let kind = *obj == ObjectId::Root && name == field::KIND;
            !insert
                && (!kind || first)
                && !name.is_empty()
                && !name.contains('\0')
                && (!text || (makes_text && first))
                && (!delete || !pred.is_empty())
        }
        Key::Seq(_) if *obj == ObjectId::Root => false,
        Key::Seq(_) if *insert => !delete && pred.is_empty(),
        // Elements come and go; they are never overwritten in place.
        Key::Seq(ElementId::Id(element)) => {
            delete && pred.len() == 1 && pred.get(0) == Some(element)
        }
        Key::Seq(ElementId::Head) => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Refused::Operation)
    }
}

/// What a change does, spelled out.
pub(crate) fn expand(change: &Change) -> Vec<Op> {
    change.decode().operations
}
