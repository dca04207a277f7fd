//! A real secret service: GNOME Keyring on a bus of the test's own, if both are installed
//! (`dbus`, `gnome-keyring`). Without them the test says what it left out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::run::{Home, Ran, feed, text_of};

/// The bus, with the daemon on it; both end when standard input does.
struct Desktop {
    child: Child,
    input: Option<ChildStdin>,
    bus: String,
}

/// The daemon's `--unlock` reads the password of the login keyring, which it makes, and goes to
/// the background once it is there.
const SESSION: &str = "printf password | gnome-keyring-daemon --daemonize --unlock \
                       --components=secrets >/dev/null 2>&1 && echo \"$DBUS_SESSION_BUS_ADDRESS\" \
                       && cat";

impl Desktop {
    /// None if something is not installed.
    fn start(dir: &Path) -> Option<Self> {
        for program in ["dbus-run-session", "gnome-keyring-daemon", "dbus-send"] {
            let version = Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if version.is_err() {
                eprintln!("left out: {program} is not installed, so no secret service was tried");
                return None;
            }
        }
        let mut child = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", SESSION])
            .env("HOME", dir)
            .env("XDG_DATA_HOME", dir)
            .env("XDG_RUNTIME_DIR", dir)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The bus tells there what it starts.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut bus = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut bus).unwrap();
        assert!(!bus.is_empty(), "the session did not start");
        Some(Self {
            child,
            input,
            bus: bus.trim().to_owned(),
        })
    }

    fn run(&self, home: &Home, arguments: &[&str], input: &[u8]) -> Ran {
        let variables = [
            ("DBUS_SESSION_BUS_ADDRESS", &*self.bus),
            ("SIDELIGHT_PASSPHRASE_FD", "0"),
            ("SIDELIGHT_NEW_PASSPHRASE_FD", "0"),
        ];
        home.run_in(&variables, arguments, input)
    }

    fn lock(&self) {
        let ran = feed(
            Command::new("dbus-send")
                .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
                .args([
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.secrets",
                ])
                .args([
                    "/org/freedesktop/secrets",
                    "org.freedesktop.Secret.Service.Lock",
                ])
                .arg("array:objpath:/org/freedesktop/secrets/collection/login"),
            b"",
        );
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Some(mut input) = self.input.take() {
            let _ = input.flush();
        }
        let _ = self.child.wait();
    }
}

#[test]
fn the_secret_service_keeps_the_key_and_locks_it() {
    let dir = tempfile::tempdir().unwrap();
    let Some(desktop) = Desktop::start(dir.path()) else {
        return;
    };
    let ana = Home::empty();
    let home = |arguments: &[&str]| desktop.run(&ana, arguments, b"");
    home(&["init", "--name", "Ana", "--keys", "secret-service"]).done();
    home(&["write", "with the service"]).done();
    let list = home(&["--json", "list"]).json();
    assert_eq!(text_of(&list["entries"][0]["text"]), "with the service");
    assert_eq!(
        home(&["--json", "status"]).json()["storage_key"]["kept_in"],
        "secret_service"
    );
    home(&["lock"]).fails(11, "other programs use");

    // In the home lies a name, and no key; without the service nothing opens.
    assert!(!ana.path().join("storage.key").exists());
    ana.run_in(
        &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")],
        &["list"],
        b"",
    )
    .fails(4, "does not answer");

    // To a passphrase and back. The key is the same, since the journal opens.
    desktop
        .run(
            &ana,
            &["keys", "move", "passphrase"],
            b"five random words\n",
        )
        .done();
    assert!(!ana.path().join("storage.key.service").exists());
    desktop
        .run(
            &ana,
            &["keys", "move", "secret-service"],
            b"five random words\n",
        )
        .done();
    assert!(!ana.path().join("storage.key.sealed").exists());
    assert_eq!(home(&["--json", "list"]).json(), list);

    // Locked: a sentence, and nobody is asked by a command that reads or writes.
    desktop.lock();
    for command in [&["list"][..], &["write", "x"], &["status"]] {
        home(command).fails(4, "secret service is locked");
    }
}

#[test]
fn without_a_secret_service_nothing_begins_with_one() {
    let ana = Home::empty();
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")];
    let init = ["init", "--name", "Ana", "--keys", "secret-service"];
    ana.run_in(&nowhere, &init, b"").fails(4, "--keys");
    assert!(!ana.path().exists());
}
