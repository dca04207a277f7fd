//! Enums whose variants have a name in files.

/// Declares an enum, its `ALL`, `as_str`, and `parse` over the names.
macro_rules! named {
    (
        $(#[$of_enum:meta])*
        pub enum $Enum:ident {
            $( $(#[$of_variant:meta])* $Variant:ident = $name:literal, )+
        }
    ) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $Enum {
            $( $(#[$of_variant])* $Variant, )+
        }

        impl $Enum {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$( Self::$Variant, )+];

            /// The name in files.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$Variant => $name, )+
                }
            }

            /// The one of this name in files.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }
    };
}

pub(super) use named;
