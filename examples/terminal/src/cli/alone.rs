//! The options of what somebody prepares or says for themselves.

use clap::Args;
use clap::builder::PossibleValuesParser as OneOf;
use sidelight::kinds::words::{Audience, Capacity as CapacityWord};

/// The sections of one's own plan.
const SECTIONS: [&str; 4] = ["my_people", "rest", "limits", "warning_signs"];

#[derive(Args)]
pub(crate) struct Capacity {
    /// How much there is to give or to bear today
    #[arg(value_parser = OneOf::new(&CapacityWord::NAMES[1..]))]
    pub(crate) capacity: String,
    /// In words of your own
    #[arg(long, value_name = "TEXT")]
    pub(crate) words: Option<String>,
    /// Let your partner see it; otherwise it is for you alone
    #[arg(long)]
    pub(crate) share: bool,
}

#[derive(Args)]
pub(crate) struct OwnPlan {
    /// A section; without one the plan is shown
    #[arg(requires = "text", value_parser = OneOf::new(SECTIONS))]
    pub(crate) section: Option<String>,
    /// What to put there
    pub(crate) text: Option<String>,
}

#[derive(Args)]
pub(crate) struct Contact {
    /// Their name; without it your contacts are shown
    pub(crate) name: Option<String>,
    /// What they are
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) role: Option<String>,
    /// How they are reached
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) how: Option<String>,
    /// When they are reached
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) hours: Option<String>,
    /// Allow that it is shared; `share` then does so
    #[arg(long, requires = "name")]
    pub(crate) let_share: bool,
}

#[derive(Args)]
pub(crate) struct Consent {
    /// What it is about
    #[arg(required_unless_present = "revoke")]
    pub(crate) item: Option<String>,
    /// Who may see or use it
    #[arg(long, default_value = "partner", value_parser = OneOf::new(Audience::NAMES))]
    pub(crate) audience: String,
    /// For how many days, today included
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub(crate) days: u16,
    /// Let your partner see it
    #[arg(long)]
    pub(crate) share: bool,
    /// Revoke the consent with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["item", "share"])]
    pub(crate) revoke: Option<String>,
}
