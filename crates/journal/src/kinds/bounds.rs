//! What somebody is comfortable with, where they draw a line, and what they consent to.

use sidelight_format::{Edit, FieldValue, Rendered, Timestamp};

use super::content::{Content, Reader, Said, Typed, Writer};
use super::needs::{choose, say, yes};
use super::words::{About, Audience, Standing};
use super::{Day, Window};

/// For how many days a `welcome` holds at most. After that it is to be said again.
pub const WELCOME_DAYS_MAX: i64 = 31;

/// How somebody feels about one touch, topic or time. It informs, and is never consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComfortCard {
    /// What of.
    pub about: About,
    /// Which one, in words. It stays: what is said of it must not come to be about something else.
    pub subject: Said,
    /// What is said of it.
    pub comfort: Comfort,
    /// A note with it.
    pub note: Option<Said>,
}

/// What a comfort card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comfort {
    /// Not now. It stays so until its owner says something else.
    NotNow,
    /// Ask first.
    AskFirst,
    /// Welcome on these days, then ask first.
    Welcome(Window),
}

/// What a comfort card says at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComfortNow {
    /// Not now.
    NotNow,
    /// Ask first.
    AskFirst,
    /// Welcome.
    Welcome,
}

impl Comfort {
    /// What it comes to at `now`. By a clock that cannot be right a welcome has not begun or is
    /// over.
    pub fn at(&self, now: Timestamp) -> ComfortNow {
        match self {
            Self::NotNow => ComfortNow::NotNow,
            Self::Welcome(days) if days.holds_in_first(WELCOME_DAYS_MAX, now) => {
                ComfortNow::Welcome
            }
            Self::AskFirst | Self::Welcome(_) => ComfortNow::AskFirst,
        }
    }
}

impl ComfortCard {
    /// A card about this.
    pub fn new(about: About, subject: Said, comfort: Comfort) -> Self {
        Self {
            about,
            subject,
            comfort,
            note: None,
        }
    }

    /// With a note.
    #[must_use]
    pub fn note(self, note: Said) -> Self {
        Self {
            note: Some(note),
            ..self
        }
    }

    /// The edits that say something else, all in one change.
    pub fn say(comfort: Comfort) -> Vec<Edit> {
        let word = say("comfort", name(&comfort).into());
        match comfort {
            Comfort::Welcome(days) => vec![word, say("days", days.to_string())],
            Comfort::NotNow | Comfort::AskFirst => vec![word],
        }
    }
}

fn name(comfort: &Comfort) -> &'static str {
    match comfort {
        Comfort::NotNow => "not_now",
        Comfort::AskFirst => "ask_first",
        Comfort::Welcome(_) => "welcome",
    }
}

impl Typed for ComfortCard {
    const KIND: &'static str = "comfort_card";

    fn content(&self) -> Content {
        let days = match self.comfort {
            Comfort::Welcome(days) => Some(days),
            Comfort::NotNow | Comfort::AskFirst => None,
        };
        Writer::of::<Self>()
            .text(&self.subject)
            .word("about", self.about)
            .put(
                "comfort",
                Some(FieldValue::Text(name(&self.comfort).into())),
            )
            .text_of("days", days)
            .words("note", self.note.as_ref())
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let comfort = match reader.str("comfort") {
            Some("welcome") => reader
                .days("days")
                .map_or(Comfort::AskFirst, Comfort::Welcome),
            Some("ask_first") => Comfort::AskFirst,
            _ => Comfort::NotNow,
        };
        Some(Self {
            about: reader.word("about")?,
            subject: reader.text()?,
            comfort,
            note: reader.words("note"),
        })
    }
}

/// A line that somebody draws, and what they do when it is crossed.
///
/// Its statement stays. Who tightens it writes another boundary and lifts this one; until then
/// both stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Where the line is.
    pub statement: Said,
    /// What its owner does: never what the other has to.
    pub i_will: Option<Said>,
    /// Whether it stands.
    pub standing: Standing,
    /// When its owner means to look at it again. That only suggests.
    pub review: Option<Day>,
}

impl Boundary {
    /// Here is the line.
    pub fn new(statement: Said) -> Self {
        Self {
            statement,
            i_will: None,
            standing: Standing::Active,
            review: None,
        }
    }

    /// This is what its owner does.
    #[must_use]
    pub fn i_will(self, act: Said) -> Self {
        Self {
            i_will: Some(act),
            ..self
        }
    }

    /// To be looked at again.
    #[must_use]
    pub fn review_on(self, day: Day) -> Self {
        Self {
            review: Some(day),
            ..self
        }
    }

    /// The edit that lifts it.
    pub fn lift() -> Edit {
        choose("state", Standing::Lifted)
    }

    /// The edit that draws it again.
    pub fn draw_again() -> Edit {
        choose("state", Standing::Active)
    }
}

impl Typed for Boundary {
    const KIND: &'static str = "boundary";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(&self.statement)
            .words("i_will", self.i_will.as_ref())
            .word("state", self.standing)
            .text_of("review", self.review)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            statement: reader.text()?,
            i_will: reader.words("i_will"),
            standing: reader.word("state").unwrap_or(Standing::Active),
            review: reader.day("review"),
        })
    }
}

/// What somebody lets others see or use, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    item: Said,
    audience: Audience,
    days: Window,
    revoked: bool,
}

impl Consent {
    /// To this, for them, on these days.
    pub fn to(item: Said, audience: Audience, days: Window) -> Self {
        Self {
            item,
            audience,
            days,
            revoked: false,
        }
    }

    /// What to.
    pub fn item(&self) -> &Said {
        &self.item
    }

    /// For whom at `now`; for oneself alone once it was revoked or is over.
    pub fn audience_at(&self, now: Timestamp) -> Audience {
        if !self.revoked && self.days.holds(now) {
            self.audience
        } else {
            Audience::OnlyMe
        }
    }

    /// The edit that revokes it.
    pub fn revoke() -> Edit {
        yes("revoked")
    }

    /// The edit that narrows or widens whom it is for.
    pub fn let_see(audience: Audience) -> Edit {
        choose("audience", audience)
    }
}

impl Typed for Consent {
    const KIND: &'static str = "consent";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(&self.item)
            .word("audience", self.audience)
            .text_of("days", Some(self.days))
            .flag("revoked", self.revoked)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            item: reader.text()?,
            audience: reader.word("audience").unwrap_or(Audience::OnlyMe),
            days: reader.days("days")?,
            revoked: reader.flag("revoked", true),
        })
    }
}
