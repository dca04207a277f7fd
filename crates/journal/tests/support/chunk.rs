//! Changes made by hand, byte by byte.

use sha2::{Digest, Sha256};
use sidelight_journal::ActorId;

/// An uncompressed change chunk, before it is put together.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) dependencies: Vec<[u8; 32]>,
    pub(crate) actor: Vec<u8>,
    pub(crate) sequence: u64,
    pub(crate) start: u64,
    pub(crate) time: i64,
    pub(crate) message: Vec<u8>,
    pub(crate) others: Vec<Vec<u8>>,
    pub(crate) columns: Vec<(u64, Vec<u8>)>,
    pub(crate) extra: Vec<u8>,
    /// In place of the one that fits.
    pub(crate) checksum: Option<[u8; 4]>,
}

impl Chunk {
    /// `actor` sets the fields `a` and `b` to 1 and 2, as Automerge writes it.
    pub(crate) fn typing(actor: ActorId) -> Self {
        Self {
            dependencies: Vec::new(),
            actor: actor.0.to_vec(),
            sequence: 1,
            start: 1,
            time: 0,
            message: Vec::new(),
            others: Vec::new(),
            columns: vec![
                (0x15, vec![0x7e, 1, b'a', 1, b'b']),
                (0x34, vec![2]),
                (0x42, vec![2, 1]),
                (0x56, vec![2, 0x14]),
                (0x57, vec![1, 2]),
                (0x70, vec![2, 0]),
            ],
            extra: Vec::new(),
            checksum: None,
        }
    }

    /// Puts `column` in place of what there is, if anything.
    pub(crate) fn set(&mut self, spec: u64, column: Vec<u8>) {
        self.columns.retain(|(other, _)| *other != spec);
        let place = self.columns.partition_point(|(other, _)| *other < spec);
        self.columns.insert(place, (spec, column));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut data = Vec::new();
        unsigned(&mut data, self.dependencies.len() as u64);
        data.extend(self.dependencies.concat());
        unsigned(&mut data, self.actor.len() as u64);
        data.extend(&self.actor);
        unsigned(&mut data, self.sequence);
        unsigned(&mut data, self.start);
        signed(&mut data, self.time);
        unsigned(&mut data, self.message.len() as u64);
        data.extend(&self.message);
        unsigned(&mut data, self.others.len() as u64);
        for other in &self.others {
            unsigned(&mut data, other.len() as u64);
            data.extend(other);
        }
        unsigned(&mut data, self.columns.len() as u64);
        for (spec, column) in &self.columns {
            unsigned(&mut data, *spec);
            unsigned(&mut data, column.len() as u64);
        }
        for (_, column) in &self.columns {
            data.extend(column);
        }
        data.extend(&self.extra);
        let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1];
        unsigned(&mut bytes, data.len() as u64);
        bytes.extend(data);
        reseal(&mut bytes);
        if let Some(checksum) = self.checksum {
            bytes[4..8].copy_from_slice(&checksum);
        }
        bytes
    }
}

/// Gives a change the checksum that fits.
pub(crate) fn reseal(bytes: &mut [u8]) {
    let hash = Sha256::digest(&bytes[8..]);
    bytes[4..8].copy_from_slice(&hash[..4]);
}

pub(crate) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
