//! The options of what reads and of what is held.

use clap::Args;

#[derive(Args)]
pub(crate) struct List {
    /// How many
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended
    #[arg(long, value_name = "CURSOR")]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// Which entries.
#[derive(Args, Default)]
pub(crate) struct Only {
    /// Only of this kind; give it again for another one as well
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// Only with this tag; give it again for one with both
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only by: me or partner
    #[arg(long, value_name = "WHO", value_parser = ["me", "partner"])]
    pub(crate) author: Option<String>,
    /// Only from this day on, as 2026-08-01
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// Only up to this day
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<String>,
    /// Only what is yours alone
    #[arg(long)]
    pub(crate) private: bool,
}

#[derive(Args)]
pub(crate) struct Search {
    /// Beginnings of words, in any order; words in quotation marks follow one another. Case and
    /// diacritics do not matter
    #[arg(required = true, value_name = "TERMS")]
    pub(crate) terms: Vec<String>,
    #[command(flatten)]
    pub(crate) list: List,
}

#[derive(Args)]
pub(crate) struct OnThisDay {
    /// Show them on this device from now on, whenever you ask
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Do not show them any more
    #[arg(long)]
    pub(crate) off: bool,
    /// Another day than today, as 2026-08-01
    #[arg(long, value_name = "DAY")]
    pub(crate) date: Option<String>,
    /// How many
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended
    #[arg(long, value_name = "CURSOR")]
    pub(crate) before: Option<String>,
}

#[derive(Args)]
pub(crate) struct One {
    /// Its id, or the beginning of it
    pub(crate) id: String,
}

#[derive(Args)]
pub(crate) struct Share {
    /// Their ids, or the beginnings of them
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) chosen: Chosen,
}

/// What goes along.
#[derive(Args)]
pub(crate) struct Chosen {
    /// Only these fields, such as tags,note; `text` is the text, `date` the day it is about.
    /// Without `date` the copy is about today
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) fields: Option<Vec<String>>,
}

#[derive(Args)]
pub(crate) struct Hold {
    /// Its id, or the beginning of it
    pub(crate) id: String,
    /// For how many minutes; until then `retract` leaves nothing anywhere
    #[arg(long = "for", value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=60 * 24 * 30))]
    pub(crate) minutes: u32,
    #[command(flatten)]
    pub(crate) chosen: Chosen,
}
