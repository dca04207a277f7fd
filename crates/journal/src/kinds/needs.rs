//! What somebody needs, offers, and asks the other to share.

use std::collections::BTreeSet;

use sidelight_format::{Edit, EntryId, FieldValue, Rendered, Timestamp};

use super::Window;
use super::content::{Content, Reader, Said, Typed, Writer};
use super::words::{Answer, Capacity, Effort, Invitation, Need, Support, Word};

/// What somebody needs now, and what they do not want. Every part of it may stay unsaid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    need: Option<Need>,
    not_wanted: BTreeSet<Need>,
    capacity: Capacity,
    words: Option<Said>,
    days: Window,
}

impl CheckIn {
    /// Nothing yet, for these days.
    pub fn for_days(days: Window) -> Self {
        Self {
            need: None,
            not_wanted: BTreeSet::new(),
            capacity: Capacity::Unsaid,
            words: None,
            days,
        }
    }

    /// This is needed.
    #[must_use]
    pub fn need(mut self, need: Need) -> Self {
        self.not_wanted.remove(&need);
        self.need = Some(need);
        self
    }

    /// This is not wanted. If it was needed before, it no longer is.
    #[must_use]
    pub fn not_wanted(mut self, unwanted: Need) -> Self {
        self.need = self.need.filter(|need| *need != unwanted);
        self.not_wanted.insert(unwanted);
        self
    }

    /// There is so much to give or to bear.
    #[must_use]
    pub fn capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// In words.
    #[must_use]
    pub fn words(self, words: Said) -> Self {
        Self {
            words: Some(words),
            ..self
        }
    }

    /// What is needed at `now`; none if nothing was said, or it is over, or the clock cannot be
    /// right. What is not wanted is never needed.
    pub fn needed(&self, now: Timestamp) -> Option<Need> {
        self.need.filter(|_| self.days.holds(now))
    }

    /// What is not wanted. That does not run out: it is over when something newer is said.
    pub fn unwanted(&self) -> &BTreeSet<Need> {
        &self.not_wanted
    }

    /// How much there is to give or to bear at `now`.
    pub fn capacity_at(&self, now: Timestamp) -> Capacity {
        if self.days.holds(now) {
            self.capacity
        } else {
            Capacity::Unsaid
        }
    }

    /// The words with it.
    pub fn said(&self) -> Option<&Said> {
        self.words.as_ref()
    }

    /// The days for which it is said.
    pub fn days(&self) -> Window {
        self.days
    }
}

impl Typed for CheckIn {
    const KIND: &'static str = "check_in";

    fn content(&self) -> Content {
        let capacity = (self.capacity != Capacity::Unsaid).then_some(self.capacity);
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .word_if("need", self.need)
            .words_of("not_wanted", &self.not_wanted)
            .word_if("capacity", capacity)
            .text_of("days", Some(self.days))
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let not_wanted = reader.words_of("not_wanted");
        Some(Self {
            need: reader
                .word("need")
                .filter(|need| !not_wanted.contains(need)),
            not_wanted,
            capacity: reader.word("capacity").unwrap_or(Capacity::Unsaid),
            words: reader.text(),
            days: reader.days("days")?,
        })
    }
}

/// How much there is to give or to bear on the entry's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityNote {
    /// How much.
    pub capacity: Capacity,
    /// In words.
    pub words: Option<Said>,
}

impl CapacityNote {
    /// So much.
    pub fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            words: None,
        }
    }

    /// What an entry says at `now`: nothing, once its own day is over.
    pub fn at(shown: &Rendered, now: Timestamp) -> Capacity {
        let note = Self::read(shown).filter(|_| Window::on(shown.date).holds(now));
        note.map_or(Capacity::Unsaid, |note| note.capacity)
    }
}

impl Typed for CapacityNote {
    const KIND: &'static str = "capacity";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>().text(self.words.as_ref());
        writer.word("capacity", self.capacity).done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            capacity: reader.word("capacity").unwrap_or(Capacity::Unsaid),
            words: reader.text(),
        })
    }
}

/// What somebody offers, within their limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportOffer {
    offers: BTreeSet<Support>,
    limits: BTreeSet<Said>,
    words: Option<Said>,
    days: Window,
    withdrawn: bool,
}

impl SupportOffer {
    /// This, on these days.
    pub fn of(support: Support, days: Window) -> Self {
        Self {
            offers: BTreeSet::from([support]),
            limits: BTreeSet::new(),
            words: None,
            days,
            withdrawn: false,
        }
    }

    /// Or this.
    #[must_use]
    pub fn or(mut self, support: Support) -> Self {
        self.offers.insert(support);
        self
    }

    /// Within this limit.
    #[must_use]
    pub fn within(mut self, limit: Said) -> Self {
        self.limits.insert(limit);
        self
    }

    /// In words.
    #[must_use]
    pub fn words(self, words: Said) -> Self {
        Self {
            words: Some(words),
            ..self
        }
    }

    /// What was offered, whether it still is or not.
    pub fn offers(&self) -> &BTreeSet<Support> {
        &self.offers
    }

    /// What is offered at `now`; nothing once it was withdrawn or is over.
    pub fn offered(&self, now: Timestamp) -> BTreeSet<Support> {
        let stands = !self.withdrawn && self.days.holds(now);
        if stands {
            self.offers.clone()
        } else {
            BTreeSet::new()
        }
    }

    /// The days for which it is said.
    pub fn days(&self) -> Window {
        self.days
    }

    /// Its limits: all of those that were said.
    pub fn limits(&self) -> &BTreeSet<Said> {
        &self.limits
    }

    /// The words with it.
    pub fn said(&self) -> Option<&Said> {
        self.words.as_ref()
    }

    /// The edit that takes it back.
    pub fn withdraw() -> Edit {
        yes("withdrawn")
    }
}

impl Typed for SupportOffer {
    const KIND: &'static str = "support_offer";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .words_of("offers", &self.offers)
            .members("limits", &self.limits)
            .text_of("days", Some(self.days))
            .flag("withdrawn", self.withdrawn)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            offers: reader.words_of("offers"),
            limits: reader.members("limits"),
            words: reader.text(),
            days: reader.days("days")?,
            withdrawn: reader.flag("withdrawn", true),
        })
    }
}

/// An answer to the other's offer, which nobody has to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportResponse {
    /// The offer.
    pub target: EntryId,
    /// The answer.
    pub answer: Answer,
    /// Whether it helped, if that is said.
    pub helped: Option<bool>,
    /// Whether it was too much.
    pub too_much: bool,
    /// In words.
    pub words: Option<Said>,
}

impl SupportResponse {
    /// This, to that offer.
    pub fn to(target: EntryId, answer: Answer) -> Self {
        Self {
            target,
            answer,
            helped: None,
            too_much: false,
            words: None,
        }
    }

    /// The edit that says afterwards whether it helped.
    pub fn say_helped(helped: bool) -> Edit {
        flag("helped", helped)
    }

    /// The edit that says afterwards that it was too much.
    pub fn say_too_much() -> Edit {
        yes("too_much")
    }
}

impl Typed for SupportResponse {
    const KIND: &'static str = "support_response";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .entry("target", &self.target)
            .word("answer", self.answer)
            .put("helped", self.helped.map(FieldValue::Flag))
            .flag("too_much", self.too_much)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            target: reader.entry("target")?,
            answer: reader.word("answer").unwrap_or(Answer::NotNow),
            helped: reader.maybe("helped"),
            too_much: reader.flag("too_much", true),
            words: reader.text(),
        })
    }
}

/// An invitation to share a moment. Nobody has to answer; if nobody does, nothing remains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    bid: Invitation,
    effort: Option<Effort>,
    no_further: bool,
    words: Option<Said>,
    days: Window,
    withdrawn: bool,
}

impl Bid {
    /// This, on these days.
    pub fn for_(bid: Invitation, days: Window) -> Self {
        Self {
            bid,
            effort: None,
            no_further: bid == Invitation::Touch,
            words: None,
            days,
            withdrawn: false,
        }
    }

    /// What it takes.
    #[must_use]
    pub fn taking(self, effort: Effort) -> Self {
        Self {
            effort: Some(effort),
            ..self
        }
    }

    /// It goes no further. For touch that is always so.
    #[must_use]
    pub fn going_no_further(self) -> Self {
        Self {
            no_further: true,
            ..self
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self, words: Said) -> Self {
        Self {
            words: Some(words),
            ..self
        }
    }

    /// What is asked for.
    pub fn invitation(&self) -> Invitation {
        self.bid
    }

    /// What it takes.
    pub fn effort(&self) -> Option<Effort> {
        self.effort
    }

    /// Whether it goes no further.
    pub fn goes_no_further(&self) -> bool {
        self.no_further
    }

    /// The words with it.
    pub fn said(&self) -> Option<&Said> {
        self.words.as_ref()
    }

    /// The days for which it is said.
    pub fn days(&self) -> Window {
        self.days
    }

    /// Whether it is open at `now`. One that lapsed leaves no trace anywhere.
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.withdrawn && self.days.holds(now)
    }

    /// The edit that takes it back.
    pub fn withdraw() -> Edit {
        yes("withdrawn")
    }
}

impl Typed for Bid {
    const KIND: &'static str = "bid";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .word("bid", self.bid)
            .word_if("effort", self.effort)
            .flag("no_further", self.no_further)
            .text_of("days", Some(self.days))
            .flag("withdrawn", self.withdrawn)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let bid = reader.word("bid")?;
        Some(Self {
            bid,
            effort: reader.word("effort"),
            no_further: bid == Invitation::Touch || reader.flag("no_further", true),
            words: reader.text(),
            days: reader.days("days")?,
            withdrawn: reader.flag("withdrawn", true),
        })
    }
}

/// The edit that says yes in a field.
pub(super) fn yes(name: &str) -> Edit {
    flag(name, true)
}

/// The edit that says yes or no in a field.
pub(super) fn flag(name: &str, flag: bool) -> Edit {
    Edit::Field {
        name: name.into(),
        value: Some(FieldValue::Flag(flag)),
    }
}

/// The edit that says something in a field.
pub(super) fn say(name: &str, text: String) -> Edit {
    Edit::Field {
        name: name.into(),
        value: Some(FieldValue::Text(text)),
    }
}

/// The edit that chooses a word in a field.
pub(super) fn choose(name: &str, word: impl Word) -> Edit {
    say(name, word.name().into())
}
