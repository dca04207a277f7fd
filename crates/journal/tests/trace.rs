//! Two people typing into one entry at the same time, keystroke by keystroke.
//!
//! `data/friendsforever-excerpt.json` is the beginning of the trace. The whole (26,078
//! keystrokes) is no part of this repository; the ignored test replays it where
//! `SIDELIGHT_TRACE` names it or it lies beside the repository, and wants a release build.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(
    clippy::disallowed_methods,
    reason = "prints how long the replay takes"
)]

mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::read::GzDecoder;
use serde::Deserialize;
use sidelight_journal::{ActorId, Admitted, ChangeId, Document, Version, admit};

use support::{created, device, splice};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    end_content: String,
    txns: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    parents: Vec<usize>,
    agent: usize,
    patches: Vec<(u32, u32, String)>,
}

/// When a keystroke reaches the other device.
#[derive(Clone, Copy, PartialEq)]
enum Delivery {
    /// At once, so that most are typed into a text that is older than what has arrived.
    Eager,
    /// With the first keystroke of the other that was typed after seeing it.
    Late,
}

/// A device, and what has been sent to it.
struct Side {
    document: Document,
    actor: ActorId,
    inbox: Vec<(usize, Admitted)>,
}

impl Side {
    /// Takes in what was typed before the keystroke `before`.
    fn receive(&mut self, before: usize) {
        let later = self.inbox.partition_point(|(place, _)| *place < before);
        let arrived: Vec<_> = self
            .inbox
            .drain(..later)
            .map(|(_, change)| change)
            .collect();
        let expected = arrived.len();
        let applied = self.document.apply(arrived);
        assert_eq!(
            (
                applied.applied,
                applied.waiting.len(),
                applied.refused.len()
            ),
            (expected, 0, 0)
        );
    }
}

impl Trace {
    /// Replays it on two devices, each keystroke in exactly the text that its typist saw.
    fn replay(&self, delivery: Delivery, actors: [u8; 2]) -> [Document; 2] {
        // An entry is never empty: one character stands behind everything that is typed.
        let (document, first) = created("¶");
        let mut sides = actors.map(|actor| Side {
            document: document.clone(),
            actor: device(actor),
            inbox: Vec::new(),
        });
        let mut ids: Vec<ChangeId> = Vec::with_capacity(self.txns.len());
        for (place, transaction) in self.txns.iter().enumerate() {
            let parents = &transaction.parents;
            let seen = match parents.as_slice() {
                [] => first.version(),
                parents => Version::new(parents.iter().map(|parent| ids[*parent])),
            };
            let side = &mut sides[transaction.agent];
            side.receive(match delivery {
                Delivery::Eager => place,
                // Own keystrokes are there already, and what they were typed after.
                Delivery::Late => {
                    let foreign = parents
                        .iter()
                        .filter(|parent| self.txns[**parent].agent != transaction.agent);
                    foreign.max().map_or(0, |parent| parent + 1)
                }
            });
            let edits: Vec<_> = transaction
                .patches
                .iter()
                .map(|(at, delete, insert)| splice(*at, *delete, insert))
                .collect();
            let edited = side
                .document
                .edit(side.actor, Some(&seen), &edits)
                .unwrap()
                .unwrap();
            let change = admit(&edited.change, &side.actor).unwrap();
            ids.push(change.id());
            sides[1 - transaction.agent].inbox.push((place, change));
        }
        sides.map(|mut side| {
            side.receive(self.txns.len());
            side.document
        })
    }

    fn check(&self, delivery: Delivery, actors: [u8; 2]) {
        let started = Instant::now();
        let expected = format!("{}¶", self.end_content);
        for mut document in self.replay(delivery, actors) {
            // Not assert_eq: the text is too long to read in a failure.
            assert!(document.text() == expected, "another text than expected");
            let saved = document.save();
            let mut loaded = Document::load(&saved).unwrap();
            assert_eq!(loaded.version(), document.version());
            assert!(loaded.render() == document.render());
            assert_eq!(loaded.amendments() as usize, self.txns.len());
        }
        println!(
            "{} keystrokes on two devices in {:?}",
            self.txns.len(),
            started.elapsed()
        );
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

#[test]
fn keystrokes_of_two_people_merge_whatever_has_arrived_when_they_are_made() {
    let excerpt = std::fs::read(data().join("friendsforever-excerpt.json")).unwrap();
    let trace: Trace = serde_json::from_slice(&excerpt).unwrap();
    trace.check(Delivery::Eager, [1, 2]);
    trace.check(Delivery::Late, [2, 1]);
}

#[test]
#[ignore = "needs the whole trace and a release build"]
fn the_whole_trace_gives_the_expected_text() {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/friendsforever.json.gz");
    let path = std::env::var_os("SIDELIGHT_TRACE").map_or(beside, PathBuf::from);
    let Ok(packed) = std::fs::read(&path) else {
        println!("{} is not there; nothing is replayed", path.display());
        return;
    };
    let mut json = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut json)
        .unwrap();
    let trace: Trace = serde_json::from_str(&json).unwrap();
    trace.check(Delivery::Late, [1, 2]);
    trace.check(Delivery::Late, [2, 1]);
}
