//! Days as the users' clocks show them, and when that is.

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::clock::Timestamp;

/// In minutes. The longest gap so far was a whole day, which Samoa left out.
const LONGEST_GAP: i64 = 25 * 60;

/// When the clocks there show this time of this day: of a time that they show twice, the first one; where they skip it,
/// the next one that they show.
pub fn moment(day: NaiveDate, time: NaiveTime, zone: Tz) -> Timestamp {
    let local = day.and_time(time);
    let shown = (0..=LONGEST_GAP).find_map(|minutes| {
        let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        zone.from_local_datetime(&local).earliest()
    });
    Timestamp::new(shown.map_or_else(|| local.and_utc(), |shown| shown.to_utc()))
}

/// The first moment of a day; a day that is left out begins with the next one.
pub fn beginning(day: NaiveDate, zone: Tz) -> Timestamp {
    moment(day, NaiveTime::MIN, zone)
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Africa, America, Asia, Pacific};
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::new(text.parse().unwrap())
    }

    #[test]
    fn a_day_begins_at_midnight_or_as_soon_as_there_is_a_time() {
        for (zone, date, begins) in [
            (Tz::UTC, "2026-02-07", "2026-02-07T00:00:00Z"),
            (Asia::Seoul, "2026-02-07", "2026-02-06T15:00:00Z"),
            (Asia::Kathmandu, "2026-02-07", "2026-02-06T18:15:00Z"),
            // In summer and in winter.
            (America::New_York, "2026-07-01", "2026-07-01T04:00:00Z"),
            (America::New_York, "2026-12-01", "2026-12-01T05:00:00Z"),
            // Midnight was one o'clock.
            (America::Sao_Paulo, "2018-11-04", "2018-11-04T03:00:00Z"),
            (Africa::Cairo, "2024-04-26", "2024-04-25T22:00:00Z"),
            // Midnight came twice.
            (America::Havana, "2026-11-01", "2026-11-01T04:00:00Z"),
            // There was no such day.
            (Pacific::Apia, "2011-12-29", "2011-12-29T10:00:00Z"),
            (Pacific::Apia, "2011-12-30", "2011-12-30T10:00:00Z"),
            (Pacific::Apia, "2011-12-31", "2011-12-30T10:00:00Z"),
            (Pacific::Kwajalein, "1993-08-21", "1993-08-21T12:00:00Z"),
        ] {
            assert_eq!(beginning(day(date), zone), at(begins), "{zone} {date}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_in_the_day_that_the_clocks_show(micros in 946_684_800_000_000_i64..4_102_444_800_000_000) {
            for zone in [Asia::Seoul, Asia::Kathmandu, America::Sao_Paulo, America::Havana, Pacific::Apia] {
                let moment = Timestamp::from_micros(micros).unwrap();
                let shown = moment.utc().with_timezone(&zone).date_naive();
                let next = shown.succ_opt().unwrap();
                prop_assert!(beginning(shown, zone) <= moment && moment < beginning(next, zone), "{zone} {shown}");
            }
        }
    }
}
