//! The words that fields choose from. Where one wins over another, it stands before it.

/// One of a few words.
pub trait Word: Copy + Sized + 'static {
    /// The word, as fields hold it.
    fn name(self) -> &'static str;
    /// The word that fields hold as `name`.
    fn named(name: &str) -> Option<Self>;
}

macro_rules! words {
    ($($(#[$doc:meta])* $type:ident { $($(#[$one:meta])* $word:ident = $name:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$one])* $word,)+ }

        impl $type {
            /// All of them, in their order, as fields hold them.
            pub const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl Word for $type {
            fn name(self) -> &'static str {
                match self { $(Self::$word => $name),+ }
            }
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$word),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// What somebody needs, or wants least of all. What asks least of the other comes first:
    /// needs that were said at the same time are read as the first of them.
    Need {
        /// To be left alone for now.
        Space = "space",
        /// Nothing.
        Nothing = "nothing",
        /// «I don't know», which is an answer.
        DontKnow = "dont_know",
        /// Quiet.
        Quiet = "quiet",
        /// To be listened to.
        Listening = "listening",
        /// Kind words.
        Encouragement = "encouragement",
        /// To be told something.
        Information = "information",
        /// That something gets done.
        PracticalHelp = "practical_help",
        /// Somebody there.
        Company = "company",
        /// To be touched.
        Touch = "touch",
    }

    /// How much there is to give or to bear today. The lower wins.
    Capacity {
        /// Nothing is said, which is as if there were no such field.
        Unsaid = "unsaid",
        /// Very little.
        VeryLittle = "very_little",
        /// Some.
        Some = "some",
        /// Enough.
        Enough = "enough",
    }

    /// What somebody offers to do or to be.
    Support {
        /// To be quiet together.
        Quiet = "quiet",
        /// To listen.
        Listening = "listening",
        /// Kind words.
        Encouragement = "encouragement",
        /// To find something out, or to tell it.
        Information = "information",
        /// To get something done.
        PracticalHelp = "practical_help",
        /// To be there.
        Company = "company",
        /// To hold or be held.
        Touch = "touch",
        /// To stay away for a while.
        Space = "space",
    }

    /// What an offer is answered. Saying nothing is normal and leaves nothing.
    Answer {
        /// Not now.
        NotNow = "not_now",
        /// Something else.
        SomethingElse = "something_else",
        /// Yes.
        Yes = "yes",
    }

    /// What somebody asks the other to share with them.
    Invitation {
        /// To be in one room, without having to talk.
        QuietCompany = "quiet_company",
        /// To talk.
        Talk = "talk",
        /// To walk.
        Walk = "walk",
        /// To do something small together.
        DoSomething = "do_something",
        /// Touch that goes no further.
        Touch = "touch",
        /// Something else, in their own words.
        Other = "other",
    }

    /// How much something takes. The smaller wins.
    Effort {
        /// Next to nothing.
        Tiny = "tiny",
        /// Little.
        Small = "small",
        /// Some.
        Some = "some",
    }

    /// What a comfort card is about.
    About {
        /// A touch.
        Touch = "touch",
        /// A topic.
        Topic = "topic",
        /// A time.
        Time = "time",
    }

    /// Whether a boundary stands. Lifting it has to be said.
    Standing {
        /// It stands.
        Active = "active",
        /// Its owner lifted it.
        Lifted = "lifted",
    }

    /// Who a consent lets see or use something. The narrower wins.
    Audience {
        /// Only oneself.
        OnlyMe = "only_me",
        /// The partner.
        Partner = "partner",
        /// The partner, and those who treat or help.
        PartnerAndCare = "partner_and_care",
    }

    /// A section of a low-day plan.
    Section {
        /// How a low day begins.
        WarningSigns = "warning_signs",
        /// What helps.
        Helps = "helps",
        /// What does not.
        DoesNotHelp = "does_not_help",
        /// What the partner may do.
        PleaseDo = "please_do",
        /// What the partner better does not.
        PleaseDoNot = "please_do_not",
        /// What is not the partner's job.
        NotYourJob = "not_your_job",
        /// Whom to call.
        WhoToCall = "who_to_call",
        /// Who treats or helps.
        Professionals = "professionals",
    }

    /// A gentle answer without words of one's own.
    Acknowledgement {
        /// «I hear you.»
        Hear = "i_hear_you",
        /// «I am here.»
        Here = "i_am_here",
        /// «Thank you.»
        Thanks = "thank_you",
    }

    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

/// What a comfort card says, the most careful first.
pub const COMFORT: &[&str] = &["not_now", "ask_first", "welcome"];
