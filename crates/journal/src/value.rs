//! Values of fields, in a document and out of it.

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ObjId, ObjType, Prop, ROOT, ReadDoc, ScalarValue, Value};
use sidelight_format::{Bytes, FieldValue};

use crate::{DEPTH_MAX, InvalidEntry};

/// Whether a new entry may hold `value`.
pub(crate) fn check(value: &FieldValue) -> Result<(), InvalidEntry> {
    let nul = match value {
        FieldValue::Text(text) => text.contains('\0'),
        FieldValue::List(texts) => texts.iter().any(|text| text.contains('\0')),
        FieldValue::Number(_) | FieldValue::Flag(_) => false,
        FieldValue::Unknown(bytes) => {
            Node::decode(bytes).ok_or(InvalidEntry::FieldValue)?;
            false
        }
    };
    if nul { Err(InvalidEntry::Nul) } else { Ok(()) }
}

/// Writes `value` as a field of the entry.
pub(crate) fn put(
    tx: &mut impl Transactable,
    name: &str,
    value: &FieldValue,
) -> Result<(), AutomergeError> {
    match value {
        FieldValue::Text(text) => tx.put(ROOT, name, text.as_str()),
        FieldValue::Number(number) => tx.put(ROOT, name, *number),
        FieldValue::Flag(flag) => tx.put(ROOT, name, *flag),
        FieldValue::List(texts) => {
            let list = tx.put_object(ROOT, name, ObjType::List)?;
            for (place, text) in texts.iter().enumerate() {
                tx.insert(&list, place, text.as_str())?;
            }
            Ok(())
        }
        FieldValue::Unknown(bytes) => {
            let node = Node::decode(bytes).ok_or(AutomergeError::Fail)?;
            node.put(tx, &ROOT, Prop::Map(name.into()), false)
        }
    }
}

/// A field's value as it is shown. What this version has no name for keeps its document's form.
pub(crate) fn read(document: &impl ReadDoc, value: &Value<'_>, id: &ObjId) -> FieldValue {
    let node = Node::read(document, value, id, 1);
    match node {
        Node::Scalar(ScalarValue::Str(text)) => FieldValue::Text(text.to_string()),
        Node::Scalar(ScalarValue::Int(number)) => FieldValue::Number(number),
        Node::Scalar(ScalarValue::Boolean(flag)) => FieldValue::Flag(flag),
        Node::List(nodes) if nodes.iter().all(Node::is_text) => {
            FieldValue::List(nodes.into_iter().filter_map(Node::into_text).collect())
        }
        node => {
            let mut bytes = Vec::new();
            node.encode(&mut bytes);
            FieldValue::Unknown(Bytes::from(bytes))
        }
    }
}

/// Any value that a document can hold.
///
/// As bytes: one for the sort, then numbers as eight bytes, texts and bytes behind their length
/// as four, lists and maps behind their number of members as four, all big-endian. `FieldValue`
/// carries these bytes so that an entry which is copied keeps what this version does not know.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Scalar(ScalarValue),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    fn is_text(&self) -> bool {
        matches!(self, Self::Scalar(ScalarValue::Str(_)))
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Scalar(ScalarValue::Str(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    fn read(document: &impl ReadDoc, value: &Value<'_>, id: &ObjId, depth: u8) -> Self {
        let child = |(value, id): (Value<'_>, ObjId)| Self::read(document, &value, &id, depth + 1);
        match value {
            Value::Scalar(scalar) => Self::Scalar(scalar.as_ref().clone()),
            // Nothing deeper passes the gate; the bound keeps the stack from depending on that.
            Value::Object(_) if depth > DEPTH_MAX => Self::Scalar(ScalarValue::Null),
            Value::Object(ObjType::Text) => Self::Text(document.text(id).unwrap_or_default()),
            Value::Object(ObjType::List) => {
                let members = (0..document.length(id))
                    .filter_map(|place| document.get(id, place).ok().flatten());
                Self::List(members.map(child).collect())
            }
            Value::Object(ObjType::Map | ObjType::Table) => {
                let named = document
                    .keys(id)
                    .filter_map(|name| Some((document.get(id, &*name).ok()??, name)));
                Self::Map(named.map(|(member, name)| (name, child(member))).collect())
            }
        }
    }

    fn put(
        &self,
        tx: &mut impl Transactable,
        parent: &ObjId,
        prop: Prop,
        insert: bool,
    ) -> Result<(), AutomergeError> {
        let kind = match self {
            Self::Scalar(scalar) => {
                return match prop {
                    Prop::Seq(place) if insert => tx.insert(parent, place, scalar.clone()),
                    prop => tx.put(parent, prop, scalar.clone()),
                };
            }
            Self::Text(_) => ObjType::Text,
            Self::List(_) => ObjType::List,
            Self::Map(_) => ObjType::Map,
        };
        let id = match prop {
            Prop::Seq(place) if insert => tx.insert_object(parent, place, kind)?,
            prop => tx.put_object(parent, prop, kind)?,
        };
        match self {
            Self::Scalar(_) => {}
            Self::Text(text) => tx.splice_text(&id, 0, 0, text)?,
            Self::List(nodes) => {
                for (place, node) in nodes.iter().enumerate() {
                    node.put(tx, &id, Prop::Seq(place), true)?;
                }
            }
            Self::Map(nodes) => {
                for (name, node) in nodes {
                    node.put(tx, &id, Prop::Map(name.clone()), false)?;
                }
            }
        }
        Ok(())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let sort = |out: &mut Vec<u8>, sort: u8| out.push(sort);
        let bytes = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend((bytes.len() as u32).to_be_bytes());
            out.extend(bytes);
        };
        match self {
            Self::Scalar(ScalarValue::Boolean(false)) => sort(out, 1),
            Self::Scalar(ScalarValue::Boolean(true)) => sort(out, 2),
            Self::Scalar(ScalarValue::Uint(number)) => {
                sort(out, 3);
                out.extend(number.to_be_bytes());
            }
            Self::Scalar(ScalarValue::Int(number)) => {
                sort(out, 4);
                out.extend(number.to_be_bytes());
            }
            Self::Scalar(ScalarValue::F64(number)) => {
                sort(out, 5);
                out.extend(number.to_be_bytes());
            }
            Self::Scalar(ScalarValue::Str(text)) => {
                sort(out, 6);
                bytes(out, text.as_bytes());
            }
            Self::Scalar(ScalarValue::Bytes(value)) => {
                sort(out, 7);
                bytes(out, value);
            }
            Self::Scalar(ScalarValue::Timestamp(time)) => {
                sort(out, 9);
                out.extend(time.to_be_bytes());
            }
            // Null, and the two sorts that the gate keeps out of every document.
            Self::Scalar(
                ScalarValue::Null | ScalarValue::Counter(_) | ScalarValue::Unknown { .. },
            ) => sort(out, 0),
            Self::Text(text) => {
                sort(out, 16);
                bytes(out, text.as_bytes());
            }
            Self::List(nodes) => {
                sort(out, 17);
                out.extend((nodes.len() as u32).to_be_bytes());
                nodes.iter().for_each(|node| node.encode(out));
            }
            Self::Map(nodes) => {
                sort(out, 18);
                out.extend((nodes.len() as u32).to_be_bytes());
                for (name, node) in nodes {
                    bytes(out, name.as_bytes());
                    node.encode(out);
                }
            }
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let node = Self::decode_from(&mut bytes, 1)?;
        bytes.is_empty().then_some(node)
    }

    fn decode_from(input: &mut &[u8], depth: u8) -> Option<Self> {
        if depth > DEPTH_MAX + 1 {
            return None;
        }
        let [sort] = take(input)?;
        Some(match sort {
            0 => Self::Scalar(ScalarValue::Null),
            1 => Self::Scalar(ScalarValue::Boolean(false)),
            2 => Self::Scalar(ScalarValue::Boolean(true)),
            3 => Self::Scalar(ScalarValue::Uint(u64::from_be_bytes(take(input)?))),
            4 => Self::Scalar(ScalarValue::Int(i64::from_be_bytes(take(input)?))),
            5 => Self::Scalar(ScalarValue::F64(f64::from_be_bytes(take(input)?))),
            6 => Self::Scalar(ScalarValue::Str(take_text(input)?.into())),
            7 => Self::Scalar(ScalarValue::Bytes(take_bytes(input)?.into())),
            9 => Self::Scalar(ScalarValue::Timestamp(i64::from_be_bytes(take(input)?))),
            16 => Self::Text(take_text(input)?.into()),
            17 => {
                let mut nodes = Vec::new(); // grows with what is there, not with what is claimed
                for _ in 0..u32::from_be_bytes(take(input)?) {
                    nodes.push(Self::decode_from(input, depth + 1)?);
                }
                Self::List(nodes)
            }
            18 => {
                let mut nodes = Vec::new();
                for _ in 0..u32::from_be_bytes(take(input)?) {
                    let name = take_text(input)?.to_owned();
                    if name.is_empty() || name.len() > crate::FIELD_NAME_LEN_MAX {
                        return None;
                    }
                    nodes.push((name, Self::decode_from(input, depth + 1)?));
                }
                Self::Map(nodes)
            }
            _ => return None,
        })
    }
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(*taken)
}

fn take_bytes<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u32::from_be_bytes(take(input)?);
    let (taken, rest) = input.split_at_checked(len as usize)?;
    *input = rest;
    Some(taken)
}

/// A text without U+0000, which the gate would refuse.
fn take_text<'a>(input: &mut &'a [u8]) -> Option<&'a str> {
    let text = core::str::from_utf8(take_bytes(input)?).ok()?;
    (!text.contains('\0')).then_some(text)
}
