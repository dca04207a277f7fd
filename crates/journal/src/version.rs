//! States of a document, named by the changes that lead to them.

use core::fmt;

use automerge::ChangeHash;

/// Names a change: the SHA-256 that its chunk begins with, in full.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId(pub [u8; 32]);

impl ChangeId {
    pub(crate) fn to_automerge(self) -> ChangeHash {
        ChangeHash(self.0)
    }
}

impl From<ChangeHash> for ChangeId {
    fn from(hash: ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl fmt::Debug for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = data_encoding::HEXLOWER.encode(&self.0[..4]);
        write!(f, "ChangeId({hex}…)")
    }
}

/// A state of an entry: the last changes that made it, sorted. What a person saw when they
/// began to type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(Vec<ChangeId>);

impl Version {
    /// The state after `heads` and everything before them.
    pub fn new(heads: impl IntoIterator<Item = ChangeId>) -> Self {
        let mut heads: Vec<_> = heads.into_iter().collect();
        heads.sort_unstable();
        heads.dedup();
        Self(heads)
    }

    /// The changes that nothing in this state comes after.
    pub fn heads(&self) -> &[ChangeId] {
        &self.0
    }

    /// Lower-case hexadecimal of the heads, one after another, for programs to hand back.
    pub fn to_hex(&self) -> String {
        let heads = self.0.iter();
        heads
            .map(|head| data_encoding::HEXLOWER.encode(&head.0))
            .collect()
    }

    /// From [`to_hex`](Self::to_hex)'s form.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .ok()?;
        let (heads, rest) = bytes.as_chunks::<32>();
        rest.is_empty()
            .then(|| Self::new(heads.iter().copied().map(ChangeId)))
    }

    pub(crate) fn from_automerge(heads: &[ChangeHash]) -> Self {
        Self::new(heads.iter().copied().map(ChangeId::from))
    }

    pub(crate) fn to_automerge(&self) -> Vec<ChangeHash> {
        self.0.iter().map(|head| head.to_automerge()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_its_text_form_whatever_the_order() {
        let version = Version::new([ChangeId([2; 32]), ChangeId([1; 32]), ChangeId([2; 32])]);
        assert_eq!(version.heads(), [ChangeId([1; 32]), ChangeId([2; 32])]);
        assert_eq!(Version::from_hex(&version.to_hex()), Some(version));
        assert_eq!(Version::from_hex("ab"), None);
        assert_eq!(Version::from_hex("not hexadecimal"), None);
    }
}
