//! The first change of an entry without further fields, made and read without Automerge.
//!
//! Nearly all entries are written once and never changed. A device that imports or receives
//! thousands of them shows and keeps them without building a document for any.

use core::num::NonZeroU64;
use std::collections::BTreeMap;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange, ObjType, ScalarValue};
use sidelight_format::Rendered;

use crate::render::{cut, kind_of, no_date, offset_of, order_of, parse_date};
use crate::{Admitted, NewEntry, field};

/// What [`Document::create`](crate::Document::create) does, as Automerge would spell it out.
pub(crate) fn operations(new: &NewEntry, by: &automerge::ActorId) -> Vec<Op> {
    let put = |name: &str, action| Op {
        action,
        obj: ObjectId::Root,
        key: Key::Map(name.into()),
        pred: Vec::new().into(),
        insert: false,
    };
    let text = |text: &str| ScalarValue::Str(text.into());
    let offset = ScalarValue::Int(new.date.offset_minutes().into());
    let order = ScalarValue::Uint(new.day_order.into());
    let mut operations = vec![
        put(
            field::SCHEMA,
            OpType::Put(ScalarValue::Uint(field::SCHEMA_VERSION)),
        ),
        put(field::KIND, OpType::Put(text(new.kind.as_str()))),
        put(field::DATE, OpType::Put(text(&new.date.to_string()))),
        put(field::OFFSET, OpType::Put(offset)),
        put(field::ORDER, OpType::Put(order)),
        put(field::TEXT, OpType::Make(ObjType::Text)),
    ];
    // Operations are numbered from 1; the last one made the text.
    let made = operations.len() as u64;
    let object = ObjectId::Id(OpId::new(made, by));
    let mut after = ElementId::Head;
    let mut buffer = [0; 4];
    for (number, character) in (made + 1..).zip(new.text.chars()) {
        operations.push(Op {
            action: OpType::Put(text(character.encode_utf8(&mut buffer))),
            obj: object.clone(),
            key: Key::Seq(after),
            pred: Vec::new().into(),
            insert: true,
        });
        after = ElementId::Id(OpId::new(number, by));
    }
    operations
}

/// The change that begins an entry with `operations`.
pub(crate) fn change(operations: &[Op], by: automerge::ActorId) -> Change {
    Change::from(ExpandedChange {
        operations: operations.to_vec(),
        actor_id: by,
        hash: None,
        seq: 1,
        start_op: NonZeroU64::MIN,
        time: 0,
        message: None,
        deps: Vec::new(),
        extra_bytes: Vec::new(),
        author: None,
    })
}

/// What an entry's first change shows, if it is of the plain form in which
/// [`Document::create`](crate::Document::create) writes an entry without further fields: it puts
/// scalars under the schema's names, each once, makes the text, and writes that in one go from the
/// first character to the last. `None` for everything else, which Automerge decides. An index has
/// let the change in.
pub(crate) fn read(first: &Admitted) -> Option<Rendered> {
    let (start, actor) = (first.change.start_op().get(), first.change.actor_id());
    let is = |id: &OpId, number: u64| id.0 == number && id.1 == *actor;
    let mut values: BTreeMap<&str, &ScalarValue> = BTreeMap::new();
    let mut text = String::new();
    let (mut object, mut last) = (None, None);
    for (number, operation) in (start..).zip(first.operations.iter()) {
        match (&operation.obj, &operation.key, &operation.action) {
            (ObjectId::Root, Key::Map(name), OpType::Put(value)) => {
                if !field::is_taken(name) || values.insert(name, value).is_some() {
                    return None;
                }
            }
            (ObjectId::Root, Key::Map(name), OpType::Make(ObjType::Text)) => {
                if name != field::TEXT || object.replace(number).is_some() {
                    return None;
                }
            }
            (ObjectId::Id(id), Key::Seq(after), OpType::Put(ScalarValue::Str(character))) => {
                let follows = match (after, last) {
                    (ElementId::Head, None) => true,
                    (ElementId::Id(before), Some(last)) => is(before, last),
                    _ => false,
                };
                if !follows || !object.is_some_and(|object| is(id, object)) {
                    return None;
                }
                text.push_str(character);
                last = Some(number);
            }
            _ => return None,
        }
    }
    let scalar = |name| values.get(name).copied();
    let date = match scalar(field::DATE) {
        Some(ScalarValue::Str(date)) => parse_date(date, offset_of(scalar(field::OFFSET))),
        _ => None,
    };
    Some(Rendered {
        kind: kind_of(scalar(field::KIND)),
        date: date.unwrap_or_else(no_date),
        day_order: order_of(scalar(field::ORDER)),
        text: cut(text),
        fields: Vec::new(),
        amendments: 0,
    })
}
