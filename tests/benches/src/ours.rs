//! Sidelight: journals of two people of any age, built over a real relay, and what their use costs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sidelight::{Date, Draft, Event, FileKeyStore, Journal, NewPerson, PageRequest, Reader};
use sidelight_relay::{Config, Data, Running};

use crate::measure::{Failed, Times, peak_memory};
use crate::workload::{ENTRIES_A_DAY, Span, Texts};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How many days the two write before they meet; one day in ten they overlap offline anyway.
const DAYS_APART: usize = 30;

/// One in this many entries is edited once.
const EDITED: usize = 5;

pub struct Couple {
    pub ada: Journal,
    pub bo: Journal,
    pub relay: Running,
    pub place: PathBuf,
}

pub fn keys(place: &Path, name: &str) -> Arc<FileKeyStore> {
    Arc::new(FileKeyStore::new(place.join(format!("{name}.key"))))
}

pub async fn relay_at(place: &Path) -> Result<Running, Failed> {
    let mut config = Config::in_memory();
    config.data = Data::Dir(place.join("relay"));
    // Ten years in a minute are not what a relay protects itself from.
    config.policy.live_burst_bytes = u64::MAX / 4;
    Ok(sidelight_relay::run(config).await?)
}

async fn sync(journal: &Journal) -> Result<(), Failed> {
    let report = journal.sync_now(PATIENCE).await?;
    if report.up_to_date {
        return Ok(());
    }
    Err(format!("not in sync: {:?}", report.problems).into())
}

impl Couple {
    /// Two people, paired.
    pub async fn pair(place: &Path) -> Result<Self, Failed> {
        std::fs::create_dir_all(place)?;
        let relay = relay_at(place).await?;
        let begin = async |name: &str| {
            let person = NewPerson {
                name: name.to_owned(),
                relay: Some(relay.address().to_string()),
                ticket: None,
            };
            Journal::create(place.join(name), keys(place, name), person).await
        };
        let (ada, bo) = (begin("ada").await?, begin("bo").await?);
        let invited = ada.invite(Duration::from_secs(3600)).await?;
        bo.join(invited.link).await?;
        for journal in [&ada, &bo, &ada, &bo] {
            sync(journal).await?;
        }
        ada.confirm(true).await?;
        bo.confirm(true).await?;
        for journal in [&bo, &ada, &bo] {
            sync(journal).await?;
        }
        Ok(Self {
            ada,
            bo,
            relay,
            place: place.to_owned(),
        })
    }

    /// Writes a span: both every day, a fifth edited once.
    pub async fn write(&self, span: Span, texts: &mut Texts, seed: u64) -> Result<(), Failed> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for month in 0..span.days.div_ceil(DAYS_APART) {
            let days = (month * DAYS_APART..span.days).take(DAYS_APART);
            for journal in [&self.ada, &self.bo] {
                let mut drafts = Vec::new();
                for day in days.clone() {
                    for _ in 0..ENTRIES_A_DAY / 2 {
                        drafts.push(Draft {
                            shared: true,
                            date: Some(date(day)),
                            ..Draft::new(texts.next())
                        });
                    }
                }
                let ids = journal.write_many(drafts).await?;
                for id in ids {
                    if (rng.next_u32() as usize).is_multiple_of(EDITED) {
                        let entry = journal.entry(id.clone()).await?;
                        let text = format!("{} {}", entry.text, "And so to bed.");
                        journal.set_text(id, text).await?;
                    }
                }
                sync(journal).await?;
            }
            sync(&self.ada).await?;
        }
        sync(&self.bo).await
    }

    /// Links a further device of Ada's: how long until it shows a first page, and until it has
    /// everything, from the moment at which both sides have confirmed.
    pub async fn cold_device(&self) -> Result<(Duration, Duration), Failed> {
        let entries = self.ada.status().await?.entries;
        let hour = Duration::from_secs(3600);
        let shown = self.ada.link(hour).await?;
        let home = self.place.join("further");
        let keys = keys(&self.place, "further");
        let device = Journal::join_own(home, keys, shown.link, "further".to_owned()).await?;
        for _ in 0..3 {
            sync(&device).await?;
            sync(&self.ada).await?;
        }
        self.ada.confirm(true).await?;
        device.confirm(true).await?;
        sync(&self.ada).await?;
        let began = Instant::now();
        self.ada.go_live().await?;
        device.go_live().await?;
        let mut first = None;
        while device.status().await?.entries < entries {
            if first.is_none() && device.status().await?.entries >= 50 {
                first = Some(began.elapsed());
            }
            device
                .next_event()
                .await
                .ok_or("the journal is shut down")?;
        }
        let all = began.elapsed();
        self.ada.go_quiet().await?;
        device.shutdown().await;
        Ok((first.unwrap_or(all), all))
    }

    pub async fn end(self) {
        self.ada.shutdown().await;
        self.bo.shutdown().await;
        self.relay.stop().await;
    }

    /// From the edit on one device until it shows on the other, over the relay, both live.
    pub async fn edit_to_visible(&self, times: usize) -> Result<Times, Failed> {
        self.ada.go_live().await?;
        self.bo.go_live().await?;
        let id = self.ada.write(shared("What is typed live.")).await?;
        let mut seen = Times::default();
        let mut shown = self.wait_for(&id, "").await?;
        for number in 0..times {
            let text = format!("{shown}{}", number % 10);
            let began = Instant::now();
            self.ada.set_text(id.clone(), text.clone()).await?;
            shown = self.wait_for(&id, &text).await?;
            seen.push(began.elapsed());
        }
        self.ada.go_quiet().await?;
        self.bo.go_quiet().await?;
        Ok(seen)
    }

    /// Waits until Bo's entry shows `text`, or anything.
    async fn wait_for(&self, id: &str, text: &str) -> Result<String, Failed> {
        // On Bo's device it has the same id.
        loop {
            if let Ok(entry) = self.bo.entry(id.to_owned()).await
                && (text.is_empty() || entry.text == text)
            {
                return Ok(entry.text);
            }
            while !matches!(
                self.bo
                    .next_event()
                    .await
                    .ok_or("the journal is shut down")?,
                Event::EntryChanged { .. } | Event::Lagged
            ) {}
        }
    }
}

pub fn shared(text: &str) -> Draft {
    Draft {
        shared: true,
        ..Draft::new(text)
    }
}

/// The `day`th day of a journal that begins on 1 January 2000, in months of 28 days.
fn date(day: usize) -> Date {
    Date {
        year: 2000 + (day / 336) as i16,
        month: 1 + (day / 28 % 12) as u8,
        day: 1 + (day % 28) as u8,
        offset_minutes: 0,
    }
}

/// What a cold process tells of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cold {
    /// From its first line to the page, in microseconds.
    pub page_us: u64,
    pub peak_bytes: u64,
    pub entries: u64,
}

/// Opens for reading and shows the first page of 50.
pub async fn first_page(home: &Path, key: &Path) -> Result<Cold, Failed> {
    let began = Instant::now();
    let keys = Arc::new(FileKeyStore::new(key.to_owned()));
    let reader = Reader::open(home.to_owned(), keys).await?;
    let request = PageRequest {
        limit: 50,
        before: None,
    };
    let page = reader.page(request).await?;
    Ok(Cold {
        page_us: began.elapsed().as_micros() as u64,
        peak_bytes: peak_memory(),
        entries: page.entries.len() as u64,
    })
}

/// Opens, shows a page and edits one entry: what a short visit takes of memory.
pub async fn visit(home: &Path, key: &Path) -> Result<Cold, Failed> {
    let began = Instant::now();
    let keys = Arc::new(FileKeyStore::new(key.to_owned()));
    let journal = Journal::open(home.to_owned(), keys).await?;
    let request = PageRequest {
        limit: 50,
        before: None,
    };
    let page = journal.page(request).await?;
    let page_us = began.elapsed().as_micros() as u64;
    let mine = page.entries.iter().find(|entry| entry.mine);
    let mine = mine.ok_or("no entry of one's own")?;
    let text = format!("{} Seen again.", mine.text);
    journal.set_text(mine.id.clone(), text).await?;
    let entries = journal.status().await?.entries;
    journal.shutdown().await;
    Ok(Cold {
        page_us,
        peak_bytes: peak_memory(),
        entries,
    })
}

/// Writes entries one by one, each durable before the next.
pub async fn writes(journal: &Journal, texts: &mut Texts, count: usize) -> Result<Times, Failed> {
    let mut times = Times::default();
    for _ in 0..count {
        let draft = shared(&texts.next());
        let began = Instant::now();
        journal.write(draft).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}
