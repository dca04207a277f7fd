//! What is wrong with a whole file.

use core::fmt;
use std::io;

/// What made a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Sidelight's own JSON.
    Sidelight,
    /// Day One: its zip, or the JSON in it, plain or gzip.
    DayOne,
    /// Daylio's table (CSV).
    Daylio,
    /// The JSON of jrnl, plain or gzip.
    Jrnl,
    /// Files in Markdown, one entry each.
    Markdown,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sidelight => "Sidelight's JSON",
            Self::DayOne => "what Day One exports",
            Self::Daylio => "what Daylio exports",
            Self::Jrnl => "what jrnl exports as JSON",
            Self::Markdown => "a folder of Markdown files",
        })
    }
}

/// Why a whole file cannot be read. `Display` is a sentence for whoever imports it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It could not be read from where it lies.
    #[error("the file cannot be read ({0}); check its permissions and the disk")]
    Io(io::ErrorKind),
    /// It is of no format that is known.
    #[error(
        "this is no journal that can be imported; give a file of Sidelight, Day One, Daylio or \
         jrnl, or a folder of Markdown files"
    )]
    Unrecognised,
    /// It is of another format than it was said to be, or damaged.
    #[error("this is not {format} ({why}); export it again, and give the file as it comes")]
    NotThis {
        /// What it should be.
        format: Format,
        /// What it lacks.
        why: String,
    },
    /// It ends in the middle.
    #[error("this file is cut off; export or copy it again, and give the whole file")]
    CutOff,
    /// It is packed, and does not unpack.
    #[error("this packed file is damaged, or packed in a way that is not known; export it again")]
    Damaged,
    /// It names files outside of itself, as no journal does.
    #[error(
        "this zip file names files outside of itself, as something harmful would; it was not \
         imported; export it again where it comes from"
    )]
    Unsafe,
    /// It is too large, or unpacks to too much.
    #[error(
        "this is more than 256 MiB, unpacked, or a million entries; export single journals or \
         years, and import them one by one"
    )]
    TooLong,
    /// A newer version wrote it.
    #[error("this was exported by a newer version of Sidelight (form {0}); update, then import it")]
    Newer(u64),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What unpackers say of bytes that are not their own.
            io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof => Self::Damaged,
            kind => Self::Io(kind),
        }
    }
}
