//! Changes that are well made and ill meant: signed by a member, admitted by the gate, and about
//! things that do not exist.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, ExpandedChange, ObjType, ROOT, ScalarValue};
use proptest::prelude::*;
use sidelight_format::limits;
use sidelight_journal::{
    ActorId, Admitted, Document, InvalidEdit, OPERATION_COUNTER_MAX, Refused, admit,
};

use support::{created, device, splice};

/// An entry with a text, a map, a list with a map in it, and a second text, by devices 0 and 1:
/// operations 1 to 10 are device 0's, 11 and on device 1's.
fn furnished() -> (Document, Vec<Admitted>) {
    let (mut document, first) = created("text");
    let mut fork = AutoCommit::load(&document.save()).unwrap();
    fork.set_actor(automerge::ActorId::from(&device(1).0[..]));
    let map = fork.put_object(ROOT, "map", ObjType::Map).unwrap(); // 11
    fork.put(&map, "a", 1).unwrap(); // 12
    fork.put(&map, "a", 2).unwrap(); // 13
    let list = fork.put_object(ROOT, "list", ObjType::List).unwrap(); // 14
    fork.insert(&list, 0, "one").unwrap(); // 15
    fork.insert_object(&list, 1, ObjType::Map).unwrap(); // 16
    let note = fork.put_object(&map, "note", ObjType::Text).unwrap(); // 17
    fork.splice_text(&note, 0, 0, "hi").unwrap(); // 18, 19
    fork.delete(&list, 0).unwrap(); // 20
    let bytes = fork.get_last_local_change().unwrap().raw_bytes().to_vec();
    let second = admit(&bytes, &device(1)).unwrap();
    assert_eq!(document.apply(vec![second.clone()]).applied, 1);
    (document, vec![first, second])
}

fn id(number: u64, who: u8) -> OpId {
    OpId(number, automerge::ActorId::from(&device(who).0[..]))
}

fn op(action: OpType, obj: ObjectId, key: Key, pred: Vec<OpId>, insert: bool) -> Op {
    Op {
        action,
        obj,
        key,
        pred: pred.into(),
        insert,
    }
}

fn change(who: u8, start: u64, deps: &[&Admitted], operations: Vec<Op>) -> Vec<u8> {
    change_by(device(who), start, deps, operations)
}

fn change_by(who: ActorId, start: u64, deps: &[&Admitted], operations: Vec<Op>) -> Vec<u8> {
    let change = ExpandedChange {
        operations,
        actor_id: automerge::ActorId::from(&who.0[..]),
        hash: None,
        seq: 1,
        start_op: start.try_into().unwrap(),
        time: 0,
        message: None,
        deps: deps
            .iter()
            .map(|change| automerge::ChangeHash(change.id().0))
            .collect(),
        extra_bytes: Vec::new(),
        author: None,
    };
    Change::from(change).raw_bytes().to_vec()
}

#[test]
fn what_is_not_there_cannot_be_referred_to() {
    let (document, all) = furnished();
    let deps: Vec<_> = all.iter().collect();
    let put = || OpType::Put(ScalarValue::Str("x".into()));
    let name = |name: &str| Key::Map(name.into());
    let after = |id| Key::Seq(ElementId::Id(id));
    let object = ObjectId::Id;
    let (text, list) = (id(6, 0), id(14, 1));
    let cases = [
        (
            "an object",
            op(put(), object(id(9, 3)), name("a"), vec![], false),
            Refused::Reference,
        ),
        (
            "an object by somebody unknown",
            op(put(), object(id(11, 4)), name("a"), vec![], false),
            Refused::Reference,
        ),
        (
            "a value as an object",
            op(put(), object(id(12, 1)), name("a"), vec![], false),
            Refused::Reference,
        ),
        (
            "an element",
            op(put(), object(text.clone()), after(id(3, 0)), vec![], true),
            Refused::Reference,
        ),
        (
            "an element of another object",
            op(put(), object(text.clone()), after(id(15, 1)), vec![], true),
            Refused::Reference,
        ),
        (
            "a deletion as an element",
            op(put(), object(list.clone()), after(id(20, 1)), vec![], true),
            Refused::Reference,
        ),
        (
            "a value to overwrite",
            op(put(), ObjectId::Root, name("new"), vec![id(5, 0)], false),
            Refused::Reference,
        ),
        (
            "a value under another name",
            op(put(), ObjectId::Root, name("date"), vec![id(1, 0)], false),
            Refused::Reference,
        ),
        (
            "a character to delete",
            op(
                OpType::Delete,
                object(text.clone()),
                after(id(18, 1)),
                vec![id(18, 1)],
                false,
            ),
            Refused::Reference,
        ),
        (
            "itself",
            op(put(), object(text.clone()), after(id(21, 2)), vec![], true),
            Refused::Reference,
        ),
        (
            "what comes later",
            op(put(), object(text.clone()), after(id(22, 2)), vec![], true),
            Refused::Reference,
        ),
        (
            "a place in a map",
            op(
                put(),
                object(id(11, 1)),
                Key::Seq(ElementId::Head),
                vec![],
                true,
            ),
            Refused::Operation,
        ),
        (
            "a name in a text",
            op(put(), object(text.clone()), name("a"), vec![], false),
            Refused::Operation,
        ),
        (
            "two characters as one",
            op(
                OpType::Put("xy".into()),
                object(text.clone()),
                Key::Seq(ElementId::Head),
                vec![],
                true,
            ),
            Refused::Operation,
        ),
        (
            "a number in a text",
            op(
                OpType::Put(1.into()),
                object(text.clone()),
                Key::Seq(ElementId::Head),
                vec![],
                true,
            ),
            Refused::Operation,
        ),
        (
            "a map in a text",
            op(
                OpType::Make(ObjType::Map),
                object(text.clone()),
                Key::Seq(ElementId::Head),
                vec![],
                true,
            ),
            Refused::Operation,
        ),
        (
            "an element overwritten",
            op(
                put(),
                object(list.clone()),
                after(id(15, 1)),
                vec![id(15, 1)],
                false,
            ),
            Refused::Operation,
        ),
        (
            "a deletion of nothing",
            op(OpType::Delete, ObjectId::Root, name("date"), vec![], false),
            Refused::Operation,
        ),
        (
            "a deletion of two",
            op(
                OpType::Delete,
                object(text),
                after(id(7, 0)),
                vec![id(7, 0), id(8, 0)],
                false,
            ),
            Refused::Operation,
        ),
    ];
    for (what, operation, expected) in cases {
        let bytes = change(2, 21, &deps, vec![operation]);
        let why = match admit(&bytes, &device(2)) {
            Err(why) => why,
            Ok(change) => {
                let mut document = document.clone();
                let version = document.version();
                let applied = document.apply(vec![change]);
                assert_eq!(document.version(), version, "{what}");
                applied
                    .refused
                    .first()
                    .unwrap_or_else(|| panic!("{what} is let in"))
                    .1
            }
        };
        assert_eq!(why, expected, "{what}");
    }
}

#[test]
fn what_the_writer_cannot_have_seen_cannot_be_referred_to() {
    let (document, all) = furnished();
    // After the first change only, about a map that the second made.
    let operation = op(
        OpType::Put(1.into()),
        ObjectId::Id(id(11, 1)),
        Key::Map("a".into()),
        vec![],
        false,
    );
    let blind = change(2, 21, &[&all[0]], vec![operation.clone()]);
    let applied = document
        .clone()
        .apply(vec![admit(&blind, &device(2)).unwrap()]);
    assert_eq!(applied.refused[0].1, Refused::Reference);
    // The same to a device that has not seen the second either.
    let (_, applied) =
        Document::from_changes(vec![all[0].clone(), admit(&blind, &device(2)).unwrap()]);
    assert_eq!(applied.refused[0].1, Refused::Reference);

    let seeing = change(2, 21, &[&all[0], &all[1]], vec![operation]);
    assert_eq!(
        document
            .clone()
            .apply(vec![admit(&seeing, &device(2)).unwrap()])
            .applied,
        1
    );
}

/// Where the operations of a member's change begin, so that each can come after those before.
fn start(who: u8) -> u64 {
    1 + 10 * u64::from(who)
}

#[test]
fn a_member_who_uses_up_all_numbers_ends_edits_and_breaks_nothing() {
    let (mut document, mut all) = furnished();
    let mut start = 20;
    while start < OPERATION_COUNTER_MAX - 1 {
        start = (start + limits::OPERATION_STEP_MAX).min(OPERATION_COUNTER_MAX - 1);
        let deps: Vec<_> = all.last().into_iter().collect();
        let put = OpType::Put(1.into());
        let operation = op(put, ObjectId::Root, Key::Map("a".into()), vec![], false);
        // Each by another actor, of whom there are enough.
        let who = (all.len() as u32).to_be_bytes();
        let who = ActorId([who, who, who, who].concat().try_into().unwrap());
        let bytes = change_by(who, start, &deps, vec![operation.clone()]);
        all.push(admit(&bytes, &who).unwrap());
        let beyond = change_by(who, OPERATION_COUNTER_MAX, &[], vec![operation]);
        assert_eq!(admit(&beyond, &who).map(|_| ()), Err(Refused::Limit));
    }
    let shown = document.text();
    assert_eq!(document.apply(all.clone()).applied, all.len() - 2);
    assert_eq!(
        document.edit(device(0), None, &[splice(0, 0, "x")]),
        Err(InvalidEdit::WornOut)
    );
    assert_eq!(Document::load(&document.save()).unwrap().text(), shown);
}

fn any_id() -> impl Strategy<Value = OpId> {
    prop_oneof![
        4 => (1..21_u64).prop_map(|number| id(number, u8::from(number > 10))),
        2 => (0..4_u64, 2..5_u8).prop_map(|(place, who)| id(start(who) + place, who)),
        1 => (0..30_u64, 0..6_u8).prop_map(|(number, who)| id(number, who)),
    ]
}

fn any_operation() -> impl Strategy<Value = Op> {
    let scalar = prop_oneof![
        4 => Just(ScalarValue::Str("x".into())),
        1 => Just(ScalarValue::Int(7)),
        1 => Just(ScalarValue::Null),
        1 => Just(ScalarValue::Bytes(vec![1, 2])),
        1 => Just(ScalarValue::Str("2026-02-02".into())),
    ];
    let action = prop_oneof![
        6 => scalar.prop_map(OpType::Put),
        3 => Just(OpType::Delete),
        1 => prop::sample::select(vec![ObjType::Map, ObjType::List, ObjType::Text]).prop_map(OpType::Make),
    ];
    let obj = prop_oneof![
        2 => Just(ObjectId::Root),
        // The map, the list, the map in it, and the two texts, of which one counts most.
        6 => prop::sample::select(vec![id(6, 0), id(6, 0), id(11, 1), id(14, 1), id(16, 1), id(17, 1)]).prop_map(ObjectId::Id),
        1 => any_id().prop_map(ObjectId::Id),
    ];
    let name = prop::sample::select(vec![
        "a", "kind", "map", "list", "note", "date", "text", "schema",
    ]);
    (
        action,
        obj,
        name,
        prop::option::weighted(0.8, any_id()),
        prop::collection::vec(any_id(), 0..2),
        0..8_u8,
    )
        .prop_map(|(action, obj, name, element, pred, shape)| {
            let seq = |element: &Option<OpId>| {
                Key::Seq(element.clone().map_or(ElementId::Head, ElementId::Id))
            };
            let in_sequence =
                matches!(&obj, ObjectId::Id(object) if [6, 14, 17].contains(&object.0));
            // Mostly of the right shape, so that much is let in.
            match shape {
                0 => op(action, obj, seq(&element), pred, true),
                1 => op(action, obj, Key::Map(name.into()), pred, false),
                _ if in_sequence && action == OpType::Delete => {
                    let pred = element.clone().into_iter().collect();
                    op(action, obj, seq(&element), pred, false)
                }
                _ if in_sequence => op(action, obj, seq(&element), vec![], true),
                _ => op(action, obj, Key::Map(name.into()), pred, false),
            }
        })
}

/// What there is of a member's change: who, after which of the two honest changes and of the
/// members' changes before it, and what.
type Made = (u8, [bool; 5], Vec<Op>);

fn any_change(who: u8) -> impl Strategy<Value = Made> {
    (
        Just(who),
        any::<[bool; 5]>(),
        prop::collection::vec(any_operation(), 1..4),
    )
}

thread_local! {
    static LET_IN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn judge(made: &[Made], order: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let (_, mut all) = furnished();
    for (who, after, operations) in made {
        let deps: Vec<_> = all
            .iter()
            .zip(after)
            .enumerate()
            .filter(|(place, (_, after))| *place == 1 || **after)
            .map(|(_, (change, _))| change)
            .collect();
        if let Ok(change) = admit(
            &change(*who, start(*who), &deps, operations.clone()),
            &device(*who),
        ) {
            all.push(change);
        }
    }
    let (mut expected, applied) = Document::from_changes(all.clone());
    LET_IN.set(LET_IN.get() + applied.applied as u32 - 2);
    let shown = expected.render();
    let mut loaded = Document::load(&expected.save()).expect("what was let in can be saved");
    prop_assert_eq!(loaded.version(), expected.version());
    prop_assert_eq!(&loaded.render(), &shown);

    // Another device gets them in another order, one by one, and some of them while it waits.
    let mut other = Document::from_changes(Vec::new()).0;
    let mut rest = all;
    let mut waiting = Vec::new();
    for pick in order.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let change = rest.swap_remove(pick.index(rest.len()));
        waiting.push(change);
        waiting = other.apply(waiting).waiting;
        other = Document::load(&other.save()).expect("what was let in can be saved");
    }
    prop_assert_eq!(other.version(), expected.version());
    prop_assert_eq!(other.render(), shown);
    Ok(())
}

#[test]
fn ill_meant_changes_never_crash_and_all_devices_decide_alike() {
    let config = ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let strategy = (
        any_change(2),
        any_change(3),
        any_change(4),
        prop::collection::vec(any::<prop::sample::Index>(), 5),
    );
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&strategy, |(a, b, c, order)| judge(&[a, b, c], &order))
        .unwrap();
    let let_in = LET_IN.get();
    println!("{let_in} of 6,000 changes were let in");
    assert!(let_in > 300, "most are refused, and some must not be");
}
