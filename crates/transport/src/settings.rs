//! What a connection may cost, and when it stirs.

use std::sync::Arc;
use std::time::Duration;

use quinn::congestion::BbrConfig;
use quinn::{
    ClientConfig, ConnectionId, ConnectionIdGenerator, EndpointConfig, ServerConfig,
    TransportConfig, VarInt,
};

use crate::RelayIdentity;
use crate::tls::{self, Pin};

/// What a [`Listener`](crate::Listener) admits.
///
/// With these, one connection costs the relay at most 8 MiB of unfinished frames
/// ([`PARTIAL_LEN_MAX`](crate::PARTIAL_LEN_MAX)), 768 KiB received and not yet read, and 512 KiB
/// sent and not yet acknowledged. An idle one with one link costs 38 KiB (measured on Linux, with
/// the two tasks that serve it): some 27,000 a GiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; beyond them devices are told to come back later.
    /// 20,000, or some 750 MiB when idle.
    pub connections_max: usize,
    /// Links at once on one connection; a device that opens another waits until one ends.
    /// 32: a space has one current mailbox, and a few that are being left. Each that is granted
    /// costs 80 bytes, used or not, so seven are at first, and all when the fourth is opened.
    pub links_per_connection_max: u32,
    /// Handshakes at once, and connections nobody has accepted yet; beyond them, hellos go
    /// unanswered, and honest devices repeat theirs a second later. 256.
    pub handshakes_max: usize,
    /// Handshakes in progress from which on a device must first show that it receives at the
    /// address it sends from (RFC 9000 §8.1.2), at the price of a round trip. 32: a crowd of forged
    /// senders is stopped here, and an ordinary relay never gets there.
    pub handshakes_unproved_max: usize,
    /// How long one handshake may take. 10 seconds.
    pub handshake_timeout: Duration,
    /// How long a silent connection is kept. 60 seconds: devices stir three times in it.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            links_per_connection_max: 32,
            handshakes_max: 256,
            handshakes_unproved_max: 32,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
        }
    }
}

/// How many links a connection is granted before it is known to need more. quinn keeps a place for
/// each in two hash tables, which have room for seven, fourteen, twenty-eight or more.
const LINKS_AT_FIRST: u32 = 7;

/// With which link a connection is granted all: so early that nobody waits who opens one after
/// the other.
const LINKS_MANY: u64 = 4;

impl Limits {
    fn links_at_first(&self) -> VarInt {
        VarInt::from_u32(self.links_per_connection_max.min(LINKS_AT_FIRST))
    }

    /// What is granted from the `nth` link of a connection on, if that is more than before.
    pub(crate) fn links_granted_with(&self, nth: u64) -> Option<VarInt> {
        let more = self.links_per_connection_max > LINKS_AT_FIRST;
        (more && nth == LINKS_MANY).then(|| VarInt::from_u32(self.links_per_connection_max))
    }
}

/// How an [`Endpoint`](crate::Endpoint) treats its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// After how long a silent connection stirs, with one small packet that the relay answers.
    ///
    /// 20 seconds: routers may forget a silent UDP flow after 30 (RFC 9000 §10.1.2). It wakes a
    /// phone's radio each time, so connections are held open only while somebody looks at the
    /// journal. The relay never stirs by itself.
    pub keep_alive: Duration,
    /// How long a connection without an answer is kept. 60 seconds: a lift, a tunnel or a change
    /// of network passes; a relay that went away is known after a minute at the latest, and one
    /// that was started again at once.
    pub idle_timeout: Duration,
    /// Whether the kernel may cut large writes into datagrams. `true`; it is turned off by itself
    /// where the kernel says that it cannot. Some Android drivers only lose packets: for them
    /// it can be turned off here.
    pub segmentation_offload: bool,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(60),
            segmentation_offload: true,
        }
    }
}

/// What the relay lets a device send on one link ahead of its reading. A line of 20 Mbit/s and
/// 50 ms holds 125 kB; four times that lets it stay full while a lost packet is sent again.
const RELAY_LINK_WINDOW: u32 = 512 * 1024;

/// The same for all links of a connection together.
const RELAY_WINDOW: u32 = 768 * 1024;

/// What a device lets the relay send ahead. Devices have one or two connections, not thousands,
/// and mobile networks of 100 Mbit/s and 80 ms hold 1 MB.
const DEVICE_LINK_WINDOW: u32 = 1024 * 1024;

/// The same for all links of a connection together.
const DEVICE_WINDOW: u32 = 2 * 1024 * 1024;

/// What the relay keeps of what it sent until the device acknowledges it: four times what the line
/// above holds. A device that stops reading costs no more than this.
const RELAY_SEND_WINDOW: u64 = 512 * 1024;

/// The same on a device.
const DEVICE_SEND_WINDOW: u64 = 1024 * 1024;

/// How much a relay sends before the first acknowledgement: 32 packets of 1,200 bytes, so that the
/// newest page of a journal arrives in the first round trip. RFC 9002 §7.2 proposes 10 packets.
const RELAY_FIRST_FLIGHT: u64 = 32 * 1200;

/// What the rest of a hello may take before the relay has turned to it. A hello has two datagrams.
const HELLO_BUFFER_LEN: u64 = 4 * 1500;

/// At most this often, a relay tells a device that it does not know its connection (any more).
/// After a restart all its devices ask within seconds. Each answer is shorter than what it answers.
const RESET_INTERVAL: Duration = Duration::from_millis(1);

/// The one version of QUIC that is spoken (RFC 9000).
const QUIC_VERSIONS: [u32; 1] = [1];

/// What both ends have in common.
fn transport(idle_timeout: Duration) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        // Tells those on the way the round trip's length, and nobody else anything.
        .allow_spin(false)
        .max_idle_timeout(Some(milliseconds(idle_timeout).into()));
    transport
}

/// QUIC counts idle time in milliseconds, and 0 would mean for ever.
fn milliseconds(time: Duration) -> VarInt {
    VarInt::from_u32(u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1))
}

/// A relay's socket.
pub(crate) fn listener_config(identity: &RelayIdentity) -> EndpointConfig {
    let mut config = EndpointConfig::new(identity.reset_key());
    config
        .supported_versions(QUIC_VERSIONS.to_vec())
        .min_reset_interval(RESET_INTERVAL)
        .cid_generator(|| Box::new(RandomIds));
    config
}

/// Connection ids of 64 random bits. Unlike quinn's own, which end in a hash by a key that each
/// process makes for itself, the process that comes after this one answers them with a reset.
#[derive(Debug)]
struct RandomIds;

impl RandomIds {
    const LEN: usize = 8;
}

impl ConnectionIdGenerator for RandomIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; Self::LEN];
        tls::provider()
            .secure_random
            .fill(&mut id)
            .expect("the system's generator works once it has worked, and start-up used it");
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        Self::LEN
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// A device's socket.
pub(crate) fn endpoint_config() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.supported_versions(QUIC_VERSIONS.to_vec());
    config
}

/// A relay's connections.
pub(crate) fn server_config(identity: &RelayIdentity, limits: &Limits) -> ServerConfig {
    // Radio links lose packets by chance, and Cubic takes each for a full queue: of a line of
    // 20 Mbit/s and 50 ms that loses one in a hundred it uses 0.13, BBR 0.82. Where nothing is
    // lost, Cubic has 0.93 of it and BBR 0.82, by filling the queue: docs/benchmarks.md. `quinn`
    // calls it experimental; its counters wrap, and do not panic, in a release build.
    let mut congestion = BbrConfig::default();
    congestion.initial_window(RELAY_FIRST_FLIGHT);
    let mut transport = transport(limits.idle_timeout);
    transport
        .max_concurrent_bidi_streams(limits.links_at_first())
        .stream_receive_window(VarInt::from_u32(RELAY_LINK_WINDOW))
        .receive_window(VarInt::from_u32(RELAY_WINDOW))
        .send_window(RELAY_SEND_WINDOW)
        .congestion_controller_factory(Arc::new(congestion));
    let mut tokens = quinn::ValidationTokenConfig::default();
    tokens.sent(0); // a device that came back with one would be recognised by it
    let mut config = ServerConfig::with_crypto(Arc::new(tls::server(identity)));
    config
        .transport_config(Arc::new(transport))
        .validation_token_config(tokens)
        .migration(true)
        .max_incoming(limits.handshakes_max)
        .incoming_buffer_size(HELLO_BUFFER_LEN)
        .incoming_buffer_size_total(HELLO_BUFFER_LEN.saturating_mul(limits.handshakes_max as u64));
    config
}

/// A device's connection to the relay of this key.
pub(crate) fn client_config(pin: Arc<Pin>, settings: &EndpointSettings) -> ClientConfig {
    let mut transport = transport(settings.idle_timeout);
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0)) // only devices open links
        .stream_receive_window(VarInt::from_u32(DEVICE_LINK_WINDOW))
        .receive_window(VarInt::from_u32(DEVICE_WINDOW))
        .send_window(DEVICE_SEND_WINDOW)
        .keep_alive_interval(Some(settings.keep_alive))
        .enable_segmentation_offload(settings.segmentation_offload);
    let mut config = ClientConfig::new(Arc::new(tls::client(pin)));
    config
        .version(QUIC_VERSIONS[0])
        .transport_config(Arc::new(transport))
        // Each connection has a configuration of its own, and so would quinn's store of tokens. If
        // one were ever shared: it goes by server name, which is the same for all relays here, so
        // that one relay's token would be shown to another.
        .token_store(Arc::new(quinn::NoneTokenStore));
    config
}
