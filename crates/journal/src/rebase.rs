//! Carries splices from the text in which they were made to another state of it.
//!
//! Needed when a change cannot come after exactly what the person saw: two windows of one
//! device edit the same old version, but an actor's changes are a chain.

use std::collections::BTreeMap;

use automerge::{Patch, PatchAction};

/// At `at`, `delete` characters go and `insert` come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) at: usize,
    pub(crate) delete: usize,
    pub(crate) insert: Vec<char>,
}

/// A character of the text in which the splices were made, or one that they bring.
#[derive(Clone, Copy)]
enum Slot {
    Old(usize),
    New(char),
}

/// `splices`, made one after another in a text of `len` characters, as splices of what `patches`
/// make of that text. New characters stay behind the same neighbour; characters that are gone
/// are not deleted again.
///
/// # Errors
/// The end of a splice that is out of range, and the length of the text there.
pub(crate) fn rebase(
    len: usize,
    splices: &[Splice],
    patches: &[Patch],
) -> Result<Vec<Splice>, (usize, usize)> {
    let mut text: Vec<Slot> = (0..len).map(Slot::Old).collect();
    let mut kept = vec![true; len];
    for Splice { at, delete, insert } in splices {
        let end = at.saturating_add(*delete);
        if end > text.len() {
            return Err((end, text.len()));
        }
        for slot in text.splice(at..&end, insert.iter().copied().map(Slot::New)) {
            if let Slot::Old(place) = slot {
                kept[place] = false;
            }
        }
    }

    // What comes right behind the nth old character that stays (0: at the beginning).
    let mut behind: Vec<Vec<char>> = vec![Vec::new(); len + 1];
    let mut last = 0;
    for slot in text {
        match slot {
            Slot::Old(place) => last = place + 1,
            Slot::New(character) => behind[last].push(character),
        }
    }

    let target = patched(len, patches);
    let mut inserts: BTreeMap<usize, Vec<char>> = BTreeMap::new();
    let mut places = vec![None; len];
    for (place, old) in target.iter().enumerate() {
        if let Some(old) = old {
            places[*old] = Some(place);
        }
    }
    let mut anchor = 0; // behind the last old character so far that is in the target
    for (old, insert) in behind.into_iter().enumerate() {
        if let Some(place) = old.checked_sub(1).and_then(|old| places[old]) {
            anchor = place + 1;
        }
        if !insert.is_empty() {
            // Typed over a character that is still there: in its place, whatever came before it.
            let replaced = kept.get(old).filter(|kept| !**kept).and(places.get(old));
            let place = replaced.copied().flatten().unwrap_or(anchor);
            inserts.entry(place).or_default().extend(insert);
        }
    }

    let mut rebased: Vec<Splice> = Vec::new();
    for place in 0..=target.len() {
        let insert = inserts.remove(&place);
        let gone = target
            .get(place)
            .is_some_and(|old| old.is_some_and(|old| !kept[old]));
        match (insert, rebased.last_mut()) {
            (Some(insert), _) => rebased.push(Splice {
                at: place,
                delete: usize::from(gone),
                insert,
            }),
            (None, Some(last)) if gone && last.at + last.delete == place => last.delete += 1,
            (None, _) if gone => rebased.push(Splice {
                at: place,
                delete: 1,
                insert: Vec::new(),
            }),
            (None, _) => {}
        }
    }
    rebased.reverse(); // from the end, so that none moves another
    Ok(rebased)
}

/// Which old character, if any, each character is of the text that `patches` make of `len` ones.
fn patched(len: usize, patches: &[Patch]) -> Vec<Option<usize>> {
    let mut text: Vec<Option<usize>> = (0..len).map(Some).collect();
    for patch in patches {
        match &patch.action {
            PatchAction::SpliceText { index, value, .. } => {
                let count = value.make_string().chars().count();
                let index = (*index).min(text.len());
                text.splice(index..index, core::iter::repeat_n(None, count));
            }
            PatchAction::DeleteSeq { index, length } => {
                let end = index.saturating_add(*length).min(text.len());
                text.drain((*index).min(end)..end);
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(at: usize, delete: usize, insert: &str) -> Splice {
        Splice {
            at,
            delete,
            insert: insert.chars().collect(),
        }
    }

    fn patches(actions: impl IntoIterator<Item = PatchAction>) -> Vec<Patch> {
        let patch = |action| Patch {
            obj: automerge::ROOT,
            path: Vec::new(),
            action,
        };
        actions.into_iter().map(patch).collect()
    }

    fn inserted(index: usize, text: &str) -> PatchAction {
        let value =
            automerge::ConcreteTextValue::new(text, automerge::TextEncoding::UnicodeCodePoint);
        PatchAction::SpliceText {
            index,
            value,
            marks: None,
        }
    }

    fn apply(text: &str, splices: &[Splice]) -> String {
        let mut text: Vec<char> = text.chars().collect();
        for Splice { at, delete, insert } in splices {
            text.splice(at..&(at + delete), insert.iter().copied());
        }
        text.into_iter().collect()
    }

    #[test]
    fn an_edit_keeps_its_place_when_others_write_around_it() {
        // "one two three" became "Zero, one three four".
        let others = patches([
            inserted(13, " four"),
            PatchAction::DeleteSeq {
                index: 3,
                length: 4,
            },
            inserted(0, "Zero, "),
        ]);
        let rebased = rebase(
            13,
            &[splice(0, 1, "O"), splice(8, 5, "3"), splice(9, 0, "!")],
            &others,
        );
        assert_eq!(
            apply("Zero, one three four", &rebased.unwrap()),
            "Zero, One 3! four"
        );
    }

    #[test]
    fn what_is_gone_is_not_deleted_again_and_what_was_typed_there_stays() {
        let others = patches([PatchAction::DeleteSeq {
            index: 1,
            length: 3,
        }]);
        let rebased = rebase(5, &[splice(1, 3, ""), splice(1, 0, "x")], &others).unwrap();
        assert_eq!(apply("ae", &rebased), "axe");
    }

    #[test]
    fn a_splice_past_the_end_says_where() {
        assert_eq!(
            rebase(3, &[splice(0, 0, "ab"), splice(4, 2, "")], &[]),
            Err((6, 5))
        );
    }

    #[test]
    fn without_other_edits_it_is_the_same_edit() {
        let edits = [splice(1, 2, "xyz"), splice(0, 1, ""), splice(4, 0, "é")];
        let rebased = rebase(6, &edits, &[]).unwrap();
        assert_eq!(apply("abcdef", &rebased), apply("abcdef", &edits));
    }
}
