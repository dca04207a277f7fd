//! The sentences that an app shows, by name.

use crate::mirror::taken;

taken! {
    /// A sentence that an app shows.
    #[to(sidelight::words::Sentence)]
    pub enum Sentence {
        /// The easy way out that stands beside every prompt.
        NotToday,
        /// Asks for another prompt.
        Another,
        /// Says that a prompt is no task.
        NothingExpected,
        /// Says that what is written is private until it is shared.
        YoursAlone,
        /// Instead of a prompt, if there is none.
        NoPromptLeft,
        /// Beside prompts of touch, boundaries and repair.
        IfAfraid,
        /// The heading of what is said.
        CardMyth,
        /// The heading of what is known.
        CardReality,
        /// The heading of how sure that is.
        CardLimits,
        /// The heading of the source.
        CardSource,
        /// On a card that is stale.
        CardStale,
        /// The heading of help.
        HelpTitle,
        /// Asks for the place.
        HelpChoose,
        /// Says that nobody here knows whether a line will answer. Shown with all help.
        HelpCannotKnow,
        /// Says that looking leaves no record in Sidelight. Shown with all help.
        HelpNotRecorded,
        /// Says when the list was looked up. Shown with all help.
        HelpChecked,
        /// On a list that is stale; the list is shown all the same.
        HelpStale,
        /// For a place without a list of its own.
        HelpElsewhere,
        /// Before all help.
        HelpDanger,
        /// The one notice that an app shows outside of itself, whatever happened. It tells nothing.
        Notice,
        /// The title of a theme.
        ThemeMicroConnections,
        /// The title of a theme.
        ThemeGratitude,
        /// The title of a theme.
        ThemeWhatDoYouNeed,
        /// The title of a theme.
        ThemeHowCanISupportYou,
        /// The title of a theme.
        ThemeGuilt,
        /// The title of a theme.
        ThemeExpectationsAndBoundaries,
        /// The title of a theme.
        ThemeTouchWithoutExpectation,
        /// The title of a theme.
        ThemeTimingAndFlexibility,
        /// The title of a theme.
        ThemeSupportersOwnWellbeing,
        /// The title of a theme.
        ThemeRepairAfterAHardDay,
        /// What an effort is called.
        EffortTap,
        /// What an effort is called.
        EffortLine,
        /// What an effort is called.
        EffortWhile,
        /// What a purpose is called.
        PurposeEmergency,
        /// What a purpose is called.
        PurposeDistress,
        /// What a purpose is called.
        PurposePartnerViolence,
        /// What a channel is called.
        ChannelCall,
        /// What a channel is called.
        ChannelText,
        /// What a channel is called.
        ChannelWeb,
    }
}
