//! Further devices of the two persons: linked in bad weather, taken away, lost, brought back by
//! the recovery words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sidelight::ErrorKind;
use sidelight::device::{Device, NewRecovery, view};
use sidelight_crypto::DeviceSigningKey;
use sidelight_format::record::{DeviceRecord, Fact, PairingEnd};
use sidelight_format::{EntryId, Rendered, VerifyingKey};
use sidelight_store::{Key, MemoryDisk, Store, Txn};
use sidelight_sync::Outside;

use super::oracle::{Broken, Ledger, is_in_doubt};
use super::world::Home;
use super::{Chance, World};
use crate::SeededSealing;

/// How many devices a person has at most: one to lose, one to keep, one to come.
const DEVICES_MAX: usize = 3;

/// Where a device stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// One of its person's.
    Member,
    /// It has taken up this link, and is nobody's yet.
    Linking,
    /// Removed, or nobody's for good: it is off and stays so.
    Gone,
}

impl World {
    /// One in three runs has further devices.
    pub(super) fn has_more_devices(&self) -> bool {
        self.seed.is_multiple_of(3)
    }

    /// The homes in play.
    pub(super) fn in_play(&self) -> Vec<usize> {
        let homes = self.homes.iter().enumerate();
        let homes = homes.filter(|(_, home)| home.standing != Standing::Gone);
        homes.map(|(place, _)| place).collect()
    }

    /// The homes whose devices act for their person.
    pub(super) fn members(&self) -> Vec<usize> {
        let mut homes = self.in_play();
        homes.retain(|home| self.homes[*home].standing == Standing::Member);
        homes
    }

    /// The homes whose devices are being linked.
    pub(super) fn linking(&self) -> Vec<usize> {
        let mut homes = self.in_play();
        homes.retain(|home| self.homes[*home].standing == Standing::Linking);
        homes
    }

    fn linking_of(&self, person: usize) -> Option<usize> {
        let mut homes = self.linking().into_iter();
        homes.find(|home| self.homes[*home].person == person)
    }

    /// Whether a device says that it has not heard yet of what the first one of its person did.
    pub(super) fn may_be_behind(&self, home: usize, error: &sidelight::Error) -> bool {
        self.homes[home].person != home && error.kind() == ErrorKind::Invalid
    }

    /// The first device of a person shows a link, and a new one takes it up.
    pub(super) fn link(&mut self, person: usize) -> Result<&'static str, Broken> {
        let in_play = self.in_play().into_iter();
        let own = in_play
            .filter(|home| self.homes[*home].person == person)
            .count();
        if own >= DEVICES_MAX || self.linking_of(person).is_some() || !self.is_paired(person)? {
            return Ok("no room for a link");
        }
        let linked = self.command(person, usize::MAX, |device, outside| {
            device.link(u32::MAX, outside)
        })?;
        match linked {
            Some(Ok(link)) => {
                self.begin_home(person, Standing::Linking, |store, outside| {
                    Device::join_own(store, &link, "PLANTEDNAME", outside)
                })?;
                Ok("link")
            }
            Some(Err(error)) if error.kind() == ErrorKind::Invalid => Ok("link too early"),
            Some(Err(error)) => Err(error.into()),
            None => Ok("link while down"),
        }
    }

    fn is_paired(&self, home: usize) -> Result<bool, Broken> {
        let Some(device) = &self.homes[home].device else {
            return Ok(false);
        };
        Ok(view::status(device.store())?.shared.is_some())
    }

    fn begin_home(
        &mut self,
        person: usize,
        standing: Standing,
        begin: impl FnOnce(Box<dyn Store>, &mut Outside<'_>) -> Result<Device, sidelight::Error>,
    ) -> Result<usize, Broken> {
        let place = self.homes.len();
        let stream = place as u64 + 1;
        let sealing = Chance::new(self.seed, stream + 100);
        let sealing = Arc::new(SeededSealing::new(stream as u8, sealing));
        let disk = MemoryDisk::recording();
        let store = disk.create(sealing.clone()).map_err(Broken::from_store)?;
        let mut dice = Chance::new(self.seed, stream);
        let mut outside = Outside {
            now: self.now,
            rng: dice.rng(),
        };
        let device = begin(Box::new(store), &mut outside)?;
        self.homes.push(Home {
            disk,
            sealing,
            device: Some(device),
            dice,
            clock_skew: 0,
            ledger: Ledger::default(),
            person,
            standing,
        });
        self.drain(place, usize::MAX)?;
        Ok(place)
    }

    /// Takes a linking one step further, as its person would who has both devices in hand.
    pub(super) fn link_on(&mut self, person: usize) -> Result<(), Broken> {
        let Some(new) = self.linking_of(person) else {
            return Ok(());
        };
        for home in [person, new] {
            let Some(device) = &self.homes[home].device else {
                return Ok(());
            };
            let Some(pairing) = device.pairing().filter(|it| it.own_device) else {
                continue;
            };
            if let (Some(comparison), None, None) =
                (pairing.comparison, pairing.confirmed, pairing.ended)
            {
                let other = person + new - home;
                let theirs = self.homes[other].device.as_ref();
                let theirs = theirs.and_then(Device::pairing);
                let theirs = theirs
                    .filter(|it| it.own_device)
                    .and_then(|it| it.comparison);
                if theirs.is_some_and(|theirs| theirs != comparison) {
                    return Err(Broken::new("both devices of a link see the same emoji"));
                }
                if let Some(Err(error)) =
                    self.command(home, usize::MAX, |device, o| device.confirm(true, o))?
                {
                    return Err(error.into());
                }
            }
        }
        let Some(device) = &self.homes[new].device else {
            return Ok(());
        };
        let ended = device.pairing().and_then(|pairing| pairing.ended);
        match ended {
            Some(PairingEnd::Paired) if !device.devices().is_empty() => {
                self.homes[new].standing = Standing::Member;
            }
            Some(PairingEnd::Paired) | None => {}
            Some(_) => self.put_away(new),
        }
        Ok(())
    }

    /// What a relay has lost of a linking comes to nothing: it is called off.
    pub(super) fn give_links_up(&mut self) -> Result<(), Broken> {
        for person in 0..2 {
            let Some(new) = self.linking_of(person) else {
                continue;
            };
            self.start(person)?;
            let under_way = |device: &Device| {
                let pairing = device.pairing();
                pairing.is_some_and(|it| it.own_device && it.ended.is_none())
            };
            if self.homes[person].device.as_ref().is_some_and(under_way) {
                self.command(person, usize::MAX, Device::cancel_pairing)?;
            }
            self.put_away(new);
        }
        Ok(())
    }

    /// The first device of a person removes another one, which is never seen again.
    pub(super) fn remove(&mut self, person: usize) -> Result<&'static str, Broken> {
        let further: Vec<usize> = self
            .in_play()
            .into_iter()
            .filter(|home| {
                let home = &self.homes[*home];
                home.person == person && home.standing == Standing::Member
            })
            .skip(1)
            .collect();
        let Some(lost) = self.dice.pick(&further).copied() else {
            return Ok("nothing to remove");
        };
        let Some(id) = self.device_id(lost)? else {
            return Ok("remove while down");
        };
        let removed = self.command(person, usize::MAX, |device, outside| {
            device.remove_device(&id, outside)
        })?;
        match removed {
            Some(Ok(())) => {
                self.put_away(lost);
                Ok("remove")
            }
            // It has not heard of the device yet, or of newer keys.
            Some(Err(error))
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) =>
            {
                Ok("remove too early")
            }
            Some(Err(error)) => Err(error.into()),
            None => Ok("remove while down"),
        }
    }

    /// All devices of the first person are lost, and the recovery words bring everything back on a
    /// blank one: whatever weather there was before, if the relay has lost nothing.
    pub(super) fn recover(&mut self) -> Result<(), Broken> {
        let device = self.homes[0].device.as_ref();
        let device = device.ok_or_else(|| Broken::new("a settled device is up"))?;
        let words = device.recovery_begin()?;
        let words = words.expose().collect::<Vec<_>>().join(" ");
        // What a removed device wrote beyond its end is shown by who heard of it before the end,
        // and taken in by nobody afterwards.
        let before = shown(device)?;
        let in_doubt: BTreeSet<EntryId> = before
            .keys()
            .filter(|entry| is_in_doubt(self, entry))
            .copied()
            .collect();
        for home in self.in_play() {
            if self.homes[home].person == 0 {
                self.put_away(home);
            }
        }
        let relay = self.address.clone();
        let new = NewRecovery {
            words: &words,
            relay,
            ticket: Default::default(),
            device: "PLANTEDNAME",
        };
        let blank = self.begin_home(0, Standing::Member, |store, outside| {
            Device::recover(store, &new, outside)
        })?;
        self.settle()?;
        let device = self.homes[blank].device.as_ref();
        let device = device.ok_or_else(|| Broken::new("a settled device is up"))?;
        let recovery = view::status(device.store())?.recovery;
        if recovery != view::Recovery::Checked {
            return Err(Broken::new(format!(
                "a recovery in fine weather ends; instead it is {recovery:?}"
            )));
        }
        let mut after = shown(device)?;
        after.retain(|entry, _| !in_doubt.contains(entry));
        let certain = before.into_iter();
        let certain = certain.filter(|(entry, _)| !in_doubt.contains(entry));
        if after != certain.collect::<BTreeMap<_, _>>() {
            return Err(Broken::new("the words bring back everything as it was"));
        }
        Ok(())
    }

    fn put_away(&mut self, home: usize) {
        self.crash(home);
        self.homes[home].standing = Standing::Gone;
    }

    fn device_id(&self, home: usize) -> Result<Option<VerifyingKey>, Broken> {
        let Some(device) = &self.homes[home].device else {
            return Ok(None);
        };
        let txn = Txn::begin(device.store()).map_err(Broken::from_store)?;
        let me: Option<DeviceRecord> = txn.get(Key::One).map_err(Broken::from_store)?;
        let seed = me.map(|me| me.signing);
        Ok(seed.map(|seed| DeviceSigningKey::from_seed(&seed).verifying_key()))
    }
}

/// What a device shows, by id.
fn shown(device: &Device) -> Result<BTreeMap<EntryId, Rendered>, Broken> {
    let (entries, _) = view::page(device.store(), None, usize::MAX)?;
    Ok(entries
        .into_iter()
        .map(|entry| (entry.id, entry.rendered))
        .collect())
}

/// What is told of devices that come and go.
pub(super) fn is_of_devices(fact: &Fact) -> bool {
    matches!(fact, Fact::Linked { .. } | Fact::Unlinked { .. })
}
