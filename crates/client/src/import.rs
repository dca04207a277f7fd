//! Diaries from elsewhere.

use std::path::PathBuf;

use crate::records::{ImportOptions, ImportProgress, ImportReport};
use crate::{Error, Journal};

impl Journal {
    /// Imports a Day One export: its JSON file, plain or gzip.
    ///
    /// # Errors
    /// Invalid for a file that is none; those of [`write`](Self::write).
    pub async fn import_day_one(
        &self,
        _path: PathBuf,
        _options: ImportOptions,
    ) -> Result<ImportReport, Error> {
        Err(Error::internal("not there yet"))
    }

    /// How far the import under way is; none if there is none.
    pub fn import_progress(&self) -> Option<ImportProgress> {
        None
    }
}
