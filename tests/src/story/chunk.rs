//! Changes taken apart and put together wrongly, with a checksum that is right.

use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// The front of an uncompressed Automerge change, and the rest of it.
///
/// A chunk is the magic number, four bytes of checksum, its type, its length, and then this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The changes it comes after.
    pub dependencies: Vec<[u8; 32]>,
    /// Its actor.
    pub actor: Vec<u8>,
    /// Its place among the actor's changes, from 1.
    pub sequence: u64,
    /// The number of its first operation.
    pub start: u64,
    /// When it was made.
    pub time: i64,
    /// What its maker said about it.
    pub message: Vec<u8>,
    /// Its columns.
    pub rest: Vec<u8>,
}

impl Chunk {
    /// Takes a change apart.
    ///
    /// # Panics
    /// If it is not an uncompressed change.
    pub fn of(change: &[u8]) -> Self {
        assert_eq!(change[..4], MAGIC);
        assert_eq!(change[8], 1, "an uncompressed change");
        let mut at = &change[9..];
        let len = number(&mut at);
        assert_eq!(len as usize, at.len());
        let dependencies = (0..number(&mut at)).map(|_| {
            let (hash, rest) = at.split_first_chunk::<32>().expect("a hash");
            at = rest;
            *hash
        });
        let dependencies = dependencies.collect();
        let actor = bytes(&mut at);
        let (sequence, start) = (number(&mut at), number(&mut at));
        let time = signed_number(&mut at);
        let message = bytes(&mut at);
        Self {
            dependencies,
            actor,
            sequence,
            start,
            time,
            message,
            rest: at.to_vec(),
        }
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.dependencies.len() as u64);
        for hash in &self.dependencies {
            out.extend(hash);
        }
        put(&mut out, self.actor.len() as u64);
        out.extend(&self.actor);
        put(&mut out, self.sequence);
        put(&mut out, self.start);
        put_signed(&mut out, self.time);
        put(&mut out, self.message.len() as u64);
        out.extend(&self.message);
        out.extend(&self.rest);
        out
    }

    /// Puts it together again.
    pub fn bytes(&self) -> Vec<u8> {
        chunk(1, &self.body(), None)
    }

    /// As a compressed chunk, whose contents `deflate` makes of the change.
    pub fn compressed(&self, deflate: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let body = self.body();
        let plain = chunk(1, &body, None);
        chunk(2, &deflate(&body), Some(&plain[4..8]))
    }
}

/// A chunk of a type; its checksum is that of its contents unless given.
fn chunk(kind: u8, body: &[u8], checksum: Option<&[u8]>) -> Vec<u8> {
    let mut hashed = vec![kind];
    put(&mut hashed, body.len() as u64);
    hashed.extend(body);
    let digest = Sha256::digest(&hashed);
    let mut out = MAGIC.to_vec();
    out.extend(checksum.unwrap_or(&digest[..4]));
    out.extend(hashed);
    out
}

/// LEB128, as Automerge has its numbers.
fn number(at: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = at.split_first().expect("a number");
        *at = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn signed_number(at: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0_i64, 0);
    loop {
        let (byte, rest) = at.split_first().expect("a number");
        *at = rest;
        value |= i64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let negative = byte & 0x40 != 0 && shift < 64;
            return if negative {
                value | (-1 << shift)
            } else {
                value
            };
        }
    }
}

fn bytes(at: &mut &[u8]) -> Vec<u8> {
    let len = number(at) as usize;
    let (bytes, rest) = at.split_at(len);
    *at = rest;
    bytes.to_vec()
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use sidelight_format::{AuthorId, EntryId, SegmentId};
    use sidelight_journal::{Document, NewEntry, actor, admit};

    use super::*;
    use crate::story::draft;

    #[test]
    fn a_change_taken_apart_and_put_together_is_the_same() {
        let actor = actor(&AuthorId([1; 32]), &SegmentId([2; 16]), &EntryId([3; 32]));
        let draft = draft("words");
        let new = NewEntry {
            kind: draft.kind,
            date: draft.date,
            day_order: 1,
            text: draft.text,
            fields: draft.fields,
        };
        let (_, change) = Document::create(&new, actor).expect("a sound entry");
        let chunk = Chunk::of(&change);
        assert_eq!(chunk.bytes(), change);
        assert_eq!((chunk.time, chunk.sequence, chunk.start), (0, 1, 1));
        assert!(admit(&chunk.bytes(), &actor).is_ok());
        let later = Chunk {
            time: -1_800_000_000,
            ..chunk
        };
        assert_eq!(Chunk::of(&later.bytes()), later);
        assert!(admit(&later.bytes(), &actor).is_err());
    }
}
