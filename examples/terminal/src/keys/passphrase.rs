//! Where passphrases come from: a file descriptor that a script names, or the person. Never an
//! argument or a variable's value, which every program of the same user can read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use sidelight::{ErrorKind, PASSPHRASE_LEN_MAX};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output;

/// Names the descriptor from which the passphrase that opens comes, as one line.
const CURRENT: &str = "SIDELIGHT_PASSPHRASE_FD";

/// Names the descriptor from which a new passphrase comes, as one line.
const NEW: &str = "SIDELIGHT_NEW_PASSPHRASE_FD";

/// Names the descriptor from which the secret for private entries comes, as one line.
const PRIVATE: &str = "SIDELIGHT_PRIVATE_FD";

/// Names the descriptor from which a new secret for private entries comes, as one line.
const NEW_PRIVATE: &str = "SIDELIGHT_NEW_PRIVATE_FD";

/// Whether the secret for private entries is handed over.
pub(super) fn is_private_handed_over() -> bool {
    std::env::var_os(PRIVATE).is_some_and(|value| !value.is_empty())
}

/// The secret for private entries, if it was handed over.
pub(super) fn private_handed_over() -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    handed_over(PRIVATE)
}

/// The secret for private entries.
pub(super) fn private() -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(secret) = handed_over(PRIVATE)? {
        return Ok(secret);
    }
    if !output::can_ask() {
        return Err(Failure::of(
            ErrorKind::KeysLocked,
            format!(
                "there is no terminal on which to ask for the secret of your private entries; \
                 hand it over with {PRIVATE}"
            ),
        ));
    }
    ask("Secret for private entries: ")
}

/// A new secret for private entries.
pub(super) fn new_private() -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(secret) = handed_over(NEW_PRIVATE)? {
        return Ok(secret);
    }
    if !output::can_ask() {
        return Err(Failure::invalid(format!(
            "there is no terminal on which to ask for a new secret; hand it over with {NEW_PRIVATE}"
        )));
    }
    twice("New secret for private entries: ")
}

/// The passphrase that opens the key.
pub(super) fn current() -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(passphrase) = handed_over(CURRENT)? {
        return Ok(passphrase);
    }
    if !output::can_ask() {
        return Err(Failure::of(
            ErrorKind::KeysLocked,
            format!(
                "the journal is locked, and there is no terminal on which to ask for its \
                 passphrase; run `sidelight unlock` in one, or hand it over with {CURRENT}"
            ),
        ));
    }
    ask("Passphrase: ")
}

/// A new passphrase.
pub(super) fn choose() -> Result<Zeroizing<Vec<u8>>, Failure> {
    if let Some(passphrase) = handed_over(NEW)? {
        return Ok(passphrase);
    }
    if !output::can_ask() {
        return Err(Failure::invalid(format!(
            "there is no terminal on which to ask for a new passphrase; hand it over with {NEW}"
        )));
    }
    twice("New passphrase: ")
}

/// A new passphrase, or none if the person wants none.
pub(super) fn choose_or_none() -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    if let Some(passphrase) = handed_over(NEW)? {
        return Ok(Some(passphrase));
    }
    let chosen = twice(
        "A passphrase keeps the journal closed to whoever gets this machine's files.\n\
         Passphrase (empty for none): ",
    )?;
    Ok((!chosen.is_empty()).then_some(chosen))
}

fn twice(prompt: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let chosen = ask(prompt)?;
    if !chosen.is_empty() && ask("Once more: ")? != chosen {
        return Err(Failure::invalid(
            "the two are not the same, so nothing was done; try again",
        ));
    }
    Ok(chosen)
}

/// Asks on the terminal, without showing what is typed.
fn ask(prompt: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| {
        Failure::of(
            ErrorKind::KeysLocked,
            format!("the terminal cannot be asked for a passphrase ({error}); use another one"),
        )
    })?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

/// The line that waits at the descriptor which `variable` names, without its newline.
fn handed_over(variable: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let number: u32 = value
        .to_str()
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| {
            Failure::invalid(format!(
                "{variable} names no file descriptor; set it to a number, such as 3"
            ))
        })?;
    // Through the one handle of standard input, two lines may come through it.
    let line = match number {
        0 => line(&mut io::stdin().lock()),
        // As a path, since this program takes no bare descriptors over (that would be unsafe).
        _ => {
            File::open(format!("/dev/fd/{number}")).and_then(|file| line(&mut BufReader::new(file)))
        }
    };
    line.map(Some).map_err(|error| {
        Failure::invalid(format!(
            "no passphrase can be read where {variable} points ({error}); open that descriptor \
             for reading"
        ))
    })
}

fn line(from: &mut impl BufRead) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room from the start: a vector that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(PASSPHRASE_LEN_MAX + 3));
    // One byte more than the longest with its newline shows that it is too long.
    from.take(PASSPHRASE_LEN_MAX as u64 + 3)
        .read_until(b'\n', &mut line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_passphrase_without_its_end_and_bounded() {
        for (given, read) in [
            (&b"five words\nand more"[..], &b"five words"[..]),
            (b"five words\r\n", b"five words"),
            (b"no newline", b"no newline"),
            (b" spaces count ", b" spaces count "),
            (b"", b""),
        ] {
            assert_eq!(&**line(&mut &*given).unwrap(), read);
        }
        let endless = vec![b'x'; 1 << 20];
        let read = line(&mut &endless[..]).unwrap();
        assert!((PASSPHRASE_LEN_MAX + 1..PASSPHRASE_LEN_MAX + 4).contains(&read.len()));
    }
}
