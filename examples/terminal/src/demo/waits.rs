//! What a device of the demo waits for. Nothing is asked again and again: every look has an
//! event as its reason.

use std::collections::HashSet;

use sidelight::{Event, PageRequest, PairingStage, SyncState};

use super::control::{Comparison, Gathered, Line, Visible, now_us};
use super::device::{Device, Problem, done, say};

/// An order whose reply waits for something.
pub(super) struct Wait {
    number: u64,
    on: On,
}

/// For what.
pub(super) enum On {
    /// Emoji to compare.
    Comparison,
    Paired,
    /// All is sent and received.
    Drained,
    /// Everything that the other device has imported.
    Entries(Gathering),
    /// A version of a watched entry.
    Version {
        entry: String,
        version: String,
    },
}

/// A device that fetches everything.
pub(super) struct Gathering {
    entries: u64,
    page: u32,
    begun_us: u64,
    first_page_us: Option<u64>,
    arrived: HashSet<String>,
}

impl Gathering {
    pub(super) fn new(entries: u64, page: u32, begun_us: u64) -> Self {
        Self {
            entries,
            page,
            begun_us,
            first_page_us: None,
            arrived: HashSet::new(),
        }
    }
}

impl Device {
    pub(super) async fn wait(&mut self, number: u64, on: On) -> Result<(), Problem> {
        self.waits.push(Wait { number, on });
        self.settle(None).await
    }

    /// Replies to what was waited for and is there, after an event or for the first time.
    pub(super) async fn settle(&mut self, event: Option<&Event>) -> Result<(), Problem> {
        for mut wait in std::mem::take(&mut self.waits) {
            let settled = match &mut wait.on {
                On::Comparison => {
                    self.pairing(wait.number, event, PairingStage::Compare)
                        .await
                }
                On::Paired => self.pairing(wait.number, event, PairingStage::Done).await,
                On::Drained => self.drained(wait.number).await,
                On::Entries(gathering) => self.entries(wait.number, gathering, event).await,
                On::Version { entry, version } => self.version(wait.number, entry, version),
            };
            match settled {
                Ok(true) => {}
                Ok(false) => self.waits.push(wait),
                Err(Problem::Said(sentence)) => say(&Line::Failed {
                    number: wait.number,
                    sentence,
                })?,
                Err(output) => return Err(output),
            }
        }
        Ok(())
    }

    async fn pairing(
        &mut self,
        number: u64,
        event: Option<&Event>,
        stage: PairingStage,
    ) -> Result<bool, Problem> {
        if !matches!(event, None | Some(Event::PairingChanged | Event::Lagged)) {
            return Ok(false);
        }
        let Some(pairing) = self.journal.pairing().await? else {
            return Ok(false);
        };
        if let PairingStage::Ended(why) = pairing.stage {
            return Err(Problem::Said(why.to_string()));
        }
        if pairing.stage != stage {
            return Ok(false);
        }
        let emoji = pairing.comparison.into_iter().map(|emoji| emoji.name);
        let reply = Comparison {
            emoji: emoji.collect(),
            partner: pairing.partner_name,
        };
        done(number, &reply)?;
        Ok(true)
    }

    async fn drained(&mut self, number: u64) -> Result<bool, Problem> {
        if self.sync != SyncState::UpToDate || self.journal.status().await?.outbox_len > 0 {
            return Ok(false);
        }
        done(number, &())?;
        Ok(true)
    }

    async fn entries(
        &mut self,
        number: u64,
        gathering: &mut Gathering,
        event: Option<&Event>,
    ) -> Result<bool, Problem> {
        let counts = match event {
            Some(Event::EntryChanged { id }) => {
                gathering.arrived.insert(id.clone());
                gathering.arrived.len() as u64 >= gathering.entries
            }
            // Some changes may not have been told one by one.
            Some(Event::Lagged | Event::SyncChanged { .. }) => true,
            _ => return Ok(false),
        };
        if gathering.first_page_us.is_none() {
            let request = PageRequest {
                limit: gathering.page,
                before: None,
            };
            let shown = self.journal.page(request).await?.entries.len() as u64;
            if shown >= u64::from(gathering.page).min(gathering.entries) {
                gathering.first_page_us = Some(now_us());
            }
        }
        let at_us = now_us();
        if !counts || self.journal.status().await?.entries < gathering.entries {
            return Ok(false);
        }
        let reply = Gathered {
            begun_us: gathering.begun_us,
            first_page_us: gathering.first_page_us.unwrap_or(at_us),
            everything_us: at_us,
        };
        done(number, &reply)?;
        Ok(true)
    }

    fn version(&mut self, number: u64, entry: &str, version: &str) -> Result<bool, Problem> {
        let seen = self.watched.get(entry).and_then(|seen| seen.get(version));
        let Some(at_us) = seen else {
            return Ok(false);
        };
        done(number, &Visible { at_us: *at_us })?;
        Ok(true)
    }
}
