//! What an entry shows that one plain change made: read off the change, without Automerge.
//!
//! Nearly all entries are written once and never changed. A device that receives thousands of
//! them shows and keeps them without building a document for any.

use std::collections::BTreeMap;

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{ObjType, ScalarValue};
use sidelight_format::Rendered;

use crate::render::{cut, kind_of, no_date, offset_of, order_of, parse_date};
use crate::{Admitted, field};

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
