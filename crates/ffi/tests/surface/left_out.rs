//! What is public in the crate `sidelight` and does not reach Swift and Kotlin under its name.

/// Names of `sidelight` that are not here, each with the reason. `Of::*` is everything of `Of`.
/// What comes later has the reason `not yet`.
pub(crate) const LEFT_OUT: &[(&str, &str)] = &[
    (
        "Date::parse",
        "each language has its own dates; `Day` is made of one",
    ),
    ("Date::plus", "each language has its own dates"),
    (
        "Date::to",
        "a window is the text of a field: `2026-08-01+120/2026-08-03+120`",
    ),
    ("Date::today", "each language has its own dates"),
    ("Draft::new", "defaults of the record"),
    ("Draft::of", "kinds are the table that `kinds` gives"),
    ("EVENTS_MAX", "said in the words of `EventStream`"),
    ("Error", "`JournalError` is one enum"),
    ("Error::kind", "the variant"),
    ("FILE_LEN_MAX", "a longer file is refused with a sentence"),
    ("FileKeyStore::path", "whoever made it knows"),
    ("HOLD_MAX", "said in the words of `hold`"),
    ("KEY_LEN", "said in the words of `KeyStore`"),
    (
        "MemoryKeyStore::lock",
        "for tests: in sidelight-ffi-testing",
    ),
    ("NotEvidence", "`JournalError`, with the same sentence"),
    ("NotEvidence::*", "`JournalError`, with the same sentence"),
    ("PASSPHRASE_LEN_MAX", "said in the words of `KeyStoreError`"),
    ("PASSPHRASE_LEN_MIN", "said in the words of `KeyStoreError`"),
    ("PassphraseKeyStore::path", "whoever made it knows"),
    ("Promotion::of", "defaults of the record"),
    (
        "Recover",
        "the parameters of `Journal::recover`: a record would print its words",
    ),
    ("Recover::*", "the parameters of `Journal::recover`"),
    ("Sentence::holds_date", "`dated` takes any sentence"),
    ("Sentence::of_effort", "named alike: `EffortTap` for `Tap`"),
    (
        "Sentence::of_purpose",
        "named alike: `PurposeDistress` for `Distress`",
    ),
    ("Sentence::of_theme", "`theme_title`"),
    ("get", "the runtime, hidden, for this crate alone"),
];

/// Names of `sidelight` that are here under another one. A type's name goes for all it has.
pub(crate) const OTHERWISE: &[(&str, &str)] = &[
    ("Date", "Day"),
    ("Error::detail", "JournalError"),
    ("ErrorKind", "JournalError"),
    ("FieldValue::List", "FieldValue::Texts"),
    ("FileKeyStore", "file_key_store"),
    ("FileKeyStore::new", "file_key_store"),
    ("Journal::import", "Journal::import_from"),
    ("Journal::next_event", "EventStream::next_event"),
    ("MemoryKeyStore", "memory_key_store"),
    ("MemoryKeyStore::new", "memory_key_store"),
    ("PassphraseKeyStore", "passphrase_key_store"),
    ("PassphraseKeyStore::change", "change_passphrase"),
    ("PassphraseKeyStore::new", "passphrase_key_store"),
    ("RecoveryWords::meant", "recovery_word_meant"),
    ("Thread", "EntryThread"),
    ("Words::locales", "locales"),
];
