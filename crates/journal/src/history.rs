//! An entry as it was.

use automerge::{ChangeHash, ObjType, ROOT, ReadDoc, Value};
use sidelight_format::EntryDate;

use crate::render::{cut, no_date, offset_of, parse_date};
use crate::{Document, Version, field};

/// An entry as it was after one of its changes.
#[derive(Clone, PartialEq, Eq)]
pub struct Past {
    /// The state.
    pub version: Version,
    /// Its text then.
    pub text: String,
    /// The day that it was about then.
    pub date: EntryDate,
}

impl core::fmt::Debug for Past {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Past")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// All changes, in an order in which they apply. Those of a document that was saved are
    /// written anew, which gives the bytes that were signed unless somebody wrote them otherwise
    /// than Automerge does.
    pub fn changes(&mut self) -> Vec<Vec<u8>> {
        self.settle();
        let changes = self.automerge.get_changes(&[]).into_iter();
        changes.map(|change| change.raw_bytes().to_vec()).collect()
    }

    /// What the entry said after each of its last `limit` changes in which text or day became
    /// another, the oldest first; the last is what it says now. Changes that were made at the
    /// same time come one after another, in the order in which every device has them.
    pub fn history(&mut self, limit: usize) -> Vec<Past> {
        self.settle();
        let mut heads: Vec<ChangeHash> = Vec::new();
        let mut states: Vec<Vec<ChangeHash>> = Vec::new();
        for change in self.automerge.get_changes(&[]) {
            heads.retain(|head| !change.deps().contains(head));
            heads.push(change.hash());
            states.push(heads.clone());
        }
        let mut past: Vec<Past> = Vec::new();
        for heads in states.iter().rev() {
            let state = self.at(heads);
            // Changes that leave both as they were say nothing here; of a run of them the first
            // is the one that counts.
            if let Some(later) = past.last_mut()
                && (&later.text, later.date) == (&state.text, state.date)
            {
                later.version = state.version;
            } else if past.len() < limit {
                past.push(state);
            } else {
                break;
            }
        }
        past.reverse();
        past
    }

    fn at(&self, heads: &[ChangeHash]) -> Past {
        let text = match self.automerge.get_at(ROOT, field::TEXT, heads) {
            Ok(Some((Value::Object(ObjType::Text), id))) => {
                self.automerge.text_at(id, heads).unwrap_or_default()
            }
            _ => String::new(),
        };
        let scalar = |name: &str| match self.automerge.get_at(ROOT, name, heads) {
            Ok(Some((Value::Scalar(value), _))) => Some(value.into_owned()),
            _ => None,
        };
        let offset = offset_of(scalar(field::OFFSET).as_ref());
        let day = scalar(field::DATE);
        let day = day
            .as_ref()
            .and_then(|day| parse_date(day.as_str()?, offset));
        Past {
            version: Version::from_automerge(heads),
            text: cut(text),
            date: day.unwrap_or_else(no_date),
        }
    }
}
