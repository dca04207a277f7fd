//! A relay in this process.

use std::sync::Arc;
use std::time::Duration;

use sidelight_ffi::JournalError;
use sidelight_mailbox::Admission;
use sidelight_relay::{Config, Running};
use tokio::sync::Mutex;

use crate::network::Network;
use crate::run;

/// A relay on this machine alone, in memory, behind a network that can be cut and slowed: so two
/// journals of one test pair and sync, and go through bad weather.
#[derive(Debug, uniffi::Object)]
pub struct LoopbackRelay {
    network: Network,
    address: String,
    /// None once it is stopped.
    relay: Mutex<Option<Running>>,
}

#[uniffi::export]
impl LoopbackRelay {
    /// Starts one, on a free port. With a `ticket` it refuses those who have not got it.
    #[uniffi::constructor(default(ticket = None))]
    pub async fn start(ticket: Option<String>) -> Result<Arc<Self>, JournalError> {
        run(async move {
            let (network, front) = Network::open().await.map_err(|_| no_port())?;
            let mut config = Config::in_memory();
            config.advertise = Some(front.to_string());
            if let Some(ticket) = ticket {
                config.policy.admission = Admission::by_tickets([ticket.as_bytes()]);
            }
            let relay = sidelight_relay::run(config).await.map_err(|_| no_port())?;
            network.lead_to(relay.listen());
            Ok(Arc::new(Self {
                network,
                address: relay.address().to_string(),
                relay: Mutex::new(Some(relay)),
            }))
        })
        .await
    }

    /// Its address, for `NewPerson` and `useRelay`.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Cuts the network: nothing passes, in either direction, and nobody is told.
    pub fn partition(&self) {
        self.network.cut(true);
    }

    /// Slows the network: what is sent arrives so many milliseconds later.
    pub fn delay(&self, ms: i64) {
        let ms = u64::try_from(ms).unwrap_or(0);
        self.network.slow(Duration::from_millis(ms));
    }

    /// Mends the network.
    pub fn heal(&self) {
        self.network.cut(false);
        self.network.slow(Duration::ZERO);
    }

    /// Ends the relay, and what it keeps. Again does nothing.
    pub async fn stop(self: Arc<Self>) -> Result<(), JournalError> {
        run(async move {
            if let Some(relay) = self.relay.lock().await.take() {
                relay.stop().await;
            }
            Ok(())
        })
        .await
    }
}

fn no_port() -> JournalError {
    JournalError::Storage {
        detail: "no relay can listen on this machine's loopback; close other programs, try again"
            .to_owned(),
    }
}
