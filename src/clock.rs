//! The time of day as a value: nothing below the router asks the operating system for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, SubsecRound, Timelike, Utc};
use serde::ser::{Serialize, Serializer};

/// A moment in UTC, in the years 1 to 9999, with microseconds: what both databases keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Cuts off what is finer than a microsecond.
    pub fn new(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(6))
    }

    /// Whole microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// From whole microseconds since 1970; nothing outside the years 1 to 9999, which both databases keep.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).filter(|moment| (1..=9999).contains(&moment.year())).map(Self)
    }

    /// Whole seconds since 1970, as in a token's claims.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The same moment for calendar arithmetic.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl Serialize for Timestamp {
    /// RFC 3339 in UTC with six digits and `Z`: `2026-02-07T10:17:56.942016Z`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By hand and without an allocation: a page of twenty tasks has some ninety of them.
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let (date, time) = (self.0.date_naive(), self.0.time());
        put(&mut text[0..4], date.year().unsigned_abs());
        put(&mut text[5..7], date.month());
        put(&mut text[8..10], date.day());
        put(&mut text[11..13], time.hour());
        put(&mut text[14..16], time.minute());
        put(&mut text[17..19], time.second());
        put(&mut text[20..26], time.nanosecond() / 1000);
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

/// Writes the number over the digits, filled with zeros.
fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Where the time comes from: the system, or a test that moves it by hand.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The operating system's clock.
    #[default]
    System,
    /// Microseconds since 1970, moved by whoever shares it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::new(Utc::now()),
            Self::Manual(micros) => {
                Timestamp(DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }
}
