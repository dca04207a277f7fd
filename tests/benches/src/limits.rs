//! What the machine itself allows: the least that durable, sealed, searched and carried can cost.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig, TransportConfig, VarInt};
use rusqlite::Connection as Database;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::measure::{Failed, Server, Times, timed};

/// Appends 300 bytes and waits until the disk has them.
pub fn durable_append(folder: &Path, times: usize) -> Result<Times, Failed> {
    let mut file = std::fs::File::create(folder.join("append"))?;
    let mut seen = Times::default();
    for _ in 0..times {
        let began = Instant::now();
        file.write_all(&[7; 300])?;
        file.sync_data()?;
        seen.push(began.elapsed());
    }
    Ok(seen)
}

/// Rows a second that SQLite takes durably, of 1 KiB in batches of 1,000.
pub fn sqlite_rows(folder: &Path, batches: usize) -> Result<f64, Failed> {
    let path = folder.join("rows.db");
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let mut database = Database::open(path)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")?;
    let body = [7_u8; 1024];
    let (result, took) = timed(|| -> Result<(), Failed> {
        for _ in 0..batches {
            let transaction = database.transaction()?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO rows (body) VALUES (?1)")?;
                for _ in 0..1000 {
                    insert.execute([&body[..]])?;
                }
            }
            transaction.commit()?;
        }
        Ok(())
    });
    result?;
    Ok(batches as f64 * 1000.0 / took.as_secs_f64())
}

/// The least between two devices and a relay that keep what passes: three commits of a row of 1 KiB,
/// each after the one before it, each durable, and one byte there and back by quinn.
pub async fn durable_path(folder: &Path, times: usize) -> Result<Times, Failed> {
    let mut databases = Vec::new();
    for place in ["writer", "relay", "reader"] {
        let path = folder.join(format!("{place}.db"));
        let database = Database::open(path)?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "FULL")?;
        database.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")?;
        databases.push(database);
    }
    let client = QuinnClient::start(false)?;
    let connection = client.connect().await?;
    let (mut send, mut receive) = connection.open_bi().await?;
    let mut seen = Times::default();
    for _ in 0..times {
        let began = Instant::now();
        send.write_all(b"e").await?;
        receive.read_exact(&mut [0; 1]).await?;
        for database in &databases {
            let mut insert = database.prepare_cached("INSERT INTO rows (body) VALUES (?1)")?;
            insert.execute([&[7_u8; 1024][..]])?;
        }
        seen.push(began.elapsed());
    }
    Ok(seen)
}

/// Bytes a second that XChaCha20-Poly1305 seals, in pieces of 1 KiB.
pub fn sealing(pieces: usize) -> Result<f64, Failed> {
    let cipher = XChaCha20Poly1305::new(&Key::from([1; 32]));
    let mut piece = vec![7_u8; 1024];
    let (result, took) = timed(|| -> Result<(), Failed> {
        for number in 0..pieces {
            piece.truncate(1024);
            let mut nonce = [0; 24];
            nonce[..8].copy_from_slice(&(number as u64).to_le_bytes());
            cipher
                .encrypt_in_place(&XNonce::from(nonce), b"", &mut piece)
                .map_err(|_| "sealing failed")?;
        }
        Ok(())
    });
    result?;
    Ok(pieces as f64 * 1024.0 / took.as_secs_f64())
}

/// The time that it takes to look through a text for something that is not in it.
pub fn scan(text: &str) -> Duration {
    let (found, took) = timed(|| std::hint::black_box(text).contains("no such phrase is here"));
    assert!(!found);
    took
}

/// How much quinn sends before it stops for the other end to read, in the fast configuration.
const WINDOW: u32 = 1 << 20;

/// A quinn server with a certificate of its own that sends and receives bytes, until it is killed.
/// Prints its address and its certificate.
pub async fn quinn_server(idle: bool) -> Result<(), Failed> {
    let made = rcgen::generate_simple_self_signed(vec!["bench".to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::with_single_cert(vec![certificate.clone()], key.into())?;
    config.transport_config(transport(idle));
    let endpoint = Endpoint::server(config, SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let hex: String = certificate
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("{} {hex}", endpoint.local_addr()?);
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else {
                return;
            };
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                tokio::spawn(async move {
                    // The first byte says what is wanted: an echo of each, or very much.
                    let mut wanted = [0; 1];
                    while receive.read_exact(&mut wanted).await.is_ok() {
                        let sent = match wanted {
                            [b'e'] => send.write_all(&wanted).await,
                            _ => send.write_all(&vec![7; STREAM_LEN]).await,
                        };
                        if sent.is_err() {
                            return;
                        }
                    }
                });
            }
        });
    }
    Ok(())
}

/// How much one stream carries to be measured.
const STREAM_LEN: usize = 256 << 20;

/// With small windows an idle connection weighs less.
fn transport(idle: bool) -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    if idle {
        transport
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .max_concurrent_bidi_streams(VarInt::from_u32(1))
            .datagram_receive_buffer_size(None)
            .stream_receive_window(VarInt::from_u32(64 << 10))
            .receive_window(VarInt::from_u32(64 << 10));
    } else {
        transport
            .stream_receive_window(VarInt::from_u32(WINDOW))
            .receive_window(VarInt::from_u32(2 * WINDOW));
    }
    Arc::new(transport)
}

/// A client of such a server.
pub struct QuinnClient {
    endpoint: Endpoint,
    at: SocketAddr,
    /// Ends with the client.
    pub server: Server,
}

impl QuinnClient {
    pub fn start(idle: bool) -> Result<Self, Failed> {
        let server = Server::start(&["quinn", if idle { "idle" } else { "fast" }])?;
        let (at, hex) = server.said.split_once(' ').ok_or("no address")?;
        let bytes = (0..hex.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
        let certificate = CertificateDer::from(bytes.collect::<Result<Vec<u8>, _>>()?);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate)?;
        let mut config = ClientConfig::with_root_certificates(Arc::new(roots))?;
        config.transport_config(transport(idle));
        let mut endpoint = Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        endpoint.set_default_client_config(config);
        Ok(Self {
            at: at.parse()?,
            endpoint,
            server,
        })
    }

    pub async fn connect(&self) -> Result<Connection, Failed> {
        Ok(self.endpoint.connect(self.at, "bench")?.await?)
    }

    /// Round trips of one byte on an open stream.
    pub async fn round_trips(&self, times: usize) -> Result<Times, Failed> {
        let connection = self.connect().await?;
        let (mut send, mut receive) = connection.open_bi().await?;
        let mut seen = Times::default();
        for _ in 0..times {
            let began = Instant::now();
            send.write_all(b"e").await?;
            receive.read_exact(&mut [0; 1]).await?;
            seen.push(began.elapsed());
        }
        Ok(seen)
    }

    /// Bytes a second that one stream brings.
    pub async fn stream(&self) -> Result<f64, Failed> {
        let connection = self.connect().await?;
        let (mut send, mut receive) = connection.open_bi().await?;
        let began = Instant::now();
        send.write_all(b"s").await?;
        let mut left = STREAM_LEN;
        while left > 0 {
            let chunk = receive
                .read_chunk(left, true)
                .await?
                .ok_or("it ended early")?;
            left -= chunk.bytes.len();
        }
        Ok(STREAM_LEN as f64 / began.elapsed().as_secs_f64())
    }
}
