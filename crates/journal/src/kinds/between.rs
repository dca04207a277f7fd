//! What two people say to each other: each in their own lane, pointing at what they answer.

use std::collections::BTreeSet;

use sidelight_format::{Edit, EntryId, FieldValue, PersonId, Rendered, digest};

use super::Day;
use super::content::{Content, Reader, Said, Typed, Writer};
use super::needs::{flag, say, yes};
use super::words::Acknowledgement;

/// An answer to something, in words or gently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    target: EntryId,
    words: Option<Said>,
    gently: Option<Acknowledgement>,
}

impl Reply {
    /// In words.
    pub fn to(target: EntryId, words: Said) -> Self {
        Self {
            target,
            words: Some(words),
            gently: None,
        }
    }

    /// Without words of one's own.
    pub fn gently_to(target: EntryId, gently: Acknowledgement) -> Self {
        Self {
            target,
            words: None,
            gently: Some(gently),
        }
    }

    /// What is answered. It may have been taken back since; the reply stays.
    pub fn target(&self) -> EntryId {
        self.target
    }

    /// The words.
    pub fn said(&self) -> Option<&Said> {
        self.words.as_ref()
    }

    /// The gentle answer.
    pub fn gently(&self) -> Option<Acknowledgement> {
        self.gently
    }
}

impl Typed for Reply {
    const KIND: &'static str = "reply";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .entry("target", &self.target)
            .word_if("gently", self.gently)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let reply = Self {
            target: reader.entry("target")?,
            words: reader.text(),
            gently: reader.word("gently"),
        };
        (reply.words.is_some() || reply.gently.is_some()).then_some(reply)
    }
}

/// One person's part of a conversation: what it is about, or a turn in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The entry that began it, for a turn; none for the one that begins it.
    pub about: Option<EntryId>,
    /// The topic, or what is said in this turn.
    pub words: Option<Said>,
    /// What its author needs.
    pub needs: BTreeSet<Said>,
    /// What its author expects.
    pub expectations: BTreeSet<Said>,
    /// Whether its author asks for a pause. While one of the two does, there is one.
    pub paused: bool,
}

impl Conversation {
    /// Begins one.
    pub fn begin(topic: Said) -> Self {
        Self {
            about: None,
            words: Some(topic),
            needs: BTreeSet::new(),
            expectations: BTreeSet::new(),
            paused: false,
        }
    }

    /// A turn in one.
    pub fn turn(about: EntryId, words: Said) -> Self {
        Self {
            about: Some(about),
            ..Self::begin(words)
        }
    }

    /// Asks for a pause, in the other's conversation too.
    pub fn pause_in(about: EntryId) -> Self {
        Self {
            about: Some(about),
            words: None,
            needs: BTreeSet::new(),
            expectations: BTreeSet::new(),
            paused: true,
        }
    }

    /// Its author needs this.
    #[must_use]
    pub fn need(mut self, need: Said) -> Self {
        self.needs.insert(need);
        self
    }

    /// Its author expects this.
    #[must_use]
    pub fn expect(mut self, expectation: Said) -> Self {
        self.expectations.insert(expectation);
        self
    }

    /// The edit that asks for a pause, or ends one's own.
    pub fn pause(paused: bool) -> Edit {
        flag("paused", paused)
    }

    /// Whether there is a pause: whether anybody's part asks for one.
    pub fn is_paused<'a>(parts: impl IntoIterator<Item = &'a Self>) -> bool {
        parts.into_iter().any(|part| part.paused)
    }
}

impl Typed for Conversation {
    const KIND: &'static str = "conversation";

    fn content(&self) -> Content {
        let target = self.about.map(|about| FieldValue::Text(about.to_hex()));
        Writer::of::<Self>()
            .text(self.words.as_ref())
            .put("target", target)
            .members("needs", &self.needs)
            .members("expectations", &self.expectations)
            .flag("paused", self.paused)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let about = reader.entry("target");
        // A turn in nothing begins nothing.
        let lost = about.is_none() && reader.value("target").is_some();
        let part = Self {
            about,
            words: reader.text(),
            needs: reader.members("needs"),
            expectations: reader.members("expectations"),
            paused: reader.flag("paused", true),
        };
        (!lost && (about.is_some() || part.words.is_some())).then_some(part)
    }
}

/// The exact wording that somebody assents to: the text of a proposal and its day of review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording(pub [u8; 32]);

impl Wording {
    fn of(text: &str, review: Option<Day>) -> Self {
        let review = review.map(|day| day.to_string()).unwrap_or_default();
        Self(digest("wording", &[text.as_bytes(), review.as_bytes()]))
    }

    fn to_hex(self) -> String {
        EntryId(self.0).to_hex()
    }
}

/// What one person proposes, in their own lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    text: Said,
    review: Option<Day>,
    assent: Option<Wording>,
    withdrawn: bool,
}

/// What the other person says to a proposal, in theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assent {
    target: EntryId,
    to: Option<Wording>,
    withdrawn: bool,
}

/// One person's part of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The proposal, with the proposer's own assent.
    Proposal(Proposal),
    /// The other's assent.
    Assent(Assent),
}

/// How an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// Both assent to what it says now.
    InForce,
    /// Somebody has yet to assent to what it says now.
    Open {
        /// Whether the proposer does.
        proposer: bool,
        /// Whether the other does.
        other: bool,
    },
    /// One of the two withdrew, which needs nobody else.
    Withdrawn,
}

impl Proposal {
    /// Proposes this, and assents to it.
    pub fn new(text: Said, review: Option<Day>) -> Self {
        Self {
            assent: Some(Wording::of(text.as_str(), review)),
            text,
            review,
            withdrawn: false,
        }
    }

    /// What it says now.
    pub fn wording(&self) -> Wording {
        Wording::of(self.text.as_str(), self.review)
    }

    /// Its text.
    pub fn said(&self) -> &Said {
        &self.text
    }

    /// When both mean to look at it again. That only suggests.
    pub fn review(&self) -> Option<Day> {
        self.review
    }

    /// How it stands, by the answers of `other`. A change of a letter after somebody assented
    /// leaves their assent behind, whoever made it and even if two devices made it at once.
    /// Assents by anybody else, to another proposal, or under another name count for nothing.
    pub fn stands<'a>(
        &self,
        (id, proposer): (EntryId, PersonId),
        answers: impl IntoIterator<Item = (PersonId, &'a Assent)>,
    ) -> Agreed {
        let now = Some(self.wording());
        let (mut other, mut withdrawn) = (false, self.withdrawn);
        for (person, assent) in answers {
            if person != proposer && assent.target == id {
                withdrawn |= assent.withdrawn;
                other |= assent.to == now;
            }
        }
        match (self.assent == now, other) {
            _ if withdrawn => Agreed::Withdrawn,
            (true, true) => Agreed::InForce,
            (proposer, other) => Agreed::Open { proposer, other },
        }
    }

    /// The edit by which the proposer assents to what the proposal says now.
    pub fn assent_to(wording: Wording) -> Edit {
        say("assent", wording.to_hex())
    }
}

impl Assent {
    /// To a proposal as it was read.
    pub fn to(target: EntryId, wording: Wording) -> Self {
        Self {
            target,
            to: Some(wording),
            withdrawn: false,
        }
    }

    /// The proposal.
    pub fn target(&self) -> EntryId {
        self.target
    }

    /// The edit that assents to another wording.
    pub fn again(wording: Wording) -> Edit {
        say("assent", wording.to_hex())
    }
}

impl Agreement {
    /// The edit by which either of the two withdraws, each in their own entry.
    pub fn withdraw() -> Edit {
        yes("withdrawn")
    }
}

impl Typed for Agreement {
    const KIND: &'static str = "agreement";

    fn content(&self) -> Content {
        let writer = Writer::of::<Self>();
        let hash = |to: &Option<Wording>| to.map(Wording::to_hex);
        match self {
            Self::Proposal(proposal) => writer
                .text(&proposal.text)
                .text_of("review", proposal.review)
                .text_of("assent", hash(&proposal.assent))
                .flag("withdrawn", proposal.withdrawn)
                .done(),
            Self::Assent(assent) => writer
                .entry("target", &assent.target)
                .text_of("assent", hash(&assent.to))
                .flag("withdrawn", assent.withdrawn)
                .done(),
        }
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let assent = reader.entry("assent").map(|hash| Wording(hash.0));
        let withdrawn = reader.flag("withdrawn", true);
        if reader.value("target").is_some() {
            return Some(Self::Assent(Assent {
                target: reader.entry("target")?,
                to: assent,
                withdrawn,
            }));
        }
        Some(Self::Proposal(Proposal {
            text: reader.text()?,
            review: reader.day("review"),
            assent,
            withdrawn,
        }))
    }
}
