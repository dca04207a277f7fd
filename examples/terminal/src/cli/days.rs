//! The options of rhythms, quiet times, notices and recall.

use clap::Args;
use clap::builder::PossibleValuesParser as OneOf;
use sidelight::kinds::words::Weekday;

#[derive(Args)]
pub(crate) struct Rhythm {
    /// What you mean to do; without it your rhythms are shown
    #[arg(allow_hyphen_values = true)]
    pub(crate) intention: Option<String>,
    /// On which days of the week, such as monday,friday
    #[arg(long, value_name = "DAYS", value_delimiter = ',', requires = "intention", value_parser = OneOf::new(Weekday::NAMES))]
    pub(crate) on: Vec<String>,
    /// When you want to be reminded on those days, such as 20:00
    #[arg(long, value_name = "TIME", requires = "intention")]
    pub(crate) at: Option<String>,
    /// Let your partner see it: then it concerns both of you
    #[arg(long, requires = "intention")]
    pub(crate) share: bool,
}

#[derive(Args)]
pub(crate) struct Quiet {
    /// When nothing may disturb you, such as 22:00-07:30; without it your quiet times are shown
    pub(crate) times: Option<String>,
    /// Let your partner see it
    #[arg(long, requires = "times")]
    pub(crate) share: bool,
    /// End this quiet time
    #[arg(long, value_name = "TIMES", conflicts_with = "times")]
    pub(crate) end: Option<String>,
}

#[derive(Args)]
pub(crate) struct Notices {
    /// Let an app tell on this device, by one sentence that says nothing, that something is here
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Tell nothing any more
    #[arg(long)]
    pub(crate) off: bool,
    /// The language of the sentence, such as en or de
    #[arg(long)]
    pub(crate) locale: Option<String>,
}

#[derive(Args)]
pub(crate) struct Recall {
    /// Never recall this again on this device
    #[arg(long, value_name = "ID", conflicts_with = "anew")]
    pub(crate) dismiss: Option<String>,
    /// Take back what you dismissed
    #[arg(long)]
    pub(crate) anew: bool,
}
