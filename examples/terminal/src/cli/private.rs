//! The further secret for private entries.

use clap::{Args, Subcommand};

use super::Unlock;

#[derive(Args)]
pub(crate) struct Private {
    #[command(subcommand)]
    pub(crate) command: PrivateCommand,
}

#[derive(Subcommand)]
pub(crate) enum PrivateCommand {
    /// Put the private entries of this device under a secret of their own
    Begin,
    /// Give the secret once, for a while: until then private entries are neither shown nor written
    Unlock(Unlock),
    /// Let this session forget the secret
    Lock,
    /// Choose another secret
    Change,
    /// Take the secret away: private entries need none any more
    End,
}
