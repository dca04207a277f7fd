//! Coming and going: imports and exports.

use crate::mirror::{given, mirrored};

/// How to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportOptions {
    /// Into the shared journal; otherwise the entries are private.
    #[uniffi(default = false)]
    pub shared: bool,
    /// Only report what would happen.
    #[uniffi(default = false)]
    pub dry_run: bool,
}

impl ImportOptions {
    pub(crate) fn back(self) -> sidelight::ImportOptions {
        sidelight::ImportOptions {
            shared: self.shared,
            dry_run: self.dry_run,
        }
    }
}

given! {
    /// How far an import is.
    #[of(sidelight::ImportProgress)]
    pub struct ImportProgress {
        /// Entries dealt with.
        pub done: i64,
        /// Entries in the file; 0 while it is being read for the first time.
        pub total: i64,
    }
}

given! {
    /// What an import did, or would do. `found` is the sum of `imported`, `already_there` and
    /// all `skipped`.
    #[of(sidelight::ImportReport)]
    pub struct ImportReport {
        /// Entries in the file.
        pub found: i64,
        /// Entries that are new here.
        pub imported: i64,
        /// Entries that an earlier import had brought.
        pub already_there: i64,
        /// Entries that were left out, by reason.
        pub skipped: Vec<Skipped>,
        /// How many of the imported ones lost NUL characters, which no entry may hold.
        pub cleaned: i64,
    }
}

given! {
    /// Entries that an import left out.
    #[of(sidelight::Skipped)]
    pub struct Skipped {
        /// Why.
        pub reason: SkipReason,
        /// How many.
        pub count: i64,
    }
}

mirrored! {
    /// Why an import leaves an entry out.
    #[of(sidelight::SkipReason, NotAnEntry)]
    pub enum SkipReason {
        /// It has no text, as a photo alone has.
        NoText,
        /// Its text is longer than an entry may be.
        TooLong,
        /// It has no date that can be read, or one that no calendar has.
        NoDate,
        /// Its id stands in the file twice.
        Repeated,
        /// It is not an entry at all.
        NotAnEntry,
    }
}

given! {
    /// What an export wrote.
    #[of(sidelight::ExportReport)]
    pub struct ExportReport {
        /// The file.
        pub file: String,
        /// How many entries are in it.
        pub entries: i64,
    }
}
