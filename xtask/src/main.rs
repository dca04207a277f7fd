//! What CI runs, as one command: `cargo xtask test`.
//!
//! Deliberately light: the standard library and a JSON reader, so that it builds in seconds and
//! never becomes a second build system.

mod bench;
mod bindings;
mod bounded;
mod kotlin;
mod licence;
mod models;
mod sim;
mod sources;
mod steps;
mod story;
mod swift;

use std::process::{Command, ExitCode};

const USAGE: &str = "\
What CI runs, as one command. Everything is always about the whole workspace.

    cargo xtask test            all of it: format, clippy, tests and doctests, rustdoc,
                                licences and sources, the demo in a release build, the
                                models, and the Swift and Kotlin packages
    cargo xtask test --without swift|kotlin
                                without that language, whose toolchain it wants; may be
                                given for both
    cargo xtask test --quick    format, clippy, tests and doctests only
    cargo xtask sim --seeds N [--seed S] [--steps K] [--release]
                                N runs of the simulation from seed S (0), of K steps each
    cargo xtask bench [--quick] what it costs, beside peers and limits; writes docs/benchmarks.md
    cargo xtask bench --instructions
                                what steps cost in instructions, counted by valgrind
    cargo xtask bench --allocations
                                what opening, a page, a search and an edit take from the heap
    cargo xtask sources         licences and sources of all dependencies only
    cargo xtask models          models of the protocol, searched by a tool installed for it;
                                with --only NAME one of them
    cargo xtask kotlin          the Kotlin packages in bindings/kotlin, built and tested; with
                                --measure, what a call costs in a release build
    cargo xtask size            how large the library is on a phone; a release build
    cargo xtask story           one story across languages: a device in each, and the terminal
                                client; with --without NAME as above
    cargo xtask swift           the Swift package only; with -- ARGS, the command `swift ARGS`
                                for it; with --measure, what a call costs in a release build
";

/// Cargo, as if somebody had called it by hand. What the outer cargo says of this program in the
/// environment goes no further, nor what it has from `.cargo/config.toml`: build scripts, ring's and
/// SQLite's, ask to be run again when such a name changes, and with them is built whatever stands
/// above them, at each change from `cargo test` to `cargo xtask` and back.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let said = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "LIBSQLITE3_FLAGS"];
        if ours.iter().any(|name| said.starts_with(name)) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // One line a subcommand; what it does lives in a module of its own.
    match arguments.as_slice() {
        ["test", options @ ..] => match steps::Extent::parse(options) {
            Some(extent) => steps::test(extent),
            None => usage(),
        },
        ["bench", options @ ..] => bench::command(options),
        ["sim", options @ ..] => sim::command(options),
        ["kotlin"] => kotlin::command(false),
        ["kotlin", "--measure"] => kotlin::command(true),
        ["size"] => match bindings::size() {
            Ok(said) => {
                println!("{said}");
                ExitCode::SUCCESS
            }
            Err(defect) => {
                eprintln!("{defect}");
                ExitCode::FAILURE
            }
        },
        ["sources"] => sources::command(),
        ["models"] => models::command(None),
        ["models", "--only", name] => models::command(Some(name)),
        ["story", options @ ..] => match steps::Extent::parse(options) {
            Some(extent) => story::command(extent),
            None => usage(),
        },
        ["swift", words @ ..] => swift::command(words),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => usage(),
    }
}

/// Nobody knows what was meant.
fn usage() -> ExitCode {
    eprint!("{USAGE}");
    ExitCode::from(2)
}
