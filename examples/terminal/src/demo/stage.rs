//! The stage of the demo: its processes and the network between them, from beginning to end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sidelight_relay::DataDir;
use tokio::sync::mpsc;

use super::control::{Comparison, Link, Order};
use super::disk;
use super::figures::Figures;
use super::part::{DevicePart, Notes, RelayPart};
use super::proxy::Proxy;
use super::search::{Found, Search};
use crate::failure::Failure;

/// What the two want to be called: long enough to be searched for.
pub(super) const NAMES: [&str; 2] = ["Elizabeth Pepys", "Samuel Pepys, Esquire"];

/// Where the relay listens before it is known where: nowhere.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// Any port that is free.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long the relay stays dead once it was killed.
pub(super) const RELAY_DEAD: Duration = Duration::from_millis(300);

/// Everything that plays.
pub(super) struct Stage {
    pub(super) place: PathBuf,
    pub(super) proxy: Proxy,
    /// None only while it is dead.
    pub(super) relay: Option<RelayPart>,
    pub(super) devices: [DevicePart; 2],
    pub(super) notes: Notes,
}

impl Stage {
    pub(super) async fn begin(place: &Path, seed: u64) -> Result<Self, Failure> {
        let place = place.to_owned();
        let proxy = Proxy::start(NOWHERE, &place.join("datagrams"), seed)
            .await
            .map_err(|error| network(&error))?;
        let relay = RelayPart::start(&place.join("relay"), ANYWHERE, proxy.address()).await?;
        proxy.retarget(relay.listen);
        let (to, notes) = mpsc::unbounded_channel();
        let mut devices = [
            DevicePart::start("first device", &place.join("home-0"), 0, to.clone())?,
            DevicePart::start("second device", &place.join("home-1"), 1, to)?,
        ];
        for (number, device) in devices.iter_mut().enumerate() {
            let begin = Order::Begin {
                name: NAMES[number].to_owned(),
                relay: Some(relay.address.clone()),
            };
            device.ask::<()>(begin).await?;
        }
        Ok(Self {
            place,
            proxy,
            relay: Some(relay),
            devices,
            notes,
        })
    }

    /// Pairs the two. The emoji are compared here, as the two people would.
    pub(super) async fn pair(&mut self, figures: &mut Figures) -> Result<(), Failure> {
        let [first, second] = &mut self.devices;
        let Link { link } = first.ask(Order::Invite).await?;
        first.ask::<()>(Order::GoLive).await?;
        second.ask::<()>(Order::Join { link }).await?;
        second.ask::<()>(Order::GoLive).await?;
        let (on_first, on_second) = (
            first.begin::<Comparison>(Order::Compare).await?,
            second.begin::<Comparison>(Order::Compare).await?,
        );
        let (on_first, on_second) = (on_first.await?, on_second.await?);
        let same = on_first.emoji == on_second.emoji && on_first.emoji.len() == 7;
        figures.claim("both devices show the same seven emoji", same, || {
            format!("{:?} and {:?}", on_first.emoji, on_second.emoji)
        });
        first.ask::<()>(Order::Confirm { same }).await?;
        second.ask::<()>(Order::Confirm { same }).await?;
        let (on_first, on_second) = (
            first.begin::<Comparison>(Order::Paired).await?,
            second.begin::<Comparison>(Order::Paired).await?,
        );
        let (on_first, on_second) = (on_first.await?, on_second.await?);
        let named = on_first.partner.as_deref() == Some(NAMES[1])
            && on_second.partner.as_deref() == Some(NAMES[0]);
        figures.claim("each knows the other by name after pairing", named, || {
            "another name".into()
        });
        Ok(())
    }

    /// After some moments of death, the same relay again: same data, and the same address, since
    /// that is the proxy's. Its own port may be another program's meanwhile.
    pub(super) async fn restart_relay(&mut self) -> Result<(), Failure> {
        tokio::time::sleep(RELAY_DEAD).await;
        let data = self.place.join("relay");
        let relay = RelayPart::start(&data, ANYWHERE, self.proxy.address()).await?;
        self.proxy.retarget(relay.listen);
        self.relay = Some(relay);
        Ok(())
    }

    /// Ends every process in order, so that all files are as they stay.
    pub(super) async fn end(self, figures: &mut Figures) -> Result<Remains, Failure> {
        let [first, second] = self.devices;
        first.stop().await?;
        second.stop().await?;
        if let Some(relay) = self.relay {
            relay.stop().await?;
        }
        let traffic = self.proxy.stop().await.map_err(|error| disk(&error))?;
        figures.traffic(&traffic);
        let weather = traffic.delayed > 0 && traffic.duplicated > 0 && traffic.offline_spells > 0;
        figures.claim(
            "the weather was rough: delay, duplication, offline spells",
            weather,
            || format!("{traffic:?}"),
        );
        relay_rows(&self.place.join("relay"), figures)?;
        Ok(Remains { place: self.place })
    }
}

/// What the relay kept: how many envelopes, and of which lengths.
fn relay_rows(data: &Path, figures: &mut Figures) -> Result<(), Failure> {
    let failed = |error: String| Failure::internal(format!("the relay's rows: {error}"));
    let dir = DataDir::lock(data).map_err(|error| failed(error.to_string()))?;
    let log = dir
        .database(false, None)
        .map_err(|error| failed(error.to_string()))?;
    let lengths = log.lengths().map_err(|error| failed(error.to_string()))?;
    figures.relay.rows = lengths.iter().map(|(_, count)| count).sum();
    let odd = lengths.iter().any(|(len, _)| !is_padded(*len));
    figures.claim(
        "the relay saw padded lengths only",
        !odd && !lengths.is_empty(),
        || format!("{lengths:?}"),
    );
    figures.relay.lengths = lengths;
    Ok(())
}

/// Whether an envelope may have this length: 1, 2, 4, 8, 16 KiB, then Padmé, whose lengths keep
/// as many leading bits as their exponent has bits, and one.
fn is_padded(len: u64) -> bool {
    const BUCKETS: [u64; 5] = [1024, 2048, 4096, 8192, 16384];
    let tail = |len: u64| len.ilog2() - (len.ilog2().ilog2() + 1);
    BUCKETS.contains(&len) || (len > 16384 && len.trailing_zeros() >= tail(len))
}

/// What is left on disk when all have gone.
pub(super) struct Remains {
    place: PathBuf,
}

/// What the search saw.
pub(super) struct Searched {
    needles: usize,
    forms: usize,
    planted: usize,
    control: usize,
    relay: Found,
    datagrams: Found,
    homes: Found,
}

impl Remains {
    pub(super) fn search(&self, search: &Search) -> io::Result<Searched> {
        let datagrams = self.place.join("datagrams");
        // The control lies in bytes like those that are searched.
        let mut sealed = std::fs::read(&datagrams)?;
        sealed.truncate(64 * 1024);
        let control = self.place.join("control");
        let (planted, found) = search.control(0, &sealed, &control)?;
        let mut homes = search.look(&self.place.join("home-0"))?;
        homes.add(search.look(&self.place.join("home-1"))?);
        Ok(Searched {
            needles: search.needles().len(),
            forms: search.forms(),
            planted,
            control: found,
            relay: search.look(&self.place.join("relay"))?,
            datagrams: search.look(&datagrams)?,
            homes,
        })
    }
}

impl Searched {
    pub(super) fn tell(self, figures: &mut Figures) {
        let control = self.control == self.planted && self.planted > 0;
        figures.claim(
            "the search finds every encoding that is planted",
            control,
            || format!("{} of {}", self.control, self.planted),
        );
        figures.relay.bytes = self.relay.bytes;
        let search = &mut figures.search;
        search.needles = self.needles as u64;
        search.forms = self.forms as u64;
        search.control_planted = self.planted as u64;
        search.control_found = self.control as u64;
        let mut all = Found::default();
        for (name, found) in [
            ("no plaintext in the relay's files", self.relay),
            ("no plaintext in any datagram", self.datagrams),
            ("no plaintext in either home at rest", self.homes),
        ] {
            let clean = found.hits == 0 && found.bytes > 0;
            figures.claim(name, clean, || match &found.first {
                Some(file) => format!("{} times, first in {}", found.hits, file.display()),
                None => "there was nothing to search".into(),
            });
            all.add(found);
        }
        let search = &mut figures.search;
        search.files = all.files;
        search.bytes = all.bytes;
        search.found = all.hits;
    }
}

/// The demo's own sockets failed.
fn network(error: &io::Error) -> Failure {
    Failure::internal(format!(
        "no UDP socket could be opened on this machine ({error}); allow it, and try again"
    ))
}
