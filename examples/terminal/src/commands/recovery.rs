//! The recovery words, and beginning anew. Words are read from standard input, never from an
//! argument, which other programs on the machine could see and a shell would remember.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use sidelight::{ErrorKind, Recover, RecoveryStage, RecoveryWords};

use super::text_or_stdin;
use crate::cli;
use crate::failure::Failure;
use crate::home::Home;
use crate::output::{Output, can_ask};
use crate::screen::Line;

#[derive(Serialize)]
struct WordsRecord<'a> {
    words: &'a [String],
}

#[derive(Serialize)]
struct CheckedRecord {
    checked: bool,
}

#[derive(Serialize)]
struct RefoundedRecord {
    refounded: bool,
    kept: u64,
}

/// `sidelight recovery`.
pub(crate) async fn recovery(
    home: &Home,
    command: cli::Recovery,
    output: Output,
) -> Result<(), Failure> {
    match command {
        cli::Recovery::Begin => begin(home, output).await,
        cli::Recovery::Check => check(home, output).await,
        cli::Recovery::Replace => replace(home, output).await,
    }
}

async fn begin(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let words = journal.recovery_begin().await;
    journal.shutdown().await;
    show(&words?, output)
}

async fn check(home: &Home, output: Output) -> Result<(), Failure> {
    // Whether there is a journal at all is said before anybody types.
    let journal = home.open().await?;
    let checked = match typed(output).await {
        Ok(words) => {
            offer(&words, output);
            journal.recovery_check(words).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    journal.shutdown().await;
    checked?;
    output.result(&CheckedRecord { checked: true }, || {
        "These are your words. They are on your paper now and on no device; nothing shows them \
         again."
    })
}

async fn replace(home: &Home, output: Output) -> Result<(), Failure> {
    let journal = home.open().await?;
    let replaced = match typed(output).await {
        Ok(words) => {
            offer(&words, output);
            journal.recovery_replace(words).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    journal.shutdown().await;
    show(&replaced?, output)
}

#[derive(Serialize)]
struct RecoveredRecord<'a> {
    recovered: bool,
    name: &'a str,
    person: &'a str,
    partner: Option<&'a str>,
    entries: u64,
    compare_again: bool,
}

/// `sidelight recover`.
pub(crate) async fn recover(
    home: &Home,
    options: cli::Recover,
    output: Output,
) -> Result<(), Failure> {
    let words = typed(output).await?;
    offer(&words, output);
    let recover = Recover {
        words,
        relay: options.relay,
        ticket: options.ticket,
        device: options.device,
    };
    let keys = home.keys().begin(options.keys, output.is_json()).await?;
    let journal = home.recover(keys, recover).await?;
    let deadline = Duration::from_secs(options.deadline.into());
    let synced = journal.sync_now(deadline).await;
    let status = journal.status().await;
    journal.shutdown().await;
    let (_, status) = (synced?, status?);
    match status.recovery {
        RecoveryStage::NotFound => {
            return Err(Failure::of(
                ErrorKind::NotFound,
                "these are recovery words, but this relay has no journal for them; look whether \
                 one word is another one, whether they are the words of this journal, and whether \
                 the relay is the right one, then recover again",
            ));
        }
        RecoveryStage::Replaced => {
            return Err(Failure::invalid(
                "these recovery words were replaced by others; what was written under them can be \
                 read here, and the new ones bring the journal back in another home",
            ));
        }
        RecoveryStage::UnderWay => {
            return Err(Failure::of(
                ErrorKind::Offline,
                "your journal is not whole yet; what has come is kept, and `sidelight sync` goes on",
            ));
        }
        _ => {}
    }
    let record = RecoveredRecord {
        recovered: true,
        name: &status.name,
        person: &status.person,
        partner: status.partner.as_ref().map(|partner| partner.name.as_str()),
        entries: status.entries,
        compare_again: status.compare_again,
    };
    output.result(&record, || {
        let mut text = format!(
            "Welcome back, {}. {} entries are here. Your other devices are out; link them again \
             one by one.",
            Line(&status.name),
            status.entries
        );
        if status.compare_again {
            text.push_str(
                "\nBefore you share anything again, compare once more with your partner: \
                 sidelight invite --again here, join --again there.",
            );
        }
        text
    })
}

/// `sidelight refound`.
pub(crate) async fn refound(
    home: &Home,
    options: cli::Refound,
    output: Output,
) -> Result<(), Failure> {
    if !options.yes {
        return Err(Failure::invalid(
            "this begins a new person on this device, leaves the journal you share and every \
             other device of yours behind, and cannot be taken back; say --yes to do it",
        ));
    }
    let journal = home.open().await?;
    let kept = journal.refound().await;
    journal.shutdown().await;
    let record = RefoundedRecord {
        refounded: true,
        kept: kept?,
    };
    output.result(&record, || {
        format!(
            "You begin anew. {} of your entries came along, private; what you had received can \
             still be read. Nothing was said to anybody.\n\
             There are new recovery words: sidelight recovery begin",
            record.kept
        )
    })
}

/// Shows words to be written down.
pub(super) fn show(words: &RecoveryWords, output: Output) -> Result<(), Failure> {
    let record = WordsRecord {
        words: &words.words,
    };
    output.result(&record, || {
        let mut text = String::from(
            "Write these 24 words on paper, in this order, and keep the paper where only you find \
             it. Whoever has them has your whole journal; without them nobody can bring it back.\n",
        );
        for (at, word) in words.words.iter().enumerate() {
            let between = if at % 4 == 0 { "\n" } else { "" };
            let _ = write!(text, "{between}  {:>2}. {word:<10}", at + 1);
        }
        text.push_str("\n\nThen type them once: sidelight recovery check");
        text
    })
}

/// Offers what a misspelt word may have been meant to be. It stands apart from the error, which
/// somebody may keep or send on.
fn offer(words: &str, output: Output) {
    if let Some((place, meant)) = RecoveryWords::meant(words) {
        output.aside(format_args!("Is word {place} perhaps: {meant}?"));
    }
}

/// The words that a person types, or a script pipes in.
pub(super) async fn typed(output: Output) -> Result<String, Failure> {
    if can_ask() {
        output.aside("Type your 24 words, then an empty line:");
        return lines().await;
    }
    text_or_stdin("-".to_owned()).await
}

/// Lines up to an empty one.
async fn lines() -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        loop {
            let before = text.len();
            let read = std::io::stdin().read_line(&mut text)?;
            if read == 0 || text[before..].trim().is_empty() {
                return Ok::<_, std::io::Error>(text);
            }
        }
    });
    tokio::select! {
        read = read => match read {
            Ok(Ok(text)) => Ok(text),
            _ => Err(unread()),
        },
        () = super::stop_signal() => Err(unread()),
    }
}

fn unread() -> Failure {
    Failure::cancelled("the words were not read; nothing has changed, try again when you like")
}
