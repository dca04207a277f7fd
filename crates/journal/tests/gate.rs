//! What the gate and the documents behind it do with bytes from anywhere.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::io::Write;
use std::path::Path;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, Change, ObjType, ROOT, ScalarValue};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use sidelight_format::limits;
use sidelight_journal::{ActorId, Document, FIELD_NAME_LEN_MAX, Refused, admit, readmit};

use support::chunk::{Chunk, signed, unsigned};
use support::{created, device, entry, splice};

fn refused(bytes: &[u8]) -> Refused {
    admit(bytes, &device(1)).map(|_| ()).unwrap_err()
}

#[test]
fn automerges_fixtures_and_crashers_are_accepted_or_refused_and_never_crash() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/automerge");
    let (mut admitted, mut gate_refused, mut loaded, mut damaged) = (0, 0, 0, 0);
    for file in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        // Whichever actor is expected, and every chunk boundary and one beyond tried as an end.
        for end in 0..=bytes.len() {
            match readmit(&bytes[..end]) {
                Ok(change) => {
                    let (mut document, _) = Document::from_changes(vec![change]);
                    let shown = document.render();
                    // Read off the change or not, it is what the document itself shows.
                    let mut loaded = Document::load(&document.save()).unwrap();
                    assert_eq!(loaded.render(), shown);
                    admitted += 1;
                }
                Err(_) => gate_refused += 1,
            }
            match Document::load(&bytes[..end]) {
                Ok(mut document) => {
                    document.render();
                    document.save();
                    loaded += 1;
                }
                Err(_) => damaged += 1,
            }
        }
    }
    println!(
        "gate: {admitted} admitted, {gate_refused} refused; load: {loaded} read, {damaged} damaged"
    );
    assert!(
        gate_refused > 1_000 && damaged > 1_000,
        "the fixtures are there"
    );
    // Automerge's own changes have actors of other lengths, counters and tables.
    assert_eq!(admitted, 0);
}

#[test]
fn compressed_chunks_are_refused_before_they_are_inflated() {
    let mut inner = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..100 {
        inner.write_all(&zeros).unwrap();
    }
    let inner = inner.finish().unwrap();
    assert!(inner.len() < 110_000);
    for kind in [0, 2, 3] {
        let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind];
        unsigned(&mut bytes, inner.len() as u64);
        bytes.extend(&inner);
        assert_eq!(refused(&bytes), Refused::WrongChunk);
    }
    assert_eq!(refused(&[]), Refused::Malformed);
}

#[test]
fn a_change_is_refused_that_carries_more_than_the_entry() {
    let honest = Chunk::typing(device(1));
    admit(&honest.bytes(), &device(1)).unwrap();
    assert_eq!(
        admit(&honest.bytes(), &device(2)).map(|_| ()),
        Err(Refused::Actor)
    );

    let with = |change: fn(&mut Chunk)| {
        let mut chunk = Chunk::typing(device(1));
        change(&mut chunk);
        refused(&chunk.bytes())
    };
    assert_eq!(with(|chunk| chunk.time = 1), Refused::Extras);
    assert_eq!(with(|chunk| chunk.time = -1), Refused::Extras);
    assert_eq!(with(|chunk| chunk.message = b"hi".into()), Refused::Extras);
    assert_eq!(with(|chunk| chunk.extra = vec![0]), Refused::Extras);
    assert_eq!(with(|chunk| chunk.sequence = 0), Refused::Malformed);
    assert_eq!(with(|chunk| chunk.start = 0), Refused::Malformed);
    assert_eq!(with(|chunk| chunk.start = u64::MAX), Refused::Limit);
    assert_eq!(with(|chunk| chunk.start = 1 << 31), Refused::Limit);
    assert_eq!(with(|chunk| chunk.actor = vec![1; 15]), Refused::Actor);
    assert_eq!(
        with(|chunk| chunk.dependencies = vec![[1; 32]; limits::DEPENDENCIES_MAX + 1]),
        Refused::Limit
    );
    // Sorted, each once: anything else is saved in another form than it is hashed in.
    assert_eq!(
        with(|chunk| chunk.dependencies = vec![[2; 32], [1; 32]]),
        Refused::Malformed
    );
    assert_eq!(
        with(|chunk| chunk.dependencies = vec![[1; 32], [1; 32]]),
        Refused::Malformed
    );
    assert_eq!(
        with(|chunk| chunk.others = vec![device(9).0.to_vec()]),
        Refused::Malformed
    );
    assert_eq!(
        with(|chunk| chunk.checksum = Some([0; 4])),
        Refused::Malformed
    );
    assert_eq!(
        refused(&vec![0; limits::CHANGE_LEN_MAX + 1]),
        Refused::Limit
    );
}

#[test]
fn columns_that_claim_more_than_they_hold_cost_nothing() {
    let with = |spec: u64, column: Vec<u8>| {
        let mut chunk = Chunk::typing(device(1));
        chunk.set(spec, column);
        refused(&chunk.bytes())
    };
    let run = |count: i64, value: &[u8]| {
        let mut column = Vec::new();
        signed(&mut column, count);
        column.extend(value);
        column
    };
    let nulls = |count: u64| {
        let mut column = vec![0];
        unsigned(&mut column, count);
        column
    };
    const ALL: [u64; 12] = [
        0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73,
    ];
    for spec in ALL {
        // 2^60 times the same, nothing, and 2^60 different ones that are not there.
        let bombs = [
            run(1 << 60, &[1]),
            run(i64::MAX, &[1]),
            nulls(1 << 60),
            nulls(u64::MAX),
            run(i64::MIN, &[1, 1]),
        ];
        for bomb in bombs {
            let why = with(spec, bomb);
            assert!(
                matches!(
                    why,
                    Refused::Malformed | Refused::Limit | Refused::Operation
                ),
                "{spec:#x}: {why:?}"
            );
        }
    }
    // One name, as long as the chunk, for every operation.
    let mut name = Vec::new();
    unsigned(&mut name, 600_000);
    name.resize(600_000 + name.len(), b'n');
    assert_eq!(with(0x15, run(1, &name)), Refused::Limit);
    let mut name = Vec::new();
    unsigned(&mut name, FIELD_NAME_LEN_MAX as u64 + 1);
    name.resize(name.len() + FIELD_NAME_LEN_MAX + 1, b'n');
    assert_eq!(with(0x15, run(1, &name)), Refused::Limit);
    // More operations than a change may have, at two bytes.
    assert_eq!(
        with(0x42, run(limits::OPERATIONS_MAX as i64 + 1, &[1])),
        Refused::Limit
    );
    // Operations without end on nothing: as many as a change may have, all the same.
    assert_eq!(
        with(0x42, run(limits::OPERATIONS_MAX as i64, &[1])),
        Refused::Malformed
    );
    assert_eq!(
        with(0x42, Vec::new()),
        Refused::Malformed,
        "an empty change"
    );
    for action in [5, 6, 7, 8, 127] {
        assert_eq!(with(0x42, run(2, &[action])), Refused::Operation);
    }
    for spec in [0x94, 0xa5, 0xa6, 0x1_0000] {
        assert_eq!(
            with(spec, vec![1]),
            Refused::Operation,
            "marks, and columns to come"
        );
    }
    assert_eq!(
        with(0x42 | 8, vec![2, 1]),
        Refused::Operation,
        "a compressed column"
    );
    let mut chunk = Chunk::typing(device(1));
    chunk.columns.swap(0, 1);
    assert_eq!(refused(&chunk.bytes()), Refused::Malformed);
    let mut chunk = Chunk::typing(device(1));
    chunk.columns.insert(0, chunk.columns[0].clone());
    assert_eq!(refused(&chunk.bytes()), Refused::Malformed);
}

/// A change by `actor` to a fork of an entry, made by Automerge itself.
fn by_automerge(actor: ActorId, make: impl FnOnce(&mut AutoCommit)) -> (Document, Vec<u8>) {
    let (mut document, _) = created("text");
    let mut fork = AutoCommit::load(&document.save()).unwrap();
    fork.set_actor(automerge::ActorId::from(&actor.0[..]));
    make(&mut fork);
    let bytes = fork.get_last_local_change().unwrap().raw_bytes().to_vec();
    (document, bytes)
}

#[test]
fn what_entries_do_not_use_is_refused() {
    let refuse = |make: fn(&mut AutoCommit)| refused(&by_automerge(device(1), make).1);
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "n", ScalarValue::counter(1)).unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| {
            doc.put_object(ROOT, "n", ObjType::Table).unwrap();
        }),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.delete(ROOT, "text").unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "text", 1).unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| {
            doc.put_object(ROOT, "text", ObjType::Text).unwrap();
        }),
        Refused::Operation
    );
    // The kind is fixed with the entry, as its rules are.
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "kind", "boundary").unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.delete(ROOT, "kind").unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "n", "a\0b").unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "a\0b", 1).unwrap()),
        Refused::Operation
    );
    assert_eq!(
        refuse(|doc| doc.put(ROOT, "n".repeat(65), 1).unwrap()),
        Refused::Limit
    );
    let time = |doc: &mut AutoCommit| {
        doc.put(ROOT, "n", 1).unwrap();
        doc.commit_with(automerge::transaction::CommitOptions::default().with_time(1));
    };
    assert_eq!(refuse(time), Refused::Extras);
}

#[test]
fn what_a_newer_version_may_write_is_let_in_and_kept() {
    let (mut document, bytes) = by_automerge(device(1), |doc| {
        doc.put(ROOT, "schema", 2_u64).unwrap();
        let map = doc.put_object(ROOT, "by_touch", ObjType::Map).unwrap();
        doc.put(&map, "hand", "welcome").unwrap();
        doc.put(&map, "hand", "ask_first").unwrap();
        let list = doc.put_object(&map, "notes", ObjType::List).unwrap();
        doc.insert(&list, 0, 1.5).unwrap();
        doc.insert_object(&list, 1, ObjType::Text).unwrap();
        doc.delete(&list, 0).unwrap();
        doc.put(ROOT, "date", "2027-01-31").unwrap();
    });
    let applied = document.apply(vec![admit(&bytes, &device(1)).unwrap()]);
    assert_eq!((applied.applied, applied.refused.len()), (1, 0));
    let shown = document.render();
    assert_eq!(
        (shown.kind.as_str(), shown.date.to_string().as_str()),
        ("moment", "2027-01-31")
    );
    assert_eq!(shown.fields.len(), 1);
    assert_eq!(Document::load(&document.save()).unwrap().render(), shown);
}

#[test]
fn any_root_renders() {
    for make in [
        |doc: &mut AutoCommit| doc.put(ROOT, "date", "2026-02-30").unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "date", "2026-é-1").unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "date", "+026-01-01").unwrap(),
        |doc: &mut AutoCommit| {
            doc.put_object(ROOT, "date", ObjType::List).unwrap();
        },
        |doc: &mut AutoCommit| doc.put(ROOT, "offset", i64::MIN).unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "offset", "0").unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "order", u64::MAX).unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "order", ScalarValue::Null).unwrap(),
        |doc: &mut AutoCommit| doc.delete(ROOT, "schema").unwrap(),
    ] {
        let (mut document, bytes) = by_automerge(device(1), make);
        let applied = document.apply(vec![admit(&bytes, &device(1)).unwrap()]);
        assert_eq!(applied.applied, 1);
        assert_eq!(document.render().text, "text");
    }
    for make in [
        |_: &mut AutoCommit| {},
        |doc: &mut AutoCommit| doc.put(ROOT, "kind", "NOT a kind").unwrap(),
        |doc: &mut AutoCommit| doc.put(ROOT, "kind", 1).unwrap(),
    ] {
        let mut doc = AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint);
        doc.set_actor(automerge::ActorId::from(&device(1).0[..]));
        doc.put(ROOT, "order", 1_u64).unwrap();
        make(&mut doc);
        let first = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        let first = admit(&first, &device(1)).unwrap();
        let shown = Document::from_changes(vec![first]).0.render();
        assert_eq!((shown.kind.as_str(), shown.day_order), ("unknown", 1));
    }
    let nothing = Document::from_changes(Vec::new()).0.render();
    assert_eq!(
        (nothing.kind.as_str(), nothing.date.to_string().as_str()),
        ("unknown", "0001-01-01")
    );
}

#[test]
fn fields_are_shown_up_to_a_limit() {
    let (mut document, bytes) = by_automerge(device(1), |doc| {
        for field in 0..20 {
            doc.put(ROOT, format!("field{field:02}"), "x".repeat(30_000))
                .unwrap();
        }
    });
    document.apply(vec![admit(&bytes, &device(1)).unwrap()]);
    assert_eq!(document.render().fields.len(), 8);
}

#[test]
fn nesting_has_an_end() {
    let (mut document, bytes) = by_automerge(device(1), |doc| {
        let mut map = ROOT;
        for _ in 0..2_000 {
            map = doc.put_object(&map, "m", ObjType::Map).unwrap();
        }
    });
    let applied = document.apply(vec![admit(&bytes, &device(1)).unwrap()]);
    assert_eq!(
        applied
            .refused
            .into_iter()
            .map(|(_, why)| why)
            .collect::<Vec<_>>(),
        [Refused::Limit]
    );
}

#[test]
fn an_actors_changes_are_a_chain() {
    let (document, first) = created("text");
    let mut one = document.clone();
    let mut two = document.clone();
    // The same actor writes on two copies of one store: two changes in one place.
    let a = one
        .edit(device(1), None, &[splice(0, 0, "a")])
        .unwrap()
        .unwrap();
    let b = two
        .edit(device(1), None, &[splice(0, 0, "b")])
        .unwrap()
        .unwrap();
    let after_b = two
        .edit(device(1), None, &[splice(0, 0, "c")])
        .unwrap()
        .unwrap();
    let [a, b, after_b] = [a, b, after_b].map(|edited| admit(&edited.change, &device(1)).unwrap());
    let (mut document, _) = Document::from_changes(vec![first, a]);
    let before = document.version();
    let applied = document.apply(vec![after_b, b]);
    assert_eq!(
        applied
            .refused
            .iter()
            .map(|(_, why)| *why)
            .collect::<Vec<_>>(),
        [Refused::Sequence]
    );
    assert_eq!((applied.applied, applied.waiting.len()), (0, 1));
    assert_eq!(
        (document.text().as_str(), document.version()),
        ("atext", before)
    );
}

#[test]
fn operations_are_numbered_after_those_before_and_not_far_after() {
    let (mut document, _) = created("text");
    let edited = document
        .clone()
        .edit(device(1), None, &[splice(0, 0, "x")])
        .unwrap()
        .unwrap();
    let honest = Change::try_from(&edited.change[..]).unwrap().decode();
    let last = honest.start_op.get() - 1;
    for (start, expected) in [
        (last, Err(Refused::StartOperation)),
        (last + 1, Ok(())),
        (last + limits::OPERATION_STEP_MAX, Ok(())),
        (
            last + limits::OPERATION_STEP_MAX + 1,
            Err(Refused::StartOperation),
        ),
    ] {
        let mut forged = honest.clone();
        forged.start_op = start.try_into().unwrap();
        let bytes = Change::from(forged).raw_bytes().to_vec();
        let applied = document
            .clone()
            .apply(vec![admit(&bytes, &device(1)).unwrap()]);
        let why = applied.refused.first().map_or(Ok(()), |(_, why)| Err(*why));
        assert_eq!(why, expected, "{start}");
    }
    assert_eq!(document.apply(Vec::new()).applied, 0);
}

#[test]
fn a_partner_who_forges_many_versions_does_not_make_edits_unfit() {
    let (mut document, first) = created("text");
    let mut forged = Vec::new();
    for actor in 10..210 {
        let (mut fork, _) = Document::from_changes(vec![first.clone()]);
        let edited = fork
            .edit(device(actor), None, &[splice(2, 0, "-")])
            .unwrap()
            .unwrap();
        forged.push(admit(&edited.change, &device(actor)).unwrap());
    }
    document
        .edit(device(1), None, &[splice(0, 0, ">")])
        .unwrap();
    assert_eq!(document.apply(forged).applied, 200);
    assert_eq!(document.version().heads().len(), 201);
    let mut seen = None;
    for typed in ["a", "b"] {
        let edited = document
            .edit(device(1), seen.as_ref(), &[splice(1, 0, typed)])
            .unwrap()
            .unwrap();
        let change = admit(&edited.change, &device(1)).unwrap();
        assert!(change.dependencies().len() <= limits::DEPENDENCIES_MAX);
        seen = Some(edited.version);
    }
    assert!(document.text().starts_with(">bate"), "{}", document.text());
    Document::load(&document.save()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_change_is_refused(flip in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 1..9)) {
        let (_, honest) = created("Some text, not too short. 👍🏽");
        let bytes = honest.bytes();
        let mut flipped = bytes.to_vec();
        flipped[flip.index(bytes.len())] ^= 1 << bit;
        prop_assert!(admit(&flipped, &device(0)).is_err());
        prop_assert!(admit(&bytes[..cut.index(bytes.len())], &device(0)).is_err());
        prop_assert!(admit(&[bytes, &tail].concat(), &device(0)).is_err());
        prop_assert!(admit(bytes, &device(2)).is_err());
    }

    /// As above with a checksum that fits, so that the columns themselves are reached.
    #[test]
    fn a_forged_change_is_judged_without_a_crash(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let (document, edited) = {
            let (mut document, _) = created("Some text.");
            let before = document.clone();
            let edited = document.edit(device(1), None, &[splice(2, 3, "uch"), splice(0, 1, "s")]).unwrap().unwrap();
            (before, edited.change)
        };
        let mut forged = edited.clone();
        for (place, byte) in &flips {
            let place = 10 + place.index(forged.len() - 10);
            forged[place] = *byte;
        }
        support::chunk::reseal(&mut forged);
        if let Ok(change) = admit(&forged, &device(1)) {
            let mut document = document.clone();
            document.apply(vec![change]);
            let shown = document.render();
            prop_assert_eq!(Document::load(&document.save()).unwrap().render(), shown);
        }
    }

    #[test]
    fn a_damaged_save_is_damaged(flip in any::<prop::sample::Index>(), bit in 0..8_u8, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut document, _) = created("Some text.");
        let mut saved = document.save();
        let place = flip.index(saved.len());
        saved[place] ^= 1 << bit;
        prop_assert!(Document::load(&saved).is_err());
        prop_assert!(Document::load(&bytes).is_err());
    }
}

#[test]
fn a_saved_document_alone_is_loaded() {
    let (mut document, first) = created("text");
    let saved = document.save();
    assert!(Document::load(&saved).is_ok());
    assert!(Document::load(&[&saved[..], &saved].concat()).is_err());
    assert!(Document::load(first.bytes()).is_err());
    assert!(
        Document::load(
            &AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint).save()
        )
        .is_ok(),
        "an empty document is one, too"
    );
    let (_, change) = Document::create(&entry("other"), device(5)).unwrap();
    assert!(document.replay([&change[..3]]).is_err());
}
