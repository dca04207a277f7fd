//! Any order of delivery gives the same entry.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use proptest::prelude::*;
use sidelight_format::{Edit, EntryDate};
use sidelight_journal::{Admitted, Document, Version, admit};

use support::{created, device, splice};

/// One step of one of three devices.
#[derive(Clone, Debug)]
enum Step {
    /// Types somewhere, perhaps into an old version.
    Type {
        who: u8,
        at: u32,
        delete: u32,
        insert: String,
        back: usize,
    },
    /// Sets the day.
    Date { who: u8, day: u8 },
    /// Takes in what another has, up to some change.
    Receive { who: u8, upto: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..3_u8, any::<u32>(), 0..4_u32, "[a-cé€🎈]{0,4}", 0..4_usize)
            .prop_map(|(who, at, delete, insert, back)| Step::Type { who, at, delete, insert, back }),
        1 => (0..3_u8, 1..29_u8).prop_map(|(who, day)| Step::Date { who, day }),
        3 => (0..3_u8, any::<usize>()).prop_map(|(who, upto)| Step::Receive { who, upto }),
    ]
}

/// Runs `steps` on three devices and returns every change, in the order they were made.
fn run(steps: &[Step]) -> Vec<Admitted> {
    let (document, first) = created("begin");
    let mut documents = [document.clone(), document.clone(), document];
    let mut versions: [Vec<Version>; 3] = std::array::from_fn(|_| vec![first.version()]);
    let mut all = vec![first];
    for step in steps {
        let (who, edit, at) = match step {
            Step::Receive { who, upto } => {
                let changes = all[..=upto % all.len()].to_vec();
                let applied = documents[usize::from(*who)].apply(changes);
                assert!(applied.waiting.is_empty() && applied.refused.is_empty());
                continue;
            }
            Step::Date { who, day } => {
                let date = EntryDate::new(2026, 2, *day, i16::from(*day)).unwrap();
                (*who, Edit::Date(date), None)
            }
            Step::Type {
                who,
                at,
                delete,
                insert,
                back,
            } => {
                let seen = &versions[usize::from(*who)];
                let at = at % 8;
                // Back 0: the text as it is; else the version of some edit of their own before.
                let version = back
                    .checked_sub(1)
                    .map(|back| seen[seen.len() - 1 - back % seen.len()].clone());
                (*who, splice(at, *delete, insert), version)
            }
        };
        let document = &mut documents[usize::from(who)];
        // Out of range or empty: nothing changes, which is tested elsewhere.
        if let Ok(Some(edited)) = document.edit(device(who), at.as_ref(), &[edit]) {
            versions[usize::from(who)].push(edited.version);
            all.push(admit(&edited.change, &device(who)).unwrap());
        }
    }
    for document in &mut documents {
        document.apply(all.clone());
    }
    let [a, b, c] = documents.map(|mut document| document.render());
    assert_eq!(a, b);
    assert_eq!(b, c);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_delivery_gives_the_same_entry(
        steps in prop::collection::vec(step(), 1..40),
        order in any::<prop::sample::Index>(),
        shuffle in prop::collection::vec(any::<u32>(), 48),
    ) {
        let all = run(&steps);
        let (mut expected, applied) = Document::from_changes(all.clone());
        prop_assert_eq!(applied.applied, all.len());

        let mut shuffled: Vec<_> = all.iter().cloned().zip(shuffle.iter().cycle()).collect();
        shuffled.sort_by_key(|(_, key)| **key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(change, _)| change).collect();

        // One by one, each twice; what waits is given again with the next.
        let mut one_by_one = Document::from_changes(Vec::new()).0;
        let mut waiting = Vec::new();
        for change in shuffled.iter().flat_map(|change| [change, change]) {
            waiting.push(change.clone());
            let applied = one_by_one.apply(waiting);
            prop_assert!(applied.refused.is_empty());
            waiting = applied.waiting;
            prop_assert!(waiting.iter().all(|change| !one_by_one.missing_dependencies(change).is_empty()));
        }
        prop_assert!(waiting.is_empty());

        // In two batches, with a save between them.
        let (head, tail) = shuffled.split_at(order.index(shuffled.len()));
        let (mut batched, applied) = Document::from_changes(head.to_vec());
        batched = Document::load(&batched.save()).unwrap();
        let again = applied.waiting.into_iter().chain(tail.iter().cloned()).chain(head.iter().cloned());
        let applied = batched.apply(again.collect());
        prop_assert!(applied.waiting.is_empty() && applied.refused.is_empty());

        for document in [&mut one_by_one, &mut batched] {
            prop_assert_eq!(document.render(), expected.render());
            prop_assert_eq!(document.version(), expected.version());
            let mut loaded = Document::load(&document.save()).unwrap();
            prop_assert_eq!(loaded.render(), expected.render());
            prop_assert_eq!(loaded.version(), expected.version());
        }

        // The store replays its own tail.
        let (mut replayed, _) = Document::from_changes(vec![all[0].clone()]);
        replayed.replay(all[1..].iter().map(Admitted::bytes)).unwrap();
        prop_assert_eq!(replayed.render(), expected.render());
    }
}
