//! The recovery words, comparing once more, and beginning anew.

use std::sync::Arc;

use crate::mirror::Give;
use crate::task::{duration, run};
use crate::{Invited, Journal, JournalError, KeyStore};

/// A person's recovery words: with them and the relay's address alone everything can be had again
/// on a new device. They are for the person's eyes and paper. This is a handle and no record, so
/// that nothing prints or compares them; they are wiped when it is let go.
#[derive(Debug, uniffi::Object)]
pub struct RecoveryWords {
    words: sidelight::RecoveryWords,
}

#[uniffi::export]
impl RecoveryWords {
    /// The 24 words, in their order.
    pub fn words(&self) -> Vec<String> {
        self.words.words.clone()
    }
}

impl Give<Arc<RecoveryWords>> for sidelight::RecoveryWords {
    fn give(self) -> Arc<RecoveryWords> {
        Arc::new(RecoveryWords { words: self })
    }
}

/// A word that somebody may have meant.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct LikelyWord {
    /// Its place, counted from 1.
    pub place: i32,
    /// The word of the list that is most like what was typed.
    pub word: String,
}

impl core::fmt::Debug for LikelyWord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("LikelyWord(…)")
    }
}

/// What somebody may have meant who misspelt a recovery word. To be shown to whoever typed it,
/// once a call has said that a word is misspelt, and kept nowhere: it is most likely one of their
/// words.
#[uniffi::export]
pub fn recovery_word_meant(typed: String) -> Option<LikelyWord> {
    let typed = zeroize::Zeroizing::new(typed);
    let (place, word) = sidelight::RecoveryWords::meant(&typed)?;
    Some(LikelyWord {
        place: i32::try_from(place).unwrap_or(i32::MAX),
        word: word.give(),
    })
}

/// Coming back, and beginning anew.
#[uniffi::export]
impl Journal {
    /// Brings a journal back in the folder `home`, where none has begun, from the 24 recovery
    /// words (in any case, with any white space between, numbered or not) and the relay's
    /// `address` alone. `device_name` is what this device is called on the person's own devices:
    /// 1 to 64 bytes, no control characters. What this gives has nothing yet: each `sync_now`
    /// brings more, and `Status.recovery` says when all is here, or that this relay has no
    /// journal for these words. Killed at any point, it goes on when the journal is opened again,
    /// or recovered with the same words; words that have led to nothing give way to others.
    ///
    /// Then no other device has this journal any more: each comes back by being linked. What is
    /// shared can be read at once, and written in after a comparison with the partner: `invite`
    /// them, or `join`.
    ///
    /// Fails as Invalid for words, saying which kind of mistake, for an address that is none, or
    /// if a journal has begun there; KeysLocked; Storage.
    #[uniffi::constructor(default(ticket = None))]
    pub async fn recover(
        home: String,
        keys: Arc<dyn KeyStore>,
        words: String,
        address: String,
        device_name: String,
        ticket: Option<String>,
    ) -> Result<Arc<Self>, JournalError> {
        let keys = crate::keys::keys(keys);
        let recover = sidelight::Recover {
            words,
            relay: address,
            ticket,
            device: device_name,
        };
        run(async move { Self::of(sidelight::Journal::recover(home.into(), keys, recover).await?) })
            .await
    }

    /// The recovery words, to be written on paper. They can be had until they have been checked;
    /// after that they are on no device any more.
    ///
    /// Fails as Invalid once they have been checked; Storage.
    pub async fn recovery_begin(&self) -> Result<Arc<RecoveryWords>, JournalError> {
        let journal = self.journal();
        run(async move { journal.recovery_begin().await }).await
    }

    /// Checks that the person has their recovery words: in any case, with any white space
    /// between, numbered or not. If they are right, this device forgets them.
    ///
    /// Fails as Invalid, saying which kind of mistake was made and in which place, but no word;
    /// Storage.
    pub async fn recovery_check(&self, words: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.recovery_check(words).await }).await
    }

    /// Replaces the recovery words, which takes the present ones: new ones, to be written down
    /// and checked like the first. The old ones still open what was written until now.
    ///
    /// Fails as Invalid, saying which kind of mistake was made with the present words, or if they
    /// have not been checked yet; Storage.
    pub async fn recovery_replace(
        &self,
        words: String,
    ) -> Result<Arc<RecoveryWords>, JournalError> {
        let journal = self.journal();
        run(async move { journal.recovery_replace(words).await }).await
    }

    /// Invites the partner that there is to compare once more, for at most `lifetime_ms`
    /// milliseconds: after one of the two has recovered their journal, or when their keys are in
    /// doubt. The shared journal goes on; anybody else who takes the invitation up ends it.
    ///
    /// Fails as NotPaired; else as `invite`.
    pub async fn invite_again(&self, lifetime_ms: i64) -> Result<Invited, JournalError> {
        let journal = self.journal();
        let lifetime = duration(lifetime_ms)?;
        run(async move { journal.invite_again(lifetime).await }).await
    }

    /// Takes up the invitation of the partner that there is, to compare once more.
    ///
    /// Fails as NotPaired; else as `join`.
    pub async fn join_again(&self, link: String) -> Result<(), JournalError> {
        let journal = self.journal();
        run(async move { journal.join_again(link).await }).await
    }

    /// Begins a new person over one's own copy: at once, offline, needing no other key, and
    /// nobody hears of it. Everything before is left and stays readable. One's own entries become
    /// private entries of the new person; how many is given. There are new recovery words, and
    /// another pairing can begin, with the same partner or another; it shares nothing of before.
    ///
    /// Fails as Invalid while a pairing is under way; Storage.
    pub async fn refound(&self) -> Result<i64, JournalError> {
        let journal = self.journal();
        run(async move { journal.refound().await }).await
    }
}
