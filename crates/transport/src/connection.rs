//! One connection: what it proves, and the links on it.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use quinn::VarInt;

use crate::{Limits, Link, LinkError};

/// Names what [`Connection::exporter`] is for (RFC 8446 §7.5).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-sidelight-mailbox";

/// A connection between a device and a relay. Clones are the same connection.
///
/// It ends when either end hangs up, when the network is gone for longer than the idle timeout, or
/// when the last clone and the last part of a link have been dropped.
#[derive(Clone)]
pub struct Connection {
    quic: quinn::Connection,
    exporter: [u8; 32],
    /// Bytes of unfinished frames that all links hold together.
    partial: Arc<AtomicUsize>,
    /// What this end grants, if it is a relay.
    limits: Option<Arc<Limits>>,
}

impl Connection {
    /// A connection whose handshake is through; `None` if it has no exporter, which none has that
    /// ended already.
    pub(crate) fn new(quic: quinn::Connection, limits: Option<Arc<Limits>>) -> Option<Self> {
        let mut exporter = [0; 32];
        quic.export_keying_material(&mut exporter, EXPORTER_LABEL, &[])
            .ok()?;
        Some(Self {
            quic,
            exporter,
            partial: Arc::default(),
            limits,
        })
    }

    /// 32 bytes that both ends of this connection have, and nobody else: TLS exported keying
    /// material (RFC 8446 §7.5), label `EXPORTER-sidelight-mailbox`, no context. What is signed
    /// over them is worth nothing on any other connection.
    pub fn exporter(&self) -> [u8; 32] {
        self.exporter
    }

    /// Opens a link; for the end that connected. The other end sees it with its first frame.
    ///
    /// Waits while the relay's [`Limits::links_per_connection_max`](crate::Limits) are open.
    ///
    /// # Errors
    /// What ended the connection.
    pub async fn open_link(&self) -> Result<Link, LinkError> {
        let (send, receive) = self.quic.open_bi().await.map_err(LinkError::of)?;
        Ok(Link::new(send, receive, self.partial.clone()))
    }

    /// The next link that the other end opened, in the order opened; `None` when the connection
    /// has ended. May be called again when cancelled; no link is lost.
    pub async fn accept_link(&self) -> Option<Link> {
        let (send, receive) = self.quic.accept_bi().await.ok()?;
        let nth = receive.id().index() + 1;
        let limits = self.limits.as_ref();
        if let Some(granted) = limits.and_then(|limits| limits.links_granted_with(nth)) {
            self.quic.set_max_concurrent_bi_streams(granted);
        }
        Some(Link::new(send, receive, self.partial.clone()))
    }

    /// Ends the connection, and all links on it, at once: what was sent and not delivered is lost.
    /// [`FrameSender::finish`](crate::FrameSender::finish) first what must arrive.
    pub fn hang_up(&self) {
        self.hang_up_because(Goodbye::Done);
    }

    /// Ends the connection like [`hang_up`](Self::hang_up), and tells the other end why.
    pub fn hang_up_because(&self, why: Goodbye) {
        self.quic.close(why.code(), b"");
    }

    /// Waits until the connection has ended, and says what ended it.
    pub async fn closed(&self) -> LinkError {
        LinkError::of(self.quic.closed().await)
    }

    /// The current estimate of the round trip's time.
    pub fn rtt(&self) -> Duration {
        self.quic.rtt()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No address, and no exporter.
        f.debug_struct("Connection")
            .field("id", &self.quic.stable_id())
            .finish_non_exhaustive()
    }
}

/// Why an end says goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Goodbye {
    /// It has nothing more to say.
    #[error("it has hung up")]
    Done,
    /// It is about to stop; connect again in a while.
    #[error("it is stopping")]
    Stopping,
    /// The other end broke the rules.
    #[error("it did not accept what was sent")]
    Misbehaved,
    /// It let go in the middle of a frame.
    #[error("it let go in the middle of a message")]
    Abandoned,
    /// A reason that this version does not know.
    #[error("it has hung up for a reason of another version")]
    Unknown,
}

impl Goodbye {
    /// Its number on the wire. 0 is also what ends a link or connection that is simply dropped.
    pub(crate) fn code(self) -> VarInt {
        VarInt::from_u32(match self {
            Self::Done => 0,
            Self::Stopping => 1,
            Self::Misbehaved => 2,
            Self::Abandoned => 3,
            Self::Unknown => 255,
        })
    }

    pub(crate) fn of(code: VarInt) -> Self {
        match code.into_inner() {
            0 => Self::Done,
            1 => Self::Stopping,
            2 => Self::Misbehaved,
            3 => Self::Abandoned,
            _ => Self::Unknown,
        }
    }
}
