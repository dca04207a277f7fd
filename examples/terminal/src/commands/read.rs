//! Reading: lists, entries, and where things stand.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use sidelight::kinds::{ComfortCard, Typed};
use sidelight::{
    By, Date, Entry, Page, PageRequest, PrivateLock, RecoveryStage, SearchRequest, Space,
};

use super::pair::standing;
use super::write::short;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::keys::{Kept, Keys};
use crate::labels::Labels;
use crate::output::Output;
use crate::records::{EntryRecord, PairingRecord, WarningRecord};
use crate::screen::{self, Line, Text};

/// How much of an entry a list shows.
const LIST_WIDTH: usize = 60;

#[derive(Serialize)]
struct Listed<'a> {
    entries: Vec<EntryRecord<'a>>,
    next: Option<&'a str>,
}

/// How long `search` may bring its index up to date before it answers.
const PREPARE: Duration = Duration::from_secs(10);

/// `sidelight list`.
pub(crate) async fn list(
    home: &Home,
    options: cli::reading::List,
    output: Output,
) -> Result<(), Failure> {
    let reader = home.read().await?;
    let page = match looked_for(String::new(), options)? {
        request if is_plain(&request) => {
            let SearchRequest { limit, before, .. } = request;
            reader.page(PageRequest { limit, before }).await?
        }
        request => reader.search(request).await?,
    };
    show_page(&page, output, || match page.next.as_deref() {
        Some(next) => format!(
            "More: sidelight list --before {} (and the rest as it was)",
            Line(next)
        ),
        None => "Nothing here yet. Whenever you like: sidelight write TEXT".to_owned(),
    })
}

/// `sidelight search`.
pub(crate) async fn search(
    home: &Home,
    options: cli::reading::Search,
    output: Output,
) -> Result<(), Failure> {
    let request = looked_for(options.terms.join(" "), options.list)?;
    let journal = home.open().await?;
    // Without, it only takes longer.
    let _ = journal.prepare_search(PREPARE).await;
    let page = journal.search(request).await;
    journal.shutdown().await;
    let page = page?;
    show_page(&page, output, || match page.next.as_deref() {
        Some(next) => format!("More: the same with --before {}", Line(next)),
        None => "Nothing has these words. Fewer of them, or beginnings, may find more.".to_owned(),
    })
}

/// `sidelight drafts`.
pub(crate) async fn drafts(
    home: &Home,
    mut options: cli::reading::List,
    output: Output,
) -> Result<(), Failure> {
    options.only.private = true;
    list(home, options, output).await
}

fn looked_for(words: String, options: cli::reading::List) -> Result<SearchRequest, Failure> {
    let only = options.only;
    let day = |day: Option<String>| day.map(|day| Date::parse(&day, 0)).transpose();
    Ok(SearchRequest {
        words,
        kinds: only.kind,
        by: only.author.map(|who| match who.as_str() {
            "me" => By::Me,
            _ => By::Partner,
        }),
        space: only.private.then_some(Space::Private),
        tags: only.tag,
        from: day(only.from)?,
        to: day(only.to)?,
        limit: options.limit,
        before: options.before,
    })
}

/// Whether everything is asked for.
fn is_plain(request: &SearchRequest) -> bool {
    *request
        == SearchRequest {
            limit: request.limit,
            before: request.before.clone(),
            ..SearchRequest::default()
        }
}

/// Shows entries a line each; `otherwise` is what there is to say of the rest, or of none.
pub(super) fn show_page(
    page: &Page,
    output: Output,
    otherwise: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let document = Listed {
        entries: page.entries.iter().map(EntryRecord::from).collect(),
        next: page.next.as_deref(),
    };
    output.result(&document, || {
        let (mut words, labels) = (String::new(), Labels::new());
        for entry in &page.entries {
            let _ = writeln!(words, "{}", line_of(entry, &labels));
        }
        if page.entries.is_empty() || page.next.is_some() {
            words.push_str(&otherwise());
        }
        words.trim_end().to_owned()
    })
}

/// One line of a list.
fn line_of(entry: &Entry, labels: &Labels) -> String {
    let unproved = if entry.unproved { " (unproved)" } else { "" };
    let said = labels.line(entry, LIST_WIDTH);
    let (id, date, whose) = (short(&entry.id), &entry.date, whose(entry));
    format!("{id}  {date}  {whose:<8}  {said}{unproved}")
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: EntryRecord<'a>,
    replies: Vec<EntryRecord<'a>>,
}

/// `sidelight show`.
pub(crate) async fn show(home: &Home, options: cli::Show, output: Output) -> Result<(), Failure> {
    let reader = home.read().await?;
    let entry = reader.entry(options.id).await?;
    let replies = reader.thread(entry.id.clone()).await?.replies;
    let document = Shown {
        entry: EntryRecord::from(&entry),
        replies: replies.iter().map(EntryRecord::from).collect(),
    };
    output.result(&document, || {
        let by = if entry.mine {
            "you"
        } else {
            &entry.author_name
        };
        let labels = Labels::new();
        let kind = labels.kind(&entry.kind);
        let mut line = format!("{}  {kind}  by {}", entry.date, Line(by));
        line.push_str(match (entry.space, entry.together) {
            (Space::Private, _) => ", for you alone",
            (Space::Shared, false) => ", shared",
            (Space::Shared, true) => ", kept together",
        });
        if entry.amendments > 0 {
            line.push_str(", changed since");
        }
        let mut words = format!("{line}\n{}\n", entry.id);
        if !entry.text.is_empty() {
            let _ = write!(words, "\n{}\n", Text(&entry.text));
        }
        if !entry.fields.is_empty() {
            words.push('\n');
        }
        for field in &entry.fields {
            let name = labels.field(&field.name);
            let _ = writeln!(words, "{name}: {}", labels.value(field));
        }
        if entry.kind == ComfortCard::KIND {
            words.push_str("`sidelight today` says what holds now.\n");
        }
        if entry.unproved {
            let _ = writeln!(words, "\n{UNPROVED}");
        }
        for reply in &replies {
            let who = if reply.mine {
                "you"
            } else {
                &reply.author_name
            };
            let _ = writeln!(
                words,
                "\n  {}  {}, by {}\n  {}",
                short(&reply.id),
                reply.date,
                Line(who),
                labels.line(reply, LIST_WIDTH)
            );
        }
        words.trim_end_matches('\n').to_owned()
    })
}

/// Said of an entry that nobody has looked at yet.
const UNPROVED: &str = "Another device of yours packed this for this one. That it is what was \
                        signed is not checked yet: `sidelight sync` goes on.";

fn whose(entry: &Entry) -> String {
    match (entry.space, entry.together, entry.mine) {
        (Space::Private, ..) => "private".into(),
        (Space::Shared, true, _) => "together".into(),
        (Space::Shared, false, true) => "shared".into(),
        (Space::Shared, false, false) => screen::first_line(&entry.author_name, 16),
    }
}

#[derive(Serialize)]
struct StatusRecord<'a> {
    home: String,
    name: &'a str,
    person: &'a str,
    partner: Option<PartnerRecord<'a>>,
    pairing: Option<PairingRecord<'a>>,
    recovery: &'static str,
    private_entries: &'static str,
    compare_again: bool,
    relay: Option<&'a str>,
    shared_relay: Option<&'a str>,
    moving: u64,
    devices: u64,
    entries: u64,
    unproved: u64,
    waiting: u64,
    last_synced_ms: Option<i64>,
    warnings: Vec<WarningRecord<'a>>,
    storage_key: StorageKeyRecord,
}

#[derive(Serialize)]
struct PartnerRecord<'a> {
    name: &'a str,
    since_ms: i64,
}

#[derive(Serialize)]
struct StorageKeyRecord {
    kept_in: &'static str,
    file: String,
    unlocked: Option<bool>,
    also_in: Vec<&'static str>,
}

/// `sidelight status`.
pub(crate) async fn status(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let (status, pairing) = (journal.status().await?, journal.pairing().await?);
    journal.shutdown().await;
    let (keys, unlocked) = (home.keys(), home.keys().unlocked());
    let there = keys.kept();
    let Some((&kept, also)) = there.split_first() else {
        return Err(Failure::internal(
            "the storage key was taken away just now; put it back in its place",
        ));
    };
    let document = StatusRecord {
        home: home.dir().display().to_string(),
        name: &status.name,
        person: &status.person,
        partner: status.partner.as_ref().map(|partner| PartnerRecord {
            name: &partner.name,
            since_ms: partner.since_ms,
        }),
        pairing: pairing.as_ref().map(PairingRecord::from),
        recovery: match status.recovery {
            RecoveryStage::Unchecked => "unchecked",
            RecoveryStage::UnderWay => "under_way",
            RecoveryStage::NotFound => "not_found",
            RecoveryStage::Replaced => "replaced",
            _ => "checked",
        },
        private_entries: super::private::name(status.private_lock),
        compare_again: status.compare_again,
        relay: status.relay.as_deref(),
        shared_relay: status.shared_relay.as_deref(),
        moving: status.moving,
        devices: status.devices,
        entries: status.entries,
        unproved: status.unproved,
        waiting: status.outbox_len,
        last_synced_ms: status.last_synced_ms,
        warnings: status.warnings.iter().map(WarningRecord::from).collect(),
        storage_key: StorageKeyRecord {
            kept_in: kept.name(),
            file: keys.path(kept).display().to_string(),
            unlocked,
            also_in: also.iter().map(|kept| kept.name()).collect(),
        },
    };
    output.result(&document, || {
        let mut words = format!("{}'s journal, in {}", Line(&status.name), document.home);
        let _ = match &status.partner {
            Some(partner) => write!(
                words,
                "\nShared with {} since {}.",
                Line(&partner.name),
                day(partner.since_ms)
            ),
            None => match pairing.as_ref().and_then(standing) {
                Some(standing) => write!(words, "\n{standing}"),
                None => write!(
                    words,
                    "\nShared with nobody. When you like: sidelight invite"
                ),
            },
        };
        match status.recovery {
            RecoveryStage::Unchecked => words
                .push_str("\nYour recovery words are not on paper yet: sidelight recovery begin"),
            RecoveryStage::UnderWay => {
                words.push_str("\nYour journal is being brought back; `sidelight sync` goes on.");
            }
            RecoveryStage::NotFound => words
                .push_str("\nThe relay has no journal for these recovery words: sidelight recover"),
            _ => {}
        }
        match status.private_lock {
            PrivateLock::None => {}
            PrivateLock::Open => words.push_str(
                "\nPrivate entries are under a secret of their own, and unlocked in this session.",
            ),
            PrivateLock::Locked => words.push_str(
                "\nPrivate entries are locked: sidelight private unlock. Until then they are \
                 neither shown nor written, sent or received.",
            ),
        }
        if status.compare_again {
            words.push_str(
                "\nBefore you share anything again, compare once more with your partner: \
                 sidelight invite",
            );
        }
        let _ = match &status.relay {
            Some(relay) => write!(words, "\nRelay: {}", Line(relay)),
            None => write!(
                words,
                "\nNo relay of your own: what is private stays on this device."
            ),
        };
        if let Some(relay) = &status.shared_relay {
            let _ = write!(words, "\nRelay of the shared journal: {}", Line(relay));
        }
        if status.moving > 0 {
            let _ = write!(
                words,
                "\nStill on the way from the former relay: {} mailboxes. `sidelight sync` goes on.",
                status.moving
            );
        }
        if status.relay.is_some() || status.partner.is_some() {
            let _ = match status.last_synced_ms {
                Some(moment) => write!(
                    words,
                    "\nThis device last sent and received everything on {}.",
                    day(moment)
                ),
                None => write!(
                    words,
                    "\nThis device has not sent or received anything yet."
                ),
            };
        }
        if status.devices > 1 {
            let _ = write!(words, "\nDevices of yours: {}.", status.devices);
        }
        let _ = write!(words, "\nEntries: {}.", status.entries);
        if status.unproved > 0 {
            let _ = write!(
                words,
                " Packed by another device of yours and not checked yet: {}. `sidelight sync` \
                 goes on.",
                status.unproved
            );
        }
        if status.outbox_len > 0 && status.relay.is_some() {
            let _ = write!(
                words,
                " Waiting to be sent: {}. `sidelight sync` sends them.",
                status.outbox_len
            );
        }
        for warning in &status.warnings {
            let _ = write!(
                words,
                "\nNoted on {}: {}.",
                day(warning.found_ms),
                Line(&warning.text)
            );
        }
        let _ = write!(words, "\n{}", keys_words(&keys, kept, unlocked));
        for other in also {
            let _ = write!(
                words,
                "\nIt still lies in {} as well, as a move that was interrupted leaves it: \
                 `sidelight keys move {}` ends that.",
                keys.path(*other).display(),
                kept.option()
            );
        }
        words
    })
}

/// Where the storage key is, and against whom that helps.
fn keys_words(keys: &Keys, kept: Kept, unlocked: Option<bool>) -> String {
    let file = keys.path(kept);
    let file = file.display();
    match kept {
        Kept::SecretService => {
            "The storage key is with this desktop's secret service: whoever sits at your unlocked \
             session can read the journal."
                .to_owned()
        }
        Kept::Passphrase if unlocked == Some(true) => format!(
            "The storage key is under your passphrase, in {file}; this session holds it open for \
             a while, or until `sidelight lock`."
        ),
        Kept::Passphrase => format!(
            "The storage key is under your passphrase, in {file}; every command asks for it, or \
             `sidelight unlock` once for a while."
        ),
        Kept::File => format!(
            "The storage key is in the file {file}, which only you can read. Whoever gets both \
             that file and the journal can read everything: `sidelight keys move passphrase` puts \
             it under a passphrase."
        ),
    }
}

/// The day of a moment, where this device is.
fn day(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => moment.to_zoned(TimeZone::system()).date().to_string(),
        Err(_) => "a day that no calendar has".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_proved_is_marked_in_a_list() {
        let entry = |unproved, taken_back| Entry {
            id: "ab".repeat(32),
            space: Space::Shared,
            kind: "moment".to_owned(),
            date: Date::parse("2026-08-01", 120).expect("a day"),
            order: 0,
            text: "soup".to_owned(),
            fields: Vec::new(),
            author_name: "Bo".to_owned(),
            mine: false,
            together: false,
            amendments: 0,
            version: String::new(),
            taken_back,
            unproved,
        };
        let labels = Labels::new();
        assert!(line_of(&entry(true, false), &labels).ends_with("soup (unproved)"));
        assert!(line_of(&entry(false, false), &labels).ends_with("soup"));
        assert!(line_of(&entry(false, true), &labels).ends_with("(taken back)"));
    }
}
