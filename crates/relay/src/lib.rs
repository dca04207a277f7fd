//! The relay: keeps mailboxes, and can read nothing.
//!
//! It listens for devices by QUIC, drives [`sidelight_mailbox::Host`] over an SQLite database,
//! and forwards what arrives to whoever has the same mailbox open. It deliberately does not know
//! people, devices, authors or entries, and cannot: nothing that opens an envelope is among its
//! dependencies. What it sees all the same is said in `THREATS.md`: network addresses, times,
//! padded sizes, and which connections have which mailbox open.
//!
//! # What it promises
//!
//! - What it has announced as stored is on its disk: killed at any moment, it has it afterwards.
//! - It forwards before it stores, and stores what comes at the same time in one transaction.
//! - One link cannot make others wait for long: reading is done in pieces, by turns.
//! - Its memory is bounded: by [`Limits`](sidelight_transport::Limits) for connections, by
//!   [`Config::links_max`] for links, by 32 MiB for what waits to be handled, by 4 MiB a link for
//!   what waits to be sent. A link that reads too slowly is given up, and can come back.
//! - What is dropped by its erase token is overwritten in the database, and the write-ahead log is
//!   emptied. Copies made earlier still have it, and so may the disk itself.
//! - Its logs name no mailbox, no device's address and no content.
//!
//! # Running one
//!
//! ```text
//! $ sidelight-relay --data /var/lib/sidelight-relay --advertise relay.example:4433
//! sidelight://relay.example:4433/relay#NFcrcAgCEOr2D9GgflBO9Qt5oU-OzCu9Z_v4bVQAGXk
//! ```
//!
//! The line is what devices are given. The part after `#` is the relay's public key: devices
//! accept no other, so no certificate is needed. One UDP port (4433) must be open; without
//! `--advertise` the line names this machine's own address. `--ticket-file` closes the relay to
//! everybody but those who have a ticket, `--help` lists the quotas. As a systemd service:
//!
//! ```text
//! [Service]
//! ExecStart=/usr/local/bin/sidelight-relay --advertise relay.example:4433
//! DynamicUser=yes
//! StateDirectory=sidelight-relay
//! Restart=on-failure
//! ```
//!
//! SIGTERM and SIGINT stop it in order. The data directory has three files: [`KEY_FILE`],
//! [`DATABASE_FILE`] (beside it, while the relay runs, what SQLite writes ahead) and [`LOCK_FILE`].
//!
//! # Backing up and restoring
//!
//! `sidelight-relay key export FILE`, once, is the backup that matters: without the key, every
//! couple has to be told a new address. Whoever has the file can pose as the relay, and even then
//! read nothing. The database is backed up by copying the data directory in one snapshot, or while
//! the relay is stopped; its devices are a backup of it too, since each keeps what it needs.
//!
//! To restore, put the directory in place, `key import FILE` if the key is not in it, and start
//! once with `--restored`: another life of the data begins ([`RelayInstance`]), devices compare
//! what they know with what is there, and send again what the backup lacks. If `--restored` is
//! forgotten, they find out by the running hash. A relay without any of its data is refilled in the
//! same way.
//!
//! # In a program
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! use std::time::Duration;
//! use ed25519_dalek::{Signer, SigningKey};
//! use sidelight_format::*;
//! use sidelight_relay::{Config, run};
//! use sidelight_transport::Endpoint;
//!
//! let relay = run(Config::in_memory()).await?;
//!
//! // A device connects, and proves over this connection that it may use a mailbox.
//! let endpoint = Endpoint::new()?;
//! let connection = endpoint.connect(&relay.address(), Duration::from_secs(5)).await?;
//! let (mut sender, mut receiver) = connection.open_link().await?.split();
//! let key = SigningKey::from_bytes(&[7; 32]);
//! let mailbox = MailboxName(key.verifying_key().to_bytes());
//! let statement = MailboxProof { exporter: connection.exporter(), mailbox };
//! let proof = key.sign(&signing_bytes(Suite::One, &statement));
//! let open = Frame::Open {
//!     version: VERSION,
//!     mailbox,
//!     proof: Signature::from_bytes(&proof.to_bytes()),
//!     ticket: Bytes::new(),
//! };
//! sender.send(&[open]).await?;
//! let answer = receiver.recv().await?.expect("an answer");
//! assert!(matches!(answer[..], [Frame::State { length: Position(0), .. }]));
//!
//! // It puts an envelope, and hears when that is kept.
//! let header = EnvelopeHeader {
//!     suite: Suite::One,
//!     class: Class::Live,
//!     key_commitment: [1; 32],
//!     erase_hash: [2; 32],
//! };
//! let mut envelope = Bytes::from(vec![0; 1024]);
//! envelope[..EnvelopeHeader::LEN].copy_from_slice(&header.to_bytes());
//! let id = envelope_id(&mailbox, &envelope);
//! sender.send(&[Frame::Put { envelope }]).await?;
//! let answer = receiver.recv().await?.expect("an answer");
//! assert_eq!(answer, [Frame::Stored { first: Position(0), ids: vec![id] }]);
//!
//! connection.hang_up();
//! relay.stop().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! [`RelayInstance`]: sidelight_format::RelayInstance

mod config;
mod data_dir;
mod error;
mod run;
mod serve;
mod sqlite;
mod storage;

pub use config::{Config, DEFAULT_PORT, Data};
pub use data_dir::{DATABASE_FILE, DataDir, KEY_FILE, LOCK_FILE};
pub use error::RunError;
pub use run::{Running, run};
pub use sqlite::{OpenLogError, SqliteLog};
