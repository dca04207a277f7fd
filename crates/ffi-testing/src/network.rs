//! The way between journals and a relay: datagrams, passed on or not.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, JoinSet};

/// How many journals' sockets are known at once. A test has a few; past that all are forgotten,
/// and those that still send are known again.
const FLOWS_MAX: usize = 1024;

/// How many datagrams are on their way while the network is slow; more are lost.
const DELAYED_MAX: usize = 16_384;

/// The largest payload of a datagram.
const DATAGRAM_LEN_MAX: usize = 65_535;

/// The network. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Network {
    way: Arc<Way>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Way {
    front: UdpSocket,
    weather: Mutex<Weather>,
}

#[derive(Clone, Copy, Debug)]
struct Weather {
    /// Where the relay is; none before it has started.
    relay: Option<SocketAddr>,
    cut: bool,
    delay: Duration,
    delayed: usize,
}

impl Network {
    /// Opens one that leads nowhere yet, and says where it begins.
    pub(crate) async fn open() -> io::Result<(Self, SocketAddr)> {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = front.local_addr()?;
        let way = Arc::new(Way {
            front,
            weather: Mutex::new(Weather {
                relay: None,
                cut: false,
                delay: Duration::ZERO,
                delayed: 0,
            }),
        });
        let task = tokio::spawn(carry(way.clone())).abort_handle();
        Ok((Self { way, task }, address))
    }

    pub(crate) fn lead_to(&self, relay: SocketAddr) {
        self.way.weather().relay = Some(relay);
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.way.weather().cut = cut;
    }

    pub(crate) fn slow(&self, delay: Duration) {
        self.way.weather().delay = delay;
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Way {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        // Each change is one assignment.
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a datagram on with `send`, now, later or never.
    async fn pass<F: Future<Output = ()> + Send + 'static>(self: &Arc<Self>, send: F) {
        let weather = *self.weather();
        if weather.cut || weather.delayed >= DELAYED_MAX {
            return;
        }
        if weather.delay.is_zero() {
            return send.await;
        }
        self.weather().delayed += 1;
        let way = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(weather.delay).await;
            way.weather().delayed -= 1;
            // It may have been cut meanwhile.
            if !way.weather().cut {
                send.await;
            }
        });
    }
}

/// Passes on what journals send, each by a socket of its own, so that the relay tells them apart.
async fn carry(way: Arc<Way>) {
    let mut flows: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    // Dropped with this task, they end.
    let mut answers = JoinSet::new();
    let mut datagram = vec![0; DATAGRAM_LEN_MAX];
    loop {
        // An error tells of an earlier datagram that nobody took.
        let Ok((len, from)) = way.front.recv_from(&mut datagram).await else {
            continue;
        };
        let Some(relay) = way.weather().relay else {
            continue;
        };
        if !flows.contains_key(&from) {
            if flows.len() == FLOWS_MAX {
                flows.clear();
                answers = JoinSet::new();
            }
            let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await else {
                continue;
            };
            if socket.connect(relay).await.is_err() {
                continue;
            }
            let socket = Arc::new(socket);
            answers.spawn(carry_back(way.clone(), socket.clone(), from));
            flows.insert(from, socket);
        }
        let socket = flows[&from].clone();
        let bytes = datagram[..len].to_vec();
        way.pass(async move {
            // One that is lost is sent again.
            let _ = socket.send(&bytes).await;
        })
        .await;
    }
}

async fn carry_back(way: Arc<Way>, socket: Arc<UdpSocket>, to: SocketAddr) {
    let mut datagram = vec![0; DATAGRAM_LEN_MAX];
    loop {
        let Ok(len) = socket.recv(&mut datagram).await else {
            // The relay has stopped. Another one does not come.
            return;
        };
        let bytes = datagram[..len].to_vec();
        let back = way.clone();
        way.pass(async move {
            let _ = back.front.send_to(&bytes, to).await;
        })
        .await;
    }
}
