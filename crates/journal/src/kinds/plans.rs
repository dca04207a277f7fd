//! Plans, contacts and cards: what somebody prepares on a better day.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_format::{Edit, FieldValue, Rendered};

use super::Day;
use super::content::{Content, Reader, Said, Typed, Writer};
use super::needs::flag;
use super::words::{Section, Word};

/// What helps on a low day, by section. Only sections that its owner offers go along when the
/// plan is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LowDayPlan {
    sections: BTreeMap<Section, BTreeSet<Said>>,
    offered: BTreeSet<Section>,
}

impl LowDayPlan {
    /// An empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this in a section.
    #[must_use]
    pub fn with(mut self, section: Section, words: Said) -> Self {
        self.sections.entry(section).or_default().insert(words);
        self
    }

    /// Whose section the partner may see, once the plan is shared.
    #[must_use]
    pub fn offering(mut self, section: Section) -> Self {
        self.offered.insert(section);
        self
    }

    /// What is in a section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Said> {
        self.sections.get(&section).into_iter().flatten()
    }

    /// The sections that its owner offers.
    pub fn offered(&self) -> &BTreeSet<Section> {
        &self.offered
    }
}

impl Typed for LowDayPlan {
    const KIND: &'static str = "low_day_plan";

    fn content(&self) -> Content {
        let mut writer = Writer::of::<Self>();
        for (section, words) in &self.sections {
            writer = writer.members(section.name(), words);
        }
        writer.words_of("offered", &self.offered).done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        let names = Section::NAMES
            .iter()
            .filter_map(|name| Section::named(name));
        let sections = names.map(|section| (section, reader.members(section.name())));
        Some(Self {
            sections: sections.filter(|(_, words)| !words.is_empty()).collect(),
            offered: reader.words_of("offered"),
        })
    }
}

/// What holds somebody up who holds up somebody else. It is never shared, whatever anybody calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnSupportPlan {
    /// Their people.
    pub my_people: BTreeSet<Said>,
    /// Where they rest.
    pub rest: BTreeSet<Said>,
    /// Their limits.
    pub limits: BTreeSet<Said>,
    /// How they notice that it is too much.
    pub warning_signs: BTreeSet<Said>,
}

impl Typed for OwnSupportPlan {
    const KIND: &'static str = "own_support_plan";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .members("my_people", &self.my_people)
            .members("rest", &self.rest)
            .members("limits", &self.limits)
            .members("warning_signs", &self.warning_signs)
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            my_people: reader.members("my_people"),
            rest: reader.members("rest"),
            limits: reader.members("limits"),
            warning_signs: reader.members("warning_signs"),
        })
    }
}

/// Somebody who treats or helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CareContact {
    /// Their name.
    pub name: Said,
    /// What they are.
    pub role: Option<Said>,
    /// How they are reached.
    pub how: Option<Said>,
    /// When they are reached.
    pub hours: Option<Said>,
    /// Whether the entry may be shared.
    pub share: bool,
}

impl CareContact {
    /// Somebody of this name; not to be shared.
    pub fn new(name: Said) -> Self {
        Self {
            name,
            role: None,
            how: None,
            hours: None,
            share: false,
        }
    }

    /// The edit that lets it be shared, or no longer.
    pub fn let_share(share: bool) -> Edit {
        flag("share", share)
    }
}

impl Typed for CareContact {
    const KIND: &'static str = "care_contact";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .words("name", &self.name)
            .words("role", self.role.as_ref())
            .words("how", self.how.as_ref())
            .words("hours", self.hours.as_ref())
            .put("share", Some(FieldValue::Flag(self.share)))
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            name: reader.words("name")?,
            role: reader.words("role"),
            how: reader.words("how"),
            hours: reader.words("hours"),
            share: reader.flag("share", false),
        })
    }
}

/// A myth and what is known, kept as it was read. A newer edition is another entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningCard {
    /// The card's own name, the same in all editions.
    pub card: Said,
    /// Its edition, from 1.
    pub edition: u32,
    /// What is often thought.
    pub myth: Said,
    /// What is known.
    pub reality: Said,
    /// Where from.
    pub source: Said,
    /// When somebody last looked at it.
    pub reviewed_on: Day,
}

impl LearningCard {
    /// Of each card the newest edition.
    pub fn newest(cards: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut newest: BTreeMap<Said, Self> = BTreeMap::new();
        for card in cards {
            match newest.get(&card.card) {
                Some(known) if known.rank() >= card.rank() => {}
                _ => {
                    newest.insert(card.card.clone(), card);
                }
            }
        }
        newest.into_values().collect()
    }

    /// Two that call themselves the same edition are told apart by what they say.
    fn rank(&self) -> (u32, Day, &Said, &Said, &Said) {
        (
            self.edition,
            self.reviewed_on,
            &self.myth,
            &self.reality,
            &self.source,
        )
    }
}

impl Typed for LearningCard {
    const KIND: &'static str = "learning_card";

    fn content(&self) -> Content {
        Writer::of::<Self>()
            .text(&self.myth)
            .words("card", &self.card)
            .put(
                "edition",
                Some(FieldValue::Number(i64::from(self.edition.max(1)))),
            )
            .words("reality", &self.reality)
            .words("source", &self.source)
            .text_of("reviewed_on", Some(self.reviewed_on))
            .done()
    }

    fn read(shown: &Rendered) -> Option<Self> {
        let reader = Reader::of::<Self>(shown)?;
        Some(Self {
            card: reader.words("card")?,
            edition: u32::try_from(reader.number("edition")?)
                .ok()
                .filter(|edition| *edition > 0)?,
            myth: reader.text()?,
            reality: reader.words("reality")?,
            source: reader.words("source")?,
            reviewed_on: reader.day("reviewed_on")?,
        })
    }
}
