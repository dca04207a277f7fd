//! Rhythms, quiet times, notices and recall.

use std::fmt::Write;

use serde::Serialize;
use sidelight::kinds::words::Word;
use sidelight::kinds::{self, TimeOfDay};
use sidelight::words::{Sentence, Words};
use sidelight::{Draft, FieldEdit, Recalled, Recollection, RhythmShown};

use super::needs::{changed, keep, said};
use super::write::short;
use crate::cli::days as cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::screen::Line;

/// The words with quiet times that belong to nothing else.
const QUIET: &str = "quiet times";

#[derive(Serialize)]
struct Rhythms<'a> {
    rhythms: Vec<RhythmRecord<'a>>,
}

#[derive(Serialize)]
struct RhythmRecord<'a> {
    id: &'a str,
    mine: bool,
    shared: bool,
    intention: &'a str,
    weekdays: &'a [String],
    at: Option<&'a str>,
    quiet: &'a [String],
    paused: bool,
    today: bool,
}

impl<'a> RhythmRecord<'a> {
    fn of(rhythm: &'a RhythmShown) -> Self {
        Self {
            id: &rhythm.id,
            mine: rhythm.mine,
            shared: rhythm.shared,
            intention: &rhythm.intention,
            weekdays: &rhythm.weekdays,
            at: rhythm.at.as_deref(),
            quiet: &rhythm.quiet,
            paused: rhythm.paused,
            today: rhythm.today,
        }
    }
}

/// `sidelight rhythm`.
pub(crate) async fn rhythm(
    home: &Home,
    options: cli::Rhythm,
    output: Output,
) -> Result<(), Failure> {
    let Some(intention) = options.intention else {
        return rhythms(home, output).await;
    };
    let mut rhythm = kinds::Rhythm::to(said(&intention)?);
    if let Some(at) = &options.at {
        rhythm = rhythm.at(TimeOfDay::parse(at)
            .ok_or_else(|| Failure::invalid("this is no time of the day; write it as 20:00"))?);
    }
    for day in options.on.iter().filter_map(|day| Word::named(day)) {
        rhythm = rhythm.on(day);
    }
    keep(home, Draft::of(&rhythm), options.share, output).await
}

async fn rhythms(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let shown = journal.rhythms().await?;
    journal.shutdown().await;
    let document = Rhythms {
        rhythms: shown.iter().map(RhythmRecord::of).collect(),
    };
    output.result(&document, || {
        let mut words = String::new();
        for rhythm in &shown {
            let whose = if rhythm.mine { "" } else { " (theirs)" };
            let paused = if rhythm.paused { ", paused" } else { "" };
            let _ = write!(
                words,
                "{}  {}{whose}{paused}",
                short(&rhythm.id),
                Line(&rhythm.intention)
            );
            for part in [rhythm.weekdays.join(", "), rhythm.quiet.join(", ")] {
                if !part.is_empty() {
                    let _ = write!(words, "; {}", Line(&part));
                }
            }
            let _ = match &rhythm.at {
                Some(at) => writeln!(words, "; at {}", Line(at)),
                None => writeln!(words),
            };
        }
        if words.is_empty() {
            words.push_str("No rhythm, and none is needed.");
        }
        words.trim_end().to_owned()
    })
}

#[derive(Serialize)]
struct Paused {
    paused: bool,
}

/// `sidelight pause` and `sidelight resume`.
pub(crate) async fn pause(home: &Home, paused: bool, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    journal.pause_rhythms(paused).await?;
    journal.shutdown().await;
    output.result(&Paused { paused }, || {
        if paused {
            "Paused, for as long as you like. Nothing is counted meanwhile."
        } else {
            "They go on from here."
        }
    })
}

#[derive(Serialize)]
struct QuietTimes {
    quiet: Vec<String>,
    now: bool,
}

/// `sidelight quiet`.
pub(crate) async fn quiet(home: &Home, options: cli::Quiet, output: Output) -> Result<(), Failure> {
    let parsed = |times: &str| {
        kinds::Quiet::parse(times).ok_or_else(|| {
            Failure::invalid("this is no time of the day from and until; write it as 22:00-07:30")
        })
    };
    let journal = home.open().await?;
    let own = journal.rhythms().await?.into_iter();
    let own: Vec<RhythmShown> = own.filter(|rhythm| rhythm.mine).collect();
    if let Some(end) = options.end {
        let member = parsed(&end)?.to_string();
        let mut ended = None;
        for rhythm in own.iter().filter(|rhythm| rhythm.quiet.contains(&member)) {
            let edit = FieldEdit::Remove {
                name: "quiet".into(),
                member: member.clone(),
            };
            journal
                .edit_fields(rhythm.id.clone(), None, vec![edit])
                .await?;
            ended = Some(journal.entry(rhythm.id.clone()).await?);
        }
        journal.shutdown().await;
        let ended = ended.ok_or_else(|| {
            Failure::invalid("this is none of your quiet times; `sidelight quiet` shows them")
        })?;
        return changed(&ended.id, ended.space, output);
    }
    let Some(times) = options.times else {
        let now = journal.today().await?.quiet;
        journal.shutdown().await;
        let mut quiet: Vec<_> = own.into_iter().flat_map(|rhythm| rhythm.quiet).collect();
        quiet.sort();
        quiet.dedup();
        let document = QuietTimes { quiet, now };
        return output.result(&document, || match document.quiet.as_slice() {
            [] => "No quiet times.".to_owned(),
            times if now => format!("{}\nThis is one of them.", times.join("\n")),
            times => times.join("\n"),
        });
    };
    let times = parsed(&times)?;
    let there = own
        .iter()
        .find(|rhythm| rhythm.intention == QUIET && rhythm.shared == options.share);
    let Some(there) = there else {
        journal.shutdown().await;
        let quiet = kinds::Rhythm::to(said(QUIET)?).quiet(times);
        return keep(home, Draft::of(&quiet), options.share, output).await;
    };
    let edit = FieldEdit::Add {
        name: "quiet".into(),
        member: times.to_string(),
    };
    journal
        .edit_fields(there.id.clone(), None, vec![edit])
        .await?;
    let entry = journal.entry(there.id.clone()).await?;
    journal.shutdown().await;
    changed(&entry.id, entry.space, output)
}

#[derive(Serialize)]
struct NoticesRecord<'a> {
    wanted: bool,
    now: bool,
    next_ms: Option<i64>,
    reminder_ms: Option<i64>,
    text: &'a str,
}

/// `sidelight notices`.
pub(crate) async fn notices(
    home: &Home,
    options: cli::Notices,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    if options.on || options.off {
        journal.want_notices(options.on).await?;
    }
    let notices = journal.notices().await?;
    journal.shutdown().await;
    let words = Words::embedded(options.locale.as_deref().unwrap_or("en"));
    let document = NoticesRecord {
        wanted: notices.wanted,
        now: notices.now,
        next_ms: notices.next_ms,
        reminder_ms: notices.reminder_ms,
        text: words.sentence(Sentence::Notice),
    };
    output.result(&document, || {
        let when = match (notices.wanted, notices.now, notices.next_ms) {
            (false, ..) => "Nothing is told on this device, unless you say --on.",
            (true, true, _) => "This may be told now, and nothing else:",
            (true, false, Some(_)) => {
                "When your quiet time is over this may be told, and nothing else:"
            }
            (true, false, None) => "It is always quiet here; nothing is told.",
        };
        match notices.wanted && notices.next_ms.is_some() {
            true => format!("{when}\n{}", document.text),
            false => when.to_owned(),
        }
    })
}

#[derive(Serialize)]
struct RecalledRecord<'a> {
    recalled: Vec<OneRecalled<'a>>,
}

#[derive(Serialize)]
struct OneRecalled<'a> {
    id: &'a str,
    kind: &'static str,
    helped: Option<&'a str>,
    on: Option<&'a str>,
    also: Option<&'a str>,
}

impl<'a> OneRecalled<'a> {
    fn of(recollection: &'a Recollection) -> Self {
        let mut one = Self {
            id: &recollection.id,
            kind: "other",
            helped: None,
            on: None,
            also: None,
        };
        match &recollection.what {
            Recalled::Helped(helped) => {
                one.kind = "helped";
                one.helped = Some(helped);
            }
            Recalled::Together { on, also } => {
                one.kind = "together";
                one.on = Some(on);
                one.also = Some(also);
            }
            _ => {}
        }
        one
    }
}

/// `sidelight recall`.
pub(crate) async fn recall(
    home: &Home,
    options: cli::Recall,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    if options.anew {
        journal.dismiss_nothing().await?;
    }
    let mut recalled = journal.recall().await?;
    if let Some(chosen) = options.dismiss {
        let place = recalled.iter().position(|one| one.id.starts_with(&chosen));
        let place = place.filter(|_| chosen.len() >= 4).ok_or_else(|| {
            Failure::invalid("nothing of this id is recalled; take it from `sidelight recall`")
        })?;
        let dismissed = recalled.remove(place);
        journal.dismiss(dismissed.id).await?;
    }
    journal.shutdown().await;
    let document = RecalledRecord {
        recalled: recalled.iter().map(OneRecalled::of).collect(),
    };
    output.result(&document, || {
        let lines = document.recalled.iter().map(|one| {
            let says = match (one.helped, one.on, one.also) {
                (Some(helped), ..) => {
                    format!(
                        "More than once you said that this helped: {}",
                        helped.replace('_', " ")
                    )
                }
                (_, Some(on), Some(also)) => {
                    format!("On days that you tagged «{on}» you mostly tagged «{also}», too")
                }
                _ => "Something that a newer version can say".to_owned(),
            };
            format!("{}  {}", short(one.id), Line(&says))
        });
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            "Nothing to recall.".to_owned()
        } else {
            lines.join("\n")
        }
    })
}
