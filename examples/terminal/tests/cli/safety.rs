//! What a partner writes must not act on a terminal, and a reader that has enough is no error.

use std::io::Read;
use std::process::Stdio;

use crate::run::{Couple, Home, program, text_of};

/// Sets the clipboard, moves the cursor, clears the screen, turns the direction.
const NASTY: &str = "a\u{1b}]52;c;aGk=\u{7}b\u{9b}2J\u{8}\rc\u{202e}d\u{7f}";

fn acts(c: char) -> bool {
    (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c)
}

#[test]
fn escape_sequences_of_a_partner_are_shown_and_never_obeyed() {
    let couple = Couple::paired();
    let written = couple
        .ana
        .run_with(&["--json", "write", "--share", "-"], NASTY.as_bytes());
    let id = text_of(&written.json()["id"]);
    couple.ana.sync();
    couple.ben.sync();
    for command in [
        &["list"][..],
        &["show", &id],
        &["--json", "list"],
        &["--json", "show", &id],
    ] {
        let ran = couple.ben.run(command);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.out.chars().any(acts), "{ran:?}");
    }
    // And programs get every character.
    assert_eq!(couple.ben.json(&["show", &id])["text"], NASTY);
}

#[test]
fn errors_do_not_act_on_the_terminal_either() {
    let ana = Home::of("Ana");
    for command in [&["show", NASTY][..], &["import", NASTY], &["join", NASTY]] {
        let ran = ana.run(command);
        assert_ne!(ran.code, 0);
        assert!(!ran.err.chars().any(acts), "{ran:?}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let ana = Home::of("Ana");
    for _ in 0..3 {
        ana.run_with(&["write", "-"], "long line ".repeat(20_000).as_bytes());
    }
    let mut child = program()
        .arg("--home")
        .arg(ana.path())
        .args(["--json", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As `head` does. The rest does not fit into the pipe.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_invitation_is_printed_by_invite_alone() {
    let couple = Couple::apart();
    let link = couple.invite();
    let secret = link.split_once('#').unwrap().1;
    for home in [&couple.ana, &couple.ben] {
        for command in [
            &["status"][..],
            &["--json", "status"],
            &["sync"],
            &["cancel"],
        ] {
            let ran = home.run(command);
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{ran:?}"
            );
        }
    }
    let joined = couple.ben.run(&["join", "--no-wait", &link]);
    assert!(
        !joined.out.contains(secret) && !joined.err.contains(secret),
        "{joined:?}"
    );
}

#[cfg(unix)]
#[test]
fn the_storage_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let ana = Home::of("Ana");
    let file = text_of(&ana.json(&["status"])["storage_key"]["file"]);
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
