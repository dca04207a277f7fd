//! Links: frames between a device and a relay, over QUIC.
//!
//! A [`Listener`] is a relay's end, known by its [`RelayIdentity`]; an [`Endpoint`] is a device's.
//! Between them stand [`Connection`]s, and on a connection [`Link`]s: one bidirectional stream
//! each, which carries [`Frame`](sidelight_format::Frame)s both ways. Here, and nowhere else, live
//! quinn and rustls; neither shows in a public signature.
//!
//! This crate deliberately does not know what a frame means, which mailbox a link is for, or when
//! to connect again. It keeps nothing, and logs nothing.
//!
//! # What a connection promises
//!
//! - **The relay is the one that its address names.** It proves its Ed25519 key (RFC 7250, raw
//!   public keys); no certificate authority is asked, and no other key is taken.
//! - **Recorded traffic stays shut**, also to a quantum computer: X25519MLKEM768 is the only key
//!   exchange ([`hybrid`]), AES-256-GCM or ChaCha20-Poly1305 the ciphers, TLS 1.3 the only version.
//!   A peer without the hybrid group is refused by either end.
//! - **The device stays nameless.** It has no certificate. There is no resumption, no early data,
//!   no address token from an earlier connection, no server name: nothing that would tell a relay,
//!   or somebody on the way, that two connections are one device's. Its address does that;
//!   connections that must not be linked by a shared port need an [`Endpoint`] each.
//! - **What is proved on a connection holds on it alone**: [`Connection::exporter`] is equal on
//!   both ends and differs between any two connections.
//! - **Memory is bounded** for each connection, whatever the other end sends; see [`Limits`].
//!
//! What it does *not* promise: before the handshake is through, somebody on the way can forge a
//! refusal. [`ConnectError::Version`] and [`ConnectError::Busy`] may be such; nothing worse than
//! not connecting follows from believing them.
//!
//! # Phones
//!
//! A connection survives a change of network: packets from a new address are followed by the relay.
//! After sleep, [`Endpoint::rebind`] opens a new socket at once, since the old one may be dead, and
//! connections carry on. How often an idle connection stirs stands in [`EndpointSettings`].
//!
//! # A whole exchange
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use std::time::Duration;
//! use sidelight_format::{EnvelopeId, EraseToken, Frame, RelayAddress, Secret};
//! use sidelight_transport::{Endpoint, Limits, Listener, RelayIdentity};
//!
//! let identity = RelayIdentity::from_seed(&Secret::new([7; 32]));
//! let listener = Listener::bind("127.0.0.1:0".parse()?, &identity, Limits::default())?;
//! let address = RelayAddress::new(&listener.local_addr()?.to_string(), identity.key())?;
//!
//! let relay = async {
//!     let connection = listener.accept().await.expect("a device connects");
//!     let (mut sender, mut receiver) = connection.accept_link().await.expect("a link").split();
//!     while let Some(frames) = receiver.recv().await? {
//!         sender.send(&frames).await?; // a relay that only knows how to repeat
//!     }
//!     sender.finish().await?;
//!     Ok::<_, sidelight_transport::LinkError>(connection.exporter())
//! };
//! let device = async {
//!     let endpoint = Endpoint::new()?;
//!     let connection = endpoint.connect(&address, Duration::from_secs(5)).await?;
//!     let (mut sender, mut receiver) = connection.open_link().await?.split();
//!     let frame = Frame::Drop { id: EnvelopeId([1; 32]), token: EraseToken([2; 32]) };
//!     sender.send(std::slice::from_ref(&frame)).await?;
//!     assert_eq!(receiver.recv().await?, Some(vec![frame]));
//!     sender.finish().await?;
//!     assert_eq!(receiver.recv().await?, None);
//!     Ok::<_, Box<dyn std::error::Error>>(connection.exporter())
//! };
//! let (theirs, ours) = tokio::join!(relay, device);
//! assert_eq!(theirs?, ours?);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod endpoint;
pub mod hybrid;
mod identity;
mod link;
mod listener;
mod settings;
mod socket;
mod tasks;
mod tls;

pub use connection::{Connection, Goodbye};
pub use endpoint::{ConnectError, Endpoint};
pub use identity::RelayIdentity;
pub use link::{FrameReceiver, FrameSender, Link, LinkError, PARTIAL_LEN_MAX};
pub use listener::{BindError, Listener};
pub use settings::{EndpointSettings, Limits};
