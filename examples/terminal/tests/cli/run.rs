//! Homes and relays for tests, each a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;
use tempfile::TempDir;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// It succeeded.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!(self.code, 0, "{self:?}");
    }

    /// The one document of `--json`.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails with this code, nothing on standard output, and one sentence that has `part` in it.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, part: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert!(self.err.starts_with("sidelight: "), "{self:?}");
        assert!(self.err.contains(part), "«{part}» is not in {self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
        // A sentence that says what happened and what to do has two parts at least.
        assert!(
            self.err.len() > 30 && self.err.contains([',', ';', ':']),
            "{self:?}"
        );
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidelight"));
    for variable in [
        "SIDELIGHT_HOME",
        "SIDELIGHT_PASSPHRASE_FD",
        "SIDELIGHT_NEW_PASSPHRASE_FD",
    ] {
        command.env_remove(variable);
    }
    command.env("TZ", "UTC");
    command
}

/// Runs the program with these arguments and this standard input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Ran {
    feed(program().args(arguments), input)
}

/// Runs a command with this standard input.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that fails early reads nothing.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A person's home.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
}

impl Home {
    /// A folder in which nothing has begun.
    pub(crate) fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A journal without a relay.
    pub(crate) fn of(name: &str) -> Self {
        let home = Self::empty();
        home.json(&["init", "--name", name]);
        home
    }

    /// A journal with a relay.
    pub(crate) fn at(name: &str, relay: &str) -> Self {
        let home = Self::empty();
        home.json(&["init", "--name", name, "--relay", relay]);
        home
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        self.run_in(&[], arguments, input)
    }

    /// With these variables as well.
    pub(crate) fn run_in(
        &self,
        variables: &[(&str, &str)],
        arguments: &[&str],
        input: &[u8],
    ) -> Ran {
        let mut command = program();
        command.arg("--home").arg(self.path()).args(arguments);
        feed(command.envs(variables.iter().copied()), input)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// The document of a command that succeeds.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        self.run(&all).json()
    }

    /// Writes a private entry and returns its id.
    pub(crate) fn write(&self, text: &str) -> String {
        text_of(&self.json(&["write", text])["id"])
    }

    /// All texts, the newest first.
    pub(crate) fn texts(&self) -> Vec<String> {
        let list = self.json(&["list", "--limit", "1000"]);
        let entries = list["entries"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| text_of(&entry["text"]))
            .collect()
    }

    /// Syncs until everything is sent and received, however busy the machine is.
    #[track_caller]
    pub(crate) fn sync(&self) -> Value {
        self.json(&["sync", "--deadline", "300"])
    }
}

/// Where a relay can be killed and come back, since nobody else takes its place meanwhile: a
/// loopback address that belongs to this process (ids have 22 bits at most), and a port below
/// those that systems hand out.
pub(crate) fn place_of_its_own() -> String {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let port = 20_000 + TAKEN.fetch_add(1, Ordering::Relaxed);
    if !cfg!(target_os = "linux") {
        // There, 127.0.0.1 alone is an address of the machine.
        return format!("127.0.0.1:{port}");
    }
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}:{port}", high + 1)
}

/// A relay in a process of its own, killed by its id when the test ends, however it ends.
pub(crate) struct Relay {
    child: Child,
    _leash: Option<ChildStdin>,
    pub(crate) address: String,
    pub(crate) listen: String,
}

impl Relay {
    /// On a free port, or on the one that it had before.
    pub(crate) fn start(data: &Path, listen: &str) -> Self {
        let mut child = program()
            .args(["relay", "--json", "--leashed", "--listen", listen, "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let leash = child.stdin.take();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            _leash: leash,
            address: text_of(&started["address"]),
            listen: text_of(&started["listen"]),
        }
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ana and Ben, paired over a relay.
pub(crate) struct Couple {
    pub(crate) ana: Home,
    pub(crate) ben: Home,
    pub(crate) relay: Relay,
    pub(crate) relay_data: TempDir,
}

impl Couple {
    /// Both have begun; nobody is invited yet.
    pub(crate) fn apart() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// The same, with the relay at this place.
    pub(crate) fn at(listen: &str) -> Self {
        let relay_data = tempfile::tempdir().unwrap();
        let relay = Relay::start(relay_data.path(), listen);
        Self {
            ana: Home::at("Ana", &relay.address),
            ben: Home::at("Ben", &relay.address),
            relay,
            relay_data,
        }
    }

    /// Ana has invited and Ben joined: both see emoji.
    pub(crate) fn comparing() -> Self {
        Self::apart().compare()
    }

    pub(crate) fn paired() -> Self {
        Self::apart().pair()
    }

    fn compare(self) -> Self {
        let link = self.invite();
        self.ana.sync();
        self.ben.json(&["join", "--no-wait", &link]);
        self.ben.sync();
        self.ana.sync();
        self.ben.sync();
        self
    }

    pub(crate) fn pair(self) -> Self {
        let couple = self.compare();
        couple.ana.json(&["confirm", "--yes"]);
        couple.ben.json(&["confirm", "--yes"]);
        couple.ana.sync();
        couple.ben.sync();
        couple
    }

    /// Ana's invitation.
    pub(crate) fn invite(&self) -> String {
        text_of(&self.ana.json(&["invite", "--no-wait"])["link"])
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
