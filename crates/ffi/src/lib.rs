//! Sidelight for Swift and Kotlin: the surface from which their bindings are generated.
//!
//! This is the only crate that knows uniffi, and it is thin: what it offers is [`sidelight`]'s,
//! in a form that crosses well. It deliberately has no behaviour of its own; what is idiomatic
//! in one language (streams, time, a platform's vault) is written in that language above the
//! generated code, in `bindings/`.
//!
//! # Rules
//!
//! - **Numbers** are signed, times are milliseconds, pages are never single rows. No record that
//!   is compared holds bytes, but for what a newer version wrote.
//! - **Errors** are one type, [`JournalError`], by what an app does next; each has a sentence,
//!   `detail`.
//! - **Calls** run as tasks of the library's own runtime. Whoever cancels the wait stops waiting;
//!   the call is done all the same. A [`CancelToken`], which the long calls take, stops the work.
//!   It is alike in both languages, although the one drops a cancelled future and the other
//!   does not.
//! - **Events** are pulled from an [`EventStream`]: nothing of the app's is called for them.
//! - **What an app implements** is synchronous, may fail, and is called on the library's own
//!   threads: [`KeyStore`], [`LogSink`].
//! - **Panics** do not cross: they become [`JournalError::Internal`].
//! - **No key** crosses but the storage key, to and from the [`KeyStore`].
//! - No method is called `close`, which Kotlin owns, no field `message`, which its exceptions own.

// What uniffi generates is `extern "C"`, and takes pointers; nothing that is written here does.
#![allow(unsafe_code)]

mod between;
mod error;
mod events;
mod evidence;
mod holding;
mod journal;
mod keys;
mod kinds;
mod locking;
mod log;
mod memories;
mod mirror;
mod notices;
mod reader;
mod recall;
mod records;
mod recovery;
mod searching;
mod sentences;
mod task;
mod words;

pub use between::{AgreementShown, AgreementState, ConversationShown};
pub use error::JournalError;
pub use events::{Event, EventStream, SyncState, Warning, WarningKind};
pub use evidence::{Evidence, EvidencePerson, verify_evidence};
pub use holding::{Held, Promotion, Retracted, Retraction};
pub use journal::Journal;
pub use keys::{
    KeyStore, KeyStoreError, change_passphrase, file_key_store, keys, memory_key_store,
    passphrase_key_store,
};
pub use kinds::{Ends, FieldHolds, KindField, KindRules, KindText, Sharing, kinds};
pub use locking::PrivateLock;
pub use log::{LogLevel, LogSink, LogSinkError, set_log_sink};
pub use memories::{Amendment, EntryThread};
pub use notices::{Notices, RhythmShown};
pub use reader::Reader;
pub use recall::{Recalled, Recollection};
pub use records::{
    BidNow, BoundaryShown, ComfortShown, Day, Draft, Emoji, Entry, Erased, ErasedFrom,
    ExchangeProgress, ExportFormat, ExportOptions, ExportReport, ExportScope, Field, FieldEdit,
    FieldValue, ImportFormat, ImportOptions, ImportReport, Invited, NeedNow, NewPerson, OfferNow,
    OwnDevice, Page, PageRequest, Pairing, PairingEnd, PairingStage, Partner, RecoveryStage,
    SkipReason, Skipped, Space, Status, SyncReport, TextEdit, Today,
};
pub use recovery::{LikelyWord, RecoveryWords, recovery_word_meant};
pub use searching::{By, SearchRequest};
pub use sentences::Sentence;
pub use task::CancelToken;
pub use words::{
    Audience, Card, Channel, Effort, Help, Locale, Prompt, PromptRequest, Purpose, Reach, Region,
    Resource, Theme, Who, Words, locales,
};

uniffi::setup_scaffolding!("sidelight");

/// The version of the library.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
