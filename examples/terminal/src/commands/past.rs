//! What was: an entry's earlier words, and the same day of other years.

use serde::Serialize;
use sidelight::{Date, Page};

use super::read::show_page;
use crate::cli::reading::{OnThisDay, One};
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::screen::{Line, Text};

#[derive(Serialize)]
struct History {
    amendments: Vec<AmendmentRecord>,
}

#[derive(Serialize)]
struct AmendmentRecord {
    version: String,
    date: String,
    text: String,
}

/// `sidelight history`.
pub(crate) async fn history(home: &Home, options: One, output: Output) -> Result<(), Failure> {
    let amendments = home.read().await?.history(options.id).await?;
    let amendments = amendments.into_iter().map(|past| AmendmentRecord {
        version: past.version,
        date: past.date.to_string(),
        text: past.text,
    });
    let document = History {
        amendments: amendments.collect(),
    };
    output.result(&document, || {
        let one = |past: &AmendmentRecord| format!("{}\n{}", past.date, Text(&past.text));
        let all: Vec<String> = document.amendments.iter().map(one).collect();
        all.join("\n\n")
    })
}

#[derive(Serialize)]
struct Wanted {
    on_this_day: bool,
}

/// `sidelight on-this-day`.
pub(crate) async fn on_this_day(
    home: &Home,
    options: OnThisDay,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    if options.on || options.off {
        journal.want_on_this_day(options.on).await?;
        journal.shutdown().await;
        let document = Wanted {
            on_this_day: options.on,
        };
        return output.result(&document, || {
            if options.on {
                "From now on `sidelight on-this-day` shows the same day of other years, here."
            } else {
                "Other years stay where they are."
            }
        });
    }
    let day = match &options.date {
        Some(day) => Date::parse(day, home.today()?.offset_minutes)?,
        None => home.today()?,
    };
    let page: Result<Page, _> = journal
        .on_this_day(day, options.limit, options.before)
        .await;
    journal.shutdown().await;
    let page = page?;
    show_page(&page, output, || match &page.next {
        Some(next) => format!("More: the same with --before {}", Line(next)),
        None => "Nothing of this day in other years.".to_owned(),
    })
}
