//! `cargo xtask bench`: Sidelight beside its peers and the machine's limits, in one run. It is a
//! workspace of its own, so that nobody builds the peers who does not ask for them.

use std::process::{Command, ExitCode};

/// `cargo xtask bench …`; the options are those of `tests/benches`.
pub(crate) fn command(options: &[&str]) -> ExitCode {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--release", "--locked", "--quiet"]);
    cargo.args(["--manifest-path", "tests/benches/Cargo.toml"]);
    cargo.args(["--target-dir", "target/benches", "--"]);
    cargo.args(options);
    // A quick run is for whoever works on something; the page tells of whole ones.
    if !options.contains(&"--quick") && !options.contains(&"--docs") {
        cargo.args(["--docs", "docs"]);
    }
    match cargo.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo does not start: {error}");
            ExitCode::FAILURE
        }
    }
}
