//! What serde knows of an enum: its variants, without a value of it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The variants of `T`, in the order of their numbers; `None` if it is no enum for the codec.
pub(crate) fn variants_of<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
    match T::deserialize(Ask) {
        Ok(_) => None,
        Err(answer) => answer.0,
    }
}

/// Answers every question with an error, which carries the variants if it was asked for an enum.
struct Ask;

#[derive(Debug)]
struct Answer(Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Ask {
    type Error = Answer;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer(None))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer(Some(variants)))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asked")
    }
}

impl std::error::Error for Answer {}

impl de::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}
