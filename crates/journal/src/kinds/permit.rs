//! Who may say what, and where.

use sidelight_format::{EntryId, FieldValue, Kind, Mode, PersonId, Rendered};

use super::content::Content;
use super::table::{Sharing, Text};
use super::words::Section;
use super::{known, rules};

/// Where an entry stands, or is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the shared journal, rather than in the owner's private one.
    pub shared: bool,
    /// Whose lane it is in.
    pub owner: PersonId,
    /// Who may change it.
    pub mode: Mode,
}

/// What an entry points at, as far as it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointed {
    /// Where it stands.
    pub place: Place,
    /// Its kind.
    pub kind: Kind,
    /// Whether it points at something itself.
    pub points: bool,
}

/// Why an entry may not be written, or why one that came counts for nothing. `Display` is a
/// sentence for the person who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAllowed {
    /// A kind that is for its author alone.
    #[error("this kind of entry is for you alone; it is never shared")]
    NeverShared,
    /// Something that one person says for themselves, in an entry of both.
    #[error("only one person can say this; write it in an entry of your own")]
    NotTogether,
    /// A field holds what it cannot hold.
    #[error("the field `{field}` cannot hold this; choose one of its words, or leave it out")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// Nothing is said that could be shared.
    #[error("nothing is said here that can be shared; say something, or offer a section")]
    NothingToShare,
    /// Its author did not let it be shared.
    #[error("this contact is not to be shared; say first that it may be")]
    NotOffered,
    /// It points at nothing that is here.
    #[error("what this answers is no longer here; write it as an entry of its own")]
    TargetGone,
    /// It points at something that it cannot answer: of another kind, of one's own where it has
    /// to be the other's, or private while it is shared.
    #[error("this cannot answer that entry; choose the entry that it is about")]
    WrongTarget,
}

/// Whether the person whose lane it is in may write an entry of `kind` with these fields and this
/// text at `place`. `target` is what the entry points at, if it is here.
///
/// # Errors
/// [`NotAllowed`].
pub fn may_write(
    kind: &Kind,
    text: &str,
    fields: &[(String, FieldValue)],
    place: &Place,
    target: Option<&Pointed>,
) -> Result<(), NotAllowed> {
    let rules = rules(kind);
    for (name, value) in fields {
        if let Some(field) = rules.field(name)
            && !field.accepts(value)
            // Tags of elsewhere are kept as they came.
            && field.name != "tags"
        {
            return Err(NotAllowed::Field { field: field.name });
        }
    }
    stands(kind, place)?;
    if place.shared && says_nothing(kind, text, fields) {
        return Err(NotAllowed::NothingToShare);
    }
    match self::target(fields) {
        Target::None => points_at(kind, false),
        Target::Entry(_) => answers(kind, place, target.ok_or(NotAllowed::TargetGone)?),
        Target::Unreadable => Err(NotAllowed::WrongTarget),
    }
}

/// Whether an entry that is here counts: what a device asks of whatever the partner sends,
/// before it shows it as more than words. An entry that answers what is no longer here counts.
///
/// # Errors
/// [`NotAllowed`].
pub fn counts(shown: &Rendered, place: &Place, target: Option<&Pointed>) -> Result<(), NotAllowed> {
    stands(&shown.kind, place)?;
    match (self::target(&shown.fields), target) {
        (Target::None, _) => points_at(&shown.kind, false),
        (Target::Entry(_), Some(target)) => answers(&shown.kind, place, target),
        (Target::Entry(_), None) => points_at(&shown.kind, true),
        (Target::Unreadable, _) => Err(NotAllowed::WrongTarget),
    }
}

/// What of a private entry goes along when its author shares it.
///
/// # Errors
/// [`NotAllowed`]. An entry that points at another one is shared only with [`may_write`], which
/// knows where that one stands.
pub fn promote(shown: &Rendered) -> Result<Content, NotAllowed> {
    let rules = rules(&shown.kind);
    let mut content = Content {
        kind: shown.kind.clone(),
        text: shown.text.clone(),
        fields: shown.fields.clone(),
    };
    match rules.sharing {
        Sharing::Never => return Err(NotAllowed::NeverShared),
        Sharing::ByChoice => {}
        Sharing::ByFlag => {
            let share = shown.fields.iter().find(|(name, _)| name == "share");
            if share.map(|(_, value)| value) != Some(&FieldValue::Flag(true)) {
                return Err(NotAllowed::NotOffered);
            }
        }
        Sharing::BySection => {
            let offered = shown.fields.iter().find(|(name, _)| name == "offered");
            let offered = match offered {
                Some((_, FieldValue::List(offered))) => offered.clone(),
                _ => Vec::new(),
            };
            // What a newer version put beside the sections may be one: it stays behind, too.
            content.fields.retain(|(name, _)| {
                Section::NAMES.contains(&name.as_str()) && offered.contains(name)
            });
            content.text.clear();
        }
    }
    if says_nothing(&content.kind, &content.text, &content.fields) {
        return Err(NotAllowed::NothingToShare);
    }
    Ok(content)
}

/// The entry that fields point at.
pub fn target_of(fields: &[(String, FieldValue)]) -> Option<EntryId> {
    match target(fields) {
        Target::Entry(id) => Some(id),
        Target::None | Target::Unreadable => None,
    }
}

enum Target {
    None,
    Entry(EntryId),
    Unreadable,
}

fn target(fields: &[(String, FieldValue)]) -> Target {
    match fields.iter().find(|(name, _)| name == "target") {
        None => Target::None,
        Some((_, FieldValue::Text(id))) => {
            EntryId::from_hex(id).map_or(Target::Unreadable, Target::Entry)
        }
        Some(_) => Target::Unreadable,
    }
}

/// Whether a kind may stand there at all.
fn stands(kind: &Kind, place: &Place) -> Result<(), NotAllowed> {
    let rules = rules(kind);
    if place.shared && rules.sharing == Sharing::Never {
        return Err(NotAllowed::NeverShared);
    }
    if place.mode == Mode::Together && !rules.together {
        return Err(NotAllowed::NotTogether);
    }
    Ok(())
}

/// Whether an entry of this kind may point at something, or at nothing.
fn points_at(kind: &Kind, something: bool) -> Result<(), NotAllowed> {
    let fits = match kind.as_str() {
        "reply" | "support_response" => something,
        "conversation" | "agreement" => true,
        name => !something || known(name).is_none(),
    };
    if fits {
        Ok(())
    } else {
        Err(NotAllowed::WrongTarget)
    }
}

/// Whether an entry of this kind may answer `target`.
fn answers(kind: &Kind, place: &Place, target: &Pointed) -> Result<(), NotAllowed> {
    points_at(kind, true)?;
    let others = place.owner != target.place.owner;
    let fits = match kind.as_str() {
        // One's own offer is not accepted by oneself, one's own proposal not assented to twice.
        "support_response" => target.kind.as_str() == "support_offer" && others,
        "agreement" => target.kind.as_str() == "agreement" && !target.points && others,
        "conversation" => target.kind.as_str() == "conversation" && !target.points,
        _ => true,
    };
    // What is shared names nothing private. A private draft may point at what is shared.
    if fits && (target.place.shared || !place.shared) {
        Ok(())
    } else {
        Err(NotAllowed::WrongTarget)
    }
}

/// Whether sharing it would only show that there is something.
fn says_nothing(kind: &Kind, text: &str, fields: &[(String, FieldValue)]) -> bool {
    let rules = rules(kind);
    let speaks = |(name, value): &(String, FieldValue)| match (name.as_str(), value) {
        ("days" | "tags" | "offered", _) => false,
        ("capacity", FieldValue::Text(word)) => word != "unsaid",
        (_, FieldValue::List(members)) => !members.is_empty(),
        _ => true,
    };
    rules.text == Text::Optional
        && known(kind.as_str()).is_some()
        && text.is_empty()
        && !fields.iter().any(speaks)
}
