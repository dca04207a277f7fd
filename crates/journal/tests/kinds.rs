//! Kinds of entries: written, read, merged, and who may say what.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc};
use sidelight_format::{
    Edit, EntryDate, EntryId, FieldValue, Kind, Mode, PersonId, Rendered, Timestamp,
};
use sidelight_journal::kinds::words::{
    About, Acknowledgement, Answer, Audience, Capacity, Effort, Invitation, Need, Section,
    Standing, Support, Weekday,
};
use sidelight_journal::kinds::{
    self, Agreed, Agreement, Appreciation, Assent, Bid, Boundary, CapacityNote, CareContact,
    CheckIn, Comfort, ComfortCard, ComfortNow, Consent, Content, Conversation, Day, Ends, Field,
    Gratitude, Holds, LearningCard, LowDayPlan, Meaning, MicroConnection, Moment, NotAllowed,
    OwnSupportPlan, Place, Pointed, Proposal, Quiet, Reflection, Reply, Rhythm, Rules, Said,
    Sharing, SupportOffer, SupportResponse, Text, Typed, Window, counts, may_write, promote,
};
use sidelight_journal::{Document, InvalidEdit, NewEntry, admit};

use support::{device, splice};

const NOON: Timestamp = Timestamp(1_785_578_400); // 2026-08-01 10:00 UTC
const YEAR: i64 = 366 * 86_400;
/// 1970, 2100, and both ends of what a clock can say.
const WRONG: [Timestamp; 4] = [
    Timestamp(0),
    Timestamp(4_102_444_800),
    Timestamp(i64::MIN),
    Timestamp(i64::MAX),
];

fn said(text: &str) -> Said {
    Said::new(text).unwrap()
}

fn set(words: &[&str]) -> BTreeSet<Said> {
    words.iter().map(|word| said(word)).collect()
}

fn day(day: u8) -> EntryDate {
    EntryDate::new(2026, 8, day, 120).unwrap()
}

fn days(from: u8, until: u8) -> Window {
    Window::new(day(from), day(until)).unwrap()
}

fn me() -> PersonId {
    PersonId([1; 32])
}

fn partner() -> PersonId {
    PersonId([2; 32])
}

fn id(byte: u8) -> EntryId {
    EntryId([byte; 32])
}

fn at(owner: PersonId, shared: bool) -> Place {
    Place {
        shared,
        owner,
        mode: Mode::Own,
    }
}

fn pointed(kind: &str, owner: PersonId, shared: bool) -> Pointed {
    Pointed {
        place: at(owner, shared),
        kind: Kind::named(kind).unwrap(),
        points: false,
    }
}

fn written(content: Content) -> Document {
    Document::create(&content.on(day(1), 0), device(0))
        .unwrap()
        .0
}

/// The entry after each of `edits` was made on a device of its own, all at the same time.
fn at_once(content: Content, edits: &[Vec<Edit>]) -> Rendered {
    let document = written(content);
    let mut all = document.clone();
    for (place, edits) in edits.iter().enumerate() {
        let actor = device(place as u8 + 1);
        let made = document.clone().edit(actor, None, edits).unwrap().unwrap();
        let applied = all.apply(vec![admit(&made.change, &actor).unwrap()]);
        assert_eq!(applied.applied, 1);
    }
    all.render()
}

fn all_contents() -> Vec<(Content, Meaning)> {
    macro_rules! both {
        ($($kind:ident($value:expr),)+) => {
            vec![$({ let value = $value; (value.content(), Meaning::$kind(value)) }),+]
        };
    }
    let mut contents = both![
        Reflection(Reflection::new(said("I miss who I was")).prompted_by(said("guilt.3"))),
        Moment(Moment::new(said("rain on the roof"))),
        Gratitude(Gratitude::for_(said("the tea")).toward(said("you"))),
        Appreciation(Appreciation::noticed(said("you rang")).meant_to_me(said("a lot"))),
        MicroConnection(
            MicroConnection::new(said("hands held"))
                .by_both()
                .taking(Effort::Tiny)
        ),
        CheckIn(
            CheckIn::for_days(days(1, 1))
                .need(Need::Quiet)
                .not_wanted(Need::Touch)
                .not_wanted(Need::Information)
                .capacity(Capacity::VeryLittle)
                .words(said("slow day"))
        ),
        Capacity(CapacityNote::new(Capacity::Some)),
        SupportOffer(
            SupportOffer::of(Support::Listening, days(1, 2))
                .or(Support::Company)
                .within(said("until ten"))
        ),
        SupportResponse(SupportResponse::to(id(9), Answer::Yes)),
        Bid(Bid::for_(Invitation::QuietCompany, days(1, 1))
            .taking(Effort::Small)
            .going_no_further()),
        ComfortCard(
            ComfortCard::new(
                About::Touch,
                said("holding hands"),
                Comfort::Welcome(days(1, 5))
            )
            .note(said("not in front of others"))
        ),
        Boundary(
            Boundary::new(said("no shouting"))
                .i_will(said("leave the room"))
                .review_on(Day::new(day(30)))
        ),
        Conversation(
            Conversation::begin(said("Sundays"))
                .need(said("rest"))
                .expect(said("a call"))
        ),
        Agreement(Agreement::Proposal(Proposal::new(
            said("phones off at nine"),
            None
        ))),
        LowDayPlan(
            LowDayPlan::new()
                .with(Section::Helps, said("tea"))
                .with(Section::Helps, said("the dog"))
                .with(Section::WhoToCall, said("Jo"))
                .offering(Section::Helps)
        ),
        OwnSupportPlan(OwnSupportPlan {
            my_people: set(&["Sam"]),
            rest: set(&["the lake", "sleep"]),
            ..OwnSupportPlan::default()
        }),
        CareContact(CareContact {
            role: Some(said("GP")),
            ..CareContact::new(said("Dr. Ito"))
        }),
        LearningCard(LearningCard {
            card: said("effort"),
            edition: 2,
            myth: said("love would mean trying harder"),
            reality: said("closeness can overwhelm despite love"),
            source: said("a review"),
            reviewed_on: Day::new(day(1)),
        }),
        Reply(Reply::gently_to(id(8), Acknowledgement::Hear)),
        Rhythm(
            Rhythm::to(said("a walk"))
                .on(Weekday::Friday)
                .on(Weekday::Monday)
                .quiet(Quiet::parse("22:00-07:30").unwrap())
        ),
        Consent(Consent::to(
            said("my plan"),
            Audience::PartnerAndCare,
            days(1, 20)
        )),
    ];
    let turn = Conversation::turn(id(7), said("and I"));
    contents.push((turn.content(), Meaning::Conversation(turn)));
    let proposal = Proposal::new(said("phones off"), Some(Day::new(day(9))));
    let assent = Agreement::Assent(Assent::to(id(6), proposal.wording()));
    contents.push((assent.content(), Meaning::Agreement(assent)));
    contents
}

#[test]
fn every_kind_is_read_as_it_was_written_from_changes_saves_and_copies() {
    let mut seen = BTreeSet::new();
    for (content, meaning) in all_contents() {
        let kind = content.kind().clone();
        seen.insert(kind.to_string());
        let target = kinds::target_of(content.fields()).map(|_| match kind.as_str() {
            "support_response" => pointed("support_offer", partner(), true),
            name => pointed(name, partner(), true),
        });
        let private = at(me(), false);
        may_write(
            &kind,
            content.text(),
            content.fields(),
            &private,
            target.as_ref(),
        )
        .unwrap();
        let (mut document, change) =
            Document::create(&content.clone().on(day(1), 4), device(0)).unwrap();
        let shown = document.render();
        assert_eq!(Meaning::of(&shown), meaning);
        let (other, _) = Document::from_changes(vec![admit(&change, &device(0)).unwrap()]);
        assert_eq!(other.render(), shown);
        assert_eq!(Document::load(&document.save()).unwrap().render(), shown);
        // A copy starts from what is shown.
        let copy = NewEntry {
            kind: shown.kind.clone(),
            date: shown.date,
            day_order: shown.day_order,
            text: shown.text.clone(),
            fields: shown.fields.clone(),
        };
        assert_eq!(
            Document::create(&copy, device(5)).unwrap().0.render(),
            shown
        );
        counts(&shown, &private, target.as_ref()).unwrap();
    }
    assert_eq!(seen.len(), kinds::ALL.len(), "every kind is here");
}

#[test]
fn what_a_newer_version_says_survives_and_reads_as_what_is_careful() {
    // A schema to come: more words, more fields, another shape of a field, a set with members.
    let mut doc = AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint);
    doc.set_actor(automerge::ActorId::from(&device(1).0[..]));
    doc.put(ROOT, "schema", 2_u64).unwrap();
    doc.put(ROOT, "kind", "comfort_card").unwrap();
    doc.put(ROOT, "date", "2026-08-01").unwrap();
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, "hugs").unwrap();
    doc.put(ROOT, "about", "touch").unwrap();
    doc.put(ROOT, "comfort", "welcome_slowly").unwrap();
    doc.put(ROOT, "days", 7).unwrap();
    doc.put(ROOT, "texture", "wool").unwrap();
    let map = doc.put_object(ROOT, "by_hour", ObjType::Map).unwrap();
    doc.put(&map, "9", "ask_first").unwrap();
    doc.put(ROOT, "moods:00", "blue").unwrap();
    let change = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
    let (mut document, _) = Document::from_changes(vec![admit(&change, &device(1)).unwrap()]);

    let shown = document.render();
    let names: Vec<_> = shown.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["about", "by_hour", "comfort", "days", "moods:00", "texture"]
    );
    let Meaning::ComfortCard(card) = Meaning::of(&shown) else {
        panic!("a card")
    };
    assert_eq!(
        (card.comfort, card.subject),
        (Comfort::NotNow, said("hugs"))
    );
    // This version says something in it, saves, loads, copies: the rest is still there.
    document
        .edit(device(2), None, &ComfortCard::say(Comfort::AskFirst))
        .unwrap()
        .unwrap();
    let edited = Document::load(&document.save()).unwrap().render();
    let kept = |shown: &Rendered| -> Vec<_> {
        let known = ["comfort"];
        let fields = shown
            .fields
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        fields.cloned().collect()
    };
    assert_eq!(kept(&edited), kept(&shown));
    let copy = promote(&edited).unwrap().on(edited.date, 0);
    assert_eq!(
        Document::create(&copy, device(3))
            .unwrap()
            .0
            .render()
            .fields,
        edited.fields
    );
    // It still knows its schema.
    let reloaded = AutoCommit::load(&document.save()).unwrap();
    assert_eq!(
        reloaded.get(ROOT, "schema").unwrap().unwrap().0.as_u64(),
        Some(2)
    );

    // Whole kinds to come, with a word to come in a field that this version knows elsewhere.
    let later = NewEntry {
        kind: Kind::named("kind_to_come").unwrap(),
        date: day(1),
        day_order: 0,
        text: String::new(),
        fields: vec![("need".into(), FieldValue::Text("music".into()))],
    };
    let shown = Document::create(&later, device(0)).unwrap().0.render();
    assert_eq!(
        (Meaning::of(&shown), &shown.fields),
        (Meaning::Other, &later.fields)
    );
    counts(&shown, &at(partner(), true), None).unwrap();
}

#[test]
fn any_value_in_any_field_reads_as_something_and_nothing_panics() {
    let odd = [
        FieldValue::Text("?".into()),
        FieldValue::Text(String::new()),
        FieldValue::Number(i64::MIN),
        FieldValue::Flag(true),
        FieldValue::List(vec!["?".into(), String::new()]),
        FieldValue::Unknown(sidelight_format::Bytes::from(vec![0])),
    ];
    for (content, _) in all_contents() {
        let shown = written(content).render();
        let rules = kinds::rules(&shown.kind);
        for field in rules.fields {
            for value in &odd {
                let mut other = shown.clone();
                other.fields.retain(|(name, _)| name != field.name);
                let _ = Meaning::of(&other);
                other.fields.push((field.name.into(), value.clone()));
                let meaning = Meaning::of(&other);
                // Whatever stands there instead, it permits nothing.
                match (meaning, field.name) {
                    (Meaning::ComfortCard(card), "comfort" | "days") => {
                        assert_ne!(card.comfort.at(NOON), ComfortNow::Welcome);
                    }
                    (Meaning::Consent(consent), "audience" | "revoked" | "days") => {
                        assert_eq!(consent.audience_at(NOON), Audience::OnlyMe);
                    }
                    (Meaning::Boundary(boundary), "state") => {
                        assert_eq!(boundary.standing, Standing::Active);
                    }
                    (Meaning::SupportOffer(offer), "withdrawn" | "days") => {
                        assert!(offer.offered(NOON).is_empty());
                    }
                    (Meaning::Bid(bid), "withdrawn" | "days") => assert!(!bid.is_open(NOON)),
                    (Meaning::SupportResponse(response), "answer") => {
                        assert_eq!(response.answer, Answer::NotNow);
                    }
                    _ => {}
                }
                let _ = (promote(&other), counts(&other, &at(partner(), true), None));
            }
        }
    }
}

#[test]
fn comfort_merges_to_the_more_careful_value_and_welcome_runs_out() {
    let card = |comfort| ComfortCard::new(About::Touch, said("hugs"), comfort).content();
    let read = |shown: &Rendered| ComfortCard::read(shown).unwrap().comfort;
    // Edited on three devices at once.
    let shown = at_once(
        card(Comfort::AskFirst),
        &[
            ComfortCard::say(Comfort::Welcome(days(1, 9))),
            ComfortCard::say(Comfort::NotNow),
            ComfortCard::say(Comfort::Welcome(days(2, 20))),
        ],
    );
    assert_eq!(read(&shown), Comfort::NotNow);
    let shown = at_once(
        card(Comfort::NotNow),
        &[
            ComfortCard::say(Comfort::Welcome(days(1, 9))),
            ComfortCard::say(Comfort::Welcome(days(2, 20))),
        ],
    );
    assert_eq!(read(&shown), Comfort::Welcome(days(2, 9)));

    // The same said again, while another device says something milder, is heard.
    let shown = at_once(
        card(Comfort::NotNow),
        &[
            ComfortCard::say(Comfort::NotNow),
            ComfortCard::say(Comfort::Welcome(days(1, 9))),
        ],
    );
    assert_eq!(read(&shown), Comfort::NotNow);

    // Later, and knowing of it, its owner may relax it.
    let mut document = written(card(Comfort::NotNow));
    document
        .edit(
            device(3),
            None,
            &ComfortCard::say(Comfort::Welcome(days(1, 9))),
        )
        .unwrap();
    let welcome = read(&document.render());
    assert_eq!(welcome, Comfort::Welcome(days(1, 9)));
    assert_eq!(welcome.at(NOON), ComfortNow::Welcome);
    assert_eq!(
        welcome.at(Timestamp(NOON.0 + 9 * 86_400)),
        ComfortNow::AskFirst
    );
    for now in WRONG {
        assert_eq!(welcome.at(now), ComfortNow::AskFirst);
        assert_eq!(
            Comfort::NotNow.at(now),
            ComfortNow::NotNow,
            "which never relaxes itself"
        );
    }
    assert_eq!(
        Comfort::NotNow.at(Timestamp(NOON.0 + YEAR)),
        ComfortNow::NotNow
    );
    // However long it was said to be, it is said again after a month.
    let long =
        Comfort::Welcome(Window::new(day(1), EntryDate::new(2027, 8, 1, 120).unwrap()).unwrap());
    assert_eq!(
        long.at(Timestamp(NOON.0 + 30 * 86_400)),
        ComfortNow::Welcome
    );
    assert_eq!(
        long.at(Timestamp(NOON.0 + 31 * 86_400)),
        ComfortNow::AskFirst
    );
    // What it is about stays.
    assert_eq!(
        document.edit(device(3), None, &[splice(0, 4, "kisses")]),
        Err(InvalidEdit::Fixed)
    );
}

#[test]
fn two_windows_of_one_device_do_not_relax_what_the_other_one_restricted() {
    let mut document =
        written(ComfortCard::new(About::Touch, said("hugs"), Comfort::AskFirst).content());
    let seen = document.version();
    document
        .edit(device(1), Some(&seen), &ComfortCard::say(Comfort::NotNow))
        .unwrap();
    // The second window still shows `ask first`. Its change follows the first in the same log.
    document
        .edit(
            device(1),
            Some(&seen),
            &ComfortCard::say(Comfort::Welcome(days(1, 9))),
        )
        .unwrap();
    assert_eq!(
        ComfortCard::read(&document.render()).unwrap().comfort,
        Comfort::NotNow
    );

    let mut document = written(CheckIn::for_days(days(1, 1)).content());
    let seen = document.version();
    let edit = |member: fn(String, String) -> Edit| [member("not_wanted".into(), "touch".into())];
    let add = |name, member| Edit::Add { name, member };
    let remove = |name, member| Edit::Remove { name, member };
    document.edit(device(1), Some(&seen), &edit(add)).unwrap();
    document
        .edit(device(1), Some(&seen), &edit(remove))
        .unwrap();
    let unwanted = CheckIn::read(&document.render())
        .unwrap()
        .unwanted()
        .clone();
    assert_eq!(unwanted, BTreeSet::from([Need::Touch]));
    // In the same window, which shows it, it can be taken out.
    document.edit(device(1), None, &edit(remove)).unwrap();
    assert!(
        CheckIn::read(&document.render())
            .unwrap()
            .unwanted()
            .is_empty()
    );
}

#[test]
fn what_is_not_wanted_is_never_needed_and_space_goes_before_company() {
    let need = |word: &str| {
        vec![Edit::Field {
            name: "need".into(),
            value: Some(FieldValue::Text(word.into())),
        }]
    };
    let unwanted = vec![Edit::Add {
        name: "not_wanted".into(),
        member: "company".into(),
    }];
    let shown = at_once(
        CheckIn::for_days(days(1, 1)).content(),
        &[need("company"), unwanted],
    );
    let check_in = CheckIn::read(&shown).unwrap();
    assert_eq!(
        (check_in.needed(NOON), check_in.unwanted().len()),
        (None, 1)
    );
    let shown = at_once(
        CheckIn::for_days(days(1, 1)).content(),
        &[need("company"), need("space")],
    );
    let check_in = CheckIn::read(&shown).unwrap();
    assert_eq!(check_in.needed(NOON), Some(Need::Space));
    for now in WRONG {
        assert_eq!(
            (check_in.needed(now), check_in.capacity_at(now)),
            (None, Capacity::Unsaid)
        );
    }
    let built = CheckIn::for_days(days(1, 1))
        .need(Need::Touch)
        .not_wanted(Need::Touch);
    assert_eq!(built.needed(NOON), None);
}

#[test]
fn a_boundary_stands_until_it_is_lifted_and_a_line_drawn_again_wins() {
    let boundary = Boundary::new(said("no shouting"));
    let lifted = vec![Boundary::lift()];
    let shown = at_once(
        boundary.content(),
        &[lifted.clone(), vec![Boundary::draw_again()]],
    );
    assert_eq!(Boundary::read(&shown).unwrap().standing, Standing::Active);
    let shown = at_once(boundary.content(), &[lifted]);
    assert_eq!(Boundary::read(&shown).unwrap().standing, Standing::Lifted);
    // Taking the field away is no way to lift it.
    let remove = [Edit::Field {
        name: "state".into(),
        value: None,
    }];
    assert_eq!(
        written(boundary.content()).edit(device(1), None, &remove),
        Err(InvalidEdit::Fixed)
    );
}

#[test]
fn any_change_of_an_agreement_leaves_assents_behind() {
    let proposal = |document: &Document| match Agreement::read(&document.render()) {
        Some(Agreement::Proposal(proposal)) => proposal,
        _ => panic!("a proposal"),
    };
    let mut document =
        written(Agreement::Proposal(Proposal::new(said("phones off at nine"), None)).content());
    let (place, first) = ((id(1), me()), proposal(&document));
    let assent = Assent::to(id(1), first.wording());
    let open = |proposer, other| Agreed::Open { proposer, other };
    assert_eq!(first.stands(place, []), open(true, false));
    assert_eq!(first.stands(place, [(partner(), &assent)]), Agreed::InForce);
    // Not by the proposer a second time, nor to another proposal.
    assert_eq!(first.stands(place, [(me(), &assent)]), open(true, false));
    let elsewhere = Assent::to(id(2), first.wording());
    assert_eq!(
        first.stands(place, [(partner(), &elsewhere)]),
        open(true, false)
    );

    // One letter, or another day of review, and both have to assent anew.
    document
        .edit(device(1), None, &[splice(14, 4, "ten")])
        .unwrap();
    assert_eq!(
        proposal(&document).stands(place, [(partner(), &assent)]),
        open(false, false)
    );
    let now = proposal(&document).wording();
    document
        .edit(device(1), None, &[Proposal::assent_to(now)])
        .unwrap();
    assert_eq!(
        proposal(&document).stands(place, [(partner(), &assent)]),
        open(true, false)
    );
    let again = Assent::to(id(1), now);
    assert_eq!(
        proposal(&document).stands(place, [(partner(), &again)]),
        Agreed::InForce
    );
    let review = Edit::Field {
        name: "review".into(),
        value: Some(FieldValue::Text("2026-09-01".into())),
    };
    let mut reviewed = document.clone();
    reviewed.edit(device(1), None, &[review]).unwrap();
    assert_eq!(
        proposal(&reviewed).stands(place, [(partner(), &again)]),
        open(false, false)
    );

    // Two devices of the proposer write, and each assents to what it shows: nobody has read what
    // comes of it.
    let mut other = document.clone();
    let write = |document: &mut Document, who, at, text: &str| {
        document
            .edit(device(who), None, &[splice(at, 0, text)])
            .unwrap()
            .unwrap();
        let wording = proposal(document).wording();
        let edited = document.edit(device(who), None, &[Proposal::assent_to(wording)]);
        edited.unwrap().unwrap();
    };
    write(&mut document, 1, 0, "Both: ");
    write(&mut other, 2, 0, "Sunday: ");
    let mut merged = merge(document, other);
    assert_eq!(
        proposal(&merged).stands(place, [(partner(), &again)]),
        open(false, false)
    );

    // Either withdraws alone, and that wins.
    merged
        .edit(device(1), None, &[Agreement::withdraw()])
        .unwrap();
    assert_eq!(
        proposal(&merged).stands(place, [(partner(), &again)]),
        Agreed::Withdrawn
    );
}

/// Two states of one entry, as one.
fn merge(mut one: Document, mut other: Document) -> Document {
    let mut left = AutoCommit::load(&one.save()).unwrap();
    let mut right = AutoCommit::load(&other.save()).unwrap();
    left.merge(&mut right).unwrap();
    Document::load(&left.save()).unwrap()
}

#[test]
fn nobody_says_anything_in_another_ones_name() {
    let kind = |name: &str| Kind::named(name).unwrap();
    let response = SupportResponse::to(id(9), Answer::Yes).content();
    let write = |content: &Content, place: &Place, target: Option<&Pointed>| {
        may_write(
            content.kind(),
            content.text(),
            content.fields(),
            place,
            target,
        )
    };
    let mine = at(me(), true);
    // An offer is answered by the other of the two, and by nobody else.
    let theirs = pointed("support_offer", partner(), true);
    assert_eq!(write(&response, &mine, Some(&theirs)), Ok(()));
    assert_eq!(
        write(&response, &at(partner(), true), Some(&theirs)),
        Err(NotAllowed::WrongTarget)
    );
    assert_eq!(
        write(&response, &mine, Some(&pointed("bid", partner(), true))),
        Err(NotAllowed::WrongTarget)
    );
    assert_eq!(write(&response, &mine, None), Err(NotAllowed::TargetGone));
    // What is shared names nothing private; a private draft may name what is shared.
    assert_eq!(
        write(
            &response,
            &mine,
            Some(&pointed("support_offer", partner(), false))
        ),
        Err(NotAllowed::WrongTarget)
    );
    assert_eq!(write(&response, &at(me(), false), Some(&theirs)), Ok(()));
    // No assent to one's own proposal, nor to an assent.
    let assent =
        Agreement::Assent(Assent::to(id(9), Proposal::new(said("x"), None).wording())).content();
    let proposal = pointed("agreement", partner(), true);
    assert_eq!(write(&assent, &mine, Some(&proposal)), Ok(()));
    assert_eq!(
        write(&assent, &mine, Some(&pointed("agreement", me(), true))),
        Err(NotAllowed::WrongTarget)
    );
    let answered = Pointed {
        points: true,
        ..proposal
    };
    assert_eq!(
        write(&assent, &mine, Some(&answered)),
        Err(NotAllowed::WrongTarget)
    );

    // What one person says for themselves is in no entry that both may change, and what is for
    // oneself alone is in no shared journal, whoever sends it.
    for (content, _) in all_contents() {
        let rules = kinds::rules(content.kind());
        let shown = written(content.clone()).render();
        for (place, refused) in [
            (
                Place {
                    mode: Mode::Together,
                    ..at(partner(), true)
                },
                (!rules.together).then_some(NotAllowed::NotTogether),
            ),
            (at(partner(), true), None),
        ] {
            let refused = (rules.sharing == Sharing::Never)
                .then_some(NotAllowed::NeverShared)
                .or(refused);
            assert_eq!(
                counts(&shown, &place, None).err(),
                refused,
                "{}",
                rules.name
            );
        }
        let never = promote(&shown) == Err(NotAllowed::NeverShared);
        assert_eq!(never, rules.sharing == Sharing::Never);
    }
    let together: Vec<_> = kinds::ALL
        .iter()
        .filter(|rules| rules.together)
        .map(|rules| rules.name)
        .collect();
    assert_eq!(together, ["moment", "gratitude", "micro_connection"]);
    assert!(kinds::rules(&kind("kind_to_come")).together);

    // Fields hold what they can hold.
    let wrong = [("need".to_owned(), FieldValue::Text("music".into()))];
    assert_eq!(
        may_write(&kind("check_in"), "", &wrong, &mine, None),
        Err(NotAllowed::Field { field: "need" })
    );
}

#[test]
fn a_reply_outlives_what_it_answers() {
    let reply = Reply::to(id(5), said("I am glad")).content();
    let shown = written(reply.clone()).render();
    // Gone when it comes, or gone later: it counts. Written to what is gone, it is refused.
    assert_eq!(counts(&shown, &at(partner(), true), None), Ok(()));
    assert!(matches!(Meaning::of(&shown), Meaning::Reply(_)));
    assert_eq!(
        may_write(
            reply.kind(),
            reply.text(),
            reply.fields(),
            &at(me(), true),
            None
        ),
        Err(NotAllowed::TargetGone)
    );
    // To nothing at all, or to what is no entry, it is no reply.
    for fields in [
        vec![],
        vec![("target".to_owned(), FieldValue::Text("x".into()))],
    ] {
        let lost = Rendered {
            fields,
            ..shown.clone()
        };
        assert_eq!(Meaning::of(&lost), Meaning::Other);
        assert_eq!(
            counts(&lost, &at(partner(), true), None),
            Err(NotAllowed::WrongTarget)
        );
    }
}

#[test]
fn sharing_takes_along_what_was_offered_and_never_shows_that_something_is_unsaid() {
    let plan = LowDayPlan::new()
        .with(Section::Helps, said("tea"))
        .with(Section::WarningSigns, said("I stop eating"));
    assert_eq!(
        promote(&written(plan.content()).render()),
        Err(NotAllowed::NothingToShare)
    );
    // Offered on one device, taken back on another at the same time: not offered.
    let offer = |member: &str| Edit::Add {
        name: "offered".into(),
        member: member.into(),
    };
    let back = Edit::Remove {
        name: "offered".into(),
        member: "warning_signs".into(),
    };
    let shown = at_once(
        plan.content(),
        &[vec![offer("helps"), offer("warning_signs")], vec![back]],
    );
    let copy = promote(&shown).unwrap();
    let fields: Vec<_> = copy
        .fields()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(fields, ["helps"]);

    let unsaid = written(CapacityNote::new(Capacity::Unsaid).content()).render();
    assert_eq!(promote(&unsaid), Err(NotAllowed::NothingToShare));
    let contact = CareContact::new(said("Dr. Ito"));
    assert_eq!(
        promote(&written(contact.content()).render()),
        Err(NotAllowed::NotOffered)
    );
    let shown = at_once(contact.content(), &[vec![CareContact::let_share(true)]]);
    assert!(promote(&shown).is_ok());
    let shown = at_once(
        contact.content(),
        &[
            vec![CareContact::let_share(true)],
            vec![CareContact::let_share(false)],
        ],
    );
    assert_eq!(promote(&shown), Err(NotAllowed::NotOffered));
}

#[test]
fn what_is_over_leaves_nothing_and_a_wrong_clock_permits_nothing() {
    let bid = Bid::for_(Invitation::Touch, days(1, 1));
    assert!(bid.is_open(NOON) && bid.goes_no_further());
    let offer = SupportOffer::of(Support::Company, days(1, 1));
    let consent = Consent::to(said("photos"), Audience::Partner, days(1, 1));
    let capacity = written(CapacityNote::new(Capacity::Enough).content()).render();
    assert_eq!(CapacityNote::at(&capacity, NOON), Capacity::Enough);
    for now in WRONG
        .into_iter()
        .chain([Timestamp(NOON.0 + 86_400), Timestamp(NOON.0 - 86_400)])
    {
        assert!(!bid.is_open(now) && offer.offered(now).is_empty());
        assert_eq!(consent.audience_at(now), Audience::OnlyMe);
        assert_eq!(CapacityNote::at(&capacity, now), Capacity::Unsaid);
    }
    let shown = at_once(offer.content(), &[vec![SupportOffer::withdraw()]]);
    assert!(SupportOffer::read(&shown).unwrap().offered(NOON).is_empty());
    let shown = at_once(
        consent.content(),
        &[
            vec![Consent::revoke()],
            vec![Consent::let_see(Audience::PartnerAndCare)],
        ],
    );
    assert_eq!(
        Consent::read(&shown).unwrap().audience_at(NOON),
        Audience::OnlyMe
    );
    // The last day of all can be said, and lasts.
    let last = EntryDate::new(9999, 12, 31, -1080).unwrap();
    assert!(Window::on(last).holds(Timestamp(253_402_300_799)));
}

#[test]
fn quiet_times_go_over_midnight_and_a_leaping_wall_clock_does_not_break_them() {
    let night = Quiet::parse("22:00-07:30").unwrap();
    for (minute, quiet) in [
        (1_320, true),
        (1_319, false),
        (0, true),
        (449, true),
        (450, false),
        (150, true),
    ] {
        assert_eq!(night.holds(minute), quiet);
    }
    assert!((0..1440).all(|minute| Quiet::new(0, 0).unwrap().holds(minute)));
    for text in [
        "22:00",
        "24:00-01:00",
        "2:00-03:00",
        "22:60-01:00",
        "22:00-07:30 ",
        "-",
    ] {
        assert_eq!(Quiet::parse(text), None);
    }
}

#[test]
fn a_conversation_pauses_when_one_of_the_two_asks() {
    let topic = Conversation::begin(said("Sundays"));
    let turn = Conversation::turn(id(1), said("I would rather"));
    assert!(!Conversation::is_paused([&topic, &turn]));
    assert!(Conversation::is_paused([
        &topic,
        &turn,
        &Conversation::pause_in(id(1))
    ]));
    let shown = at_once(
        topic.content(),
        &[
            vec![Conversation::pause(true)],
            vec![Conversation::pause(false)],
        ],
    );
    assert!(Conversation::read(&shown).unwrap().paused);
}

#[test]
fn of_learning_cards_the_newest_edition_counts_whatever_the_order() {
    let card = |edition, reality: &str| LearningCard {
        card: said("effort"),
        edition,
        myth: said("m"),
        reality: said(reality),
        source: said("s"),
        reviewed_on: Day::new(day(1)),
    };
    let cards = [card(1, "old"), card(2, "a"), card(2, "b")];
    let newest = LearningCard::newest(cards.clone());
    assert_eq!(newest, [card(2, "b")]);
    assert_eq!(LearningCard::newest(cards.into_iter().rev()), newest);
}

/// The table of `KINDS.md`, from the code.
fn table() -> String {
    let cell = |field: &Field| {
        let holds = match field.holds {
            Holds::Words => "words".to_owned(),
            Holds::Choice(words) => words.join(", "),
            Holds::Flag => "yes or no".into(),
            Holds::Number => "number".into(),
            Holds::Day => "day".into(),
            Holds::Days => "days".into(),
            Holds::Entry => "entry".into(),
            Holds::Hash => "hash".into(),
            Holds::SetOfWords => "set of words".into(),
            Holds::SetOfTimes => "set of times".into(),
            Holds::SetOf(words) => format!("set of {}", words.join(", ")),
        };
        format!("`{}` ({holds}): {}", field.name, field.merge.name())
    };
    let mut table = String::new();
    for Rules {
        name,
        text,
        fields,
        sharing,
        together,
        ends,
    } in kinds::ALL
    {
        let text = match text {
            Text::Needed => "needed",
            Text::Optional => "optional",
            Text::Fixed => "fixed",
        };
        let fields: Vec<_> = fields.iter().map(cell).collect();
        let fields = if fields.is_empty() {
            "–".into()
        } else {
            fields.join("; ")
        };
        let who = if *together { "owner, or both" } else { "owner" };
        let sees = match sharing {
            Sharing::Never => "owner alone",
            Sharing::ByChoice => "owner; partner once shared",
            Sharing::BySection => "owner; offered sections once shared",
            Sharing::ByFlag => "owner; partner once shared, while `share` says yes",
        };
        let ends = match ends {
            Ends::Never => "–",
            Ends::WithItsDay => "with its day",
            Ends::WithItsDays => "with `days`",
            Ends::Relaxed => "`welcome` with `days`, or after 31",
        };
        writeln!(
            table,
            "| `{name}` | {text} | {fields} | {who} | {sees} | {ends} |"
        )
        .unwrap();
    }
    table
}

#[test]
fn the_table_of_kinds_is_that_of_the_code() {
    const HEAD: &str = "|---|---|---|---|---|---|\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/KINDS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(HEAD).unwrap();
    let (now, after) = rest.split_once("<!-- end -->").unwrap();
    let expected = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{before}{HEAD}{expected}<!-- end -->{after}")).unwrap();
        return;
    }
    assert!(
        now == expected,
        "run this test with UPDATE_GOLDEN=1 and read what changed"
    );
}

#[test]
fn no_kind_or_field_counts_scores_or_watches() {
    let banned = [
        "streak",
        "gap",
        "count",
        "score",
        "rank",
        "sentiment",
        "mood",
        "seen",
        "typing",
        "receipt",
        "location",
        "missed",
        "complete",
    ];
    for rules in kinds::ALL {
        for name in rules
            .fields
            .iter()
            .map(|field| field.name)
            .chain([rules.name])
        {
            assert!(!banned.iter().any(|word| name.contains(word)), "{name}");
        }
    }
}
