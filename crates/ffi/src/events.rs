//! Events, pulled.

use sidelight::Event as Pulled;
use tokio::sync::broadcast::{self, WeakSender, error::RecvError};
use tokio::task::JoinHandle;

use crate::CancelToken;
use crate::mirror::{Give, given, mirrored};

/// What may interest whoever shows the journal.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum Event {
    /// An entry is new or has changed.
    EntryChanged {
        /// Its id.
        id: String,
    },
    /// An entry is gone.
    EntryRemoved {
        /// Its id.
        id: String,
    },
    /// A pairing has come further: ask for it.
    PairingChanged,
    /// How this device stands with its relays has changed.
    SyncChanged {
        /// How.
        state: SyncState,
        /// Why, where that needs a sentence.
        detail: Option<String>,
    },
    /// Something that the people should know about.
    Warning {
        /// What.
        warning: Warning,
    },
    /// More has happened than is told one by one: load anew what is shown.
    Lagged,
}

impl Give<Event> for Pulled {
    fn give(self) -> Event {
        match self {
            Self::EntryChanged { id } => Event::EntryChanged { id },
            Self::EntryRemoved { id } => Event::EntryRemoved { id },
            Self::PairingChanged => Event::PairingChanged,
            Self::SyncChanged { state, detail } => Event::SyncChanged {
                state: state.give(),
                detail,
            },
            Self::Warning { warning } => Event::Warning {
                warning: warning.give(),
            },
            // Whatever it was: loading anew shows it.
            _ => Event::Lagged,
        }
    }
}

mirrored! {
    /// How this device stands with its relays.
    #[of(sidelight::SyncState, Working)]
    pub enum SyncState {
        /// It keeps no connection: neither live nor in a sync.
        Off,
        /// It is connecting.
        Connecting,
        /// It is sending or receiving.
        Working,
        /// All that the relays have is here, and all that is here is there.
        UpToDate,
        /// The relay is not reached; it is tried again by itself while live.
        Offline,
        /// The relay refuses something; it is asked again by itself while live.
        Refused,
        /// What arrives cannot be kept here; it is tried again by itself while live.
        Failing,
    }
}

given! {
    /// Something that was found about a relay or a log. Evidence, not opinion: it says what was
    /// seen, not who meant what.
    #[of(sidelight::Warning)]
    pub struct Warning {
        /// What kind of thing.
        pub kind: WarningKind,
        /// A sentence for people; no name or text is in it.
        pub text: String,
        /// When it was found, in milliseconds since 1970, by this device's clock.
        pub found_ms: i64,
    }
}

mirrored! {
    /// What kind of thing was found.
    #[of(sidelight::WarningKind, Other)]
    pub enum WarningKind {
        /// Something that was written has not come.
        Gap,
        /// A log goes on in two ways.
        Fork,
        /// The relay has lost or reordered what it had.
        Rollback,
        /// The relay was given again what it had lost.
        Refilled,
        /// Something that breaks the rules was refused.
        Refused,
        /// Somebody else took up an invitation that was spent.
        SecondJoiner,
        /// The partner has left the shared journal, and says so.
        PartnerLeft,
        /// A person's keys go on in two ways.
        PersonFork,
        /// A device was linked to one's own journal.
        DeviceLinked,
        /// A device of one's own was removed.
        DeviceRemoved,
        /// This device was removed.
        RemovedHere,
        /// Own devices have removed each other.
        DevicesDisagree,
        /// Two own devices had paired with a partner each.
        TwoPairings,
        /// Somebody began new keys for the journal without end.
        Crowd,
        /// The partner has moved the shared journal to another relay.
        Moved,
        /// What an own device had packed for the others was not what was written.
        Volume,
        /// Something that only a newer version can tell.
        Other,
    }
}

/// How many events wait for whoever pulls them: as many as in a journal of Rust.
const WAITING_MAX: usize = sidelight::EVENTS_MAX;

/// Passes a journal's events on to all who listen.
#[derive(Debug)]
pub(crate) struct Pump {
    /// None once the journal is over.
    events: WeakSender<Event>,
    task: JoinHandle<()>,
}

impl Pump {
    pub(crate) fn start(journal: &sidelight::Journal) -> Result<Self, sidelight::Error> {
        let (sender, _) = broadcast::channel(WAITING_MAX);
        let events = sender.downgrade();
        let journal = journal.clone();
        let task = sidelight::runtime()?.spawn(async move {
            while let Some(event) = journal.next_event().await {
                // Nobody may be listening.
                let _ = sender.send(event.give());
            }
        });
        Ok(Self { events, task })
    }

    pub(crate) fn listen(&self) -> EventStream {
        let receiver = self.events.upgrade().map(|events| events.subscribe());
        EventStream {
            receiver: tokio::sync::Mutex::new(receiver),
            stopped: CancelToken::new(),
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        // It holds the journal, which would never end.
        self.task.abort();
    }
}

/// A journal's events from the moment when it was made. Each stream has all of them; one that is
/// not pulled holds 1,024 and forgets the others, which `Event.Lagged` says.
#[derive(Debug, uniffi::Object)]
pub struct EventStream {
    receiver: tokio::sync::Mutex<Option<broadcast::Receiver<Event>>>,
    stopped: CancelToken,
}

#[uniffi::export]
impl EventStream {
    /// Waits for the next event; none once the journal is shut down or the stream was stopped.
    /// Whoever stops waiting loses none.
    pub async fn next_event(&self) -> Option<Event> {
        let stopped = self.stopped.cancelled();
        tokio::pin!(stopped);
        let mut receiver = tokio::select! {
            biased;
            () = &mut stopped => return None,
            receiver = self.receiver.lock() => receiver,
        };
        let got = tokio::select! {
            biased;
            () = stopped => return None,
            got = receiver.as_mut()?.recv() => got,
        };
        match got {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(_)) => Some(Event::Lagged),
            Err(RecvError::Closed) => {
                *receiver = None;
                None
            }
        }
    }

    /// Ends the stream, and whoever waits for its next event.
    pub fn stop(&self) {
        self.stopped.cancel();
    }
}
