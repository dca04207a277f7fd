//! The storage key: locking, unlocking, another passphrase, another place.

use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::keys::Kept;
use crate::output::Output;

#[derive(Serialize)]
struct Unlocked {
    unlocked: bool,
    kept_in: &'static str,
    minutes: Option<u32>,
}

/// `sidelight unlock`.
pub(crate) async fn unlock(
    home: &Home,
    options: cli::Unlock,
    output: Output,
) -> Result<(), Failure> {
    let time = Duration::from_secs(u64::from(options.minutes) * 60);
    let kept = home.keys().unlock(time).await?;
    let record = Unlocked {
        unlocked: true,
        kept_in: kept.name(),
        minutes: (kept == Kept::Passphrase).then_some(options.minutes),
    };
    output.result(&record, || match kept {
        Kept::Passphrase => format!(
            "Unlocked in this session for {} minutes, or until `sidelight lock`.",
            options.minutes
        ),
        Kept::SecretService => "The desktop's secret service is unlocked.".to_owned(),
        Kept::File => "Nothing is locked: the storage key lies in a file.".to_owned(),
    })
}

#[derive(Serialize)]
struct Locked {
    locked: bool,
}

/// `sidelight lock`.
pub(crate) async fn lock(home: &Home, output: Output) -> Result<(), Failure> {
    home.keys().lock()?;
    output.result(
        &Locked { locked: true },
        || "Locked. The next command asks for the passphrase.",
    )
}

/// `sidelight keys …`.
pub(crate) async fn keys(home: &Home, options: cli::Keys, output: Output) -> Result<(), Failure> {
    match options.command {
        cli::KeysCommand::Move { to } => move_to(home, to, output).await,
        cli::KeysCommand::Passphrase => change(home, output).await,
    }
}

#[derive(Serialize)]
struct Moved {
    kept_in: &'static str,
    removed_from: Vec<&'static str>,
}

async fn move_to(home: &Home, to: Kept, output: Output) -> Result<(), Failure> {
    let keys = home.keys().open().await?;
    // A key that does not open the journal must not take the place of one that may.
    home.read_with(keys.clone()).await?;
    let key = keys.load().map_err(sidelight::Error::from)?;
    let key = key.map(Zeroizing::new).ok_or_else(|| {
        Failure::internal("the key that opened the journal is gone; this is a bug")
    })?;
    let others = home.keys().move_to(to, key).await?;
    let record = Moved {
        kept_in: to.name(),
        removed_from: others.iter().map(|kept| kept.name()).collect(),
    };
    output.result(&record, || match to {
        Kept::SecretService => {
            "The storage key is with the desktop's secret service now, and nowhere else here. A \
             backup of this home holds no key from now on; one from before does."
        }
        Kept::Passphrase => {
            "The storage key is under your passphrase now, and nowhere else here. Nobody can put \
             a forgotten one back. A backup from before holds the key as it was kept then."
        }
        Kept::File => {
            "The storage key lies in a file now, which only you can read. Whoever gets this home \
             can read the journal."
        }
    })
}

#[derive(Serialize)]
struct Changed {
    changed: bool,
}

async fn change(home: &Home, output: Output) -> Result<(), Failure> {
    home.keys().change_passphrase().await?;
    output.result(&Changed { changed: true }, || {
        "The new passphrase holds from now on. A backup from before still opens with the one \
         that it had."
    })
}
