//! What the machine itself allows: the least that durable, sealed and searched can cost here.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rusqlite::Connection;

use crate::measure::{Failed, Times, timed};

/// Appends 300 bytes and waits until the disk has them.
pub fn durable_append(folder: &Path, times: usize) -> Result<Times, Failed> {
    let mut file = std::fs::File::create(folder.join("append"))?;
    let mut seen = Times::default();
    for _ in 0..times {
        let began = Instant::now();
        file.write_all(&[7; 300])?;
        file.sync_data()?;
        seen.push(began.elapsed());
    }
    Ok(seen)
}

/// Rows a second that SQLite takes durably, of 1 KiB in batches of 1,000.
pub fn sqlite_rows(folder: &Path, batches: usize) -> Result<f64, Failed> {
    let mut connection = Connection::open(folder.join("rows.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")?;
    let body = [7_u8; 1024];
    let (result, took) = timed(|| -> Result<(), Failed> {
        for _ in 0..batches {
            let transaction = connection.transaction()?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO rows (body) VALUES (?1)")?;
                for _ in 0..1000 {
                    insert.execute([&body[..]])?;
                }
            }
            transaction.commit()?;
        }
        Ok(())
    });
    result?;
    Ok(batches as f64 * 1000.0 / took.as_secs_f64())
}

/// Bytes a second that XChaCha20-Poly1305 seals, in pieces of 1 KiB.
pub fn sealing(pieces: usize) -> Result<f64, Failed> {
    let cipher = XChaCha20Poly1305::new(&Key::from([1; 32]));
    let mut piece = vec![7_u8; 1024];
    let (result, took) = timed(|| -> Result<(), Failed> {
        for number in 0..pieces {
            piece.truncate(1024);
            let mut nonce = [0; 24];
            nonce[..8].copy_from_slice(&(number as u64).to_le_bytes());
            cipher
                .encrypt_in_place(&XNonce::from(nonce), b"", &mut piece)
                .map_err(|_| "sealing failed")?;
        }
        Ok(())
    });
    result?;
    Ok(pieces as f64 * 1024.0 / took.as_secs_f64())
}

/// The time that it takes to look through a text for something that is not in it.
pub fn scan(text: &str) -> Duration {
    let (found, took) = timed(|| std::hint::black_box(text).contains("no such phrase is here"));
    assert!(!found);
    took
}
