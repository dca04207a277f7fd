//! An import of a hundred thousand entries: a program of its own, since the memory that it takes
//! is counted for all threads.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use peak_alloc::PeakAlloc;
use sidelight::{
    ImportOptions, ImportReport, Journal, MemoryKeyStore, NewPerson, PageRequest, SkipReason,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How many entries the file has.
const ENTRIES: u64 = 100_000;

/// How much of it may be held at once: of a file of 40 MB a batch of entries, and 16 bytes of the
/// hash of each id that was met.
const HELD_MAX: usize = 12 * 1024 * 1024;

/// A diary as Day One packs it: entry `number` has the id `id(number)` and a text that does harm
/// to whoever takes it for HTML. Returns its length unpacked.
fn diary(path: &Path, id: impl Fn(u64) -> String) -> usize {
    let mut file = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    let mut len = 0;
    let mut write = |part: String| {
        len += part.len();
        file.write_all(part.as_bytes()).unwrap();
    };
    write("{\"entries\":[".to_owned());
    for number in 0..ENTRIES {
        let between = if number == 0 { "" } else { "," };
        let (year, month, day) = (1950 + number / 1500, 1 + number % 12, 1 + number % 28);
        let script = format!("<script>alert({number})</script>");
        let words = "an ordinary day, of which there is little to say; ".repeat(5);
        write(format!(
            "{between}{{\"uuid\":\"{}\",\"creationDate\":\"{year}-{month:02}-{day:02}T10:00:00Z\",\
             \"text\":\"{script} {words}\",\"photos\":[{{\"md5\":\"{number:x}\"}}]}}",
            id(number)
        ));
    }
    write("]}".to_owned());
    file.finish().unwrap().sync_all().unwrap();
    len
}

/// An import, and the most memory that was held at once during it.
async fn import(journal: &Journal, path: PathBuf, dry_run: bool) -> (ImportReport, usize) {
    let options = ImportOptions {
        dry_run,
        ..ImportOptions::default()
    };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let report = journal.import(path, options).await.unwrap();
    let held = MEMORY.peak_usage().saturating_sub(before);
    println!("{} imported, {held} bytes held", report.imported);
    (report, held)
}

fn repeated(report: &ImportReport) -> u64 {
    let mut skipped = report.skipped.iter();
    let one = skipped.find(|one| one.reason == SkipReason::Repeated);
    assert_eq!(report.skipped.len(), usize::from(one.is_some()));
    one.map_or(0, |one| one.count)
}

async fn count(journal: &Journal) -> u64 {
    journal.status().await.unwrap().entries
}

#[tokio::test]
async fn a_hundred_thousand_entries_are_imported_in_little_memory_and_none_of_them_twice() {
    let folder = tempfile::tempdir().unwrap();
    let person = NewPerson {
        name: "Ada".to_owned(),
        relay: None,
        ticket: None,
    };
    let keys = Arc::new(MemoryKeyStore::new());
    let journal = Journal::create(folder.path().join("journal"), keys, person);
    let journal = journal.await.unwrap();

    // Every tenth has the id of the one before it. It is looked at, and nothing is written.
    let many = folder.path().join("many.json.gz");
    let len = diary(&many, |number| {
        let id = number - u64::from(number % 10 == 9);
        format!("{id:032X}")
    });
    assert!(len > 3 * HELD_MAX, "{len} bytes would show");
    let (report, held) = import(&journal, many, true).await;
    assert_eq!((report.found, report.imported), (ENTRIES, ENTRIES / 10 * 9));
    assert_eq!(repeated(&report), ENTRIES / 10);
    assert!(held < HELD_MAX, "{held} bytes were held of {len}");
    assert_eq!(count(&journal).await, 0);

    // As many, of three hundred ids, in capitals and not: each is written once, whatever repeats.
    let few = folder.path().join("few.json.gz");
    diary(&few, |number| {
        let id = format!("{:032x}", 0xabcd_0000 + number % 300);
        match number % 2 {
            0 => id,
            _ => id.to_uppercase(),
        }
    });
    let (report, held) = import(&journal, few.clone(), false).await;
    assert_eq!((report.found, report.imported), (ENTRIES, 300));
    assert_eq!(repeated(&report), ENTRIES - 300);
    assert_eq!((report.attachments, report.missing), (300, 0));
    assert!(held < HELD_MAX, "{held} bytes were held of {len}");
    assert_eq!(count(&journal).await, 300);

    // And once more: nothing comes twice.
    let (report, _) = import(&journal, few, false).await;
    assert_eq!((report.imported, report.already_there), (0, 300));
    assert_eq!(repeated(&report), ENTRIES - 300);
    assert_eq!(count(&journal).await, 300);
    let request = PageRequest {
        limit: 1,
        before: None,
    };
    let last = journal.page(request).await.unwrap();
    assert!(last.entries[0].text.starts_with("<script>alert("));
    journal.shutdown().await;
}
