//! A relay's end: from hellos to connections.

use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Incoming, default_runtime};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use crate::{Connection, Goodbye, Limits, RelayIdentity, settings, socket};

/// How long [`Listener::stop`] waits for devices to hear of it.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// Why a relay cannot listen, by who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another program has the port.
    #[error("the port is in use; choose another, or stop the program that has it")]
    InUse,
    /// The address is another machine's.
    #[error("this machine does not have that address; [::] stands for all that it has")]
    NotHere,
    /// The port is reserved.
    #[error("this user may not listen on that port; choose one above 1023")]
    Denied,
    /// The system has no socket to give, or this is not a tokio runtime.
    #[error("no socket could be opened ({0})")]
    Socket(io::ErrorKind),
}

impl BindError {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::AddrNotAvailable => Self::NotHere,
            io::ErrorKind::PermissionDenied => Self::Denied,
            kind => Self::Socket(kind),
        }
    }
}

/// A relay's end of all its connections: one UDP socket, known by one key.
///
/// Handshakes happen in the background; a slow one holds nobody up. Dropping the listener ends
/// those and answers no further hello; connections it has handed out live on.
pub struct Listener {
    quic: quinn::Endpoint,
    ready: Mutex<mpsc::Receiver<Connection>>,
    door: watch::Sender<Door>,
    doorman: AbortHandle,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Closed,
}

impl Listener {
    /// Listens at this address (port 0: any) as this relay. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(
        address: SocketAddr,
        identity: &RelayIdentity,
        limits: Limits,
    ) -> Result<Self, BindError> {
        let runtime = default_runtime().ok_or(BindError::Socket(io::ErrorKind::Unsupported))?;
        let quic = socket::for_listener(address)
            .and_then(|socket| {
                quinn::Endpoint::new(
                    settings::listener_config(identity),
                    Some(settings::server_config(identity, &limits)),
                    socket,
                    Arc::new(socket::ListenerRuntime(runtime)),
                )
            })
            .map_err(|error| BindError::of(&error))?;
        let (connected, ready) = mpsc::channel(1);
        let (door, watching) = watch::channel(Door::Open);
        let doorman = Doorman {
            quic: quic.clone(),
            limits: Arc::new(limits),
            connected,
        };
        let doorman = tokio::spawn(doorman.work(watching)).abort_handle();
        Ok(Self {
            quic,
            ready: Mutex::new(ready),
            door,
            doorman,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// [`BindError::Socket`] if the system does not say.
    pub fn local_addr(&self) -> Result<SocketAddr, BindError> {
        self.quic
            .local_addr()
            .map_err(|error| BindError::of(&error))
    }

    /// The next device that has connected; `None` once the listener was stopped. May be called
    /// again when cancelled; no connection is lost.
    pub async fn accept(&self) -> Option<Connection> {
        self.ready.lock().await.recv().await
    }

    /// How many connections there are, with those in their handshake and those just ended.
    pub fn connections(&self) -> usize {
        self.quic.open_connections()
    }

    /// Stops: takes no more connections from now on (devices hear that the relay is busy), waits up
    /// to `grace` for those there are to end by themselves, then ends the rest for this reason.
    ///
    /// Whoever serves a link uses the grace to say so in a frame and to
    /// [`finish`](crate::FrameSender::finish) it.
    pub async fn stop(&self, why: Goodbye, grace: Duration) {
        self.door.send_replace(Door::Closed);
        // Out of grace or out of connections: both are an end to waiting.
        let _ = timeout(grace, self.quic.wait_idle()).await;
        self.quic.close(why.code(), b"");
        // Who has not heard by then finds out by itself.
        let _ = timeout(GOODBYE_MAX, self.quic.wait_idle()).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.doorman.abort();
        self.quic.set_server_config(None);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

/// Decides what becomes of each hello.
struct Doorman {
    quic: quinn::Endpoint,
    limits: Arc<Limits>,
    connected: mpsc::Sender<Connection>,
}

impl Doorman {
    async fn work(self, mut door: watch::Receiver<Door>) {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                biased; // once stop was called, nobody is admitted
                // Also when the listener is gone, which aborts this task.
                _ = door.wait_for(|door| *door == Door::Closed) => break,
                incoming = self.quic.accept() => match incoming {
                    Some(incoming) => self.admit(incoming, &mut handshakes),
                    None => return,
                },
                Some(_) = handshakes.join_next() => {}
            }
        }
        let Self {
            quic, connected, ..
        } = self;
        drop(connected);
        handshakes.shutdown().await;
        while let Some(incoming) = quic.accept().await {
            incoming.refuse();
        }
    }

    fn admit(&self, incoming: Incoming, handshakes: &mut JoinSet<()>) {
        let limits = &self.limits;
        if handshakes.len() >= limits.handshakes_max {
            incoming.ignore();
        } else if handshakes.len() >= limits.handshakes_unproved_max
            && !incoming.remote_address_validated()
        {
            // Fails only for an address that is validated.
            let _ = incoming.retry();
        } else if self.quic.open_connections() >= limits.connections_max {
            incoming.refuse();
        } else {
            let connected = self.connected.clone();
            let limits = limits.clone();
            handshakes.spawn(async move {
                let Ok(connecting) = incoming.accept() else {
                    return;
                };
                if let Ok(Ok(quic)) = timeout(limits.handshake_timeout, connecting).await
                    && let Some(connection) = Connection::new(quic, Some(limits))
                {
                    // Until somebody takes it, it counts as a handshake. If nobody ever does, the
                    // listener is stopping, and it ends here.
                    let _ = connected.send(connection).await;
                }
            });
        }
    }
}
