//! What a call costs where no language is crossed.

use std::sync::Arc;
use std::time::Instant;

use sidelight_ffi::{Journal, JournalError};

use crate::run;

/// Reads a page of `limit` entries `times` times, in Rust alone, and gives what the middle one of
/// them took, in nanoseconds: what the same call from another language is compared with.
#[uniffi::export]
pub async fn page_in_rust_ns(
    journal: Arc<Journal>,
    limit: i32,
    times: i32,
) -> Result<i64, JournalError> {
    run(async move {
        let limit = u32::try_from(limit).unwrap_or(0);
        let mut took = Vec::new();
        for _ in 0..times {
            let before = None;
            let begun = Instant::now();
            let page = journal
                .journal()
                .page(sidelight::PageRequest { limit, before })
                .await?;
            took.push(begun.elapsed());
            drop(page);
        }
        took.sort();
        let middle = took.get(took.len() / 2).copied().unwrap_or_default();
        Ok(i64::try_from(middle.as_nanos()).unwrap_or(i64::MAX))
    })
    .await
}
