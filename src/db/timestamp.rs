//! How a [`Timestamp`] is bound and read.
//!
//! SQLite has RFC 3339 text. MariaDB has DATETIME(6) in UTC: sqlx sends its own `DateTime<Utc>` as a TIMESTAMP, which
//! MariaDB turns into null before 1970 and after 2038.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlTypeInfo, MySqlValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Database, Decode, Encode, MySql, Sqlite, Type};

use crate::clock::Timestamp;

/// Implements the three traits by way of the type that sqlx knows.
macro_rules! by_way_of {
    ($Db:ty, $Known:ty, $Info:ty, $Value:ident, $from:expr, $into:expr) => {
        impl Type<$Db> for Timestamp {
            fn type_info() -> $Info {
                <$Known as Type<$Db>>::type_info()
            }

            fn compatible(info: &$Info) -> bool {
                <$Known as Type<$Db>>::compatible(info)
            }
        }

        impl Encode<'_, $Db> for Timestamp {
            fn encode_by_ref(&self, buffer: &mut <$Db as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let known: $Known = $from(self.utc());
                <$Known as Encode<'_, $Db>>::encode_by_ref(&known, buffer)
            }
        }

        impl<'r> Decode<'r, $Db> for Timestamp {
            fn decode(value: $Value<'r>) -> Result<Self, BoxDynError> {
                <$Known as Decode<'r, $Db>>::decode(value).map(|known| Self::new($into(known)))
            }
        }
    };
}

by_way_of!(Sqlite, DateTime<Utc>, SqliteTypeInfo, SqliteValueRef, |utc| utc, |known| known);
by_way_of!(
    MySql,
    NaiveDateTime,
    MySqlTypeInfo,
    MySqlValueRef,
    |utc: DateTime<Utc>| utc.naive_utc(),
    |known: NaiveDateTime| known.and_utc()
);
