//! A path between device and relay: a UDP proxy that loses what its weather says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sidelight_format::RelayAddress;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Which datagrams are lost. Each direction counts its own from 0.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    pub(crate) seed: u64,
    /// How many of 1,000 are lost, at places that the seed decides.
    pub(crate) lost_per_mille: u64,
    /// Bits say which of a device's first 64 datagrams are lost.
    pub(crate) lost_from_device: u64,
    /// Bits say which of the relay's first 64 datagrams are lost.
    pub(crate) lost_from_relay: u64,
    /// Longer ones are lost, in bytes of UDP payload.
    pub(crate) len_max: usize,
    /// From this datagram on, in either direction, `len_max` is 1,200.
    pub(crate) narrow_from: usize,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            seed: 0,
            lost_per_mille: 0,
            lost_from_device: 0,
            lost_from_relay: 0,
            len_max: usize::MAX,
            narrow_from: usize::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Device,
    Relay,
}

impl Weather {
    fn too_long(&self, number: usize, len: usize) -> bool {
        len > self.len_max || (number >= self.narrow_from && len > 1200)
    }

    fn loses(&self, from: From, number: usize) -> bool {
        let listed = match from {
            From::Device => self.lost_from_device,
            From::Relay => self.lost_from_relay,
        };
        let mixed = self.seed ^ (number as u64) << 1 ^ u64::from(from == From::Relay);
        number < 64 && listed >> number & 1 == 1 || scatter(mixed) % 1000 < self.lost_per_mille
    }
}

/// SplitMix64: a number without pattern for each number.
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// What went by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The device's addresses, in the order in which they appeared.
    pub(crate) sources: Vec<SocketAddr>,
    pub(crate) from_device: usize,
    pub(crate) from_relay: usize,
    pub(crate) lost: usize,
    pub(crate) too_long: usize,
    /// The longest that passed.
    pub(crate) longest: usize,
    /// How many of the relay's were QUIC Retry packets (RFC 9000 §17.2.5).
    pub(crate) retries: usize,
}

pub(crate) struct Path {
    /// The relay's address, by way of this path.
    pub(crate) address: RelayAddress,
    seen: watch::Receiver<Seen>,
    silent: Arc<Mutex<bool>>,
    _tasks: JoinSet<()>,
}

impl Path {
    pub(crate) async fn to(relay: &RelayAddress, weather: Weather) -> Self {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let at = front.local_addr().unwrap().to_string();
        let address = RelayAddress::new(&at, relay.key()).unwrap();
        let (report, seen) = watch::channel(Seen::default());
        let silent = Arc::new(Mutex::new(false));
        let carrier = Carrier {
            front,
            relay: relay.host().parse().unwrap(),
            weather,
            report: Arc::new(report),
            silent: silent.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(carrier.work());
        Self {
            address,
            seen,
            silent,
            _tasks: tasks,
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what went by is so.
    pub(crate) async fn until(&mut self, condition: impl FnMut(&Seen) -> bool) {
        super::soon(self.seen.wait_for(condition)).await.unwrap();
    }

    /// From now on everything is lost.
    pub(crate) fn fall_silent(&self) {
        *self.silent.lock().unwrap() = true;
    }
}

#[derive(Clone)]
struct Carrier {
    front: Arc<UdpSocket>,
    relay: SocketAddr,
    weather: Weather,
    report: Arc<watch::Sender<Seen>>,
    silent: Arc<Mutex<bool>>,
}

impl Carrier {
    async fn work(self) {
        let mut backs: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
        let mut replies = JoinSet::new();
        let mut buffer = vec![0; 65_536];
        loop {
            let Ok((len, source)) = self.front.recv_from(&mut buffer).await else {
                continue; // an ICMP error of an earlier datagram
            };
            let back = match backs.get(&source) {
                Some(back) => back.clone(),
                None => {
                    // To the relay, each of the device's addresses is another.
                    let back = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
                    back.connect(self.relay).await.unwrap();
                    self.report.send_modify(|seen| seen.sources.push(source));
                    backs.insert(source, back.clone());
                    replies.spawn(self.clone().reply(back.clone(), source));
                    back
                }
            };
            if self.passes(From::Device, &buffer[..len]) {
                let _ = back.send(&buffer[..len]).await;
            }
        }
    }

    async fn reply(self, back: Arc<UdpSocket>, device: SocketAddr) {
        let mut buffer = vec![0; 65_536];
        loop {
            let Ok(len) = back.recv(&mut buffer).await else {
                continue;
            };
            if self.passes(From::Relay, &buffer[..len]) {
                let _ = self.front.send_to(&buffer[..len], device).await;
            }
        }
    }

    fn passes(&self, from: From, datagram: &[u8]) -> bool {
        let mut passes = false;
        self.report.send_modify(|seen| {
            let counter = match from {
                From::Device => &mut seen.from_device,
                From::Relay => &mut seen.from_relay,
            };
            let number = *counter;
            *counter += 1;
            if from == From::Relay && datagram[0] & 0xb0 == 0xb0 {
                seen.retries += 1;
            }
            if self.weather.too_long(number, datagram.len()) {
                seen.too_long += 1;
            } else if self.weather.loses(from, number) || *self.silent.lock().unwrap() {
                seen.lost += 1;
            } else {
                seen.longest = seen.longest.max(datagram.len());
                passes = true;
            }
        });
        passes
    }
}
