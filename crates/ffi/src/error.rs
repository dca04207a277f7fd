//! Errors by what an app does next.

use sidelight::ErrorKind;

/// What went wrong, by what an app does next. `detail` is a sentence for people: what happened
/// and what to do. It carries no text of an entry, no key, mailbox, name or address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum JournalError {
    /// There is no such thing: reload what is shown.
    #[error("{detail}")]
    NotFound {
        /// The sentence.
        detail: String,
    },
    /// The storage key cannot be had now: ask the person to unlock.
    #[error("{detail}")]
    KeysLocked {
        /// The sentence.
        detail: String,
    },
    /// It needs a partner: offer to pair.
    #[error("{detail}")]
    NotPaired {
        /// The sentence.
        detail: String,
    },
    /// This device was removed: say so, offer to begin anew.
    #[error("{detail}")]
    Removed {
        /// The sentence.
        detail: String,
    },
    /// The relay was not reached: try again later; everything is kept.
    #[error("{detail}")]
    Offline {
        /// The sentence.
        detail: String,
    },
    /// The relay said no, or is full: show its reason.
    #[error("{detail}")]
    Refused {
        /// The sentence.
        detail: String,
    },
    /// Written by a newer version: offer the update.
    #[error("{detail}")]
    UpdateNeeded {
        /// The sentence.
        detail: String,
    },
    /// The device's storage failed or is full: make room, report.
    #[error("{detail}")]
    Storage {
        /// The sentence.
        detail: String,
    },
    /// What was asked cannot be done: correct it.
    #[error("{detail}")]
    Invalid {
        /// The sentence.
        detail: String,
    },
    /// Stopped on request: by a token, by `suspend` or by `shutdown`.
    #[error("{detail}")]
    Cancelled {
        /// The sentence.
        detail: String,
    },
    /// A bug: report it.
    #[error("{detail}")]
    Internal {
        /// The sentence.
        detail: String,
    },
}

impl JournalError {
    pub(crate) fn invalid(sentence: &str) -> Self {
        let detail = sentence.to_owned();
        Self::Invalid { detail }
    }

    /// A call panicked.
    pub(crate) fn panicked() -> Self {
        let detail = "this is a bug in Sidelight (a call did not end); please report it";
        Self::Internal {
            detail: detail.to_owned(),
        }
    }

    pub(crate) fn cancelled() -> Self {
        let detail = "stopped as you asked; what was done until then is kept";
        Self::Cancelled {
            detail: detail.to_owned(),
        }
    }
}

impl From<sidelight::NotEvidence> for JournalError {
    fn from(error: sidelight::NotEvidence) -> Self {
        use sidelight::NotEvidence;
        let detail = error.to_string();
        match error {
            NotEvidence::Unreadable => Self::NotFound { detail },
            NotEvidence::Newer => Self::UpdateNeeded { detail },
            NotEvidence::Page => Self::Storage { detail },
            _ => Self::Invalid { detail },
        }
    }
}

impl From<sidelight::Error> for JournalError {
    fn from(error: sidelight::Error) -> Self {
        let detail = error.detail().to_owned();
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound { detail },
            ErrorKind::KeysLocked => Self::KeysLocked { detail },
            ErrorKind::NotPaired => Self::NotPaired { detail },
            ErrorKind::Removed => Self::Removed { detail },
            ErrorKind::Offline => Self::Offline { detail },
            ErrorKind::Refused => Self::Refused { detail },
            ErrorKind::UpdateNeeded => Self::UpdateNeeded { detail },
            ErrorKind::Storage => Self::Storage { detail },
            ErrorKind::Invalid => Self::Invalid { detail },
            ErrorKind::Cancelled => Self::Cancelled { detail },
            _ => Self::Internal { detail },
        }
    }
}
