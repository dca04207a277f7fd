//! Looking ahead on a recovery walk: what an own device had packed is found before everything is
//! fetched that it holds.
//!
//! Nothing tells from outside which of a private mailbox's envelopes is a list of volumes, or
//! leads to the next epoch; but both are among its newest. So its list is read first, then slices
//! of its newest envelopes, of which no more is taken in than those two kinds: an epoch brings
//! with it all it takes to be judged, and a list of volumes the signature of a device that the
//! epoch lists. Everything else has its turn later, in the order in which it was written. A
//! mailbox in which neither is found is read as a whole.

use std::collections::BTreeSet;

use sidelight_format::record::{EnvelopeRecord, Verdict};
use sidelight_format::{Body, Bytes, EnvelopeId, MailboxName, Position, Volume};
use sidelight_store::{Key, Txn};
use sidelight_sync::{Outside, volumes};

use super::super::LinkId;
use super::super::core::{Core, Purpose};
use crate::Error;

/// How many envelopes are looked at at once: the newest, then those before. The others only where
/// there are volumes. As many may follow a list of them until the next is due.
const SLICES: [usize; 5] = [32, 64, 128, 256, 512];

/// What was looked at on this opening.
#[derive(Default)]
pub(in super::super) struct Ahead {
    /// Mailboxes of which no more is looked at.
    looked: BTreeSet<MailboxName>,
    /// Those of them that are read as a whole, since nothing was found.
    passed: BTreeSet<MailboxName>,
    /// Where more is looked at than the newest, since no list of volumes is among those.
    further: Option<BTreeSet<MailboxName>>,
    /// All has been found that there is to find.
    over: bool,
}

/// What is looked at on one link.
pub(super) struct Looking {
    /// What has not been looked at, the oldest first.
    live: Vec<Position>,
    /// How many slices were asked for.
    slices: usize,
    /// One was, and has not come whole.
    waits: bool,
}

impl Looking {
    pub(super) fn at(live: Vec<Position>) -> Self {
        Self {
            live,
            slices: 0,
            waits: false,
        }
    }

    /// A slice has come. False if none was waited for.
    pub(super) fn has_come(&mut self) -> bool {
        std::mem::take(&mut self.waits)
    }

    /// Whether there is another slice.
    fn goes_on(&self, has_volumes: bool) -> bool {
        let slices = if has_volumes { SLICES.len() } else { 1 };
        self.slices < slices && !self.live.is_empty()
    }

    /// The positions of the next slice, the first and the last.
    fn next(&mut self, has_volumes: bool) -> Option<(Position, Position)> {
        let len = *SLICES
            .get(self.slices)
            .filter(|_| self.goes_on(has_volumes))?;
        let slice = self.live.split_off(self.live.len().saturating_sub(len));
        let range = (*slice.first()?, *slice.last()?);
        self.slices += 1;
        self.waits = true;
        Some(range)
    }
}

impl Core {
    /// Whether a mailbox is held because a walk looks ahead.
    pub(super) fn looks_ahead(&self, mailbox: &MailboxName) -> bool {
        let ahead = &self.volumes.ahead;
        if !self.is_walking() || ahead.over || ahead.passed.contains(mailbox) {
            return false;
        }
        let private = self.me.private;
        matches!(self.purpose(mailbox), Some(Purpose::Epoch(space, _)) if space == private)
    }

    /// Looks at the next slice on a link, unless enough was found.
    pub(super) fn look_ahead(&mut self, id: LinkId, mailbox: MailboxName) {
        if !self.looks_ahead(&mailbox) || self.volumes.ahead.looked.contains(&mailbox) {
            return;
        }
        let Some(Purpose::Epoch(space, epoch)) = self.purpose(&mailbox) else {
            return;
        };
        let known = self.spaces.get(&space);
        let leads_on = known.is_some_and(|known| !known.graph.leaves().contains(&epoch));
        let named = self.named_by_directories();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (Some(listed), Some(looking)) = (&link.filling.listed, &mut link.filling.looking)
        else {
            return;
        };
        if looking.waits {
            return;
        }
        let here = listed.keys().filter(|part| named.contains(*part)).count();
        let found = here > 0 && here * 2 >= listed.len();
        let ahead = &mut self.volumes.ahead;
        if found || leads_on && looking.slices > 0 && ahead.further.is_none() {
            ahead.looked.insert(mailbox);
        } else if let Some((first, last)) = looking.next(!listed.is_empty()) {
            link.look(first, last);
            self.send_session(id);
        } else {
            ahead.looked.insert(mailbox);
            if !leads_on {
                ahead.passed.insert(mailbox);
            }
        }
    }

    /// The parts of volumes and proofs that are in the lists known here that count.
    fn named_by_directories(&self) -> BTreeSet<EnvelopeId> {
        let counting = self.counting_directories();
        let volumes = counting.flat_map(|directory| &directory.directory.volumes);
        let parts = |volume: &Volume| {
            let proofs: Vec<_> = volume.proofs.iter().map(|part| part.envelope).collect();
            proofs.into_iter().chain([volume.entries.envelope])
        };
        volumes.flat_map(parts).collect()
    }

    /// Whether what came in is only looked at, for what leads on; takes that in.
    pub(in super::super) fn sees_ahead(
        &mut self,
        txn: &mut Txn<'_>,
        (mailbox, envelope): (MailboxName, EnvelopeId),
        bytes: &Bytes,
        outside: &mut Outside<'_>,
    ) -> Result<bool, Error> {
        if !self.looks_ahead(&mailbox) {
            return Ok(false);
        }
        let Some(Purpose::Epoch(space, epoch)) = self.purpose(&mailbox) else {
            return Ok(false);
        };
        let verdict = match self.epoch_mut(space, epoch)?.keys.open(bytes) {
            Ok((_, Body::Epoch(record))) => self.receive_epoch(txn, space, &record, outside)?,
            Ok((_, Body::Directory(signed))) => self.receive_directory(space, &signed),
            _ => return Ok(true),
        };
        // Whatever is not clear yet is judged in its turn.
        if verdict == Verdict::Accepted {
            self.keep(txn, mailbox, envelope, verdict, bytes.clone())?;
        }
        Ok(true)
    }

    /// Once every epoch that nothing continues was looked at, what is private is filled from the
    /// volumes that were found, and the rest is fetched in its order.
    pub(super) fn end_looking_ahead(
        &mut self,
        txn: &mut Txn<'_>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        if !self.is_walking() || self.volumes.ahead.over {
            return Ok(());
        }
        let Some(known) = self.spaces.get(&self.me.private) else {
            return Ok(());
        };
        let ahead = &self.volumes.ahead;
        let settled = |epoch| {
            let Some(opened) = known.open.get(epoch) else {
                return true;
            };
            let mailbox = opened.keys.name();
            let unread = known.record.unread.contains(epoch);
            // Another relay may be gone: nothing waits for it.
            opened.record.relay != self.me.relay
                || ahead.looked.contains(&mailbox) && !(ahead.passed.contains(&mailbox) && unread)
        };
        let mut further = ahead.further.iter().flatten();
        if known.graph.leaves().iter().all(settled)
            && further.all(|mailbox| ahead.looked.contains(mailbox))
            && !self.looks_further()
        {
            self.volumes.ahead.over = true;
            let links = self.links.values_mut();
            links.for_each(|link| link.filling.looking = None);
            if self.volumes.record.taking.is_none() {
                // What is shared comes after the walk, when its epochs can be read, too.
                let private = self.me.private;
                let lacks = |volume: &Volume, here: &dyn Fn(&Volume) -> Result<bool, Error>| {
                    Ok(volume.space == private && !here(volume)?)
                };
                self.fill_by_best(txn, lacks, outside)?;
            }
        }
        Ok(())
    }

    /// If there are volumes and no list of them was seen, it may lie further back.
    fn looks_further(&mut self) -> bool {
        if self.volumes.ahead.further.is_some() || self.counting_directories().next().is_some() {
            return false;
        }
        let links = self.links.iter();
        let further = links.filter(|(_, link)| {
            let (listed, looking) = (&link.filling.listed, &link.filling.looking);
            let volumes = listed.as_ref().is_some_and(|listed| !listed.is_empty());
            volumes && looking.as_ref().is_some_and(|it| it.goes_on(volumes))
        });
        let further: Vec<_> = further.map(|(id, link)| (*id, link.mailbox)).collect();
        let ahead = &mut self.volumes.ahead;
        ahead.further = Some(further.iter().map(|(_, mailbox)| *mailbox).collect());
        for (id, mailbox) in &further {
            self.volumes.ahead.looked.remove(mailbox);
            self.look_ahead(*id, *mailbox);
        }
        !further.is_empty()
    }

    /// Begins to be filled from whichever list names most of what `lacks` says is wanted; it is
    /// told how to find out whether a volume was taken before.
    pub(super) fn fill_by_best(
        &mut self,
        txn: &mut Txn<'_>,
        lacks: impl Fn(&Volume, &dyn Fn(&Volume) -> Result<bool, Error>) -> Result<bool, Error>,
        outside: &Outside<'_>,
    ) -> Result<(), Error> {
        let mut best = None;
        let mut most = 0;
        for signed in self.counting_directories() {
            let here = |volume: &Volume| {
                let part = Key::Name(&volume.entries.envelope.0);
                Ok(txn.get::<EnvelopeRecord>(part)?.is_some())
            };
            let mut lacking = Vec::new();
            for volume in &signed.directory.volumes {
                if lacks(volume, &here)? {
                    lacking.push(volume.clone());
                }
            }
            let items = lacking.iter().map(|it| u64::from(it.entries.items));
            let items: u64 = items.sum();
            if items > most {
                most = items;
                best = Some((signed.directory.maker, lacking));
            }
        }
        match best {
            Some((maker, volumes)) => self.fill_from(txn, maker, volumes, outside),
            None => Ok(()),
        }
    }

    /// The lists of volumes by devices that are on the own list.
    fn counting_directories(&self) -> impl Iterator<Item = &sidelight_format::SignedDirectory> {
        let (private, roster) = (self.me.private, self.roster.as_ref());
        let others = self.volumes.record.others.iter();
        others.filter(move |signed| {
            roster.is_some_and(|it| volumes::check_directory(signed, &private, it).is_ok())
        })
    }
}
