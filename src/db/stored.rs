//! Columns as whoever can write in the database may have left them, and of which what is stored counts, to the letter.
//!
//! SQLite takes any type in any column. Decoded as usual, one value of another type breaks off the whole statement, and
//! what is converted on the way passes for what it is not.

use chrono::{NaiveDateTime, SecondsFormat};
use sqlx::error::BoxDynError;
use sqlx::mysql::MySqlValueRef;
use sqlx::sqlite::SqliteValueRef;
use sqlx::{Database, Decode, MySql, Sqlite, Type, TypeInfo, ValueRef};

use super::timestamp::as_written;
use crate::clock::Timestamp;

/// Stands for what is stored where text should be and is none. The server itself never writes such a text.
const UNREADABLE: &str = "\0unreadable";
/// Likewise for a moment, in microseconds since 1970: the first one of the year 1.
const UNREADABLE_MOMENT: i64 = -62_135_596_800_000_000;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored<T> {
    /// SQL's null.
    Nothing,
    /// Of a type, or written in a way, in which this server writes none.
    Unreadable,
    /// This.
    Is(T),
}

impl<T> Stored<T> {
    fn read(value: Result<T, BoxDynError>) -> Self {
        value.map_or(Self::Unreadable, Self::Is)
    }
}

/// Lets a value of any type through: decoding tells what it is.
macro_rules! any_type {
    ($($Db:ty),+ $(,)?) => {
        $(impl<T> Type<$Db> for Stored<T> {
            fn type_info() -> <$Db as Database>::TypeInfo {
                <str as Type<$Db>>::type_info()
            }

            fn compatible(_: &<$Db as Database>::TypeInfo) -> bool {
                true
            }
        })+
    };
}

any_type!(MySql, Sqlite);

impl<'r> Decode<'r, Sqlite> for Stored<String> {
    /// Text, and whole numbers as text.
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::Nothing);
        }
        let kind = value.type_info().into_owned();
        Ok(match kind.name() {
            "TEXT" => Self::read(<String as Decode<'r, Sqlite>>::decode(value)),
            "INTEGER" => Self::read(<i64 as Decode<'r, Sqlite>>::decode(value).map(|number| number.to_string())),
            _ => Self::Unreadable,
        })
    }
}

impl<'r> Decode<'r, MySql> for Stored<String> {
    /// Text, and whole numbers as text.
    fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::Nothing);
        }
        let is_number = <i64 as Type<MySql>>::compatible(&value.type_info());
        Ok(if is_number {
            Self::read(<i64 as Decode<'r, MySql>>::decode(value).map(|number| number.to_string()))
        } else {
            Self::read(<String as Decode<'r, MySql>>::decode(value))
        })
    }
}

impl<'r> Decode<'r, Sqlite> for Stored<Timestamp> {
    /// Only the text that is bound for a moment: the same moment in other words was not written here.
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = match <Stored<String> as Decode<'r, Sqlite>>::decode(value)? {
            Stored::Nothing => return Ok(Self::Nothing),
            Stored::Unreadable => return Ok(Self::Unreadable),
            Stored::Is(text) => text,
        };
        let moment = as_written(text.as_bytes()).map(|moment| moment.and_utc());
        let moment = moment.filter(|moment| moment.to_rfc3339_opts(SecondsFormat::AutoSi, false) == text);
        Ok(moment.map_or(Self::Unreadable, |moment| Self::Is(Timestamp::new(moment))))
    }
}

impl<'r> Decode<'r, MySql> for Stored<Timestamp> {
    fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::Nothing);
        }
        let moment = <NaiveDateTime as Decode<'r, MySql>>::decode(value);
        Ok(Self::read(moment.map(|moment| Timestamp::new(moment.and_utc()))))
    }
}

impl From<Stored<String>> for String {
    fn from(stored: Stored<String>) -> Self {
        match stored {
            Stored::Is(text) => text,
            Stored::Nothing | Stored::Unreadable => UNREADABLE.to_owned(),
        }
    }
}

impl From<Stored<String>> for Option<String> {
    fn from(stored: Stored<String>) -> Self {
        match stored {
            Stored::Nothing => None,
            stored => Some(stored.into()),
        }
    }
}

impl From<Stored<Timestamp>> for Option<Timestamp> {
    fn from(stored: Stored<Timestamp>) -> Self {
        match stored {
            Stored::Nothing => None,
            Stored::Unreadable => Timestamp::from_micros(UNREADABLE_MOMENT),
            Stored::Is(moment) => Some(moment),
        }
    }
}

/// The moment, unless it stands for one that could not be read.
pub fn readable(moment: Timestamp) -> Option<Timestamp> {
    (moment.micros() != UNREADABLE_MOMENT).then_some(moment)
}
