//! When the day's work is due: a time of day where the users are, as a moment.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::days;

/// A time of day, every day.
#[derive(Debug, Clone, Copy)]
pub struct Daily {
    /// The time on the clocks there.
    pub at: NaiveTime,
    /// Where.
    pub zone: Tz,
}

impl Daily {
    /// The moment on this day, as [`days::moment`] tells it.
    pub fn on(self, day: NaiveDate) -> Timestamp {
        days::moment(day, self.at, self.zone)
    }

    /// The last day whose moment has come.
    pub fn day(self, now: Timestamp) -> NaiveDate {
        let today = now.utc().with_timezone(&self.zone).date_naive();
        if self.on(today) <= now { today } else { today.pred_opt().unwrap_or(today) }
    }

    /// The next moment.
    pub fn next(self, now: Timestamp) -> Timestamp {
        let day = self.day(now);
        self.on(day.succ_opt().unwrap_or(day))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn daily(zone: Tz, at: &str) -> Daily {
        Daily { at: NaiveTime::parse_from_str(at, "%H:%M").unwrap(), zone }
    }

    fn moment(text: &str) -> Timestamp {
        Timestamp::new(text.parse::<DateTime<chrono::Utc>>().unwrap())
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_time_is_where_the_users_are() {
        let seoul = daily(Tz::Asia__Seoul, "03:00");
        assert_eq!(seoul.on(date("2026-02-07")), moment("2026-02-06T18:00:00Z"));
        assert_eq!(seoul.day(moment("2026-02-06T17:59:59Z")), date("2026-02-06"));
        assert_eq!(seoul.day(moment("2026-02-06T18:00:00Z")), date("2026-02-07"));
        assert_eq!(seoul.next(moment("2026-02-06T17:59:59Z")), moment("2026-02-06T18:00:00Z"));
        assert_eq!(seoul.next(moment("2026-02-06T18:00:00Z")), moment("2026-02-07T18:00:00Z"));
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_next_one_that_they_show() {
        for (zone, at, day, expected) in [
            (Tz::Europe__Berlin, "01:59", "2026-03-29", "2026-03-29T00:59:00Z"),
            (Tz::Europe__Berlin, "02:00", "2026-03-29", "2026-03-29T01:00:00Z"),
            (Tz::Europe__Berlin, "02:30", "2026-03-29", "2026-03-29T01:00:00Z"),
            (Tz::Europe__Berlin, "03:00", "2026-03-29", "2026-03-29T01:00:00Z"),
            // In Chile midnight itself is skipped.
            (Tz::America__Santiago, "00:00", "2026-09-06", "2026-09-06T04:00:00Z"),
            (Tz::America__Santiago, "00:30", "2026-09-06", "2026-09-06T04:00:00Z"),
            (Tz::America__Santiago, "23:59", "2026-09-05", "2026-09-06T03:59:00Z"),
            // On Samoa a whole day was.
            (Tz::Pacific__Apia, "03:00", "2011-12-30", "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(daily(zone, at).on(date(day)), moment(expected), "{zone} {day} {at}");
        }
    }

    #[test]
    fn of_a_time_that_the_clocks_show_twice_the_first_one_counts() {
        for (zone, at, day, expected) in [
            (Tz::Europe__Berlin, "02:30", "2026-10-25", "2026-10-25T00:30:00Z"),
            (Tz::Europe__Berlin, "03:00", "2026-10-25", "2026-10-25T02:00:00Z"),
            (Tz::America__Santiago, "23:30", "2026-04-04", "2026-04-05T02:30:00Z"),
        ] {
            assert_eq!(daily(zone, at).on(date(day)), moment(expected), "{zone} {day} {at}");
        }
        // 23:15 for the second time: the day's moment has come, and the next one is a day later.
        let santiago = daily(Tz::America__Santiago, "23:30");
        let again = moment("2026-04-05T03:15:00Z");
        assert_eq!((santiago.day(again), santiago.next(again)), (date("2026-04-04"), moment("2026-04-06T03:30:00Z")));
    }

    #[test]
    fn a_skipped_midnight_is_due_when_its_day_begins() {
        let santiago = daily(Tz::America__Santiago, "00:00");
        assert_eq!(santiago.day(moment("2026-09-06T03:59:59Z")), date("2026-09-05"));
        assert_eq!(santiago.next(moment("2026-09-06T03:59:59Z")), moment("2026-09-06T04:00:00Z"));
        assert_eq!(santiago.day(moment("2026-09-06T04:00:00Z")), date("2026-09-06"));
        assert_eq!(santiago.next(moment("2026-09-06T04:00:00Z")), moment("2026-09-07T03:00:00Z"));
    }

    proptest! {
        #[test]
        fn every_day_comes_once(zone in 0_usize..4, minute in 0_u32..1440, seconds in 1_577_836_800..2_082_758_400_i64) {
            let zone = [Tz::Asia__Seoul, Tz::Europe__Berlin, Tz::America__Santiago, Tz::Australia__Lord_Howe][zone];
            let daily = Daily { at: NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap(), zone };
            let now = Timestamp::from_micros(seconds * 1_000_000).unwrap();
            let (day, next) = (daily.day(now), daily.next(now));
            prop_assert!(daily.on(day) <= now && now < next, "{day} {next:?}");
            prop_assert_eq!(daily.day(next), day.succ_opt().unwrap());
        }
    }
}
