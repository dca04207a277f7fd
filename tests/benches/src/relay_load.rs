//! The relay under load, by devices that are only keys: how much it keeps durably in a second,
//! and what an idle connection weighs.

use std::path::Path;
use std::time::{Duration, Instant};

use sidelight_crypto::MailboxKeys;
use sidelight_format::{
    Bytes, Class, EnvelopeHeader, EraseToken, Frame, RelayAddress, Secret, Suite, VERSION, digest,
};
use sidelight_relay::{Config, Data};
use sidelight_transport::{Connection, Endpoint, FrameReceiver, FrameSender};

use crate::measure::{Failed, Server};

/// A relay until it is killed. Prints its address.
pub async fn relay_server(folder: &Path) -> Result<(), Failed> {
    let mut config = Config::in_memory();
    config.data = Data::Dir(folder.to_owned());
    config.policy.live_burst_bytes = u64::MAX / 4;
    config.policy.bytes_max = u64::MAX / 4;
    // All connect at once here.
    config.limits.handshakes_max = 4096;
    let mut relay = sidelight_relay::run(config).await?;
    println!("{}", relay.address());
    relay.failed().await;
    Ok(())
}

/// One connection with one mailbox open.
struct Device {
    _connection: Connection,
    sender: FrameSender,
    receiver: FrameReceiver,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Device {
    async fn open(endpoint: &Endpoint, at: &RelayAddress, number: u64) -> Result<Self, Failed> {
        let connection = endpoint.connect(at, PATIENCE).await?;
        let (mut sender, mut receiver) = connection.open_link().await?.split();
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&number.to_le_bytes());
        let keys = MailboxKeys::of_invitation(&Secret::new(secret));
        let open = Frame::Open {
            version: VERSION,
            mailbox: keys.name(),
            proof: keys.prove(&connection.exporter()),
            ticket: Bytes::new(),
        };
        sender.send(&[open]).await?;
        match receiver.recv().await?.as_deref() {
            Some([Frame::State { .. }]) => Ok(Self {
                _connection: connection,
                sender,
                receiver,
            }),
            other => Err(format!("not opened: {other:?}").into()),
        }
    }

    /// Puts envelopes of 1 KiB, so many at a time, and waits until all are kept.
    async fn put(&mut self, number: u64, batches: usize, batch: usize) -> Result<(), Failed> {
        let mut waiting = 0;
        for round in 0..batches {
            let envelope = |place: usize| Frame::Put {
                envelope: envelope(number, (round * batch + place) as u64),
            };
            let frames: Vec<Frame> = (0..batch).map(envelope).collect();
            self.sender.send(&frames).await?;
            waiting += batch;
            // One batch is on its way while another is stored.
            while waiting > batch {
                waiting -= self.stored().await?;
            }
        }
        while waiting > 0 {
            waiting -= self.stored().await?;
        }
        Ok(())
    }

    async fn stored(&mut self) -> Result<usize, Failed> {
        let mut stored = 0;
        for frame in self.receiver.recv().await?.ok_or("the relay ended")? {
            match frame {
                Frame::Stored { ids, .. } => stored += ids.len(),
                other => return Err(format!("not stored: {other:?}").into()),
            }
        }
        Ok(stored)
    }
}

/// An envelope that nothing opens: the relay cannot tell.
fn envelope(device: u64, number: u64) -> Bytes {
    let header = EnvelopeHeader {
        suite: Suite::One,
        class: Class::Live,
        key_commitment: [1; 32],
        erase_hash: EraseToken([5; 32]).hash(),
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(digest(
        "benches",
        &[&device.to_le_bytes(), &number.to_le_bytes()],
    ));
    bytes.resize(1024, 7);
    Bytes::from(bytes)
}

/// How many connections append at once.
const WRITERS: u64 = 64;

/// Envelopes a second that the relay says are kept, from 64 connections at once.
pub async fn appends(folder: &Path, batches: usize) -> Result<f64, Failed> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let relay = Server::start(&["relay", &folder.display().to_string()])?;
    let at: RelayAddress = relay.said.parse()?;
    let endpoint = Endpoint::new()?;
    let mut devices = Vec::new();
    for number in 0..WRITERS {
        devices.push(Device::open(&endpoint, &at, number).await?);
    }
    const BATCH: usize = 64;
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, mut device) in devices.into_iter().enumerate() {
        tasks.spawn(async move {
            let put = device.put(number as u64, batches, BATCH).await;
            put.map_err(|error| error.to_string())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let took = began.elapsed();
    endpoint.stop().await;
    Ok(WRITERS as f64 * (batches * BATCH) as f64 / took.as_secs_f64())
}

/// How many connections are there before the first is counted: what is made once.
const WARM: usize = 100;

/// What one more idle connection with a mailbox open weighs at the relay, in bytes. Mailboxes lie on
/// the disk: one that keeps them in memory would weigh them, too.
pub async fn idle_bytes(folder: &Path, count: usize) -> Result<f64, Failed> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let relay = Server::start(&["relay", &folder.display().to_string()])?;
    let at: RelayAddress = relay.said.parse()?;
    let endpoint = Endpoint::new()?;
    let mut devices = Vec::new();
    for number in 0..WARM {
        devices.push(Device::open(&endpoint, &at, number as u64).await?);
    }
    let before = settled(&relay).await;
    for number in 0..count {
        devices.push(Device::open(&endpoint, &at, (WARM + number) as u64).await?);
    }
    let after = settled(&relay).await;
    endpoint.stop().await;
    Ok(after.saturating_sub(before) as f64 / count as f64)
}

/// What one more idle connection with one stream weighs at a bare quinn server, in bytes.
pub async fn idle_quinn_bytes(count: usize) -> Result<f64, Failed> {
    let client = crate::limits::QuinnClient::start(true)?;
    let mut connections = Vec::new();
    let mut before = 0;
    for number in 0..WARM + count {
        if number == WARM {
            before = settled(&client.server).await;
        }
        let connection = client.connect().await?;
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(b"e").await?;
        receive.read_exact(&mut [0; 1]).await?;
        connections.push((connection, send, receive));
    }
    let after = settled(&client.server).await;
    Ok(after.saturating_sub(before) as f64 / count as f64)
}

/// What a server has resident, once acknowledgements have gone to and fro.
async fn settled(server: &Server) -> u64 {
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.resident()
}
