//! Standard output: words for people, or one JSON document for programs.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;
use crate::screen;

/// How this run speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs listen.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// The result: the document, or its words.
    pub(crate) fn result<W: Display>(
        self,
        document: &impl Serialize,
        words: impl FnOnce() -> W,
    ) -> Result<(), Failure> {
        if self.json {
            self.print(screen::json(document))
        } else {
            self.print(words())
        }
    }

    /// Prints a line at once.
    pub(crate) fn print(self, line: impl Display) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// A word by the way, on standard error, where it disturbs no program. If nobody reads it,
    /// nothing is lost.
    pub(crate) fn aside(self, line: impl Display) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

/// Whether a person can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
