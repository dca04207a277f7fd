//! A line between devices and a relay: counts what passes, delays it, lets no more through than
//! it carries, and loses some of it, by a seed.
//!
//! It stands in user space, so that no rights and no namespace are needed. Bytes are those of UDP
//! payloads, without the 28 bytes of IP and UDP headers around each.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::measure::{Failed, freed};

/// What a line is like, in each direction.
#[derive(Clone, Copy, Default)]
pub struct Line {
    pub delay: Duration,
    /// In bits a second; none for no limit.
    pub rate: Option<f64>,
    /// The part of datagrams that is lost.
    pub loss: f64,
}

impl Line {
    /// 20 Mbit/s, 50 ms there and back.
    pub fn mobile(loss: f64) -> Self {
        Self {
            delay: Duration::from_millis(25),
            rate: Some(20e6),
            loss,
        }
    }
}

/// How much waits before a line that is full, as time: a tenth of a second, twice the round trip,
/// as routers have it. What comes on top is lost.
const QUEUE: Duration = Duration::from_millis(100);

/// Larger than any datagram on the way.
const DATAGRAM_LEN: usize = 2048;

/// What bursts on loopback may bring before the proxy has its turn.
const SOCKET_BUFFER: usize = 8 << 20;

/// What has passed in one direction.
#[derive(Default)]
pub struct Passed {
    bytes: AtomicU64,
    datagrams: AtomicU64,
}

impl Passed {
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn datagrams(&self) -> u64 {
        self.datagrams.load(Ordering::Relaxed)
    }
}

pub struct Proxy {
    /// From devices.
    pub up: Arc<Passed>,
    /// To devices.
    pub down: Arc<Passed>,
    front: String,
    directions: [Arc<Direction>; 2],
    tasks: JoinSet<()>,
}

type Way = mpsc::UnboundedSender<(Instant, Vec<u8>)>;

/// One direction of the line, shared by all devices.
struct Direction {
    passed: Arc<Passed>,
    state: Mutex<State>,
}

struct State {
    line: Line,
    rng: ChaCha8Rng,
    /// When what is on the line has left it.
    free: Instant,
}

impl Direction {
    fn new(line: Line, seed: u64) -> Self {
        Self {
            passed: Arc::default(),
            state: Mutex::new(State {
                line,
                rng: ChaCha8Rng::seed_from_u64(seed),
                free: Instant::now(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a datagram that comes now is at the other end; none if it is lost.
    fn arrival(&self, len: usize) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.state();
        let line = state.line;
        let lost = f64::from(state.rng.next_u32()) < line.loss * f64::from(u32::MAX);
        if let Some(rate) = line.rate {
            let begins = now.max(state.free);
            if begins - now > QUEUE {
                return None;
            }
            state.free = begins + Duration::from_secs_f64(len as f64 * 8.0 / rate);
        }
        if lost {
            return None;
        }
        self.passed.bytes.fetch_add(len as u64, Ordering::Relaxed);
        self.passed.datagrams.fetch_add(1, Ordering::Relaxed);
        Some(line.rate.map_or(now, |_| state.free) + line.delay)
    }
}

fn socket(at: SocketAddr) -> Result<Arc<UdpSocket>, Failed> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    // As much of it as the system grants.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&at.into())?;
    Ok(Arc::new(UdpSocket::from_std(socket.into())?))
}

impl Proxy {
    /// Listens at `front` for devices of the relay at `back`.
    pub fn start(front: &str, back: &str, line: Line) -> Result<Self, Failed> {
        let at = front.to_owned();
        let (front, back) = (socket(front.parse()?)?, back.parse()?);
        let up = Arc::new(Direction::new(line, 1));
        let down = Arc::new(Direction::new(line, 2));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(front, back, up.clone(), down.clone()));
        Ok(Self {
            up: up.passed.clone(),
            down: down.passed.clone(),
            front: at,
            directions: [up, down],
            tasks,
        })
    }

    /// From now on the line is like this.
    pub fn set_line(&self, line: Line) {
        for direction in &self.directions {
            direction.state().line = line;
        }
    }

    /// Bytes in both directions.
    pub fn bytes(&self) -> u64 {
        self.up.bytes() + self.down.bytes()
    }

    pub async fn stop(mut self) -> Result<(), Failed> {
        self.tasks.shutdown().await;
        freed(&self.front).await
    }
}

async fn serve(front: Arc<UdpSocket>, back: SocketAddr, up: Arc<Direction>, down: Arc<Direction>) {
    let mut ways: HashMap<SocketAddr, Way> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut datagram = [0; DATAGRAM_LEN];
    loop {
        // Loopback reports the other end's absence here; it may come back.
        let Ok((len, device)) = front.recv_from(&mut datagram).await else {
            continue;
        };
        let way = match ways.get(&device) {
            Some(way) => way,
            None => {
                let Ok(own) = socket(([127, 0, 0, 1], 0).into()) else {
                    continue;
                };
                let (there, out) = mpsc::unbounded_channel();
                tasks.spawn(carry(out, own.clone(), back));
                tasks.spawn(answers(own, front.clone(), device, down.clone()));
                ways.entry(device).or_insert(there)
            }
        };
        if let Some(at) = up.arrival(len) {
            // Its task ends with this one only.
            let _ = way.send((at, datagram[..len].to_vec()));
        }
    }
}

/// Takes what the relay answers to one device.
async fn answers(
    own: Arc<UdpSocket>,
    front: Arc<UdpSocket>,
    device: SocketAddr,
    down: Arc<Direction>,
) {
    let (way, out) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(carry(out, front, device));
    let mut datagram = [0; DATAGRAM_LEN];
    loop {
        let Ok(len) = own.recv(&mut datagram).await else {
            continue;
        };
        if let Some(at) = down.arrival(len) {
            let _ = way.send((at, datagram[..len].to_vec()));
        }
    }
}

/// Lets datagrams arrive when they are due, in order.
async fn carry(
    mut due: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    from: Arc<UdpSocket>,
    to: SocketAddr,
) {
    while let Some((at, datagram)) = due.recv().await {
        if at > Instant::now() {
            tokio::time::sleep_until(at).await;
        }
        // What a socket does not take is lost, as on any line.
        let _ = from.send_to(&datagram, to).await;
    }
}
