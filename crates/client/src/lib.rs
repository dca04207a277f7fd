//! A journal that two partners keep together, end-to-end encrypted.
//!
//! [`Journal`] is one device's journal: what a person writes is private until they share it,
//! and what is shared reaches their partner through a relay that can read nothing. This crate
//! is the one place where entries, keys, replication, store and network meet; it is made for
//! programs in Rust and, above it, for Swift and Kotlin. Everything it takes and gives are plain
//! records that own what they hold; [`Error`]s have a [kind](ErrorKind) by what an app does next;
//! [`Event`]s are pulled.
//!
//! It deliberately does not know who looks at the journal, when to ask for the storage key (a
//! [`KeyStore`] does), or when a phone sleeps: apps say so with [`Journal::suspend`] and
//! [`Journal::resume`]. It counts no streaks, and nobody's absence.
//!
//! # Two devices
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use sidelight::{Draft, Journal, MemoryKeyStore, NewPerson, PageRequest};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A relay, which usually runs elsewhere.
//! let relay = sidelight_relay::run(sidelight_relay::Config::in_memory()).await?;
//! let home = tempfile::tempdir()?;
//!
//! let begin = async |name: &str| {
//!     let keys = Arc::new(MemoryKeyStore::new()); // an app's is the platform's vault
//!     let person = NewPerson {
//!         name: name.to_owned(),
//!         relay: Some(relay.address().to_string()),
//!         ticket: None,
//!     };
//!     Journal::create(home.path().join(name), keys, person).await
//! };
//! let (ada, bo) = (begin("Ada").await?, begin("Bo").await?);
//! let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
//!
//! // Ada shows the link to Bo, who opens it.
//! let invited = ada.invite(hour).await?;
//! bo.join(invited.link).await?;
//! for journal in [&ada, &bo, &ada, &bo] {
//!     journal.sync_now(30 * second).await?;
//! }
//! // Both see the same seven emoji, and say so.
//! let on_adas = ada.pairing().await?.expect("a pairing").comparison;
//! let on_bos = bo.pairing().await?.expect("a pairing").comparison;
//! assert_eq!(on_adas, on_bos);
//! ada.confirm(true).await?;
//! bo.confirm(true).await?;
//! for journal in [&bo, &ada, &bo] {
//!     journal.sync_now(30 * second).await?;
//! }
//!
//! // From now on what Ada shares is Bo's to read. What she does not is not.
//! ada.write(Draft { shared: true, ..Draft::new("The tea you made.") }).await?;
//! ada.write(Draft::new("For myself.")).await?;
//! ada.sync_now(30 * second).await?;
//! bo.sync_now(30 * second).await?;
//! let page = bo.page(PageRequest { limit: 50, before: None }).await?;
//! assert_eq!(page.entries.len(), 1);
//! assert_eq!(page.entries[0].text, "The tea you made.");
//! assert_eq!(page.entries[0].author_name, "Ada");
//!
//! ada.shutdown().await;
//! bo.shutdown().await;
//! relay.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Threads and executors
//!
//! A journal has one thread, which does all that touches its store, and the process one small
//! runtime, which carries frames. Futures only wait for their answers: they work in any
//! executor. A future that is dropped stops waiting; what it asked for is done all the same.
//!
//! # What is on disk
//!
//! Every row is sealed under the storage key, 32 bytes made here and kept by the [`KeyStore`].
//! A call that returns without an error has made its change durable; one that is killed midway
//! leaves all of its change or nothing.

mod between;
mod convert;
mod date;
#[doc(hidden)] // for the simulator and tools, which drive it without sockets and clocks
pub mod device;
mod driver;
mod entries;
mod erasing;
mod error;
mod events;
mod evidence;
mod export;
mod holding;
mod home;
mod import;
mod journal;
mod keystore;
mod links;
mod locking;
mod memories;
mod notices;
mod progress;
mod reader;
mod reading;
mod recall;
mod records;
mod recovery;
mod runtime;
mod sealing;
mod searching;
mod splice;
mod steps;
mod syncing;
mod today;
mod turn;
mod warning;
mod wire;
pub mod words;

pub use between::{AgreementShown, AgreementState, ConversationShown};
pub use date::Date;
pub use error::{Error, ErrorKind};
pub use events::{EVENTS_MAX, Event, SyncState};
pub use evidence::{Evidence, EvidencePerson, NotEvidence, verify_evidence};
pub use holding::{HOLD_MAX, Held, Promotion, Retracted};
pub use journal::Journal;
pub use keystore::{
    FileKeyStore, KEY_LEN, KeyStore, KeyStoreError, MemoryKeyStore, PASSPHRASE_LEN_MAX,
    PASSPHRASE_LEN_MIN, PassphraseKeyStore,
};
pub use memories::{Amendment, Thread};
pub use notices::{Notices, RhythmShown};
pub use reader::Reader;
pub use recall::{Recalled, Recollection};
pub use records::{
    Draft, Emoji, Entry, Erased, ErasedFrom, ExchangeProgress, ExportFormat, ExportOptions,
    ExportReport, ExportScope, Field, FieldEdit, FieldValue, ImportFormat, ImportOptions,
    ImportReport, Invited, NewPerson, OwnDevice, Page, PageRequest, Pairing, PairingEnd,
    PairingStage, Partner, PrivateLock, RecoveryStage, Skipped, Space, Status, SyncReport,
    TextEdit,
};
pub use recovery::{Recover, RecoveryWords};
#[doc(hidden)] // for the bindings, whose calls are tasks of the same runtime
pub use runtime::get as runtime;
pub use searching::{By, SearchRequest};
pub use sidelight_exchange::SkipReason;
pub use sidelight_journal::kinds;
pub use today::{BidNow, BoundaryShown, ComfortShown, NeedNow, OfferNow, Today};
pub use warning::{Warning, WarningKind};
