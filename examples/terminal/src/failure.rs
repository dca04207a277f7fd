//! How a command fails: one sentence on standard error that says what to do, and an exit code.

use std::io;
use std::process::ExitCode;

use sidelight::ErrorKind;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    /// None if there is nobody left to tell: standard output was closed by its reader.
    sentence: Option<String>,
}

impl Failure {
    /// What was asked cannot be done.
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Invalid, sentence)
    }

    /// Something that cannot be, or that the system refused.
    pub(crate) fn internal(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Internal, sentence)
    }

    /// Stopped on request; nothing is lost.
    pub(crate) fn cancelled(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Cancelled, sentence)
    }

    /// The demo ran to its end, and something that it claims did not hold.
    pub(crate) fn claim(sentence: impl Into<String>) -> Self {
        Self {
            code: 20,
            sentence: Some(sentence.into()),
        }
    }

    /// A relay that did not start, with the exit codes of `sidelight-relay` moved up by 30.
    pub(crate) fn relay(error: &sidelight_relay::RunError) -> Self {
        Self {
            code: 30 + error.exit_code(),
            sentence: Some(error.to_string()),
        }
    }

    pub(crate) fn of(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self {
            code: exit_code(kind),
            sentence: Some(sentence.into()),
        }
    }

    /// Standard output could not be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // `sidelight list | head` has all it wants.
            return Self {
                code: 0,
                sentence: None,
            };
        }
        Self::of(
            ErrorKind::Storage,
            format!("the output could not be written ({error}); make room, or write elsewhere"),
        )
    }

    /// The sentence, if there is anybody to tell.
    pub(crate) fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// The exit code. README.md lists them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<sidelight::Error> for Failure {
    fn from(error: sidelight::Error) -> Self {
        Self::of(error.kind(), error.to_string())
    }
}

/// One code for each kind; 2 is clap's, for options that make no sense.
fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::NotFound => 3,
        ErrorKind::KeysLocked => 4,
        ErrorKind::NotPaired => 5,
        ErrorKind::Removed => 6,
        ErrorKind::Offline => 7,
        ErrorKind::Refused => 8,
        ErrorKind::UpdateNeeded => 9,
        ErrorKind::Storage => 10,
        ErrorKind::Invalid => 11,
        ErrorKind::Cancelled => 12,
        _ => 1,
    }
}
