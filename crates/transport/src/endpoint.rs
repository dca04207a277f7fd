//! A device's end: from an address to a connection.

use core::fmt;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quinn::{ConnectionError, TransportErrorCode};
use sidelight_format::{RelayAddress, RelayKey};
use tokio::time::{Instant, timeout, timeout_at};

use crate::tasks::Tasks;
use crate::tls::{Pin, SERVER_NAME};
use crate::{Connection, EndpointSettings, Goodbye, settings, socket};

/// How long one address of several may be tried: time for the first packet, its repetition after a
/// second, and a slow answer.
const ATTEMPT_MAX: Duration = Duration::from_millis(2500);

/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 6;

/// How long [`Endpoint::stop`] waits for the other ends to hear of it.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// Why there is no connection, by who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The network, or who runs the relay: nothing answered in time.
    #[error("the relay does not answer; check the network, or try again later")]
    Unreachable,
    /// Who gave the address: what answers there is another relay, or somebody in between.
    #[error(
        "what answers is not the relay that its address names; \
         ask who runs it for the current address"
    )]
    WrongKey,
    /// Who updates: the other end speaks another version of QUIC, TLS or Sidelight, or only key
    /// exchanges that are not taken here.
    #[error("what answers does not speak this version of Sidelight; update the app or the relay")]
    Version,
    /// Who runs the relay: it has no room, or is about to stop.
    #[error("the relay takes no more connections now; try again later")]
    Busy,
    /// Who typed the address: its name is not known. Also when there is no network to ask.
    #[error("the relay's name is not known; check the address and the network")]
    Address,
    /// The device: it has no socket to give.
    #[error("this device could not open a network socket; try again, or restart it")]
    Local,
    /// This program has stopped the endpoint.
    #[error("the connection was stopped here")]
    Stopped,
}

/// A device's end of all its connections: one UDP socket. Clones are the same endpoint.
///
/// It lives in the tokio runtime in which it was made. Connections outlive it if their handles do.
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

struct Shared {
    settings: EndpointSettings,
    /// None once it is stopped.
    open: Mutex<Option<Open>>,
}

struct Open {
    quic: quinn::Endpoint,
    tasks: Arc<Tasks>,
    /// Whether anybody was ever reached, who is to be told goodbye.
    met: bool,
}

impl Endpoint {
    /// An endpoint with ordinary settings, on any port, for IPv6 and IPv4.
    ///
    /// # Errors
    /// [`ConnectError::Local`]: no socket, or called outside a tokio runtime.
    pub fn new() -> Result<Self, ConnectError> {
        Self::with_settings(EndpointSettings::default())
    }

    /// An endpoint with these settings.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_settings(settings: EndpointSettings) -> Result<Self, ConnectError> {
        let open = Mutex::new(Some(Open::new()?));
        Ok(Self {
            shared: Arc::new(Shared { settings, open }),
        })
    }

    /// Connects to the relay at this address, and makes sure that it has the address's key.
    ///
    /// A name may stand for several addresses: they are tried in turn, IPv6 and IPv4 alternately.
    /// It takes no longer than `within`.
    ///
    /// # Errors
    /// [`ConnectError`]; of several addresses, that of the one that came closest.
    pub async fn connect(
        &self,
        relay: &RelayAddress,
        within: Duration,
    ) -> Result<Connection, ConnectError> {
        let deadline = Instant::now() + within;
        let addresses = timeout_at(deadline, resolve(relay.host()))
            .await
            .map_err(|_| ConnectError::Unreachable)??;
        let mut closest = ConnectError::Unreachable;
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = if tried + 1 == addresses.len() {
                left
            } else {
                ATTEMPT_MAX.min(left / 2)
            };
            match self.attempt(*address, &relay.key(), share).await {
                Err(ConnectError::Unreachable) => {}
                Err(error @ (ConnectError::Local | ConnectError::Stopped)) => return Err(error),
                Err(error) => closest = error,
                Ok(connection) => return Ok(connection),
            }
        }
        Err(closest)
    }

    /// Moves to a new socket, at once; for a device that wakes up or changes its network, where the
    /// old one may be dead without saying so. Connections carry on from the new one.
    ///
    /// # Errors
    /// [`ConnectError::Local`]: there is no new socket, and the old one stays;
    /// [`ConnectError::Stopped`].
    pub fn rebind(&self) -> Result<(), ConnectError> {
        let open = self.lock();
        let open = open.as_ref().ok_or(ConnectError::Stopped)?;
        let socket = socket::for_endpoint().map_err(|_| ConnectError::Local)?;
        open.quic.rebind(socket).map_err(|_| ConnectError::Local)
    }

    /// Hangs up all connections and takes no new ones; returns when the other ends have heard, or
    /// after a second. Then the socket is closed, but for a [`Connection`] or link that somebody
    /// still holds.
    pub async fn stop(&self) {
        let Some(Open { quic, tasks, met }) = self.lock().take() else {
            return;
        };
        quic.close(Goodbye::Done.code(), b"");
        if met {
            // Who has not heard by then finds out by itself.
            let _ = timeout(GOODBYE_MAX, quic.wait_idle()).await;
        }
        drop(quic);
        tasks.end().await;
    }

    /// Tries one address.
    async fn attempt(
        &self,
        address: SocketAddr,
        key: &RelayKey,
        within: Duration,
    ) -> Result<Connection, ConnectError> {
        let pin = Arc::new(Pin::new(key));
        let connecting = self.begin(address, &pin)?;
        match timeout(within, connecting).await {
            Ok(Ok(quic)) => {
                if let Some(open) = &mut *self.lock() {
                    open.met = true;
                }
                Connection::new(quic, None).ok_or(ConnectError::Unreachable)
            }
            Ok(Err(_)) if pin.mismatched() => Err(ConnectError::WrongKey),
            Ok(Err(error)) => Err(failed(&error)),
            Err(_) => Err(ConnectError::Unreachable),
        }
    }

    fn begin(
        &self,
        address: SocketAddr,
        pin: &Arc<Pin>,
    ) -> Result<quinn::Connecting, ConnectError> {
        let config = || settings::client_config(pin.clone(), &self.shared.settings);
        let mut open = self.lock();
        let open = open.as_mut().ok_or(ConnectError::Stopped)?;
        let begun = match open.quic.connect_with(config(), address, SERVER_NAME) {
            // Nobody stopped it here: its socket failed, as a phone's does when it sleeps too long.
            Err(quinn::ConnectError::EndpointStopping) => {
                *open = Open::new()?;
                open.quic.connect_with(config(), address, SERVER_NAME)
            }
            begun => begun,
        };
        begun.map_err(|error| match error {
            // An IPv6 address where there is no IPv6.
            quinn::ConnectError::InvalidRemoteAddress(_) => ConnectError::Unreachable,
            _ => ConnectError::Local,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        // Nothing under this lock leaves the state half changed.
        let open = self.shared.open.lock();
        open.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

impl Open {
    fn new() -> Result<Self, ConnectError> {
        tokio::runtime::Handle::try_current().map_err(|_| ConnectError::Local)?;
        let socket = socket::for_endpoint().map_err(|_| ConnectError::Local)?;
        let (config, tasks) = (settings::endpoint_config(), Arc::new(Tasks::default()));
        let quic = quinn::Endpoint::new(config, None, socket, tasks.clone());
        Ok(Self {
            quic: quic.map_err(|_| ConnectError::Local)?,
            tasks,
            met: false,
        })
    }
}

/// The addresses of `name:port`, in the order in which they are tried.
async fn resolve(host: &str) -> Result<Vec<SocketAddr>, ConnectError> {
    let (name, port) = host.rsplit_once(':').ok_or(ConnectError::Address)?;
    let port: u16 = port.parse().map_err(|_| ConnectError::Address)?;
    let name = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(name);
    let found = tokio::net::lookup_host((name, port))
        .await
        .map_err(|_| ConnectError::Address)?;
    let addresses = alternate(found.collect());
    if addresses.is_empty() {
        return Err(ConnectError::Address);
    }
    Ok(addresses)
}

/// Changes family with every address, beginning with the resolver's favourite: if one family is
/// broken, the second attempt is not (RFC 8305 §4).
fn alternate(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut these, mut others): (VecDeque<_>, VecDeque<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv6() == first_v6);
    let mut order = Vec::new();
    while order.len() < ADDRESSES_MAX {
        let Some(next) = these.pop_front().or_else(|| others.pop_front()) else {
            break;
        };
        if !order.contains(&next) {
            order.push(next);
        }
        core::mem::swap(&mut these, &mut others);
    }
    order
}

/// Who can do something about a handshake that failed with the relay's key unquestioned.
fn failed(error: &ConnectionError) -> ConnectError {
    match error {
        ConnectionError::TimedOut | ConnectionError::Reset => ConnectError::Unreachable,
        ConnectionError::ApplicationClosed(_) => ConnectError::Busy,
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::CONNECTION_REFUSED =>
        {
            ConnectError::Busy
        }
        ConnectionError::ConnectionClosed(_)
        | ConnectionError::TransportError(_)
        | ConnectionError::VersionMismatch => ConnectError::Version,
        ConnectionError::LocallyClosed => ConnectError::Stopped,
        ConnectionError::CidsExhausted => ConnectError::Local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_beginning_with_the_resolvers_favourite() {
        let parse = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|text| text.parse().unwrap()).collect()
        };
        let found = parse(&["[::1]:1", "[::2]:1", "[::1]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let order = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1"]);
        assert_eq!(alternate(found), order);
        let v4 = parse(&["1.1.1.1:1", "2.2.2.2:1"]);
        assert_eq!(alternate(v4.clone()), v4);
        assert_eq!(alternate(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn literal_addresses_need_no_resolver() {
        for (host, address) in [
            ("127.0.0.1:4433", "127.0.0.1:4433"),
            ("[::1]:4433", "[::1]:4433"),
        ] {
            assert_eq!(resolve(host).await, Ok(vec![address.parse().unwrap()]));
        }
    }

    /// quinn's endpoint answers alike when its driver has died of a socket error.
    #[tokio::test]
    async fn an_endpoint_whose_socket_died_opens_another() {
        let endpoint = Endpoint::new().unwrap();
        let open = |endpoint: &Endpoint| endpoint.lock().as_ref().unwrap().quic.clone();
        open(&endpoint).close(0u32.into(), b"");
        let pin = Arc::new(Pin::new(&RelayKey([0; 32])));
        let address = "127.0.0.1:1".parse().unwrap();
        assert!(endpoint.begin(address, &pin).is_ok());
        endpoint.stop().await;
        assert_eq!(
            endpoint.begin(address, &pin).err(),
            Some(ConnectError::Stopped)
        );
    }

    #[test]
    fn outside_a_runtime_there_is_an_error_and_no_panic() {
        assert_eq!(Endpoint::new().err(), Some(ConnectError::Local));
    }
}
