//! The sentences around prompts, cards and help.

use std::collections::BTreeMap;

use super::named::named;
use super::{Effort, Purpose, Theme};
use crate::Date;

named! {
    /// A sentence that an app shows. Its name in files is its id there.
    pub enum Sentence {
        /// The easy way out that stands beside every prompt.
        NotToday = "not_today",
        /// Asks for another prompt.
        Another = "another",
        /// Says that a prompt is no task.
        NothingExpected = "nothing_expected",
        /// Says that what is written is private until it is shared.
        YoursAlone = "yours_alone",
        /// Instead of a prompt, if there is none.
        NoPromptLeft = "no_prompt_left",
        /// Beside prompts of touch, boundaries and repair.
        IfAfraid = "if_afraid",
        /// The heading of what is said.
        CardMyth = "card_myth",
        /// The heading of what is known.
        CardReality = "card_reality",
        /// The heading of how sure that is.
        CardLimits = "card_limits",
        /// The heading of the source.
        CardSource = "card_source",
        /// On a card that is [stale](super::Card::stale).
        CardStale = "card_stale",
        /// The heading of help.
        HelpTitle = "help_title",
        /// Asks for the place.
        HelpChoose = "help_choose",
        /// Says that nobody here knows whether a line will answer. Shown with all help.
        HelpCannotKnow = "help_cannot_know",
        /// Says that looking leaves no record in Sidelight. Shown with all help.
        HelpNotRecorded = "help_not_recorded",
        /// Says when the list was looked up. Shown with all help.
        HelpChecked = "help_checked",
        /// On a list that is [stale](super::Region::stale); the list is shown all the same.
        HelpStale = "help_stale",
        /// For a place without a list of its own.
        HelpElsewhere = "help_elsewhere",
        /// Before all help.
        HelpDanger = "help_danger",
        /// The one notice that an app shows outside of itself, whatever happened. It tells nothing.
        Notice = "notice",
        /// The title of a theme.
        ThemeMicroConnections = "theme.micro_connections",
        /// The title of a theme.
        ThemeGratitude = "theme.gratitude",
        /// The title of a theme.
        ThemeWhatDoYouNeed = "theme.what_do_you_need",
        /// The title of a theme.
        ThemeHowCanISupportYou = "theme.how_can_i_support_you",
        /// The title of a theme.
        ThemeGuilt = "theme.guilt",
        /// The title of a theme.
        ThemeExpectationsAndBoundaries = "theme.expectations_and_boundaries",
        /// The title of a theme.
        ThemeTouchWithoutExpectation = "theme.touch_without_expectation",
        /// The title of a theme.
        ThemeTimingAndFlexibility = "theme.timing_and_flexibility",
        /// The title of a theme.
        ThemeSupportersOwnWellbeing = "theme.supporters_own_wellbeing",
        /// The title of a theme.
        ThemeRepairAfterAHardDay = "theme.repair_after_a_hard_day",
        /// What an effort is called.
        EffortTap = "effort.tap",
        /// What an effort is called.
        EffortLine = "effort.line",
        /// What an effort is called.
        EffortWhile = "effort.while",
        /// What a purpose is called.
        PurposeEmergency = "purpose.emergency",
        /// What a purpose is called.
        PurposeDistress = "purpose.distress",
        /// What a purpose is called.
        PurposePartnerViolence = "purpose.partner_violence",
        /// What a channel is called.
        ChannelCall = "channel.call",
        /// What a channel is called.
        ChannelText = "channel.text",
        /// What a channel is called.
        ChannelWeb = "channel.web",
    }
}

/// What stands for a date in a sentence.
pub(super) const DATE: &str = "{date}";

impl Sentence {
    /// Whether a date belongs into it.
    pub fn holds_date(self) -> bool {
        matches!(self, Self::CardStale | Self::HelpChecked | Self::HelpStale)
    }

    /// The title of a theme.
    pub fn of_theme(theme: Theme) -> Self {
        match theme {
            Theme::MicroConnections => Self::ThemeMicroConnections,
            Theme::Gratitude => Self::ThemeGratitude,
            Theme::WhatDoYouNeed => Self::ThemeWhatDoYouNeed,
            Theme::HowCanISupportYou => Self::ThemeHowCanISupportYou,
            Theme::Guilt => Self::ThemeGuilt,
            Theme::ExpectationsAndBoundaries => Self::ThemeExpectationsAndBoundaries,
            Theme::TouchWithoutExpectation => Self::ThemeTouchWithoutExpectation,
            Theme::TimingAndFlexibility => Self::ThemeTimingAndFlexibility,
            Theme::SupportersOwnWellbeing => Self::ThemeSupportersOwnWellbeing,
            Theme::RepairAfterAHardDay => Self::ThemeRepairAfterAHardDay,
        }
    }

    /// What an effort is called.
    pub fn of_effort(effort: Effort) -> Self {
        match effort {
            Effort::Tap => Self::EffortTap,
            Effort::Line => Self::EffortLine,
            Effort::While => Self::EffortWhile,
        }
    }

    /// What a purpose is called.
    pub fn of_purpose(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Emergency => Self::PurposeEmergency,
            Purpose::Distress => Self::PurposeDistress,
            Purpose::PartnerViolence => Self::PurposePartnerViolence,
        }
    }
}

/// Texts by the id of their sentence.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentences(BTreeMap<String, String>);

impl Sentences {
    pub(super) fn text(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// Whether it was new.
    pub(super) fn insert(&mut self, id: String, text: String) -> bool {
        self.0.insert(id, text).is_none()
    }

    pub(super) fn add_missing(&mut self, others: &Self) {
        for (id, text) in &others.0 {
            let entry = self.0.entry(id.clone());
            entry.or_insert_with(|| text.clone());
        }
    }
}

impl super::Words {
    /// A sentence with its date in place.
    pub fn dated(&self, sentence: Sentence, date: Date) -> String {
        self.sentence(sentence).replace(DATE, &date.to_string())
    }
}
