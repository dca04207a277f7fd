//! `docs/benchmarks.md` and its plots.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Options;
use crate::measure::Failed;
use crate::report::{self, Report};
use crate::steps::Aged;

/// What the page says before the table. What is between the two lines is written by hand and
/// kept from run to run.
const HEAD: &str = "\
# Benchmarks

What `cargo xtask bench` printed. Ratios are of one run; other figures depend on the machine, and
on what else it did. Two people write ten entries of about 400 characters a day, a fifth is edited
once, and one day in ten both write apart; the texts are made of a diary's phrases from a seed, so
that no run of 64 bytes comes twice. Everything of ours is sealed, signed, checked and durable
(SQLite with `synchronous=FULL` on a disk); samod and Automerge work in plaintext and in memory.
";

/// After this line of the page stands what people wrote.
const BY_HAND: &str = "<!-- What follows is written by hand; a run keeps it. -->";

pub fn write(docs: &Path, options: &Options, report: &Report, ages: &[Aged]) -> Result<(), Failed> {
    let plots = docs.join("benchmarks");
    std::fs::create_dir_all(&plots)?;
    plot_all(&plots, ages)?;
    let page = docs.join("benchmarks.md");
    let before = std::fs::read_to_string(&page).unwrap_or_default();
    let by_hand = before.split_once(BY_HAND).map_or("", |(_, rest)| rest);
    let mut head = format!("{HEAD}\n{}\n", machine(&options.place));
    if let Some(remark) = &options.remark {
        head += &format!("\n**{remark}**\n");
    }
    let images = "\n![Opening](benchmarks/opening.svg)\n\n![Memory](benchmarks/memory.svg)\n\n\
                  ![One more entry](benchmarks/writing.svg)\n\n\
                  ![A device that starts empty](benchmarks/filling.svg)\n";
    let body = report.markdown(&head);
    std::fs::write(page, format!("{body}{images}\n{BY_HAND}{by_hand}"))?;
    Ok(())
}

fn plot_all(plots: &Path, ages: &[Aged]) -> Result<(), Failed> {
    let line = |of: &dyn Fn(&Aged) -> Option<f64>| -> Vec<(f64, f64)> {
        let points = ages.iter();
        points
            .filter_map(|age| Some((age.span.days as f64, of(age)?)))
            .collect()
    };
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let mebibytes = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    report::plot(
        &plots.join("opening.svg"),
        "Cold process to the first page",
        "milliseconds",
        &[
            ("Sidelight", line(&|age| Some(ms(age.page)))),
            ("Automerge, load()", line(&|age| age.load.map(ms))),
        ],
    )?;
    report::plot(
        &plots.join("memory.svg"),
        "Peak memory of a visit",
        "MiB",
        &[
            ("Sidelight", line(&|age| Some(mebibytes(age.peak)))),
            (
                "Automerge, load()",
                line(&|age| age.load.map(|_| mebibytes(age.load_peak))),
            ),
        ],
    )?;
    report::plot(
        &plots.join("writing.svg"),
        "One more entry",
        "milliseconds",
        &[
            ("Sidelight, durable", line(&|age| age.write.map(ms))),
            ("Automerge, applied", line(&|age| age.load_apply.map(ms))),
        ],
    )?;
    report::plot(
        &plots.join("filling.svg"),
        "A device that starts empty has everything",
        "milliseconds",
        &[
            (
                "Sidelight, through the relay",
                line(&|age| age.filled.map(ms)),
            ),
            ("Automerge, load() alone", line(&|age| age.load.map(ms))),
        ],
    )
}

/// Where and when it was measured, and what.
fn machine(place: &Path) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or("unknown", |line| line.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("?").to_owned();
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.unwrap_or_default()
    };
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let at = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
        let version = at.and_then(|(_, rest)| rest.split_once('"'));
        version.map_or("?", |(version, _)| version)
    };
    format!(
        "Measured on {}: {cores} cores of {cpu}, {}, load {load} at the end; journals on {}; {}, \
         release; automerge {}, samod {}, quinn {}, SQLite by rusqlite {}.",
        said("date", &["-u", "+%Y-%m-%d"]),
        said("uname", &["-sr"]),
        said("stat", &["-f", "-c", "%T", &place.display().to_string()]),
        said("rustc", &["--version"]),
        version("automerge"),
        version("samod"),
        version("quinn"),
        version("rusqlite"),
    )
}
