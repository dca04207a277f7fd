//! Everything readable as one JSON file, for people who leave or keep their own copies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::records::{Entry, ExportReport, FieldValue, Space};
use crate::{Error, ErrorKind, Journal, reading};

/// The version of the file's form. A program that reads it refuses a higher one.
const EXPORT_VERSION: u32 = 1;

/// The file's name in the folder that is given.
const FILE_NAME: &str = "sidelight.json";

/// How many entries are read and written in one go; other calls get in between.
const STEP: usize = 256;

impl Journal {
    /// Writes every entry that this device can read, private and shared, into `sidelight.json`
    /// in the folder `dir`, in place of an earlier one: unencrypted, so mind where. Nothing
    /// half-written is left, whatever happens.
    ///
    /// The file is one object: `format` (`"sidelight"`), `version` (1), and `entries`, the
    /// oldest first, each with `id`, `space` (`"private"` or `"shared"`), `kind`, `date`
    /// (`YYYY-MM-DD`), `offset_minutes`, `order` (its place in the day), `text`, `fields` (an
    /// object; what this version does not know as `{"unknown": base64}`), `author`, `mine`,
    /// `together` and `amendments`.
    ///
    /// # Errors
    /// Storage: the folder cannot be written, or is full; those of reading.
    pub async fn export_json(&self, dir: PathBuf) -> Result<ExportReport, Error> {
        let ids = self.call(|driver| driver.read(reading::ids)).await?;
        let mut writer = self.call(move |_| Writer::begin(&dir)).await?;
        for step in ids.chunks(STEP) {
            let step = step.to_vec();
            writer = self
                .call(move |driver| {
                    let entries = driver.read(|store| reading::entries(store, &step))?;
                    writer.write(&entries)?;
                    Ok(writer)
                })
                .await?;
        }
        self.call(move |_| writer.finish()).await
    }
}

/// A file in the making. Dropped unfinished, it is gone.
struct Writer {
    file: BufWriter<File>,
    new: Unfinished,
    path: PathBuf,
    entries: u64,
}

/// Removes what is not finished.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It may be gone: renamed, because it was finished.
        let _ = fs::remove_file(&self.0);
    }
}

impl Writer {
    fn begin(dir: &Path) -> Result<Self, Error> {
        let begin = || {
            fs::create_dir_all(dir)?;
            let path = dir.join(FILE_NAME);
            let new = Unfinished(dir.join(format!("{FILE_NAME}.{}", std::process::id())));
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = BufWriter::new(options.open(&new.0)?);
            write!(
                file,
                "{{\"format\":\"sidelight\",\"version\":{EXPORT_VERSION},\"entries\":["
            )?;
            Ok(Self {
                file,
                new,
                path,
                entries: 0,
            })
        };
        begin().map_err(failed)
    }

    fn write(&mut self, entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            let comma = if self.entries == 0 { "\n" } else { ",\n" };
            let written = self.file.write_all(comma.as_bytes()).and_then(|()| {
                serde_json::to_writer(&mut self.file, &value(entry)).map_err(Into::into)
            });
            written.map_err(failed)?;
            self.entries += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ExportReport, Error> {
        let mut finish = || {
            self.file.write_all(b"\n]}\n")?;
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            fs::rename(&self.new.0, &self.path)
        };
        finish().map_err(failed)?;
        Ok(ExportReport {
            file: self.path.clone(),
            entries: self.entries,
        })
    }
}

fn value(entry: &Entry) -> Value {
    let fields: Map<String, Value> = entry
        .fields
        .iter()
        .map(|field| {
            let value = match &field.value {
                FieldValue::Text(text) => json!(text),
                FieldValue::Number(number) => json!(number),
                FieldValue::Flag(flag) => json!(flag),
                FieldValue::List(list) => json!(list),
                FieldValue::Unknown(bytes) => json!({ "unknown": BASE64.encode(bytes) }),
            };
            (field.name.clone(), value)
        })
        .collect();
    json!({
        "id": entry.id,
        "space": match entry.space {
            Space::Private => "private",
            Space::Shared => "shared",
        },
        "kind": entry.kind,
        "date": entry.date.to_string(),
        "offset_minutes": entry.date.offset_minutes,
        "order": entry.order,
        "text": entry.text,
        "fields": fields,
        "author": entry.author_name,
        "mine": entry.mine,
        "together": entry.together,
        "amendments": entry.amendments,
    })
}

fn failed(error: io::Error) -> Error {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full, so nothing was exported; free some space and try again".to_owned()
        }
        kind => format!(
            "the folder cannot be written ({kind}), so nothing was exported; choose another one"
        ),
    };
    Error::new(ErrorKind::Storage, what)
}
