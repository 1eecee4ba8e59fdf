//! ISO 8601 weeks, and when they begin and end where the users are.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::clock::Timestamp;

/// A week of the ISO 8601 calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    year: i64,
    number: i64,
    monday: NaiveDate,
}

impl Week {
    /// The week of that number, if the year has it.
    pub fn new(year: i64, number: i64) -> Option<Self> {
        let (iso_year, week) = (i32::try_from(year).ok()?, u32::try_from(number).ok()?);
        let monday = NaiveDate::from_isoywd_opt(iso_year, week, Weekday::Mon)?;
        Some(Self { year, number, monday })
    }

    /// How many weeks the year has.
    pub fn count_in(year: i64) -> i64 {
        if Self::new(year, 53).is_some() { 53 } else { 52 }
    }

    /// The ISO year, which is not the calendar's in every week around new year.
    pub fn year(self) -> i64 {
        self.year
    }

    /// From 1.
    pub fn number(self) -> i64 {
        self.number
    }

    /// The first day.
    pub fn monday(self) -> NaiveDate {
        self.monday
    }

    /// The last day.
    pub fn sunday(self) -> NaiveDate {
        self.monday + Days::new(6)
    }

    fn next_monday(self) -> NaiveDate {
        self.monday + Days::new(7)
    }
}

impl fmt::Display for Week {
    /// As ISO 8601 writes it: `2026-W06`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-W{:02}", self.year, self.number)
    }
}

/// What a report covers.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// The week.
    pub week: Week,
    /// Its first moment.
    pub begins: Timestamp,
    /// The first moment after it.
    pub ends: Timestamp,
    /// The day before which an open task must have been due to be late, or its week have ended if it has no due date.
    pub late_before: NaiveDate,
    /// The first moment of that day.
    pub late: Timestamp,
}

impl Period {
    /// The week as seen today.
    pub fn new(week: Week, today: NaiveDate, timezone: Tz) -> Self {
        let ends = week.next_monday();
        let late_before = today.min(ends);
        Self {
            week,
            begins: beginning(week.monday(), timezone),
            ends: beginning(ends, timezone),
            late_before,
            late: beginning(late_before, timezone),
        }
    }

    /// Whether this week, which may be one that its year does not have, is over on the day that counts for lateness.
    pub fn has_ended(&self, year: i64, number: i64) -> bool {
        let week = self.late_before.iso_week();
        (year, number) < (week.year().into(), week.week().into())
    }
}

/// The first moment of a day.
fn beginning(day: NaiveDate, timezone: Tz) -> Timestamp {
    let midnight = day.and_time(NaiveTime::MIN);
    // Where clocks are put forward at midnight, the day begins with a later time.
    let mut quarters = (0..96).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
    let first = quarters.find_map(|time| timezone.from_local_datetime(&time).earliest());
    Timestamp::new(first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_around_new_year_belong_to_the_year_of_their_thursday() {
        for (year, number, monday) in
            [(2026, 1, "2025-12-29"), (2026, 53, "2026-12-28"), (2027, 1, "2027-01-04"), (2025, 52, "2025-12-22")]
        {
            assert_eq!(Week::new(year, number).map(Week::monday), Some(day(monday)), "{year} {number}");
        }
        for (year, number) in [(2025, 53), (2027, 53), (2026, 54), (2026, 0), (2026, -1), (i64::MAX, 1)] {
            assert_eq!(Week::new(year, number), None, "{year} {number}");
        }
        assert_eq!([2020, 2025, 2026, 2027, 2032].map(Week::count_in), [53, 52, 53, 52, 53]);
        assert_eq!(Week::new(2026, 6).unwrap().to_string(), "2026-W06");
    }

    #[test]
    fn a_week_has_ended_when_the_next_one_has_begun() {
        let period = |number, today| Period::new(Week::new(2026, number).unwrap(), day(today), Tz::UTC);
        for (number, today, year, other, has_ended) in [
            // The week itself: on its last day, the day after, and long after.
            (1, "2026-01-04", 2026, 1, false),
            (1, "2026-01-05", 2026, 1, true),
            (1, "2026-12-31", 2026, 1, true),
            // Seen from a past week, those behind it have not.
            (5, "2026-12-31", 2026, 5, true),
            (5, "2026-12-31", 2026, 6, false),
            // Seen from a week to come, those before it may not have.
            (9, "2026-02-07", 2026, 5, true),
            (9, "2026-02-07", 2026, 6, false),
            // Around new year, and a week that is none.
            (1, "2026-01-01", 2025, 52, true),
            (1, "2026-01-01", 2025, 53, true),
            (53, "2027-01-03", 2026, 53, false),
            (53, "2027-01-04", 2026, 53, true),
        ] {
            assert_eq!(period(number, today).has_ended(year, other), has_ended, "{number} {today} {year} {other}");
        }
    }

    #[test]
    fn a_day_begins_with_its_first_moment() {
        for (timezone, date, micros) in [
            (Tz::UTC, "2026-02-07", "2026-02-07T00:00:00Z"),
            (Tz::Asia__Seoul, "2026-02-07", "2026-02-06T15:00:00Z"),
            // From 00:00 to 01:00.
            (Tz::Africa__Cairo, "2024-04-26", "2024-04-25T22:00:00Z"),
            // From 01:00 back to 00:00.
            (Tz::America__Havana, "2024-11-03", "2024-11-03T04:00:00Z"),
        ] {
            let moment = micros.parse().map(Timestamp::new).unwrap();
            assert_eq!(beginning(day(date), timezone), moment, "{timezone} {date}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_in_the_week_that_the_calendar_names(days in 737_425_i32..767_009) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let week = Week::new(day.iso_week().year().into(), day.iso_week().week().into()).unwrap();
            prop_assert!((week.monday()..=week.sunday()).contains(&day));
        }
    }
}
