//! `cargo xtask bench`: Sidelight beside its peers and the machine's limits, in one run. It is a
//! workspace of its own, so that nobody builds the peers who does not ask for them.

use std::path::Path;
use std::process::{Command, ExitCode};

/// Where it is built, and where it keeps the journals that it has built.
const TARGET: &str = "target/benches";

/// `cargo xtask bench …`; the options are those of `tests/benches`.
pub(crate) fn command(options: &[&str]) -> ExitCode {
    match options {
        ["--instructions", rest @ ..] => return instructions(rest),
        ["--allocations", rest @ ..] => return done(cargo("run", &["--bin", "allocations"], rest)),
        _ => {}
    }
    let mut options = options.to_vec();
    // A quick run is for whoever works on something; the page tells of whole ones.
    if !options.contains(&"--quick") && !options.contains(&"--docs") {
        options.extend(["--docs", "docs"]);
    }
    done(cargo("run", &[], &options))
}

/// Counts instructions under callgrind.
fn instructions(options: &[&str]) -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed; on Debian: apt-get install valgrind");
        return ExitCode::FAILURE;
    }
    if !cargo("build", &["--example", "runner"], &[]) {
        return ExitCode::FAILURE;
    }
    let runner = Path::new(TARGET).join("release/examples/runner");
    let Ok(runner) = std::path::absolute(runner) else {
        return ExitCode::FAILURE;
    };
    let mut bench = command_of("bench", &["--bench", "instructions"], options);
    bench.env("GUNGRAUN_RUNNER", runner);
    done(succeeds(&mut bench))
}

fn cargo(verb: &str, what: &[&str], options: &[&str]) -> bool {
    succeeds(&mut command_of(verb, what, options))
}

fn command_of(verb: &str, what: &[&str], options: &[&str]) -> Command {
    let mut cargo = crate::cargo();
    cargo.args([verb, "--locked", "--quiet"]);
    if verb != "bench" {
        cargo.arg("--release");
    }
    cargo.args(["--manifest-path", "tests/benches/Cargo.toml"]);
    cargo.args(["--target-dir", TARGET]).args(what);
    if !options.is_empty() {
        cargo.arg("--").args(options);
    }
    cargo
}

fn succeeds(cargo: &mut Command) -> bool {
    match cargo.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo does not start: {error}");
            false
        }
    }
}

fn done(success: bool) -> ExitCode {
    if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
