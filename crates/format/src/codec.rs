//! The codec: postcard, held to one encoding per value.

use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are not the one encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end early, have bytes left over, or break the type's rules.
    #[error("the bytes are not a value of the expected type")]
    Malformed,
    /// The bytes decode, yet a different encoding of the same value is the canonical one.
    #[error("the bytes are not in canonical form")]
    NotCanonical,
}

/// The one encoding of `value`.
///
/// # Panics
/// Never for the types of this crate: they hold no map, no float and no sequence of unknown
/// length, the only things that postcard can refuse to write into a growing buffer.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("types of this crate serialise into a growing buffer")
}

/// The value that `bytes` encode.
///
/// postcard accepts overlong variable-length integers; here a value has one encoding only, so
/// that whatever was hashed or signed can be rebuilt from the value.
///
/// # Errors
/// [`DecodeError::Malformed`] and [`DecodeError::NotCanonical`].
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, rest) =
        postcard::take_from_bytes::<T>(bytes).map_err(|_| DecodeError::Malformed)?;
    if !rest.is_empty() {
        return Err(DecodeError::Malformed);
    }
    let encodes_again = postcard::serialize_with_flavor(&value, Same { rest: bytes }) == Ok(true);
    if !encodes_again {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// Takes what a value encodes to and compares it in place: no second copy, which for a secret
/// would stay in memory unwiped.
struct Same<'a> {
    rest: &'a [u8],
}

impl postcard::ser_flavors::Flavor for Same<'_> {
    type Output = bool;

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.rest = self
            .rest
            .strip_prefix(data)
            .ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.rest.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlong_integer_is_refused() {
        assert_eq!(decode::<u32>(&[0x81, 0x00]), Err(DecodeError::NotCanonical));
        assert_eq!(decode::<u32>(&[0x01]), Ok(1));
    }

    #[test]
    fn bytes_left_over_are_refused() {
        assert_eq!(decode::<u32>(&[0x01, 0x00]), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_claimed_length_beyond_the_bytes_allocates_nothing() {
        assert_eq!(
            decode::<crate::Bytes>(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1]),
            Err(DecodeError::Malformed)
        );
    }
}
