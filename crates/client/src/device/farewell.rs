//! Taking leave of a mailbox at a relay that a space has left: this person's own bodies are
//! dropped there, by their erase tokens. Nothing is read and nothing written. What nobody has a
//! token for stays, and with it the record that leads over whoever comes late.

use std::collections::{BTreeMap, VecDeque};

use sidelight_crypto::{MailboxKeys, erase_token};
use sidelight_format::record::{EnvelopeRecord, EpochSecretRecord, ListedRecord};
use sidelight_format::{
    Body, Bytes, Envelope, EnvelopeId, EraseToken, Frame, MailboxName, RefusalCode, VERSION,
};
use sidelight_store::{Direction, Key, Txn};
use sidelight_sync::epoch_mailbox;

use super::core::Core;
use super::{LinkId, Output};
use crate::Error;

/// How many drops are on their way at once: each costs the relay a write.
const IN_FLIGHT_MAX: usize = 256;

/// How many rows of the list are looked at at once.
const LISTED_PAGE: usize = 1024;

/// One link on which leave is taken.
pub(super) struct Farewell {
    /// Which move.
    number: u64,
    mailbox: MailboxName,
    keys: MailboxKeys,
    /// What is yet to be dropped of the rows that were looked at.
    pending: VecDeque<(EnvelopeId, EraseToken)>,
    in_flight: BTreeMap<EnvelopeId, EraseToken>,
    /// Up to where rows were looked at.
    looked: u64,
    /// What was erased meanwhile has been asked for.
    also: bool,
}

impl Core {
    /// A link to a former relay is up.
    pub(super) fn begin_farewell(
        &mut self,
        txn: &Txn<'_>,
        link: LinkId,
        mailbox: MailboxName,
        exporter: &[u8; 32],
    ) -> Result<(), Error> {
        let taking = self.moves.number_of(&mailbox);
        let kept = match taking {
            Some((_, record)) => txn.get::<EpochSecretRecord>(Key::Name(&record.epoch.0))?,
            None => None,
        };
        let (Some((number, record)), Some(kept)) = (taking, kept) else {
            self.outputs.push(Output::Hangup(link));
            return Ok(());
        };
        let keys = epoch_mailbox(&kept.space, &kept.secret);
        let open = Frame::Open {
            version: VERSION,
            mailbox,
            proof: keys.prove(exporter),
            // It is there, or there is nothing to drop.
            ticket: Bytes::default(),
        };
        self.outputs.push(Output::Send(link, open));
        let farewell = Farewell {
            number,
            mailbox,
            keys,
            pending: VecDeque::new(),
            in_flight: BTreeMap::new(),
            looked: record.next,
            also: false,
        };
        self.farewells.insert(link, farewell);
        Ok(())
    }

    /// Takes in what a former relay says. False if the link is another kind.
    pub(super) fn handle_farewell(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        frames: &[Frame],
    ) -> Result<bool, Error> {
        let Some(mut farewell) = self.farewells.remove(&link) else {
            return Ok(false);
        };
        for frame in frames {
            let answered = match frame {
                Frame::Dropped { id } => farewell.in_flight.remove(id).is_some(),
                Frame::Refused(refusal) if refusal.code == RefusalCode::Token => {
                    let about = refusal.about.as_ref();
                    about.is_some_and(|id| farewell.in_flight.remove(id).is_some())
                }
                Frame::State { .. } => true,
                // Whatever it refuses, waiting may mend it.
                Frame::Refused(_) => {
                    self.outputs.push(Output::Hangup(link));
                    return Ok(true);
                }
                _ => false,
            };
            if answered && !self.go_on_dropping(txn, link, &mut farewell)? {
                self.outputs.push(Output::Hangup(link));
                return Ok(true);
            }
        }
        self.farewells.insert(link, farewell);
        Ok(true)
    }

    /// Asks for what is next. False once nothing is left.
    fn go_on_dropping(
        &mut self,
        txn: &mut Txn<'_>,
        link: LinkId,
        farewell: &mut Farewell,
    ) -> Result<bool, Error> {
        loop {
            while farewell.in_flight.len() < IN_FLIGHT_MAX {
                let Some((id, token)) = farewell.pending.pop_front() else {
                    break;
                };
                farewell.in_flight.insert(id, token);
                let drop = Frame::Drop { id, token };
                self.outputs.push(Output::Send(link, drop));
            }
            if !farewell.in_flight.is_empty() || !farewell.pending.is_empty() {
                return Ok(true);
            }
            // All that was asked for is answered: so far it is done.
            if !self.moves.looked(txn, farewell.number, farewell.looked) {
                return Ok(false);
            }
            if self.look_for_own(txn, farewell)? {
                continue;
            }
            let also = self.moves.also(farewell.number);
            if farewell.also || also.is_empty() {
                self.moves.remove(txn, farewell.number);
                return Ok(false);
            }
            farewell.also = true;
            farewell.pending.extend(also);
        }
    }

    /// Looks on in the list for what this person wrote. False at its end.
    fn look_for_own(&self, txn: &Txn<'_>, farewell: &mut Farewell) -> Result<bool, Error> {
        let rows = txn.range::<ListedRecord>(farewell.looked, Direction::Up, LISTED_PAGE)?;
        let Some((last, _)) = rows.last() else {
            return Ok(false);
        };
        farewell.looked = last + 1;
        for (_, row) in rows {
            if row.mailbox != farewell.mailbox {
                continue;
            }
            let kept = txn.get::<EnvelopeRecord>(Key::Name(&row.envelope.0))?;
            let token = kept.and_then(|kept| self.own_token(&farewell.keys, &kept.bytes));
            let token = token.map(|token| (row.envelope, token));
            farewell.pending.extend(token);
        }
        Ok(true)
    }

    /// The token of an envelope that this person wrote.
    fn own_token(&self, keys: &MailboxKeys, bytes: &[u8]) -> Option<EraseToken> {
        let header = Envelope::parse(bytes).ok()?.header;
        let Ok((_, Body::Authored(authored))) = keys.open(bytes) else {
            return None;
        };
        let own = self.me.keys.iter().rev();
        let mut tokens = own.map(|keys| erase_token(&keys.erasing, &authored.salt));
        tokens.find(|token| token.hash() == header.erase_hash)
    }
}
