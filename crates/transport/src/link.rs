//! A link: one bidirectional stream of frames.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use quinn::{ConnectionError, ReadError, StoppedError, WriteError};
use sidelight_format::{Frame, FrameReader, append_frame, limits};

use crate::Goodbye;

/// How many bytes of unfinished frames the links of one connection may hold together: 8 MiB. An
/// honest end has one large frame in the making on each of a few links; who begins thirty and ends
/// none is cut off.
pub const PARTIAL_LEN_MAX: usize = 8 * 1024 * 1024;

/// How much one [`FrameReceiver::recv`] takes in before it hands over the frames it has.
const TAKE_LEN: usize = 256 * 1024;

/// How many pieces are asked of the stream at once: a datagram carries one.
const PIECES: usize = 16;

/// What ended a link or a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The network: no answer for longer than the idle timeout, or the other end has forgotten the
    /// connection. Connect again.
    #[error("the connection was lost; connect again")]
    Lost,
    /// The other end sent what is not a frame, claimed one past
    /// [`limits::FRAME_LEN_MAX`], left one unfinished, or
    /// left too many unfinished at once ([`PARTIAL_LEN_MAX`]).
    #[error("the other end does not keep to the protocol; update the app or the relay")]
    Malformed,
    /// The other end ended it.
    #[error("the other end closed the connection: {0}")]
    Closed(Goodbye),
    /// This end hung up, or stopped.
    #[error("the connection was closed here")]
    HungUp,
    /// A frame to be sent is longer than [`limits::FRAME_LEN_MAX`]: a bug here. Nothing was sent.
    #[error("a message is too long to be sent; this is a bug")]
    TooLong,
}

impl LinkError {
    pub(crate) fn of(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => {
                Self::Closed(Goodbye::of(close.error_code))
            }
            ConnectionError::LocallyClosed => Self::HungUp,
            ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::Reset
            | ConnectionError::TimedOut
            | ConnectionError::CidsExhausted => Self::Lost,
        }
    }

    fn of_write(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(code) => Self::Closed(Goodbye::of(code)),
            WriteError::ConnectionLost(error) => Self::of(error),
            WriteError::ClosedStream | WriteError::ZeroRttRejected => Self::HungUp,
        }
    }

    fn of_read(error: ReadError) -> Self {
        match error {
            ReadError::Reset(code) => Self::Closed(Goodbye::of(code)),
            ReadError::ConnectionLost(error) => Self::of(error),
            ReadError::ClosedStream
            | ReadError::ZeroRttRejected
            | ReadError::IllegalOrderedRead => Self::HungUp,
        }
    }
}

/// A link, before its two directions part.
pub struct Link {
    sender: FrameSender,
    receiver: FrameReceiver,
}

impl Link {
    pub(crate) fn new(
        send: quinn::SendStream,
        receive: quinn::RecvStream,
        partial: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            sender: FrameSender {
                stream: send,
                pending: Vec::new(),
                written: 0,
            },
            receiver: FrameReceiver {
                stream: receive,
                reader: FrameReader::default(),
                held: Held {
                    len: 0,
                    total: partial,
                },
                end: None,
            },
        }
    }

    /// Its two directions. Each ends by itself; the link is over when both have.
    pub fn split(self) -> (FrameSender, FrameReceiver) {
        (self.sender, self.receiver)
    }
}

/// Sends frames on a link.
///
/// Dropping it ends this direction of the link: in order if all was handed over, otherwise as
/// [`Goodbye::Abandoned`]. What was handed over is still delivered while the connection stands.
pub struct FrameSender {
    stream: quinn::SendStream,
    pending: Vec<u8>,
    written: usize,
}

impl FrameSender {
    /// Sends these frames, in this order, in as few packets as they fit in.
    ///
    /// Returns when all have been handed to the connection, which may wait for the other end to
    /// read; not when they have arrived. When cancelled, what is left goes out with the next
    /// `send` or [`finish`](Self::finish): a frame is never cut, and none is sent twice.
    ///
    /// # Errors
    /// [`LinkError::TooLong`], before anything is sent; else what ended the link or connection.
    pub async fn send(&mut self, frames: &[Frame]) -> Result<(), LinkError> {
        let earlier = self.pending.len();
        for frame in frames {
            if append_frame(frame, &mut self.pending) > limits::FRAME_LEN_MAX {
                self.pending.truncate(earlier);
                return Err(LinkError::TooLong);
            }
        }
        self.flush().await
    }

    /// Says that no more frames follow, and waits until the other end has received all.
    ///
    /// # Errors
    /// What ended the link or connection before that.
    pub async fn finish(mut self) -> Result<(), LinkError> {
        self.flush().await?;
        // Fails only if it was called before, and this consumes the sender.
        let _ = self.stream.finish();
        match self.stream.stopped().await {
            Ok(None) => Ok(()),
            Ok(Some(code)) => Err(LinkError::Closed(Goodbye::of(code))),
            Err(StoppedError::ConnectionLost(error)) => Err(LinkError::of(error)),
            Err(StoppedError::ZeroRttRejected) => Err(LinkError::HungUp),
        }
    }

    async fn flush(&mut self) -> Result<(), LinkError> {
        while self.written < self.pending.len() {
            let rest = &self.pending[self.written..];
            self.written += self.stream.write(rest).await.map_err(LinkError::of_write)?;
        }
        // Idle links are many; none keeps the room of its largest frame.
        self.pending = Vec::new();
        self.written = 0;
        Ok(())
    }
}

impl Drop for FrameSender {
    fn drop(&mut self) {
        if self.written < self.pending.len() {
            // Otherwise the stream would end in order, in the middle of a frame. It fails only if
            // the stream has ended already.
            let _ = self.stream.reset(Goodbye::Abandoned.code());
        }
    }
}

/// Receives frames on a link. Dropping it tells the other end to stop sending.
pub struct FrameReceiver {
    stream: quinn::RecvStream,
    reader: FrameReader,
    held: Held,
    /// How the stream ended, once it has and its frames are handed over.
    end: Option<Result<(), LinkError>>,
}

impl FrameReceiver {
    /// Waits for frames and returns all that have arrived, at least one; `None` once the other end
    /// has said that no more follow.
    ///
    /// May be called again when cancelled; nothing is lost. An error comes after all frames that
    /// preceded it, and again with every further call.
    ///
    /// # Errors
    /// [`LinkError::Malformed`]; else what ended the link or connection.
    pub async fn recv(&mut self) -> Result<Option<Vec<Frame>>, LinkError> {
        let mut frames = Vec::new();
        let mut taken = 0;
        while self.end.is_none() {
            if frames.is_empty() {
                // One piece is waited for: an idle link keeps no room for more.
                let read = self.stream.read_chunk(TAKE_LEN, true).await;
                let piece = read.map(|chunk| chunk.map(|chunk| chunk.bytes));
                taken += match piece {
                    Ok(Some(piece)) => self.take(&[piece], &mut frames),
                    Ok(None) => self.end_of_stream(),
                    Err(error) => self.fail(LinkError::of_read(error)),
                };
            } else {
                // Only what is there already.
                let more = poll_fn(|cx| Poll::Ready(self.take_more(cx, &mut frames))).await;
                let Some(more) = more else { break };
                taken += more;
            }
            if taken >= TAKE_LEN && !frames.is_empty() {
                break;
            }
        }
        match self.end {
            _ if !frames.is_empty() => Ok(Some(frames)),
            Some(Err(error)) => Err(error),
            _ => Ok(None),
        }
    }

    /// Takes in what is there already, and says how much; none if there is nothing.
    fn take_more(&mut self, cx: &mut Context<'_>, frames: &mut Vec<Frame>) -> Option<usize> {
        let mut pieces = [const { Bytes::new() }; PIECES];
        let read = match pin!(self.stream.read_chunks(&mut pieces)).poll(cx) {
            Poll::Ready(read) => read,
            Poll::Pending => return None,
        };
        Some(match read {
            Ok(Some(count)) => self.take(&pieces[..count], frames),
            Ok(None) => self.end_of_stream(),
            Err(error) => self.fail(LinkError::of_read(error)),
        })
    }

    /// Takes in pieces of the stream, and out of them the frames that they complete. Returns how
    /// long they are.
    fn take(&mut self, pieces: &[Bytes], frames: &mut Vec<Frame>) -> usize {
        let mut taken = 0;
        for piece in pieces {
            taken += piece.len();
            if let Err(error) = self.take_piece(piece, frames) {
                self.fail(error);
                break;
            }
        }
        taken
    }

    fn take_piece(&mut self, piece: &[u8], frames: &mut Vec<Frame>) -> Result<(), LinkError> {
        self.reader.extend(piece);
        while let Some(frame) = self.reader.next_frame().map_err(|_| LinkError::Malformed)? {
            frames.push(frame);
        }
        let unread = self.reader.unread_len();
        if unread == 0 {
            // Idle links are many; none keeps the room of its largest frame.
            self.reader = FrameReader::default();
        }
        self.held.set(unread)
    }

    /// The other end has said that no more follows: with nothing, which is 0 bytes.
    fn end_of_stream(&mut self) -> usize {
        if self.reader.unread_len() > 0 {
            return self.fail(LinkError::Malformed);
        }
        self.end = Some(Ok(()));
        0
    }

    /// Ends with an error, which is 0 bytes.
    fn fail(&mut self, error: LinkError) -> usize {
        self.end = Some(Err(error));
        self.reader = FrameReader::default();
        self.held.release();
        // Fails only if the stream has ended already.
        let _ = self.stream.stop(Goodbye::Misbehaved.code());
        0
    }
}

/// One link's part of what all links of a connection hold of unfinished frames.
struct Held {
    len: usize,
    total: Arc<AtomicUsize>,
}

impl Held {
    fn set(&mut self, len: usize) -> Result<(), LinkError> {
        let others = self.total.fetch_sub(self.len, Ordering::Relaxed) - self.len;
        self.len = len;
        self.total.fetch_add(len, Ordering::Relaxed);
        if others + len > PARTIAL_LEN_MAX {
            return Err(LinkError::Malformed);
        }
        Ok(())
    }

    fn release(&mut self) {
        self.total.fetch_sub(self.len, Ordering::Relaxed);
        self.len = 0;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}

impl fmt::Debug for FrameSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSender")
            .field("waiting", &(self.pending.len() - self.written))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FrameReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReceiver")
            .field("unfinished", &self.held.len)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
