//! The native library for other languages, and what is generated from it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The largest that the library may be on a phone, stripped: what was agreed before there was one.
const SIZE_MAX: u64 = 6_500_000;

/// What was built, for this machine.
pub(crate) struct Built {
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// The shared library that is shipped.
    pub(crate) shipped: PathBuf,
    /// The one for tests, which is it and a relay.
    pub(crate) testing: PathBuf,
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(ROOT).join("target"), Into::into)
}

/// Builds both libraries and the generator, not optimised.
///
/// # Errors
/// If cargo fails.
pub(crate) fn build() -> Result<Built, String> {
    let packages = [
        "sidelight-ffi",
        "sidelight-ffi-testing",
        "sidelight-bindgen",
    ];
    let mut arguments = vec!["build", "--locked"];
    for package in packages {
        arguments.extend(["-p", package]);
    }
    cargo(&arguments)?;
    Ok(built("debug"))
}

/// Builds the terminal client, with which the languages' examples pair, and says where it is.
///
/// # Errors
/// If cargo fails.
pub(crate) fn terminal() -> Result<PathBuf, String> {
    cargo(&["build", "--locked", "-p", "sidelight-terminal"])?;
    let program = target().join("debug/sidelight");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    program
        .canonicalize()
        .map_err(|error| format!("{} was not built: {error}", program.display()))
}

/// Writes a language's half of the bindings, by the generator that [`build`] has built.
///
/// # Errors
/// If it fails.
pub(crate) fn generate(language: &str, library: &Path, folder: &Path) -> Result<(), String> {
    let generator = target().join("debug/sidelight-bindgen");
    let generator = generator.with_extension(std::env::consts::EXE_EXTENSION);
    let status = Command::new(generator)
        .arg(language)
        .args([library, folder])
        .status()
        .map_err(|error| format!("the generator did not start: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("nothing was generated for {language}; see above")),
    }
}

/// Builds both libraries as phones get them, which takes some minutes.
///
/// # Errors
/// If cargo fails.
pub(crate) fn build_for_phones() -> Result<Built, String> {
    let libraries = ["-p", "sidelight-ffi", "-p", "sidelight-ffi-testing"];
    let mut arguments = vec!["build", "--locked", "--profile", "phone"];
    arguments.extend(libraries);
    cargo(&arguments)?;
    cargo(&["build", "--locked", "-p", "sidelight-bindgen"])?;
    Ok(built("phone"))
}

/// Where the libraries are once they are built.
fn built(profile: &str) -> Built {
    let target = target();
    let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = |name: &str| target.join(format!("{profile}/{before}{name}{after}"));
    Built {
        shipped: library("sidelight_ffi"),
        testing: library("sidelight_ffi_testing"),
        target,
    }
}

/// `cargo xtask size`: builds the library as phones get it, and says how large it is stripped.
///
/// # Errors
/// If it is larger than may be, or cannot be built or stripped.
pub(crate) fn size() -> Result<String, String> {
    let built = build_for_phones()?;
    let stripped = built.target.join("phone/stripped");
    let status = Command::new("strip")
        .arg("-o")
        .args([&stripped, &built.shipped])
        .status()
        .map_err(|error| format!("strip did not start: {error}"))?;
    if !status.success() {
        return Err(format!("strip ended with {status}"));
    }
    let size = std::fs::metadata(&stripped)
        .map_err(|error| error.to_string())?
        .len();
    let megabytes = |bytes: u64| format!("{:.2} MB", bytes as f64 / 1e6);
    let said = format!(
        "{} stripped for {}; {} at most",
        megabytes(size),
        std::env::consts::ARCH,
        megabytes(SIZE_MAX)
    );
    if size <= SIZE_MAX {
        Ok(said)
    } else {
        Err(said)
    }
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    println!("cargo {}", arguments.join(" "));
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!(
            "`cargo {}` ended with {status}",
            arguments.join(" ")
        )),
    }
}
