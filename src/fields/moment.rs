//! Dates and date-times as marshmallow 3 reads them, except that an offset is converted and not dropped.

use std::sync::LazyLock;

use chrono::{Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use regex::{Captures, Regex};

use crate::clock::Timestamp;

macro_rules! pattern {
    ($pattern:expr) => {
        // The pattern is a constant, and the tests compile it.
        LazyLock::new(|| Regex::new($pattern).expect("a valid pattern"))
    };
}
pub(super) use pattern;

static DATE: LazyLock<Regex> = pattern!(r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})$");

static DATE_TIME: LazyLock<Regex> = pattern!(concat!(
    r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})",
    r"[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})",
    r"(?::(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,6})[0-9]{0,6})?)?",
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_hour>[0-9]{2})(?::?(?P<zone_minute>[0-9]{2}))?)?$",
));

/// `YYYY-M-D`.
pub fn date(text: &str) -> Option<NaiveDate> {
    day(&DATE.captures(text)?)
}

/// `YYYY-M-D`, `T` or a blank, `H:M`, then optional seconds, fraction and offset; without an offset it is UTC.
pub fn date_time(text: &str) -> Option<Timestamp> {
    let parts = DATE_TIME.captures(text)?;
    let fraction = parts.name("fraction").map_or("", |fraction| fraction.as_str());
    let micros = format!("{fraction:0<6}").parse().ok()?;
    let time = NaiveTime::from_hms_micro_opt(
        number(&parts, "hour")?,
        number(&parts, "minute")?,
        number(&parts, "second")?,
        micros,
    )?;
    let local = day(&parts)?.and_time(time);
    let (hours, minutes) = (number(&parts, "zone_hour")?, number(&parts, "zone_minute")?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from((hours * 60 + minutes) * 60).ok()?;
    let east = if parts.name("sign").is_some_and(|sign| sign.as_str() == "-") { -seconds } else { seconds };
    let moment = FixedOffset::east_opt(east)?.from_local_datetime(&local).single()?.with_timezone(&Utc);
    // The offset may have carried it over the edge of the calendar.
    Timestamp::from_micros(moment.timestamp_micros())
}

/// A date, which is its first moment in UTC, or a date-time; the flag tells that it was a bare date.
pub fn date_or_moment(text: &str) -> Option<(Timestamp, bool)> {
    match date(text) {
        Some(day) => Some((Timestamp::new(day.and_time(NaiveTime::MIN).and_utc()), true)),
        None => date_time(text).map(|moment| (moment, false)),
    }
}

/// The last microsecond that a filter's end includes: a bare date stands for its whole day.
pub fn end_of((moment, is_bare_date): (Timestamp, bool)) -> Timestamp {
    let next_day = moment.utc().checked_add_days(Days::new(1));
    match next_day.and_then(|next_day| next_day.checked_sub_signed(TimeDelta::microseconds(1))) {
        Some(last) if is_bare_date => Timestamp::new(last),
        _ => moment,
    }
}

fn day(parts: &Captures<'_>) -> Option<NaiveDate> {
    let year: i32 = parts.name("year")?.as_str().parse().ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(parts, "month")?, number(parts, "day")?)?;
    (year >= 1).then_some(day)
}

/// The number in a group; 0 when the group is not there.
fn number(parts: &Captures<'_>, group: &str) -> Option<u32> {
    parts.name(group).map_or(Some(0), |digits| digits.as_str().parse().ok())
}
