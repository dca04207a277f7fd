//! The network between the devices and the relay: a UDP proxy on loopback that records every
//! datagram and makes the weather.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::weather::{Sky, Weather};

/// Between the devices, which know its address, and the relay.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    /// Datagrams that devices or the relay sent.
    pub(super) datagrams: u64,
    /// Their payload, from the devices to the relay.
    pub(super) bytes_up: u64,
    /// Their payload, from the relay to the devices.
    pub(super) bytes_down: u64,
    /// How many were held back, came twice, or were lost in an offline spell.
    pub(super) delayed: u64,
    pub(super) duplicated: u64,
    pub(super) lost: u64,
    pub(super) offline_spells: u64,
}

impl Traffic {
    /// Both directions.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes_up + self.bytes_down
    }
}

struct Shared {
    front: UdpSocket,
    target: Mutex<SocketAddr>,
    state: Mutex<State>,
    sent_up: watch::Sender<u64>,
}

struct State {
    record: BufWriter<File>,
    /// The first error of writing the record; the demo proves nothing then.
    record_failed: Option<io::Error>,
    traffic: Traffic,
    sky: Sky,
    flows: HashMap<SocketAddr, Flow>,
    /// Once devices have sent more bytes than this, nothing passes any more.
    dark_after: Option<u64>,
}

/// The way of one device's socket.
struct Flow {
    upstream: Arc<UdpSocket>,
    active: Instant,
    offline_until: Option<Instant>,
}

/// A socket that was silent for so long belongs to nobody any more.
const SILENT_MAX: Duration = Duration::from_secs(3);

/// The largest payload of a UDP datagram.
const DATAGRAM_LEN_MAX: usize = 65_535;

impl Proxy {
    /// Begins to pass datagrams to `target`, all of them written to the file `record`.
    pub(super) async fn start(target: SocketAddr, record: &Path, seed: u64) -> io::Result<Self> {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = front.local_addr()?;
        let shared = Arc::new(Shared {
            front,
            target: Mutex::new(target),
            state: Mutex::new(State {
                record: BufWriter::with_capacity(1 << 20, File::create(record)?),
                record_failed: None,
                traffic: Traffic::default(),
                sky: Sky::new(seed),
                flows: HashMap::new(),
                dark_after: None,
            }),
            sent_up: watch::channel(0).0,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(shared.clone().run());
        Ok(Self {
            address,
            shared,
            tasks,
        })
    }

    /// Where devices find it.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes to another port from now on.
    pub(super) fn retarget(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
        let mut state = lock(&self.shared.state);
        // Sockets are connected to where the relay was; the next datagram makes new ones.
        state.flows.clear();
        state.dark_after = None;
    }

    /// Once devices have sent more than so many bytes in all, nothing passes until it is turned
    /// to [another port](Self::retarget).
    pub(super) fn dark_after(&self, bytes: u64) {
        lock(&self.shared.state).dark_after = Some(bytes);
    }

    /// Changes the weather.
    pub(super) fn weather(&self, weather: Weather) {
        let mut state = lock(&self.shared.state);
        state.sky.weather = weather;
        for flow in state.flows.values_mut() {
            flow.offline_until = None;
        }
    }

    /// Nothing passes for so long: of one device, or of all.
    pub(super) fn offline(&self, which: Option<usize>, spell: Duration) {
        let mut state = lock(&self.shared.state);
        let now = Instant::now();
        let flows = state.flows.iter_mut();
        let mut active: Vec<_> = flows
            .filter(|(_, flow)| now.duration_since(flow.active) < SILENT_MAX)
            .collect();
        active.sort_unstable_by_key(|(address, _)| **address);
        let count = active.len().max(1);
        for (number, (_, flow)) in active.into_iter().enumerate() {
            if which.is_none_or(|which| which % count == number) {
                flow.offline_until = Some(now + spell);
            }
        }
        state.traffic.offline_spells += 1;
    }

    /// What has passed until now.
    pub(super) fn traffic(&self) -> Traffic {
        lock(&self.shared.state).traffic
    }

    /// Waits until devices have sent so many bytes in all.
    pub(super) async fn sent_up(&self, bytes: u64) {
        let mut sent = self.shared.sent_up.subscribe();
        // The sender lives as long as `self`.
        let _ = sent.wait_for(|sent| *sent >= bytes).await;
    }

    /// Ends it; the record is complete then.
    pub(super) async fn stop(mut self) -> io::Result<Traffic> {
        self.tasks.shutdown().await;
        let mut state = lock(&self.shared.state);
        if let Some(error) = state.record_failed.take() {
            return Err(error);
        }
        state.record.flush()?;
        Ok(state.traffic)
    }
}

impl Shared {
    async fn run(self: Arc<Self>) {
        // Ways back end with this task.
        let mut ways_back = JoinSet::new();
        let mut buffer = vec![0; DATAGRAM_LEN_MAX];
        loop {
            // An error here is an earlier datagram's that could not be delivered.
            let Ok((len, device)) = self.front.recv_from(&mut buffer).await else {
                continue;
            };
            let datagram = &buffer[..len];
            let known = lock(&self.state)
                .flows
                .get(&device)
                .map(|flow| flow.upstream.clone());
            let upstream = match known {
                Some(upstream) => upstream,
                None => {
                    let Ok(upstream) = self.upstream().await else {
                        continue;
                    };
                    let flow = Flow {
                        upstream: upstream.clone(),
                        active: Instant::now(),
                        offline_until: None,
                    };
                    lock(&self.state).flows.insert(device, flow);
                    ways_back.spawn(self.clone().back(device, upstream.clone()));
                    upstream
                }
            };
            for delivery in self.judge(datagram, device, Direction::Up) {
                let upstream = upstream.clone();
                match delivery {
                    None => drop(upstream.send(datagram).await),
                    Some(delay) => {
                        let datagram = datagram.to_vec();
                        tokio::spawn(async move {
                            tokio::time::sleep(delay).await;
                            drop(upstream.send(&datagram).await);
                        });
                    }
                }
            }
        }
    }

    async fn upstream(&self) -> io::Result<Arc<UdpSocket>> {
        let target = *lock(&self.target);
        let upstream = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        upstream.connect(target).await?;
        Ok(Arc::new(upstream))
    }

    /// From the relay to one device's socket.
    async fn back(self: Arc<Self>, device: SocketAddr, upstream: Arc<UdpSocket>) {
        let mut buffer = vec![0; DATAGRAM_LEN_MAX];
        loop {
            // While the relay is dead, the system says so on every receive after a send.
            let Ok(len) = upstream.recv(&mut buffer).await else {
                continue;
            };
            let datagram = &buffer[..len];
            for delivery in self.judge(datagram, device, Direction::Down) {
                match delivery {
                    None => drop(self.front.send_to(datagram, device).await),
                    Some(delay) => {
                        let (this, datagram) = (self.clone(), datagram.to_vec());
                        tokio::spawn(async move {
                            tokio::time::sleep(delay).await;
                            drop(this.front.send_to(&datagram, device).await);
                        });
                    }
                }
            }
        }
    }

    /// Records a datagram and says when it goes on: each time that it does, now (none) or later.
    fn judge(
        &self,
        datagram: &[u8],
        device: SocketAddr,
        direction: Direction,
    ) -> Vec<Option<Duration>> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        if let Err(error) = state.record.write_all(datagram) {
            state.record_failed.get_or_insert(error);
        }
        let traffic = &mut state.traffic;
        traffic.datagrams += 1;
        match direction {
            Direction::Up => traffic.bytes_up += datagram.len() as u64,
            Direction::Down => traffic.bytes_down += datagram.len() as u64,
        }
        self.sent_up.send_if_modified(|sent| {
            let modified = *sent != traffic.bytes_up;
            *sent = traffic.bytes_up;
            modified
        });
        let now = Instant::now();
        let offline = state.flows.get_mut(&device).is_some_and(|flow| {
            flow.active = now;
            flow.offline_until.is_some_and(|until| now < until)
        });
        let dark = state.dark_after.is_some_and(|sent| traffic.bytes_up > sent);
        if offline || dark {
            traffic.lost += 1;
            return Vec::new();
        }
        let deliveries = state.sky.deliveries();
        traffic.delayed += u64::from(deliveries.iter().any(Option::is_some));
        traffic.duplicated += u64::from(deliveries.len() > 1);
        deliveries
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Nothing that holds these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pair() -> (UdpSocket, Proxy, UdpSocket, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let relay = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let record = dir.path().join("record");
        let proxy = Proxy::start(relay.local_addr().unwrap(), &record, 1)
            .await
            .unwrap();
        let device = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        device.connect(proxy.address()).await.unwrap();
        (device, proxy, relay, dir)
    }

    async fn next(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 100];
        let received = tokio::time::timeout(Duration::from_secs(60), socket.recv_from(&mut buffer));
        let (len, from) = received.await.expect("a datagram in time").unwrap();
        (buffer[..len].to_vec(), from)
    }

    #[tokio::test]
    async fn it_passes_both_ways_and_records_everything() {
        let (device, proxy, relay, dir) = pair().await;
        device.send(b"to the relay").await.unwrap();
        let (datagram, from) = next(&relay).await;
        assert_eq!(datagram, b"to the relay");
        relay.send_to(b"to the device", from).await.unwrap();
        assert_eq!(next(&device).await.0, b"to the device");

        proxy.sent_up(12).await;
        let traffic = proxy.stop().await.unwrap();
        assert_eq!(
            (traffic.bytes_up, traffic.bytes_down, traffic.datagrams),
            (12, 13, 2)
        );
        let record = std::fs::read(dir.path().join("record")).unwrap();
        assert_eq!(record, b"to the relayto the device");
    }

    #[tokio::test]
    async fn offline_nothing_passes_but_it_is_recorded_and_duplicates_come_twice() {
        let (device, proxy, relay, _dir) = pair().await;
        device.send(b"1").await.unwrap();
        next(&relay).await;
        proxy.offline(None, Duration::from_secs(3600));
        device.send(b"2").await.unwrap();
        proxy.sent_up(2).await;
        proxy.weather(Weather {
            duplicated_per_mille: 1000,
            ..Weather::CALM
        });
        device.send(b"3").await.unwrap();
        assert_eq!(next(&relay).await.0, b"3");
        assert_eq!(next(&relay).await.0, b"3");
        let traffic = proxy.traffic();
        assert_eq!(
            (traffic.lost, traffic.duplicated, traffic.offline_spells),
            (1, 1, 1)
        );
    }

    #[tokio::test]
    async fn it_goes_dark_after_so_many_bytes_until_it_is_turned_to_another_port() {
        let (device, proxy, relay, _dir) = pair().await;
        proxy.dark_after(3);
        for datagram in [&b"1"[..], b"23", b"4"] {
            device.send(datagram).await.unwrap();
        }
        assert_eq!(next(&relay).await.0, b"1");
        assert_eq!(next(&relay).await.0, b"23");
        proxy.sent_up(4).await;
        proxy.retarget(relay.local_addr().unwrap());
        device.send(b"5").await.unwrap();
        assert_eq!(next(&relay).await.0, b"5");
        assert_eq!(proxy.traffic().lost, 1);
    }

    #[tokio::test]
    async fn it_can_turn_to_another_port() {
        let (device, proxy, relay, _dir) = pair().await;
        device.send(b"1").await.unwrap();
        next(&relay).await;
        let moved = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        proxy.retarget(moved.local_addr().unwrap());
        device.send(b"2").await.unwrap();
        assert_eq!(next(&moved).await.0, b"2");
    }
}
