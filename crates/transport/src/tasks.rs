//! The tasks of one endpoint, so that it ends when it is to end.

use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use tokio::task::{AbortHandle, JoinSet};

/// tokio, as quinn uses it for one endpoint.
///
/// quinn keeps a connection that nobody answers, and with it the endpoint's socket, for three
/// times the time that it guesses an answer to take: some seconds after everybody has let go. A
/// phone kills an app that keeps a socket while it sleeps, and whoever asks for a thousand syncs
/// and cancels them would have a thousand sockets.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    /// The endpoint's own task: the first. When it ends, the connections' tasks end by
    /// themselves, and tell all who wait for them. Stopped themselves, they would tell nobody.
    driver: Option<AbortHandle>,
    all: JoinSet<()>,
}

impl Tasks {
    /// Ends them, and waits until they have. Sockets are closed then, but for those of
    /// connections that somebody still holds.
    pub(crate) async fn end(&self) {
        let mut running = std::mem::take(&mut *self.lock());
        if let Some(driver) = &running.driver {
            driver.abort();
        }
        while running.all.join_next().await.is_some() {}
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing under this lock leaves it half changed.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever stopped waiting for their end has not stopped it.
        self.all.detach_all();
    }
}

impl Runtime for Tasks {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let mut running = self.lock();
        // Those that have ended are forgotten.
        while running.all.try_join_next().is_some() {}
        let task = running.all.spawn(future);
        running.driver.get_or_insert(task);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}
