//! What the library says of its work, for whoever looks for a fault. No text, key, mailbox, name
//! or address is ever in it.

use core::fmt::{self, Debug, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};

use crate::JournalError;

/// Receives lines of the log, on one thread of the library's own: it may take its time, and
/// meanwhile nothing waits for it. Lines that come too fast are left out, and counted.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync + Debug {
    /// A line. What it throws is ignored.
    fn log(&self, level: LogLevel, target: String, line: String) -> Result<(), LogSinkError>;
}

/// Why a line could not be kept. It is lost, and nothing else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LogSinkError {
    /// It failed.
    #[error("it failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LogSinkError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum)]
pub enum LogLevel {
    /// For finding a fault.
    Debug,
    /// Something worth knowing.
    Info,
    /// Something is wrong, and is dealt with.
    Warn,
    /// Something failed.
    Error,
}

/// How many lines wait for a sink. Some seconds of the busiest sync at `Debug`.
const LINES_MAX: usize = 1024;

/// Sends the log of all journals of this process to `sink` from now on, from `level` upwards; to
/// nobody if there is none. The sink before it is let go.
///
/// Fails as Invalid if this process logs in another way already.
#[uniffi::export]
pub fn set_log_sink(level: LogLevel, sink: Option<Arc<dyn LogSink>>) -> Result<(), JournalError> {
    let mine = INSTALLED.get_or_init(|| tracing::subscriber::set_global_default(Log).is_ok());
    if !mine {
        let other = "this process has another log already; leave this one out";
        return Err(JournalError::invalid(other));
    }
    let next = match sink {
        None => None,
        Some(sink) => {
            let (lines, waiting) = mpsc::sync_channel(LINES_MAX);
            std::thread::Builder::new()
                .name("sidelight-log".to_owned())
                .spawn(move || pass_on(&waiting, &*sink))
                .map_err(|_| JournalError::Storage {
                    detail: "the system gives no more threads; close other programs, try again"
                        .to_owned(),
                })?;
            Some(To {
                lines,
                level,
                left_out: 0,
            })
        }
    };
    // The lock is free again when this asks for it.
    *to() = next;
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

struct Line {
    level: LogLevel,
    target: &'static str,
    text: String,
}

/// Where lines go.
struct To {
    lines: SyncSender<Line>,
    level: LogLevel,
    left_out: u64,
}

/// Whether the process's subscriber is this one.
static INSTALLED: OnceLock<bool> = OnceLock::new();

static TO: Mutex<Option<To>> = Mutex::new(None);

fn to() -> MutexGuard<'static, Option<To>> {
    // Nothing under this lock leaves it half changed.
    TO.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until its sender is gone.
fn pass_on(waiting: &Receiver<Line>, sink: &dyn LogSink) {
    for line in waiting {
        // A sink that fails has lost the line; there is nobody to tell.
        let _ = sink.log(line.level, line.target.to_owned(), line.text);
    }
}

/// The process's subscriber.
struct Log;

impl Log {
    /// Only what is written here: other crates may log addresses.
    fn is_ours(metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sidelight") && metadata.is_event()
    }
}

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::is_ours(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let to = to().as_ref().map(|to| to.level);
        Self::is_ours(metadata) && to.is_some_and(|least| level(*metadata.level()) >= least)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match to().as_ref().map(|to| to.level) {
            None => LevelFilter::OFF,
            Some(LogLevel::Debug) => LevelFilter::TRACE,
            Some(LogLevel::Info) => LevelFilter::INFO,
            Some(LogLevel::Warn) => LevelFilter::WARN,
            Some(LogLevel::Error) => LevelFilter::ERROR,
        })
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let line = Line {
            level: level(*event.metadata().level()),
            target: event.metadata().target(),
            text: text.0,
        };
        if let Some(to) = &mut *to() {
            to.send(line);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1) // there are none
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl To {
    fn send(&mut self, line: Line) {
        if self.left_out > 0 {
            let said = Line {
                level: LogLevel::Warn,
                target: "sidelight",
                text: format!("{} lines came too fast and are left out", self.left_out),
            };
            if self.lines.try_send(said).is_err() {
                self.left_out += 1;
                return;
            }
            self.left_out = 0;
        }
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.left_out += 1;
        }
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

/// A line: what happened, then its fields.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let message = field.name() == "message";
        // The message is recorded first; writing to a string does not fail.
        let _ = match message {
            true => write!(self.0, "{value:?}"),
            false => write!(self.0, " {}={value:?}", field.name()),
        };
    }
}

impl Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
