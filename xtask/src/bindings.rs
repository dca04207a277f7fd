//! The native library for other languages, and what is generated from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The largest that the library may be on a phone, stripped: a little above what it is, so that
/// whatever makes it grow is looked at.
const SIZE_MAX: u64 = 8_000_000;

/// What was agreed before there was one. `bindings/README.md` says what fills it.
const SIZE_AIM: u64 = 6_500_000;

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

/// What tests of the languages want: the libraries, the generator, and the terminal client, with
/// which their examples pair. Built at once, their dependencies are compiled once.
const PACKAGES: [&str; 4] = [
    "sidelight-ffi",
    "sidelight-ffi-testing",
    "sidelight-bindgen",
    "sidelight-terminal",
];

/// Beside what else they are built. Crates differ in their dependencies' features by what they are
/// built with, so that the one is no use to the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    /// Nothing: the shortest way to them.
    Themselves,
    /// All crates and tests of the workspace. After its tests nothing is left to compile.
    Everything,
}

/// Builds all of that, not optimised.
///
/// # Errors
/// If cargo fails.
pub(crate) fn build(among: Among) -> Result<Built, String> {
    let mut arguments = vec!["build", "--locked"];
    match among {
        Among::Themselves => PACKAGES
            .iter()
            .for_each(|name| arguments.extend(["-p", name])),
        Among::Everything => arguments.extend(["--workspace", "--all-targets"]),
    }
    cargo(&arguments)?;
    Ok(built("debug"))
}

/// Where the terminal client is, built.
///
/// # Errors
/// If cargo fails.
pub(crate) fn terminal(among: Among) -> Result<PathBuf, String> {
    let program = build(among)?.target.join("debug/sidelight");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    program
        .canonicalize()
        .map_err(|error| format!("{} was not built: {error}", program.display()))
}

/// Writes a language's half of the bindings, by the generator that [`build`] has built; twice, and
/// it must come out the same.
///
/// # Errors
/// If it fails, or writes something else the second time.
pub(crate) fn generate(language: &str, library: &Path, folder: &Path) -> Result<(), String> {
    generate_once(language, library, folder)?;
    let again = folder.with_extension("again");
    if again.exists() {
        fs::remove_dir_all(&again).map_err(|error| format!("{}: {error}", again.display()))?;
    }
    generate_once(language, library, &again)?;
    same(&again, folder).map_err(|why| format!("{language} is not generated alike twice: {why}"))
}

fn generate_once(language: &str, library: &Path, folder: &Path) -> Result<(), String> {
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

/// Builds a library as phones get it, which takes some minutes. It is asked for as a shared library
/// alone: a crate that is made into one for Rust at the same time is not optimised as a whole, and
/// is half as large again. What else is asked, `build-android.sh` asks, too:
///
/// - Frame pointers: with one, a few words say how to unwind a function, and code is no larger.
/// - C without tables for unwinding: nothing unwinds through it. SQLite calls back into Rust only
///   where rusqlite catches what panics, and ring's C calls nobody.
/// - Relocations packed.
/// - Functions that came out as the same bytes are one. Rust promises nobody that they are not. Of
///   SQLite's, a dozen that do nothing are met by it, none of which it tells from another of them.
fn build_for_phones(package: &str, kinds: &str) -> Result<(), String> {
    let mut arguments = vec!["rustc", "--locked", "--profile", "phone"];
    arguments.extend(["--lib", "--crate-type", kinds, "-p", package, "--"]);
    if cfg!(target_os = "linux") {
        arguments.extend(["-C", "link-arg=-Wl,-z,pack-relative-relocs"]);
    }
    // There the linker is Rust's own; others may not know how.
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        arguments.extend(["-C", "link-arg=-Wl,--icf=all"]);
    }
    let more = |name: &str, flags: &str| {
        let given = std::env::var(name).unwrap_or_default();
        format!("{given} {flags}").trim().to_owned()
    };
    let for_rust = more("RUSTFLAGS", "-C force-frame-pointers=yes");
    let for_c = more(
        "CFLAGS",
        "-fno-asynchronous-unwind-tables -fno-unwind-tables",
    );
    cargo_with(&arguments, &[("RUSTFLAGS", for_rust), ("CFLAGS", for_c)])
}

/// Builds the library for tests as phones would get it, which is that of apps and more, and all
/// else as [`build`] does.
///
/// # Errors
/// If cargo fails.
pub(crate) fn build_for_measuring() -> Result<Built, String> {
    let mut built_here = build(Among::Themselves)?;
    build_for_phones("sidelight-ffi-testing", "cdylib,staticlib")?;
    built_here.testing = built("phone").testing;
    Ok(built_here)
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

/// Whether each file below one folder is the same below the other.
fn same(one: &Path, other: &Path) -> Result<(), String> {
    let unread = |error| format!("{}: {error}", one.display());
    for entry in fs::read_dir(one).map_err(unread)? {
        let here = entry.map_err(unread)?.path();
        let there = other.join(here.file_name().unwrap_or_default());
        if here.is_dir() {
            same(&here, &there)?;
        } else if fs::read(&here).map_err(unread)? != fs::read(&there).unwrap_or_default() {
            return Err(format!("{} differs", there.display()));
        }
    }
    Ok(())
}

/// `cargo xtask size`: builds the library as phones get it, and says how large it is stripped.
///
/// # Errors
/// If it is larger than may be, or cannot be built or stripped.
pub(crate) fn size() -> Result<String, String> {
    build_for_phones("sidelight-ffi", "cdylib")?;
    let built = built("phone");
    let stripped = built.target.join("phone/stripped");
    let status = Command::new("strip")
        .arg("-o")
        .args([&stripped, &built.shipped])
        .status()
        .map_err(|error| format!("strip did not start: {error}"))?;
    if !status.success() {
        return Err(format!("strip ended with {status}"));
    }
    let size = fs::metadata(&stripped)
        .map_err(|error| error.to_string())?
        .len();
    let megabytes = |bytes: u64| format!("{:.2} MB", bytes as f64 / 1e6);
    let said = format!(
        "{} stripped for {}; {} at most, and {} are meant",
        megabytes(size),
        std::env::consts::ARCH,
        megabytes(SIZE_MAX),
        megabytes(SIZE_AIM)
    );
    if size <= SIZE_MAX {
        Ok(said)
    } else {
        Err(said)
    }
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    cargo_with(arguments, &[])
}

/// Runs it with some of its environment replaced.
fn cargo_with(arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    println!("cargo {}", arguments.join(" "));
    let status = crate::cargo()
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::ROOT;

    /// Between these two, what a file says first.
    fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
        let (_, rest) = text.split_once(before)?;
        Some(rest.split_once(after)?.0)
    }

    fn poms(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                poms(&path, found);
            } else if path.ends_with("pom.xml") {
                found.push(path);
            }
        }
    }

    /// A package of one language with the library of another version would not load.
    #[test]
    fn one_version_stands_everywhere() {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let cargo = read(&Path::new(ROOT).join("Cargo.toml"));
        let package = between(&cargo, "[workspace.package]", "\n[").unwrap_or_default();
        let version = between(package, "version = \"", "\"").unwrap_or_default();
        assert!(!version.is_empty(), "{package}");
        let changes = read(&Path::new(ROOT).join("CHANGELOG.md"));
        assert_eq!(
            between(&changes, "\n## ", " "),
            Some(version),
            "CHANGELOG.md"
        );

        let mut found = Vec::new();
        poms(&Path::new(ROOT).join("bindings/kotlin"), &mut found);
        poms(&Path::new(ROOT).join("examples/kotlin"), &mut found);
        assert!(found.len() >= 4, "{found:?}");
        for pom in found {
            // A module's first version is that of its parent, which is ours.
            let said = read(&pom);
            assert_eq!(
                between(&said, "<version>", "</version>"),
                Some(version),
                "{pom:?}"
            );
        }
        let gradle = Path::new(ROOT).join("bindings/kotlin/android/build.gradle.kts");
        let said = read(&gradle);
        assert_eq!(
            between(&said, "\nversion = \"", "\""),
            Some(version),
            "{gradle:?}"
        );
    }

    /// What we run fetches from Maven's own registry alone. Android's is named in the project for
    /// developers who have its SDK, which nothing here runs.
    #[test]
    fn no_build_that_we_run_names_another_registry() {
        let mut found = Vec::new();
        poms(&Path::new(ROOT).join("bindings/kotlin"), &mut found);
        poms(&Path::new(ROOT).join("examples/kotlin"), &mut found);
        assert!(found.len() >= 4, "{found:?}");
        for pom in found {
            let said = fs::read_to_string(&pom).unwrap_or_default();
            assert!(!said.contains("epositories>"), "{pom:?}");
        }
    }
}
