//! The Swift package in `bindings/swift`: `cargo xtask swift`.

mod toolchain;

use std::path::Path;
use std::process::ExitCode;

use toolchain::Toolchain;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// `cargo xtask swift -- ARGS`: the toolchain's `swift`, in the package's folder.
pub(crate) fn command(arguments: &[&str]) -> ExitCode {
    let root = Path::new(ROOT);
    let also = [root, &root.join("target")];
    let toolchain = Toolchain::find_or_make();
    let ended = toolchain
        .and_then(|found| found.command("swift", &root.join("bindings/swift"), &also))
        .and_then(|mut swift| {
            let status = swift.args(arguments).status();
            status.map_err(|error| format!("swift did not start: {error}"))
        });
    match ended {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(defect) => {
            eprintln!("{defect}");
            ExitCode::FAILURE
        }
    }
}
