//! Prompts, and how one is chosen.

use super::named::named;

named! {
    /// What a prompt is about.
    pub enum Theme {
        /// Small contact that costs little.
        MicroConnections = "micro_connections",
        /// What was good, and never a duty.
        Gratitude = "gratitude",
        /// Needs, rather than how one feels.
        WhatDoYouNeed = "what_do_you_need",
        /// Offers that are easy to turn down.
        HowCanISupportYou = "how_can_i_support_you",
        /// Of not being enough, and of having needs.
        Guilt = "guilt",
        /// What is possible and what is not, for now.
        ExpectationsAndBoundaries = "expectations_and_boundaries",
        /// Touch that leads nowhere further, and no touch.
        TouchWithoutExpectation = "touch_without_expectation",
        /// Energy keeps no schedule.
        TimingAndFlexibility = "timing_and_flexibility",
        /// For whoever supports.
        SupportersOwnWellbeing = "supporters_own_wellbeing",
        /// Afterwards.
        RepairAfterAHardDay = "repair_after_a_hard_day",
    }
}

named! {
    /// For whom a prompt is. Both may be low, and both may be the one who supports.
    pub enum Who {
        /// For either partner.
        Either = "either",
        /// For whoever supports at the moment.
        Supporter = "supporter",
        /// For whoever is low at the moment.
        Low = "low",
    }
}

named! {
    /// Whether a prompt is for oneself or for the two.
    pub enum Audience {
        /// For oneself; what is written in answer stays private like anything else.
        Own = "self",
        /// For looking at together, if both like.
        Together = "together",
    }
}

named! {
    /// How much a prompt takes.
    pub enum Effort {
        /// One tap on one of its answers.
        Tap = "tap",
        /// A line.
        Line = "line",
        /// Some time.
        While = "while",
    }
}

/// A prompt. An app shows [`Sentence::NotToday`](super::Sentence::NotToday) beside every one, and
/// treats it as it treats no answer at all.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What [`Words::choose`](super::Words::choose) goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptRequest {
    /// The same seed gives the same prompt.
    pub seed: u64,
    /// Of this theme only, which then includes its sensitive prompts.
    pub theme: Option<Theme>,
    /// For either and for this one. If neither this nor a theme is named: only for either.
    pub who: Option<Who>,
    /// Only for oneself, or only for the two.
    pub audience: Option<Audience>,
    /// Nothing that takes more than this.
    pub effort_max: Option<Effort>,
    /// The id of the prompt that was shown last, which does not come twice in a row.
    pub last: Option<String>,
    /// The ids of prompts that are not to come.
    pub dismissed: Vec<String>,
}

impl PromptRequest {
    /// Whether a prompt may come at all.
    pub(super) fn admits(&self, prompt: &Prompt) -> bool {
        let theme = match self.theme {
            Some(theme) => prompt.theme == theme,
            None => !prompt.sensitive,
        };
        let who = match self.who {
            Some(who) => prompt.who == Who::Either || prompt.who == who,
            None => prompt.who == Who::Either || self.theme.is_some(),
        };
        theme
            && who
            && self.audience.is_none_or(|only| prompt.audience == only)
            && self.effort_max.is_none_or(|max| prompt.effort <= max)
            && self.last.as_ref() != Some(&prompt.id)
            && !self.dismissed.contains(&prompt.id)
    }

    /// Where a prompt stands in the order that the seed gives. FNV-1a over seed and id, with the
    /// finaliser of SplitMix64: it spreads well, and hides nothing.
    pub(super) fn place(&self, id: &str) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.seed.to_le_bytes().iter().chain(id.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }
}
