//! Journals of two people of any age, built over a real relay, and kept for the next run.
//!
//! Building ten years takes minutes, so what is built stays in the target folder, under the
//! seed and a hash of the format's description. A measurement works on a copy.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sidelight::{Date, Draft, FileKeyStore, Journal, NewPerson};
use sidelight_format::digest;
use sidelight_relay::{Config, Data, Running};

use crate::measure::{Failed, copy, freed};
use crate::workload::{FIFTY, MONTH, Note, Script, Span, TEN, WEEK, YEAR};

/// Longer than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(3600);

/// The port of every relay here. Each journal has a relay with an address of its own on this
/// machine (all of 127.0.0.0/8 is, on Linux), since journals keep their relay's address. No system
/// gives this port to a socket that asks for any.
const PORT: u16 = 24_433;

/// How many entries of the diary are written before the two meet.
const DIARY_STRETCH: usize = 100;

/// A journal that is built once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Aged(Span),
    /// The diary as it stands, its days by turns of the one and the other.
    Diary,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Aged(span) => span.name,
            Self::Diary => "the diary",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Aged(WEEK) => 1,
            Self::Aged(MONTH) => 2,
            Self::Aged(YEAR) => 3,
            Self::Aged(TEN) => 4,
            Self::Aged(FIFTY) => 5,
            Self::Aged(_) => 6,
            Self::Diary => 7,
        }
    }
}

/// Where devices find the relay of a journal.
pub fn front(kind: Kind) -> String {
    format!("127.83.0.{}:{PORT}", kind.number())
}

/// Where the relay listens if something stands before it.
pub fn behind(kind: Kind) -> String {
    format!("127.83.1.{}:{PORT}", kind.number())
}

/// Two people, and the folder where all of it lies.
pub struct Couple {
    pub ada: Journal,
    pub bo: Journal,
    pub relay: Running,
    pub place: PathBuf,
}

pub fn keys(place: &Path, name: &str) -> Arc<FileKeyStore> {
    Arc::new(FileKeyStore::new(place.join(format!("{name}.key"))))
}

/// The relay of a journal, at its own address or behind a proxy that stands there.
pub async fn relay(place: &Path, kind: Kind, proxied: bool) -> Result<Running, Failed> {
    let mut config = Config::in_memory();
    config.data = Data::Dir(place.join("relay"));
    // Ten years in a minute are not what a relay protects itself from.
    config.policy.live_burst_bytes = u64::MAX / 4;
    config.policy.bytes_max = u64::MAX / 4;
    config.advertise = Some(front(kind));
    let at = if proxied { behind(kind) } else { front(kind) };
    freed(&at).await?;
    config.listen = at.parse()?;
    Ok(sidelight_relay::run(config).await?)
}

pub async fn sync(journal: &Journal) -> Result<(), Failed> {
    let report = journal.sync_now(PATIENCE).await?;
    if report.up_to_date {
        return Ok(());
    }
    Err(format!("not in sync: {:?}", report.problems).into())
}

impl Couple {
    /// Two people, paired.
    pub async fn pair(place: &Path, kind: Kind) -> Result<Self, Failed> {
        std::fs::create_dir_all(place)?;
        let relay = relay(place, kind, false).await?;
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

    /// The two whose journal lies in a folder.
    pub async fn open(place: &Path, kind: Kind, proxied: bool) -> Result<Self, Failed> {
        let relay = relay(place, kind, proxied).await?;
        let open = async |name: &str| Journal::open(place.join(name), keys(place, name)).await;
        Ok(Self {
            ada: open("ada").await?,
            bo: open("bo").await?,
            relay,
            place: place.to_owned(),
        })
    }

    /// Writes what a script says.
    async fn write(&self, script: &mut Script, from_day: usize) -> Result<(), Failed> {
        for stretch in script {
            write_lane(&self.ada, stretch.ada, from_day).await?;
            if stretch.apart {
                write_lane(&self.bo, stretch.bo, from_day).await?;
                sync(&self.ada).await?;
                sync(&self.bo).await?;
            } else {
                sync(&self.ada).await?;
                sync(&self.bo).await?;
                write_lane(&self.bo, stretch.bo, from_day).await?;
                sync(&self.bo).await?;
            }
            sync(&self.ada).await?;
        }
        Ok(())
    }

    async fn write_diary(&self, diary: &[String]) -> Result<(), Failed> {
        let note = |(day, text): (usize, &String)| Note {
            day,
            text: text.clone(),
            more: None,
        };
        let notes: Vec<Note> = diary.iter().enumerate().map(note).collect();
        let mut notes = notes.into_iter().peekable();
        while notes.peek().is_some() {
            for journal in [&self.ada, &self.bo] {
                let lane = notes.by_ref().take(DIARY_STRETCH).collect();
                write_lane(journal, lane, 0).await?;
                sync(journal).await?;
            }
            sync(&self.ada).await?;
        }
        Ok(())
    }

    pub async fn end(self) {
        self.ada.shutdown().await;
        self.bo.shutdown().await;
        self.relay.stop().await;
    }
}

/// Writes entries at once, then what is written behind some of them.
async fn write_lane(journal: &Journal, notes: Vec<Note>, from_day: usize) -> Result<(), Failed> {
    let draft = |note: &Note| Draft {
        date: Some(date(from_day + note.day)),
        ..shared(&note.text)
    };
    let ids = journal
        .write_many(notes.iter().map(draft).collect())
        .await?;
    for (id, note) in ids.into_iter().zip(notes) {
        if let Some(more) = note.more {
            journal.set_text(id, note.text + &more).await?;
        }
    }
    Ok(())
}

pub fn shared(text: &str) -> Draft {
    Draft {
        shared: true,
        ..Draft::new(text)
    }
}

/// The `day`th day of a journal that begins on 1 January 1950, in months of 28 days.
fn date(day: usize) -> Date {
    Date {
        year: 1950 + (day / 336) as i16,
        month: 1 + (day / 28 % 12) as u8,
        day: 1 + (day % 28) as u8,
        offset_minutes: 0,
    }
}

/// What is built once, and where.
pub struct Cache<'a> {
    pub folder: PathBuf,
    pub diary: &'a [String],
    pub seed: u64,
}

impl Cache<'_> {
    /// Under what something is kept that was made by this program from this seed.
    pub fn place(&self, what: &str) -> PathBuf {
        let format = include_bytes!("../../../crates/format/FORMAT.md");
        let makers = [
            &include_bytes!("couple.rs")[..],
            include_bytes!("workload.rs"),
            include_bytes!("automerge.rs"),
        ];
        let hash = digest("benches", &[format, &makers.concat()]);
        let hash: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}-{}-{hash}", what.replace(' ', "-"), self.seed);
        self.folder.join(name)
    }

    /// A journal of some age, to be measured in `work`: a copy of the one that is kept.
    pub async fn copy(&self, kind: Kind, work: &Path) -> Result<PathBuf, Failed> {
        let kept = self.journal(kind).await?;
        let place = work.join(kind.name().replace(' ', "-"));
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        copy(&kept, &place)?;
        Ok(place)
    }

    /// The journal that is kept; it is built if there is none.
    async fn journal(&self, kind: Kind) -> Result<PathBuf, Failed> {
        let kept = self.place(kind.name());
        if kept.exists() {
            return Ok(kept);
        }
        let began = std::time::Instant::now();
        let building = self.folder.join("building");
        if building.exists() {
            std::fs::remove_dir_all(&building)?;
        }
        let couple = Couple::pair(&building, kind).await?;
        match kind {
            Kind::Aged(FIFTY) => {
                // Texts of different tens of years may repeat each other: it is only opened.
                for ten in 0..FIFTY.days / TEN.days {
                    let mut script = Script::new(self.diary, TEN, self.seed + ten as u64);
                    couple.write_alone(&mut script, ten * TEN.days).await?;
                }
            }
            Kind::Aged(span) => {
                couple
                    .write(&mut Script::new(self.diary, span, self.seed), 0)
                    .await?;
            }
            Kind::Diary => couple.write_diary(self.diary).await?,
        }
        for journal in [&couple.ada, &couple.bo] {
            journal.prepare_search(PATIENCE).await?;
        }
        couple.end().await;
        std::fs::rename(&building, &kept)?;
        println!(
            "{}: built in {:.0} s",
            kind.name(),
            began.elapsed().as_secs_f64()
        );
        Ok(kept)
    }
}

impl Couple {
    /// Writes what a script says on one device only, faster: for a journal that is only opened.
    async fn write_alone(&self, script: &mut Script, from_day: usize) -> Result<(), Failed> {
        let mut notes = Vec::new();
        for stretch in script {
            notes.extend(stretch.ada.into_iter().chain(stretch.bo));
            if notes.len() >= 1000 {
                let unedited = notes.drain(..).map(|note| Note { more: None, ..note });
                write_lane(&self.ada, unedited.collect(), from_day).await?;
                sync(&self.ada).await?;
            }
        }
        let unedited = notes.into_iter().map(|note| Note { more: None, ..note });
        write_lane(&self.ada, unedited.collect(), from_day).await?;
        sync(&self.ada).await
    }
}
