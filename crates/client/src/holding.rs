//! Sharing with second thoughts: drafts, holds, and what goes along.

use core::fmt;
use std::time::Duration;

use sidelight_format::record::HeldRecord;
use sidelight_format::{EntryDate, Timestamp};
use sidelight_store::{Store, Txn};

use crate::device::{self, Reach};
use crate::driver::Driver;
use crate::{Date, Error, Journal, convert};

/// The longest hold: a month. What is to wait for longer is a private entry.
pub const HOLD_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// What of a private entry is shared. The copy has a fresh id, and nothing in it leads back.
#[derive(Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The private entry.
    pub id: String,
    /// Whether its text goes along.
    pub text: bool,
    /// Which of its fields, by name; none for all that its kind lets go.
    pub fields: Option<Vec<String>>,
    /// Whether the copy is about the same day. Otherwise it is about the day on which it is
    /// shared.
    pub date: bool,
}

impl Promotion {
    /// Everything that its kind lets go, about the day on which it is shared.
    pub fn of(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            text: true,
            fields: None,
            date: false,
        }
    }
}

impl fmt::Debug for Promotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promotion")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A private entry that is to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The private entry.
    pub id: String,
    /// When it is due, in milliseconds since 1970, by this device's clock. One that is overdue
    /// could not be shared, or by more than a month: release it, or retract it.
    pub due_ms: i64,
}

/// What became of what was retracted. `Display` tells people what that means, and what nobody
/// can promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retracted {
    /// It was held, and never left.
    Held,
    /// It was shared, and is erased from everywhere that obeys.
    Everywhere,
    /// It is kept together, or belongs to a journal that was left: this person's copy is erased.
    OwnDevices,
}

impl fmt::Display for Retracted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "it had not been sent, so nobody has seen it; it is private as before",
            Self::Everywhere => {
                "it goes from the relay and from every device that keeps to the rules, when each \
                 next connects; if your partner's device had it already, their list says that \
                 something was taken back that day. What they have read, photographed or kept \
                 otherwise nobody can take back"
            }
            Self::OwnDevices => "your own copy is gone; your partner keeps theirs, and is not told",
        })
    }
}

impl Journal {
    /// Shares what was chosen of a private entry, now: its kind's rules hold for what is left.
    /// Returns the copy's id.
    ///
    /// # Errors
    /// Not found; Invalid for an entry that is or was shared, for a field that it has not, and
    /// if what is left says nothing or may not be shared; Not paired; Storage.
    pub async fn promote(&self, promotion: Promotion) -> Result<String, Error> {
        self.call(move |driver| {
            let wanted = chosen(driver, &promotion, Duration::ZERO)?;
            let copy = driver.act(|device, outside| device.promote(&wanted, outside))?;
            Ok(copy.to_hex())
        })
        .await
    }

    /// Holds a private entry: what was chosen of it is shared when `hold` is over and the journal
    /// is open on this device, as the entry is then. Until then it can be
    /// [retracted](Self::retract), and nothing of it has left the device. One's own other devices
    /// do not know of the hold; to [erase](Self::erase) the private entry on one of them ends it,
    /// once both have synced. Holding it again replaces the hold. Returns when it is due, in milliseconds since 1970.
    ///
    /// # Errors
    /// As [`promote`](Self::promote); Invalid for more than [`HOLD_MAX`].
    pub async fn hold(&self, promotion: Promotion, hold: Duration) -> Result<i64, Error> {
        if hold > HOLD_MAX {
            return Err(Error::invalid(
                "an entry is held for a month at most; keep it private for longer",
            ));
        }
        self.call(move |driver| {
            let wanted = chosen(driver, &promotion, hold)?;
            let secs = i64::try_from(hold.as_secs()).unwrap_or(i64::MAX);
            let due = Timestamp(driver.clock.now().0.saturating_add(secs));
            driver.act(|device, _| device.hold(&wanted, due))?;
            Ok(convert::milliseconds(due))
        })
        .await
    }

    /// What is held on this device, the next first.
    ///
    /// # Errors
    /// Storage.
    pub async fn held(&self) -> Result<Vec<Held>, Error> {
        self.call(|driver| driver.read(held)).await
    }

    /// Shares a held entry now. Returns the copy's id.
    ///
    /// # Errors
    /// Not found if it is not held; as [`promote`](Self::promote).
    pub async fn release(&self, id: String) -> Result<String, Error> {
        self.call(move |driver| {
            let copy = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                device.release(&id, outside)
            })?;
            Ok(copy.to_hex())
        })
        .await
    }

    /// Takes back what was shared of an entry, or is to be. Named by the private entry or by its
    /// shared copy. While it is held this leaves nothing anywhere; afterwards the copy is
    /// [erased](Self::erase). What the result says is what can be promised, and no more.
    ///
    /// # Errors
    /// Not found; Invalid for an entry that was never shared, or that only the partner may take
    /// back; Storage.
    pub async fn retract(&self, id: String) -> Result<Retracted, Error> {
        self.call(move |driver| {
            let retracted = driver.act(|device, outside| {
                let id = convert::entry_id(device.store(), &id)?;
                device.retract(&id, outside)
            })?;
            Ok(match retracted {
                device::Retracted::Held => Retracted::Held,
                device::Retracted::Erased(_, Reach::Everywhere) => Retracted::Everywhere,
                device::Retracted::Erased(_, Reach::OwnDevices) => Retracted::OwnDevices,
            })
        })
        .await
    }
}

fn chosen(
    driver: &mut Driver,
    promotion: &Promotion,
    hold: Duration,
) -> Result<device::Promotion, Error> {
    let date = match promotion.date {
        true => None,
        false => Some(day_of(driver.clock.now(), hold)?),
    };
    Ok(device::Promotion {
        entry: driver.read(|store| convert::entry_id(store, &promotion.id))?,
        text: promotion.text,
        fields: promotion.fields.clone(),
        date,
    })
}

/// The day of a moment in the zone of this device.
fn day_of(now: Timestamp, hold: Duration) -> Result<EntryDate, Error> {
    let secs = i64::try_from(hold.as_secs()).unwrap_or(i64::MAX);
    Date::at(Timestamp(now.0.saturating_add(secs)))?.checked()
}

fn held(store: &dyn Store) -> Result<Vec<Held>, Error> {
    let mut records = Txn::begin(store)?.all::<HeldRecord>()?;
    records.sort_by_key(|record| (record.due.0, record.entry));
    let held = records.into_iter().map(|record| Held {
        id: record.entry.to_hex(),
        due_ms: convert::milliseconds(record.due),
    });
    Ok(held.collect())
}
