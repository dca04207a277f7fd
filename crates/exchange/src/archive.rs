//! Day One's zip file. Nothing of it is unpacked to a disk.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::day_one::{self, Beside};
use crate::read::Taken;
use crate::{Format, ReadError};

/// How many files a zip file may hold: years of several photos a day.
const FILES_MAX: usize = 200_000;

/// What packers of macOS put beside each file.
const APART: &str = "__MACOSX/";

/// Reads the journals in it, which may have `len_max` bytes together, unpacked.
pub(crate) fn read(
    from: impl Read + Seek,
    len_max: u64,
    taken: &mut Taken<'_>,
) -> Result<(), ReadError> {
    let mut archive = ZipArchive::new(from).map_err(unpacked)?;
    if archive.len() > FILES_MAX {
        return Err(ReadError::TooLong);
    }
    let (mut journals, mut beside) = (Vec::new(), Beside::new());
    for number in 0..archive.len() {
        let file = archive.by_index_raw(number).map_err(unpacked)?;
        let name = file.name().map_err(unpacked)?;
        // Nothing is written anywhere by these names; whoever made them meant no good.
        let outside = name.starts_with('/') || name.split('/').any(|part| part == "..");
        if outside || file.enclosed_name().is_none() || name.contains('\\') {
            return Err(ReadError::Unsafe);
        }
        if name.starts_with(APART) || file.is_dir() {
            continue;
        }
        if let Some(medium) = day_one::media(&name) {
            beside.insert(medium);
        } else if name.to_ascii_lowercase().ends_with(".json") {
            journals.push((name.into_owned(), number));
        }
    }
    if journals.is_empty() {
        return Err(ReadError::NotThis {
            format: Format::DayOne,
            why: "there is no journal in it".to_owned(),
        });
    }
    journals.sort();
    let mut left = len_max;
    for (name, number) in journals {
        let file = archive.by_index(number).map_err(unpacked)?;
        let (rest, listens) = day_one::read(file, left, Some((&name, &beside)), taken)?;
        left = rest;
        if !listens {
            break;
        }
    }
    Ok(())
}

fn unpacked(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => error.into(),
        _ => ReadError::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn what_unpacks_to_too_much_is_given_up_at_the_limit_of_all_together() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let long = format!(r#"{{"entries":[],"x":"{}"}}"#, "x".repeat(1 << 20));
        for name in ["a.json", "b.json"] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(long.as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        assert!(zip.len() < 1 << 14, "{} bytes", zip.len());
        let with = |len_max| {
            let mut take = |_| true;
            read(Cursor::new(&zip), len_max, &mut Taken::new(&mut take))
        };
        let len = long.len() as u64;
        assert_eq!(with(2 * len), Ok(()));
        assert_eq!(with(2 * len - 1), Err(ReadError::TooLong));
        assert_eq!(with(len - 1), Err(ReadError::TooLong));
    }
}
