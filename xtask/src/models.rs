//! The models of the protocol in `tests/models`, searched for attacks by Verifpal.
//!
//! A verdict is what a search up to stated bounds found; it proves nothing. Each model says in its
//! first line which verdict is expected, the controls that must fail included, so that a change of
//! a model, or of the tool, that makes a search vacuous is noticed.
//!
//! The tool is under the GPL: it is run as a program and never linked.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The tool, by name and version: another one may search otherwise.
const TOOL: (&str, &str) = ("verifpal", "1.6.7");

/// The longest that one model may be searched. The slowest takes half a minute on two cores that
/// are shared; past four times that, something has changed.
const SEARCH_MAX: Duration = Duration::from_secs(120);

/// How often a search that runs is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Concurrent sessions of each principal, unless a model says otherwise. Two are what a replay
/// takes.
const SESSIONS: u8 = 2;

/// `cargo xtask models [--only NAME]`.
pub(crate) fn command(only: Option<&str>) -> ExitCode {
    match check(only) {
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

/// Searches every model, or the one of that name, and compares the verdicts with the expected
/// ones. Prints a table as it goes; its last line is `N passed, N failed`.
///
/// # Errors
/// That closing line if a verdict differs; otherwise why there is none.
pub(crate) fn check(only: Option<&str>) -> Result<String, String> {
    let mut models = models()?;
    if let Some(name) = only {
        let name = name.strip_suffix(".vp").unwrap_or(name);
        models.retain(|model| model.name == name);
        if models.is_empty() {
            return Err(format!("tests/models has no model {name}"));
        }
    }
    let tool = install()?;

    let widest = models.iter().map(|model| model.name.len()).max();
    let width = widest.unwrap_or_default();
    println!(
        "        {:<width$}  expected        found           sessions  seconds",
        "model"
    );
    let (mut passed, mut failed) = (0, 0);
    for model in &models {
        let begun = Instant::now();
        let found = search(&tool, model);
        let took = begun.elapsed().as_secs_f64();
        let (mark, found) = match &found {
            Ok(verdict) if *verdict == model.expected.verdict => ("passed", verdict),
            Ok(verdict) => ("FAILED", verdict),
            Err(defect) => ("FAILED", defect),
        };
        if mark == "passed" {
            passed += 1;
        } else {
            failed += 1;
        }
        println!(
            "{mark}  {:<width$}  {:<14}  {found:<14}  {:>8}  {took:>7.1}",
            model.name, model.expected.verdict, model.expected.sessions
        );
    }
    println!(
        "One letter and digit for each query, in order. 0: searched up to these bounds, no attack \
         was found. 1: an attack was found, as it must be in a control or at a stated limit."
    );
    let summary = format!("{passed} passed, {failed} failed");
    if failed == 0 {
        Ok(summary)
    } else {
        Err(summary)
    }
}

/// A model, and what its search is expected to find.
#[derive(Debug)]
struct Model {
    name: String,
    path: PathBuf,
    expected: Expected,
}

/// A model's first line: `// expect c0a1`, and ` sessions 1` behind it if it is not [`SESSIONS`].
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    /// A letter and a digit for each query.
    verdict: String,
    sessions: u8,
}

impl Expected {
    fn of(source: &str) -> Option<Self> {
        let line = source.lines().next()?.strip_prefix("// expect ")?;
        let (verdict, sessions) = match line.split_once(" sessions ") {
            None => (line, SESSIONS),
            Some((verdict, sessions)) => (verdict, sessions.parse().ok()?),
        };
        (is_verdict(verdict) && (1..=16).contains(&sessions)).then(|| Self {
            verdict: verdict.into(),
            sessions,
        })
    }
}

/// Whether it is one or more of: the letter of a query's kind, then 0 or 1.
fn is_verdict(text: &str) -> bool {
    let (queries, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && !queries.is_empty()
        && queries
            .iter()
            .all(|[kind, result]| b"acefu".contains(kind) && b"01".contains(result))
}

/// All models, by name.
fn models() -> Result<Vec<Model>, String> {
    let folder = Path::new(ROOT).join("tests/models");
    let listed =
        fs::read_dir(&folder).map_err(|error| format!("tests/models is not read: {error}"))?;
    let mut models = Vec::new();
    for entry in listed {
        let path = entry
            .map_err(|error| format!("tests/models is not read: {error}"))?
            .path();
        if path.extension().is_none_or(|extension| extension != "vp") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let source =
            fs::read_to_string(&path).map_err(|error| format!("{name} is not read: {error}"))?;
        let expected = Expected::of(&source)
            .ok_or_else(|| format!("the first line of {name} does not say what to expect"))?;
        models.push(Model {
            name: name.into_owned(),
            path,
            expected,
        });
    }
    if models.is_empty() {
        return Err("tests/models has no model".into());
    }
    models.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(models)
}

/// Searches one model to its end, for no longer than [`SEARCH_MAX`].
fn search(tool: &Path, model: &Model) -> Result<String, String> {
    let mut child = Command::new(tool)
        .args(["verify", "--quiet", "--result-code", "--color", "never"])
        .args(["--sessions", &model.expected.sessions.to_string()])
        .arg(&model.path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("did not start: {error}"))?;
    let mut stdout = child.stdout.take().expect("stdout was piped above");
    let printed = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });

    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < SEARCH_MAX => thread::sleep(LOOK_EVERY),
            ended => {
                // Best effort: it may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Err(match ended {
                    Ok(_) => format!("nothing after {} s", SEARCH_MAX.as_secs()),
                    Err(error) => format!("was lost: {error}"),
                });
            }
        }
    };
    let text = printed
        .join()
        .expect("reading to a string does not panic")
        .map_err(|error| format!("is not read: {error}"))?;
    let verdict = text.trim();
    if status.success() && is_verdict(verdict) {
        Ok(verdict.into())
    } else {
        Err(format!("no verdict; {status}; printed {verdict:?}"))
    }
}

/// The tool, installed below `target` unless it is there already.
fn install() -> Result<PathBuf, String> {
    let (name, version) = TOOL;
    let root = Path::new(ROOT).join("target/tools");
    let program = root
        .join("bin")
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    if is_tool(&program) {
        return Ok(program);
    }
    println!("{name} {version} is not in target/tools; installing it there, about five minutes");
    // It declares a newer compiler than it needs.
    let status = crate::cargo()
        .args(["install", name, "--version", version])
        .args(["--ignore-rust-version", "--locked", "--force", "--root"])
        .arg(&root)
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cargo install did not start: {error}"))?;
    if status.success() && is_tool(&program) {
        Ok(program)
    } else {
        Err(format!(
            "{name} {version} could not be installed ({status}), so no model was searched"
        ))
    }
}

/// Whether the program is there, in the one version.
fn is_tool(program: &Path) -> bool {
    let (name, version) = TOOL;
    Command::new(program)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout).trim() == format!("{name} {version}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_to_expect() {
        let expected = |line: &str| Expected::of(line).map(|e| (e.verdict, e.sessions));
        assert_eq!(
            expected("// expect c0a1e0\n// Why."),
            Some(("c0a1e0".into(), SESSIONS))
        );
        assert_eq!(
            expected("// expect c1 sessions 1\n"),
            Some(("c1".into(), 1))
        );
        for line in [
            "",
            "attacker[active]",
            "// expect ",
            "// expect c",
            "// expect c2",
            "// expect x0",
            "// expect c0 ",
            "// expect c0 sessions 0",
            "// expect c0 sessions 17",
            "// expect c0 sessions",
        ] {
            assert_eq!(expected(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_page_lists_every_model_with_its_verdict_and_no_other() {
        let page = fs::read_to_string(Path::new(ROOT).join("tests/models/README.md"))
            .expect("the page beside the models");
        let mut listed: Vec<(&str, &str)> = page
            .lines()
            .filter_map(|line| {
                let mut cells = line.strip_prefix("| `")?.split('`');
                Some((cells.next()?, cells.nth(1)?))
            })
            .collect();
        listed.sort_unstable();
        let models = models().expect("every model says what to expect");
        let expected: Vec<(&str, &str)> = models
            .iter()
            .map(|model| (model.name.as_str(), model.expected.verdict.as_str()))
            .collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn a_control_is_expected_to_fail_and_says_so() {
        let models = models().expect("every model says what to expect");
        let mut controls = 0;
        for model in &models {
            let source = fs::read_to_string(&model.path).expect("it was read before");
            if source.contains("// CONTROL, must fail") {
                controls += 1;
                assert!(model.expected.verdict.contains('1'), "{}", model.name);
            }
        }
        assert!(controls >= 5, "only {controls} controls were found");
    }
}
