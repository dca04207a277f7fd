//! What is said at the same time, when it is over, and who may say it.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::collections::BTreeSet;

use automerge::AutoCommit;
use sidelight_format::{Edit, EntryDate, FieldValue, Kind, Mode, Rendered, Timestamp};
use sidelight_journal::kinds::words::{
    About, Answer, Audience, Capacity, Invitation, Need, Section, Standing, Support,
};
use sidelight_journal::kinds::{
    self, Agreed, Agreement, Assent, Bid, Boundary, CapacityNote, CareContact, CheckIn, Comfort,
    ComfortCard, ComfortNow, Consent, Content, Conversation, LowDayPlan, Meaning, NotAllowed,
    Place, Pointed, Proposal, Reply, Sharing, SupportOffer, SupportResponse, Typed, Window, counts,
    may_write, promote,
};
use sidelight_journal::{Document, InvalidEdit};

use support::said::{
    NOON, WRONG, YEAR, all_contents, at, at_once, day, days, id, me, partner, pointed, said,
    written,
};
use support::{device, splice};

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
    let proposal = |document: &mut Document| match Agreement::read(&document.render()) {
        Some(Agreement::Proposal(proposal)) => proposal,
        _ => panic!("a proposal"),
    };
    let mut document =
        written(Agreement::Proposal(Proposal::new(said("phones off at nine"), None)).content());
    let (place, first) = ((id(1), me()), proposal(&mut document));
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
        proposal(&mut document).stands(place, [(partner(), &assent)]),
        open(false, false)
    );
    let now = proposal(&mut document).wording();
    document
        .edit(device(1), None, &[Proposal::assent_to(now)])
        .unwrap();
    assert_eq!(
        proposal(&mut document).stands(place, [(partner(), &assent)]),
        open(true, false)
    );
    let again = Assent::to(id(1), now);
    assert_eq!(
        proposal(&mut document).stands(place, [(partner(), &again)]),
        Agreed::InForce
    );
    let review = Edit::Field {
        name: "review".into(),
        value: Some(FieldValue::Text("2026-09-01".into())),
    };
    let mut reviewed = document.clone();
    reviewed.edit(device(1), None, &[review]).unwrap();
    assert_eq!(
        proposal(&mut reviewed).stands(place, [(partner(), &again)]),
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
        proposal(&mut merged).stands(place, [(partner(), &again)]),
        open(false, false)
    );

    // Either withdraws alone, and that wins.
    merged
        .edit(device(1), None, &[Agreement::withdraw()])
        .unwrap();
    assert_eq!(
        proposal(&mut merged).stands(place, [(partner(), &again)]),
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
