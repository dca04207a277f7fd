//! Fields in a document: where each of them lies, how it is written and how it is read.
//!
//! A field that is no set is one value of the root. A set has one value of the root for each
//! member, under the field's name, a colon and the member's hash: so two devices that begin
//! the same set, or put the same member in, never have two of them. The value is the member
//! itself, or `false` where it was taken out and taking out wins.

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::Transactable;
use automerge::{Automerge, AutomergeError, ChangeHash, ObjId, ROOT, ReadDoc, Value};
use data_encoding::HEXLOWER;
use sidelight_format::{Edit, FieldValue, digest, limits};

use crate::kinds::{Field, Merge, Rules};
use crate::{InvalidEdit, field, value};

/// Where a name of the root belongs.
enum Slot {
    /// A known field that is no set.
    Register(&'static Field),
    /// A known set as a whole, which no version writes so.
    Set(&'static Field),
    /// A member of a known set.
    Member(&'static Field),
    /// Something that this version does not know.
    Unknown,
}

fn slot(rules: &Rules, name: &str) -> Slot {
    if let Some(field) = rules.field(name) {
        return if field.is_set() {
            Slot::Set(field)
        } else {
            Slot::Register(field)
        };
    }
    let set = name.split_once(':').and_then(|(set, _)| rules.field(set));
    set.filter(|field| field.is_set())
        .map_or(Slot::Unknown, Slot::Member)
}

/// Whether a new entry may have a further field of this name.
pub(crate) fn is_free(rules: &Rules, name: &str) -> bool {
    field::is_free(name) && !matches!(slot(rules, name), Slot::Member(_))
}

/// Writes a field of a new entry.
pub(crate) fn put(
    tx: &mut impl Transactable,
    rules: &Rules,
    name: &str,
    value: &FieldValue,
) -> Result<(), AutomergeError> {
    match (slot(rules, name), value) {
        (Slot::Set(field), FieldValue::List(members)) => {
            for member in members {
                tx.put(ROOT, key(field, member), member.as_str())?;
            }
            Ok(())
        }
        _ => value::put(tx, name, value),
    }
}

/// All further fields as they are shown: what was said at the same time is merged by its rule.
pub(crate) fn read(document: &Automerge, rules: &Rules) -> Vec<(String, FieldValue)> {
    let mut room = limits::TEXT_LEN_MAX;
    let mut shown = BTreeMap::new();
    let mut sets: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in document.keys(ROOT).filter(|name| !field::is_taken(name)) {
        let mut values = concurrent(document, &name, None);
        let slot = slot(rules, &name);
        let (field, value) = match slot {
            Slot::Register(field) => (field.name, field.merge(&values)),
            Slot::Set(field) => (field.name, values.pop()),
            Slot::Member(field) => {
                let Some(member) = member(field, &values) else {
                    continue;
                };
                (field.name, Some(FieldValue::Text(member)))
            }
            Slot::Unknown => ("", values.pop()),
        };
        let Some(value) = value else { continue };
        match room.checked_sub(name.len() + len(&value)) {
            Some(rest) => room = rest,
            None => break,
        }
        match (slot, value) {
            (Slot::Member(_), FieldValue::Text(member)) => {
                sets.entry(field).or_default().insert(member);
            }
            (Slot::Set(_), FieldValue::List(members)) => {
                sets.entry(field).or_default().extend(members);
            }
            (_, value) => {
                shown.insert(name, value);
            }
        }
    }
    for (name, members) in sets {
        shown.insert(name.into(), FieldValue::List(members.into_iter().collect()));
    }
    shown.into_iter().collect()
}

/// All values that a name of the root has at the same time, in the order that every device has.
pub(crate) fn concurrent(
    document: &Automerge,
    name: &str,
    at: Option<&[ChangeHash]>,
) -> Vec<FieldValue> {
    let values = conflicts(document, name, at);
    let values = values.iter();
    values
        .map(|(value, id)| value::read(document, value, id))
        .collect()
}

/// Whether a person may make this edit of a field.
///
/// # Errors
/// [`InvalidEdit`].
pub(crate) fn check(rules: &Rules, edit: &Edit) -> Result<(), InvalidEdit> {
    let fits = match edit {
        Edit::Splice { .. } | Edit::Date(_) => true,
        Edit::Add { name, member } | Edit::Remove { name, member } => match slot(rules, name) {
            Slot::Set(field) => field.accepts_member(member),
            _ => false,
        },
        Edit::Field { name, value } => match (slot(rules, name), value) {
            (Slot::Set(_) | Slot::Member(_), _) => false,
            (Slot::Register(field), _) if field.merge == Merge::Fixed => {
                return Err(InvalidEdit::Fixed);
            }
            (Slot::Register(field), None) if !field.is_removable() => {
                return Err(InvalidEdit::Fixed);
            }
            (Slot::Register(field), Some(value)) => field.accepts(value),
            (Slot::Register(_), None) => true,
            (Slot::Unknown, value) => {
                let fits = value
                    .as_ref()
                    .is_none_or(|value| value::check(value).is_ok());
                fits && field::is_free(name)
            }
        },
    };
    if fits {
        Ok(())
    } else {
        Err(InvalidEdit::FieldValue)
    }
}

/// Makes one edit of a field that was [checked](check).
///
/// # Errors
/// [`InvalidEdit`].
pub(crate) fn make<T: Transactable + ReadDoc>(
    tx: &mut T,
    rules: &Rules,
    edit: &Edit,
) -> Result<(), InvalidEdit> {
    let (name, member, comes) = match edit {
        Edit::Splice { .. } | Edit::Date(_) => return Ok(()),
        Edit::Field {
            name,
            value: Some(value),
        } => return say(tx, name, value),
        Edit::Field { name, value: None } => return take(tx, name),
        Edit::Add { name, member } => (name, member, true),
        Edit::Remove { name, member } => (name, member, false),
    };
    let Slot::Set(field) = slot(rules, name) else {
        return Err(InvalidEdit::FieldValue);
    };
    if comes {
        return say(tx, &key(field, member), &FieldValue::Text(member.clone()));
    }
    // Under its own key; another program may have put it under another one, too.
    let prefix = format!("{}:", field.name);
    let mut keys: BTreeSet<String> = tx
        .keys(ROOT)
        .filter(|key| key.starts_with(&prefix))
        .collect();
    keys.retain(|key| {
        let value = tx.get(ROOT, key.as_str()).ok().flatten();
        value.is_some_and(|(value, _)| value.as_str() == Some(member.as_str()))
    });
    keys.insert(key(field, member));
    for key in keys {
        if field.merge == Merge::RemoveWins {
            say(tx, &key, &FieldValue::Flag(false))?;
        } else {
            take(tx, &key)?;
        }
    }
    Ok(())
}

/// Edits of fields, made by somebody who saw what was there at `from`, as they are where more is
/// there at `to`: what they did not see counts as said at the same time.
pub(crate) fn rebased(
    document: &Automerge,
    rules: &Rules,
    (from, to): (&[ChangeHash], &[ChangeHash]),
    edit: &Edit,
) -> Option<Edit> {
    let unseen = |name: &str| -> Vec<FieldValue> {
        let seen = conflicts(document, name, Some(from));
        let now = conflicts(document, name, Some(to)).into_iter();
        now.filter(|(_, id)| !seen.iter().any(|(_, other)| other == id))
            .map(|(value, id)| value::read(document, &value, &id))
            .collect()
    };
    match edit {
        Edit::Splice { .. } | Edit::Date(_) => {}
        Edit::Field { name, value } => {
            if let (Slot::Register(field), Some(value)) = (slot(rules, name), value) {
                let mut values = unseen(name);
                values.push(value.clone());
                let value = field.merge(&values)?;
                return Some(Edit::Field {
                    name: name.clone(),
                    value: Some(value),
                });
            }
        }
        Edit::Add { name, member } | Edit::Remove { name, member } => {
            if let Slot::Set(field) = slot(rules, name) {
                let unseen = unseen(&key(field, member));
                let added = matches!(edit, Edit::Add { .. });
                let mut said: Vec<bool> = unseen.iter().map(is_in).collect();
                said.push(added);
                if field.is_member(&said) != added {
                    return None;
                }
            }
        }
    }
    Some(edit.clone())
}

/// How many bytes an edit of a field brings, at most.
pub(crate) fn size(edit: &Edit) -> u64 {
    let size = match edit {
        Edit::Splice { .. } | Edit::Date(_) => 0,
        Edit::Field { name, value } => name.len() + value.as_ref().map_or(0, len),
        Edit::Add { name, member } | Edit::Remove { name, member } => name.len() + member.len(),
    };
    size as u64
}

fn take<T: Transactable + ReadDoc>(tx: &mut T, name: &str) -> Result<(), InvalidEdit> {
    if tx.get(ROOT, name).map_err(unexpected)?.is_some() {
        tx.delete(ROOT, name).map_err(unexpected)?;
    }
    Ok(())
}

/// Says a value, even if it is what was said before: whoever says it again, while another device
/// says something else, is to be heard. Automerge leaves an equal value as it is, and what
/// overwrites that value elsewhere would win; so the one before is taken away first.
fn say<T: Transactable + ReadDoc>(
    tx: &mut T,
    name: &str,
    value: &FieldValue,
) -> Result<(), InvalidEdit> {
    take(tx, name)?;
    value::put(tx, name, value).map_err(unexpected)
}

/// The member of which `values` were said at the same time, if it is in the set.
fn member(field: &Field, values: &[FieldValue]) -> Option<String> {
    let said: Vec<bool> = values.iter().map(is_in).collect();
    let texts = values.iter().filter_map(|value| match value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    });
    field
        .is_member(&said)
        .then(|| texts.min().cloned())
        .flatten()
}

fn is_in(value: &FieldValue) -> bool {
    matches!(value, FieldValue::Text(_))
}

/// The name under which a set has a member: at most 31 bytes, a colon and half a hash.
fn key(field: &Field, member: &str) -> String {
    let hash = digest("member", &[field.name.as_bytes(), member.as_bytes()]);
    format!("{}:{}", field.name, HEXLOWER.encode(&hash[..16]))
}

fn conflicts<'a>(
    document: &'a Automerge,
    name: &str,
    at: Option<&[ChangeHash]>,
) -> Vec<(Value<'a>, ObjId)> {
    let values = match at {
        None => document.get_all(ROOT, name),
        Some(heads) => document.get_all_at(ROOT, name, heads),
    };
    values.unwrap_or_default()
}

/// About how many bytes a value takes where it is kept.
fn len(value: &FieldValue) -> usize {
    const FIXED: usize = 16;
    FIXED
        + match value {
            FieldValue::Text(text) => text.len(),
            FieldValue::List(texts) => texts.iter().map(|text| text.len() + FIXED).sum(),
            FieldValue::Unknown(bytes) => bytes.len(),
            FieldValue::Number(_) | FieldValue::Flag(_) => 0,
        }
}

/// Names and values are checked before, so Automerge has nothing to object to; should it do so
/// all the same, the edit is not made.
fn unexpected(_: AutomergeError) -> InvalidEdit {
    InvalidEdit::FieldValue
}
