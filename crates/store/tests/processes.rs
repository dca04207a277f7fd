//! Several processes on one store: killed in the middle of work, reading beside a writer,
//! without the right to write. The children are this very program, running one ignored test.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    env,
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use common::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sidelight_format::record::Table;

const FOLDER: &str = "SIDELIGHT_TEST_FOLDER";

/// One test of a copy of this program, run in a process of its own.
fn child(program: &Path, test: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped());
    command
}

fn folder_of_child() -> Box<Path> {
    let folder = env::var_os(FOLDER).expect("a parent starts this test");
    Path::new(&folder).into()
}

/// The numbers that the child says it has committed.
struct Acknowledged(Lines<BufReader<ChildStdout>>);

impl Acknowledged {
    fn of(child: &mut Child) -> Self {
        let output = child.stdout.take().expect("its output is piped");
        Self(BufReader::new(output).lines())
    }
}

impl Iterator for Acknowledged {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        // Lines of the test harness itself are passed over.
        self.0
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("committed ")?.parse().ok())
    }
}

/// How many rows batch `number` has: 1 to 20, so that batches end anywhere in a page.
fn rows_of(number: u64) -> u64 {
    number * 7919 % 20 + 1
}

/// Batch `number`: its own rows, one row that every batch replaces, and the deletion of the
/// first row of the batch ten before.
fn batch_of(number: u64) -> Batch {
    let mut batch = Batch::new();
    for row in 0..rows_of(number) {
        let len = (number * 31 + row * 977) % 6000;
        batch.put(
            Table::Facts,
            Key::Number(number << 8 | row),
            vec![number as u8; len as usize],
        );
    }
    if let Some(earlier) = number.checked_sub(10) {
        batch.delete(Table::Facts, Key::Number(earlier << 8));
    }
    batch.put(Table::Device, Key::One, number.to_le_bytes().into());
    batch
}

/// How many batches are there; fails if one is there in part.
fn whole_batches(store: &dyn Store) -> u64 {
    store.hold().unwrap();
    let last = store.read(Table::Device, Key::One).unwrap();
    let count = last.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()) + 1);
    let rows = store
        .range(Table::Facts, 0, Direction::Up, usize::MAX)
        .unwrap();
    store.release();
    let expected = (0..count).flat_map(|number| {
        let first = u64::from(number + 10 < count);
        (first..rows_of(number)).map(move |row| number << 8 | row)
    });
    assert!(rows.iter().map(|(number, _)| *number).eq(expected));
    for (number, row) in rows {
        assert!(row.iter().all(|byte| *byte == (number >> 8) as u8));
    }
    count
}

#[test]
#[ignore = "the child of a test"]
fn commit_until_killed() {
    let mut store = SqliteStore::open(&folder_of_child(), Arc::new(Unsealed), WRITE).unwrap();
    for number in whole_batches(&store).. {
        store.commit(batch_of(number)).unwrap();
        println!("committed {number}");
    }
}

/// What a killed process leaves in the system's hands is what SQLite had written; whether it
/// would survive a power cut rests on `synchronous=FULL`, which a test asks for elsewhere.
#[test]
fn a_writer_killed_at_any_moment_loses_nothing_acknowledged_and_leaves_nothing_half_done() {
    const KILLS: u64 = 10;
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(folder.path(), Arc::new(Unsealed)).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed);
    let mut before = 0;
    for _ in 0..KILLS {
        let mut child = child(
            &env::current_exe().unwrap(),
            "commit_until_killed",
            folder.path(),
        )
        .spawn()
        .unwrap();
        let mut acknowledged = Acknowledged::of(&mut child);
        let commits = rng.next_u64() % 40 + 1;
        let last = acknowledged
            .nth(commits as usize - 1)
            .expect("it goes on until it is killed");
        // Somewhere within the next commits, which take some hundred microseconds each.
        let moment = Duration::from_micros(rng.next_u64() % 3000);
        let begin = Instant::now();
        while begin.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it could still say before it died.
        let last = acknowledged.last().unwrap_or(last);

        // A reader finds the log as the dead writer left it; so does the next writer.
        let reader = SqliteStore::open(folder.path(), Arc::new(Unsealed), Access::Read).unwrap();
        let found = whole_batches(&reader);
        assert!(found > last, "{last} was acknowledged, {found} are there");
        assert!(found <= last + 2, "at most one commit was under way");
        drop(reader);
        let writer = SqliteStore::open(folder.path(), Arc::new(Unsealed), WRITE).unwrap();
        assert_eq!(whole_batches(&writer), found);
        assert!(found >= before + commits);
        before = found;
    }
}

#[test]
#[ignore = "the child of a test"]
fn commit_two_hundred_times() {
    let mut store = SqliteStore::open(&folder_of_child(), Arc::new(Unsealed), WRITE).unwrap();
    for number in 0..200 {
        store.commit(batch_of(number)).unwrap();
    }
}

#[test]
fn readers_see_whole_batches_while_another_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(folder.path(), Arc::new(Unsealed)).unwrap());
    // Opened before there is a log, and again while there is one.
    let early = SqliteStore::open(folder.path(), Arc::new(Unsealed), Access::Read).unwrap();
    let mut writer = child(
        &env::current_exe().unwrap(),
        "commit_two_hundred_times",
        folder.path(),
    )
    .spawn()
    .unwrap();
    let mut seen = (0, 0);
    loop {
        let ended = writer.try_wait().unwrap();
        let late = SqliteStore::open(folder.path(), Arc::new(Unsealed), Access::Read).unwrap();
        for reader in [&early, &late] {
            let revision = reader.revision().unwrap();
            let batches = whole_batches(reader);
            assert!(batches >= seen.0 && revision >= seen.1);
            assert!(batches >= revision, "a batch is one commit");
            seen = (batches, revision);
        }
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
    }
    assert_eq!(seen, (200, 200));
}

/// As somebody who may look into the folder but not write there. Root may do anything, so under
/// root the child runs as another user, from a copy of this program where that user finds it.
#[cfg(unix)]
#[test]
fn without_the_right_to_write_reading_works_beside_a_writer_and_the_rest_is_refused_clearly() {
    use std::{
        fs::{self, Permissions},
        os::unix::{
            fs::{MetadataExt, PermissionsExt},
            process::CommandExt,
        },
    };
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let mut store = SqliteStore::create(&home, Arc::new(Unsealed)).unwrap();
    store.commit(batch_of(0)).unwrap();
    let program = folder.path().join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let allow =
        |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    allow(folder.path(), 0o755);
    allow(&program, 0o755);
    allow(&home, 0o555);
    for file in fs::read_dir(&home).unwrap() {
        allow(&file.unwrap().path(), 0o444);
    }
    let run = |test| {
        let mut command = child(&program, test, &home);
        if fs::metadata(&home).unwrap().uid() == 0 {
            command.uid(65_534).gid(65_534).current_dir("/");
        }
        let status = command.status().unwrap();
        assert!(status.success(), "{test}");
    };
    run("read_where_writing_is_forbidden");
    drop(store);
    allow(&home, 0o555);
    run("find_writing_forbidden");
    allow(&home, 0o755);
}

#[test]
#[ignore = "the child of a test"]
fn read_where_writing_is_forbidden() {
    let folder = folder_of_child();
    let refused = SqliteStore::open(&folder, Arc::new(Unsealed), WRITE).unwrap_err();
    let denied = StoreError::Io(std::io::ErrorKind::PermissionDenied);
    assert_eq!(refused, denied);
    let reader = SqliteStore::open(&folder, Arc::new(Unsealed), Access::Read).unwrap();
    assert_eq!(whole_batches(&reader), 1);
}

#[test]
#[ignore = "the child of a test"]
fn find_writing_forbidden() {
    let folder = folder_of_child();
    let denied = StoreError::Io(std::io::ErrorKind::PermissionDenied);
    for access in [WRITE, Access::Read] {
        // Without a log, even a reader must begin one.
        let refused = SqliteStore::open(&folder, Arc::new(Unsealed), access).unwrap_err();
        assert_eq!(refused, denied);
    }
    let below = SqliteStore::create(&folder.join("below"), Arc::new(Unsealed));
    assert_eq!(below.unwrap_err(), denied);
}
