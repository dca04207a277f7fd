//! The Kotlin packages in `bindings/kotlin`: `cargo xtask kotlin`.
//!
//! The native library is built, Kotlin's half of the bindings generated from it, and Maven started
//! on both. Nothing is written outside `target`, but for what Maven downloads.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::bindings::{self, Among};
use crate::bounded;
use crate::story::Program;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The public interface as it was last looked at.
const SNAPSHOT: &str = "bindings/api/kotlin.txt";

/// How long each step of apt may take: it fetches some 0.3 GB.
const APT_MAX: Duration = Duration::from_secs(15 * 60);

/// How long Maven may take: a few minutes, and what it downloads the first time.
const MAVEN_MAX: Duration = Duration::from_secs(30 * 60);

/// A repository that says nothing is given up, instead of after half an hour, and one that breaks
/// off is asked again.
const PATIENCE: [&str; 2] = [
    "-Dmaven.wagon.rto=60000",
    "-Dmaven.wagon.http.retryHandler.count=5",
];

/// The oldest Java that the packages run on.
const JAVA_MIN: u32 = 17;

/// `cargo xtask kotlin`; with `--measure`, what calls cost in the library as phones get it.
pub(crate) fn command(measure: bool) -> ExitCode {
    let ended = match measure {
        true => costs(),
        false => check(Among::Themselves),
    };
    match ended {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(defect) => {
            eprintln!("{defect}");
            ExitCode::FAILURE
        }
    }
}

/// Builds and tests the packages; what Maven prints is passed on.
///
/// # Errors
/// What failed, and how Kotlin is left out.
pub(crate) fn check(among: Among) -> Result<String, String> {
    toolchain()?;
    let built = bindings::build(among)?;
    prepare(&built)?;
    let terminal = bindings::terminal(among)?;
    let ran = maven(&["verify"], &terminal)?;
    snapshot(&built.target)?;
    Ok(ran)
}

/// The example as a program, as [`check`] has built it.
///
/// # Errors
/// If it is not there.
pub(crate) fn diary() -> Result<impl Program, String> {
    let jar = bindings::target().join("kotlin/sidelight-diary/diary.jar");
    match jar.exists() {
        true => Ok(Diary(jar)),
        false => Err(
            "the diary in Kotlin is not built; run `cargo xtask kotlin` first, or say \
                      `--without kotlin`"
                .to_owned(),
        ),
    }
}

struct Diary(PathBuf);

impl Program for Diary {
    fn language(&self) -> &'static str {
        "Kotlin"
    }

    fn command(&self) -> Result<Command, String> {
        let mut java = Command::new("java");
        java.arg("-Xmx256m").arg("-jar").arg(&self.0);
        Ok(java)
    }
}

/// What a page costs from the JVM and in Rust, both in the library as phones get it.
fn costs() -> Result<String, String> {
    toolchain()?;
    prepare(&bindings::build_for_measuring()?)?;
    // Both modules have a quick start: a module without a test would fail.
    let only = "-Dtest=CallCostTest,QuickStartTest";
    maven(&["verify", "-pl", "jvm,testing", only], Path::new(""))
}

/// Puts libraries and generated code where Maven takes them from.
fn prepare(built: &bindings::Built) -> Result<(), String> {
    for (library, folder) in [(&built.shipped, "library"), (&built.testing, "testing")] {
        embed(library, folder)?;
    }
    let generated = built.target.join("bindings/kotlin");
    // What is no longer generated must not be compiled.
    remove(&generated)?;
    bindings::generate("kotlin", &built.shipped, &generated.join("main"))?;
    let both = built.target.join("bindings/kotlin-both");
    remove(&both)?;
    bindings::generate("kotlin", &built.testing, &both)?;
    let same = |folder: &Path| fs::read(folder.join("org/sidelight/sidelight.kt"));
    if same(&generated.join("main")).ok() != same(&both).ok() {
        return Err("the library and the one for tests give different bindings".into());
    }
    let testing = "org/sidelight/testing/sidelight_testing.kt";
    let to = generated.join("testing").join(testing);
    fs::create_dir_all(to.parent().unwrap_or(&generated))
        .and_then(|()| fs::copy(both.join(testing), &to))
        .map(drop)
        .map_err(|error| format!("{testing} was not generated: {error}"))
}

/// Puts a library where the packages' jars take it from, without what only debuggers read.
fn embed(library: &Path, folder: &str) -> Result<(), String> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x86-64",
        ("linux", "aarch64") => "linux-aarch64",
        ("macos", "x86_64") => "darwin-x86-64",
        ("macos", "aarch64") => "darwin-aarch64",
        (os, arch) => return Err(format!("no jar is made on {os} {arch}; {}", leave_out())),
    };
    let into = bindings::target()
        .join("bindings/native")
        .join(folder)
        .join(platform);
    fs::create_dir_all(&into)
        .map_err(|error| format!("{} is not made: {error}", into.display()))?;
    let to = into.join(library.file_name().unwrap_or_default());
    let stripped = Command::new("strip")
        .args(["-S", "-o"])
        .args([&to, library])
        .stderr(Stdio::null())
        .status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(library, &to).map_err(|error| format!("{} is not made: {error}", to.display()))?;
    }
    Ok(())
}

/// Runs Maven; the example pairs with the terminal client at `terminal`. Gives how many tests ran.
fn maven(arguments: &[&str], terminal: &Path) -> Result<String, String> {
    let said = arguments.join(" ");
    println!("mvn -B -ntp {said}   # in bindings/kotlin");
    let mut mvn = Command::new("mvn");
    mvn.args(["-B", "-ntp"])
        .args(PATIENCE)
        .args(arguments)
        .current_dir(Path::new(ROOT).join("bindings/kotlin"))
        .env("MAVEN_OPTS", "-Xmx900m")
        .env("SIDELIGHT_TERMINAL", terminal)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child =
        bounded::start(&mut mvn).map_err(|error| format!("Maven did not start: {error}"))?;
    let stdout = child.stdout.take().expect("stdout was piped above");
    let watched = bounded::watch(child, MAVEN_MAX);
    let (mut ran, mut failed) = (0, 0);
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { break };
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
        if let Some((tests, defects)) = closing(&String::from_utf8_lossy(&line)) {
            ran += tests;
            failed += defects;
        }
    }
    match watched.wait() {
        Ok(status) if status.success() && ran > 0 && failed == 0 => {
            Ok(format!("{ran} tests of Kotlin passed"))
        }
        Ok(status) => Err(format!(
            "{failed} of {ran} tests of Kotlin failed; Maven ended with {status}; see above, or {}",
            leave_out()
        )),
        Err(error) => Err(format!("Maven was lost: {error}")),
    }
}

/// How many tests ran and failed, by the last line of a module's tests: that of one class says
/// its name, too.
fn closing(line: &str) -> Option<(u64, u64)> {
    let (_, numbers) = line.split_once("Tests run: ")?;
    if line.contains(" -- in ") {
        return None;
    }
    let mut numbers = numbers.split(", ").map(|part| {
        let number = part.rsplit(": ").next().unwrap_or_default();
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    });
    let (ran, failures, errors) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some((ran, failures + errors))
}

/// Compares the public interface with the one that is kept.
fn snapshot(target: &Path) -> Result<(), String> {
    let classes = target.join("kotlin/sidelight-jvm/classes/org/sidelight");
    let listed = fs::read_dir(&classes)
        .map_err(|error| format!("{} is not read: {error}", classes.display()))?;
    let mut files: Vec<PathBuf> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_public(path))
        .collect();
    files.sort();
    let output = Command::new("javap")
        .arg("-public")
        .args(&files)
        .output()
        .map_err(|error| format!("javap did not start: {error}"))?;
    let mut found = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let inside = ["niffi", "FfiConverter", "RustBuffer", "Compiled from"];
        if !inside.iter().any(|word| line.contains(word)) {
            found.push_str(line);
            found.push('\n');
        }
    }
    let path = Path::new(ROOT).join(SNAPSHOT);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, found).map_err(|error| format!("{SNAPSHOT}: {error}"));
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == found {
        return Ok(());
    }
    let gone = kept
        .lines()
        .filter(|line| !found.lines().any(|other| other == *line));
    let new = found
        .lines()
        .filter(|line| !kept.lines().any(|other| other == *line));
    let changed: Vec<_> = gone
        .map(|line| format!("-{line}"))
        .chain(new.map(|line| format!("+{line}")))
        .take(40)
        .collect();
    Err(format!(
        "what Kotlin offers is not what {SNAPSHOT} says; if it is meant, run \
         `UPDATE_GOLDEN=1 cargo xtask kotlin` and commit the file:\n{}",
        changed.join("\n")
    ))
}

/// Whether a class is one that apps use.
fn is_public(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let inside = [
        "FfiConverter",
        "RustBuffer",
        "ForeignBytes",
        "Uniffi",
        "uniffi",
        "Integrity",
    ];
    name.ends_with(".class")
        && !inside.iter().any(|word| name.contains(word))
        // Lambdas, and what only one file sees.
        && !name.split('$').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// Java and Maven: those on PATH, or on Debian as root its packages.
fn toolchain() -> Result<(), String> {
    if present() {
        return Ok(());
    }
    let apt = Path::new("/etc/debian_version").exists() && Path::new("/usr/bin/apt-get").exists();
    if apt {
        println!("there is no Java {JAVA_MIN} with Maven; trying to install Debian's packages");
        for arguments in [
            &["update", "-q"][..],
            &[
                "install",
                "-qy",
                "--no-install-recommends",
                "default-jdk-headless",
                "maven",
            ],
        ] {
            println!("apt-get {}", arguments.join(" "));
            let mut apt_get = Command::new("apt-get");
            apt_get.args([
                "-o",
                "Acquire::http::Timeout=30",
                "-o",
                "Acquire::Retries=2",
            ]);
            apt_get
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive");
            if let Err(why) = bounded::run(apt_get.stdin(Stdio::null()), APT_MAX) {
                println!("{why}");
            }
        }
        if present() {
            return Ok(());
        }
    }
    Err(format!(
        "there is no Java {JAVA_MIN} (a JDK) with Maven on PATH; install both, or {}",
        leave_out()
    ))
}

fn present() -> bool {
    let version = |program: &str| {
        let output = Command::new(program).arg("-version").output().ok()?;
        let text = [output.stdout, output.stderr].concat();
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&text).into_owned())
    };
    let Some(compiler) = version("javac") else {
        return false;
    };
    let number = compiler.split_whitespace().nth(1).unwrap_or_default();
    let number = number
        .split('.')
        .next()
        .and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number >= JAVA_MIN) && version("mvn").is_some()
}

fn leave_out() -> &'static str {
    "leave Kotlin out: `cargo xtask test --without kotlin`"
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} is not removed: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_modules_tests_is_counted_and_no_other() {
        for (line, counted) in [
            (
                "[INFO] Tests run: 31, Failures: 0, Errors: 0, Skipped: 0",
                Some((31, 0)),
            ),
            (
                "[ERROR] Tests run: 31, Failures: 2, Errors: 1, Skipped: 0",
                Some((31, 3)),
            ),
            (
                "[INFO] Tests run: 9, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in A",
                None,
            ),
            ("[INFO] BUILD SUCCESS", None),
        ] {
            assert_eq!(closing(line), counted, "{line}");
        }
    }

    #[test]
    fn what_only_the_bindings_use_is_no_public_interface() {
        let public = |name: &str| is_public(Path::new(name));
        assert!(public("Journal.class") && public("Event$Lagged.class"));
        assert!(!public("FfiConverterString.class") && !public("UniffiLib.class"));
        assert!(!public("JournalsKt$events$1.class") && !public("Journal.txt"));
    }
}
