//! Sending and receiving.

use std::time::Duration;

use serde::Serialize;
use sidelight::{ErrorKind, Event, Journal, SyncState};

use super::stop_signal;
use super::write::short;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::records::{EntryRecord, WarningRecord, stage_name};
use crate::screen::{self, Line};

#[derive(Serialize)]
struct Synced<'a> {
    sent: u64,
    received: u64,
    waiting: u64,
    up_to_date: bool,
    pairing: Option<&'static str>,
    problems: &'a [String],
}

/// `sidelight sync`.
pub(crate) async fn sync(home: &Home, options: cli::Sync, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let deadline = Duration::from_secs(u64::from(options.deadline));
    let report = tokio::select! {
        report = journal.sync_now(deadline) => report,
        () = stop_signal() => {
            journal.shutdown().await;
            return Err(Failure::cancelled(
                "stopped; nothing is lost, and the next `sidelight sync` goes on",
            ));
        }
    };
    let pairing = journal.pairing().await;
    journal.shutdown().await;
    let (report, pairing) = (report?, pairing?);
    if !report.up_to_date && report.problems.is_empty() {
        return Err(Failure::of(
            ErrorKind::Offline,
            format!(
                "not everything was sent and received within {} seconds; nothing is lost, run \
                 `sidelight sync` again, perhaps with a longer --deadline",
                options.deadline
            ),
        ));
    }
    if let Some(problem) = report.problems.first() {
        return Err(Failure::of(ErrorKind::Offline, problem.clone()));
    }
    let document = Synced {
        sent: report.sent,
        received: report.received,
        waiting: report.waiting,
        up_to_date: report.up_to_date,
        pairing: pairing.map(|pairing| stage_name(pairing.stage)),
        problems: &report.problems,
    };
    output.result(&document, || match (report.sent, report.received) {
        (0, 0) => "All is in sync; there was nothing to send or receive.".to_owned(),
        _ => format!(
            "All is in sync. Sent: {}. New or changed here: {}.",
            report.sent, report.received
        ),
    })
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Told<'a> {
    EntryChanged {
        id: &'a str,
        entry: EntryRecord<'a>,
    },
    EntryRemoved {
        id: &'a str,
    },
    PairingChanged {
        stage: Option<&'static str>,
    },
    SyncChanged {
        state: &'static str,
        detail: Option<&'a str>,
    },
    Warning {
        warning: WarningRecord<'a>,
    },
    Lagged,
}

/// `sidelight watch`.
pub(crate) async fn watch(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let result = tell(&journal, output).await;
    journal.shutdown().await;
    result
}

async fn tell(journal: &Journal, output: Output) -> Result<(), Failure> {
    journal.go_live().await?;
    output.aside("Connected when the relay is; Ctrl-C ends it.");
    loop {
        let event = tokio::select! {
            event = journal.next_event() => event,
            () = stop_signal() => return Ok(()),
        };
        match event {
            None => return Ok(()),
            Some(Event::EntryChanged { id }) => {
                // It may have gone again since.
                let entry = match journal.entry(id.clone()).await {
                    Ok(entry) => entry,
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(error.into()),
                };
                let told = Told::EntryChanged {
                    id: &id,
                    entry: EntryRecord::from(&entry),
                };
                output.result(&told, || {
                    format!(
                        "{}  {}  {}: {}",
                        short(&entry.id),
                        entry.date,
                        Line(&entry.author_name),
                        screen::first_line(&entry.text, 60)
                    )
                })?;
            }
            Some(Event::EntryRemoved { id }) => {
                output.result(&Told::EntryRemoved { id: &id }, || {
                    format!("{}  is gone", short(&id))
                })?;
            }
            Some(Event::PairingChanged) => {
                let stage = journal.pairing().await?.map(|p| stage_name(p.stage));
                output.result(
                    &Told::PairingChanged { stage },
                    || "The pairing has come further: sidelight status",
                )?;
            }
            Some(Event::SyncChanged { state, detail }) => {
                let told = Told::SyncChanged {
                    state: state_name(state),
                    detail: detail.as_deref(),
                };
                output.result(&told, || match (&detail, state) {
                    (Some(detail), _) => Line(detail).to_string(),
                    (None, SyncState::UpToDate) => "All is in sync.".into(),
                    (None, SyncState::Connecting) => "Connecting.".into(),
                    (None, SyncState::Working) => "Sending and receiving.".into(),
                    (None, _) => "Not connected.".into(),
                })?;
            }
            Some(Event::Warning { warning }) => {
                let told = Told::Warning {
                    warning: WarningRecord::from(&warning),
                };
                output.result(&told, || format!("Noted: {}.", Line(&warning.text)))?;
            }
            Some(Event::Lagged) => {
                output.result(
                    &Told::Lagged,
                    || "More has happened than is told one by one: sidelight list",
                )?;
            }
            // Of a newer library; this program knows nothing to say about it.
            Some(_) => {}
        }
    }
}

/// How this device stands with its relays.
fn state_name(state: SyncState) -> &'static str {
    match state {
        SyncState::Off => "off",
        SyncState::Connecting => "connecting",
        SyncState::Working => "working",
        SyncState::UpToDate => "up_to_date",
        SyncState::Offline => "offline",
        SyncState::Refused => "refused",
        _ => "failing",
    }
}
