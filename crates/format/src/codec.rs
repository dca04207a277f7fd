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

/// How many bytes [`encode`] makes of `value`.
///
/// # Panics
/// Never, as with `encode`.
pub(crate) fn encoded_len<T: Serialize + ?Sized>(value: &T) -> usize {
    postcard::experimental::serialized_size(value)
        .expect("types of this crate serialise into a growing buffer")
}

/// Appends the one encoding of `value` to `bytes`.
///
/// # Panics
/// Never, as with [`encode`].
pub(crate) fn encode_onto<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    *bytes = postcard::to_extend(value, core::mem::take(bytes))
        .expect("types of this crate serialise into a growing buffer");
}

/// The value at the beginning of `bytes`, and what follows it; `None` if they end within it.
///
/// # Errors
/// As [`decode`], but for bytes left over.
pub(crate) fn decode_first<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
) -> Result<Option<(T, &[u8])>, DecodeError> {
    let rest = match postcard::take_from_bytes::<T>(bytes) {
        Ok((_, rest)) => rest,
        Err(postcard::Error::DeserializeUnexpectedEnd) => return Ok(None),
        Err(_) => return Err(DecodeError::Malformed),
    };
    let value = decode(&bytes[..bytes.len() - rest.len()])?;
    Ok(Some((value, rest)))
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
    fn what_ends_within_the_first_value_is_waited_for() {
        assert_eq!(decode_first::<u32>(&[]), Ok(None));
        assert_eq!(decode_first::<u32>(&[0x81]), Ok(None));
        let rest: &[u8] = &[9, 9];
        assert_eq!(decode_first(&[0x81, 0x01, 9, 9]), Ok(Some((129_u32, rest))));
        let overlong = Err(DecodeError::NotCanonical);
        assert_eq!(decode_first::<u32>(&[0x81, 0x00, 9]), overlong);
        let too_wide = Err(DecodeError::Malformed);
        assert_eq!(decode_first::<u32>(&[0xff; 5]), too_wide);
    }

    #[test]
    fn an_encoding_is_appended_as_long_as_was_said() {
        let mut bytes = vec![1, 2];
        encode_onto(&300_u32, &mut bytes);
        assert_eq!(bytes, [&[1, 2][..], &encode(&300_u32)].concat());
        assert_eq!(encoded_len(&300_u32), 2);
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
