//! What matters now.

use super::Entry;
use crate::mirror::given;

given! {
    /// What matters now. Everything in it holds at this moment; when it is over it is gone from
    /// here, and nowhere is it written that it was.
    #[of(sidelight::Today)]
    pub struct Today {
        /// What the partner needs.
        pub partner: Option<NeedNow>,
        /// What this person said that they need.
        pub own: Option<NeedNow>,
        /// What the partner offers.
        pub offers: Vec<OfferNow>,
        /// Open invitations of both.
        pub bids: Vec<BidNow>,
        /// What both are comfortable with, by touch, topic or time.
        pub comfort: Vec<ComfortShown>,
        /// Lines that both have drawn, and that stand.
        pub boundaries: Vec<BoundaryShown>,
        /// This person's own plans for a low day and for their own support.
        pub plans: Vec<Entry>,
        /// Whether this is one of the person's own quiet times: nothing may disturb then.
        pub quiet: bool,
    }
}

given! {
    /// What somebody needs now.
    #[of(sidelight::NeedNow)]
    pub struct NeedNow {
        /// The entry.
        pub id: String,
        /// What is needed, if that was said.
        pub need: Option<String>,
        /// What is not wanted.
        pub not_wanted: Vec<String>,
        /// How much there is to give or to bear, if that was said.
        pub capacity: Option<String>,
        /// In words.
        pub words: Option<String>,
    }
}

given! {
    /// What somebody offers now.
    #[of(sidelight::OfferNow)]
    pub struct OfferNow {
        /// The entry, which an answer names.
        pub id: String,
        /// What is offered.
        pub offers: Vec<String>,
        /// Within these limits.
        pub limits: Vec<String>,
        /// In words.
        pub words: Option<String>,
    }
}

given! {
    /// An open invitation.
    #[of(sidelight::BidNow)]
    pub struct BidNow {
        /// The entry.
        pub id: String,
        /// Whether it is this person's own.
        pub mine: bool,
        /// What is asked for.
        pub bid: String,
        /// What it takes, if that was said.
        pub effort: Option<String>,
        /// Whether it goes no further.
        pub no_further: bool,
        /// In words.
        pub words: Option<String>,
    }
}

given! {
    /// How somebody feels about one touch, topic or time now. It informs, and is never consent.
    #[of(sidelight::ComfortShown)]
    pub struct ComfortShown {
        /// The entry.
        pub id: String,
        /// Whether it is this person's own.
        pub mine: bool,
        /// Whether the partner sees it too.
        pub shared: bool,
        /// `touch`, `topic` or `time`.
        pub about: String,
        /// Which one.
        pub subject: String,
        /// `not_now`, `ask_first` or `welcome`.
        pub comfort: String,
        /// A note with it.
        pub note: Option<String>,
    }
}

given! {
    /// A line that stands.
    #[of(sidelight::BoundaryShown)]
    pub struct BoundaryShown {
        /// The entry.
        pub id: String,
        /// Whether it is this person's own.
        pub mine: bool,
        /// Whether the partner sees it too.
        pub shared: bool,
        /// Where the line is.
        pub statement: String,
        /// What its owner does.
        pub i_will: Option<String>,
    }
}
