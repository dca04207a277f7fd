//! The recovery key: what 24 words, kept on paper, open again.

use core::fmt;

use sidelight_format::Secret;

use crate::derive::{Label, derive};
use crate::{RecoverySigningKey, UnsealingKey};

/// What derives from the entropy of a person's recovery words.
pub struct RecoveryKeys {
    /// Signs the person's next keys when no device is left to, and chooses between two.
    pub signing: RecoverySigningKey,
    /// Opens every private epoch.
    pub sealing: UnsealingKey,
    /// Names the mailbox where the recovery walk begins. Own devices keep it, to append there;
    /// neither of the other two can be had from it.
    pub mailbox: Secret,
}

/// The recovery key of 256 bits of entropy.
pub fn recovery_keys(entropy: &Secret) -> RecoveryKeys {
    let part = |label| Secret::new(*derive(entropy.expose(), label, &[]));
    RecoveryKeys {
        signing: RecoverySigningKey::from_seed(&part(Label::RecoverySigning)),
        sealing: UnsealingKey::from_seed(&part(Label::RecoverySealing)),
        mailbox: part(Label::RecoveryMailbox),
    }
}

impl fmt::Debug for RecoveryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_give_the_same_keys_and_other_words_others() {
        let [a, again, b] =
            [[1; 32], [1; 32], [2; 32]].map(|entropy| recovery_keys(&Secret::new(entropy)));
        assert_eq!(a.signing.verifying_key(), again.signing.verifying_key());
        assert_eq!(a.sealing.sealing_key(), again.sealing.sealing_key());
        assert_eq!(a.mailbox, again.mailbox);
        assert_ne!(a.signing.verifying_key(), b.signing.verifying_key());
        assert_ne!(a.sealing.sealing_key(), b.sealing.sealing_key());
        assert_ne!(a.mailbox, b.mailbox);
        assert_eq!(format!("{a:?}"), "RecoveryKeys(…)");
    }
}
