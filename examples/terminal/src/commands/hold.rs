//! Sharing, at once or later, and taking it back.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use sidelight::{Promotion, Retracted};

use super::write::short;
use crate::cli::reading::{Chosen, Hold, One, Share};
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

#[derive(Serialize)]
struct Shared {
    shared: Vec<Copy>,
}

#[derive(Serialize)]
struct Copy {
    from: String,
    id: String,
}

/// `sidelight share`.
pub(crate) async fn share(home: &Home, options: Share, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let mut from = Vec::with_capacity(options.ids.len());
    for id in &options.ids {
        from.push(journal.entry(id.clone()).await?.id);
    }
    let mut copies = Vec::new();
    if options.chosen.fields.is_none() {
        copies = journal.share(from.clone()).await?;
    } else {
        for id in &from {
            copies.push(journal.promote(promotion(id, &options.chosen)).await?);
        }
    }
    journal.shutdown().await;
    let pairs = from.into_iter().zip(copies);
    let document = Shared {
        shared: pairs.map(|(from, id)| Copy { from, id }).collect(),
    };
    output.result(&document, || {
        let mut words = "Shared. Your partner can read it after `sidelight sync`.".to_owned();
        for copy in &document.shared {
            words.push_str(&format!("\n{} as {}", short(&copy.from), short(&copy.id)));
        }
        words
    })
}

fn promotion(id: &str, chosen: &Chosen) -> Promotion {
    let Some(names) = &chosen.fields else {
        return Promotion {
            date: true,
            ..Promotion::of(id)
        };
    };
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let others = names
        .iter()
        .filter(|name| !["text", "date"].contains(&name.as_str()));
    Promotion {
        id: id.to_owned(),
        text: has("text"),
        fields: Some(others.cloned().collect()),
        date: has("date"),
    }
}

#[derive(Serialize)]
struct HeldRecord {
    id: String,
    due_ms: i64,
}

/// `sidelight hold`.
pub(crate) async fn hold(home: &Home, options: Hold, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let id = journal.entry(options.id.clone()).await?.id;
    let hold = Duration::from_secs(60 * u64::from(options.minutes));
    let due_ms = journal.hold(promotion(&id, &options.chosen), hold).await?;
    journal.shutdown().await;
    let document = HeldRecord { id, due_ms };
    output.result(&document, || {
        format!(
            "Held until {}. It is shared by the first command of yours here after that; until then \
             `sidelight retract {}` leaves nothing anywhere. Your other devices do not hold it.",
            moment(due_ms),
            short(&document.id)
        )
    })
}

#[derive(Serialize)]
struct HeldList {
    held: Vec<HeldRecord>,
}

/// `sidelight held`.
pub(crate) async fn held(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let held = journal.held().await?;
    journal.shutdown().await;
    let held = held.into_iter().map(|held| HeldRecord {
        id: held.id,
        due_ms: held.due_ms,
    });
    let document = HeldList {
        held: held.collect(),
    };
    output.result(&document, || {
        if document.held.is_empty() {
            return "Nothing is held on this device.".to_owned();
        }
        let line = |held: &HeldRecord| format!("{}  {}", short(&held.id), moment(held.due_ms));
        let lines: Vec<String> = document.held.iter().map(line).collect();
        lines.join("\n")
    })
}

/// `sidelight release`.
pub(crate) async fn release(home: &Home, options: One, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let from = journal.entry(options.id).await?.id;
    let id = journal.release(from.clone()).await?;
    journal.shutdown().await;
    let document = Shared {
        shared: vec![Copy { from, id }],
    };
    output.result(
        &document,
        || "Shared. Your partner can read it after `sidelight sync`.",
    )
}

#[derive(Serialize)]
struct RetractedRecord {
    id: String,
    retracted: &'static str,
    meaning: String,
}

/// `sidelight retract`.
pub(crate) async fn retract(home: &Home, options: One, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let id = journal.entry(options.id).await?.id;
    let retracted = journal.retract(id.clone()).await?;
    journal.shutdown().await;
    let document = RetractedRecord {
        id,
        retracted: match retracted {
            Retracted::Held => "held",
            Retracted::Everywhere => "everywhere",
            Retracted::OwnDevices => "own_devices",
            _ => "other",
        },
        meaning: retracted.to_string(),
    };
    output.result(&document, || format!("Taken back: {}.", document.meaning))
}

/// A moment, where this device is.
fn moment(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => {
            let moment = moment.to_zoned(TimeZone::system());
            moment.strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => "a day that no calendar has".into(),
    }
}
