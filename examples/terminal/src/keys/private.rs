//! The further secret for private entries: asked for, handed over, or with this session.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{Keys, blocking, passphrase, session};
use crate::failure::Failure;

impl Keys {
    /// The secret, from the descriptor that a script names or from the person.
    pub(crate) async fn private_secret(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        blocking(passphrase::private).await
    }

    /// A new secret.
    pub(crate) async fn new_private_secret(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        blocking(passphrase::new_private).await
    }

    /// Whether the secret may be had without asking anybody.
    pub(crate) fn has_private_secret(&self) -> bool {
        passphrase::is_private_handed_over() || session::find_secret(&self.home).is_some()
    }

    /// The secret that needs nobody's asking: handed over, or with this session.
    pub(crate) fn private_secret_in_hand(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        match passphrase::private_handed_over()? {
            None => Ok(session::find_secret(&self.home)),
            handed => Ok(handed),
        }
    }

    /// Hands the secret to this session.
    pub(crate) async fn keep_private_secret(
        &self,
        secret: Zeroizing<Vec<u8>>,
        time: Duration,
    ) -> Result<(), Failure> {
        let home = self.home.clone();
        blocking(move || session::keep_secret(&home, &secret, time)).await
    }

    /// Takes the secret away from this session. Whether it had it.
    pub(crate) fn forget_private_secret(&self) -> Result<bool, Failure> {
        let had = session::find_secret(&self.home).is_some();
        session::forget_secret(&self.home)?;
        Ok(had)
    }
}
