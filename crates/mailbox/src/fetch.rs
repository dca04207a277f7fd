//! Answering fetches, a bounded piece at a time, each link in its turn.

use sidelight_format::{Direction, Frame, Position, RefusalCode, limits};

use crate::{Host, LinkId, Log, LogError, Range};

/// The bodies in one frame of items, in bytes. An envelope that is longer travels alone.
pub(crate) const ITEMS_LEN_MAX: usize = 256 * 1024;

/// How many frames of items are made before the driver looks for new arrivals again: some
/// milliseconds of reading.
const PIECES_MAX: usize = 4;

/// How much may wait to leave over all links before fetches go on only where nothing waits.
const BACKLOG_MAX: usize = 256 * 1024 * 1024;

impl<L: Log> Host<L> {
    /// Lets each waiting link have one piece, and stops after a few.
    pub(crate) fn serve(&mut self) {
        for _ in 0..PIECES_MAX {
            let Some(link) = self.serving.pop_front() else {
                return;
            };
            let Some(state) = self.links.get_mut(&link) else {
                continue;
            };
            state.queued = false;
            // It has its turn again when something of what it waits for has left.
            if self.backlog > BACKLOG_MAX && state.backlog() > 0 {
                continue;
            }
            if let Err(error) = self.serve_piece(link) {
                self.trouble.get_or_insert(error);
                self.refuse_link(link, RefusalCode::Storage);
            }
            self.queue(link);
        }
    }

    fn serve_piece(&mut self, link: LinkId) -> Result<(), LogError> {
        let Some(state) = self.links.get_mut(&link) else {
            return Ok(());
        };
        let mailbox = state
            .mailbox
            .and_then(|name| Some((name, self.mailboxes.get(&name)?)));
        let (Some((name, mailbox)), Some(fetch)) = (mailbox, state.fetches.front_mut()) else {
            return Ok(());
        };
        let (length, hash) = mailbox.durable;
        // Positions before `start` are those still to go backwards, those from it on forwards.
        let start = fetch.from.0.min(length.0);
        let there = match fetch.direction {
            Direction::Forward => length.0 - start,
            Direction::Backward => start,
        };
        let wanted = there.min(u64::from(fetch.left));
        if wanted > 0 {
            let first = match fetch.direction {
                Direction::Forward => start,
                Direction::Backward => start - 1,
            };
            let range = Range {
                first: Position(first),
                direction: fetch.direction,
                count: wanted.min(limits::ITEMS_MAX as u64) as usize,
                bytes: ITEMS_LEN_MAX,
                classes: fetch.classes,
            };
            let items = self.log.read(&name, &range)?;
            let read = items.len() as u64;
            if read == 0 || read > wanted {
                return Err(LogError::Damaged);
            }
            fetch.from = Position(match fetch.direction {
                Direction::Forward => start + read,
                Direction::Backward => start - read,
            });
            fetch.left -= read as u32; // at most `wanted`, which is at most `left`
            let done = read == wanted;
            let next = fetch.from;
            let frame = Frame::Items {
                first: range.first,
                items,
            };
            self.send(link, frame);
            if done {
                self.finish(link, Frame::Fetched { next, length, hash });
            }
        } else {
            let next = Position(start);
            self.finish(link, Frame::Fetched { next, length, hash });
        }
        Ok(())
    }

    fn finish(&mut self, link: LinkId, fetched: Frame) {
        if let Some(state) = self.links.get_mut(&link) {
            state.fetches.pop_front();
        }
        self.send(link, fetched);
    }
}
