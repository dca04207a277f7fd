//! What two people make together: agreements and conversations.

use crate::mirror::{Give, given};
use crate::task::run;
use crate::{Entry, Journal, JournalError, Reader};

given! {
    /// A proposal, and how it stands.
    #[of(sidelight::AgreementShown)]
    pub struct AgreementShown {
        /// The proposal. Its text, and the day of review in its field `review`, are what is
        /// agreed.
        pub proposal: Entry,
        /// How it stands.
        pub state: AgreementState,
    }
}

/// How an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum AgreementState {
    /// Both assent to what it says now.
    InForce,
    /// Somebody has yet to assent to what it says now. A change of a letter leaves every assent
    /// behind.
    Open {
        /// Whether this person assents.
        mine: bool,
        /// Whether the other does.
        theirs: bool,
    },
    /// One of the two withdrew, which needs nobody else.
    Withdrawn,
}

impl Give<AgreementState> for sidelight::AgreementState {
    fn give(self) -> AgreementState {
        match self {
            Self::InForce => AgreementState::InForce,
            Self::Open { mine, theirs } => AgreementState::Open { mine, theirs },
            Self::Withdrawn => AgreementState::Withdrawn,
        }
    }
}

given! {
    /// A conversation: what it is about, and turns of both.
    #[of(sidelight::ConversationShown)]
    pub struct ConversationShown {
        /// The entry that began it.
        pub begun: Entry,
        /// The turns, the oldest first, up to 1,000.
        pub turns: Vec<Entry>,
        /// Whether there is a pause: one of the two has asked for it, and not ended it.
        pub paused: bool,
    }
}

/// Agreements and conversations.
#[uniffi::export]
impl Journal {
    /// What was proposed and agreed, the newest first, up to 1,000.
    pub async fn agreements(&self) -> Result<Vec<AgreementShown>, JournalError> {
        let journal = self.journal();
        run(async move { journal.agreements().await }).await
    }

    /// Assents to a proposal as it is in `version`, which is the one that the person read.
    ///
    /// Fails as Invalid if it says something else by now, was withdrawn, or is no proposal;
    /// NotFound; NotPaired; Storage.
    pub async fn assent(&self, id: String, version: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.assent(id, version).await }).await
    }

    /// Withdraws from an agreement, or takes a proposal back: at once, needing nobody.
    ///
    /// Fails as Invalid if this person neither proposed it nor assented; NotFound; Storage.
    pub async fn withdraw_from(&self, id: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.withdraw_from(id).await }).await
    }

    /// A conversation, by the entry that began it or by any turn in it.
    ///
    /// Fails as Invalid for an entry of another kind; NotFound, also if what began it was taken
    /// back; Storage.
    pub async fn conversation(&self, id: String) -> Result<ConversationShown, JournalError> {
        let journal = self.journal();
        run(async move { journal.conversation(id).await }).await
    }
}

/// Agreements and conversations.
#[uniffi::export]
impl Reader {
    /// What was proposed and agreed, as `Journal.agreements`.
    pub async fn agreements(&self) -> Result<Vec<AgreementShown>, JournalError> {
        let reader = self.reader();
        run(async move { reader.agreements().await }).await
    }

    /// A conversation, as `Journal.conversation`.
    pub async fn conversation(&self, id: String) -> Result<ConversationShown, JournalError> {
        let reader = self.reader();
        run(async move { reader.conversation(id).await }).await
    }
}
