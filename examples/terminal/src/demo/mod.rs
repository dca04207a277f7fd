//! `sidelight demo`: the whole way on one machine. A relay and two devices, each a process of its
//! own, joined through a network that records everything and is not always kind; and at the end
//! a search for plaintext where there must be none. Everything that is claimed is checked.

mod control;
pub(crate) mod device;
mod diary;
mod figures;
mod journal;
mod part;
mod proxy;
mod search;
mod source;
mod stage;
mod trace;
mod typing;
mod typist;
mod waits;
mod weather;

use std::path::Path;
use std::time::Instant;

use self::diary::Diary;
use self::figures::{Figures, seconds};
use self::search::Search;
use self::stage::{NAMES, Stage};
use self::trace::Trace;
use crate::cli;
use crate::commands::stop_signal;
use crate::failure::Failure;
use crate::output::Output;

/// `sidelight demo`.
pub(crate) async fn run(options: cli::Demo, output: Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let diary = Diary::read(options.data.as_deref())?;
    let trace = Trace::read(options.trace.as_deref())?;
    let mut figures = Figures {
        seed: options.seed,
        ..Figures::default()
    };
    figures.diary.source = diary.source.to_string();
    figures.trace.source = trace.source.to_string();
    output.aside(format!(
        "Diary: {}\nTyping: {}",
        figures.diary.source, figures.trace.source
    ));
    let place = tempfile::Builder::new()
        .prefix("sidelight-demo-")
        .tempdir()
        .map_err(|error| disk(&error))?;

    // When it is dropped half-way, so are its processes, and each is killed by its id.
    tokio::select! {
        played = play(place.path(), &diary, &trace, &mut figures, output) => played?,
        () = stop_signal() => {
            return Err(Failure::cancelled("the demo was stopped; nothing of it is left"));
        }
    }
    figures.seconds.total = seconds(micros(begun));
    output.result(&figures, || figures.table())?;
    if figures.held {
        Ok(())
    } else {
        Err(Failure::claim(
            "not every claim held; please report this, with the output",
        ))
    }
}

async fn play(
    place: &Path,
    diary: &Diary,
    trace: &Trace,
    figures: &mut Figures,
    output: Output,
) -> Result<(), Failure> {
    output.aside("A relay and two devices start; all between them passes one recording proxy.");
    let mut stage = Stage::begin(place, figures.seed).await?;
    output.aside("They pair, and compare seven emoji.");
    stage.pair(figures).await?;
    output.aside("One imports the diary and shares it; the relay is killed meanwhile.");
    stage.upload(diary, figures).await?;
    output.aside("The other comes online.");
    stage.gather(diary, figures).await?;
    output.aside("They write to each other in calm weather.");
    let letters = stage.correspond(figures).await?;
    output.aside("They type into one entry at the same time, in rough weather.");
    stage.type_together(trace, figures).await?;
    output.aside("Everything ends, and what is left is searched for plaintext.");
    let remains = stage.end(figures).await?;

    let begun = Instant::now();
    let mut needles = diary.sentences(figures.seed);
    let sentences = needles.len();
    needles.extend(diary::lines(&trace.end));
    needles.extend(diary::lines(&letters));
    needles.extend(NAMES.map(str::to_owned));
    let wanted = diary::SENTENCES.min(sentences.max(1));
    figures.claim(
        "as many sentences as asked for are searched",
        sentences == wanted,
        || format!("{sentences} of {wanted}"),
    );
    let search = Search::new(needles).map_err(Failure::internal)?;
    let searched = tokio::task::spawn_blocking(move || remains.search(&search));
    let searched = searched
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
        .map_err(|error| disk(&error))?;
    searched.tell(figures);
    figures.seconds.search = seconds(micros(begun));
    Ok(())
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The demo's own files failed.
fn disk(error: &std::io::Error) -> Failure {
    Failure::of(
        sidelight::ErrorKind::Storage,
        format!(
            "the demo's temporary files failed ({error}); make room in the temporary folder, or \
             name another by TMPDIR"
        ),
    )
}
