//! What changes a mailbox: putting, dropping, and the commit that makes both true.

use sidelight_format::{
    Bytes, Class, Envelope, EnvelopeId, EraseToken, Frame, MailboxName, Refusal, RefusalCode,
    Timestamp, envelope_id, limits,
};

use crate::host::STORAGE_RETRY_SECS;
use crate::open::OpenMailbox;
use crate::{Host, Ledger, LinkId, Log, LogError, Place};

impl<L: Log> Host<L> {
    /// The end of a burst: what was put and dropped becomes durable and is announced, then
    /// fetches go on for a bounded time.
    ///
    /// If the log fails, nothing of the burst happened: who put or dropped is told so, and the
    /// positions are given out anew.
    ///
    /// Returns whether there was anything to commit.
    ///
    /// # Errors
    /// The first failure of the log since the last call, for the driver's own log. The links
    /// concerned have been told.
    pub fn handle_commit(&mut self, now: Timestamp) -> Result<bool, LogError> {
        let committing = !self.touched.is_empty();
        if committing {
            match self.commit() {
                Ok(()) => self.announce(),
                Err(error) => {
                    self.trouble.get_or_insert(error);
                    self.log.discard();
                    self.take_back(now);
                }
            }
        }
        self.serve();
        self.trouble.take().map_or(Ok(committing), Err)
    }

    pub(crate) fn put(&mut self, link: LinkId, name: MailboxName, envelope: Bytes, now: Timestamp) {
        let id = envelope_id(&name, &envelope);
        let Some(mailbox) = self.mailboxes.get_mut(&name) else {
            return;
        };
        let refusal = |code, retry_after_secs| Refusal {
            code,
            about: Some(id),
            retry_after_secs,
        };
        let Ok(parsed) = Envelope::parse(&envelope) else {
            self.refuse(link, refusal(RefusalCode::Malformed, 0));
            return;
        };
        if let Some(put) = mailbox.put_mut(&id) {
            put.by.insert(link);
            return;
        }
        match self.log.place_of(&name, &id) {
            Ok(None) => {}
            Ok(Some(place)) => {
                let stored = Frame::Stored {
                    first: place.position,
                    ids: vec![id],
                };
                self.send(link, stored);
                return;
            }
            Err(error) => {
                self.trouble.get_or_insert(error);
                self.refuse(link, refusal(RefusalCode::Storage, STORAGE_RETRY_SECS));
                return;
            }
        }
        let class = parsed.header.class;
        let charged = mailbox
            .ledger
            .charge(&self.policy, class, envelope.len() as u64, now);
        if let Err((code, retry_after_secs)) = charged {
            self.refuse(link, refusal(code, retry_after_secs));
            return;
        }
        let place = Place {
            position: mailbox.ledger.length,
            class,
            len: envelope.len() as u32, // at most ENVELOPE_LEN_MAX, as parsed
            erase_hash: parsed.header.erase_hash,
            dropped: false,
        };
        mailbox.list(id, place, link);
        self.touched.insert(name);
        if class == Class::Live {
            let others: Vec<LinkId> = mailbox.links.iter().copied().collect();
            for other in others.into_iter().filter(|other| *other != link) {
                self.push(other, &envelope);
            }
        }
        let appended = self.log.append(&name, &id, &place, envelope);
        self.note_failure(appended);
    }

    pub(crate) fn drop_body(
        &mut self,
        link: LinkId,
        name: MailboxName,
        id: EnvelopeId,
        token: &EraseToken,
    ) {
        let Some(mailbox) = self.mailboxes.get_mut(&name) else {
            return;
        };
        let refusal = |code, retry_after_secs| Refusal {
            code,
            about: Some(id),
            retry_after_secs,
        };
        let pending = mailbox.put_mut(&id).map(|put| put.place);
        let place = match pending.map_or_else(|| self.log.place_of(&name, &id), |p| Ok(Some(p))) {
            Ok(Some(place)) if place.erase_hash == token.hash() => place,
            Ok(_) => {
                self.refuse(link, refusal(RefusalCode::Token, 0));
                return;
            }
            Err(error) => {
                self.trouble.get_or_insert(error);
                self.refuse(link, refusal(RefusalCode::Storage, STORAGE_RETRY_SECS));
                return;
            }
        };
        if place.dropped {
            self.send(link, Frame::Dropped { id });
            return;
        }
        let by = mailbox.drops.entry(id).or_default();
        let first = by.is_empty();
        by.insert(link);
        if first {
            mailbox.ledger.credit(place.class, u64::from(place.len));
            self.touched.insert(name);
            let dropped = self.log.drop_body(&name, place.position);
            self.note_failure(dropped);
        }
    }

    /// A change that the log did not take makes the whole commit fail.
    fn note_failure(&mut self, result: Result<(), LogError>) {
        if let Err(error) = result {
            self.trouble.get_or_insert(error);
            self.log_failed = true;
        }
    }

    fn commit(&mut self) -> Result<(), LogError> {
        if std::mem::take(&mut self.log_failed) {
            return Err(self.trouble.unwrap_or(LogError::Unreachable));
        }
        for name in &self.touched {
            if let Some(mailbox) = self.mailboxes.get(name) {
                self.log.set_ledger(name, &mailbox.ledger)?;
            }
        }
        self.log.commit()
    }

    /// After the commit: it is so.
    fn announce(&mut self) {
        for name in std::mem::take(&mut self.touched) {
            let Some(mailbox) = self.mailboxes.get_mut(&name) else {
                continue;
            };
            let first = mailbox.durable.0;
            mailbox.durable = (mailbox.ledger.length, mailbox.ledger.hash);
            mailbox.put_at.clear();
            let ids: Vec<EnvelopeId> = mailbox.puts.drain(..).map(|put| put.id).collect();
            let drops: Vec<EnvelopeId> = std::mem::take(&mut mailbox.drops).into_keys().collect();
            let links: Vec<LinkId> = mailbox.links.iter().copied().collect();
            for link in links {
                let mut first = first;
                for ids in ids.chunks(limits::ITEMS_MAX) {
                    let stored = Frame::Stored {
                        first,
                        ids: ids.to_vec(),
                    };
                    self.send(link, stored);
                    first.0 += ids.len() as u64;
                }
                for id in &drops {
                    self.send(link, Frame::Dropped { id: *id });
                }
            }
            self.let_go(&name);
        }
    }

    /// After a commit that failed: nothing of it was so.
    fn take_back(&mut self, now: Timestamp) {
        for name in std::mem::take(&mut self.touched) {
            let Some(mailbox) = self.mailboxes.get_mut(&name) else {
                continue;
            };
            let puts = std::mem::take(&mut mailbox.puts);
            let drops = std::mem::take(&mut mailbox.drops);
            let links: Vec<LinkId> = mailbox.links.iter().copied().collect();
            match self.log.ledger(&name) {
                Ok(ledger) => {
                    let ledger = ledger.unwrap_or_else(|| Ledger::new(&self.policy, now));
                    let links = std::mem::take(&mut mailbox.links);
                    *mailbox = OpenMailbox::new(ledger);
                    mailbox.links = links;
                    let put = puts.into_iter().map(|put| (put.id, put.by));
                    for (id, by) in put.chain(drops) {
                        for link in by {
                            let refusal = Refusal {
                                code: RefusalCode::Storage,
                                about: Some(id),
                                retry_after_secs: STORAGE_RETRY_SECS,
                            };
                            self.refuse(link, refusal);
                        }
                    }
                    self.let_go(&name);
                }
                // Where it stands is unknown: let them come back and hear it then.
                Err(error) => {
                    self.trouble.get_or_insert(error);
                    for link in links {
                        self.refuse_link(link, RefusalCode::Storage);
                    }
                    self.mailboxes.remove(&name);
                }
            }
        }
    }
}
