//! Events: a bounded queue that whoever shows the journal pulls from.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Warning;

/// How many events wait for whoever pulls them. More than anybody looks at one by one.
pub const EVENTS_MAX: usize = 1024;

/// What may interest whoever shows the journal. Each event goes to one puller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// More has happened than is told one by one, here or by another program that has this
    /// journal open: load anew what is shown.
    Lagged,
}

/// How this device stands with its relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    over: bool,
}

impl Events {
    /// Puts an event at the end. One that says no more than the last one is left out; one too
    /// many replaces all by [`Event::Lagged`].
    pub(crate) fn push(&self, event: Event) {
        let mut queue = self.lock();
        if queue.over || queue.events.back() == Some(&event) {
            return;
        }
        if queue.events.len() == EVENTS_MAX {
            queue.events.clear();
            queue.events.push_back(Event::Lagged);
        }
        if queue.events.back() != Some(&event) {
            queue.events.push_back(event);
        }
        drop(queue);
        self.news.notify_one();
    }

    /// Waits for the next event; none once it is over and all are pulled.
    pub(crate) async fn next(&self) -> Option<Event> {
        loop {
            let news = self.news.notified();
            {
                let mut queue = self.lock();
                if let Some(event) = queue.events.pop_front() {
                    // Wakes another puller, if there is one, for what is left.
                    if !queue.events.is_empty() || queue.over {
                        self.news.notify_one();
                    }
                    return Some(event);
                }
                if queue.over {
                    self.news.notify_one();
                    return None;
                }
            }
            news.await;
        }
    }

    /// Says that no more events come.
    pub(crate) fn end(&self) {
        self.lock().over = true;
        self.news.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing under this lock leaves the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(id: usize) -> Event {
        Event::EntryChanged { id: id.to_string() }
    }

    #[tokio::test]
    async fn one_event_too_many_says_to_load_anew() {
        let events = Events::default();
        for id in 0..=EVENTS_MAX {
            events.push(changed(id));
        }
        assert_eq!(events.next().await, Some(Event::Lagged));
        assert_eq!(events.next().await, Some(changed(EVENTS_MAX)));
        events.end();
        assert_eq!(events.next().await, None);
        assert_eq!(events.next().await, None);
    }

    #[tokio::test]
    async fn typing_into_one_entry_is_one_event_until_it_is_pulled() {
        let events = Events::default();
        events.push(changed(1));
        events.push(changed(1));
        assert_eq!(events.next().await, Some(changed(1)));
        events.push(changed(1));
        assert_eq!(events.next().await, Some(changed(1)));
        events.end();
        assert_eq!(events.next().await, None);
    }
}
