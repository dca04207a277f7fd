//! Entries of every kind, and who says them.

use std::collections::BTreeSet;

use sidelight_format::{Edit, EntryDate, EntryId, Kind, Mode, PersonId, Rendered, Timestamp};
use sidelight_journal::kinds::words::{
    About, Acknowledgement, Answer, Audience, Capacity, Effort, Invitation, Need, Section, Support,
    Weekday,
};
use sidelight_journal::kinds::{
    Agreement, Appreciation, Assent, Bid, Boundary, CapacityNote, CareContact, CheckIn, Comfort,
    ComfortCard, Consent, Content, Conversation, Day, Gratitude, LearningCard, LowDayPlan, Meaning,
    MicroConnection, Moment, OwnSupportPlan, Place, Pointed, Proposal, Quiet, Reflection, Reply,
    Rhythm, Said, SupportOffer, SupportResponse, TimeOfDay, Typed, Window,
};
use sidelight_journal::{Document, admit};

use super::device;

pub(crate) const NOON: Timestamp = Timestamp(1_785_578_400); // 2026-08-01 10:00 UTC
pub(crate) const YEAR: i64 = 366 * 86_400;
/// 1970, 2100, and both ends of what a clock can say.
pub(crate) const WRONG: [Timestamp; 4] = [
    Timestamp(0),
    Timestamp(4_102_444_800),
    Timestamp(i64::MIN),
    Timestamp(i64::MAX),
];

pub(crate) fn said(text: &str) -> Said {
    Said::new(text).unwrap()
}

pub(crate) fn set(words: &[&str]) -> BTreeSet<Said> {
    words.iter().map(|word| said(word)).collect()
}

pub(crate) fn day(day: u8) -> EntryDate {
    EntryDate::new(2026, 8, day, 120).unwrap()
}

pub(crate) fn days(from: u8, until: u8) -> Window {
    Window::new(day(from), day(until)).unwrap()
}

pub(crate) fn me() -> PersonId {
    PersonId([1; 32])
}

pub(crate) fn partner() -> PersonId {
    PersonId([2; 32])
}

pub(crate) fn id(byte: u8) -> EntryId {
    EntryId([byte; 32])
}

pub(crate) fn at(owner: PersonId, shared: bool) -> Place {
    Place {
        shared,
        owner,
        mode: Mode::Own,
    }
}

pub(crate) fn pointed(kind: &str, owner: PersonId, shared: bool) -> Pointed {
    Pointed {
        place: at(owner, shared),
        kind: Kind::named(kind).unwrap(),
        points: false,
    }
}

pub(crate) fn written(content: Content) -> Document {
    Document::create(&content.on(day(1), 0), device(0))
        .unwrap()
        .0
}

/// The entry after each of `edits` was made on a device of its own, all at the same time.
pub(crate) fn at_once(content: Content, edits: &[Vec<Edit>]) -> Rendered {
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

pub(crate) fn all_contents() -> Vec<(Content, Meaning)> {
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
                .at(TimeOfDay::parse("20:00").unwrap())
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
