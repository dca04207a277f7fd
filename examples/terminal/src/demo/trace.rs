//! The recorded trace of two people typing, planned as bursts.
//!
//! What one person typed in a row, without seeing anything new and without being seen half-way,
//! is one burst. Its keystrokes are typed as one edit, in exactly the text that the typist saw.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::source::{self, Source};
use crate::failure::Failure;

/// A file of editing traces.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    end_content: String,
    txns: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    parents: Vec<usize>,
    agent: usize,
    patches: Vec<(u64, u64, String)>,
}

/// One splice: at a position, in Unicode scalar values, so many go and these come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Splice {
    pub(super) at: u64,
    pub(super) delete: u64,
    pub(super) insert: String,
}

/// What one of the two typed in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Burst {
    /// Who typed it: 0 or 1.
    pub(super) by: usize,
    /// The bursts whose ends together are the text that the typist saw.
    pub(super) after: Vec<usize>,
    pub(super) splices: Vec<Splice>,
}

/// A trace, ready to be typed again.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) source: Source,
    pub(super) keystrokes: usize,
    pub(super) bursts: Vec<Burst>,
    /// What the first burst writes: the entry begins with it, as no entry is ever empty.
    pub(super) opening: String,
    /// What must come out.
    pub(super) end: String,
}

impl Trace {
    /// The trace that `given` names, else the whole one beside the project, else the excerpt.
    pub(super) fn read(given: Option<&Path>) -> Result<Self, Failure> {
        let (source, bytes) = source::read(&source::TRACE, given)?;
        let wrong = |what: String| {
            Failure::invalid(format!(
                "{source} is not a trace that can be typed again: {what}; choose another with --trace"
            ))
        };
        let file: File =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        let bursts = plan(&file.txns).map_err(wrong)?;
        let opening = bursts
            .first()
            .and_then(|first| type_in("", &first.splices))
            .filter(|text| !text.is_empty())
            .ok_or_else(|| wrong("its first burst writes nothing".into()))?;
        Ok(Self {
            keystrokes: file.txns.len(),
            bursts,
            opening,
            end: file.end_content,
            source,
        })
    }
}

/// Bursts in an order in which each comes after what it builds on.
fn plan(transactions: &[Transaction]) -> Result<Vec<Burst>, String> {
    let mut children = vec![0_usize; transactions.len()];
    for (number, transaction) in transactions.iter().enumerate() {
        if transaction.agent > 1 {
            return Err(format!("transaction {number} is by a third person"));
        }
        if transaction.parents.is_empty() != (number == 0) {
            return Err(format!("transaction {number} begins anew"));
        }
        for parent in &transaction.parents {
            if *parent >= number {
                return Err(format!("transaction {number} comes before its cause"));
            }
            children[*parent] += 1;
        }
    }

    let mut bursts: Vec<Burst> = Vec::new();
    let mut burst_of: Vec<usize> = Vec::with_capacity(transactions.len());
    // Per burst: the last burst of each person that it has seen, itself included.
    let mut seen: Vec<[Option<usize>; 2]> = Vec::new();
    let mut newest: [Option<usize>; 2] = [None, None];
    for (number, transaction) in transactions.iter().enumerate() {
        let by = transaction.agent;
        let splices = transaction
            .patches
            .iter()
            .map(|(at, delete, insert)| Splice {
                at: *at,
                delete: *delete,
                insert: insert.clone(),
            });
        // A parent is always a burst's last keystroke so far: another child would have split it.
        if let [parent] = transaction.parents[..]
            && transactions[parent].agent == by
            && children[parent] == 1
        {
            bursts[burst_of[parent]].splices.extend(splices);
            burst_of.push(burst_of[parent]);
            continue;
        }
        let mut after: Vec<usize> = transaction.parents.iter().map(|p| burst_of[*p]).collect();
        after.sort_unstable();
        after.dedup();
        let mut sees = [None, None];
        for earlier in &after {
            for (known, more) in sees.iter_mut().zip(seen[*earlier]) {
                *known = (*known).max(more);
            }
        }
        if sees[by] != newest[by] {
            return Err(format!(
                "at transaction {number}, its typist forgets what they typed"
            ));
        }
        let burst = bursts.len();
        sees[by] = Some(burst);
        newest[by] = Some(burst);
        seen.push(sees);
        burst_of.push(burst);
        bursts.push(Burst {
            by,
            after,
            splices: splices.collect(),
        });
    }
    Ok(bursts)
}

/// `text` after `splices`, or none if one of them reaches past its end.
pub(super) fn type_in(text: &str, splices: &[Splice]) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    for splice in splices {
        let at = usize::try_from(splice.at).ok()?;
        let end = at.checked_add(usize::try_from(splice.delete).ok()?)?;
        if end > chars.len() {
            return None;
        }
        chars.splice(at..end, splice.insert.chars());
    }
    Some(chars.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parents: &[usize], agent: usize, at: u64, insert: &str) -> Transaction {
        Transaction {
            parents: parents.to_vec(),
            agent,
            patches: vec![(at, 0, insert.to_owned())],
        }
    }

    #[test]
    fn a_burst_ends_where_the_other_is_seen_and_where_it_is_seen_by_the_other() {
        let bursts = plan(&[
            key(&[], 0, 0, "a"),
            key(&[0], 0, 1, "b"),
            key(&[1], 0, 2, "c"), // the other has seen "ab": a burst of its own
            key(&[1], 1, 0, "x"),
            key(&[3], 1, 1, "y"),
            key(&[2, 4], 0, 5, "d"),
        ])
        .unwrap();
        let shape: Vec<_> = bursts
            .iter()
            .map(|burst| (burst.by, burst.after.clone(), burst.splices.len()))
            .collect();
        assert_eq!(
            shape,
            [
                (0, vec![], 2),
                (0, vec![0], 1),
                (1, vec![0], 2),
                (0, vec![1, 2], 1)
            ]
        );
    }

    #[test]
    fn what_cannot_be_typed_by_two_people_is_refused() {
        for (wrong, why) in [
            (vec![key(&[], 2, 0, "a")], "third person"),
            (vec![key(&[], 0, 0, "a"), key(&[], 1, 0, "b")], "anew"),
            (vec![key(&[], 0, 0, "a"), key(&[1], 1, 0, "b")], "cause"),
            (
                vec![
                    key(&[], 0, 0, "a"),
                    key(&[0], 1, 0, "b"),
                    key(&[0], 1, 0, "c"),
                ],
                "forgets",
            ),
        ] {
            let error = plan(&wrong).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn the_excerpt_begins_with_text_and_both_type() {
        let trace = Trace::read(Some(Path::new(source::EXCERPT))).unwrap();
        assert_eq!(trace.keystrokes, 4000);
        assert!(trace.opening.starts_with("A syn"), "{}", trace.opening);
        let typed: usize = trace.bursts.iter().map(|burst| burst.splices.len()).sum();
        assert_eq!(typed, trace.keystrokes);
        for person in [0, 1] {
            assert!(trace.bursts.iter().filter(|b| b.by == person).count() > 100);
        }
    }

    #[test]
    fn splices_count_characters_not_bytes() {
        let splice = |at, delete, insert: &str| Splice {
            at,
            delete,
            insert: insert.to_owned(),
        };
        assert_eq!(
            type_in("aé🙂b", &[splice(2, 1, "x"), splice(4, 0, "!")]).as_deref(),
            Some("aéxb!")
        );
        assert_eq!(type_in("ab", &[splice(1, 2, "")]), None);
    }
}
