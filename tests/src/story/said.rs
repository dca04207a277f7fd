//! What an honest relay says, for tests that change one word of it.

use sidelight_format::{
    Bytes, Class, Contents, Frame, Item, MailboxName, Position, RelayInstance, RunningHash,
    envelope_id,
};

use super::{ADA, BO, Hand, Story};

/// The items of a list, with their bodies.
pub fn whole(list: &[Bytes], mailbox: &MailboxName) -> Vec<Item> {
    list.iter()
        .map(|bytes| Item {
            id: envelope_id(mailbox, bytes),
            class: Class::Live,
            contents: Contents::Whole(bytes.clone()),
        })
        .collect()
}

/// What an honest relay says that has this list, to a device that has nothing of it: how it
/// stands, what is there, that this was all.
pub fn honest(instance: RelayInstance, list: &[Bytes], mailbox: &MailboxName) -> Vec<Frame> {
    let ids = list.iter().map(|bytes| envelope_id(mailbox, bytes));
    let hash = ids.fold(RunningHash::START, |hash, id| hash.after(&id));
    let length = Position(list.len() as u64);
    vec![
        Frame::State {
            instance,
            length,
            hash,
        },
        Frame::Items {
            first: Position(0),
            items: whole(list, mailbox),
        },
        Frame::Fetched {
            next: length,
            length,
            hash,
        },
    ]
}

impl Story {
    /// Puts envelopes at the relay one by one, and lets all see each.
    pub fn show(&mut self, hand: &Hand, envelopes: &[Bytes]) {
        for envelope in envelopes {
            self.post(&hand.keys, [envelope.clone()]);
            self.exchange();
        }
        assert!(self.is_in_sync(), "seed {}", self.seed);
    }

    /// Both come back, and show the same once all is in sync.
    pub fn reunite(&mut self) {
        for home in [ADA, BO] {
            self.go_online(home);
        }
        self.settle();
        self.settle();
        self.assert_same(ADA, BO);
    }
}
