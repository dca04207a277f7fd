//! The further secret for private entries.

use std::time::Duration;

use serde::Serialize;
use sidelight::{ErrorKind, PrivateLock};
use zeroize::Zeroizing;

use crate::cli;
use crate::cli::private::PrivateCommand;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

#[derive(Serialize)]
struct Done {
    private_entries: &'static str,
}

/// As `--json` calls it.
pub(crate) fn name(lock: PrivateLock) -> &'static str {
    match lock {
        PrivateLock::None => "no_secret",
        PrivateLock::Open => "unlocked",
        PrivateLock::Locked => "locked",
    }
}

/// `sidelight private …`.
pub(crate) async fn private(
    home: &Home,
    options: cli::private::Private,
    output: Output,
) -> Result<(), Failure> {
    let (lock, words) = match options.command {
        PrivateCommand::Begin => {
            let journal = home.open().await?;
            let secret = home.keys().new_private_secret().await?;
            journal.begin_private_secret(text(&secret)?).await?;
            journal.shutdown().await;
            let words = "Private entries are under your secret on this device. No command shows \
                         or takes one until `sidelight private unlock`. Nobody can put a \
                         forgotten secret back; your recovery words still have everything. A \
                         backup from before needs no secret."
                .to_owned();
            (PrivateLock::Locked, words)
        }
        PrivateCommand::Unlock(options) => {
            let time = Duration::from_secs(u64::from(options.minutes) * 60);
            let secret = home.keys().private_secret().await?;
            let journal = home.open_locked().await?;
            journal.unlock_private(text(&secret)?).await?;
            journal.shutdown().await;
            home.keys().keep_private_secret(secret, time).await?;
            let words = format!(
                "Private entries are unlocked in this session for {} minutes, or until \
                 `sidelight private lock`.",
                options.minutes
            );
            (PrivateLock::Open, words)
        }
        PrivateCommand::Lock => {
            home.keys().forget_private_secret()?;
            let journal = home.open_locked().await?;
            let lock = journal.status().await?.private_lock;
            journal.shutdown().await;
            if lock == PrivateLock::None {
                return Err(Failure::invalid(
                    "there is no secret for private entries here; choose one with `sidelight \
                     private begin`",
                ));
            }
            let words = "Private entries are locked. The rest of the journal is as it was.";
            (PrivateLock::Locked, words.to_owned())
        }
        PrivateCommand::Change => {
            let journal = home.open_locked().await?;
            let secret = home.keys().private_secret().await?;
            let new = home.keys().new_private_secret().await?;
            let changed = journal.change_private_secret(text(&secret)?, text(&new)?);
            changed.await?;
            journal.shutdown().await;
            home.keys().forget_private_secret()?;
            let words = "The new secret holds from now on. A backup from before still opens with \
                         the one that it had.";
            (PrivateLock::Locked, words.to_owned())
        }
        PrivateCommand::End => {
            let journal = home.open_locked().await?;
            let secret = home.keys().private_secret().await?;
            journal.end_private_secret(text(&secret)?).await?;
            journal.shutdown().await;
            home.keys().forget_private_secret()?;
            let words = "Private entries need no secret on this device any more.";
            (PrivateLock::None, words.to_owned())
        }
    };
    let done = Done {
        private_entries: name(lock),
    };
    output.result(&done, || words)
}

fn text(secret: &Zeroizing<Vec<u8>>) -> Result<String, Failure> {
    String::from_utf8(secret.to_vec()).map_err(|_| {
        Failure::of(
            ErrorKind::Invalid,
            "a secret is text in UTF-8; set the terminal to it, then try again",
        )
    })
}
