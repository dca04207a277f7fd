//! Who a change says it is by.

use core::fmt;

use sidelight_format::{AuthorId, EntryId, SegmentId, digest};

/// The Automerge actor of one author, in one segment, in one entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub [u8; Self::LEN]);

impl ActorId {
    /// How many bytes it has. Half a hash: naming an actor that another author owns still takes
    /// a second preimage of 128 bits, and Automerge keeps 16 bytes without allocating.
    pub const LEN: usize = 16;

    pub(crate) fn to_automerge(self) -> automerge::ActorId {
        automerge::ActorId::from(self.0.as_slice())
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = data_encoding::HEXLOWER.encode(&self.0[..4]);
        write!(f, "ActorId({hex}…)")
    }
}

/// The one actor under which `author` may change `entry` while the store is open as `segment`.
///
/// A reader computes it from the signed envelope, so a forged actor is detectable; a restored
/// or copied store opens under a new segment, so no two histories ever share one; and without
/// the author's id nobody can tell that two entries have the same writer.
pub fn actor(author: &AuthorId, segment: &SegmentId, entry: &EntryId) -> ActorId {
    let hash = digest("actor", &[&author.0, &segment.0, &entry.0]);
    let mut id = [0; ActorId::LEN];
    id.copy_from_slice(&hash[..ActorId::LEN]);
    ActorId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_depends_on_author_segment_and_entry() {
        let ids = |a, s, e| actor(&AuthorId([a; 32]), &SegmentId([s; 16]), &EntryId([e; 32]));
        let all = [ids(1, 2, 3), ids(9, 2, 3), ids(1, 9, 3), ids(1, 2, 9)];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(a, b);
            }
        }
        assert_eq!(all[0], ids(1, 2, 3));
    }
}
