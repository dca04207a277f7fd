//! New keys, and leaving.

use serde::Serialize;

use crate::cli::Leave;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

#[derive(Serialize)]
struct RotateRecord {
    rotated: bool,
}

#[derive(Serialize)]
struct LeaveRecord {
    left: bool,
    quiet: bool,
}

/// Gives everything new keys.
pub(crate) async fn rotate(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let rotated = journal.rotate().await;
    journal.shutdown().await;
    rotated?;
    output.result(&RotateRecord { rotated: true }, || {
        "Everything written from now on is sealed to new keys. The next `sidelight sync` carries \
         them on."
    })
}

/// Leaves the shared journal.
pub(crate) async fn leave(home: &Home, options: Leave, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let left = journal.leave(options.quiet).await;
    journal.shutdown().await;
    left?;
    let record = LeaveRecord {
        left: true,
        quiet: options.quiet,
    };
    output.result(&record, || {
        if options.quiet {
            "You have left. Nothing was said, and nothing more is sent. What the journal holds \
             stays with both of you; what you write from now on is yours alone."
        } else {
            "You have left. The next `sidelight sync` tells your partner. What the journal holds \
             stays with both of you; what you write from now on is yours alone."
        }
    })
}
