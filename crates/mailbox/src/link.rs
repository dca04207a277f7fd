//! One link: who is at the other end, what it has asked for, what waits to leave.

use std::collections::VecDeque;

use sidelight_format::{ClassSet, Contents, Direction, Frame, MailboxName, Position, RefusalCode};

/// Names a link, by its driver's choice. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// What the driver is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Output {
    /// Send a frame, and [say so](crate::Host::handle_sent) when it has left.
    Send {
        /// Over which link.
        link: LinkId,
        /// The frame.
        frame: Frame,
    },
    /// Send what is still to be sent, then close the link. The host has forgotten it already.
    Close {
        /// Which one.
        link: LinkId,
        /// Why, for the log.
        why: CloseReason,
    },
}

/// Why the host gives a link up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// The frame before it says why.
    #[error("refused: {0}")]
    Refused(RefusalCode),
    /// It takes frames more slowly than its mailbox makes them. It can come back and fetch.
    #[error("it reads too slowly")]
    Behind,
}

/// How much may wait to leave over one link before a fetch pauses. With the piece that crosses
/// it, up to 512 KiB wait here, beside what the link itself has on its way: the line stays full
/// while the next piece is read.
pub(crate) const FETCH_WINDOW: usize = 256 * 1024;

/// How much may wait to leave over one link before arriving envelopes are no longer pushed to
/// it; it learns of them when they are stored, and fetches.
pub(crate) const PUSH_BACKLOG_MAX: usize = 1024 * 1024;

/// How much may wait to leave over one link at all. Past [`PUSH_BACKLOG_MAX`] only answers and
/// announcements of 32 bytes an envelope add to it, so that who gets here is not reading.
pub(crate) const BACKLOG_MAX: usize = 4 * 1024 * 1024;

/// How many fetches one link may have open.
pub(crate) const FETCHES_MAX: usize = 16;

/// A link as the host sees it.
pub(crate) struct Link {
    /// What the proof must be over.
    pub(crate) exporter: [u8; 32],
    /// What it has opened.
    pub(crate) mailbox: Option<MailboxName>,
    /// Fetches, of which the first is being answered.
    pub(crate) fetches: VecDeque<Fetch>,
    /// Whether it stands in the host's queue of links to be served.
    pub(crate) queued: bool,
    /// The lengths of the frames that have not left, oldest first.
    unsent: VecDeque<u32>,
    backlog: usize,
}

/// A fetch, and how far it has come.
pub(crate) struct Fetch {
    pub(crate) from: Position,
    pub(crate) direction: Direction,
    pub(crate) left: u32,
    pub(crate) classes: ClassSet,
}

impl Link {
    pub(crate) fn new(exporter: [u8; 32]) -> Self {
        Self {
            exporter,
            mailbox: None,
            fetches: VecDeque::new(),
            queued: false,
            unsent: VecDeque::new(),
            backlog: 0,
        }
    }

    /// How many bytes wait to leave.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog
    }

    /// Whether a fetch may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.backlog < FETCH_WINDOW
    }

    /// Counts a frame that is about to wait.
    pub(crate) fn add(&mut self, len: usize) {
        self.unsent
            .push_back(u32::try_from(len).unwrap_or(u32::MAX));
        self.backlog += len;
    }

    /// Counts frames that have left; how many bytes that was.
    pub(crate) fn sent(&mut self, frames: usize) -> usize {
        let frames = frames.min(self.unsent.len());
        let bytes = self.unsent.drain(..frames).map(|len| len as usize).sum();
        self.backlog -= bytes;
        bytes
    }
}

/// About how long a frame is on the wire, without encoding it: every fixed part at its longest.
pub(crate) fn wire_len(frame: &Frame) -> usize {
    const FIXED: usize = 128;
    FIXED
        + match frame {
            Frame::Put { envelope } | Frame::Arrived { envelope } => envelope.len(),
            Frame::Open { ticket, .. } => ticket.len(),
            Frame::Stored { ids, .. } => ids.len() * 32,
            Frame::Items { items, .. } => items
                .iter()
                .map(|item| {
                    40 + match &item.contents {
                        Contents::Whole(bytes) => bytes.len(),
                        Contents::Skipped | Contents::Dropped => 0,
                    }
                })
                .sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_makes_room() {
        let mut link = Link::new([0; 32]);
        link.add(FETCH_WINDOW - 1);
        assert!(link.has_room());
        link.add(10);
        assert!(!link.has_room());
        assert_eq!(link.sent(1), FETCH_WINDOW - 1);
        assert!(link.has_room());
        assert_eq!((link.sent(99), link.backlog()), (10, 0));
    }
}
