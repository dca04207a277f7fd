//! Writing, sharing, changing.

use serde::Serialize;
use sidelight::{Date, Draft, Field, FieldValue};

use super::{editor, fields, text_or_stdin};
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
        Some(day) => Some(Date::parse(day, home.today()?.offset_minutes)?),
        None => None,
    };
    let text = text_or_stdin(options.text.unwrap_or_default()).await?;
    let journal = home.open().await?;
    let mut fields = Vec::new();
    if let Some(answered) = &options.reply_to {
        fields.push(Field {
            name: "target".to_owned(),
            value: FieldValue::Text(journal.entry(answered.clone()).await?.id),
        });
    }
    if let Some(gently) = options.gently {
        fields.push(Field {
            name: "gently".to_owned(),
            value: FieldValue::Text(gently),
        });
    }
    let usual = if fields.is_empty() { "moment" } else { "reply" };
    let kind = options.kind.unwrap_or_else(|| usual.to_owned());
    for tag in options.tag {
        fields::add(&kind, &mut fields, "tags", tag)?;
    }
    for given in options.field {
        let (name, value) = given.split_once('=').ok_or_else(|| {
            Failure::invalid("a field is given as NAME=VALUE, such as --field effort=tiny")
        })?;
        fields::add(&kind, &mut fields, name, value.to_owned())?;
    }
    let id = journal
        .write(Draft {
            kind,
            date,
            together: options.together,
            shared: options.share,
            fields,
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
struct Edited<'a> {
    id: &'a str,
    version: &'a str,
}

/// `sidelight edit`.
pub(crate) async fn edit(home: &Home, options: cli::Edit, output: Output) -> Result<(), Failure> {
    let (id, before, text) = match options.text {
        Some(text) => {
            let text = text_or_stdin(text).await?;
            (home.read().await?.entry(options.id).await?.id, None, text)
        }
        None => {
            let entry = home.read().await?.entry(options.id).await?;
            let text = editor::edited(&entry.text).await?;
            (entry.id, Some((entry.version, entry.text)), text)
        }
    };
    let journal = home.open().await?;
    let version = match before {
        // What others have written since it was opened stays.
        Some((version, before)) => {
            let edit = editor::splice(&before, &text);
            journal.edit(id.clone(), Some(version), edit).await?
        }
        None => journal.set_text(id.clone(), text).await?,
    };
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
