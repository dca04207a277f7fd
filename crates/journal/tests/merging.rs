//! What was said at the same time: the rules alone, and in documents.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;
use sidelight_format::{Bytes, Edit, FieldValue, Kind, Rendered};
use sidelight_journal::kinds::{Field, Merge, Window, rules};
use sidelight_journal::{Admitted, Document, NewEntry, admit};

use support::{device, entry};

/// One step of one of three devices, in whatever is being merged.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Says the value with this number of those that there are.
    Say { who: usize, what: usize },
    /// Takes in all that another device knows.
    Receive { who: usize, from: usize },
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..3_usize, 0..64_usize).prop_map(|(who, what)| Step::Say { who, what }),
        2 => (0..3_usize, 0..3_usize).prop_map(|(who, from)| Step::Receive { who, from }),
    ];
    prop::collection::vec(step, 1..12)
}

/// The numbers said last: those that nobody who knew of them said something else after. In the
/// order in which they were said.
fn last_said(history: &[Step]) -> Vec<usize> {
    let mut known = [0_u64; 3];
    let mut said: Vec<(usize, u64)> = Vec::new();
    for step in history {
        match *step {
            Step::Say { who, what } => {
                said.push((what, known[who]));
                known[who] |= 1 << (said.len() - 1);
            }
            Step::Receive { who, from } => known[who] |= known[from],
        }
    }
    let overwritten = said.iter().fold(0, |all, (_, seen)| all | seen);
    let last = said.iter().enumerate();
    last.filter(|(place, _)| overwritten >> place & 1 == 0)
        .map(|(_, (what, _))| *what)
        .collect()
}

fn field(kind: &str, name: &str) -> &'static Field {
    rules(&Kind::named(kind).unwrap()).field(name).unwrap()
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.into())
}

/// Values that no field holds, or that a later version may write.
fn foreign() -> Vec<FieldValue> {
    vec![
        text("a word to come"),
        FieldValue::Number(-7),
        FieldValue::List(vec!["x".into()]),
        FieldValue::Unknown(Bytes::from(vec![0])),
    ]
}

fn is_foreign(value: &FieldValue) -> bool {
    foreign().contains(value)
}

/// What the rules say of any values: no order of theirs matters, nor how often they are given,
/// nor whether some were merged before.
fn holds_always(
    field: &Field,
    values: &[FieldValue],
    order: &[u32],
) -> Result<Option<FieldValue>, TestCaseError> {
    counted(field.merge.name());
    let merged = field.merge(values);
    let mut shuffled: Vec<_> = values
        .iter()
        .chain(values)
        .zip(order.iter().cycle())
        .collect();
    shuffled.sort_by_key(|(_, key)| **key);
    let shuffled: Vec<_> = shuffled
        .into_iter()
        .map(|(value, _)| value.clone())
        .collect();
    prop_assert_eq!(
        field.merge(&shuffled),
        merged.clone(),
        "order and repetition"
    );
    let again: Vec<_> = merged.iter().cloned().collect();
    prop_assert_eq!(field.merge(&again), merged.clone(), "once more");
    if !matches!(field.merge, Merge::Joined | Merge::Agreed | Merge::Fixed) {
        let (some, rest) = values.split_at(values.len() / 2);
        let parts: Vec<_> = field
            .merge(some)
            .into_iter()
            .chain(field.merge(rest))
            .collect();
        prop_assert_eq!(field.merge(&parts), merged.clone(), "in parts");
    }
    Ok(merged)
}

fn pick(values: &[FieldValue], history: &[Step]) -> Vec<FieldValue> {
    let last = last_said(history).into_iter();
    last.map(|what| values[what % values.len()].clone())
        .collect()
}

fn words(choices: &[&str]) -> Vec<FieldValue> {
    choices
        .iter()
        .map(|choice| text(choice))
        .chain(foreign())
        .collect()
}

fn days() -> Vec<FieldValue> {
    let mut days: Vec<_> = (1..9_u8)
        .flat_map(|from| (from..9).map(move |until| (from, until)))
        .map(|(from, until)| text(&format!("2026-03-0{from}+60/2026-03-0{until}+120")))
        .collect();
    days.extend(foreign());
    days
}

/// Ordinary runs of every rule: 10,000 histories each.
const HISTORIES: u32 = 10_000;

/// Histories that are lived through in documents, which takes a hundred times as long.
const LIVED: u32 = 3_000;

/// Counts a history of a rule, and says so once there were enough of them.
fn counted(rule: &'static str) {
    static COUNTS: Mutex<BTreeMap<&'static str, u32>> = Mutex::new(BTreeMap::new());
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(rule).or_default();
    *count += 1;
    if *count == HISTORIES {
        println!("{count} histories of «{rule}»");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: HISTORIES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_words_the_most_careful_wins_and_an_unknown_one_is_more_careful(
        history in history(), order in prop::collection::vec(any::<u32>(), 24),
    ) {
        const COMFORT: [&str; 3] = ["not_now", "ask_first", "welcome"];
        let values = pick(&words(&COMFORT), &history);
        let merged = holds_always(field("comfort_card", "comfort"), &values, &order)?;
        if values.iter().any(is_foreign) {
            prop_assert!(merged.is_some_and(|merged| is_foreign(&merged)));
        } else {
            let first = COMFORT.into_iter().find(|word| values.contains(&text(word)));
            prop_assert_eq!(merged, first.map(text));
        }
    }

    #[test]
    fn of_needs_the_one_that_asks_least_wins_and_an_unknown_one_wins_nothing(
        history in history(), order in prop::collection::vec(any::<u32>(), 24),
    ) {
        const NEEDS: [&str; 4] = ["space", "quiet", "company", "touch"];
        let values = pick(&words(&NEEDS), &history);
        let merged = holds_always(field("check_in", "need"), &values, &order)?;
        let first = NEEDS.into_iter().find(|word| values.contains(&text(word)));
        match first {
            Some(first) => prop_assert_eq!(merged, Some(text(first))),
            None => prop_assert!(merged.is_none_or(|merged| is_foreign(&merged))),
        }
    }

    #[test]
    fn a_withdrawal_wins(history in history(), order in prop::collection::vec(any::<u32>(), 24)) {
        let flags = [true, false, false].map(FieldValue::Flag);
        let all: Vec<_> = flags.into_iter().chain(foreign()).collect();
        for (kind, name) in [("bid", "withdrawn"), ("consent", "revoked"), ("rhythm", "paused")] {
            let values = pick(&all, &history);
            let merged = holds_always(field(kind, name), &values, &order)?;
            let foreign = values.iter().any(is_foreign);
            let expected = values.contains(&FieldValue::Flag(true));
            match merged {
                Some(FieldValue::Flag(flag)) => prop_assert!(!foreign && flag == expected),
                Some(merged) => prop_assert!(foreign && is_foreign(&merged)),
                None => prop_assert!(values.is_empty()),
            }
        }
    }

    #[test]
    fn a_no_to_sharing_wins(history in history(), order in prop::collection::vec(any::<u32>(), 24)) {
        let values = pick(&[true, true, false].map(FieldValue::Flag), &history);
        let merged = holds_always(field("care_contact", "share"), &values, &order)?;
        let expected = !values.contains(&FieldValue::Flag(false));
        prop_assert_eq!(merged, (!values.is_empty()).then_some(FieldValue::Flag(expected)));
    }

    #[test]
    fn of_days_only_common_ones_stay(history in history(), order in prop::collection::vec(any::<u32>(), 24)) {
        let values = pick(&days(), &history);
        let merged = holds_always(field("consent", "days"), &values, &order)?;
        let Some(FieldValue::Text(merged)) = merged else {
            prop_assert!(values.is_empty() || values.iter().any(is_foreign));
            return Ok(());
        };
        if values.iter().any(is_foreign) {
            prop_assert!(Window::parse(&merged).is_none());
            return Ok(());
        }
        let said: Vec<_> = values.iter().map(|value| match value {
            FieldValue::Text(text) => Window::parse(text).unwrap(),
            _ => unreachable!("days are text"),
        }).collect();
        let merged = Window::parse(&merged).unwrap();
        // Every six hours of the days around.
        for hour in (0..10 * 24).step_by(6) {
            let now = sidelight_format::Timestamp(1_772_323_200 + hour * 3600);
            prop_assert_eq!(merged.holds(now), said.iter().all(|window| window.holds(now)));
        }
    }

    #[test]
    fn of_wordings_assented_to_only_one_that_all_agree_on_stays(
        history in history(), order in prop::collection::vec(any::<u32>(), 24),
    ) {
        let hashes = ["1", "2"].map(|digit| text(&digit.repeat(64)));
        for (kind, name) in [("agreement", "assent"), ("reply", "target")] {
            let values = pick(&hashes, &history);
            let merged = holds_always(field(kind, name), &values, &order)?;
            let distinct: BTreeSet<_> = values.iter().map(|value| format!("{:?}", value == &hashes[0])).collect();
            prop_assert_eq!(merged.as_ref(), values.first().filter(|_| distinct.len() == 1));
        }
    }

    #[test]
    fn of_words_of_ones_own_all_stay(history in history(), order in prop::collection::vec(any::<u32>(), 24)) {
        let own = ["that it was quiet", "you", "zest"].map(text);
        let values = pick(&own, &history);
        let merged = holds_always(field("appreciation", "meant_to_me"), &values, &order)?;
        let expected: Vec<_> = ["that it was quiet", "you", "zest"].into_iter().filter(|word| values.contains(&text(word))).collect();
        prop_assert_eq!(merged, (!values.is_empty()).then(|| text(&expected.join("\n"))));
    }

    #[test]
    fn what_is_put_in_and_taken_out_at_once_is_in_or_out_by_the_set(history in history()) {
        let said: Vec<bool> = last_said(&history).into_iter().map(|what| what % 2 == 0).collect();
        let mut twice: Vec<_> = said.iter().rev().chain(&said).copied().collect();
        twice.dedup();
        counted(Merge::AddWins.name());
        counted(Merge::RemoveWins.name());
        let unwanted = field("check_in", "not_wanted");
        prop_assert_eq!(unwanted.is_member(&said), said.contains(&true));
        prop_assert_eq!(unwanted.is_member(&twice), unwanted.is_member(&said));
        let offers = field("support_offer", "offers");
        prop_assert_eq!(offers.is_member(&said), !said.is_empty() && !said.contains(&false));
        prop_assert_eq!(offers.is_member(&twice), offers.is_member(&said));
    }
}

/// Edits of one kind of entry, each group of one field or of one member of a set, and what the
/// group shows if some of its edits were said last.
struct Scene {
    kind: &'static str,
    groups: Vec<Group>,
}

struct Group {
    field: &'static str,
    edits: Vec<Edit>,
    /// Of the numbers of the edits that were said last: whether the entry shows what it should.
    right: fn(&Rendered, &[usize]) -> bool,
}

fn says(name: &str, value: FieldValue) -> Edit {
    Edit::Field {
        name: name.into(),
        value: Some(value),
    }
}

fn members(name: &'static str, member: &str) -> Vec<Edit> {
    let (name, member) = (name.to_owned(), member.to_owned());
    vec![
        Edit::Add {
            name: name.clone(),
            member: member.clone(),
        },
        Edit::Remove { name, member },
    ]
}

fn shown<'a>(shown: &'a Rendered, name: &str) -> Option<&'a FieldValue> {
    let field = shown.fields.iter().find(|(other, _)| other == name);
    field.map(|(_, value)| value)
}

fn has(entry: &Rendered, name: &str, member: &str) -> bool {
    matches!(shown(entry, name), Some(FieldValue::List(members)) if members.contains(&member.to_owned()))
}

fn scenes() -> Vec<Scene> {
    let words =
        |name: &str, words: &[&str]| words.iter().map(|word| says(name, text(word))).collect();
    let flags = |name: &str| {
        vec![
            says(name, FieldValue::Flag(true)),
            says(name, FieldValue::Flag(false)),
        ]
    };
    vec![
        Scene {
            kind: "support_offer",
            groups: vec![
                Group {
                    field: "offers",
                    edits: members("offers", "company"),
                    right: |entry, last| {
                        has(entry, "offers", "company") == (!last.is_empty() && !last.contains(&1))
                    },
                },
                Group {
                    field: "limits",
                    edits: members("limits", "not after ten"),
                    right: |entry, last| has(entry, "limits", "not after ten") == last.contains(&0),
                },
                Group {
                    field: "withdrawn",
                    edits: flags("withdrawn"),
                    right: |entry, last| match shown(entry, "withdrawn") {
                        Some(flag) => *flag == FieldValue::Flag(last.contains(&0)),
                        None => last.is_empty(),
                    },
                },
                Group {
                    field: "days",
                    edits: words(
                        "days",
                        &[
                            "2026-03-01+0/2026-03-05+0",
                            "2026-03-03+0/2026-03-09+0",
                            "2026-03-07+0/2026-03-08+0",
                        ],
                    ),
                    right: |entry, last| {
                        const FROM: [&str; 3] = ["2026-03-01+0", "2026-03-03+0", "2026-03-07+0"];
                        const UNTIL: [&str; 3] = ["2026-03-05+0", "2026-03-09+0", "2026-03-08+0"];
                        let from = last.iter().map(|one| FROM[*one]).max();
                        let until = last.iter().map(|one| UNTIL[*one]).min();
                        let days = from
                            .zip(until)
                            .map(|(from, until)| text(&format!("{from}/{until}")));
                        shown(entry, "days") == days.as_ref()
                    },
                },
            ],
        },
        Scene {
            kind: "check_in",
            groups: vec![
                Group {
                    field: "need",
                    edits: words("need", &["space", "listening", "company"]),
                    right: |entry, last| {
                        let words = ["space", "listening", "company"];
                        shown(entry, "need")
                            == last.iter().min().map(|one| text(words[*one])).as_ref()
                    },
                },
                Group {
                    field: "capacity",
                    edits: words("capacity", &["unsaid", "very_little", "enough"]),
                    right: |entry, last| {
                        let words = ["unsaid", "very_little", "enough"];
                        shown(entry, "capacity")
                            == last.iter().min().map(|one| text(words[*one])).as_ref()
                    },
                },
                Group {
                    field: "not_wanted",
                    edits: members("not_wanted", "touch"),
                    right: |entry, last| has(entry, "not_wanted", "touch") == last.contains(&0),
                },
            ],
        },
        Scene {
            kind: "care_contact",
            groups: vec![
                Group {
                    field: "share",
                    edits: flags("share"),
                    right: |entry, last| match shown(entry, "share") {
                        Some(flag) => *flag == FieldValue::Flag(!last.contains(&1)),
                        None => last.is_empty(),
                    },
                },
                Group {
                    field: "name",
                    edits: words("name", &["Dr. A", "Dr. B", "Dr. C"]),
                    right: |entry, last| {
                        let words = ["Dr. A", "Dr. B", "Dr. C"];
                        match shown(entry, "name") {
                            Some(name) => last.iter().any(|one| *name == text(words[*one])),
                            None => last.is_empty(),
                        }
                    },
                },
            ],
        },
        Scene {
            kind: "agreement",
            groups: vec![Group {
                field: "assent",
                edits: words(
                    "assent",
                    &[
                        "1111111111111111111111111111111111111111111111111111111111111111",
                        "2222222222222222222222222222222222222222222222222222222222222222",
                    ],
                ),
                right: |entry, last| {
                    let agreed = last
                        .first()
                        .filter(|first| last.iter().all(|one| one == *first));
                    shown(entry, "assent")
                        == agreed
                            .map(|one| text(&["1", "2"][*one].repeat(64)))
                            .as_ref()
                },
            }],
        },
        Scene {
            kind: "gratitude",
            groups: vec![Group {
                field: "toward",
                edits: words("toward", &["me", "us", "you"]),
                right: |entry, last| {
                    let said: BTreeSet<_> =
                        last.iter().map(|one| ["me", "us", "you"][*one]).collect();
                    let said: Vec<_> = said.into_iter().collect();
                    let expected = (!said.is_empty()).then(|| text(&said.join("\n")));
                    shown(entry, "toward") == expected.as_ref()
                },
            }],
        },
    ]
}

/// Lives through `history` on three devices with documents, and checks what they show at the end
/// against what was said last.
fn live(scene: &Scene, history: &[Step]) -> Result<(), TestCaseError> {
    let new = NewEntry {
        kind: Kind::named(scene.kind).unwrap(),
        ..entry("x")
    };
    let (document, first) = Document::create(&new, device(0)).unwrap();
    let mut documents = [document.clone(), document.clone(), document];
    let first = admit(&first, &device(0)).unwrap();
    let mut known: [Vec<Admitted>; 3] = std::array::from_fn(|_| vec![first.clone()]);
    let edits: Vec<(usize, usize)> = scene
        .groups
        .iter()
        .enumerate()
        .flat_map(|(group, scene)| (0..scene.edits.len()).map(move |edit| (group, edit)))
        .collect();
    for step in history {
        match *step {
            Step::Say { who, what } => {
                let (group, edit) = edits[what % edits.len()];
                let edit = scene.groups[group].edits[edit].clone();
                let made = documents[who]
                    .edit(device(who as u8), None, &[edit])
                    .unwrap();
                // Only what takes nothing out is no change.
                if let Some(made) = made {
                    known[who].push(admit(&made.change, &device(who as u8)).unwrap());
                }
            }
            Step::Receive { who, from } => {
                let changes = known[from].clone();
                let applied = documents[who].apply(changes.clone());
                prop_assert!(applied.refused.is_empty() && applied.waiting.is_empty());
                known[who].extend(changes);
            }
        }
    }
    let all = known.concat();
    let shown = documents.map(|mut document| {
        document.apply(all.clone());
        document.render()
    });
    prop_assert_eq!(&shown[0], &shown[1]);
    prop_assert_eq!(&shown[1], &shown[2]);
    for (place, group) in scene.groups.iter().enumerate() {
        let steps: Vec<_> = history
            .iter()
            .filter_map(|step| match *step {
                Step::Say { who, what } => {
                    let (of, edit) = edits[what % edits.len()];
                    (of == place).then_some(Step::Say { who, what: edit })
                }
                receive @ Step::Receive { .. } => Some(receive),
            })
            .collect();
        let last = last_said(&steps);
        prop_assert!(
            (group.right)(&shown[0], &last),
            "{}.{}: {last:?}",
            scene.kind,
            group.field
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: LIVED, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each history in one of five kinds of entries, so that every rule is lived through.
    #[test]
    fn documents_show_what_the_rules_say_of_what_was_said_last(history in history(), scene in 0..5_usize) {
        thread_local! { static SCENES: Vec<Scene> = scenes(); }
        SCENES.with(|scenes| live(&scenes[scene], &history))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: HISTORIES, failure_persistence: None, ..ProptestConfig::default() })]

    /// Which one it is, only documents know: a contact's name, on three devices.
    #[test]
    fn of_what_has_no_order_all_devices_take_the_same_that_was_said_last(history in history()) {
        thread_local! { static CONTACT: Scene = scenes().swap_remove(2); }
        counted(Merge::Latest.name());
        CONTACT.with(|contact| live(contact, &history))?;
    }
}
