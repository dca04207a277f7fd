//! Taking back.

use std::io::{self, Write};

use serde::Serialize;
use sidelight::{Entry, Erased, ErasedFrom, Space};

use super::write::short;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::{self, Output};
use crate::screen;

/// How much of an entry is shown before it is erased.
const WIDTH: usize = 60;

#[derive(Serialize)]
struct EraseRecord<'a> {
    erased: Vec<ErasedRecord<'a>>,
}

#[derive(Serialize)]
struct ErasedRecord<'a> {
    id: &'a str,
    from: &'static str,
}

/// `sidelight erase`.
pub(crate) async fn erase(home: &Home, options: cli::Erase, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let mut entries = Vec::with_capacity(options.ids.len());
    for id in &options.ids {
        entries.push(journal.entry(id.clone()).await?);
    }
    if !options.yes && !ask(&entries, output).await? {
        journal.shutdown().await;
        return Err(Failure::invalid("nothing was erased; you said no"));
    }
    let ids = entries.into_iter().map(|entry| entry.id).collect();
    let erased = journal.erase(ids).await;
    journal.shutdown().await;
    let erased = erased?;
    let record = EraseRecord {
        erased: erased.iter().map(ErasedRecord::from).collect(),
    };
    output.result(&record, || {
        let mut words = "Erased here.".to_owned();
        if erased.iter().any(|one| one.from == ErasedFrom::Everywhere) {
            words.push_str(
                " The next `sidelight sync` carries it on: to the relay, your other devices, and \
                 your partner's when they next connect. What somebody has kept by other means \
                 stays theirs.",
            );
        }
        if erased.iter().any(|one| one.from == ErasedFrom::OwnDevices) {
            words.push_str(
                " Of what you keep together, or kept with somebody whom you have left, only your \
                 own copy is gone: the other keeps theirs, and is not told.",
            );
        }
        for one in &erased {
            words.push_str(&format!("\n{}", short(&one.id)));
        }
        words
    })
}

impl<'a> From<&'a Erased> for ErasedRecord<'a> {
    fn from(erased: &'a Erased) -> Self {
        Self {
            id: &erased.id,
            from: match erased.from {
                ErasedFrom::OwnDevices => "own_devices",
                _ => "everywhere",
            },
        }
    }
}

/// Whether the person means it.
async fn ask(entries: &[Entry], output: Output) -> Result<bool, Failure> {
    if output.is_json() || !output::can_ask() {
        return Err(Failure::invalid(
            "nobody can be asked here; look at the entry with `sidelight show`, then erase with \
             --yes",
        ));
    }
    for entry in entries {
        let whose = match (entry.space, entry.together) {
            (Space::Private, _) => "private",
            (Space::Shared, false) => "shared",
            (Space::Shared, true) => "together",
        };
        output.aside(format!(
            "{}  {}  {whose}  {}",
            short(&entry.id),
            entry.date,
            screen::first_line(&entry.text, WIDTH)
        ));
    }
    output.aside("Nothing brings back what is erased. Erase it?");
    eprint!("y/n: ");
    let _ = io::stderr().flush();
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    // Whoever says nothing, or ends it, has not said yes.
    let line = match read.await {
        Ok(Ok(line)) => line,
        _ => String::new(),
    };
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
