//! The options of prompts, cards and help.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct Prompts {
    /// Only of this theme, such as gratitude or touch_without_expectation
    #[arg(long)]
    pub(crate) theme: Option<String>,
    /// The language, such as en or de
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// For whom besides either: supporter or low
    #[arg(long = "for", value_name = "WHO")]
    pub(crate) who: Option<String>,
    /// Nothing that takes more than this: tap, line or while
    #[arg(long)]
    pub(crate) effort: Option<String>,
    /// List all of them
    #[arg(long, conflicts_with_all = ["who", "effort", "seed", "last", "without"])]
    pub(crate) all: bool,
    /// What the choice is drawn from [default: today's date]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// The id of the last one, which does not come again
    #[arg(long, value_name = "ID")]
    pub(crate) last: Option<String>,
    /// Ids of prompts that are not to come
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) without: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Cards {
    /// Only the card of this id
    pub(crate) id: Option<String>,
    /// Keep the card in your journal, as it is now
    #[arg(long, requires = "id")]
    pub(crate) keep: bool,
    /// The language, such as en or de
    #[arg(long)]
    pub(crate) locale: Option<String>,
}

#[derive(Args)]
pub(crate) struct HelpNow {
    /// Where you are, as two letters such as NZ; it is never guessed
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// The language of the sentences around it, such as en or de
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// A list of your own instead of the one that is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
