//! Steps of the device: in the writer's turn, kept, sent and told before they are over.

use std::time::{Duration, Instant};

use sidelight_format::RefusalCode;
use sidelight_format::record::FactRecord;
use sidelight_store::{Access, Store, StoreError};
use sidelight_sync::Outside;
use tracing::{debug, warn};

use crate::device::{self, Device, Output};
use crate::driver::{Driver, FRAMES_WAIT, suspended};
use crate::events::Event;
use crate::home::TURN_WAIT;
use crate::sealing::system_rng;
use crate::turn::busy;
use crate::{Error, Warning, reading};

/// How long the index is worked at in one go when somebody waits for it: a tenth of a second is
/// not yet felt as waiting. Between two goes all that has come meanwhile is handled, of which
/// there is much while a device is filled.
const INDEX_FOR: Duration = Duration::from_millis(100);

impl Driver {
    /// Does what changes the device, in the writer's turn.
    pub(crate) fn act<T>(
        &mut self,
        command: impl FnOnce(&mut Device, &mut Outside<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.take_turn(TURN_WAIT)?;
        let device = self.device.as_mut().ok_or_else(suspended)?;
        let mut rng = system_rng();
        let mut outside = Outside {
            now: self.clock.now(),
            rng: &mut rng,
        };
        let done = command(device, &mut outside);
        // Durable only now; and a command that failed may have dropped links.
        self.drain()?;
        done
    }

    /// Brings the search index further, in the writer's turn if it comes within `wait`. False if
    /// there was nothing to be done.
    pub(crate) fn index(&mut self, wait: Duration) -> Result<bool, Error> {
        self.ensure_open()?;
        let device = self.device.as_ref().ok_or_else(suspended)?;
        if !self.turn.is_stale(device.store()) && !device.is_index_due()? {
            return Ok(false);
        }
        self.take_turn(wait)?;
        let device = self.device.as_mut().ok_or_else(suspended)?;
        let mut rng = system_rng();
        let mut outside = Outside {
            now: self.clock.now(),
            rng: &mut rng,
        };
        let indexed = device.index(&mut outside);
        self.drain()?;
        indexed
    }

    /// Brings the search index as far as a call that comes meanwhile may wait for. False if
    /// nothing is left to be done.
    pub(crate) fn index_for_a_while(&mut self) -> Result<bool, Error> {
        let began = Instant::now();
        while self.index(TURN_WAIT)? {
            if began.elapsed() >= INDEX_FOR {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks at what came in volumes, or packs a volume; in the writer's turn if it comes within
    /// `wait`. False if there was nothing to be done.
    pub(crate) fn tend_volumes(&mut self, wait: Duration) -> Result<bool, Error> {
        self.ensure_open()?;
        let device = self.device.as_ref().ok_or_else(suspended)?;
        if !device.has_unproved() && !device.is_packing_due()? {
            return Ok(false);
        }
        self.take_turn(wait)?;
        let device = self.device.as_mut().ok_or_else(suspended)?;
        let mut rng = system_rng();
        let mut outside = Outside {
            now: self.clock.now(),
            rng: &mut rng,
        };
        let done = match device.has_unproved() {
            true => device.check_volumes(&mut outside),
            false => device.pack(&mut outside),
        };
        self.drain()?;
        done
    }

    /// Reads the store, which is never older than what any program has committed.
    pub(crate) fn read<T>(
        &mut self,
        read: impl FnOnce(&dyn Store) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.ensure_open()?;
        read(self.device.as_ref().ok_or_else(suspended)?.store())
    }

    /// Reads what the device holds in memory, opened anew if another program has written.
    pub(crate) fn look<T>(
        &mut self,
        look: impl FnOnce(&Device) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.ensure_open()?;
        let stale = |device: &Device| self.turn.is_stale(device.store());
        if self.device.as_ref().is_some_and(stale) {
            self.take_turn(TURN_WAIT)?;
        }
        look(self.device.as_ref().ok_or_else(suspended)?)
    }

    fn ensure_open(&mut self) -> Result<(), Error> {
        match (self.suspended, &self.device) {
            (true, _) => Err(suspended()),
            (false, Some(_)) => Ok(()),
            (false, None) => self.reopen(TURN_WAIT),
        }
    }

    /// Takes the writer's turn. If somebody else has committed, the device is opened anew.
    pub(crate) fn take_turn(&mut self, wait: Duration) -> Result<(), Error> {
        if self.suspended {
            return Err(suspended());
        }
        let Some(device) = &mut self.device else {
            return self.reopen(wait);
        };
        if self.turn.take(device.store_mut(), wait)? {
            debug!("another program has written; opening anew");
            self.reopen(wait)?;
            self.events.push(Event::Lagged);
        }
        Ok(())
    }

    /// Begins a new person. Nothing of theirs goes over a connection of the former one.
    pub(crate) fn refound(&mut self) -> Result<u64, Error> {
        let kept = self.act(Device::refound)?;
        (self.me, _) = self.read(reading::me)?;
        let down = self.links.drop_all();
        self.handle_down(&down);
        Ok(kept)
    }

    pub(crate) fn release_turn(&mut self) {
        if let Some(device) = &mut self.device {
            self.turn.release(device.store_mut());
        }
    }

    /// Opens the device from its store, with the writer's turn, and links anew on the
    /// connections that there are.
    pub(crate) fn reopen(&mut self, wait: Duration) -> Result<(), Error> {
        self.links.drop_links();
        let store = match self.device.take() {
            Some(device) => device.into_store(),
            None => {
                let opened = self.home.open(Access::Write { wait });
                let store = opened.map_err(|error| match error {
                    StoreError::Busy => busy(),
                    error => error.into(),
                })?;
                self.turn.taken();
                store
            }
        };
        let mut rng = system_rng();
        let mut outside = Outside {
            now: self.clock.now(),
            rng: &mut rng,
        };
        let opened = Device::open(store, &mut outside).inspect_err(|_| self.turn.lost())?;
        self.device = Some(opened);
        Ok(())
    }

    /// Keeps, sends and tells what the device has to. Returns how many entries changed.
    pub(crate) fn drain(&mut self) -> Result<u64, Error> {
        let mut changed = 0;
        while let Some(device) = &mut self.device {
            match device.poll_output() {
                Ok(None) => break,
                Ok(Some(Output::Persisted)) => {}
                Ok(Some(Output::Send(link, frame))) => self.links.send(link, frame),
                Ok(Some(Output::Hangup(link))) => {
                    device.handle_down(link);
                    self.links.drop_link(link, Instant::now());
                }
                Ok(Some(Output::Reopen(link))) => {
                    device.handle_down(link);
                    self.links.leave(link);
                }
                Ok(Some(Output::Event(event))) => {
                    changed += u64::from(event.is_of_entry());
                    self.tell(event);
                }
                Err(error) => {
                    // Nothing of it was kept or sent. If it cannot be opened anew either, the
                    // next command tries again.
                    if let Err(error) = self.reopen(FRAMES_WAIT) {
                        warn!(kind = ?error.kind(), "the journal cannot be opened anew yet");
                    }
                    return Err(error);
                }
            }
        }
        Ok(changed)
    }

    fn tell(&mut self, event: device::Event) {
        let told = match event {
            device::Event::EntryChanged(id) => Event::EntryChanged { id: id.to_hex() },
            device::Event::EntryRemoved(id) => Event::EntryRemoved { id: id.to_hex() },
            device::Event::PairingChanged => {
                // A device that was nobody's may have become somebody's.
                if let Some(device) = &self.device
                    && let Ok((me, _)) = reading::me(device.store())
                {
                    self.me = me;
                }
                Event::PairingChanged
            }
            // Whether everything is, and sent as well, is seen after each message.
            device::Event::UpToDate(_) => return,
            device::Event::Refused(mailbox, refusal) => {
                debug!(%refusal, "the relay refused something");
                // A token concerns one envelope; everything else the mailbox.
                if refusal.code != RefusalCode::Token {
                    self.links.refuse(mailbox, refusal, Instant::now());
                }
                return;
            }
            device::Event::Warning(fact) => {
                let me = self.device.as_ref().map_or(self.me, Device::person);
                let record = FactRecord {
                    found: self.clock.now(),
                    fact,
                };
                Event::Warning {
                    warning: Warning::of(&record, &me, |key| self.device.as_ref()?.name_of(key)),
                }
            }
        };
        self.events.push(told);
    }
}
