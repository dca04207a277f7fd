//! What is imported: a file, or a folder of Markdown files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use sidelight_exchange::{Format, Found, Options, Place, ReadError, SkipReason, markdown};

use crate::records::ImportFormat;
use crate::{Error, ErrorKind};

/// How many files a folder may have, and how deep they may lie.
const FILES_MAX: usize = 1_000_000;
const DEPTH_MAX: usize = 32;

/// What is imported, read as often as it takes.
#[derive(Clone)]
pub(super) enum From {
    File(PathBuf, Option<Format>),
    /// The folder, and the places of the files in it, sorted.
    Folder(PathBuf, Vec<String>),
}

impl From {
    pub(super) fn at(path: PathBuf, format: Option<ImportFormat>) -> Result<Self, Error> {
        let metadata = fs::metadata(&path).map_err(|error| unreadable(error.kind()))?;
        let format = format.map(format_of);
        let is_folder = metadata.is_dir();
        match format {
            None | Some(Format::Markdown) if is_folder => {
                let mut files = Vec::new();
                walk(&path, "", 0, &mut files)?;
                if files.is_empty() {
                    return Err(Error::invalid(
                        "there is no Markdown file in this folder; give the folder with the \
                         files, or the file that was exported",
                    ));
                }
                files.sort();
                Ok(Self::Folder(path, files))
            }
            Some(_) if is_folder => Err(Error::invalid(
                "this is a folder; give the file that was exported",
            )),
            None | Some(Format::Markdown) if has_ending(&path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                Ok(Self::Folder(folder, vec![name.into_owned()]))
            }
            format => Ok(Self::File(path, format)),
        }
    }

    /// Shows each entry to `take` until that says no, and returns what it is.
    pub(super) fn read(
        &self,
        zone: &TimeZone,
        take: &mut dyn FnMut(Found) -> bool,
    ) -> Result<Format, Error> {
        match self {
            Self::File(path, format) => {
                let file = File::open(path).map_err(|error| unreadable(error.kind()))?;
                let options = Options {
                    format: *format,
                    zone,
                };
                sidelight_exchange::read(file, &options, take).map_err(refused)
            }
            Self::Folder(folder, files) => {
                let mut seen = BTreeSet::new();
                for name in files {
                    let found = match bytes(&folder.join(name)) {
                        Ok(bytes) => markdown::read(name, &bytes, zone),
                        Err(_) => left_out(SkipReason::Unreadable, name),
                    };
                    let found = match found {
                        Found::Entry(entry) if !seen.insert(entry.source.clone()) => {
                            left_out(SkipReason::Repeated, name)
                        }
                        found => found,
                    };
                    if !take(found) {
                        break;
                    }
                }
                Ok(Format::Markdown)
            }
        }
    }
}

fn left_out(reason: SkipReason, name: &str) -> Found {
    let place = Place::file(name);
    Found::Skipped { reason, place }
}

/// A file, up to what one may have and one byte more.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let len_max = markdown::FILE_LEN_MAX as u64 + 1;
    File::open(path)?.take(len_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a folder. What is hidden belongs to programs; links may lead anywhere.
fn walk(folder: &Path, place: &str, depth: usize, files: &mut Vec<String>) -> Result<(), Error> {
    let listed = fs::read_dir(folder).map_err(|error| unreadable(error.kind()))?;
    for entry in listed {
        let entry = entry.map_err(|error| unreadable(error.kind()))?;
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(error.kind()))?;
        // A name that is not text names nothing here.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{place}{name}");
        if kind.is_dir() && depth < DEPTH_MAX {
            walk(&entry.path(), &format!("{inside}/"), depth + 1, files)?;
        } else if kind.is_file() && has_ending(Path::new(&name)) {
            files.push(inside);
        }
        if files.len() > FILES_MAX {
            return Err(refused(ReadError::TooLong));
        }
    }
    Ok(())
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let ending = ending.map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| markdown::ENDINGS.contains(&ending.as_str()))
}

fn format_of(format: ImportFormat) -> Format {
    match format {
        ImportFormat::Sidelight => Format::Sidelight,
        ImportFormat::DayOne => Format::DayOne,
        ImportFormat::Daylio => Format::Daylio,
        ImportFormat::Jrnl => Format::Jrnl,
        ImportFormat::Markdown => Format::Markdown,
    }
}

fn refused(error: ReadError) -> Error {
    let kind = match error {
        ReadError::Io(kind) => return unreadable(kind),
        ReadError::Newer(_) => ErrorKind::UpdateNeeded,
        _ => ErrorKind::Invalid,
    };
    Error::new(kind, error.to_string())
}

fn unreadable(kind: io::ErrorKind) -> Error {
    match kind {
        io::ErrorKind::NotFound => Error::not_found("there is no such file; check its name"),
        kind => Error::new(ErrorKind::Storage, ReadError::Io(kind).to_string()),
    }
}
