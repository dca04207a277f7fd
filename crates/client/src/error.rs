//! Errors by what an app does next.

use core::fmt;

/// What an app does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such thing: reload what is shown.
    NotFound,
    /// The storage key, or that of private entries, cannot be had now: ask the person to unlock.
    KeysLocked,
    /// It needs a partner: offer to pair.
    NotPaired,
    /// This device was removed: say so, offer to begin anew.
    Removed,
    /// The relay was not reached: try again later; everything is kept.
    Offline,
    /// The relay said no, or is full: show its reason.
    Refused,
    /// Written by a newer version: offer the update.
    UpdateNeeded,
    /// The device's storage failed or is full: make room, report.
    Storage,
    /// What was asked cannot be done: correct it.
    Invalid,
    /// Stopped on request.
    Cancelled,
    /// A bug: report it.
    Internal,
}

/// What went wrong, in one sentence that says what happened and what to do. It carries no
/// text of an entry, no key, mailbox, name or address.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
}

impl Error {
    /// An error of `kind`, told by `sentence`.
    pub(crate) fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
        }
    }

    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, sentence)
    }

    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, sentence)
    }

    /// A state that the code rules out; `what` names it for the report.
    pub(crate) fn internal(what: &'static str) -> Self {
        Self::new(
            ErrorKind::Internal,
            format!("this is a bug in Sidelight ({what}); please report it"),
        )
    }

    /// What an app does next.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.sentence)
            .finish()
    }
}

impl std::error::Error for Error {}

impl From<sidelight_store::StoreError> for Error {
    fn from(error: sidelight_store::StoreError) -> Self {
        use sidelight_store::StoreError;
        let kind = match error {
            StoreError::Missing => ErrorKind::NotFound,
            StoreError::WrongKey => ErrorKind::KeysLocked,
            StoreError::Locked => return crate::device::lock::locked(),
            StoreError::NewerVersion(_) => ErrorKind::UpdateNeeded,
            StoreError::Exists => ErrorKind::Invalid,
            _ => ErrorKind::Storage,
        };
        Self::new(kind, error.to_string())
    }
}
