//! A relay that runs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use sidelight_format::{RelayAddress, RelayInstance, RelayKey, Secret};
use sidelight_mailbox::MemoryDisk;
use sidelight_transport::{BindError, Goodbye, Listener, RelayIdentity};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tracing::info;

use crate::data_dir::{DataDir, random};
use crate::serve::Server;
use crate::storage::{Input, Storage};
use crate::{Config, Data, RunError};

/// Starts a relay. It is ready when this returns.
///
/// To be called on a tokio runtime with IO and time enabled; it spawns its tasks there, and one
/// thread of its own for storage.
///
/// # Errors
/// [`RunError`]; then nothing is left running.
pub async fn run(config: Config) -> Result<Running, RunError> {
    let storage_failed = |error: std::io::Error| RunError::System(error.kind());
    let (dir, seed) = match &config.data {
        Data::Memory => (None, Secret::new(random()?)),
        Data::Dir(path) => {
            let dir = DataDir::lock(path)?;
            let seed = dir.seed()?;
            (Some(dir), seed)
        }
    };
    let identity = RelayIdentity::from_seed(&seed);
    // The address before the database: a relay that cannot listen changes nothing.
    let listener = Listener::bind(config.listen, &identity, config.limits)
        .map_err(|error| cannot_listen(config.listen, error))?;
    let listen = listener
        .local_addr()
        .map_err(|error| cannot_listen(config.listen, error))?;
    let address = address(listen, config.advertise.as_deref(), identity.key())?;
    let (storage, ended) = match dir {
        None => {
            let disk = MemoryDisk::new(RelayInstance(random()?));
            Storage::start(disk.log(), None, config.policy).map_err(storage_failed)?
        }
        Some(dir) => {
            let log = dir.database(config.restored, config.database_bytes_max)?;
            Storage::start(log, Some(dir), config.policy).map_err(storage_failed)?
        }
    };
    let (stopping, watching) = watch::channel(false);
    let listener = Arc::new(listener);
    let server = Server::new(storage.clone(), config.links_max, watching);
    let accepting = tokio::spawn(server.accept(listener.clone()));
    info!(%listen, "relay is running");
    Ok(Running {
        address,
        listen,
        listener,
        storage,
        ended,
        stopping,
        accepting,
    })
}

/// A relay that runs until it is [stopped](Running::stop). Dropped without that, it ends like a
/// killed one: nothing acknowledged is lost, and devices notice by themselves.
pub struct Running {
    address: RelayAddress,
    listen: SocketAddr,
    listener: Arc<Listener>,
    storage: Storage,
    ended: oneshot::Receiver<()>,
    stopping: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// How long links and connections may take to end in order.
const STOP_MAX: Duration = Duration::from_secs(5);

impl Running {
    /// The address by which devices reach it.
    pub fn address(&self) -> RelayAddress {
        self.address.clone()
    }

    /// Where it listens.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Waits until the relay has ended by itself, which it only does when its storage thread
    /// dies: a bug. Whoever runs the relay then stops and starts it again.
    pub async fn failed(&mut self) {
        if !self.ended.is_terminated() {
            // The thread's end and its death by panic are the same here.
            let _ = (&mut self.ended).await;
        }
    }

    /// Stops: commits what has come, tells every link so, waits some seconds for them to hear it,
    /// and closes the data in order.
    pub async fn stop(mut self) {
        info!("relay is stopping");
        self.storage.send(Input::Stop);
        self.stopping.send_replace(true);
        self.listener.stop(Goodbye::Stopping, STOP_MAX).await;
        self.storage.send(Input::Exit);
        self.failed().await;
        info!("relay has stopped");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
        self.stopping.send_replace(true);
        self.storage.send(Input::Exit);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

fn cannot_listen(address: SocketAddr, error: BindError) -> RunError {
    match error {
        BindError::InUse => RunError::AddressInUse(address),
        BindError::Socket(kind) => RunError::Listen(address, kind),
        _ => RunError::Listen(address, std::io::ErrorKind::Other),
    }
}

/// What devices are given: what was asked for, else where it listens; and if that is every
/// address of this machine, the one from which it reaches the rest of the world.
fn address(
    listen: SocketAddr,
    advertise: Option<&str>,
    key: RelayKey,
) -> Result<RelayAddress, RunError> {
    let host = match advertise {
        Some(host) => match host.strip_suffix(":0") {
            Some(name) => format!("{name}:{}", listen.port()),
            None => host.to_owned(),
        },
        None if listen.ip().is_unspecified() => {
            SocketAddr::new(own_address(listen.ip()), listen.port()).to_string()
        }
        None => listen.to_string(),
    };
    RelayAddress::new(&host, key).map_err(|error| RunError::Advertise(host, error))
}

/// The address of this machine on the way to the rest of the world. Connecting a UDP socket
/// only asks for the route; nothing is sent to these addresses, which are for documentation.
fn own_address(any: IpAddr) -> IpAddr {
    let (elsewhere, fallback): (SocketAddr, IpAddr) = match any {
        IpAddr::V4(_) => (([192, 0, 2, 1], 9).into(), Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => (
            (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
            Ipv6Addr::LOCALHOST.into(),
        ),
    };
    let ask = || {
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(elsewhere)?;
        socket.local_addr()
    };
    ask().map_or(fallback, |address: SocketAddr| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_devices_can_reach() {
        let host = |listen: &str, advertise| {
            let address = address(listen.parse().unwrap(), advertise, RelayKey([1; 32]));
            address.map(|address| address.host().to_owned())
        };
        assert_eq!(host("127.0.0.1:7", None).unwrap(), "127.0.0.1:7");
        assert_eq!(host("[::1]:7", None).unwrap(), "[::1]:7");
        assert_eq!(
            host("0.0.0.0:7", Some("a.example:9")).unwrap(),
            "a.example:9"
        );
        assert_eq!(
            host("0.0.0.0:7", Some("a.example:0")).unwrap(),
            "a.example:7"
        );
        let any = host("0.0.0.0:7", None).unwrap();
        assert!(any.ends_with(":7") && !any.starts_with("0.0.0.0"), "{any}");
        assert!(matches!(
            host("0.0.0.0:7", Some("a.example")),
            Err(RunError::Advertise(..))
        ));
    }
}
