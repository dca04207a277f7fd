//! Pairing: inviting, joining, comparing, calling off.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Serialize;
use sidelight::{ErrorKind, Event, Journal, Pairing, PairingStage, SyncState};

use super::{stop_signal, text_or_stdin};
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::{self, Output};
use crate::records::PairingRecord;
use crate::screen::Line;

/// How long `confirm` and `cancel` try to tell the other side. Longer would make a person wait for
/// a relay that is down, and any later sync tells it too.
const TELL_MAX: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct InvitedRecord<'a> {
    link: &'a str,
    expires_ms: i64,
}

/// For whom a link is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Partner,
    Device,
}

/// `sidelight invite`.
pub(crate) async fn invite(
    home: &Home,
    options: cli::Invite,
    output: Output,
) -> Result<(), Failure> {
    show(home, options, Shown::Partner, output).await
}

/// Shows a link and waits for whom it is for.
pub(super) async fn show(
    home: &Home,
    options: cli::Invite,
    to: Shown,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let lifetime = Duration::from_secs(u64::from(options.expires) * 3600);
    let invited = match to {
        Shown::Partner if options.again => journal.invite_again(lifetime).await?,
        Shown::Partner => journal.invite(lifetime).await?,
        Shown::Device => journal.link(lifetime).await?,
    };
    let whom = match to {
        Shown::Partner => {
            "Show this to your partner and to nobody else: who has it first can join."
        }
        Shown::Device => {
            "Open this on your other device, with `sidelight device join`, and show it to nobody: \
             who is linked by it reads everything."
        }
    };
    let document = InvitedRecord {
        link: &invited.link,
        expires_ms: invited.expires_ms,
    };
    output.result(&document, || {
        let code = if io::stdout().is_terminal() {
            code(&invited.link)
        } else {
            String::new()
        };
        format!(
            "{code}{}\n\n{whom} It holds until {}, and any earlier one is spent.",
            invited.link,
            moment(invited.expires_ms)
        )
    })?;
    if options.no_wait {
        output.aside("Any later `sidelight sync` goes on from here.");
        journal.shutdown().await;
        return Ok(());
    }
    let what = match to {
        Shown::Partner => "Waiting for your partner to join",
        Shown::Device => "Waiting for your other device",
    };
    let pairing = wait(&journal, output, what).await;
    journal.shutdown().await;
    compare_next(&pairing?, output);
    Ok(())
}

/// `sidelight join`.
pub(crate) async fn join(home: &Home, options: cli::Join, output: Output) -> Result<(), Failure> {
    let link = text_or_stdin(options.link).await?;
    let journal = home.open().await?;
    let link = link.trim().to_owned();
    if options.again {
        journal.join_again(link).await?;
    } else {
        journal.join(link).await?;
    }
    joined(journal, options.no_wait, output).await
}

/// Waits for the other side of a link that was taken up.
pub(super) async fn joined(journal: Journal, no_wait: bool, output: Output) -> Result<(), Failure> {
    let pairing = if no_wait {
        output.aside("Any later `sidelight sync` goes on from here.");
        now(&journal).await
    } else {
        wait(&journal, output, "Waiting for the other device").await
    };
    journal.shutdown().await;
    let pairing = pairing?;
    compare_next(&pairing, output);
    if output.is_json() {
        output.result(&PairingRecord::from(&pairing), String::new)?;
    }
    Ok(())
}

/// `sidelight confirm`.
pub(crate) async fn confirm(
    home: &Home,
    options: cli::Confirm,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let result = answer(&journal, options, output).await;
    journal.shutdown().await;
    let pairing = result?;
    output.result(&PairingRecord::from(&pairing), || match pairing.stage {
        PairingStage::Done if pairing.own_device && pairing.inviter => format!(
            "{} is one of your devices now. Everything is there once both have synced.",
            partner(&pairing)
        ),
        PairingStage::Done if pairing.own_device => {
            "This device is one of yours now. `sidelight sync` brings everything.".into()
        }
        PairingStage::Done => format!(
            "You and {} keep a journal together now. Nothing from before is shared.",
            partner(&pairing)
        ),
        PairingStage::Ended(why) => sentence(&why.to_string()),
        _ => format!(
            "Thank you. When {} has confirmed too, `sidelight sync` finishes it.",
            partner(&pairing)
        ),
    })
}

async fn answer(
    journal: &Journal,
    options: cli::Confirm,
    output: Output,
) -> Result<Pairing, Failure> {
    let mut pairing = now(journal).await?;
    if pairing.stage == PairingStage::WaitingForPartner {
        // Perhaps the other side has answered since.
        journal.sync_now(TELL_MAX).await?;
        pairing = now(journal).await?;
    }
    if pairing.stage == PairingStage::WaitingForPartner {
        return Err(Failure::of(
            ErrorKind::NotPaired,
            "the other device has not answered yet, so there is nothing to compare; \
             let it run `sidelight sync`, then confirm",
        ));
    }
    if pairing.stage == PairingStage::Compare {
        let same = match (options.yes, options.no) {
            (true, _) => true,
            (_, true) => false,
            _ => ask(&pairing, output).await?,
        };
        journal.confirm(same).await?;
    }
    if !matches!(pairing.stage, PairingStage::Done | PairingStage::Ended(_)) {
        journal.sync_now(TELL_MAX).await?;
        pairing = now(journal).await?;
    }
    Ok(pairing)
}

async fn ask(pairing: &Pairing, output: Output) -> Result<bool, Failure> {
    if output.is_json() || !output::can_ask() {
        return Err(Failure::invalid(
            "nobody can be asked here; compare what `sidelight status` shows on both devices, \
             then confirm with --yes or --no",
        ));
    }
    output.aside(format!(
        "{}\nAre these the same on both devices, in the same order? Compare them side by side or by \
         a call, not by messages.",
        emoji(pairing)
    ));
    loop {
        eprint!("y/n: ");
        let _ = io::stderr().flush();
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|len| (len, line))
        });
        tokio::select! {
            read = read => match read {
                Ok(Ok((1.., line))) => match line.trim().to_lowercase().as_str() {
                    "y" | "yes" => return Ok(true),
                    "n" | "no" => return Ok(false),
                    _ => {}
                },
                _ => return Err(unanswered()),
            },
            () = stop_signal() => return Err(unanswered()),
        }
    }
}

fn unanswered() -> Failure {
    Failure::cancelled("not confirmed; take your time, and run `sidelight confirm` again")
}

/// `sidelight cancel`.
pub(crate) async fn cancel(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    journal.cancel_pairing().await?;
    // Telling the other side is a kindness, not a condition.
    let told = journal.sync_now(TELL_MAX).await;
    let pairing = now(&journal).await;
    journal.shutdown().await;
    let pairing = pairing?;
    output.result(&PairingRecord::from(&pairing), || {
        let later = told.is_ok_and(|report| report.up_to_date);
        if later {
            "The pairing is called off; its invitation is spent."
        } else {
            "The pairing is called off; its invitation is spent. The other side hears of it with \
             the next `sidelight sync`."
        }
    })
}

async fn now(journal: &Journal) -> Result<Pairing, Failure> {
    journal.pairing().await?.ok_or_else(|| {
        Failure::of(
            ErrorKind::NotPaired,
            "there is no pairing; begin one with `sidelight invite` or `sidelight join`",
        )
    })
}

/// Stays connected until there is something to compare.
async fn wait(journal: &Journal, output: Output, what: &'static str) -> Result<Pairing, Failure> {
    let waiting = spinner(output, what);
    journal.go_live().await?;
    loop {
        let pairing = now(journal).await?;
        match pairing.stage {
            PairingStage::WaitingForPartner => {}
            PairingStage::Ended(why) => {
                return Err(Failure::of(ErrorKind::NotPaired, why.to_string()));
            }
            _ => return Ok(pairing),
        }
        tokio::select! {
            event = journal.next_event() => match event {
                Some(Event::SyncChanged { state, detail }) => match state {
                    SyncState::Offline | SyncState::Refused | SyncState::Failing => {
                        let detail = detail.unwrap_or_else(|| "the relay is not reached".into());
                        waiting.set_message(format!("{what} ({detail}; it is tried again)"));
                    }
                    _ => waiting.set_message(what),
                },
                Some(_) => {}
                None => return Err(Failure::internal("the journal was closed while waiting")),
            },
            () = stop_signal() => {
                return Err(Failure::cancelled(
                    "stopped waiting; nothing is lost, and any later `sidelight sync` goes on",
                ));
            }
        }
    }
}

fn spinner(output: Output, what: &'static str) -> ProgressBar {
    if output.is_json() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.set_message(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// Says what comes next, once there is something to compare.
fn compare_next(pairing: &Pairing, output: Output) {
    if !pairing.comparison.is_empty() {
        output.aside(format!(
            "{} is there. Compare these on both devices, in the same order:\n{}\nThen: sidelight confirm",
            partner(pairing),
            emoji(pairing)
        ));
    }
}

/// How a pairing under way stands; none if it is over.
pub(super) fn standing(pairing: &Pairing) -> Option<String> {
    match pairing.stage {
        PairingStage::WaitingForPartner => {
            Some("A pairing waits for the other device; `sidelight sync` goes on.".into())
        }
        PairingStage::Compare => Some(format!(
            "Compare these on both devices, in the same order, then: sidelight confirm\n{}",
            emoji(pairing)
        )),
        PairingStage::WaitingForConfirmation => Some(format!(
            "Confirmed here. When {} has confirmed too, `sidelight sync` finishes the pairing.",
            partner(pairing)
        )),
        PairingStage::Done | PairingStage::Ended(_) => None,
    }
}

/// One a line, each with its name: for who cannot see them, or calls.
fn emoji(pairing: &Pairing) -> String {
    let lines = pairing
        .comparison
        .iter()
        .enumerate()
        .map(|(number, emoji)| format!("  {}. {}  {}", number + 1, emoji.symbol, emoji.name));
    lines.collect::<Vec<_>>().join("\n")
}

fn partner(pairing: &Pairing) -> String {
    match &pairing.partner_name {
        Some(name) => Line(name).to_string(),
        None if pairing.own_device => "the other device".into(),
        None => "your partner".into(),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// Drawn in the colour of text, which most terminals have light on dark: so light modules are
/// drawn and dark ones left out. On a light terminal it is inverted, which most scanners take.
fn code(link: &str) -> String {
    match QrCode::new(link) {
        Ok(code) => {
            let mut picture = code
                .render::<Dense1x2>()
                .dark_color(Dense1x2::Light)
                .light_color(Dense1x2::Dark)
                .build();
            picture.push_str("\n\n");
            picture
        }
        // Too long for a code: the link stands below.
        Err(_) => String::new(),
    }
}

fn moment(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(moment) => {
            let local = moment.to_zoned(TimeZone::system());
            local.strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => "it is used".into(),
    }
}
