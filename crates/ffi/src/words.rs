//! Words that come with the library: prompts, learning cards, help in a crisis.

use std::sync::Arc;

use sidelight::words as ours;

use crate::mirror::{Give, Take, given, mirrored, taken};
use crate::{Day, JournalError, Sentence};

/// The words of one locale, and those of another where it has none. It knows no journal: opening
/// a prompt or a card leaves no trace that Sidelight made.
#[derive(Debug, uniffi::Object)]
pub struct Words {
    words: ours::Words,
}

#[uniffi::export]
impl Words {
    /// The words that come with the library, for a language tag such as `de` or `de-AT`. What
    /// that language lacks is there in English; for an unknown language all of it is.
    #[uniffi::constructor]
    pub fn embedded(locale: String) -> Self {
        let words = ours::Words::embedded(&locale);
        Self { words }
    }

    /// An app's own words: the files of one locale, as JSON. They stand alone; `with_fallback`
    /// adds others.
    ///
    /// Fails as Invalid if a file is not of that form, is over its bounds, or holds what a text
    /// must not hold; UpdateNeeded if its `format` is a later one.
    #[uniffi::constructor]
    pub fn from_json(files: Vec<String>) -> Result<Self, JournalError> {
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        let words = ours::Words::from_json(&files)?;
        Ok(Self { words })
    }

    /// These words, and after them the prompts and cards of `fallback` whose ids they have not.
    pub fn with_fallback(&self, fallback: &Words) -> Arc<Words> {
        let words = self.words.clone().with_fallback(&fallback.words);
        Arc::new(Self { words })
    }

    /// The tag of their locale.
    pub fn locale(&self) -> String {
        self.words.locale().give()
    }

    /// Whether they say of themselves that they are not everything yet.
    pub fn partial(&self) -> bool {
        self.words.partial()
    }

    /// All prompts: those of this locale first, as their file has them.
    pub fn prompts(&self) -> Vec<Prompt> {
        self.words.prompts().to_vec().give()
    }

    /// The prompt of this id.
    pub fn prompt(&self, id: String) -> Option<Prompt> {
        self.words.prompt(&id).cloned().give()
    }

    /// One prompt, or none if none fits: then there is nothing to show, and nothing is missing.
    ///
    /// The choice depends on the request alone. The prompt that was shown last does not come
    /// again, even if it is the only one. One that is sensitive, or for one of the two alone,
    /// comes only if its theme or its reader is named.
    pub fn choose(&self, request: PromptRequest) -> Option<Prompt> {
        self.words.choose(&request.back()).cloned().give()
    }

    /// All learning cards.
    pub fn cards(&self) -> Vec<Card> {
        self.words.cards().to_vec().give()
    }

    /// The learning card of this id.
    pub fn card(&self, id: String) -> Option<Card> {
        self.words.card(&id).cloned().give()
    }

    /// A sentence; in English if these words have none. A date stands in it as `{date}`.
    pub fn sentence(&self, sentence: Sentence) -> String {
        self.words.sentence(sentence.into()).give()
    }

    /// A sentence with its date in place.
    ///
    /// Fails as Invalid for a day that is none.
    pub fn dated(&self, sentence: Sentence, date: Day) -> Result<String, JournalError> {
        Ok(self.words.dated(sentence.into(), date.take()?))
    }

    /// What a kind or a field is called, or a month, and what else stands on an exported page: by
    /// an id such as `kind.moment`, `field.not_wanted` or `month.8`. None for what these words
    /// have no label for, such as kinds to come: show its name then.
    pub fn label(&self, id: String) -> Option<String> {
        self.words.label(&id).give()
    }

    /// What a theme is called.
    pub fn theme_title(&self, theme: Theme) -> String {
        self.words.theme_title(theme.into()).give()
    }
}

/// The locales that come with the library.
#[uniffi::export]
pub fn locales() -> Vec<Locale> {
    ours::Words::locales().give()
}

given! {
    /// A locale that comes with the library.
    #[of(ours::Locale)]
    pub struct Locale {
        /// Its tag.
        pub tag: String,
        /// Whether English stands in for a part of it.
        pub partial: bool,
    }
}

given! {
    /// A prompt. An app shows `Sentence.NotToday` beside every one, and treats it as it treats no
    /// answer at all.
    #[of(ours::Prompt)]
    pub struct Prompt {
        /// Its id, the same in every locale and for ever.
        pub id: String,
        /// The locale it is written in.
        pub locale: String,
        /// What it is about.
        pub theme: Theme,
        /// For whom it is.
        pub who: Who,
        /// For oneself or for the two.
        pub audience: Audience,
        /// How much it takes.
        pub effort: Effort,
        /// Whether it touches what not everybody wants to come upon.
        pub sensitive: bool,
        /// Its words: 1 to 280 characters on one line.
        pub text: String,
        /// For one tap: 2 to 8 answers of 1 to 60 characters. Otherwise none.
        pub answers: Vec<String>,
    }
}

/// What `choose` goes by.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PromptRequest {
    /// The same seed gives the same prompt: an app may take the day.
    pub seed: i64,
    /// Of this theme only, which then includes its sensitive prompts.
    #[uniffi(default = None)]
    pub theme: Option<Theme>,
    /// For either and for this one. If neither this nor a theme is named: only for either.
    #[uniffi(default = None)]
    pub who: Option<Who>,
    /// Only for oneself, or only for the two.
    #[uniffi(default = None)]
    pub audience: Option<Audience>,
    /// Nothing that takes more than this.
    #[uniffi(default = None)]
    pub effort_max: Option<Effort>,
    /// The id of the prompt that was shown last, which does not come twice in a row.
    #[uniffi(default = None)]
    pub last: Option<String>,
    /// The ids of prompts that are not to come.
    #[uniffi(default = [])]
    pub dismissed: Vec<String>,
}

impl PromptRequest {
    fn back(self) -> ours::PromptRequest {
        ours::PromptRequest {
            seed: self.seed.cast_unsigned(),
            theme: self.theme.map(Into::into),
            who: self.who.map(Into::into),
            audience: self.audience.map(Into::into),
            effort_max: self.effort_max.map(Into::into),
            last: self.last,
            dismissed: self.dismissed,
        }
    }
}

given! {
    /// Something that is often said, and what is known about it.
    #[of(ours::Card)]
    pub struct Card {
        /// Its id, the same in every locale and for ever.
        pub id: String,
        /// The locale it is written in.
        pub locale: String,
        /// What is said.
        pub myth: String,
        /// What is known: at most 600 characters.
        pub reality: String,
        /// How sure that is, and which part of it is the card's own conclusion.
        pub limits: String,
        /// Where it is from.
        pub source: String,
        /// Where that can be read, `https` only, if it was read on the web.
        pub url: Option<String>,
        /// Whether it touches what not everybody wants to come upon.
        pub sensitive: bool,
        /// When the source was last looked at.
        pub checked_on: Day,
        /// When it is due to be looked at again.
        pub review_by: Day,
    }
}

/// Help by place. It needs no journal and no network, and nothing here can record that it was
/// opened. The place is one that a person chooses; it is never guessed.
#[derive(Debug, uniffi::Object)]
pub struct Help {
    help: ours::Help,
}

#[uniffi::export]
impl Help {
    /// The list that comes with the library.
    #[uniffi::constructor]
    pub fn embedded() -> Self {
        let help = ours::Help::embedded();
        Self { help }
    }

    /// An app's own list, as JSON.
    ///
    /// Fails as Invalid if the file is not of that form, is over its bounds, or holds what a
    /// text, number or address must not hold; UpdateNeeded if its `format` is a later one.
    #[uniffi::constructor]
    pub fn from_json(file: String) -> Result<Self, JournalError> {
        let help = ours::Help::from_json(&file)?;
        Ok(Self { help })
    }

    /// All places, to choose from; the last is anywhere else.
    pub fn regions(&self) -> Vec<Region> {
        self.help.regions().to_vec().give()
    }

    /// The place of this code, in capital letters or small ones. None if there is no list for it:
    /// then `elsewhere` is what to show, never nothing.
    pub fn region(&self, code: String) -> Option<Region> {
        self.help.region(&code).cloned().give()
    }

    /// What serves anywhere.
    pub fn elsewhere(&self) -> Region {
        self.help.elsewhere().clone().give()
    }
}

/// A place, and who helps there.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Region {
    /// Its code: two capital letters, as in ISO 3166. `ZZ` is anywhere else.
    pub code: String,
    /// Other codes that people use for it, as `UK` for `GB`.
    pub aliases: Vec<String>,
    /// What it is called.
    pub name: String,
    /// Who helps there, in the order in which to show them. One at least.
    pub resources: Vec<Resource>,
    /// The earliest day on which one of its resources was looked up.
    pub checked_on: Option<Day>,
    /// The earliest day by which one of its resources is due to be looked up again. After it the
    /// list is shown all the same, with `Sentence.HelpStale`.
    pub review_by: Option<Day>,
}

impl Give<Region> for ours::Region {
    fn give(self) -> Region {
        Region {
            checked_on: self.checked_on().give(),
            review_by: self.review_by().give(),
            code: self.code,
            aliases: self.aliases,
            name: self.name,
            resources: self.resources.give(),
        }
    }
}

given! {
    /// Somebody who helps. The library cannot know whether a line is open or will answer, and
    /// contacts nobody: `Sentence.HelpCannotKnow` says so, and is to be shown.
    #[of(ours::Resource)]
    pub struct Resource {
        /// Its id.
        pub id: String,
        /// What it is for.
        pub purpose: Purpose,
        /// What it is called.
        pub name: String,
        /// How it is reached; empty where that differs from place to place.
        pub reach: Vec<Reach>,
        /// When, as its source says; none if that was not found, or sources disagree.
        pub hours: Option<String>,
        /// The languages that are spoken there, as tags.
        pub languages: Vec<String>,
        /// For whom it is.
        pub audience: String,
        /// What else to know.
        pub note: Option<String>,
        /// Where it was found.
        pub source: String,
        /// When it was last looked up.
        pub checked_on: Day,
        /// When it is due to be looked up again.
        pub review_by: Day,
    }
}

given! {
    /// One way to reach a resource.
    #[of(ours::Reach)]
    pub struct Reach {
        /// How.
        pub channel: Channel,
        /// The number, of digits, spaces, `+`, `-` and brackets; or the address, `https` only.
        pub to: String,
        /// What to write, if a message must begin with a certain word.
        pub message: Option<String>,
    }
}

#[uniffi::export]
impl Card {
    /// Whether it is past its review on this day, or the day is before the card was made, so that
    /// the clock cannot be right.
    pub fn stale(&self, on: Day) -> bool {
        stale(on, self.checked_on, self.review_by)
    }
}

#[uniffi::export]
impl Resource {
    /// Whether it is past its review on this day, or the day is before it was looked up, so that
    /// the clock cannot be right. A stale resource is shown all the same, with a warning.
    pub fn stale(&self, on: Day) -> bool {
        stale(on, self.checked_on, self.review_by)
    }
}

#[uniffi::export]
impl Region {
    /// Whether any of its resources is stale.
    pub fn stale(&self, on: Day) -> bool {
        let mut resources = self.resources.iter();
        resources.any(|resource| stale(on, resource.checked_on, resource.review_by))
    }
}

fn stale(on: Day, checked_on: Day, review_by: Day) -> bool {
    let day = |day: Day| (day.year, day.month, day.day);
    day(on) < day(checked_on) || day(on) > day(review_by)
}

mirrored! {
    /// What a resource is for.
    #[of(ours::Purpose, Distress)]
    pub enum Purpose {
        /// Somebody is in danger now.
        Emergency,
        /// Somebody to talk to.
        Distress,
        /// Violence, or fear, at home.
        PartnerViolence,
    }
}

mirrored! {
    /// How a resource is reached.
    #[of(ours::Channel, Web)]
    pub enum Channel {
        /// A telephone number to call.
        Call,
        /// A telephone number to send a message to.
        Text,
        /// A page on the web. Opening it tells the network; ask before.
        Web,
    }
}

mirrored! {
    /// What a prompt is about.
    #[of(ours::Theme, MicroConnections)]
    pub enum Theme {
        /// Small contact that costs little.
        MicroConnections,
        /// What was good, and never a duty.
        Gratitude,
        /// Needs, rather than how one feels.
        WhatDoYouNeed,
        /// Offers that are easy to turn down.
        HowCanISupportYou,
        /// Of not being enough, and of having needs.
        Guilt,
        /// What is possible and what is not, for now.
        ExpectationsAndBoundaries,
        /// Touch that leads nowhere further, and no touch.
        TouchWithoutExpectation,
        /// Energy keeps no schedule.
        TimingAndFlexibility,
        /// For whoever supports.
        SupportersOwnWellbeing,
        /// Afterwards.
        RepairAfterAHardDay,
    }
}

taken!(
    Theme,
    ours::Theme,
    MicroConnections,
    Gratitude,
    WhatDoYouNeed,
    HowCanISupportYou,
    Guilt,
    ExpectationsAndBoundaries,
    TouchWithoutExpectation,
    TimingAndFlexibility,
    SupportersOwnWellbeing,
    RepairAfterAHardDay
);

mirrored! {
    /// For whom a prompt is. Both may be low, and both may be the one who supports.
    #[of(ours::Who, Either)]
    pub enum Who {
        /// For either partner.
        Either,
        /// For whoever supports at the moment.
        Supporter,
        /// For whoever is low at the moment.
        Low,
    }
}

taken!(Who, ours::Who, Either, Supporter, Low);

mirrored! {
    /// Whether a prompt is for oneself or for the two.
    #[of(ours::Audience, Own)]
    pub enum Audience {
        /// For oneself; what is written in answer stays private like anything else.
        Own,
        /// For looking at together, if both like.
        Together,
    }
}

taken!(Audience, ours::Audience, Own, Together);

mirrored! {
    /// How much a prompt takes.
    #[of(ours::Effort, While)]
    pub enum Effort {
        /// One tap on one of its answers.
        Tap,
        /// A line.
        Line,
        /// Some time.
        While,
    }
}

taken!(Effort, ours::Effort, Tap, Line, While);
