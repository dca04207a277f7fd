//! A relay on this machine.

use std::path::PathBuf;

use serde::Serialize;
use sidelight_relay::Config;
use tokio::io::AsyncReadExt;

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

#[derive(Serialize)]
struct Running {
    address: String,
    listen: String,
    data: String,
}

/// `sidelight relay`.
pub(crate) async fn relay(
    home: Option<PathBuf>,
    options: cli::Relay,
    output: Output,
) -> Result<(), Failure> {
    let data = match options.data {
        Some(data) => data,
        None => Home::new(home, None)?.relay_dir(),
    };
    let mut config = Config::at(&data);
    config.listen = options.listen;
    config.advertise = options.advertise;
    let mut running = sidelight_relay::run(config)
        .await
        .map_err(|error| Failure::relay(&error))?;
    let document = Running {
        address: running.address().to_string(),
        listen: running.listen().to_string(),
        data: data.display().to_string(),
    };
    // A relay whose first line nobody reads runs all the same.
    let _ = output.result(&document, || {
        format!(
            "{}\nThis is the relay's address: put it between quotes, after --relay. It can read \
             nothing of what it carries. Ctrl-C stops it.",
            document.address
        )
    });
    tokio::select! {
        () = asked_to_stop(options.leashed) => {
            running.stop().await;
            Ok(())
        }
        () = running.failed() => Err(Failure::internal(
            "the relay's storage has failed; start it again, and report this",
        )),
    }
}

/// Ctrl-C, or what a supervisor sends; on a leash also the end of standard input.
async fn asked_to_stop(leashed: bool) {
    let leash = async {
        if leashed {
            let mut buffer = [0; 64];
            let mut stdin = tokio::io::stdin();
            while matches!(stdin.read(&mut buffer).await, Ok(1..)) {}
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = crate::commands::stop_signal() => {}
        () = leash => {}
    }
}
