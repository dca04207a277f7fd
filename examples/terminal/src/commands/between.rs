//! What two people say to each other: answers, agreements, conversations.

use std::fmt::Write;

use serde::Serialize;
use sidelight::kinds::{self, Day, Proposal, Typed};
use sidelight::{
    AgreementShown, AgreementState, Date, Draft, Entry, Field, FieldEdit, FieldValue, Journal,
    Space,
};

use super::needs::{changed, keep, said};
use super::write::short;
use crate::cli::between::{self as cli, AgreementCommand, ConversationCommand};
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;
use crate::records::EntryRecord;
use crate::screen::Line;

fn target(id: &str) -> Field {
    field("target", FieldValue::Text(id.to_owned()))
}

fn field(name: &str, value: FieldValue) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

/// `sidelight answer`.
pub(crate) async fn answer(
    home: &Home,
    options: cli::Answer,
    output: Output,
) -> Result<(), Failure> {
    let journal = home.open().await?;
    let offer = journal.entry(options.id).await?;
    let mut says = vec![field("answer", FieldValue::Text(options.answer))];
    if options.helped || options.did_not_help {
        says.push(field("helped", FieldValue::Flag(options.helped)));
    }
    if options.too_much {
        says.push(field("too_much", FieldValue::Flag(true)));
    }
    let kind = kinds::SupportResponse::KIND;
    let thread = journal.thread(offer.id.clone()).await?;
    let mut own = thread.replies.into_iter();
    let own = own.find(|reply| reply.mine && reply.kind == kind);
    // Whoever answered before says something else now, rather than twice.
    let (id, space) = match own {
        Some(own) => {
            let edits = says.into_iter().map(FieldEdit::Set).collect();
            journal
                .edit_fields(own.id.clone(), Some(own.version), edits)
                .await?;
            if let Some(words) = options.words {
                journal.set_text(own.id.clone(), words).await?;
            }
            (own.id, own.space)
        }
        None => {
            says.push(target(&offer.id));
            let draft = Draft {
                kind: kind.to_owned(),
                shared: !options.private,
                fields: says,
                ..Draft::new(options.words.unwrap_or_default())
            };
            let shared = draft.shared;
            let id = journal.write(draft).await?;
            (
                id,
                if shared {
                    Space::Shared
                } else {
                    Space::Private
                },
            )
        }
    };
    journal.shutdown().await;
    changed(&id, space, output)
}

#[derive(Serialize)]
struct Agreements<'a> {
    agreements: Vec<AgreementRecord<'a>>,
}

#[derive(Serialize)]
struct AgreementRecord<'a> {
    proposal: EntryRecord<'a>,
    state: &'static str,
    mine: Option<bool>,
    theirs: Option<bool>,
}

impl<'a> AgreementRecord<'a> {
    fn of(shown: &'a AgreementShown) -> Self {
        let (state, mine, theirs) = match shown.state {
            AgreementState::InForce => ("in_force", Some(true), Some(true)),
            AgreementState::Open { mine, theirs } => ("open", Some(mine), Some(theirs)),
            AgreementState::Withdrawn => ("withdrawn", None, None),
        };
        Self {
            proposal: EntryRecord::from(&shown.proposal),
            state,
            mine,
            theirs,
        }
    }
}

/// `sidelight agreement`.
pub(crate) async fn agreement(
    home: &Home,
    options: cli::Agreement,
    output: Output,
) -> Result<(), Failure> {
    match options.command.unwrap_or(AgreementCommand::List) {
        AgreementCommand::List => agreements(home, output).await,
        AgreementCommand::Propose(options) => {
            let review = match &options.review {
                Some(day) => {
                    // Checked as a day of the calendar first.
                    let day = Date::parse(day, 0)?.to_string();
                    Day::parse(&day)
                }
                None => None,
            };
            let proposal = Proposal::new(said(&options.text)?, review);
            let draft = Draft::of(&kinds::Agreement::Proposal(proposal));
            keep(home, draft, !options.private, output).await
        }
        AgreementCommand::Assent(options) => {
            let journal = home.open().await?;
            let read = journal.entry(options.id).await?;
            let version = options.version.unwrap_or(read.version);
            journal.assent(read.id.clone(), version).await?;
            journal.shutdown().await;
            output.aside(format_args!("You assent to: {}", Line(&read.text)));
            changed(&read.id, read.space, output)
        }
        AgreementCommand::Withdraw(options) => {
            let journal = home.open().await?;
            let read = journal.entry(options.id).await?;
            journal.withdraw_from(read.id.clone()).await?;
            journal.shutdown().await;
            changed(&read.id, read.space, output)
        }
    }
}

async fn agreements(home: &Home, output: Output) -> Result<(), Failure> {
    let shown = home.read().await?.agreements().await?;
    let document = Agreements {
        agreements: shown.iter().map(AgreementRecord::of).collect(),
    };
    output.result(&document, || {
        let mut words = String::new();
        for one in &shown {
            let state = match one.state {
                AgreementState::InForce => "both of you assent",
                AgreementState::Open { mine: true, .. } => "you assent; they have not said so",
                AgreementState::Open { theirs: true, .. } => "they assent; you may, if you like",
                AgreementState::Open { .. } => "it was changed; nobody has assented to these words",
                AgreementState::Withdrawn => "withdrawn",
            };
            let text = Line(&one.proposal.text);
            let _ = writeln!(words, "{}  {text} – {state}", short(&one.proposal.id));
        }
        if words.is_empty() {
            words.push_str("Nothing is agreed, or proposed.");
        }
        words.trim_end().to_owned()
    })
}

#[derive(Serialize)]
struct ConversationRecord<'a> {
    begun: EntryRecord<'a>,
    turns: Vec<EntryRecord<'a>>,
    paused: bool,
}

/// `sidelight conversation`.
pub(crate) async fn conversation(
    home: &Home,
    options: cli::Conversation,
    output: Output,
) -> Result<(), Failure> {
    match options.command {
        ConversationCommand::Begin(options) => {
            let begun = kinds::Conversation::begin(said(&options.topic)?);
            let begun = brings(begun, &options.brings)?;
            keep(home, Draft::of(&begun), options.share, output).await
        }
        ConversationCommand::Say(options) => {
            let journal = home.open().await?;
            let read = journal.conversation(options.id).await?;
            let turn = brings(
                kinds::Conversation::begin(said(&options.text)?),
                &options.brings,
            )?;
            let id = turn_in(&journal, &read.begun, Draft::of(&turn)).await?;
            journal.shutdown().await;
            changed(&id, read.begun.space, output)
        }
        ConversationCommand::Pause(options) => {
            let journal = home.open().await?;
            let read = journal.conversation(options.id).await?;
            let mut parts = std::iter::once(&read.begun).chain(&read.turns);
            // One's own part asks for it; who has none yet asks in one without words.
            let id = match parts.find(|part| part.mine) {
                Some(own) => {
                    pause(&journal, own, true).await?;
                    own.id.clone()
                }
                None => {
                    let ask = Draft {
                        kind: kinds::Conversation::KIND.to_owned(),
                        fields: vec![field("paused", FieldValue::Flag(true))],
                        ..Draft::new("")
                    };
                    turn_in(&journal, &read.begun, ask).await?
                }
            };
            journal.shutdown().await;
            changed(&id, read.begun.space, output)
        }
        ConversationCommand::Resume(options) => {
            let journal = home.open().await?;
            let read = journal.conversation(options.id).await?;
            let parts = std::iter::once(&read.begun).chain(&read.turns);
            for own in parts.filter(|part| part.mine && is_paused(part)) {
                pause(&journal, own, false).await?;
            }
            journal.shutdown().await;
            changed(&read.begun.id, read.begun.space, output)
        }
        ConversationCommand::Show(options) => {
            let read = home.read().await?.conversation(options.id).await?;
            let document = ConversationRecord {
                begun: EntryRecord::from(&read.begun),
                turns: read.turns.iter().map(EntryRecord::from).collect(),
                paused: read.paused,
            };
            output.result(&document, || {
                let mut words = String::new();
                for part in std::iter::once(&read.begun).chain(&read.turns) {
                    let who = if part.mine { "you" } else { "they" };
                    let _ = writeln!(words, "{}  {who}: {}", short(&part.id), Line(&part.text));
                    for (name, says) in [("needs", "need"), ("expectations", "expect")] {
                        for member in members(part, name) {
                            let _ = writeln!(words, "          {says}: {}", Line(member));
                        }
                    }
                }
                if read.paused {
                    words.push_str("There is a pause.\n");
                }
                words.trim_end().to_owned()
            })
        }
    }
}

fn brings(
    mut part: kinds::Conversation,
    brings: &cli::Brings,
) -> Result<kinds::Conversation, Failure> {
    for need in &brings.need {
        part = part.need(said(need)?);
    }
    for expectation in &brings.expect {
        part = part.expect(said(expectation)?);
    }
    Ok(part)
}

/// Writes a turn where the conversation is.
async fn turn_in(journal: &Journal, begun: &Entry, turn: Draft) -> Result<String, Failure> {
    let mut fields = turn.fields;
    fields.push(target(&begun.id));
    let turn = Draft {
        shared: begun.space == Space::Shared,
        fields,
        ..turn
    };
    Ok(journal.write(turn).await?)
}

async fn pause(journal: &Journal, own: &Entry, paused: bool) -> Result<(), Failure> {
    let edits = vec![FieldEdit::Set(field("paused", FieldValue::Flag(paused)))];
    journal
        .edit_fields(own.id.clone(), Some(own.version.clone()), edits)
        .await?;
    Ok(())
}

fn is_paused(part: &Entry) -> bool {
    let paused = part.fields.iter().find(|field| field.name == "paused");
    paused.is_some_and(|field| field.value != FieldValue::Flag(false))
}

fn members<'a>(part: &'a Entry, name: &str) -> &'a [String] {
    match part.fields.iter().find(|field| field.name == name) {
        Some(Field {
            value: FieldValue::List(members),
            ..
        }) => members,
        _ => &[],
    }
}
