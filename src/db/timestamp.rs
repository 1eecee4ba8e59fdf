//! How a [`Timestamp`] is bound and read.
//!
//! SQLite has RFC 3339 text. MariaDB has DATETIME(6) in UTC: sqlx sends its own `DateTime<Utc>` as a TIMESTAMP, which
//! MariaDB turns into null before 1970 and after 2038.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlTypeInfo, MySqlValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Database, Decode, Encode, MySql, Sqlite, Type};

use crate::clock::Timestamp;

/// Implements binding by way of the type that sqlx knows.
macro_rules! bind_as {
    ($Db:ty, $Known:ty, $Info:ty, $known:expr) => {
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
                let known: $Known = $known(self.utc());
                <$Known as Encode<'_, $Db>>::encode_by_ref(&known, buffer)
            }
        }
    };
}

bind_as!(Sqlite, DateTime<Utc>, SqliteTypeInfo, |utc| utc);
bind_as!(MySql, NaiveDateTime, MySqlTypeInfo, |utc: DateTime<Utc>| utc.naive_utc());

impl<'r> Decode<'r, MySql> for Timestamp {
    fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::new(<NaiveDateTime as Decode<'r, MySql>>::decode(value)?.and_utc()))
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<'r, Sqlite>>::decode(value)?;
        let moment = match as_written(text.as_bytes()) {
            Some(moment) => moment.and_utc(),
            None => text.parse::<DateTime<Utc>>()?,
        };
        Ok(Self::new(moment))
    }
}

/// Reads what sqlx writes, `2026-02-07T10:17:56.942016+00:00` with three, six or no digits behind the point. By hand,
/// since a page of twenty tasks has some ninety of them.
pub(super) fn as_written(text: &[u8]) -> Option<NaiveDateTime> {
    let (text, fraction) = text.strip_suffix(b"+00:00")?.split_at_checked(19)?;
    let number = |digits: &[u8]| {
        let add = |number: u32, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'));
        digits.iter().try_fold(0, add)
    };
    let [b'-', b'-', b'T', b':', b':'] = [text[4], text[7], text[10], text[13], text[16]] else { return None };
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] if digits.len() == 3 => number(digits)? * 1000,
        [b'.', digits @ ..] if digits.len() == 6 => number(digits)?,
        _ => return None,
    };
    let year = i32::try_from(number(&text[0..4])?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(&text[5..7])?, number(&text[8..10])?)?;
    day.and_hms_micro_opt(number(&text[11..13])?, number(&text[14..16])?, number(&text[17..19])?, micros)
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_sqlx_writes_is_read_back(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000, grain in 0..3_u32) {
            let grain = [1, 1000, 1_000_000][grain as usize];
            let moment = Timestamp::from_micros(micros / grain * grain).unwrap().utc();
            let text = moment.to_rfc3339_opts(SecondsFormat::AutoSi, false);
            prop_assert_eq!(as_written(text.as_bytes()), Some(moment.naive_utc()), "{}", text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = as_written(&bytes);
            let _ = as_written(&[&bytes[..], b"+00:00"].concat());
        }
    }

    #[test]
    fn other_texts_are_left_to_the_general_parser() {
        for text in [
            "2026-02-07T10:17:56Z",
            "2026-02-07 10:17:56+00:00",
            "2026-02-30T10:17:56+00:00",
            "2026-02-07T10:17:56.9+00:00",
        ] {
            assert_eq!(as_written(text.as_bytes()), None, "{text}");
        }
    }
}
