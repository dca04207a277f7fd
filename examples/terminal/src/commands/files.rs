//! Whole journals: in from Day One, out as a file.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use sidelight::{ImportOptions, ImportReport, Journal};

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

/// How often the progress bar is drawn.
const FRAME: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Imported {
    found: u64,
    imported: u64,
    already_there: u64,
    skipped: Vec<SkippedRecord>,
    cleaned: u64,
    shared: bool,
    dry_run: bool,
}

#[derive(Serialize)]
struct SkippedRecord {
    reason: String,
    count: u64,
}

/// `sidelight import`.
pub(crate) async fn import(
    home: &Home,
    options: cli::Import,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let import = ImportOptions {
        shared: options.share,
        dry_run: options.dry_run,
    };
    let bar = if output.is_json() {
        ProgressBar::hidden()
    } else {
        ProgressBar::no_length().with_style(style())
    };
    let report = {
        let importing = std::pin::pin!(journal.import_day_one(options.file, import));
        watched(importing, &journal, &bar).await
    };
    bar.finish_and_clear();
    journal.shutdown().await;
    let report = report?;
    let document = Imported {
        found: report.found,
        imported: report.imported,
        already_there: report.already_there,
        skipped: report
            .skipped
            .iter()
            .map(|skipped| SkippedRecord {
                reason: skipped.reason.to_string(),
                count: skipped.count,
            })
            .collect(),
        cleaned: report.cleaned,
        shared: options.share,
        dry_run: options.dry_run,
    };
    output.result(&document, || words(&report, options.share, options.dry_run))
}

/// Awaits an import and shows how far it is.
async fn watched<T>(
    mut importing: impl Future<Output = T> + Unpin,
    journal: &Journal,
    bar: &ProgressBar,
) -> T {
    let mut frames = tokio::time::interval(FRAME);
    loop {
        tokio::select! {
            imported = &mut importing => return imported,
            _ = frames.tick() => {
                if let Some(progress) = journal.import_progress() {
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
    if report.already_there > 0 {
        words.push_str(&format!(
            "\n{} were here already, and stay as they are.",
            report.already_there
        ));
    }
    for skipped in &report.skipped {
        words.push_str(&format!(
            "\nLeft out: {} ({}).",
            skipped.count, skipped.reason
        ));
    }
    if report.cleaned > 0 {
        words.push_str(&format!(
            "\n{} had NUL characters, which were taken out.",
            report.cleaned
        ));
    }
    words
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {pos}/{len} entries")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[derive(Serialize)]
struct Exported {
    file: String,
    entries: u64,
}

/// `sidelight export`.
pub(crate) async fn export(
    home: &Home,
    options: cli::Export,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let report = journal.export_json(options.dir).await;
    journal.shutdown().await;
    let report = report?;
    let document = Exported {
        file: report.file.display().to_string(),
        entries: report.entries,
    };
    output.result(&document, || {
        format!(
            "{} entries are in {}. The file is not encrypted: keep it where only you can read it.",
            report.entries,
            report.file.display()
        )
    })
}
