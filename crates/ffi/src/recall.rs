//! What one's own entries say of what has helped.

use crate::mirror::{Give, given};
use crate::task::run;
use crate::{Journal, JournalError};

given! {
    /// Something that is recalled. It has no number, and is about this person alone.
    #[of(sidelight::Recollection)]
    pub struct Recollection {
        /// Names it, for `dismiss`.
        pub id: String,
        /// What.
        pub what: Recalled,
    }
}

/// What this person's own entries say.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Recalled {
    /// They said again and again that this helped.
    Helped {
        /// A word for an offer of support, as the field `offer` has them.
        what: String,
    },
    /// On days with the one tag there mostly was the other. Why, nobody knows.
    Together {
        /// The one.
        on: String,
        /// The other.
        also: String,
    },
}

impl core::fmt::Debug for Recalled {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Recalled(…)")
    }
}

impl Give<Recalled> for sidelight::Recalled {
    fn give(self) -> Recalled {
        match self {
            Self::Helped(what) => Recalled::Helped { what },
            Self::Together { on, also } => Recalled::Together { on, also },
            // The library and this crate are built together.
            _ => Recalled::Helped {
                what: String::new(),
            },
        }
    }
}

/// Recalling.
#[uniffi::export]
impl Journal {
    /// What this person's own entries of the last year say of what has helped and of what goes
    /// together: answers in which they said that an offer helped, and tags of the same days.
    /// Nothing is said that was not said often, and nothing of the partner. It is computed here
    /// when somebody asks, and kept nowhere. For when somebody asks: nothing is brought up by
    /// itself.
    ///
    /// Fails as Invalid by a clock that shows no day; Storage.
    pub async fn recall(&self) -> Result<Vec<Recollection>, JournalError> {
        let journal = self.journal();
        run(async move { journal.recall().await }).await
    }

    /// Never recalls this again on this device.
    ///
    /// Fails as Invalid for what is no id of a recollection; Storage.
    pub async fn dismiss(&self, id: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.dismiss(id).await }).await
    }

    /// Takes every dismissal on this device back.
    pub async fn dismiss_nothing(&self) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.dismiss_nothing().await }).await
    }
}
