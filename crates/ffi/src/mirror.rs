//! Records of this crate from those of `sidelight`, field by field: signed, and nothing else
//! changed.

/// Gives what `sidelight` has in the form that crosses to other languages.
pub(crate) trait Give<T> {
    fn give(self) -> T;
}

/// Takes what came from another language.
pub(crate) trait Take<T> {
    fn take(self) -> Result<T, crate::JournalError>;
}

macro_rules! same {
    ($($kind:ty),+) => {$(
        impl Give<$kind> for $kind {
            fn give(self) -> $kind {
                self
            }
        }
    )+};
}

same!((), bool, i64, String, Vec<u8>);

macro_rules! signed {
    ($($from:ty => $to:ty),+) => {$(
        impl Give<$to> for $from {
            fn give(self) -> $to {
                <$to>::try_from(self).unwrap_or(<$to>::MAX)
            }
        }
    )+};
}

signed!(u8 => i32, i16 => i32, u16 => i32, u32 => i32, u64 => i64);

impl Give<String> for &str {
    fn give(self) -> String {
        self.to_owned()
    }
}

impl Give<String> for std::path::PathBuf {
    fn give(self) -> String {
        self.to_string_lossy().into_owned()
    }
}

impl<T, U: Give<T>> Give<Option<T>> for Option<U> {
    fn give(self) -> Option<T> {
        self.map(Give::give)
    }
}

impl<T, U: Give<T>> Give<Vec<T>> for Vec<U> {
    fn give(self) -> Vec<T> {
        self.into_iter().map(Give::give).collect()
    }
}

/// A record with the fields of `sidelight`'s own, each under its name.
macro_rules! given {
    ($(#[doc = $doc:literal])* #[of($Of:ty)] pub struct $Name:ident {
        $($(#[doc = $field_doc:literal])* pub $field:ident: $Type:ty,)+
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, uniffi::Record)]
        pub struct $Name {
            $($(#[doc = $field_doc])* pub $field: $Type,)+
        }

        impl $crate::mirror::Give<$Name> for $Of {
            fn give(self) -> $Name {
                $Name { $($field: $crate::mirror::Give::give(self.$field),)+ }
            }
        }

        // They hold what a person wrote.
        impl core::fmt::Debug for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($Name), "(…)"))
            }
        }
    };
}

/// An enum with the variants of `sidelight`'s own; one that is not known here is the one named.
macro_rules! mirrored {
    ($(#[doc = $doc:literal])* #[of($Of:ty, $Other:ident)] pub enum $Name:ident {
        $($(#[doc = $variant_doc:literal])* $Variant:ident,)+
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum $Name {
            $($(#[doc = $variant_doc])* $Variant,)+
        }

        impl $crate::mirror::Give<$Name> for $Of {
            fn give(self) -> $Name {
                type Of = $Of;
                #[allow(unreachable_patterns, reason = "only some of them are non_exhaustive")]
                match self {
                    $(Of::$Variant => $Name::$Variant,)+
                    _ => $Name::$Other,
                }
            }
        }
    };
}

/// The same, the other way; of an enum that goes no other way, with the enum itself.
macro_rules! taken {
    ($(#[doc = $doc:literal])* #[to($Of:ty)] pub enum $Name:ident {
        $($(#[doc = $variant_doc:literal])* $Variant:ident,)+
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum $Name {
            $($(#[doc = $variant_doc])* $Variant,)+
        }

        $crate::mirror::taken!($Name, $Of, $($Variant),+);
    };
    ($Name:ident, $Of:ty, $($Variant:ident),+) => {
        impl From<$Name> for $Of {
            fn from(given: $Name) -> Self {
                match given {
                    $($Name::$Variant => Self::$Variant,)+
                }
            }
        }
    };
}

pub(crate) use {given, mirrored, taken};
