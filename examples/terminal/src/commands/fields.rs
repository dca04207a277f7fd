//! Fields as people type them.

use sidelight::kinds::{self, Holds};
use sidelight::{Field, FieldValue};

use crate::failure::Failure;

/// Adds what somebody typed for a field of a kind: as what the field holds, or as text where
/// nothing is known of it. A member of a set comes beside those that are there.
pub(super) fn add(
    kind: &str,
    fields: &mut Vec<Field>,
    name: &str,
    typed: String,
) -> Result<(), Failure> {
    // Every kind has tags, one that is not known here as well.
    let rules = kinds::known(kind).or_else(|| kinds::known("moment"));
    let known = rules.and_then(|rules| rules.field(name));
    let there = fields.iter_mut().find(|field| field.name == name);
    let value = match known.map(|field| field.holds) {
        Some(Holds::SetOf(_) | Holds::SetOfWords | Holds::SetOfTimes) => {
            if let Some(Field {
                value: FieldValue::List(members),
                ..
            }) = there
            {
                members.push(typed);
                return Ok(());
            }
            FieldValue::List(vec![typed])
        }
        Some(Holds::Flag) => FieldValue::Flag(match typed.as_str() {
            "yes" | "true" => true,
            "no" | "false" => false,
            _ => {
                return Err(Failure::invalid(
                    "this field says yes or no; write one of them",
                ));
            }
        }),
        Some(Holds::Number) => FieldValue::Number(
            typed
                .parse()
                .map_err(|_| Failure::invalid("this field holds a number; write it in digits"))?,
        ),
        _ => FieldValue::Text(typed),
    };
    if there.is_some() {
        return Err(Failure::invalid(
            "this field says one thing; give it once, or leave it out",
        ));
    }
    fields.push(Field {
        name: name.to_owned(),
        value,
    });
    Ok(())
}
