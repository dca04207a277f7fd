//! One of the demo's devices: a process of its own, which obeys its orders through the public
//! API of the library and nothing else.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use sidelight::{
    Draft, Error, ErrorKind, Event, ExportOptions, ImportOptions, Journal, NewPerson, SyncState,
    TextEdit,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

use super::control::{
    Edited, Exported, Imported, Line, Link, Order, Request, Said, Typed, Waiting, now_us,
};
use super::typist::Typist;
use super::waits::{Gathering, On, Wait};
use crate::failure::Failure;
use crate::home::Home;
use crate::keys::Kept;

/// How long an invitation of the demo holds.
const INVITATION: Duration = Duration::from_secs(3600);

/// `sidelight demo-device`: until it is told to end, or whoever started it is gone.
pub(crate) async fn run(home: &Home) -> Result<(), Failure> {
    let (to, mut requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(request) = serde_json::from_str::<Request>(&line) else {
                break;
            };
            if to.send(request).is_err() {
                break;
            }
        }
    });
    let Some(Request {
        number,
        order: Order::Begin { name, relay },
    }) = requests.recv().await
    else {
        return Ok(());
    };
    let person = NewPerson {
        name,
        relay,
        ticket: None,
    };
    let journal = home
        .create(home.keys().begin(Some(Kept::File), true).await?, person)
        .await?;
    done(number, &())?;
    let mut device = Device {
        journal,
        sync: SyncState::Off,
        waits: Vec::new(),
        watched: HashMap::new(),
        typist: None,
    };
    device.obey(&mut requests).await
}

pub(super) struct Device {
    pub(super) journal: Journal,
    pub(super) sync: SyncState,
    pub(super) waits: Vec<Wait>,
    /// By watched entry: when each of its versions was first visible.
    pub(super) watched: HashMap<String, HashMap<String, u64>>,
    typist: Option<(u64, Typist)>,
}

impl Device {
    async fn obey(
        &mut self,
        requests: &mut mpsc::UnboundedReceiver<Request>,
    ) -> Result<(), Failure> {
        loop {
            let typist = self.typist.as_ref();
            let can_type = typist.is_some_and(|(_, typist)| typist.keys().is_some());
            let result = tokio::select! {
                biased;
                event = self.journal.next_event() => match event {
                    Some(event) => self.hear(event).await,
                    None => return Ok(()),
                },
                request = requests.recv() => match request {
                    None => return Ok(()),
                    Some(Request { number, order: Order::End }) => {
                        self.journal.shutdown().await;
                        return done(number, &());
                    }
                    Some(Request { number, order }) => {
                        match self.carry_out(number, order).await {
                            Err(Problem::Said(sentence)) => {
                                Ok(say(&Line::Failed { number, sentence })?)
                            }
                            result => result,
                        }
                    }
                },
                () = std::future::ready(()), if can_type => self.type_on().await,
            };
            match result {
                Ok(()) => {}
                Err(Problem::Output(failure)) => return Err(failure),
                // No order is to blame; the demo sees that this device has ended.
                Err(Problem::Said(sentence)) => return Err(Failure::internal(sentence)),
            }
        }
    }

    async fn carry_out(&mut self, number: u64, order: Order) -> Result<(), Problem> {
        let journal = &self.journal;
        let at_us = now_us();
        match order {
            Order::Begin { .. } | Order::End => return Err(Problem::Said("not now".into())),
            Order::Invite => {
                let link = journal.invite(INVITATION).await?.link;
                done(number, &Link { link })?;
            }
            Order::Join { link } => done(number, &journal.join(link).await?)?,
            Order::Confirm { same } => done(number, &journal.confirm(same).await?)?,
            Order::GoLive => done(number, &journal.go_live().await?)?,
            Order::GoQuiet => done(number, &journal.go_quiet().await?)?,
            Order::Import { file } => {
                let options = ImportOptions {
                    shared: true,
                    ..ImportOptions::default()
                };
                let report = journal.import(file, options).await?;
                let imported = report.imported;
                done(number, &Imported { imported })?;
            }
            Order::Outbox => {
                let envelopes = journal.status().await?.outbox_len;
                done(number, &Waiting { envelopes })?;
            }
            Order::Write { text } => {
                let draft = Draft {
                    together: true,
                    shared: true,
                    ..Draft::new(text)
                };
                let entry = journal.write(draft).await?;
                let version = journal.entry(entry.clone()).await?.version;
                let edited = Edited {
                    entry,
                    version,
                    at_us,
                };
                done(number, &edited)?;
            }
            Order::Append { entry, line } => {
                let shown = journal.entry(entry.clone()).await?;
                let edit = TextEdit {
                    at: u32::try_from(shown.text.chars().count()).unwrap_or(u32::MAX),
                    delete: 0,
                    insert: line,
                };
                let at_us = now_us();
                let edit = journal.edit(entry.clone(), Some(shown.version), vec![edit]);
                let version = edit.await?;
                let edited = Edited {
                    entry,
                    version,
                    at_us,
                };
                done(number, &edited)?;
            }
            Order::Read { entry } => {
                let text = journal.entry(entry).await?.text;
                done(number, &Said { text })?;
            }
            Order::Export { dir } => {
                let report = journal.export(dir, ExportOptions::default()).await?;
                let exported = Exported {
                    file: report.path,
                    entries: report.entries,
                };
                done(number, &exported)?;
            }
            Order::Watch { entry } => {
                self.watched.insert(entry.clone(), HashMap::new());
                self.look(&entry).await?;
                done(number, &())?;
            }
            Order::Type {
                entry,
                person,
                opening,
                bursts,
            } => {
                let typist = Typist::new(entry.clone(), person, opening, bursts);
                self.typist = Some((number, typist));
                self.look(&entry).await?;
            }
            Order::Typed(typed) => {
                if let Some((_, typist)) = &mut self.typist
                    && let Some((burst, at_us)) = typist.hear(&typed)
                {
                    say(&Line::Seen { burst, at_us })?;
                }
                self.end_typing()?;
            }
            Order::Compare => self.wait(number, On::Comparison).await?,
            Order::Paired => self.wait(number, On::Paired).await?,
            Order::Drained => self.wait(number, On::Drained).await?,
            Order::Await { entry, version } => {
                self.wait(number, On::Version { entry, version }).await?;
            }
            Order::Gather { entries, page } => {
                journal.go_live().await?;
                let gathering = Gathering::new(entries, page, at_us);
                self.wait(number, On::Entries(gathering)).await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, event: Event) -> Result<(), Problem> {
        match &event {
            Event::EntryChanged { id } => self.look(id).await?,
            // Something was not told: look at everything that is watched.
            Event::Lagged => {
                let mut entries: Vec<String> = self.watched.keys().cloned().collect();
                entries.extend(self.typist.iter().map(|(_, typist)| typist.entry.clone()));
                for entry in entries {
                    self.look(&entry).await?;
                }
            }
            Event::SyncChanged { state, .. } => self.sync = *state,
            _ => {}
        }
        self.settle(Some(&event)).await
    }

    /// Notes which changes of an entry are visible now.
    async fn look(&mut self, entry: &str) -> Result<(), Problem> {
        let typing = self.typist.as_ref().is_some_and(|(_, t)| t.entry == entry);
        if !typing && !self.watched.contains_key(entry) {
            return Ok(());
        }
        let shown = match self.journal.entry(entry.to_owned()).await {
            // It has not come yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            shown => shown?,
        };
        let at_us = now_us();
        if let Some(versions) = self.watched.get_mut(entry) {
            versions.entry(shown.version.clone()).or_insert(at_us);
        }
        if let Some((_, typist)) = &mut self.typist
            && typing
            && let Some((burst, at_us)) = typist.look(&shown.version, at_us)
        {
            say(&Line::Seen { burst, at_us })?;
        }
        self.end_typing()
    }

    /// Types one burst, in the text that its typist saw.
    async fn type_on(&mut self) -> Result<(), Problem> {
        let Some((_, typist)) = &mut self.typist else {
            return Ok(());
        };
        let Some(keys) = typist.keys() else {
            return Ok(());
        };
        let at_us = now_us();
        let entry = typist.entry.clone();
        let edit = self.journal.edit(entry, Some(keys.version), keys.edits);
        let version = edit.await?;
        typist.typed(keys.burst, version.clone());
        say(&Line::Typed(Typed {
            burst: keys.burst,
            version,
            at_us,
        }))?;
        self.end_typing()
    }

    fn end_typing(&mut self) -> Result<(), Problem> {
        if self.typist.as_ref().is_some_and(|(_, t)| t.is_done())
            && let Some((number, _)) = self.typist.take()
        {
            done(number, &())?;
        }
        Ok(())
    }
}

/// Why an order is not carried out.
#[derive(Debug)]
pub(super) enum Problem {
    Said(String),
    /// The demo is gone.
    Output(Failure),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Said(error.to_string())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Output(failure)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(sentence) => f.write_str(sentence),
            Self::Output(_) => f.write_str("the demo does not listen any more"),
        }
    }
}

/// Replies to an order.
pub(super) fn done(number: u64, reply: &impl Serialize) -> Result<(), Failure> {
    let reply = json!(reply);
    say(&Line::Done { number, reply })
}

pub(super) fn say(line: &Line) -> Result<(), Failure> {
    let mut text =
        serde_json::to_vec(line).map_err(|error| Failure::internal(error.to_string()))?;
    text.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&text)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))
}
