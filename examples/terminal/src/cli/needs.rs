//! The options of what couples say to each other: needs, offers, bids, comfort, boundaries, plans.

use clap::Args;
use clap::builder::PossibleValuesParser as OneOf;
use sidelight::kinds::words::{About, Capacity, Effort, Invitation, Need, Section, Support};

/// What all of them have.
#[derive(Args)]
pub(crate) struct Saying {
    /// Let your partner see it; otherwise it is for you alone
    #[arg(long)]
    pub(crate) share: bool,
    /// In words of your own
    #[arg(long, value_name = "TEXT")]
    pub(crate) words: Option<String>,
    /// For how many days, today included
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub(crate) days: u16,
}

#[derive(Args)]
pub(crate) struct CheckIn {
    /// What you need
    #[arg(long, value_parser = OneOf::new(Need::NAMES))]
    pub(crate) need: Option<String>,
    /// What you do not want; as often as you like
    #[arg(long, value_name = "NEED", value_parser = OneOf::new(Need::NAMES))]
    pub(crate) not_wanted: Vec<String>,
    /// How much there is to give or to bear today
    #[arg(long, value_parser = OneOf::new(Capacity::NAMES))]
    pub(crate) capacity: Option<String>,
    #[command(flatten)]
    pub(crate) saying: Saying,
}

#[derive(Args)]
pub(crate) struct SayNeed {
    /// What you need; `dont_know` is an answer
    #[arg(value_parser = OneOf::new(Need::NAMES))]
    pub(crate) need: String,
    #[command(flatten)]
    pub(crate) saying: Saying,
}

#[derive(Args)]
pub(crate) struct Offer {
    /// What you offer
    #[arg(required_unless_present = "withdraw", value_parser = OneOf::new(Support::NAMES))]
    pub(crate) offers: Vec<String>,
    /// A limit of yours; as often as you like
    #[arg(long, value_name = "TEXT")]
    pub(crate) limit: Vec<String>,
    /// Take back the offer with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["offers", "limit"])]
    pub(crate) withdraw: Option<String>,
    #[command(flatten)]
    pub(crate) saying: Saying,
}

#[derive(Args)]
pub(crate) struct Bid {
    /// What you would like to share
    #[arg(required_unless_present = "withdraw", value_parser = OneOf::new(Invitation::NAMES))]
    pub(crate) bid: Option<String>,
    /// What it takes
    #[arg(long, value_parser = OneOf::new(Effort::NAMES))]
    pub(crate) effort: Option<String>,
    /// It goes no further; for touch that is always so
    #[arg(long)]
    pub(crate) no_further: bool,
    /// Take back the invitation with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["bid", "effort", "no_further"])]
    pub(crate) withdraw: Option<String>,
    #[command(flatten)]
    pub(crate) saying: Saying,
}

#[derive(Args)]
pub(crate) struct Comfort {
    /// What it is about
    #[arg(value_parser = OneOf::new(About::NAMES))]
    pub(crate) about: String,
    /// Which touch, topic or time, in your words
    pub(crate) subject: String,
    /// How you feel about it now
    #[arg(value_parser = ["not_now", "ask_first", "welcome"])]
    pub(crate) comfort: String,
    /// Let your partner see it; otherwise it is for you alone
    #[arg(long)]
    pub(crate) share: bool,
    /// For how many days `welcome` holds, today included; then it is `ask_first`
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=31))]
    pub(crate) days: u16,
}

#[derive(Args)]
pub(crate) struct Boundary {
    /// Where the line is
    #[arg(required_unless_present = "lift")]
    pub(crate) statement: Option<String>,
    /// What you will do
    #[arg(long, value_name = "TEXT")]
    pub(crate) i_will: Option<String>,
    /// Let your partner see it; otherwise it is for you alone
    #[arg(long)]
    pub(crate) share: bool,
    /// Lift the boundary with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["statement", "i_will", "share"])]
    pub(crate) lift: Option<String>,
}

#[derive(Args)]
pub(crate) struct Plan {
    /// A section; without one the plan is shown
    #[arg(requires = "text", value_parser = OneOf::new(Section::NAMES))]
    pub(crate) section: Option<String>,
    /// What to put there
    pub(crate) text: Option<String>,
    /// Let this section go along when you share the plan
    #[arg(long, value_name = "SECTION", value_parser = OneOf::new(Section::NAMES), conflicts_with = "section")]
    pub(crate) offer: Option<String>,
}
