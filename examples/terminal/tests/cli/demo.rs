//! The demo with its excerpts: every claim is checked, and nothing is left of it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{program, run};

#[test]
fn every_claim_of_the_demo_holds() {
    let demo = ["--json", "demo", "--data", "excerpt", "--trace", "excerpt"];
    let figures = run(&demo, b"").json();
    assert_eq!(figures["held"], true, "{figures}");
    let claims = figures["claims"].as_array().unwrap();
    assert!(claims.len() >= 14, "{claims:?}");
    assert_eq!(figures["diary"]["entries"], 120);
    assert_eq!(figures["trace"]["keystrokes"], 4000);
    assert_eq!(figures["search"]["found"], 0);
    for measured in [
        &figures["search"]["bytes"],
        &figures["wire"]["diary_up_bytes"],
        &figures["wire"]["diary_down_bytes"],
        &figures["weather"]["delayed"],
        &figures["weather"]["duplicated"],
        &figures["relay"]["unsent_when_killed"],
        &figures["relay"]["bytes"],
    ] {
        assert!(measured.as_u64().unwrap() > 0, "{figures}");
    }
    assert!(
        figures["edit_to_visible"]["calm"]["edits"]
            .as_u64()
            .unwrap()
            >= 100
    );
}

#[test]
fn what_cannot_be_played_is_told_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let path = file.to_str().unwrap();
    run(&["demo", "--data", path], b"").fails(11, "--data");
    std::fs::write(&file, b"{}").unwrap();
    run(&["demo", "--data", path], b"").fails(11, "--data");
    run(&["demo", "--trace", path], b"").fails(11, "--trace");
}

/// Whether it is asked to stop or killed, its relay and devices end.
#[cfg(target_os = "linux")]
#[test]
fn nothing_of_a_demo_that_is_stopped_goes_on() {
    use std::path::Path;
    use std::time::{Duration, Instant};

    for signal in ["TERM", "KILL"] {
        let mut demo = program()
            .args(["demo", "--data", "excerpt", "--trace", "excerpt"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(demo.stderr.take().unwrap());
        let mut lines = stderr.lines().map(Result::unwrap);
        lines
            .find(|line| line.contains("imports the diary"))
            .expect("the demo plays");
        let pid = demo.id();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let children: Vec<String> = tasks
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok())
            .flat_map(|ids| {
                ids.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(children.len(), 3, "a relay and two devices: {children:?}");
        let signalled = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &pid.to_string()])
            .status();
        assert!(signalled.unwrap().success());
        let status = demo.wait().unwrap();
        if signal == "TERM" {
            assert_eq!(status.code(), Some(12));
        }
        // Nobody tells the end of a stranger's child; it is looked for until it has come.
        let begun = Instant::now();
        let lives = |id: &String| {
            let stat = std::fs::read_to_string(Path::new("/proc").join(id).join("stat"));
            stat.is_ok_and(|stat| stat.contains("(sidelight)") && !stat.contains(") Z "))
        };
        while children.iter().any(lives) {
            assert!(
                begun.elapsed() < Duration::from_secs(300),
                "{children:?} go on"
            );
            std::thread::yield_now();
        }
    }
}
