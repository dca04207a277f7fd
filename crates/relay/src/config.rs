//! What a relay is told when it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use sidelight_mailbox::Policy;
use sidelight_transport::Limits;

/// How a relay runs. Begin with [`Config::in_memory`] or [`Config::at`], and change what differs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens, by UDP. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where it keeps what it keeps.
    pub data: Data,
    /// `host:port` in the address that devices are given, if it differs from where it listens:
    /// a name, or the address of the router in front. Port 0 stands for the port it listens on.
    pub advertise: Option<String>,
    /// What it grants to each mailbox, and who may begin one.
    pub policy: Policy,
    /// What it grants to each connection.
    pub limits: Limits,
    /// How many links there may be over all connections. 65,536: some 100 MiB when idle.
    pub links_max: usize,
    /// How many bytes the database may have; `None` for what the disk has.
    pub database_bytes_max: Option<u64>,
    /// Whether the data come from a backup, so that another life of them begins.
    pub restored: bool,
}

/// Where a relay keeps its mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: they end with the relay, and so does its key. For tests and demonstrations.
    Memory,
    /// In this directory, which is made if it does not exist.
    Dir(PathBuf),
}

impl Config {
    /// A relay that keeps nothing, on a free port of this machine alone.
    pub fn in_memory() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            data: Data::Memory,
            advertise: None,
            policy: Policy::default(),
            limits: Limits::default(),
            links_max: 65_536,
            database_bytes_max: None,
            restored: false,
        }
    }

    /// A relay that keeps its mailboxes in `dir`, on [`DEFAULT_PORT`] of every IPv4 address.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            listen: (Ipv4Addr::UNSPECIFIED, DEFAULT_PORT).into(),
            data: Data::Dir(dir.into()),
            ..Self::in_memory()
        }
    }
}

/// The UDP port of a relay, if it is not told another.
pub const DEFAULT_PORT: u16 = 4433;
