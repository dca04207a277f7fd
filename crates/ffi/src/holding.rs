//! Sharing with second thoughts: drafts, holds, and what goes along.

use crate::mirror::{Give, given, mirrored};
use crate::task::{duration, run};
use crate::{Journal, JournalError};

/// What of a private entry is shared. The copy has a fresh id, and nothing in it leads back.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Promotion {
    /// The private entry.
    pub id: String,
    /// Whether its text goes along.
    #[uniffi(default = true)]
    pub text: bool,
    /// Which of its fields, by name; none for all that its kind lets go.
    #[uniffi(default = None)]
    pub fields: Option<Vec<String>>,
    /// Whether the copy is about the same day. Otherwise it is about the day on which it is
    /// shared.
    #[uniffi(default = false)]
    pub date: bool,
}

impl Promotion {
    fn back(self) -> sidelight::Promotion {
        sidelight::Promotion {
            id: self.id,
            text: self.text,
            fields: self.fields,
            date: self.date,
        }
    }
}

given! {
    /// A private entry that is to be shared.
    #[of(sidelight::Held)]
    pub struct Held {
        /// The private entry.
        pub id: String,
        /// When it is due, in milliseconds since 1970, by this device's clock. One that is
        /// overdue could not be shared, or by more than a month: release it, or retract it.
        pub due_ms: i64,
    }
}

/// What became of what was retracted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Retraction {
    /// What was done.
    pub what: Retracted,
    /// What that means, and what nobody can promise: a sentence for people.
    pub detail: String,
}

impl Give<Retraction> for sidelight::Retracted {
    fn give(self) -> Retraction {
        Retraction {
            detail: self.to_string(),
            what: self.give(),
        }
    }
}

mirrored! {
    /// What was done with what was retracted.
    #[of(sidelight::Retracted, OwnDevices)]
    pub enum Retracted {
        /// It was held, and never left.
        Held,
        /// It was shared, and is erased from everywhere that obeys.
        Everywhere,
        /// It is kept together, or belongs to a journal that was left: this person's copy is
        /// erased.
        OwnDevices,
    }
}

/// Sharing with second thoughts.
#[uniffi::export]
impl Journal {
    /// Shares what was chosen of a private entry, now: its kind's rules hold for what is left.
    /// Gives the copy's id.
    ///
    /// Fails as NotFound; Invalid for an entry that is or was shared, for a field that it has not,
    /// and if what is left says nothing or may not be shared; NotPaired; Storage.
    pub async fn promote(&self, promotion: Promotion) -> Result<String, JournalError> {
        let journal = self.journal();
        run(async move { journal.promote(promotion.back()).await }).await
    }

    /// Holds a private entry for `hold_ms` milliseconds, a month at most: what was chosen of it is
    /// shared when they are over and the journal is open on this device, as the entry is then.
    /// Until then `retract` takes it back, and nothing of it has left the device. Holding it again
    /// replaces the hold. Gives when it is due, in milliseconds since 1970.
    ///
    /// Fails as `promote`; Invalid for more than 30 days.
    pub async fn hold(&self, promotion: Promotion, hold_ms: i64) -> Result<i64, JournalError> {
        let journal = self.journal();
        let hold = duration(hold_ms)?;
        run(async move { journal.hold(promotion.back(), hold).await }).await
    }

    /// What is held on this device, the next first.
    pub async fn held(&self) -> Result<Vec<Held>, JournalError> {
        let journal = self.journal();
        run(async move { journal.held().await }).await
    }

    /// Shares a held entry now. Gives the copy's id.
    ///
    /// Fails as NotFound if it is not held; as `promote`.
    pub async fn release(&self, id: String) -> Result<String, JournalError> {
        let journal = self.journal();
        run(async move { journal.release(id).await }).await
    }

    /// Takes back what was shared of an entry, or is to be. Named by the private entry or by its
    /// shared copy. While it is held this leaves nothing anywhere; afterwards the copy is erased.
    /// What the result says is what can be promised, and no more.
    ///
    /// Fails as NotFound; Invalid for an entry that was never shared, or that only the partner
    /// may take back; Storage.
    pub async fn retract(&self, id: String) -> Result<Retraction, JournalError> {
        let journal = self.journal();
        run(async move { journal.retract(id).await }).await
    }
}
