//! Writing, sharing, changing.

use serde::Serialize;
use sidelight::{Date, Draft};

use super::text_or_stdin;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::records::space_name;

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    space: &'static str,
    date: String,
}

/// `sidelight write`.
pub(crate) async fn write(home: &Home, options: cli::Write, output: Output) -> Result<(), Failure> {
    let date = match &options.date {
        // The offset is that of this device now: where the person is who names the day.
        Some(day) => Some(Date::parse(day, Date::today().offset_minutes)?),
        None => None,
    };
    let text = text_or_stdin(options.text).await?;
    let journal = home.open().await?;
    let id = journal
        .write(Draft {
            kind: options.kind,
            date,
            together: options.together,
            shared: options.share,
            ..Draft::new(text)
        })
        .await?;
    let entry = journal.entry(id.clone()).await?;
    journal.shutdown().await;
    let document = Written {
        id: &id,
        space: space_name(entry.space),
        date: entry.date.to_string(),
    };
    output.result(&document, || {
        let whose = if options.share {
            "Kept. Your partner can read it after `sidelight sync`."
        } else {
            "Kept, for you alone."
        };
        format!("{whose}\n{}", short(&id))
    })
}

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
pub(crate) async fn share(home: &Home, options: cli::Share, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let mut from = Vec::with_capacity(options.ids.len());
    for id in &options.ids {
        from.push(journal.entry(id.clone()).await?.id);
    }
    let copies = journal.share(from.clone()).await?;
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

#[derive(Serialize)]
struct Edited<'a> {
    id: &'a str,
    version: &'a str,
}

/// `sidelight edit`.
pub(crate) async fn edit(home: &Home, options: cli::Edit, output: Output) -> Result<(), Failure> {
    let text = text_or_stdin(options.text).await?;
    let journal = home.open().await?;
    let id = journal.entry(options.id).await?.id;
    let version = journal.set_text(id.clone(), text).await?;
    journal.shutdown().await;
    let document = Edited {
        id: &id,
        version: &version,
    };
    output.result(&document, || format!("Changed.\n{}", short(&id)))
}

/// As much of an id as people need; it is theirs to copy.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
