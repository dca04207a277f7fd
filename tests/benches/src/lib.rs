//! Sidelight beside what one would take otherwise and beside the machine's limits, in one run.
//!
//! | file | what |
//! |---|---|
//! | `workload` | the texts, and for how long a journal is kept |
//! | `couple` | journals of two people over a real relay, built once and kept |
//! | `cold` | processes that begin with nothing: opening, visit, search, a device that starts empty |
//! | `live` | two devices and a relay: edit to visible, round trips, typing |
//! | `relay_load` | the relay's appends and idle connections |
//! | `proxy` | the line between: counts, delays, loses |
//! | `automerge`, `samod_peer` | what one would take otherwise |
//! | `limits` | disk, database, cipher, scan, bare QUIC |
//! | `measure` | medians, cold processes, memory, time on the processor |
//! | `steps` | what is measured, in its order |
//! | `report`, `pages` | table, plots, and the page that is kept |
//!
//! `allocations` counts what comes from the heap; `benches/instructions` counts instructions.
//!
//! A figure means little on another machine, or while something else runs on this one; a ratio
//! of two figures of one run means something.

pub mod automerge;
pub mod cold;
pub mod couple;
pub mod limits;
pub mod live;
pub mod measure;
pub mod pages;
pub mod proxy;
pub mod relay_load;
pub mod report;
pub mod samod_peer;
pub mod steps;
pub mod workload;

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::couple::Kind;
use crate::measure::Failed;
use crate::proxy::Line;
use crate::workload::SPANS;

/// What is measured.
#[derive(Parser)]
#[command(about = "Measures Sidelight beside its peers and the machine's limits")]
pub struct Options {
    /// Up to one year only, and fewer tries: three minutes
    #[arg(long)]
    pub quick: bool,
    /// The diary whose phrases are put together anew
    #[arg(long, default_value = "../shared/data/pepys.dayone.json.gz")]
    pub diary: PathBuf,
    /// Two people typing into one text, keystroke by keystroke
    #[arg(long, default_value = "../shared/data/friendsforever.json.gz")]
    pub typing: PathBuf,
    /// Where journals are measured, on a disk rather than in memory; removed afterwards
    #[arg(long, default_value = "target/benches/work")]
    pub place: PathBuf,
    /// Where journals are kept that were built
    #[arg(long, default_value = "target/benches/kept")]
    pub kept: PathBuf,
    /// Only these, of: search, filling, visible, age, wire, typing, relay, diary, limits
    #[arg(long, value_delimiter = ',', conflicts_with = "docs")]
    pub only: Vec<String>,
    /// Where the page and the plots go; nothing is written without it
    #[arg(long)]
    pub docs: Option<PathBuf>,
    /// What a reader of the page must know of this run, such as that the machine was not idle
    #[arg(long)]
    pub remark: Option<String>,
}

/// The whole program.
///
/// # Errors
/// Whatever goes wrong: a benchmark that fails says nothing.
pub fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if let [_, child, what, rest @ ..] = arguments.as_slice()
        && child == "child"
    {
        return runtime.block_on(as_child(what, rest));
    }
    runtime.block_on(steps::run(&Options::parse()))
}

/// What a process of its own does; its figures are printed as JSON.
async fn as_child(what: &str, arguments: &[String]) -> Result<(), Failed> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let path = Path::new;
    let printed = match (what, words.as_slice()) {
        ("page", [home, key]) => serde_json::to_string(&cold::page(path(home), path(key)).await?)?,
        ("visit", [home, key, words]) => {
            serde_json::to_string(&cold::visit(path(home), path(key), words).await?)?
        }
        ("search", [home, key, words]) => {
            serde_json::to_string(&cold::search(path(home), path(key), words).await?)?
        }
        ("fill", [place, name, line, words]) => {
            let line = match *line {
                "straight" => None,
                "counted" => Some(Line::default()),
                loss => Some(Line::mobile(loss.parse()?)),
            };
            serde_json::to_string(&cold::fill(path(place), kind(name)?, line, words).await?)?
        }
        ("load", files) => {
            let files: Vec<&Path> = files.iter().map(Path::new).collect();
            serde_json::to_string(&automerge::load(&files)?)?
        }
        ("samod", [folder]) => {
            let files = automerge::months(path(folder))?;
            serde_json::to_string(&samod_peer::cold(&files).await?)?
        }
        ("relay", [folder]) => return relay_load::relay_server(path(folder)).await,
        ("quinn", [idle]) => return limits::quinn_server(*idle == "idle").await,
        _ => return Err(format!("no such child: {what}").into()),
    };
    println!("{printed}");
    Ok(())
}

fn kind(name: &str) -> Result<Kind, Failed> {
    let mut kinds = SPANS.map(Kind::Aged).into_iter().chain([Kind::Diary]);
    let found = kinds.find(|kind| kind.name() == name);
    found.ok_or_else(|| format!("no such journal: {name}").into())
}
