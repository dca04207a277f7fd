//! What a signature is over: a context, the version, the suite, then the statement.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{MailboxName, Suite, VERSION, encode};

/// What a statement is used for. No two kinds of signed bytes share one, so a signature
/// given for one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Context {
    /// A person begins.
    PersonGenesis,
    /// A person's next keys.
    PersonSuccessor,
    /// A change to a person's own list of devices.
    Roster,
    /// A person vouches for an author.
    AuthorCertificate,
    /// What an author wrote.
    Authored,
    /// A new epoch.
    Epoch,
    /// The recovery words vouch for a person's epoch.
    Founder,
    /// A pairing's comparison was confirmed.
    PairingConfirmation,
    /// The right to use a mailbox, on one connection.
    MailboxProof,
    /// A bundle of evidence.
    Evidence,
    /// What a device has packed into volumes.
    Volumes,
}

impl Context {
    /// Every context, for tests that try each in place of each.
    pub const ALL: [Self; 11] = [
        Self::PersonGenesis,
        Self::PersonSuccessor,
        Self::Roster,
        Self::AuthorCertificate,
        Self::Authored,
        Self::Epoch,
        Self::Founder,
        Self::PairingConfirmation,
        Self::MailboxProof,
        Self::Evidence,
        Self::Volumes,
    ];

    /// The words in front of the signed bytes.
    pub fn label(self) -> &'static str {
        match self {
            Self::PersonGenesis => "sidelight person genesis",
            Self::PersonSuccessor => "sidelight person successor",
            Self::Roster => "sidelight roster",
            Self::AuthorCertificate => "sidelight author certificate",
            Self::Authored => "sidelight authored",
            Self::Epoch => "sidelight epoch",
            Self::Founder => "sidelight founder",
            Self::PairingConfirmation => "sidelight pairing confirmation",
            Self::MailboxProof => "sidelight mailbox proof",
            Self::Evidence => "sidelight evidence",
            Self::Volumes => "sidelight volumes",
        }
    }
}

/// Something that is signed, with the one context in which it may be.
pub trait Statement: Serialize {
    /// Its context.
    const CONTEXT: Context;
}

/// The bytes that a signature of `statement` is over.
///
/// `len(label) ‖ label ‖ version ‖ suite ‖ encode(statement)`, the length as one byte.
pub fn signing_bytes<S: Statement>(suite: Suite, statement: &S) -> Vec<u8> {
    let label = S::CONTEXT.label().as_bytes();
    let mut bytes = vec![label.len() as u8];
    bytes.extend_from_slice(label);
    bytes.push(VERSION);
    bytes.push(suite as u8);
    bytes.extend_from_slice(&encode(statement));
    bytes
}

/// The right to use a mailbox: signed by the mailbox's key over this connection's TLS exporter
/// (RFC 8446 §7.5), so that it is worth nothing on any other.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MailboxProof {
    /// Exported keying material of the connection, label `EXPORTER-sidelight-mailbox`, no context.
    pub exporter: [u8; 32],
    /// The mailbox to be used.
    pub mailbox: MailboxName,
}

impl Statement for MailboxProof {
    const CONTEXT: Context = Context::MailboxProof;
}

/// SHA-256 of parts, each behind its length, under a label.
///
/// `SHA-256(len(label) ‖ label ‖ version ‖ (len(part) ‖ part)*)`, the label's length as one
/// byte, a part's as eight, big-endian: no two lists of parts hash the same bytes.
pub fn digest(label: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([label.len() as u8]);
    hash.update(label.as_bytes());
    hash.update([VERSION]);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_another_or_begins_another() {
        for a in Context::ALL {
            for b in Context::ALL {
                assert!(a == b || a.label() != b.label(), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_digest() {
        assert_ne!(digest("x", &[b"ab", b"c"]), digest("x", &[b"a", b"bc"]));
        assert_ne!(digest("x", &[b"ab"]), digest("x", &[b"ab", b""]));
    }
}
