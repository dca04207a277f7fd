//! Links between a device and the relay: bytes arrive late and in pieces of any length, in
//! order, until the link is cut.

use std::collections::VecDeque;

use sidelight_format::{Frame, FrameReader, MailboxName, frame_bytes};

/// One direction of a link.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    on_the_way: VecDeque<u8>,
    reader: FrameReader,
}

impl Pipe {
    pub(super) fn send(&mut self, frame: &Frame) {
        self.on_the_way.extend(frame_bytes(frame));
    }

    pub(super) fn len(&self) -> usize {
        self.on_the_way.len()
    }

    /// Lets at most `len` bytes arrive; gives the frames that are whole by then.
    pub(super) fn arrive(&mut self, len: usize) -> Vec<Frame> {
        let piece: Vec<u8> = self
            .on_the_way
            .drain(..len.min(self.on_the_way.len()))
            .collect();
        self.reader.extend(&piece);
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = self.reader.next_frame() {
            frames.push(frame);
        }
        frames
    }
}

/// A link.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) device: usize,
    pub(super) mailbox: MailboxName,
    pub(super) up: Pipe,
    pub(super) down: Pipe,
    /// The other end has given it up: what is on the way still arrives.
    pub(super) closing: bool,
}

impl Wire {
    pub(super) fn new(device: usize, mailbox: MailboxName) -> Self {
        Self {
            device,
            mailbox,
            up: Pipe::default(),
            down: Pipe::default(),
            closing: false,
        }
    }
}
