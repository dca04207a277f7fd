#![doc = include_str!("../../KINDS.md")]

mod between;
mod bounds;
mod content;
mod everyday;
mod field;
mod needs;
mod permit;
mod plans;
mod rhythm;
mod table;
mod window;
pub mod words;

use sidelight_format::{Kind, Rendered};

pub use between::{Agreed, Agreement, Assent, Conversation, Proposal, Reply, Wording};
pub use bounds::{Boundary, Comfort, ComfortCard, ComfortNow, Consent, WELCOME_DAYS_MAX};
pub use content::{Content, NotSaid, Said, Typed};
pub use everyday::{Appreciation, Gratitude, MicroConnection, Moment, Reflection};
pub use needs::{Bid, CapacityNote, CheckIn, SupportOffer, SupportResponse};
pub use permit::{NotAllowed, Place, Pointed, counts, may_write, promote, target_of};
pub use plans::{CareContact, LearningCard, LowDayPlan, OwnSupportPlan};

pub use field::{Field, Holds, Merge};
pub use rhythm::{Quiet, Rhythm, TimeOfDay};
pub use table::{ALL, COMMON, Ends, Rules, Sharing, Text};
pub use window::{Day, InvalidWindow, WINDOW_DAYS_MAX, Window};

/// What holds for entries of `kind`. A kind that this version does not know has what all kinds
/// have and nothing else.
pub fn rules(kind: &Kind) -> &'static Rules {
    known(kind.as_str()).unwrap_or(&table::UNKNOWN)
}

/// What holds for entries of the kind with this name, if this version knows it.
pub fn known(name: &str) -> Option<&'static Rules> {
    ALL.iter().find(|rules| rules.name == name)
}

impl Rules {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        let mut fields = self.fields.iter().chain(COMMON);
        fields.find(|field| field.name == name)
    }
}

macro_rules! meanings {
    ($($(#[$doc:meta])* $kind:ident($type:ty),)+) => {
        /// What an entry means, if this version can tell.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Meaning {
            $($(#[$doc])* $kind($type),)+
            /// An entry of a kind that this version does not know, or without what its kind
            /// needs. Its text and fields are there to be shown all the same.
            Other,
        }

        impl Meaning {
            /// Reads an entry as it is shown. Every entry has a meaning; nothing is lost.
            pub fn of(shown: &Rendered) -> Self {
                match shown.kind.as_str() {
                    $(<$type as Typed>::KIND => {
                        <$type as Typed>::read(shown).map_or(Self::Other, Self::$kind)
                    })+
                    _ => Self::Other,
                }
            }
        }

        #[cfg(test)]
        const TYPED: &[&str] = &[$(<$type as Typed>::KIND),+];
    };
}

meanings! {
    /// A thought for oneself.
    Reflection(Reflection),
    /// Something that happened.
    Moment(Moment),
    /// Something to be grateful for.
    Gratitude(Gratitude),
    /// Something that was noticed.
    Appreciation(Appreciation),
    /// A small contact.
    MicroConnection(MicroConnection),
    /// A need.
    CheckIn(CheckIn),
    /// How much there is to give or to bear.
    Capacity(CapacityNote),
    /// An offer.
    SupportOffer(SupportOffer),
    /// An answer to an offer.
    SupportResponse(SupportResponse),
    /// An invitation.
    Bid(Bid),
    /// What somebody is comfortable with.
    ComfortCard(ComfortCard),
    /// A line.
    Boundary(Boundary),
    /// A part of a conversation.
    Conversation(Conversation),
    /// A part of an agreement.
    Agreement(Agreement),
    /// A plan for low days.
    LowDayPlan(LowDayPlan),
    /// What holds the supporter up.
    OwnSupportPlan(OwnSupportPlan),
    /// Somebody who treats or helps.
    CareContact(CareContact),
    /// A myth and what is known.
    LearningCard(LearningCard),
    /// An answer.
    Reply(Reply),
    /// Something meant for some days.
    Rhythm(Rhythm),
    /// What others may see or use.
    Consent(Consent),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_table_has_a_type_and_fitting_names() {
        let named: Vec<_> = ALL.iter().map(|rules| rules.name).collect();
        assert_eq!(named, TYPED);
        for rules in ALL {
            assert!(Kind::named(rules.name).is_some());
            for field in rules.fields.iter().chain(COMMON) {
                // A member's key is the name, a colon and 32 digits.
                assert!(field.name.len() + 33 <= crate::FIELD_NAME_LEN_MAX);
                assert!(!field.name.contains(':') && !crate::field::is_taken(field.name));
                let set = matches!(field.merge, Merge::AddWins | Merge::RemoveWins);
                assert_eq!(field.is_set(), set, "{}.{}", rules.name, field.name);
            }
        }
    }
}
