//! Beginning a journal.

use serde::Serialize;
use sidelight::NewPerson;

use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::screen::Line;

#[derive(Serialize)]
struct Begun<'a> {
    home: String,
    name: &'a str,
    person: &'a str,
    relay: Option<&'a str>,
}

/// `sidelight init`.
pub(crate) async fn init(home: &Home, options: cli::Init, output: Output) -> Result<(), Failure> {
    let person = NewPerson {
        name: options.name,
        relay: options.relay,
        ticket: options.ticket,
    };
    let keys = home.keys().begin(options.keys, output.is_json()).await?;
    let journal = home.create(keys, person).await?;
    let status = journal.status().await?;
    journal.shutdown().await;
    let document = Begun {
        home: home.dir().display().to_string(),
        name: &status.name,
        person: &status.person,
        relay: status.relay.as_deref(),
    };
    output.result(&document, || {
        format!(
            "Welcome, {}. Your journal is in {}.\n\
             What you write is yours alone until you share it: sidelight write TEXT",
            Line(&status.name),
            home.dir().display()
        )
    })
}

#[derive(Serialize)]
struct RelayNamed<'a> {
    relay: Option<&'a str>,
}

/// `sidelight use-relay`.
pub(crate) async fn use_relay(
    home: &Home,
    options: cli::UseRelay,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    journal.use_relay(options.address, options.ticket).await?;
    let status = journal.status().await?;
    journal.shutdown().await;
    let document = RelayNamed {
        relay: status.relay.as_deref(),
    };
    output.result(&document, || "Done. The next `sidelight sync` goes there.")
}

/// `sidelight move-relay`.
pub(crate) async fn move_relay(
    home: &Home,
    options: cli::MoveRelay,
    output: Output,
) -> Result<(), Failure> {
    let lost = options.lost;
    let journal = home.open().await?;
    journal
        .move_to_relay(options.address, options.ticket, lost)
        .await?;
    let status = journal.status().await?;
    journal.shutdown().await;
    let document = RelayNamed {
        relay: status.relay.as_deref(),
    };
    output.result(&document, || {
        let partner = match (&status.partner, lost) {
            (None, _) => "",
            (Some(_), false) => {
                "\nYour partner is led over the next time they sync while the former relay still \
                 runs."
            }
            (Some(_), true) => {
                "\nGive your partner the address: they do the same, with --lost, and you meet there."
            }
        };
        format!("Moved. `sidelight sync` takes everything there; `sidelight status` says when it is done.{partner}")
    })
}
