//! The steps of `cargo xtask test`, each run even if an earlier one failed, and their summary.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bindings::Among;
use crate::sources;

/// How much of it to run: all that CI runs, unless something is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The first three steps only.
    quick: bool,
    /// Without the Swift package.
    pub(crate) without_swift: bool,
    /// Without the Kotlin packages.
    pub(crate) without_kotlin: bool,
}

impl Extent {
    /// By the options of `cargo xtask test`; none if one is not known.
    pub(crate) fn parse(options: &[&str]) -> Option<Self> {
        let mut extent = Self::default();
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match *option {
                "--quick" => extent.quick = true,
                "--without" => match *options.next()? {
                    "swift" => extent.without_swift = true,
                    "kotlin" => extent.without_kotlin = true,
                    _ => return None,
                },
                _ => return None,
            }
        }
        Some(extent)
    }

    /// The option that leaves a step out, if one does.
    fn leaves_out(self, name: &str) -> Option<&'static str> {
        match name {
            "Swift" if self.without_swift => Some("--without swift"),
            "Kotlin" if self.without_kotlin => Some("--without kotlin"),
            "story" if self.without_swift && self.without_kotlin => Some("--without, both"),
            "format" | "clippy" | "tests and doctests" => None,
            _ => self.quick.then_some("--quick"),
        }
    }
}

/// Runs one step to its end.
type Step = fn(Extent) -> Outcome;

/// How a step ended.
enum Outcome {
    Passed(String),
    Failed(String),
    LeftOut(String),
}

/// `cargo xtask test`.
pub(crate) fn test(extent: Extent) -> ExitCode {
    let all: [(&str, Step); 10] = [
        ("format", format),
        ("clippy", clippy),
        ("tests and doctests", tests),
        ("rustdoc", rustdoc),
        ("licences and sources", licences_and_sources),
        ("demo", demo),
        ("models", models),
        ("Swift", swift),
        ("Kotlin", kotlin),
        ("story", story),
    ];
    let mut ended: Vec<(&str, Duration, Outcome)> = Vec::new();
    for (number, (name, step)) in all.iter().enumerate() {
        let begun = Instant::now();
        let outcome = match extent.leaves_out(name) {
            Some(option) => Outcome::LeftOut(option.into()),
            None => {
                println!("\n== {} of {}: {name}", number + 1, all.len());
                step(extent)
            }
        };
        ended.push((name, begun.elapsed(), outcome));
    }
    summary(&ended)
}

fn summary(ended: &[(&str, Duration, Outcome)]) -> ExitCode {
    println!("\n== summary");
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for (name, took, outcome) in ended {
        let (mark, text) = match outcome {
            Outcome::Passed(text) => {
                passed += 1;
                ("passed  ", text)
            }
            Outcome::Failed(text) => {
                failed += 1;
                ("FAILED  ", text)
            }
            Outcome::LeftOut(text) => {
                left_out += 1;
                ("LEFT OUT", text)
            }
        };
        println!("{mark}  {name:<21} {:>6.1} s  {text}", took.as_secs_f64());
    }
    println!("{passed} steps passed, {failed} failed, {left_out} left out");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn models(_: Extent) -> Outcome {
    ended(crate::models::check(None))
}

fn swift(_: Extent) -> Outcome {
    ended(crate::swift::check(Among::Everything))
}

fn kotlin(_: Extent) -> Outcome {
    ended(crate::kotlin::check(Among::Everything))
}

fn story(extent: Extent) -> Outcome {
    ended(crate::story::check(extent, Among::Everything))
}

fn ended(result: Result<String, String>) -> Outcome {
    match result {
        Ok(text) => Outcome::Passed(text),
        Err(text) => Outcome::Failed(text),
    }
}

fn format(_: Extent) -> Outcome {
    if !component("fmt", "rustfmt") {
        return Outcome::LeftOut("rustfmt is missing and could not be installed".into());
    }
    run(
        cargo(&["fmt", "--all", "--check"]),
        "every file is formatted",
    )
}

fn clippy(_: Extent) -> Outcome {
    if !component("clippy", "clippy") {
        return Outcome::LeftOut("clippy is missing and could not be installed".into());
    }
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    run(cargo(&arguments), "no warning")
}

fn tests(_: Extent) -> Outcome {
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(format!("cargo test did not start: {error}")),
    };
    let stdout = child
        .stdout
        .take()
        .expect("stdout was piped two lines above");

    // Every line is passed on as it comes; the closing lines of the runners are counted too.
    let mut counts = Counts::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { break };
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
        counts.add(&String::from_utf8_lossy(&line));
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());

    let text = format!(
        "{} passed, {} failed, {} ignored, in {} test programs",
        counts.passed, counts.failed, counts.ignored, counts.programs
    );
    if succeeded && counts.passed > 0 {
        Outcome::Passed(text)
    } else {
        Outcome::Failed(text)
    }
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    programs: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// Counts a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        self.programs += 1;
        let numbers = result.split_once(". ").map_or("", |(_, numbers)| numbers);
        for part in numbers.split("; ") {
            if let Some((number, what)) = part.split_once(' ') {
                let number: u64 = number.parse().unwrap_or(0);
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        }
    }
}

fn rustdoc(_: Extent) -> Outcome {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run(command, "no broken link, no warning")
}

fn licences_and_sources(_: Extent) -> Outcome {
    match sources::check() {
        Ok(text) => Outcome::Passed(text),
        Err(defects) => {
            eprintln!("{defects}");
            Outcome::Failed(format!("{} defects, listed above", defects.lines().count()))
        }
    }
}

/// The whole way, over a real relay. It exits with an error when one of its claims does not hold.
fn demo(_: Extent) -> Outcome {
    let mut command = cargo(&[
        "run",
        "--release",
        "--locked",
        "--quiet",
        "--",
        "demo",
        "--json",
    ]);
    command.stdout(Stdio::piped());
    echo(&command);
    let output = match command
        .spawn()
        .and_then(std::process::Child::wait_with_output)
    {
        Ok(output) => output,
        Err(error) => return Outcome::Failed(format!("the demo did not start: {error}")),
    };
    let _ = std::io::stdout().write_all(&output.stdout);
    println!();
    if !output.status.success() {
        return Outcome::Failed(format!("the demo ended with {}", output.status));
    }
    match serde_json::from_slice::<Value>(&output.stdout) {
        Ok(Value::Object(figures)) => {
            Outcome::Passed(format!("every claim held; {} figures above", figures.len()))
        }
        _ => Outcome::Failed("the demo did not print one JSON object".into()),
    }
}

/// Whether a cargo subcommand of the toolchain is there, after trying to install it.
fn component(subcommand: &str, name: &str) -> bool {
    let present = || {
        cargo(&[subcommand, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if present() {
        return true;
    }
    println!("{name} is missing; trying `rustup component add {name}`");
    let _ = Command::new("rustup")
        .args(["component", "add", name])
        .status();
    present()
}

fn run(mut command: Command, when_passed: &str) -> Outcome {
    echo(&command);
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed(when_passed.into()),
        Ok(status) => Outcome::Failed(format!("ended with {status}; see above")),
        Err(error) => Outcome::Failed(format!("did not start: {error}")),
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = crate::cargo();
    command.args(arguments).stdin(Stdio::null());
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

fn echo(command: &Command) {
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    println!("cargo {}", words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::{Counts, Extent};

    #[test]
    fn nothing_is_left_out_unless_it_is_said() {
        let steps = [
            "format",
            "clippy",
            "tests and doctests",
            "demo",
            "Swift",
            "Kotlin",
        ];
        let left = |options: &[&str]| {
            let extent = Extent::parse(options)?;
            let left = |step: &&str| extent.leaves_out(step).is_some();
            Some(steps.into_iter().filter(left).collect::<Vec<_>>())
        };
        assert_eq!(left(&[]), Some(vec![]));
        assert_eq!(left(&["--without", "swift"]), Some(vec!["Swift"]));
        let both = ["--without", "kotlin", "--without", "swift"];
        assert_eq!(left(&both), Some(vec!["Swift", "Kotlin"]));
        assert_eq!(left(&["--quick"]), Some(vec!["demo", "Swift", "Kotlin"]));
        for unknown in [&["--without"][..], &["--without", "rust"], &["swift"]] {
            assert_eq!(left(unknown), None);
        }
    }

    #[test]
    fn closing_lines_of_test_programs_are_counted() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; \
             finished in 0.01s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; \
             finished in 0.02s",
        ] {
            counts.add(line);
        }
        let expected = Counts {
            programs: 2,
            passed: 14,
            failed: 3,
            ignored: 1,
        };
        assert_eq!(counts, expected);
    }
}
