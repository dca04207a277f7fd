//! Coming and going: imports and exports.

use super::Day;
use crate::mirror::{given, mirrored, taken};

mirrored! {
    /// What made a journal that is imported.
    #[of(sidelight::ImportFormat, DayOne)]
    pub enum ImportFormat {
        /// Sidelight's own JSON.
        Sidelight,
        /// Day One: its zip file, or the JSON in it.
        DayOne,
        /// Daylio's table (CSV).
        Daylio,
        /// The JSON of jrnl.
        Jrnl,
        /// A folder of Markdown files, or one.
        Markdown,
    }
}

taken!(
    ImportFormat,
    sidelight::ImportFormat,
    Sidelight,
    DayOne,
    Daylio,
    Jrnl,
    Markdown
);

/// How to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportOptions {
    /// What made it; none to find out.
    #[uniffi(default = None)]
    pub format: Option<ImportFormat>,
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
            format: self.format.map(Into::into),
            shared: self.shared,
            dry_run: self.dry_run,
        }
    }
}

given! {
    /// How far a long call is.
    #[of(sidelight::ExchangeProgress)]
    pub struct ExchangeProgress {
        /// Entries dealt with.
        pub done: i64,
        /// Entries in all; 0 while they are being counted.
        pub total: i64,
    }
}

given! {
    /// What an import did, or would do. `found` is the sum of `imported`, `already_there` and
    /// all `skipped`.
    #[of(sidelight::ImportReport)]
    pub struct ImportReport {
        /// What made the journal.
        pub format: ImportFormat,
        /// Entries in the file.
        pub found: i64,
        /// Entries that are new here.
        pub imported: i64,
        /// Entries that were here already, by themselves or by an earlier import.
        pub already_there: i64,
        /// Entries that were left out, by reason.
        pub skipped: Vec<Skipped>,
        /// The first day that an entry of the file is of: a look at both days shows whether
        /// years were counted by another calendar.
        pub first_day: Option<Day>,
        /// The last day.
        pub last_day: Option<Day>,
        /// How many of the imported ones lost NUL characters, which no entry may hold.
        pub cleaned: i64,
        /// How many photos, recordings and the like the imported ones name; none comes along.
        pub attachments: i64,
        /// How many of those are not in the file either.
        pub missing: i64,
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
        /// Where the first of them stand, as far as that is known.
        pub places: Vec<String>,
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
        /// It is not text.
        NotText,
        /// The disk did not give it.
        Unreadable,
        /// Somebody else wrote it, and it would be shared as one's own.
        NotYours,
        /// Its kind, or what it says, cannot be shared.
        NotShared,
        /// It cannot be written as it is.
        Unfit,
    }
}

mirrored! {
    /// The form of an export.
    #[of(sidelight::ExportFormat, Json)]
    pub enum ExportFormat {
        /// One JSON file, which loses nothing and can be imported again.
        Json,
        /// A folder of Markdown files, one for each entry.
        Markdown,
        /// One page, to read in a browser and to print.
        Html,
        /// A folder with the entries and the proof of who wrote them, for a third party to check.
        /// It holds every earlier wording, too.
        Evidence,
    }
}

taken!(
    ExportFormat,
    sidelight::ExportFormat,
    Json,
    Markdown,
    Html,
    Evidence
);

mirrored! {
    /// Whose entries are exported.
    #[of(sidelight::ExportScope, Both)]
    pub enum ExportScope {
        /// One's own, and those kept together.
        Own,
        /// The partner's, and those kept together.
        Received,
        /// All.
        Both,
    }
}

taken!(ExportScope, sidelight::ExportScope, Own, Received, Both);

/// What to export.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExportOptions {
    /// The form.
    pub format: ExportFormat,
    /// Whose entries.
    pub scope: ExportScope,
    /// Private entries, too: otherwise none of them leaves, also none that `only` names.
    #[uniffi(default = false)]
    pub private: bool,
    /// Only these, by their ids or the beginnings of them; empty for every one.
    #[uniffi(default = [])]
    pub only: Vec<String>,
    /// The language of what a page says around the entries, such as `de`; none for English.
    /// Entries are as somebody wrote them.
    #[uniffi(default = None)]
    pub locale: Option<String>,
}

impl ExportOptions {
    pub(crate) fn back(self) -> sidelight::ExportOptions {
        sidelight::ExportOptions {
            format: self.format.into(),
            scope: self.scope.into(),
            private: self.private,
            only: self.only,
            locale: self.locale,
        }
    }
}

given! {
    /// What an export wrote.
    #[of(sidelight::ExportReport)]
    pub struct ExportReport {
        /// The file or folder.
        pub path: String,
        /// How many entries are in it.
        pub entries: i64,
        /// How many were left out of evidence, because what was signed of them is not here whole.
        pub unproved: i64,
    }
}
