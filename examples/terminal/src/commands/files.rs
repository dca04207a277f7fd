//! Whole journals: in from elsewhere, out as files.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use sidelight::{
    ExchangeProgress, ExportFormat, ExportOptions, ExportScope, ImportFormat, ImportOptions,
    ImportReport,
};

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

/// How often the progress bar is drawn.
const FRAME: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Imported {
    format: &'static str,
    found: u64,
    imported: u64,
    already_there: u64,
    skipped: Vec<SkippedRecord>,
    first_day: Option<String>,
    last_day: Option<String>,
    cleaned: u64,
    attachments: u64,
    missing: u64,
    shared: bool,
    dry_run: bool,
}

#[derive(Serialize)]
struct SkippedRecord {
    reason: String,
    count: u64,
    places: Vec<String>,
}

/// `sidelight import`.
pub(crate) async fn import(
    home: &Home,
    options: cli::Import,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let import = ImportOptions {
        format: options.format.map(|format| match format {
            cli::ImportFormat::Sidelight => ImportFormat::Sidelight,
            cli::ImportFormat::DayOne => ImportFormat::DayOne,
            cli::ImportFormat::Daylio => ImportFormat::Daylio,
            cli::ImportFormat::Jrnl => ImportFormat::Jrnl,
            cli::ImportFormat::Markdown => ImportFormat::Markdown,
        }),
        shared: options.share,
        dry_run: options.dry_run,
    };
    let report = {
        let importing = std::pin::pin!(journal.import(options.path, import));
        watched(importing, || journal.import_progress(), output).await
    };
    journal.shutdown().await;
    let report = report?;
    let skipped = report.skipped.iter().map(|skipped| SkippedRecord {
        reason: skipped.reason.to_string(),
        count: skipped.count,
        places: skipped.places.clone(),
    });
    let document = Imported {
        format: match report.format {
            ImportFormat::Sidelight => "sidelight",
            ImportFormat::Daylio => "daylio",
            ImportFormat::Jrnl => "jrnl",
            ImportFormat::Markdown => "markdown",
            _ => "day-one",
        },
        found: report.found,
        imported: report.imported,
        already_there: report.already_there,
        skipped: skipped.collect(),
        first_day: report.first_day.map(|day| day.to_string()),
        last_day: report.last_day.map(|day| day.to_string()),
        cleaned: report.cleaned,
        attachments: report.attachments,
        missing: report.missing,
        shared: options.share,
        dry_run: options.dry_run,
    };
    output.result(&document, || words(&report, options.share, options.dry_run))
}

/// Awaits something long and shows how far it is.
async fn watched<T>(
    mut long: impl Future<Output = T> + Unpin,
    progress: impl Fn() -> Option<ExchangeProgress>,
    output: Output,
) -> T {
    let bar = if output.is_json() {
        ProgressBar::hidden()
    } else {
        ProgressBar::no_length().with_style(style())
    };
    let mut frames = tokio::time::interval(FRAME);
    loop {
        tokio::select! {
            done = &mut long => {
                bar.finish_and_clear();
                return done;
            }
            _ = frames.tick() => {
                if let Some(progress) = progress() {
                    if progress.total > 0 {
                        bar.set_length(progress.total);
                    }
                    bar.set_position(progress.done);
                }
            }
        }
    }
}

fn words(report: &ImportReport, shared: bool, dry_run: bool) -> String {
    let mut words = match (dry_run, shared) {
        (true, _) => format!("{} entries would be imported.", report.imported),
        (false, true) => format!(
            "{} entries are imported; your partner can read them after `sidelight sync`.",
            report.imported
        ),
        (false, false) => format!("{} entries are imported, for you alone.", report.imported),
    };
    let mut say = |sentence: String| {
        words.push('\n');
        words.push_str(&sentence);
    };
    if let (Some(first), Some(last)) = (report.first_day, report.last_day) {
        say(format!("The days in the file go from {first} to {last}."));
    }
    if report.already_there > 0 {
        let count = report.already_there;
        say(format!("{count} were here already, and stay as they are."));
    }
    for skipped in &report.skipped {
        say(format!("Left out: {} ({}).", skipped.count, skipped.reason));
        for place in &skipped.places {
            say(format!("  {place}"));
        }
        let more = skipped.count - skipped.places.len() as u64;
        if more > 0 && !skipped.places.is_empty() {
            say(format!("  and {more} more"));
        }
    }
    if report.cleaned > 0 {
        let count = report.cleaned;
        say(format!("{count} had NUL characters, which were taken out."));
    }
    if report.attachments > 0 {
        let count = report.attachments;
        say(format!(
            "{count} photos, recordings or other files stay behind; keep the export for them."
        ));
    }
    if report.missing > 0 {
        let count = report.missing;
        say(format!("{count} of those are not in the export either."));
    }
    words
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {pos}/{len} entries")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[derive(Serialize)]
struct Exported {
    path: String,
    entries: u64,
    unproved: u64,
    private: bool,
}

/// `sidelight export`.
pub(crate) async fn export(
    home: &Home,
    options: cli::Export,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let private = options.private;
    let export = ExportOptions {
        format: match options.format {
            cli::ExportFormat::Json => ExportFormat::Json,
            cli::ExportFormat::Markdown => ExportFormat::Markdown,
            cli::ExportFormat::Html => ExportFormat::Html,
            cli::ExportFormat::Evidence => ExportFormat::Evidence,
        },
        scope: match options.scope {
            cli::ExportScope::Own => ExportScope::Own,
            cli::ExportScope::Received => ExportScope::Received,
            cli::ExportScope::Both => ExportScope::Both,
        },
        private,
        locale: options.locale,
        only: options.only,
    };
    let report = {
        let exporting = std::pin::pin!(journal.export(options.dir, export));
        watched(exporting, || journal.export_progress(), output).await
    };
    journal.shutdown().await;
    let report = report?;
    let document = Exported {
        path: report.path.display().to_string(),
        entries: report.entries,
        unproved: report.unproved,
        private,
    };
    output.result(&document, || {
        let kept_out = if private {
            ""
        } else {
            " Private entries are not in it; --private takes them along."
        };
        let unproved = match report.unproved {
            0 => String::new(),
            count => format!(
                " {count} were left out: what was signed of them is not here whole; sync, then \
                 export again."
            ),
        };
        format!(
            "{} entries are in {}. They are not encrypted there: keep them where only you can \
             read them.{kept_out}{unproved}",
            report.entries,
            report.path.display()
        )
    })
}
