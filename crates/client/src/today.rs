//! What matters now: one question to what is kept rendered. Nothing is counted, nothing written,
//! and what is over is not there.

use core::fmt;
use std::collections::BTreeMap;

use sidelight_format::{EntryDate, PersonId, Rendered, Timestamp};
use sidelight_journal::kinds::words::{About, Capacity, Standing, Word};
use sidelight_journal::kinds::{self, CapacityNote, ComfortNow, Meaning, Said};
use sidelight_journal::search::term;
use sidelight_store::Store;
use sidelight_store::search::{Clause, Span};

use crate::convert::People;
use crate::device::seek::{self, Wanted};
use crate::device::view::{self, EntryView};
use crate::records::Entry;
use crate::{Error, reading};

/// What matters now. Everything in it holds at this moment; when it is over it is gone from here,
/// and nowhere is it written that it was.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Today {
    /// What the partner needs.
    pub partner: Option<NeedNow>,
    /// What this person said that they need.
    pub own: Option<NeedNow>,
    /// What the partner offers.
    pub offers: Vec<OfferNow>,
    /// Open invitations of both.
    pub bids: Vec<BidNow>,
    /// What both are comfortable with, by touch, topic or time.
    pub comfort: Vec<ComfortShown>,
    /// Lines that both have drawn, and that stand.
    pub boundaries: Vec<BoundaryShown>,
    /// This person's own plans for a low day and for their own support.
    pub plans: Vec<Entry>,
    /// Whether this is one of the person's own quiet times, or may be one, as long as private
    /// entries are locked: nothing may disturb then.
    pub quiet: bool,
}

/// What somebody needs now. Words are those of `KINDS.md` in the crate `sidelight-journal`.
#[derive(Clone, PartialEq, Eq)]
pub struct NeedNow {
    /// The entry.
    pub id: String,
    /// What is needed, if that was said.
    pub need: Option<String>,
    /// What is not wanted.
    pub not_wanted: Vec<String>,
    /// How much there is to give or to bear, if that was said.
    pub capacity: Option<String>,
    /// In words.
    pub words: Option<String>,
}

/// What somebody offers now.
#[derive(Clone, PartialEq, Eq)]
pub struct OfferNow {
    /// The entry, which an answer names.
    pub id: String,
    /// What is offered.
    pub offers: Vec<String>,
    /// Within these limits.
    pub limits: Vec<String>,
    /// In words.
    pub words: Option<String>,
}

/// An open invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct BidNow {
    /// The entry.
    pub id: String,
    /// Whether it is this person's own.
    pub mine: bool,
    /// What is asked for.
    pub bid: String,
    /// What it takes, if that was said.
    pub effort: Option<String>,
    /// Whether it goes no further.
    pub no_further: bool,
    /// In words.
    pub words: Option<String>,
}

/// How somebody feels about one touch, topic or time now. It informs, and is never consent.
#[derive(Clone, PartialEq, Eq)]
pub struct ComfortShown {
    /// The entry.
    pub id: String,
    /// Whether it is this person's own.
    pub mine: bool,
    /// Whether the partner sees it too.
    pub shared: bool,
    /// `touch`, `topic` or `time`.
    pub about: String,
    /// Which one.
    pub subject: String,
    /// `not_now`, `ask_first` or `welcome`.
    pub comfort: String,
    /// A note with it.
    pub note: Option<String>,
}

/// A line that stands.
#[derive(Clone, PartialEq, Eq)]
pub struct BoundaryShown {
    /// The entry.
    pub id: String,
    /// Whether it is this person's own.
    pub mine: bool,
    /// Whether the partner sees it too.
    pub shared: bool,
    /// Where the line is.
    pub statement: String,
    /// What its owner does.
    pub i_will: Option<String>,
}

/// What matters at `now`, which is this `minute` of the day on the wall; none if no wall clock
/// could show it.
pub(crate) fn today(
    store: &dyn Store,
    now: Timestamp,
    minute: Option<u16>,
) -> Result<Today, Error> {
    let (me, private) = reading::me(store)?;
    let people = People::of(store)?;
    let mut gathered = Gathered::default();
    for view in matters(store, now)? {
        let owned = Owned {
            id: view.id.to_hex(),
            mine: view.preimage.owner == me,
            shared: view.space != private,
            owner: view.preimage.owner,
        };
        if gathered.take(owned, &view.rendered, (now, minute)) {
            gathered.today.plans.push(people.entry(view));
        }
    }
    // Which times are quiet is private: locked away, it may be any.
    gathered.today.quiet |= view::is_locked(store)?;
    Ok(gathered.done())
}

/// What may matter at `now`, the newest first.
pub(crate) fn matters(store: &dyn Store, now: Timestamp) -> Result<Vec<EntryView>, Error> {
    let (_, private) = reading::me(store)?;
    let shared = view::status(store)?.shared;
    let wanted = Wanted {
        clauses: vec![Clause::AnyOf(vec![Span::between(
            term::until(long_over(now)),
            term::end(),
        )])],
        // What the partner may not say counts for nothing here; its words are still in the list.
        heeded: true,
        ..Wanted::default()
    };
    let mut found = seek::seek(store, &wanted, None, usize::MAX)?.0;
    // What was shared with somebody whom this person has left is no matter of today.
    found.retain(|view| view.space == private || Some(view.space) == shared);
    Ok(found)
}

/// A day that was over everywhere at `now`, as a day number: nothing that ended then matters.
fn long_over(now: Timestamp) -> u32 {
    // Two days cover any offset.
    let before = jiff::Timestamp::from_second(now.0.saturating_sub(2 * 24 * 3600));
    let day = before.map(|before| before.to_zoned(jiff::tz::TimeZone::UTC).date());
    let day = day.ok().and_then(|day| {
        let (month, of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
        EntryDate::new(day.year(), month, of_month, 0).ok()
    });
    // By a clock that no calendar has, everything is looked at.
    day.map_or(0, |day| day.day_number())
}

/// The minute of the day that a wall clock of this device shows at `now`.
pub(crate) fn minute_of_day(now: Timestamp) -> Option<u16> {
    let moment = jiff::Timestamp::from_second(now.0).ok()?;
    let time = moment.to_zoned(jiff::tz::TimeZone::system()).time();
    // 0 to 23 and 0 to 59.
    Some(u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs()))
}

/// Whose entry it is, and where.
struct Owned {
    id: String,
    mine: bool,
    shared: bool,
    owner: PersonId,
}

/// A card's owner and what it is about: there is one answer to that.
type Subject = (PersonId, bool, About, Said);

#[derive(Default)]
struct Gathered {
    today: Today,
    comfort: BTreeMap<Subject, (ComfortNow, ComfortShown)>,
    /// What the newest capacity entries of the partner and of oneself say, and their ids.
    capacities: [Option<(Capacity, String)>; 2],
}

impl Gathered {
    /// Takes an entry in, the newest first; whether it is a plan of one's own.
    fn take(
        &mut self,
        owned: Owned,
        shown: &Rendered,
        (now, minute): (Timestamp, Option<u16>),
    ) -> bool {
        let Owned {
            id,
            mine,
            shared,
            owner,
        } = owned;
        let words = |said: Option<&Said>| said.map(|said| said.as_str().to_owned());
        match Meaning::of(shown) {
            Meaning::CheckIn(check_in) if check_in.days().holds(now) => {
                let place = if mine {
                    &mut self.today.own
                } else {
                    &mut self.today.partner
                };
                place.get_or_insert_with(|| NeedNow {
                    id,
                    need: check_in.needed(now).map(named),
                    not_wanted: check_in.unwanted().iter().copied().map(named).collect(),
                    capacity: said_capacity(check_in.capacity_at(now)),
                    words: words(check_in.said()),
                });
            }
            Meaning::Capacity(_) => {
                let capacity = CapacityNote::at(shown, now);
                if capacity != Capacity::Unsaid {
                    self.capacities[usize::from(mine)].get_or_insert((capacity, id));
                }
            }
            Meaning::SupportOffer(offer) if !mine => {
                let offers = offer.offered(now);
                if !offers.is_empty() {
                    self.today.offers.push(OfferNow {
                        id,
                        offers: offers.into_iter().map(named).collect(),
                        limits: offer
                            .limits()
                            .iter()
                            .map(|limit| limit.as_str().to_owned())
                            .collect(),
                        words: words(offer.said()),
                    });
                }
            }
            Meaning::Bid(bid) if bid.is_open(now) => self.today.bids.push(BidNow {
                id,
                mine,
                bid: named(bid.invitation()),
                effort: bid.effort().map(named),
                no_further: bid.goes_no_further(),
                words: words(bid.said()),
            }),
            Meaning::ComfortCard(card) => {
                let comfort = card.comfort.at(now);
                let shown = ComfortShown {
                    id,
                    mine,
                    shared,
                    about: named(card.about),
                    subject: card.subject.as_str().to_owned(),
                    comfort: comfort_name(comfort).to_owned(),
                    note: words(card.note.as_ref()),
                };
                // Of two cards about the same, the more careful one.
                let subject = (owner, shared, card.about, card.subject);
                match self.comfort.get(&subject) {
                    Some((other, _)) if *other <= comfort => {}
                    _ => {
                        self.comfort.insert(subject, (comfort, shown));
                    }
                }
            }
            Meaning::Boundary(boundary) if boundary.standing == Standing::Active => {
                self.today.boundaries.push(BoundaryShown {
                    id,
                    mine,
                    shared,
                    statement: boundary.statement.as_str().to_owned(),
                    i_will: words(boundary.i_will.as_ref()),
                });
            }
            Meaning::LowDayPlan(_) | Meaning::OwnSupportPlan(_) => return mine && !shared,
            // Quiet times hold while the rhythm itself is paused, too.
            Meaning::Rhythm(rhythm) if mine => {
                let holds = |quiet: &kinds::Quiet| minute.is_none_or(|minute| quiet.holds(minute));
                self.today.quiet |= rhythm.quiet.iter().any(holds);
            }
            _ => {}
        }
        false
    }

    fn done(mut self) -> Today {
        let needs = [&mut self.today.partner, &mut self.today.own];
        for (need, capacity) in needs.into_iter().zip(self.capacities) {
            let Some((capacity, id)) = capacity else {
                continue;
            };
            let need = need.get_or_insert_with(|| NeedNow {
                id,
                need: None,
                not_wanted: Vec::new(),
                capacity: None,
                words: None,
            });
            // Said in two entries, the lower one counts.
            let other = need.capacity.as_deref().and_then(Capacity::named);
            need.capacity = said_capacity(other.map_or(capacity, |other| other.min(capacity)));
        }
        self.today.comfort = self.comfort.into_values().map(|(_, shown)| shown).collect();
        self.today
    }
}

fn named(word: impl Word) -> String {
    word.name().to_owned()
}

fn said_capacity(capacity: Capacity) -> Option<String> {
    (capacity != Capacity::Unsaid).then(|| named(capacity))
}

fn comfort_name(comfort: ComfortNow) -> &'static str {
    match comfort {
        ComfortNow::NotNow => "not_now",
        ComfortNow::AskFirst => "ask_first",
        ComfortNow::Welcome => "welcome",
    }
}

macro_rules! redacted {
    ($($name:ident)+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}

redacted! { Today NeedNow OfferNow BidNow ComfortShown BoundaryShown }
