//! How much one mailbox may hold, and who may begin one.

use core::fmt;

use sidelight_format::{
    Bytes, Class, Position, RefusalCode, RunningHash, Timestamp, digest, limits,
};

/// What a relay grants to each mailbox. [`Policy::default`] is that of an open relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who may begin a mailbox.
    pub admission: Admission,
    /// How many bytes of [`Class::Live`] a mailbox may take at once. 256 MiB: fifty years of two
    /// people, shared in one evening.
    pub live_burst_bytes: u64,
    /// How fast that allowance grows again, in bytes an hour. 4 MiB: some 4,000 of the smallest
    /// envelopes, which is more than two people type.
    pub live_bytes_per_hour: u64,
    /// How many bytes of the bulk classes (volumes, proofs, attachments) a mailbox may hold.
    /// 1 GiB.
    pub bulk_bytes_max: u64,
    /// How many bytes of all classes a mailbox may hold. 2 GiB.
    pub bytes_max: u64,
    /// How many mailboxes there may be. 100,000. Links that open new ones at the same moment can
    /// exceed it by their own number.
    pub mailboxes_max: u64,
    /// How many days a mailbox is kept after it was last opened. 400: who comes back after a year
    /// still finds the way to the mailbox in use.
    pub retention_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            admission: Admission::Open,
            live_burst_bytes: 256 << 20,
            live_bytes_per_hour: 4 << 20,
            bulk_bytes_max: 1 << 30,
            bytes_max: 2 << 30,
            mailboxes_max: 100_000,
            retention_days: 400,
        }
    }
}

impl Policy {
    /// When a mailbox expires that is opened now.
    pub(crate) fn expiry(&self, now: Timestamp) -> Timestamp {
        Timestamp(
            now.0
                .saturating_add(i64::from(self.retention_days) * DAY_SECS),
        )
    }
}

/// Who may begin a mailbox. One that exists is open to whoever proves its key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// Everybody.
    Open,
    /// Whoever presents one of the tickets with these hashes. Hashes, because what is compared
    /// byte by byte can be guessed byte by byte.
    Tickets(Vec<[u8; 32]>),
}

impl Admission {
    /// Admits whoever presents one of `tickets`.
    pub fn by_tickets<T: AsRef<[u8]>>(tickets: impl IntoIterator<Item = T>) -> Self {
        Self::Tickets(
            tickets
                .into_iter()
                .map(|ticket| ticket_hash(ticket.as_ref()))
                .collect(),
        )
    }

    pub(crate) fn admits(&self, ticket: &Bytes) -> bool {
        match self {
            Self::Open => true,
            Self::Tickets(hashes) => {
                ticket.len() <= limits::TICKET_LEN_MAX && hashes.contains(&ticket_hash(ticket))
            }
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("Open"),
            Self::Tickets(hashes) => write!(f, "Tickets({})", hashes.len()),
        }
    }
}

fn ticket_hash(ticket: &[u8]) -> [u8; 32] {
    digest("admission ticket", &[ticket])
}

/// What a log keeps about a mailbox as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// How many positions it has.
    pub length: Position,
    /// The hash over their ids.
    pub hash: RunningHash,
    /// What it may still take of [`Class::Live`], in bytes, as of `refilled`.
    pub live_allowance: u64,
    /// When the allowance last grew.
    pub refilled: Timestamp,
    /// How many bytes of the bulk classes it holds.
    pub bulk_bytes: u64,
    /// How many bytes of all classes it holds.
    pub bytes: u64,
    /// When it may be swept away, if it is not opened before.
    pub expires: Timestamp,
}

impl Ledger {
    /// Of a mailbox that begins now.
    pub fn new(policy: &Policy, now: Timestamp) -> Self {
        Self {
            length: Position(0),
            hash: RunningHash::START,
            live_allowance: policy.live_burst_bytes,
            refilled: now,
            bulk_bytes: 0,
            bytes: 0,
            expires: policy.expiry(now),
        }
    }

    /// Moves the expiry on; whether that is worth a write, which it is once a day.
    pub(crate) fn renew(&mut self, policy: &Policy, now: Timestamp) -> bool {
        let expires = policy.expiry(now);
        let worth_it = expires.0.saturating_sub(self.expires.0) >= DAY_SECS;
        if worth_it {
            self.expires = expires;
        }
        worth_it
    }

    /// Charges the mailbox for an envelope of `len` bytes, or says why not and when to come back.
    pub(crate) fn charge(
        &mut self,
        policy: &Policy,
        class: Class,
        len: u64,
        now: Timestamp,
    ) -> Result<(), (RefusalCode, u32)> {
        let bulk = class != Class::Live;
        if self.bytes.saturating_add(len) > policy.bytes_max
            || (bulk && self.bulk_bytes.saturating_add(len) > policy.bulk_bytes_max)
        {
            return Err((RefusalCode::Full, 0));
        }
        if bulk {
            self.bulk_bytes += len;
        } else {
            self.refill(policy, now);
            let Some(left) = self.live_allowance.checked_sub(len) else {
                return Err((RefusalCode::Rate, self.wait_secs(policy, len)));
            };
            self.live_allowance = left;
        }
        self.bytes += len;
        Ok(())
    }

    /// Takes a dropped body of `len` bytes off the account. What was spent of the rate stays so.
    pub(crate) fn credit(&mut self, class: Class, len: u64) {
        self.bytes = self.bytes.saturating_sub(len);
        if class != Class::Live {
            self.bulk_bytes = self.bulk_bytes.saturating_sub(len);
        }
    }

    fn refill(&mut self, policy: &Policy, now: Timestamp) {
        let elapsed = now.0.saturating_sub(self.refilled.0);
        if elapsed <= 0 {
            // The clock was set back: waiting until it has caught up would strand the mailbox.
            self.refilled = now;
            return;
        }
        let rate = u128::from(policy.live_bytes_per_hour);
        let grown = elapsed.unsigned_abs() as u128 * rate / HOUR_SECS;
        let room = u128::from(policy.live_burst_bytes.saturating_sub(self.live_allowance));
        if grown >= room {
            self.live_allowance = self.live_allowance.max(policy.live_burst_bytes);
            self.refilled = now;
        } else if grown > 0 {
            // Less than the room, hence within u64. The time that it took is rounded up, so
            // that asking often never yields more than asking once.
            self.live_allowance += grown as u64;
            self.refilled.0 += (grown * HOUR_SECS).div_ceil(rate) as i64;
        }
    }

    /// How long until the allowance has grown to `len`; 0 if it never will.
    fn wait_secs(&self, policy: &Policy, len: u64) -> u32 {
        if len > policy.live_burst_bytes || policy.live_bytes_per_hour == 0 {
            return 0;
        }
        let missing = u128::from(len.saturating_sub(self.live_allowance));
        let secs = (missing * HOUR_SECS).div_ceil(u128::from(policy.live_bytes_per_hour));
        u32::try_from(secs).unwrap_or(u32::MAX).max(1)
    }
}

const HOUR_SECS: u128 = 3600;
const DAY_SECS: i64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        admission: Admission::Open,
        live_burst_bytes: 4096,
        live_bytes_per_hour: 3600,
        bulk_bytes_max: 10_000,
        bytes_max: 12_000,
        mailboxes_max: 1,
        retention_days: 1,
    };

    #[test]
    fn the_allowance_is_spent_and_grows_again_at_its_rate() {
        let mut ledger = Ledger::new(&POLICY, Timestamp(0));
        for _ in 0..4 {
            ledger
                .charge(&POLICY, Class::Live, 1024, Timestamp(0))
                .unwrap();
        }
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 1024, Timestamp(0)),
            Err((RefusalCode::Rate, 1024))
        );
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 1024, Timestamp(1023)),
            Err((RefusalCode::Rate, 1))
        );
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 1024, Timestamp(1024)),
            Ok(())
        );
    }

    #[test]
    fn asking_every_second_yields_no_more_than_asking_once() {
        let policy = Policy {
            live_bytes_per_hour: 1000,
            ..POLICY
        };
        let mut often = Ledger::new(&policy, Timestamp(0));
        often.live_allowance = 0;
        let mut once = often;
        for now in 1..=3600 {
            often.refill(&policy, Timestamp(now));
        }
        once.refill(&policy, Timestamp(3600));
        assert_eq!(once.live_allowance, 1000);
        assert!(often.live_allowance <= 1000 && often.live_allowance >= 900);
    }

    #[test]
    fn a_clock_set_back_neither_grants_nor_strands() {
        let mut ledger = Ledger::new(&POLICY, Timestamp(4_000_000_000));
        ledger.live_allowance = 0;
        ledger.refill(&POLICY, Timestamp(0));
        assert_eq!(ledger.live_allowance, 0);
        ledger.refill(&POLICY, Timestamp(10));
        assert_eq!(ledger.live_allowance, 10);
        ledger.refill(&POLICY, Timestamp(i64::MAX));
        assert_eq!(ledger.live_allowance, 4096);
        ledger.refill(&POLICY, Timestamp(i64::MIN));
        ledger.refill(&POLICY, Timestamp(i64::MAX));
        assert_eq!(ledger.live_allowance, 4096);
    }

    #[test]
    fn bytes_are_bounded_by_class_and_in_total_and_given_back() {
        let mut ledger = Ledger::new(&POLICY, Timestamp(0));
        ledger
            .charge(&POLICY, Class::Volume, 9_000, Timestamp(0))
            .unwrap();
        let full = Err((RefusalCode::Full, 0));
        assert_eq!(
            ledger.charge(&POLICY, Class::Proof, 2_000, Timestamp(0)),
            full
        );
        ledger
            .charge(&POLICY, Class::Live, 2_000, Timestamp(0))
            .unwrap();
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 2_000, Timestamp(0)),
            full
        );
        ledger.credit(Class::Volume, 9_000);
        assert_eq!((ledger.bytes, ledger.bulk_bytes), (2_000, 0));
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 2_000, Timestamp(0)),
            Ok(())
        );
    }

    #[test]
    fn what_can_never_fit_is_not_told_to_wait() {
        let mut ledger = Ledger::new(&POLICY, Timestamp(0));
        assert_eq!(
            ledger.charge(&POLICY, Class::Live, 5_000, Timestamp(0)),
            Err((RefusalCode::Rate, 0))
        );
    }

    #[test]
    fn tickets_are_compared_whole_and_never_printed() {
        let admission = Admission::by_tickets(["let me in"]);
        assert!(admission.admits(&Bytes::from(b"let me in".to_vec())));
        assert!(!admission.admits(&Bytes::from(b"let me".to_vec())));
        assert!(!admission.admits(&Bytes::new()));
        assert!(Admission::Open.admits(&Bytes::new()));
        assert_eq!(format!("{admission:?}"), "Tickets(1)");
    }
}
