//! The options. What each command does stands in `commands`.

pub(crate) mod alone;
pub(crate) mod between;
pub(crate) mod days;
pub(crate) mod needs;
pub(crate) mod private;
pub(crate) mod reading;
mod words;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::keys::Kept;

pub(crate) use words::{Cards, HelpNow, Prompts};

/// A journal for two.
///
/// What you write stays on this device, and is yours alone until you share it. Sharing is one
/// word, and never a duty.
#[derive(Parser)]
#[command(name = "sidelight", version, after_long_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Where the journal is kept [default: $SIDELIGHT_HOME, else this system's folder for
    /// application data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) home: Option<PathBuf>,
    /// Print JSON, for programs: one document, or one on each line for `watch`
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// A clock that is set, in seconds since 1970: to see what another day shows, and for tests
    #[arg(long, value_name = "SECONDS", global = true, hide = true)]
    pub(crate) clock: Option<i64>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Begin a journal on this device
    Init(Init),
    /// Invite your partner: shows a code and a link for them alone
    Invite(Invite),
    /// Take up your partner's invitation
    Join(Join),
    /// Compare seven emoji with your partner, and say whether they are the same
    Confirm(Confirm),
    /// Call a pairing off; its invitation is spent then
    Cancel,
    /// Seal everything written from now on to new keys
    Rotate,
    /// Leave the journal you share, at once; it needs nobody and no network
    Leave(Leave),
    /// Your own devices: list them, link another one, remove one
    Device(Device),
    /// The 24 words with which everything can be had again: write them down, check them
    #[command(subcommand)]
    Recovery(Recovery),
    /// Bring your journal back on a device that has nothing: type your recovery words
    Recover(Recover),
    /// Begin anew over your own copy, as a new person; at once, and nobody hears of it
    Refound(Refound),
    /// Write an entry: for yourself, unless you say --share
    Write(Write),
    /// Share entries that were private
    Share(reading::Share),
    /// Share a private entry later, unless you think better of it
    #[command(arg_required_else_help = true)]
    Hold(reading::Hold),
    /// Show what is held, and until when
    Held,
    /// Share a held entry now
    Release(reading::One),
    /// Take back what you shared of an entry, or are about to
    Retract(reading::One),
    /// List what is yours alone: drafts, until you share them
    Drafts(reading::List),
    /// Change an entry's text
    Edit(Edit),
    /// Take entries back: from here, the relay, and every device that keeps to the rules
    Erase(Erase),
    /// See what matters now: needs, offers, invitations, comfort, boundaries, your plan
    Today,
    /// Say what you need, what you do not want, how much there is
    #[command(arg_required_else_help = true)]
    CheckIn(needs::CheckIn),
    /// Say what you need
    #[command(arg_required_else_help = true)]
    Need(needs::SayNeed),
    /// Offer something, within your limits
    #[command(arg_required_else_help = true)]
    Offer(needs::Offer),
    /// Ask to share a moment; nobody has to answer
    #[command(arg_required_else_help = true)]
    Bid(needs::Bid),
    /// Say how you feel about a touch, a topic or a time now
    #[command(arg_required_else_help = true)]
    Comfort(needs::Comfort),
    /// Draw a line, or lift one
    #[command(arg_required_else_help = true)]
    Boundary(needs::Boundary),
    /// Read your plan for a low day, or put something in it
    Plan(needs::Plan),
    /// Answer an offer of your partner; nobody has to
    #[command(arg_required_else_help = true)]
    Answer(between::Answer),
    /// Propose, assent, withdraw: what both of you agree on
    Agreement(between::Agreement),
    /// Talk about one thing by turns, with pauses
    Conversation(between::Conversation),
    /// Say how much there is to give or to bear today
    #[command(arg_required_else_help = true)]
    Capacity(alone::Capacity),
    /// Read what holds you up while you hold up somebody, or put something there
    OwnPlan(alone::OwnPlan),
    /// Keep who treats or helps you
    Contact(alone::Contact),
    /// Say who may see or use something, and for how long
    #[command(arg_required_else_help = true)]
    Consent(alone::Consent),
    /// Show what you mean to do on some days, or add to it
    Rhythm(days::Rhythm),
    /// Pause all your rhythms
    Pause,
    /// Go on with your rhythms
    Resume,
    /// Show when nothing may disturb you, or change it
    Quiet(days::Quiet),
    /// Say when an app may draw your attention on this device, and by what words
    Notices(days::Notices),
    /// Recall what you said has helped, and what goes together
    Recall(days::Recall),
    /// List entries, the newest first
    List(reading::List),
    /// Look for entries by their words, kind, author, tags and days
    Search(reading::Search),
    /// Show what an entry said before it was changed
    History(reading::One),
    /// Show the same day of other years, if you want that
    OnThisDay(reading::OnThisDay),
    /// Show one entry
    Show(Show),
    /// Send what waits, and receive what has come
    Sync(Sync),
    /// Stay connected and tell what happens, until Ctrl-C
    Watch,
    /// Import a journal from Sidelight, Day One, Daylio, jrnl or Markdown files; private unless shared
    Import(Import),
    /// Write entries into files, unencrypted; what is private only if you say so
    Export(Export),
    /// Check evidence that somebody exported; needs no journal, key or network
    Verify(Verify),
    /// Show a prompt; «not today» is always fine
    Prompts(Prompts),
    /// Show learning cards: what is said, what is known, and from where
    Cards(Cards),
    /// Show whom to call in a crisis; works without a journal, a key or a network
    HelpNow(HelpNow),
    /// Say where things stand
    Status,
    /// Let this session forget the storage key and the secret for private entries
    Lock,
    /// Give the passphrase once, for a while, instead of at every command
    Unlock(Unlock),
    /// A further secret for private entries, and locking them
    Private(private::Private),
    /// Keep the storage key elsewhere, or under another passphrase
    Keys(Keys),
    /// Name the relay of a journal that began without one, or another ticket for its relay
    UseRelay(UseRelay),
    /// Move to another relay: everything comes along, and your partner with it
    MoveRelay(MoveRelay),
    /// Run a relay on this machine, until Ctrl-C
    Relay(Relay),
    /// Show the whole way on this machine: two devices, one blind relay, rough weather
    Demo(Demo),
    /// One of the demo's two devices, which obeys lines of JSON on standard input
    #[command(hide = true)]
    DemoDevice,
}

#[derive(Subcommand)]
pub(crate) enum Recovery {
    /// Show your recovery words, to be written on paper; until they have been checked
    Begin,
    /// Type your recovery words to check them; this device then forgets them
    Check,
    /// Type your recovery words to replace them by others
    Replace,
}

#[derive(Args)]
pub(crate) struct Recover {
    /// The relay's address, as whoever runs it gave it to you
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) relay: String,
    /// The ticket that the relay asks for, if it does
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// What to call this device; only your own devices see it
    #[arg(long, value_name = "NAME", default_value = "this device")]
    pub(crate) device: String,
    /// Where the storage key is kept, as for `init`
    #[arg(long, value_name = "WHERE")]
    pub(crate) keys: Option<Kept>,
    /// For how many seconds at most; any later `sync` goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) deadline: u32,
}

#[derive(Args)]
pub(crate) struct Refound {
    /// You have read what it does
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Device {
    #[command(subcommand)]
    pub(crate) command: DeviceCommand,
}

#[derive(Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the devices that read and write this journal as you
    List,
    /// Link another device of yours: shows a code and a link for it alone
    Link(Invite),
    /// Make this device one of yours, by the link that another one shows; in a home without a journal
    Join(JoinOwn),
    /// Remove a device: it opens nothing that is written from now on
    Remove(RemoveDevice),
}

#[derive(Args)]
pub(crate) struct JoinOwn {
    /// The link that the other device shows, or - to read it from standard input
    pub(crate) link: String,
    /// What you want to call this device; only your own devices see it
    #[arg(long)]
    pub(crate) name: String,
    /// Where the storage key is kept, as with `init`
    #[arg(long, value_name = "WHERE")]
    pub(crate) keys: Option<Kept>,
    /// Do not wait for the other device; any later `sync` goes on
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Args)]
pub(crate) struct RemoveDevice {
    /// Its id, or the beginning of it, as `device list` shows it
    pub(crate) id: String,
}

#[derive(Args)]
pub(crate) struct Leave {
    /// Say nothing: to your partner it looks as if you wrote nothing
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Args)]
pub(crate) struct Init {
    /// What you want to be called; your partner will see it
    #[arg(long)]
    pub(crate) name: String,
    /// The relay's address, as whoever runs it gave it to you
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) relay: Option<String>,
    /// The ticket that the relay asks for, if it does
    #[arg(long, requires = "relay")]
    pub(crate) ticket: Option<String>,
    /// Where the storage key is kept [default: at a terminal, the secret service if one is
    /// unlocked, else a passphrase that you choose; in a script, or for an empty one, the file]
    #[arg(long, value_name = "WHERE")]
    pub(crate) keys: Option<Kept>,
}

#[derive(Args)]
pub(crate) struct Unlock {
    /// For how many minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=60 * 24 * 7))]
    pub(crate) minutes: u32,
}

#[derive(Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Keep the storage key in another place, and nowhere else
    Move {
        /// Where to
        #[arg(value_name = "WHERE")]
        to: Kept,
    },
    /// Change the passphrase
    Passphrase,
}

#[derive(Args)]
pub(crate) struct Invite {
    /// For how many hours the invitation holds
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24 * 30))]
    pub(crate) expires: u32,
    /// Compare once more with the partner you have, as after one of you has recovered
    #[arg(long)]
    pub(crate) again: bool,
    /// Do not wait for your partner; any later `sync` goes on
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Args)]
pub(crate) struct Join {
    /// The invitation's link, or - to read it from standard input
    pub(crate) link: String,
    /// Compare once more with the partner you have, as after one of you has recovered
    #[arg(long)]
    pub(crate) again: bool,
    /// Do not wait for your partner; any later `sync` goes on
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Args)]
pub(crate) struct Confirm {
    /// They are the same on both devices
    #[arg(long, conflicts_with = "no")]
    pub(crate) yes: bool,
    /// They differ
    #[arg(long)]
    pub(crate) no: bool,
}

#[derive(Args)]
pub(crate) struct Write {
    /// Let your partner read it
    #[arg(long)]
    pub(crate) share: bool,
    /// What it is: moment, gratitude, reflection, appreciation … [default: moment, or reply]
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The entry that it answers
    #[arg(long, value_name = "ID")]
    pub(crate) reply_to: Option<String>,
    /// A tag; as often as you like
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// A further field of its kind; for a set as often as you like
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) field: Vec<String>,
    /// Answer gently, without words of your own
    #[arg(long, requires = "reply_to", value_parser = clap::builder::PossibleValuesParser::new(sidelight::kinds::words::Acknowledgement::NAMES))]
    pub(crate) gently: Option<String>,
    /// Keep it together: both of you may change it
    #[arg(long, requires = "share")]
    pub(crate) together: bool,
    /// The day it is about, as 2026-08-01 [default: today]
    #[arg(long)]
    pub(crate) date: Option<String>,
    /// The text, or - to read it from standard input
    #[arg(allow_hyphen_values = true, required_unless_present_any = ["gently", "field"])]
    pub(crate) text: Option<String>,
}

#[derive(Args)]
pub(crate) struct Edit {
    /// Its id, or the beginning of it
    pub(crate) id: String,
    /// What it shall say, or - to read that from standard input [default: what you make of it in
    /// $VISUAL or $EDITOR]
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
}

#[derive(Args)]
pub(crate) struct Erase {
    /// Their ids, or the beginnings of them
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Show {
    /// Its id, or the beginning of it
    pub(crate) id: String,
}

#[derive(Args)]
pub(crate) struct Sync {
    /// For how many seconds at most
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) deadline: u32,
}

#[derive(Args)]
pub(crate) struct Import {
    /// The file that was exported, plain or packed; for Markdown the folder, or one file
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// What made it, instead of finding out
    #[arg(long)]
    pub(crate) format: Option<ImportFormat>,
    /// Let your partner read all of it
    #[arg(long)]
    pub(crate) share: bool,
    /// Only say what would be imported
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ImportFormat {
    /// What `export` writes as JSON
    Sidelight,
    /// Day One: the zip file, or the JSON in it
    DayOne,
    /// Daylio: the CSV file
    Daylio,
    /// `jrnl --export json`
    Jrnl,
    /// Markdown, one file for each entry
    Markdown,
}

#[derive(Args)]
pub(crate) struct Export {
    /// The form
    #[arg(long, default_value = "json")]
    pub(crate) format: ExportFormat,
    /// Whose entries
    #[arg(long, default_value = "both")]
    pub(crate) scope: ExportScope,
    /// Private entries, too
    #[arg(long)]
    pub(crate) private: bool,
    /// Only this entry; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) only: Vec<String>,
    /// The language of what a page says around the entries, such as en or de
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// The folder to write into
    pub(crate) dir: PathBuf,
}

#[derive(Args)]
pub(crate) struct Verify {
    /// The folder with the evidence
    pub(crate) folder: PathBuf,
    /// Write what is proved as a page, to read and to print
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One file that loses nothing and can be imported again
    Json,
    /// A folder with a file for each entry
    Markdown,
    /// One page, to read in a browser and to print
    Html,
    /// A folder with the entries and the proof of who wrote them; it holds every earlier wording
    Evidence,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ExportScope {
    /// What you wrote, and what you keep together
    Own,
    /// What your partner wrote, and what you keep together
    Received,
    /// All of it
    Both,
}

#[derive(Args)]
pub(crate) struct UseRelay {
    /// The relay's address
    pub(crate) address: String,
    /// The ticket that the relay asks for, if it does; may be given later, by the same command
    #[arg(long)]
    pub(crate) ticket: Option<String>,
}

#[derive(Args)]
pub(crate) struct MoveRelay {
    /// The new relay's address
    pub(crate) address: String,
    /// The ticket that the relay asks for, if it does
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// The former relay is gone for good: ask nothing of it. Your partner then does the same
    #[arg(long)]
    pub(crate) lost: bool,
}

#[derive(Args)]
pub(crate) struct Relay {
    /// Where to listen, by UDP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = SocketAddr::from(([0, 0, 0, 0], sidelight_relay::DEFAULT_PORT)))]
    pub(crate) listen: SocketAddr,
    /// Where it keeps its key and what it carries [default: `relay` beside the journal]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// What to put into the printed address, if devices reach the relay under another name or port
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) advertise: Option<String>,
    /// Stop when standard input ends, as it does when whoever started the relay is gone
    #[arg(long, hide = true)]
    pub(crate) leashed: bool,
}

#[derive(Args)]
pub(crate) struct Demo {
    /// The diary to import, as Day One exports it; `excerpt` is the one that is built in
    /// [default: the whole of it, if ../shared/data has it, else the excerpt]
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// The trace of two people typing; `excerpt` is the one that is built in
    /// [default: the whole of it, if ../shared/data has it, else the excerpt]
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// What the weather and the sample of sentences are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

const AFTER_HELP: &str = "\
An ID may be shortened to its first four digits or more, as long as it names one entry.

Exit codes: 0 done; 1 a bug; 2 options that make no sense; 3 no such thing; 4 the storage key \
cannot be had; 5 it needs a partner; 6 this device was removed; 7 the relay was not reached; 8 the \
relay said no; 9 an update is needed; 10 storage failed or is full; 11 it cannot be done as asked; \
12 stopped on request; 20 a claim of the demo did not hold; 31 to 37 a relay did not start.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_text_may_begin_with_a_hyphen() {
        for text in ["-", "- milk", "--not-an-option"] {
            let cli = Cli::try_parse_from(["sidelight", "write", "--share", text]).unwrap();
            let Some(Command::Write(write)) = cli.command else {
                panic!("not write");
            };
            assert_eq!((write.text.as_deref(), write.share), (Some(text), true));
        }
    }
}
