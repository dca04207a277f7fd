//! What the demo and its devices say to each other: lines of JSON over standard input and output.
//! Everything private goes another way: through the relay.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::trace::Burst;

/// A line to a device.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Repeated in the reply.
    pub(super) number: u64,
    pub(super) order: Order,
}

/// What a device is asked to do. The reply comes when it is done, or when what is waited for is
/// there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Begin a journal.
    Begin { name: String, relay: Option<String> },
    /// Make an invitation. Reply: [`Link`].
    Invite,
    /// Take an invitation up.
    Join { link: String },
    /// Wait until there are emoji to compare. Reply: [`Comparison`].
    Compare,
    /// Answer the comparison.
    Confirm { same: bool },
    /// Wait until the two are paired. Reply: [`Comparison`].
    Paired,
    /// Connect, and stay so.
    GoLive,
    /// Disconnect.
    GoQuiet,
    /// Import a diary into the shared journal. Reply: [`Imported`].
    Import { file: PathBuf },
    /// How many envelopes wait to be sent? Reply: [`Waiting`].
    Outbox,
    /// Wait until all that is here is kept by the relay, and all that is there is here.
    Drained,
    /// Connect, and wait until there are so many entries. Reply: [`Gathered`].
    Gather { entries: u64, page: u32 },
    /// Write an entry that both keep. Reply: [`Edited`].
    Write { text: String },
    /// Write a line at the end of an entry. Reply: [`Edited`].
    Append { entry: String, line: String },
    /// Note from now on when changes of an entry become visible.
    Watch { entry: String },
    /// Wait until the watched entry has this version. Reply: [`Visible`].
    Await { entry: String, version: String },
    /// Type one person's bursts of a trace into an entry whose opening is there. Replies once all
    /// is typed and all of the other's is visible.
    Type {
        entry: String,
        person: usize,
        opening: String,
        bursts: Vec<Burst>,
    },
    /// What the entry says. Reply: [`Said`].
    Read { entry: String },
    /// Export everything. Reply: [`Exported`].
    Export { dir: PathBuf },
    /// Finish and end.
    End,
    /// The other device has typed a burst. No reply.
    Typed(Typed),
}

/// A line from a device.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// An order was carried out.
    Done {
        number: u64,
        reply: serde_json::Value,
    },
    /// An order failed.
    Failed { number: u64, sentence: String },
    /// A burst was typed here.
    Typed(Typed),
    /// A burst of the other device, and all before it, became visible here.
    Seen { burst: usize, at_us: u64 },
}

/// A burst that was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Typed {
    pub(super) burst: usize,
    /// The entry's version as its typist sees it now: one change.
    pub(super) version: String,
    /// When the typing of it began.
    pub(super) at_us: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) link: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Comparison {
    /// Spoken names, in order.
    pub(super) emoji: Vec<String>,
    pub(super) partner: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Imported {
    pub(super) imported: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) envelopes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Gathered {
    pub(super) begun_us: u64,
    /// When a first page of entries could be shown.
    pub(super) first_page_us: u64,
    pub(super) everything_us: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Edited {
    pub(super) entry: String,
    pub(super) version: String,
    /// When it began.
    pub(super) at_us: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Visible {
    pub(super) at_us: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Exported {
    pub(super) file: PathBuf,
    pub(super) entries: u64,
}

/// The clock that all processes of one machine share, in microseconds.
pub(super) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}
