//! The schema: what the root of an entry's document holds.

use crate::FIELD_NAME_LEN_MAX;

/// Which schema the writer knew; [`SCHEMA_VERSION`] today.
pub(crate) const SCHEMA: &str = "schema";
/// The name of the entry's kind.
pub(crate) const KIND: &str = "kind";
/// `YYYY-MM-DD`.
pub(crate) const DATE: &str = "date";
/// Minutes east of UTC.
pub(crate) const OFFSET: &str = "offset";
/// The entry's place within its day.
pub(crate) const ORDER: &str = "order";
/// The text, a sequence of characters.
pub(crate) const TEXT: &str = "text";

pub(crate) const SCHEMA_VERSION: u64 = 1;

const TAKEN: [&str; 6] = [SCHEMA, KIND, DATE, OFFSET, ORDER, TEXT];

/// Whether the schema has its own meaning for `name`.
pub(crate) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// Whether a further field may have this name.
pub(crate) fn is_free(name: &str) -> bool {
    let fits = (1..=FIELD_NAME_LEN_MAX).contains(&name.len()) && !name.contains('\0');
    fits && !is_taken(name)
}
