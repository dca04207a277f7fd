//! Volumes: packing what is sealed into them, and believing what is found in them.
//!
//! Whoever packs is an own device, and one that was stolen may lie. So a reader believes a
//! directory only by a device that is on the list, inflates no more than a part may hold, and
//! holds each envelope for known only once its proof is checked.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sidelight_crypto::{DeviceSigningKey, erase_token, verify};
use sidelight_format::{
    EraseToken, Salt, Secret, SignedDirectory, SpaceId, Volume, VolumeDirectory, VolumePartHeader,
    decode, encode, limits, volume_part_hash,
};

use crate::{Roster, Standing};

/// A part, packed: its compressed bytes, and what a directory says of them but for the envelope.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The compressed bytes.
    pub contents: Vec<u8>,
    /// Their hash.
    pub hash: [u8; 32],
    /// Their length once inflated.
    pub inflated_len: u32,
    /// How many items there are.
    pub items: u32,
}

/// Items that are too much for one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes of items do not fit into a part of a volume")]
pub struct TooMuch {
    /// How many bytes they have.
    pub found: usize,
}

/// Why a volume is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadVolume {
    /// The directory is of another person's space, or breaks the limits of the format.
    #[error("the directory of the volumes breaks the format")]
    Directory,
    /// Whoever signed the directory is not one of the own devices.
    #[error("the volumes are not by one of the own devices")]
    Maker,
    /// The part is not the one that the directory names.
    #[error("a part of a volume is not the one that its directory names")]
    Swapped,
    /// The part does not hold what the directory says.
    #[error("a part of a volume does not hold what its directory says")]
    Contents,
}

/// Compresses items into one part.
///
/// # Errors
/// [`TooMuch`].
pub fn pack<T: Serialize>(items: &[T]) -> Result<Packed, TooMuch> {
    let plain = zeroize::Zeroizing::new(encode(items));
    if plain.len() > limits::VOLUME_PART_LEN_MAX {
        return Err(TooMuch { found: plain.len() });
    }
    let contents = deflated(&plain, Compression::default());
    Ok(Packed {
        hash: volume_part_hash(&contents),
        inflated_len: plain.len() as u32, // at most the limit
        items: items.len() as u32,
        contents,
    })
}

/// The items of one part. Whatever it claims, no more is inflated than its directory says, and
/// that is no more than a part may hold.
///
/// # Errors
/// [`BadVolume`].
pub fn unpack<T: DeserializeOwned + Serialize>(
    header: &VolumePartHeader,
    contents: &[u8],
) -> Result<Vec<T>, BadVolume> {
    if volume_part_hash(contents) != header.hash {
        return Err(BadVolume::Swapped);
    }
    let len = header.inflated_len as usize;
    if len > limits::VOLUME_PART_LEN_MAX {
        return Err(BadVolume::Contents);
    }
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(len + 1));
    // It writes no further than the vector has room: for one byte more than there should be.
    let mut inflate = Decompress::new(false);
    let end = inflate.decompress_vec(contents, &mut plain, FlushDecompress::Finish);
    let whole = plain.len() == len && inflate.total_in() == contents.len() as u64;
    if !matches!(end, Ok(Status::StreamEnd)) || !whole {
        return Err(BadVolume::Contents);
    }
    let items: Vec<T> = decode(&plain).map_err(|_| BadVolume::Contents)?;
    if items.len() != header.items as usize {
        return Err(BadVolume::Contents);
    }
    Ok(items)
}

/// A raw DEFLATE stream of `plain`.
fn deflated(plain: &[u8], level: Compression) -> Vec<u8> {
    // What does not compress is stored, at five bytes more a block of at most 64 KiB.
    let mut contents = Vec::with_capacity(plain.len() + plain.len() / 8 + 1024);
    let end = Compress::new(level, false).compress_vec(plain, &mut contents, FlushCompress::Finish);
    debug_assert!(matches!(end, Ok(Status::StreamEnd)), "there is room");
    contents
}

/// Signs what a device has packed.
pub fn sign_directory(directory: VolumeDirectory, device: &DeviceSigningKey) -> SignedDirectory {
    SignedDirectory {
        signature: device.sign(&directory),
        directory,
    }
}

/// Whether a directory counts: by a device that is on the list now, of this private space.
///
/// # Errors
/// [`BadVolume`].
pub fn check_directory(
    signed: &SignedDirectory,
    private: &SpaceId,
    roster: &Roster,
) -> Result<(), BadVolume> {
    let directory = &signed.directory;
    let fits = |volume: &Volume| {
        volume.proofs.len() <= limits::VOLUME_PROOFS_MAX
            && volume.written_in.len() <= limits::VOLUME_EPOCHS_MAX
    };
    if directory.space != *private
        || directory.volumes.len() > limits::VOLUMES_MAX
        || !directory.volumes.iter().all(fits)
    {
        return Err(BadVolume::Directory);
    }
    if roster.standing(&directory.maker) != Standing::Member
        || verify(&directory.maker, directory, &signed.signature).is_err()
    {
        return Err(BadVolume::Maker);
    }
    Ok(())
}

/// The token that erases the parts of a volume. Any of the person's devices can derive it.
pub fn volume_token(erasing: &Secret, volume: &[u8; 16]) -> EraseToken {
    erase_token(erasing, &Salt(*volume))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_format::EnvelopeId;

    fn packed(items: &[Vec<u8>]) -> (VolumePartHeader, Vec<u8>) {
        let packed = pack(items).expect("few");
        let header = VolumePartHeader {
            envelope: EnvelopeId([0; 32]),
            hash: packed.hash,
            inflated_len: packed.inflated_len,
            items: packed.items,
        };
        (header, packed.contents)
    }

    #[test]
    fn what_is_packed_is_unpacked_and_nothing_else() {
        let items = vec![vec![7; 9000], vec![1, 2, 3]];
        let (header, contents) = packed(&items);
        assert!(contents.len() < 500);
        assert_eq!(unpack::<Vec<u8>>(&header, &contents), Ok(items));
        for bit in 0..contents.len() * 8 {
            let mut flipped = contents.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let swapped = unpack::<Vec<u8>>(&header, &flipped);
            assert_eq!(swapped, Err(BadVolume::Swapped), "bit {bit}");
            // Nor if the directory was signed over it.
            let hash = volume_part_hash(&flipped);
            let again = unpack::<Vec<u8>>(&VolumePartHeader { hash, ..header }, &flipped);
            assert!(again.is_err() || flipped != contents, "bit {bit}");
        }
        for len in 0..contents.len() {
            let hash = volume_part_hash(&contents[..len]);
            let cut = unpack::<Vec<u8>>(&VolumePartHeader { hash, ..header }, &contents[..len]);
            assert_eq!(cut, Err(BadVolume::Contents), "{len} bytes");
        }
    }

    #[test]
    fn a_bomb_is_inflated_no_further_than_a_part_may_be_long() {
        let contents = deflated(&vec![0; 100 << 20], Compression::best());
        assert!(contents.len() < 110 * 1024);
        let (header, _) = packed(&[]);
        for inflated_len in [100, limits::VOLUME_PART_LEN_MAX as u32, 100 << 20, u32::MAX] {
            let header = VolumePartHeader {
                hash: volume_part_hash(&contents),
                inflated_len,
                ..header
            };
            let taken = unpack::<Vec<u8>>(&header, &contents);
            assert_eq!(taken, Err(BadVolume::Contents));
        }
    }

    #[test]
    fn more_than_a_part_may_hold_is_not_packed() {
        let too_much = vec![vec![0_u8; limits::VOLUME_PART_LEN_MAX]];
        assert!(pack(&too_much).is_err());
    }
}
