//! The options of what two people say to each other: answers, agreements, conversations.

use clap::builder::PossibleValuesParser as OneOf;
use clap::{Args, Subcommand};
use sidelight::kinds::words::Answer as AnswerWord;

use super::reading::One;

#[derive(Args)]
pub(crate) struct Answer {
    /// The offer, as `today` shows it
    pub(crate) id: String,
    /// Your answer; saying nothing is always fine
    #[arg(value_parser = OneOf::new(AnswerWord::NAMES))]
    pub(crate) answer: String,
    /// It helped
    #[arg(long, conflicts_with = "did_not_help")]
    pub(crate) helped: bool,
    /// It did not help
    #[arg(long)]
    pub(crate) did_not_help: bool,
    /// It was too much
    #[arg(long)]
    pub(crate) too_much: bool,
    /// In words of your own
    #[arg(long, value_name = "TEXT")]
    pub(crate) words: Option<String>,
    /// Keep it for yourself; otherwise your partner sees the answer to their offer
    #[arg(long)]
    pub(crate) private: bool,
}

#[derive(Args)]
pub(crate) struct Agreement {
    #[command(subcommand)]
    pub(crate) command: Option<AgreementCommand>,
}

#[derive(Subcommand)]
pub(crate) enum AgreementCommand {
    /// List what was proposed and agreed
    List,
    /// Propose something to your partner
    Propose(Propose),
    /// Assent to a proposal as you have read it
    Assent(Assent),
    /// Withdraw, at once, needing nobody
    Withdraw(One),
}

#[derive(Args)]
pub(crate) struct Propose {
    /// What you propose
    pub(crate) text: String,
    /// When both of you mean to look at it again, as 2026-08-01; that only suggests
    #[arg(long, value_name = "DAY")]
    pub(crate) review: Option<String>,
    /// Keep it for yourself for now; otherwise your partner sees it
    #[arg(long)]
    pub(crate) private: bool,
}

#[derive(Args)]
pub(crate) struct Assent {
    /// Its id, or the beginning of it
    pub(crate) id: String,
    /// The version that you have read [default: what it says here now]
    #[arg(long)]
    pub(crate) version: Option<String>,
}

#[derive(Args)]
pub(crate) struct Conversation {
    #[command(subcommand)]
    pub(crate) command: ConversationCommand,
}

#[derive(Subcommand)]
pub(crate) enum ConversationCommand {
    /// Begin one, for you alone until you share it
    Begin(Begin),
    /// Say something in one
    Say(Say),
    /// Ask for a pause, which holds for both of you
    Pause(One),
    /// End your own pause
    Resume(One),
    /// Read one
    Show(One),
}

/// What somebody brings into a conversation.
#[derive(Args)]
pub(crate) struct Brings {
    /// What you need; as often as you like
    #[arg(long, value_name = "TEXT")]
    pub(crate) need: Vec<String>,
    /// What you expect; as often as you like
    #[arg(long, value_name = "TEXT")]
    pub(crate) expect: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Begin {
    /// What it is about
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) brings: Brings,
    /// Let your partner see it
    #[arg(long)]
    pub(crate) share: bool,
}

#[derive(Args)]
pub(crate) struct Say {
    /// The conversation, or any turn in it
    pub(crate) id: String,
    /// What you say
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) brings: Brings,
}
