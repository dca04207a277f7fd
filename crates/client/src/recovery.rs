//! The recovery words, and beginning anew.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::device::Device;
use crate::driver::{Begin, Clock};
use crate::home::Place;
use crate::records::Invited;
use crate::{Error, Journal, KeyStore, convert};

/// A person's recovery words: with them and the relay's address alone everything can be had
/// again on a new device. They are for the person's eyes and paper, and wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryWords {
    /// 24 words, in their order.
    pub words: Vec<String>,
}

impl RecoveryWords {
    /// What somebody may have meant who misspelt a word: its place, counted from 1, and the word
    /// of the list that is most like it. To be shown to whoever typed it, once a call has said
    /// that a word is misspelt, and kept nowhere: it is most likely one of their words.
    pub fn meant(typed: &str) -> Option<(usize, &'static str)> {
        sidelight_crypto::RecoveryWords::meant(typed)
    }
}

impl fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryWords(…)")
    }
}

impl From<sidelight_crypto::RecoveryWords> for RecoveryWords {
    fn from(words: sidelight_crypto::RecoveryWords) -> Self {
        Self {
            words: words.expose().map(str::to_owned).collect(),
        }
    }
}

/// What brings a journal back on a device that has nothing.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Recover {
    /// The 24 words, in any case, with any white space between, numbered or not.
    pub words: String,
    /// The relay's address, `sidelight://host:port/relay#key`.
    pub relay: String,
    /// What the relay asks of those who begin mailboxes there; most ask nothing.
    pub ticket: Option<String>,
    /// What to call this device: 1 to 64 bytes, no control characters. Only own devices see it.
    pub device: String,
}

impl fmt::Debug for Recover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recover(…)")
    }
}

impl Journal {
    /// Brings a journal back in the folder `home`, where none has begun, from the recovery words
    /// and the relay's address alone. What this returns has nothing yet: each
    /// [`sync_now`](Self::sync_now) brings more, and
    /// [`Status::recovery`](crate::Status::recovery) says when all is here, or that this relay
    /// has no journal for these words. Killed at any point, it goes on when the journal is opened
    /// again, or recovered with the same words; words that have led to nothing give way to others.
    ///
    /// Then no other device has this journal any more: each comes back by being linked. What is
    /// shared can be read at once, and written in after a comparison with the partner
    /// ([`invite`](Self::invite) them, or [`join`](Self::join)).
    ///
    /// # Errors
    /// Invalid for words, saying which kind of mistake, for an address that is none, or if a
    /// journal has begun there; Keys locked; Storage.
    pub async fn recover(
        home: PathBuf,
        keys: Arc<dyn KeyStore>,
        recover: Recover,
    ) -> Result<Self, Error> {
        let begin = Begin::Recover(recover);
        Self::start(Place::Folder(home), keys, begin, Clock::System).await
    }

    /// Replaces the recovery words, which takes the present ones: new ones, to be written down
    /// and checked like the first. The old ones still open what was written until now.
    ///
    /// # Errors
    /// Invalid, saying which kind of mistake was made with the present words, or if they have not
    /// been checked yet; Storage.
    pub async fn recovery_replace(&self, words: String) -> Result<RecoveryWords, Error> {
        let words = zeroize::Zeroizing::new(words);
        self.call(move |driver| {
            let new = driver.act(|device, outside| device.recovery_replace(&words, outside))?;
            Ok(RecoveryWords::from(new))
        })
        .await
    }

    /// Invites the partner that there is to compare once more: after one of the two has recovered
    /// their journal, or when their keys are in doubt. The shared journal goes on; anybody else
    /// who takes the invitation up ends it.
    ///
    /// # Errors
    /// Not paired; else as [`invite`](Self::invite).
    pub async fn invite_again(&self, lifetime: Duration) -> Result<Invited, Error> {
        let secs = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        self.call(move |driver| {
            let link = driver.act(|device, outside| device.invite_again(secs, outside))?;
            Ok(Invited {
                link: link.expose(),
                expires_ms: convert::milliseconds(link.invitation().expires),
            })
        })
        .await
    }

    /// Takes up the invitation of the partner that there is, to compare once more.
    ///
    /// # Errors
    /// Not paired; else as [`join`](Self::join).
    pub async fn join_again(&self, link: String) -> Result<(), Error> {
        self.call(move |driver| {
            let link = convert::invitation(&link)?;
            driver.act(|device, outside| device.join_again(&link, outside))
        })
        .await
    }

    /// The recovery words, to be written on paper. They can be had until they have been
    /// [checked](Self::recovery_check); after that they are on no device any more.
    ///
    /// # Errors
    /// Invalid once they have been checked; Storage.
    pub async fn recovery_begin(&self) -> Result<RecoveryWords, Error> {
        self.call(|driver| driver.look(Device::recovery_begin).map(RecoveryWords::from))
            .await
    }

    /// Checks that the person has their recovery words: in any case, with any white space
    /// between, numbered or not. If they are right, this device forgets them.
    ///
    /// # Errors
    /// Invalid, saying which kind of mistake was made and in which place, but no word; Storage.
    pub async fn recovery_check(&self, words: String) -> Result<(), Error> {
        let words = zeroize::Zeroizing::new(words);
        self.call(move |driver| driver.act(|device, _| device.recovery_check(&words)))
            .await
    }

    /// Begins a new person over one's own copy: at once, offline, needing no other key, and
    /// nobody hears of it. Everything before is left and stays readable. One's own entries become
    /// private entries of the new person; how many is returned. There are new recovery words, and
    /// another pairing can begin, with the same partner or another; it shares nothing of before.
    ///
    /// # Errors
    /// Invalid while a pairing is under way; Storage.
    pub async fn refound(&self) -> Result<u64, Error> {
        self.call(crate::driver::Driver::refound).await
    }
}
