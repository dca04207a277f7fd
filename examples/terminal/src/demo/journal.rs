//! The acts about a whole journal: uploading it while the relay dies, fetching it, and writing to
//! each other in calm weather.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::control::{Edited, Exported, Gathered, Imported, Order, Visible, Waiting, now_us};
use super::diary::Diary;
use super::disk;
use super::figures::{Delays, Figures, seconds};
use super::stage::Stage;
use crate::failure::Failure;

/// How many entries a first page has.
const PAGE: u32 = 20;

/// How many edits are measured without weather.
const CALM_EDITS: usize = 120;

impl Stage {
    /// The first device imports the diary offline, then sends it; in the middle of that the relay
    /// is killed.
    pub(super) async fn upload(
        &mut self,
        diary: &Diary,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let file = self.place.join("diary.json.gz");
        diary.write(&file).map_err(|error| disk(&error))?;
        for device in &mut self.devices {
            device.ask::<()>(Order::Drained).await?;
            device.ask::<()>(Order::GoQuiet).await?;
        }
        let begun = now_us();
        let Imported { imported } = self.devices[0].ask(Order::Import { file }).await?;
        figures.seconds.import = seconds(now_us() - begun);
        figures.diary.entries = imported;
        figures.diary.characters = diary.characters();
        let entries = diary.texts.len() as u64;
        figures.claim(
            "every entry of the diary is imported",
            imported == entries,
            || format!("{imported} of {entries}"),
        );

        let before = self.proxy.traffic();
        let text: usize = diary.texts.iter().map(String::len).sum();
        let begun = now_us();
        // Sealed and padded it is more than this, so a third of this is on the way, not through.
        // The network ends there, however late the relay is killed.
        let third = before.bytes_up + text as u64 / 3;
        self.proxy.dark_after(third);
        self.devices[0].ask::<()>(Order::GoLive).await?;
        self.proxy.sent_up(third + 1).await;
        self.kill_relay_in_the_middle(figures).await?;
        self.devices[0].ask::<()>(Order::Drained).await?;
        figures.seconds.upload = seconds(now_us() - begun);
        figures.wire.diary_up_bytes = self.proxy.traffic().bytes_up - before.bytes_up;
        self.devices[0].ask::<()>(Order::GoQuiet).await
    }

    async fn kill_relay_in_the_middle(&mut self, figures: &mut Figures) -> Result<(), Failure> {
        let Some(relay) = self.relay.take() else {
            return Ok(());
        };
        relay.kill().await?;
        let Waiting { envelopes } = self.devices[0].ask(Order::Outbox).await?;
        figures.relay.unsent_when_killed = envelopes;
        figures.claim(
            "the relay was killed in the middle of the upload",
            envelopes > 0,
            || "everything was sent already".into(),
        );
        self.restart_relay().await
    }

    /// The second device comes online and receives everything.
    pub(super) async fn gather(
        &mut self,
        diary: &Diary,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let before = self.proxy.traffic();
        let entries = figures.diary.entries;
        let gather = Order::Gather {
            entries,
            page: PAGE,
        };
        let gathered: Gathered = self.devices[1].ask(gather).await?;
        figures.seconds.first_page = seconds(gathered.first_page_us - gathered.begun_us);
        figures.seconds.everything = seconds(gathered.everything_us - gathered.begun_us);
        figures.wire.diary_down_bytes = self.proxy.traffic().bytes_down - before.bytes_down;

        let dir = self.place.join("export");
        let exported: Exported = self.devices[1].ask(Order::Export { dir }).await?;
        let texts = exported_texts(&exported.file)?;
        let mut expected: Vec<&str> = diary.texts.iter().map(String::as_str).collect();
        let mut actual: Vec<&str> = texts.iter().map(String::as_str).collect();
        expected.sort_unstable();
        actual.sort_unstable();
        figures.claim(
            "after that, the second device exports every text of the diary as it was",
            exported.entries == entries && actual == expected,
            || format!("{} entries, {} expected", exported.entries, expected.len()),
        );
        figures.diary.export_gzip_bytes = packed(&exported.file).map_err(|error| disk(&error))?;
        Ok(())
    }

    /// They write to each other by turns, and each edit is awaited on the other device. Returns
    /// all that they wrote.
    pub(super) async fn correspond(&mut self, figures: &mut Figures) -> Result<String, Failure> {
        self.devices[0].ask::<()>(Order::GoLive).await?;
        let mut letters = "A calm evening, written by turns.".to_owned();
        let written: Edited = self.devices[0]
            .ask(Order::Write {
                text: letters.clone(),
            })
            .await?;
        let entry = written.entry;
        for device in &mut self.devices {
            let entry = entry.clone();
            device.ask::<()>(Order::Watch { entry }).await?;
        }
        self.see(1, &entry, &written.version).await?;
        let mut delays = Vec::with_capacity(CALM_EDITS);
        for number in 0..CALM_EDITS {
            let (writer, reader) = (number % 2, 1 - number % 2);
            let line = format!("\nLetter {} was written in calm weather.", number + 1);
            letters.push_str(&line);
            let append = Order::Append {
                entry: entry.clone(),
                line,
            };
            let edited: Edited = self.devices[writer].ask(append).await?;
            let visible = self.see(reader, &entry, &edited.version).await?;
            delays.push(visible.saturating_sub(edited.at_us));
        }
        figures.edit_to_visible.calm = Delays::of(delays);
        Ok(letters)
    }

    /// When a version became visible on a device.
    async fn see(&mut self, device: usize, entry: &str, version: &str) -> Result<u64, Failure> {
        let await_it = Order::Await {
            entry: entry.to_owned(),
            version: version.to_owned(),
        };
        let visible: Visible = self.devices[device].ask(await_it).await?;
        Ok(visible.at_us)
    }
}

/// An export, as far as it matters here.
#[derive(Deserialize)]
struct Export {
    entries: Vec<ExportedEntry>,
}

#[derive(Deserialize)]
struct ExportedEntry {
    text: String,
}

fn exported_texts(file: &Path) -> Result<Vec<String>, Failure> {
    let bytes = fs::read(file).map_err(|error| disk(&error))?;
    let export: Export = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::internal(format!("the export is not as documented: {error}")))?;
    Ok(export.entries.into_iter().map(|entry| entry.text).collect())
}

/// How long the file is, packed by gzip.
fn packed(file: &Path) -> io::Result<u64> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&fs::read(file)?)?;
    Ok(packer.finish()?.len() as u64)
}
