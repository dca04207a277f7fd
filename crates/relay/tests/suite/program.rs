//! The program as a child process: what it prints, survives, refuses, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use sidelight_format::{Frame, RefusalCode, RelayAddress};
use tempfile::TempDir;

use crate::common::{Device, Key, live, soon};

/// A relay as a child, killed when this is dropped.
struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    first_line: String,
}

fn command(data: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidelight-relay"));
    command
        .env_remove("SIDELIGHT_LOG")
        .arg("--data")
        .arg(data)
        .args(options);
    command
}

impl Program {
    fn start(data: &Path, options: &[&str]) -> Self {
        let mut child = command(data, &["--listen", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut first_line = String::new();
        out.read_line(&mut first_line).expect("it prints");
        Self {
            child,
            out,
            first_line,
        }
    }

    fn address(&self) -> RelayAddress {
        self.first_line
            .parse()
            .expect("the first line is the address")
    }

    /// As `kill -9`: it has no chance to finish anything.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end; its exit code and what it said.
fn fails(data: &Path, options: &[&str]) -> (i32, String) {
    let output = command(data, options).output().expect("the program runs");
    assert!(output.stdout.is_empty(), "no address is printed");
    let said = String::from_utf8(output.stderr).expect("text");
    let last = said.lines().last().unwrap_or_default().to_owned();
    (output.status.code().expect("a code"), last)
}

const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let dir = TempDir::new().unwrap();
    let key = Key::new(1);
    let mut acknowledged = Vec::new();
    for round in 0..3u64 {
        let program = Program::start(dir.path(), &[]);
        let (mut device, state) = Device::open(&program.address(), &key).await;
        let listed: Vec<_> = device
            .list()
            .await
            .into_iter()
            .map(|item| item.id)
            .collect();
        assert_eq!(listed.len() as u64, state.length.0);
        assert!(
            listed.starts_with(&acknowledged),
            "acknowledged, and lost in round {round}"
        );
        acknowledged = listed;
        let target = acknowledged.len() + 300;

        // Killed while it still has most of this to store.
        let puts: Vec<Frame> = (0..2000)
            .map(|n| Frame::Put {
                envelope: live(round * 10_000 + n, 1024),
            })
            .collect();
        let mut batches = puts.chunks(200);
        while acknowledged.len() < target {
            if let Some(batch) = batches.next() {
                device.send(batch).await.unwrap();
            }
            match device.next().await {
                Some(Frame::Stored { first, ids }) => {
                    assert_eq!(first.0, acknowledged.len() as u64);
                    acknowledged.extend(ids);
                }
                other => panic!("not expected: {other:?}"),
            }
        }
        program.kill();
    }
    let program = Program::start(dir.path(), &[]);
    let (mut device, _) = Device::open(&program.address(), &key).await;
    let listed: Vec<_> = device
        .list()
        .await
        .into_iter()
        .map(|item| item.id)
        .collect();
    assert!(listed.starts_with(&acknowledged));
}

#[tokio::test]
async fn sigterm_and_sigint_stop_it_in_order() {
    let dir = TempDir::new().unwrap();
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(dir.path(), &[]);
        let (mut device, _) = Device::open(&program.address(), &Key::new(1)).await;
        device.put(live(1, 1024)).await;
        program.signal(signal);
        match device.next().await {
            Some(Frame::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::Stopping),
            other => panic!("not told: {other:?}"),
        }
        while let Ok(Some(_)) = device.try_next().await {}
        soon(device.connection.closed()).await;
        assert_eq!(program.child.wait().unwrap().code(), Some(0));
        let mut more = String::new();
        program.out.read_to_string(&mut more).unwrap();
        assert_eq!(more, "", "one line on standard output");
        let left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("-wal") || name.contains("-shm"))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "the database alone is whole");
    }
}

#[tokio::test]
async fn a_full_database_refuses_and_goes_on_reading() {
    let dir = TempDir::new().unwrap();
    let key = Key::new(1);
    let program = Program::start(dir.path(), &["--database-max", "512K"]);
    let (mut device, _) = Device::open(&program.address(), &key).await;
    let mut kept = Vec::new();
    let refusal = loop {
        let n = kept.len() as u64;
        assert!(n < 2000, "it never gets full");
        let envelope = live(n, 1024);
        device
            .send(&[Frame::Put {
                envelope: envelope.clone(),
            }])
            .await
            .unwrap();
        match device.next().await {
            Some(Frame::Stored { .. }) => kept.push(key.id(&envelope)),
            Some(Frame::Refused(refusal)) => break refusal,
            other => panic!("not expected: {other:?}"),
        }
    };
    assert_eq!(refusal.code, RefusalCode::Storage);
    assert_eq!(refusal.about, Some(key.id(&live(kept.len() as u64, 1024))));
    assert!(refusal.retry_after_secs > 0);
    let listed: Vec<_> = device
        .list()
        .await
        .into_iter()
        .map(|item| item.id)
        .collect();
    assert_eq!(listed, kept);
    program.kill();
    let program = Program::start(dir.path(), &[]);
    let (mut device, _) = Device::open(&program.address(), &key).await;
    let listed: Vec<_> = device
        .list()
        .await
        .into_iter()
        .map(|item| item.id)
        .collect();
    assert_eq!(listed, kept);
    device.put(live(5000, 1024)).await;
}

#[test]
fn a_second_relay_on_the_data_is_refused() {
    let dir = TempDir::new().unwrap();
    let program = Program::start(dir.path(), &[]);
    let (code, said) = fails(dir.path(), &ANY_PORT);
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("another relay is running on"), "{said}");
    program.kill();
    Program::start(dir.path(), &[]).address();
}

#[test]
fn an_address_in_use_is_said() {
    let dir = TempDir::new().unwrap();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = fails(dir.path(), &["--listen", &address]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains(&format!("{address}/udp is in use")), "{said}");
    let (code, said) = fails(
        dir.path(),
        &[&ANY_PORT[..], &["--advertise", "nowhere"]].concat(),
    );
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("--advertise HOST:PORT"), "{said}");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_said() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for data in [file.clone(), file.join("below")] {
        let (code, said) = fails(&data, &ANY_PORT);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("cannot be used"), "{said}");
    }
}

#[test]
fn a_damaged_key_stops_it_and_the_backup_mends_it() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let backup = dir.path().join("backup.key");
    let first = Program::start(&data, &[]).address();
    let key_file = data.join("relay.key");
    let key = |action: &str, options: &[&str]| {
        let output = command(&data, &["key", action])
            .arg(&backup)
            .args(options)
            .output()
            .unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(key("export", &[]), 0);
    assert_eq!(
        key("export", &[]),
        4,
        "a backup is not overwritten by accident"
    );
    assert_eq!(key("export", &["--force"]), 0);
    assert_eq!(fs::read(&backup).unwrap(), fs::read(&key_file).unwrap());

    let mut text = fs::read(&key_file).unwrap();
    text[40] ^= 1;
    fs::write(&key_file, text).unwrap();
    let (code, said) = fails(&data, &ANY_PORT);
    assert_eq!(code, 7, "{said}");
    assert!(
        said.contains("damaged") && said.contains("key import"),
        "{said}"
    );
    assert_eq!(
        key("import", &[]),
        4,
        "a key is not overwritten by accident"
    );
    assert_eq!(key("import", &["--force"]), 0);
    assert_eq!(Program::start(&data, &[]).address().key(), first.key());

    fs::write(&backup, "sidelight-relay-key-1:AAAA\n").unwrap();
    assert_eq!(
        key("import", &["--force"]),
        7,
        "what is no key is not taken"
    );
    assert_eq!(Program::start(&data, &[]).address().key(), first.key());
    let running = Program::start(&data, &[]);
    assert_eq!(key("import", &["--force"]), 6, "not under a running relay");
    assert_eq!(
        key("export", &["--force"]),
        0,
        "a running relay can be backed up"
    );
    drop(running);
}

#[cfg(unix)]
#[test]
fn what_it_writes_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("a/b");
    let program = Program::start(&data, &[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut files = 0;
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 3, "key, lock and database");
    drop(program);
}

#[test]
fn the_first_line_is_for_people_or_for_programs() {
    let dir = TempDir::new().unwrap();
    let advertised = Program::start(dir.path(), &["--advertise", "relay.example:443"]);
    assert_eq!(advertised.address().host(), "relay.example:443");
    drop(advertised);
    let program = Program::start(dir.path(), &["--json"]);
    let line = program.first_line.trim_end();
    let inner = line.strip_prefix(r#"{"address":""#).expect(line);
    let (address, listen) = inner.split_once(r#"","listen":""#).expect(line);
    let address: RelayAddress = address.parse().expect(line);
    assert_eq!(listen.strip_suffix(r#""}"#).expect(line), address.host());
}
