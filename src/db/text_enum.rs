//! Enums that are text in JSON, in the database and in the document.

/// Declares an enum with one name per variant.
///
/// `#[derive(sqlx::Type)]` will not do: on MariaDB it decodes nothing but a nullable native ENUM column.
/// `$name` is a `tt`, since utoipa overlooks the rename when it is a `literal`.
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $Enum:ident { $($(#[$variant_meta:meta])* $Variant:ident = $name:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ::serde::Serialize, ::utoipa::ToSchema)]
        $vis enum $Enum { $($(#[$variant_meta])* #[serde(rename = $name)] $Variant),+ }

        impl $Enum {
            /// Every name, in order of declaration.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $name),+ }
            }

            /// The variant of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$Variant),)+ _ => None }
            }
        }

        impl From<$Enum> for $crate::db::Value {
            fn from(value: $Enum) -> Self {
                Self::Name(value.as_str())
            }
        }

        impl $crate::fields::Named for $Enum {
            const NAMES: &'static [&'static str] = Self::NAMES;

            fn from_name(name: &str) -> Option<Self> {
                Self::parse(name)
            }
        }

        impl<DB: ::sqlx::Database> ::sqlx::Type<DB> for $Enum where str: ::sqlx::Type<DB> {
            fn type_info() -> DB::TypeInfo {
                <str as ::sqlx::Type<DB>>::type_info()
            }

            fn compatible(info: &DB::TypeInfo) -> bool {
                <str as ::sqlx::Type<DB>>::compatible(info)
            }
        }

        impl<'r, DB: ::sqlx::Database> ::sqlx::Decode<'r, DB> for $Enum where &'r str: ::sqlx::Decode<'r, DB> {
            fn decode(value: <DB as ::sqlx::Database>::ValueRef<'r>) -> Result<Self, ::sqlx::error::BoxDynError> {
                let name = <&'r str as ::sqlx::Decode<'r, DB>>::decode(value)?;
                Self::parse(name).ok_or_else(|| format!(concat!("unknown ", stringify!($Enum), " {:?}"), name).into())
            }
        }
    };
}

pub(crate) use text_enum;
