//! Every kind on one page: its fields, who sees it, how it merges.

use super::field::{Field, Holds, Merge};
use super::words;
use Holds::{Choice, Days, Entry, Flag, Hash, Number, SetOf, SetOfWords, Time, Words};
use Merge::{
    AddWins, Agreed, First, FirstKnown, Fixed, Joined, Latest, Narrowest, NoWins, RemoveWins,
    YesWins,
};

/// What holds for all entries of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The kind's name.
    pub name: &'static str,
    /// What its text is.
    pub text: Text,
    /// Its fields, beside `tags`, which every kind has.
    pub fields: &'static [Field],
    /// Who may ever see it.
    pub sharing: Sharing,
    /// Whether both may keep one together. What somebody says for themselves alone can not.
    pub together: bool,
    /// When what it says is over.
    pub ends: Ends,
}

/// What the text of a kind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// It is there, and its author may change it, a character at a time.
    Needed,
    /// It may be empty.
    Optional,
    /// It is there and stays as it is, for what else the entry says is about it: whoever wants
    /// to say it otherwise writes another entry.
    Fixed,
}

/// Who may ever see a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Its author alone, whatever they do.
    Never,
    /// The partner too, once its author shared the entry.
    ByChoice,
    /// The same; of its sections only those that `offered` names go along.
    BySection,
    /// The same, while `share` says yes.
    ByFlag,
}

/// When what an entry says is over. It is computed whenever it is read; nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It stays.
    Never,
    /// With the entry's own day.
    WithItsDay,
    /// With the last day of `days`.
    WithItsDays,
    /// `welcome` becomes `ask_first` with the last day of `days`, and a month after the first.
    Relaxed,
}

const fn field(name: &'static str, holds: Holds, merge: Merge) -> Field {
    Field { name, holds, merge }
}

const TARGET: Field = field("target", Entry, Fixed);
const DAYS: Field = field("days", Days, Narrowest);
const WITHDRAWN: Field = field("withdrawn", Flag, YesWins);
const EFFORT: Field = field("effort", Choice(words::Effort::NAMES), First);
const SOURCE: Field = field("source", Words, Fixed);

/// Fields that every kind has.
pub const COMMON: &[Field] = &[field("tags", SetOfWords, AddWins)];

/// What holds for kinds that this version does not know: nothing beside what holds for all.
pub(super) const UNKNOWN: Rules = Rules {
    name: "unknown",
    text: Text::Optional,
    fields: &[],
    sharing: Sharing::ByChoice,
    together: true,
    ends: Ends::Never,
};

const OWN: Rules = Rules {
    together: false,
    ..UNKNOWN
};

/// All kinds.
pub const ALL: &[Rules] = &[
    Rules {
        name: "reflection",
        text: Text::Needed,
        fields: &[field("prompt", Words, Fixed)],
        sharing: Sharing::Never,
        ..OWN
    },
    Rules {
        name: "moment",
        text: Text::Needed,
        fields: &[field("media", SetOfWords, AddWins)],
        ..UNKNOWN
    },
    Rules {
        name: "gratitude",
        text: Text::Needed,
        fields: &[field("toward", Words, Joined)],
        ..UNKNOWN
    },
    Rules {
        name: "appreciation",
        text: Text::Needed,
        fields: &[field("meant_to_me", Words, Joined)],
        ..OWN
    },
    Rules {
        name: "micro_connection",
        text: Text::Needed,
        fields: &[EFFORT, field("both", Flag, Latest)],
        ..UNKNOWN
    },
    Rules {
        name: "check_in",
        fields: &[
            field("need", Choice(words::Need::NAMES), FirstKnown),
            field("not_wanted", SetOf(words::Need::NAMES), AddWins),
            field("capacity", Choice(words::Capacity::NAMES), First),
            DAYS,
        ],
        ends: Ends::WithItsDays,
        ..OWN
    },
    Rules {
        name: "capacity",
        fields: &[field("capacity", Choice(words::Capacity::NAMES), First)],
        ends: Ends::WithItsDay,
        ..OWN
    },
    Rules {
        name: "support_offer",
        fields: &[
            field("offers", SetOf(words::Support::NAMES), RemoveWins),
            field("limits", SetOfWords, AddWins),
            DAYS,
            WITHDRAWN,
        ],
        ends: Ends::WithItsDays,
        ..OWN
    },
    Rules {
        name: "support_response",
        fields: &[
            TARGET,
            field("answer", Choice(words::Answer::NAMES), First),
            field("helped", Flag, NoWins),
            field("too_much", Flag, YesWins),
        ],
        ..OWN
    },
    Rules {
        name: "bid",
        fields: &[
            field("bid", Choice(words::Invitation::NAMES), Fixed),
            EFFORT,
            field("no_further", Flag, YesWins),
            DAYS,
            WITHDRAWN,
        ],
        ends: Ends::WithItsDays,
        ..OWN
    },
    Rules {
        name: "comfort_card",
        text: Text::Fixed,
        fields: &[
            field("about", Choice(words::About::NAMES), Fixed),
            field("comfort", Choice(words::COMFORT), First),
            DAYS,
            field("note", Words, Joined),
        ],
        ends: Ends::Relaxed,
        ..OWN
    },
    Rules {
        name: "boundary",
        text: Text::Fixed,
        fields: &[
            field("i_will", Words, Joined),
            field("state", Choice(words::Standing::NAMES), First),
            field("review", Holds::Day, Latest),
        ],
        ..OWN
    },
    Rules {
        name: "conversation",
        fields: &[
            TARGET,
            field("needs", SetOfWords, AddWins),
            field("expectations", SetOfWords, AddWins),
            field("paused", Flag, YesWins),
        ],
        ..OWN
    },
    Rules {
        name: "agreement",
        fields: &[
            TARGET,
            field("review", Holds::Day, Latest),
            field("assent", Hash, Agreed),
            WITHDRAWN,
        ],
        ..OWN
    },
    Rules {
        name: "low_day_plan",
        fields: &[
            field("warning_signs", SetOfWords, AddWins),
            field("helps", SetOfWords, AddWins),
            field("does_not_help", SetOfWords, AddWins),
            field("please_do", SetOfWords, AddWins),
            field("please_do_not", SetOfWords, AddWins),
            field("not_your_job", SetOfWords, AddWins),
            field("who_to_call", SetOfWords, AddWins),
            field("professionals", SetOfWords, AddWins),
            field("offered", SetOf(words::Section::NAMES), RemoveWins),
        ],
        sharing: Sharing::BySection,
        ..OWN
    },
    Rules {
        name: "own_support_plan",
        fields: &[
            field("my_people", SetOfWords, AddWins),
            field("rest", SetOfWords, AddWins),
            field("limits", SetOfWords, AddWins),
            field("warning_signs", SetOfWords, AddWins),
        ],
        sharing: Sharing::Never,
        ..OWN
    },
    Rules {
        name: "care_contact",
        fields: &[
            field("role", Words, Latest),
            field("name", Words, Latest),
            field("how", Words, Latest),
            field("hours", Words, Latest),
            field("share", Flag, NoWins),
        ],
        sharing: Sharing::ByFlag,
        ..OWN
    },
    Rules {
        name: "learning_card",
        text: Text::Fixed,
        fields: &[
            field("card", Words, Fixed),
            field("edition", Number, Fixed),
            field("reality", Words, Fixed),
            SOURCE,
            field("reviewed_on", Holds::Day, Fixed),
        ],
        ..OWN
    },
    Rules {
        name: "reply",
        fields: &[
            TARGET,
            field("gently", Choice(words::Acknowledgement::NAMES), First),
        ],
        ..OWN
    },
    Rules {
        name: "rhythm",
        text: Text::Needed,
        fields: &[
            field("weekdays", SetOf(words::Weekday::NAMES), RemoveWins),
            field("at", Time, Latest),
            field("quiet", Holds::SetOfTimes, AddWins),
            field("paused", Flag, YesWins),
        ],
        ..OWN
    },
    Rules {
        name: "consent",
        text: Text::Fixed,
        fields: &[
            field("audience", Choice(words::Audience::NAMES), First),
            DAYS,
            field("revoked", Flag, YesWins),
        ],
        ends: Ends::WithItsDays,
        ..OWN
    },
];
