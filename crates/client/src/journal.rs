//! The journal as programs see it: a handle whose every call is a message to the device thread.

use core::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use sidelight_store::MemoryDisk;
use tokio::sync::oneshot;

use crate::device::Device;
use crate::driver::{Begin, Clock, Driver, Message};
use crate::events::Events;
use crate::home::{Place, TURN_WAIT};
use crate::progress::Long;
use crate::records::{Invited, NewPerson, OwnDevice, Pairing, Status, SyncReport};
use crate::{Error, ErrorKind, Event, KeyStore, convert, reading, runtime, warning};

/// One device's journal. Clones are the same journal.
///
/// Every call is done by a thread of the journal's own, one after another, whatever executor
/// awaits it. Dropping a future means to stop waiting: the call is done all the same, but for
/// those that take long. A sync, an import and an export stop, and keep what they have done.
///
/// Several programs may have one journal open, and read it at the same time. Whoever writes
/// takes turns with the others, for no longer than a command takes, and waits five seconds for
/// its turn at most. The last clone dropped ends the journal like [`shutdown`](Self::shutdown),
/// without waiting for it.
#[derive(Clone)]
pub struct Journal {
    pub(crate) shared: Arc<Shared>,
}

/// What the handle and the device thread share.
pub(crate) struct Shared {
    to: Sender<Message>,
    pub(crate) events: Arc<Events>,
    pub(crate) importing: Long,
    pub(crate) exporting: Long,
    /// Whether the journal was shut down, rather than having failed.
    over: Arc<AtomicBool>,
}

/// Lets the device thread look who still waits, when somebody may have stopped.
struct HungUp<'a>(&'a Sender<Message>);

impl Drop for HungUp<'_> {
    fn drop(&mut self) {
        // Fails only if the thread has ended already.
        let _ = self.0.send(Message::Command(Box::new(|_| ())));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Fails only if the thread has ended already.
        let _ = self.to.send(Message::Quit);
    }
}

impl Journal {
    /// Begins a journal in the folder `home`, with a new storage key unless `keys` has one.
    ///
    /// # Errors
    /// Invalid for a name or address that is none, or if a journal has begun there already;
    /// Keys locked; Storage.
    pub async fn create(
        home: PathBuf,
        keys: Arc<dyn KeyStore>,
        person: NewPerson,
    ) -> Result<Self, Error> {
        Self::start(
            Place::Folder(home),
            keys,
            Begin::Person(person),
            Clock::System,
        )
        .await
    }

    /// Makes this device one more of a person who has a journal, in the folder `home`, which has
    /// none: makes keys of its own and takes up the link that another device of theirs shows
    /// ([`link`](Self::link)). It is nobody's until both sides have compared and
    /// [confirmed](Self::confirm); then everything comes with the next sync. `device_name` is
    /// what it is called on the person's own devices.
    ///
    /// # Errors
    /// Invalid for a name or link that is none, is expired or for something else, or if a
    /// journal has begun there already; Keys locked; Update needed; Storage.
    pub async fn join_own(
        home: PathBuf,
        keys: Arc<dyn KeyStore>,
        link: String,
        device_name: String,
    ) -> Result<Self, Error> {
        let begin = Begin::OwnDevice(link, device_name);
        Self::start(Place::Folder(home), keys, begin, Clock::System).await
    }

    /// Opens the journal in the folder `home`.
    ///
    /// # Errors
    /// Not found if none has begun there; Keys locked; Update needed; Storage.
    pub async fn open(home: PathBuf, keys: Arc<dyn KeyStore>) -> Result<Self, Error> {
        Self::start(Place::Folder(home), keys, Begin::Open, Clock::System).await
    }

    /// Opens the journal in the folder `home` by a clock that was set: to see what another day
    /// brings, and for tests of what takes days.
    #[doc(hidden)]
    pub async fn open_at(
        home: PathBuf,
        keys: Arc<dyn KeyStore>,
        clock: Arc<std::sync::atomic::AtomicI64>,
    ) -> Result<Self, Error> {
        Self::start(Place::Folder(home), keys, Begin::Open, Clock::Set(clock)).await
    }

    /// Begins a journal on `disk`, or opens the one there, by a clock that may be set: for tests
    /// of what is built on it.
    #[doc(hidden)]
    pub async fn in_memory(
        disk: &MemoryDisk,
        keys: Arc<dyn KeyStore>,
        person: Option<NewPerson>,
        clock: Option<Arc<std::sync::atomic::AtomicI64>>,
    ) -> Result<Self, Error> {
        let clock = clock.map_or(Clock::System, Clock::Set);
        let begin = person.map_or(Begin::Open, Begin::Person);
        Self::start(Place::Memory(disk.clone()), keys, begin, clock).await
    }

    pub(crate) async fn start(
        place: Place,
        keys: Arc<dyn KeyStore>,
        begin: Begin,
        clock: Clock,
    ) -> Result<Self, Error> {
        let (to, inbox) = mpsc::channel();
        let (ready, began) = oneshot::channel();
        let (events, over) = (Arc::<Events>::default(), Arc::<AtomicBool>::default());
        let shared = Arc::new(Shared {
            to: to.clone(),
            events: events.clone(),
            importing: Long::default(),
            exporting: Long::default(),
            over: over.clone(),
        });
        let run = move || match Driver::begin(place, &*keys, &begin, clock, (to, events, over)) {
            Ok(driver) => {
                drop(keys);
                let _ = ready.send(Ok(()));
                driver.run(&inbox);
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        };
        std::thread::Builder::new()
            .name("sidelight".to_owned())
            .spawn(run)
            .map_err(|_| runtime::no_thread())?;
        began.await.unwrap_or_else(|_| Err(broken()))?;
        Ok(Self { shared })
    }

    /// Lets the device thread do something that gives its answer at once.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Driver) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(|driver, answer| {
            // Nobody may be waiting any more.
            let _ = answer.send(command(driver));
        })
        .await
    }

    /// Lets the device thread do something that gives its answer later.
    async fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Driver, oneshot::Sender<Result<T, Error>>) + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let command = Message::Command(Box::new(move |driver| command(driver, answer)));
        // Fails only if the thread has ended; the command is dropped then, and the answer with it.
        drop(self.shared.to.send(command));
        match answered.await {
            Ok(answer) => answer,
            _ if self.shared.over.load(Ordering::Acquire) => Err(shut_down()),
            _ => Err(broken()),
        }
    }

    /// Names the relay for the private space and for coming invitations, if there was none. For
    /// the relay that is named already, the ticket with which it admits from now on.
    ///
    /// # Errors
    /// Invalid if another one is named, or the address is none; Storage.
    pub async fn use_relay(&self, address: String, ticket: Option<String>) -> Result<(), Error> {
        self.call(move |driver| {
            let relay = convert::relay(&address)?;
            let ticket = convert::ticket(ticket.as_deref())?;
            driver.act(|device, _| device.use_relay(&relay, ticket))
        })
        .await
    }

    /// Moves this person's journals to another relay: at once, offline, needing nobody. Own
    /// devices and the partner are led over where they still read; what is here is brought
    /// along with the next syncs, and the former relay asked to drop what this person wrote.
    ///
    /// With `lost` the former relay is given up for good: nothing is sent to it or asked of it.
    /// Then the partner names the same relay in the same way, and both meet there.
    ///
    /// # Errors
    /// Invalid if everything is there already, while a pairing is under way, or if the address
    /// is none; Removed; Storage.
    pub async fn move_to_relay(
        &self,
        address: String,
        ticket: Option<String>,
        lost: bool,
    ) -> Result<(), Error> {
        self.call(move |driver| {
            let relay = convert::relay(&address)?;
            let ticket = convert::ticket(ticket.as_deref())?;
            driver.act(|device, outside| device.move_to(&relay, ticket, lost, outside))
        })
        .await
    }

    /// Invites a partner, for at most `lifetime`: the link to show to them and nobody else.
    /// The pairing goes on with every sync; an invitation that nobody took up is spent.
    ///
    /// # Errors
    /// Invalid without a relay, while a pairing waits for an answer, or when there is a
    /// partner; Storage.
    pub async fn invite(&self, lifetime: Duration) -> Result<Invited, Error> {
        let secs = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        self.call(move |driver| {
            let link = driver.act(|device, outside| device.invite(secs, outside))?;
            Ok(Invited {
                link: link.expose(),
                expires_ms: convert::milliseconds(link.invitation().expires),
            })
        })
        .await
    }

    /// Takes an invitation up, by its link. The pairing goes on with every sync.
    ///
    /// # Errors
    /// Invalid for a link that is none, is cut off, expired, spent here or one's own, or when
    /// there is a partner; Update needed; Storage.
    pub async fn join(&self, link: String) -> Result<(), Error> {
        self.call(move |driver| {
            let link = convert::invitation(&link)?;
            driver.act(|device, outside| device.join(&link, outside))
        })
        .await
    }

    /// Invites a further device of this person, for at most `lifetime`: the link to open there
    /// with [`join_own`](Self::join_own), and to show to nobody else. Ask the person to unlock
    /// before: whoever is linked reads everything. It goes on like a pairing; every own device
    /// is told.
    ///
    /// # Errors
    /// Removed; Invalid without a relay, while a pairing waits for an answer, or when there are
    /// as many devices as can be; Storage.
    pub async fn link(&self, lifetime: Duration) -> Result<Invited, Error> {
        let secs = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        self.call(move |driver| {
            let link = driver.act(|device, outside| device.link(secs, outside))?;
            Ok(Invited {
                link: link.expose(),
                expires_ms: convert::milliseconds(link.invitation().expires),
            })
        })
        .await
    }

    /// Looks at what came in volumes, and packs what is new, which a journal otherwise does by
    /// itself when it has been left alone for a moment: for a program that ends after each
    /// command, and before [`confirm`](Self::confirm) takes a further device in. What is packed
    /// and [synchronised](Self::sync_now) by then, the new device has soon. Other calls get in
    /// between. Says whether nothing is left to do; false if `deadline` was over before.
    ///
    /// # Errors
    /// Storage.
    pub async fn prepare_volumes(&self, deadline: Duration) -> Result<bool, Error> {
        let began = Instant::now();
        while self.call(|driver| driver.tend_volumes(TURN_WAIT)).await? {
            if began.elapsed() >= deadline {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The person's own devices, in the order in which they came. The partner never sees them.
    ///
    /// # Errors
    /// Storage.
    pub async fn devices(&self) -> Result<Vec<OwnDevice>, Error> {
        self.call(|driver| {
            let devices = driver.look(|device| Ok(device.devices()))?;
            Ok(devices.into_iter().map(convert::own_device).collect())
        })
        .await
    }

    /// Removes an own device, named by its id or the beginning of it: at once, offline, needing
    /// nobody. It opens nothing that is written from now on by a device that has heard of it;
    /// what it has it keeps. To the partner it is like [`rotate`](Self::rotate). Returns the id.
    ///
    /// # Errors
    /// Removed; Not found; Invalid for this very device, or if several begin like that; Storage.
    pub async fn remove_device(&self, id: String) -> Result<String, Error> {
        self.call(move |driver| {
            let devices = driver.look(|device| Ok(device.devices()))?;
            let chosen = convert::chosen_device(&devices, &id)?;
            driver.act(|device, outside| device.remove_device(&chosen, outside))?;
            Ok(warning::device_id(&chosen))
        })
        .await
    }

    /// The pairing under way, or the last one.
    ///
    /// # Errors
    /// Storage.
    pub async fn pairing(&self) -> Result<Option<Pairing>, Error> {
        self.call(|driver| {
            let view = driver.look(|device| Ok(device.pairing()))?;
            Ok(view.map(convert::pairing))
        })
        .await
    }

    /// Says whether both sides show the same seven emoji. Nothing is shared before both have.
    ///
    /// # Errors
    /// Invalid if there is nothing to compare; Storage.
    pub async fn confirm(&self, same: bool) -> Result<(), Error> {
        self.call(move |driver| driver.act(|device, outside| device.confirm(same, outside)))
            .await
    }

    /// Calls the pairing off; its invitation is spent.
    ///
    /// # Errors
    /// Invalid if there is none; Storage.
    pub async fn cancel_pairing(&self) -> Result<(), Error> {
        self.call(|driver| driver.act(Device::cancel_pairing)).await
    }

    /// Gives the person new keys and both spaces new epochs, at once and offline: what is
    /// written from now on is sealed to the new keys only.
    ///
    /// # Errors
    /// Invalid while a pairing is under way or the partner's keys are in doubt; Storage.
    pub async fn rotate(&self) -> Result<(), Error> {
        self.call(|driver| driver.act(Device::rotate)).await
    }

    /// Leaves the shared journal: at once, offline, needing nobody. Both keep what they had;
    /// nothing later is sealed to the other, and another pairing can begin. Unless `quietly`,
    /// the partner is told at the next sync; quietly, what was not sent yet is never sent, and
    /// to the partner it looks like writing nothing.
    ///
    /// # Errors
    /// Not paired; Storage.
    pub async fn leave(&self, quietly: bool) -> Result<(), Error> {
        self.call(move |driver| driver.act(|device, outside| device.leave(quietly, outside)))
            .await
    }

    /// What a person should know of this device.
    ///
    /// # Errors
    /// Storage.
    pub async fn status(&self) -> Result<Status, Error> {
        self.call(|driver| driver.read(reading::status)).await
    }

    /// Connects, sends what waits and receives what is there, until all is in sync or
    /// `deadline` is over. While live it uses the connections that there are. A pairing that
    /// completes meanwhile is gone on with.
    ///
    /// # Errors
    /// Offline if no relay is reached; Refused if one refuses something, or another one answers
    /// in its place; Invalid without a relay; Storage; Cancelled by
    /// [`suspend`](Self::suspend) and [`shutdown`](Self::shutdown). Nothing is lost by any: what
    /// waits is kept, and what came is here.
    pub async fn sync_now(&self, deadline: Duration) -> Result<SyncReport, Error> {
        let _hung_up = HungUp(&self.shared.to); // dropped after what waits for the answer
        self.ask(move |driver, answer| driver.sync(deadline, answer))
            .await
    }

    /// Keeps connections open from now on: what is written leaves at once, what the partner
    /// writes arrives at once, and lost connections come back by themselves.
    ///
    /// # Errors
    /// Cancelled while suspended.
    pub async fn go_live(&self) -> Result<(), Error> {
        self.call(|driver| driver.set_live(true)).await
    }

    /// Ends [`go_live`](Self::go_live).
    ///
    /// # Errors
    /// Cancelled while suspended.
    pub async fn go_quiet(&self) -> Result<(), Error> {
        self.call(|driver| driver.set_live(false)).await
    }

    /// Waits for the next event; none once the journal is shut down. Up to
    /// [`EVENTS_MAX`](crate::EVENTS_MAX) wait for whoever asks; beyond that they are forgotten,
    /// and [`Event::Lagged`] says so. A future that is dropped takes none along.
    pub async fn next_event(&self) -> Option<Event> {
        self.shared.events.next().await
    }

    /// Finishes what is under way, then closes every connection, socket, file and lock: phones
    /// kill an app that keeps one while it sleeps. Other calls fail until
    /// [`resume`](Self::resume).
    ///
    /// # Errors
    /// None but those of a journal that is shut down.
    pub async fn suspend(&self) -> Result<(), Error> {
        self.call(|driver| {
            driver.suspend();
            Ok(())
        })
        .await
    }

    /// Ends [`suspend`](Self::suspend): opens the files again, and new sockets if it was live.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); the journal then stays suspended.
    pub async fn resume(&self) -> Result<(), Error> {
        self.call(Driver::resume).await
    }

    /// Finishes what is under way and closes everything. Later calls are Cancelled.
    pub async fn shutdown(&self) {
        let closed = self.call(|driver| {
            driver.shutdown();
            Ok(())
        });
        // Fails only if it is over already.
        let _ = closed.await;
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("over", &self.shared.over)
            .finish_non_exhaustive()
    }
}

fn shut_down() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the journal was shut down; open it again",
    )
}

/// The device thread is gone although nobody shut it down.
fn broken() -> Error {
    Error::internal("the device thread is gone")
}
