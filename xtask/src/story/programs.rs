//! The programs that tell the story, each in processes of its own.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Device, Readings};
use crate::bounded;

/// How many entries a list has at most.
const LIST_MAX: &str = "1000";

/// How long a program may take for one command; the longest, a sync, takes some seconds.
const CALL_MAX: Duration = Duration::from_secs(5 * 60);

/// After how many entries a diary is killed that writes many more.
const KILLED_AT: usize = 8;

/// An example in one language.
pub(crate) trait Program {
    /// What it is written in.
    fn language(&self) -> &'static str;

    /// Its command, without arguments. It sees the folder of the story.
    ///
    /// # Errors
    /// If it cannot be run.
    fn command(&self) -> Result<Command, String>;
}

/// The terminal client.
pub(super) struct Terminal(pub(super) PathBuf);

/// A journal of one of the examples.
pub(super) struct Home<'p> {
    program: &'p dyn Program,
    path: PathBuf,
}

impl<'p> Home<'p> {
    pub(super) fn begin(
        program: &'p dyn Program,
        path: &Path,
        name: &str,
        relay: &str,
    ) -> Result<Self, String> {
        let path = path.to_owned();
        let home = Self { program, path };
        home.run(&["begin", name, relay])?;
        Ok(home)
    }

    /// Runs a command of it, and gives what it prints.
    pub(super) fn run(&self, words: &[&str]) -> Result<String, String> {
        self.feed(words, "")
    }

    /// The same, of one line.
    pub(super) fn line(&self, words: &[&str]) -> Result<String, String> {
        Ok(self.run(words)?.trim_end_matches('\n').to_owned())
    }

    /// Writes until it is killed, and gives the ids that it had said by then.
    pub(super) fn killed_while_it_writes(&self) -> Result<Vec<String>, String> {
        let lines: String = (0..KILLED_AT * 50)
            .map(|number| {
                format!(
                    "{}\n",
                    json!({ "kind": "moment", "text": format!("{number}") })
                )
            })
            .collect();
        let mut command = self.program.command()?;
        command.arg(&self.path).arg("put");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("no diary to kill: {error}"))?;
        let mut stdin = child.stdin.take().expect("stdin was piped above");
        let stdout = child.stdout.take().expect("stdout was piped above");
        // It may be killed before it has read them all.
        let feeding = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let said = BufReader::new(stdout).lines().map_while(Result::ok);
        let said: Vec<String> = said.take(KILLED_AT).collect();
        let killed = child.kill().and_then(|()| child.wait());
        let _ = feeding.join();
        match killed {
            Ok(status) if !status.success() && said.len() == KILLED_AT => Ok(said),
            Ok(status) => Err(format!("it ended by itself, with {status}")),
            Err(error) => Err(format!("it could not be killed: {error}")),
        }
    }

    /// Goes to sleep in the middle of a sync. Meanwhile another process writes to the same home,
    /// and when the first one wakes, it reads that.
    pub(super) fn sleeps_in_the_middle_of_a_sync(&self) -> Result<(), String> {
        let mut command = self.program.command()?;
        command.arg(&self.path).arg("nap");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("no diary that sleeps: {error}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout was piped above");
        let mut said = BufReader::new(stdout).lines().map_while(Result::ok);
        let asleep = said.next();
        let written = self.run(&["write", "while the first one slept"]);
        let slept_on = matches!(child.try_wait(), Ok(None));
        drop(stdin);
        let newest = said.next();
        let ended = child
            .wait()
            .map_err(|error| format!("it was lost: {error}"))?;
        written?;
        match newest.as_deref() == Some("while the first one slept") && slept_on {
            true if asleep.as_deref() == Some("asleep") && ended.success() => Ok(()),
            _ => Err(format!(
                "the one that slept said {asleep:?}, then {newest:?}, and ended with {ended}"
            )),
        }
    }

    fn feed(&self, words: &[&str], input: &str) -> Result<String, String> {
        let mut command = self.program.command()?;
        command.arg(&self.path).args(words);
        let what = format!("{} diary {}", self.program.language(), words.join(" "));
        output(&mut command, input, &what)
    }
}

impl Device for Home<'_> {
    fn join(&self, link: &str) -> Result<(), String> {
        self.run(&["join", link]).map(drop)
    }

    fn standing(&self) -> Result<String, String> {
        self.line(&["pairing"])
    }

    fn confirm(&self) -> Result<(), String> {
        self.run(&["confirm"]).map(drop)
    }

    fn share(&self, text: &str) -> Result<String, String> {
        self.line(&["share", text])
    }

    fn put(&self, entries: &[Value]) -> Result<Readings, String> {
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        let ids = self.feed(&["put"], &lines)?;
        let ids: Vec<String> = ids.lines().map(str::to_owned).collect();
        match ids.len() == entries.len() {
            true => Ok(ids.into_iter().zip(entries.iter().cloned()).collect()),
            false => Err(format!("{} ids for {} entries", ids.len(), entries.len())),
        }
    }

    fn sync(&self) -> Result<(), String> {
        let said = self.run(&["sync"])?;
        match said.trim_end().ends_with("waiting 0") && said.lines().count() == 1 {
            true => Ok(()),
            false => Err(format!("{} did not sync: {said}", self.path.display())),
        }
    }

    fn read(&self) -> Result<Readings, String> {
        let mut readings = BTreeMap::new();
        for line in self.run(&["list"])?.lines() {
            let entry: Value =
                serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            let id = entry["id"].as_str().unwrap_or_default().to_owned();
            // What is read at once and one by one is the same, byte for byte.
            if entry["kind"] == "moment" && self.run(&["show", &id])? != entry["text"] {
                return Err(format!("`show` and `list` differ: {line}"));
            }
            readings.insert(id, plain(entry));
        }
        Ok(readings)
    }
}

/// A journal of the terminal client.
pub(super) struct TerminalHome<'t> {
    terminal: &'t Terminal,
    path: PathBuf,
}

impl<'t> TerminalHome<'t> {
    pub(super) fn begin(terminal: &'t Terminal, path: &Path, relay: &str) -> Result<Self, String> {
        let path = path.to_owned();
        let home = Self { terminal, path };
        home.json(&["init", "--keys", "file", "--name", "Tom", "--relay", relay])?;
        Ok(home)
    }

    pub(super) fn join_own(
        terminal: &'t Terminal,
        path: &Path,
        link: &str,
    ) -> Result<Self, String> {
        let path = path.to_owned();
        let home = Self { terminal, path };
        home.json(&[
            "device",
            "join",
            "--no-wait",
            "--keys",
            "file",
            "--name",
            "tablet",
            link,
        ])?;
        Ok(home)
    }

    fn json(&self, words: &[&str]) -> Result<Value, String> {
        let mut command = self.terminal.command();
        command
            .arg("--home")
            .arg(&self.path)
            .arg("--json")
            .args(words);
        let said = output(&mut command, "", &format!("sidelight {}", words.join(" ")))?;
        serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))
    }
}

impl Device for TerminalHome<'_> {
    fn join(&self, link: &str) -> Result<(), String> {
        self.json(&["join", "--no-wait", link]).map(drop)
    }

    fn standing(&self) -> Result<String, String> {
        let status = self.json(&["status"])?;
        let pairing = &status["pairing"];
        if pairing["stage"] == "done" {
            let partner = pairing["partner_name"].as_str().unwrap_or("an own device");
            return Ok(format!("paired with {partner}"));
        }
        let emoji = pairing["comparison"].as_array();
        let names = emoji.into_iter().flatten();
        let names: Vec<&str> = names.filter_map(|emoji| emoji["name"].as_str()).collect();
        Ok(names.join(", "))
    }

    fn confirm(&self) -> Result<(), String> {
        self.json(&["confirm", "--yes"]).map(drop)
    }

    fn share(&self, text: &str) -> Result<String, String> {
        let written = self.json(&["write", "--share", text])?;
        Ok(written["id"].as_str().unwrap_or_default().to_owned())
    }

    /// By import, which knows every kind; what may not be shared apart from the rest.
    fn put(&self, entries: &[Value]) -> Result<Readings, String> {
        let before = self.read()?;
        for space in ["shared", "private"] {
            let entries = entries.iter().filter(|entry| entry["space"] == space);
            let entries: Vec<Value> = entries
                .enumerate()
                .map(|(order, entry)| {
                    let mut entry = entry.clone();
                    // What was imported already is not imported again.
                    let kind = entry["kind"].as_str().unwrap_or_default();
                    let id: String = kind.bytes().map(|byte| format!("{byte:02x}")).collect();
                    entry["id"] = format!("{id:0>64}").into();
                    entry["order"] = order.into();
                    entry["author"] = "Ana".into();
                    entry["mine"] = true.into();
                    entry["amendments"] = 0.into();
                    entry
                })
                .collect();
            let file = self.path.with_extension(format!("{space}.json"));
            let journal = json!({ "format": "sidelight", "version": 1, "entries": entries });
            std::fs::write(&file, journal.to_string())
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let file = file.to_string_lossy();
            let mut words = vec!["import", &*file];
            if space == "shared" {
                words.push("--share");
            }
            let report = self.json(&words)?;
            if report["imported"] != entries.len() {
                return Err(format!("not all was imported: {report}"));
            }
        }
        let new = self.read()?.into_iter();
        let new = new.filter(|(id, _)| !before.contains_key(id));
        let mut written = BTreeMap::new();
        for (id, found) in new {
            let asked = entries.iter().find(|entry| entry["text"] == found["text"]);
            let asked = asked.ok_or_else(|| format!("nobody wrote {found}"))?;
            written.insert(id, asked.clone());
        }
        Ok(written)
    }

    fn sync(&self) -> Result<(), String> {
        let report = self.json(&["sync"])?;
        match report["waiting"] == 0 {
            true => Ok(()),
            false => Err(format!("the terminal client did not sync: {report}")),
        }
    }

    fn read(&self) -> Result<Readings, String> {
        let list = self.json(&["list", "--limit", LIST_MAX])?;
        let entries = list["entries"].as_array().into_iter().flatten();
        let readings = entries.map(|entry| {
            let mut entry = entry.clone();
            let fields = entry["fields"].as_array().into_iter().flatten();
            let fields = fields.map(|field| {
                let name = field["name"].as_str().unwrap_or_default().to_owned();
                (name, field["value"].clone())
            });
            entry["fields"] = Value::Object(fields.collect());
            let id = entry["id"].as_str().unwrap_or_default().to_owned();
            (id, plain(entry))
        });
        Ok(readings.collect())
    }
}

impl Terminal {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.env("TZ", "UTC").env_remove("SIDELIGHT_HOME");
        command
    }
}

/// A relay, which ends with whoever holds this.
pub(super) struct Relay {
    child: Child,
    _leash: Option<ChildStdin>,
    pub(super) address: String,
}

impl Relay {
    pub(super) fn start(terminal: &Terminal, data: &Path) -> Result<Self, String> {
        let mut command = terminal.command();
        command.args([
            "relay",
            "--json",
            "--leashed",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ]);
        let mut child = command
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("no relay: {error}"))?;
        let leash = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout was piped above");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let mut relay = Self {
            child,
            _leash: leash,
            address: String::new(),
        };
        read.map_err(|error| format!("the relay: {error}"))?;
        let started: Value =
            serde_json::from_str(&line).map_err(|error| format!("the relay: {error}: {line}"))?;
        started["address"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut relay.address);
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is the same wherever an entry is read.
fn plain(mut entry: Value) -> Value {
    let names = [
        "kind",
        "text",
        "date",
        "offset_minutes",
        "fields",
        "space",
        "author",
        "together",
    ];
    if let Some(entry) = entry.as_object_mut() {
        entry.retain(|name, _| names.contains(&name.as_str()));
    }
    entry
}

/// What a program prints that ends well.
fn output(command: &mut Command, input: &str, what: &str) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = bounded::start(command.stderr(Stdio::piped()));
    let mut child = child.map_err(|error| format!("{what} did not start: {error}"))?;
    let stderr = child.stderr.take().expect("stderr was piped above");
    let complaining = std::thread::spawn(move || io::read_to_string(stderr));
    let mut stdout = child.stdout.take().expect("stdout was piped above");
    let stdin = child.stdin.take();
    let watched = bounded::watch(child, CALL_MAX);
    if let Some(mut stdin) = stdin {
        // One that fails early reads nothing.
        let _ = stdin.write_all(input.as_bytes());
    }
    let mut said = Vec::new();
    let lost = |error: io::Error| format!("{what} was lost: {error}");
    stdout.read_to_end(&mut said).map_err(lost)?;
    let status = watched.wait().map_err(lost)?;
    let said = String::from_utf8(said);
    let said = said.map_err(|_| format!("{what} printed what is not UTF-8"))?;
    if status.success() {
        return Ok(said);
    }
    let why = complaining.join().ok().and_then(Result::ok);
    Err(format!(
        "{what}: {status}, {}",
        why.unwrap_or_default().trim()
    ))
}
