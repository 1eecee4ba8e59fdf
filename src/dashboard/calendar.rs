//! Days, ISO weeks and months where the users are.

use chrono::{Datelike, Months, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::days;

/// Today, where the users are.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    today: NaiveDate,
    timezone: Tz,
}

/// A week of ISO 8601, from Monday to Sunday; it belongs to the year that its Thursday is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// ISO year.
    pub year: i64,
    /// ISO week.
    pub number: i64,
    /// Monday.
    pub start: NaiveDate,
    /// Sunday.
    pub end: NaiveDate,
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// The first day of the next one.
    pub next: NaiveDate,
}

impl Week {
    fn of(day: NaiveDate) -> Self {
        let (week, days) = (day.iso_week(), day.week(Weekday::Mon));
        Self { year: week.year().into(), number: week.week().into(), start: days.first_day(), end: days.last_day() }
    }
}

impl Calendar {
    /// Of this day, in this time zone.
    pub fn new(today: NaiveDate, timezone: Tz) -> Self {
        Self { today, timezone }
    }

    /// Today.
    pub fn today(self) -> NaiveDate {
        self.today
    }

    /// The week that today is in.
    pub fn week(self) -> Week {
        Week::of(self.today)
    }

    /// So many weeks, the last one being that of today.
    pub fn weeks(self, count: i64) -> Vec<Week> {
        (0..count).rev().map(|back| Week::of(self.today - TimeDelta::weeks(back))).collect()
    }

    /// So many months, the last one being that of today.
    pub fn months(self, count: i64) -> Vec<Month> {
        let this = month_of(self.today);
        let month = |back: i64| {
            let first = this.checked_sub_months(Months::new(u32::try_from(back).ok()?))?;
            Some(Month { first, next: first.checked_add_months(Months::new(1))? })
        };
        (0..count).rev().filter_map(month).collect()
    }

    /// When the week begins, and when the next one does.
    pub fn span(self, week: Week) -> (Timestamp, Timestamp) {
        (self.start_of(week.start), self.start_of(week.end + TimeDelta::days(1)))
    }

    /// The first day of the month that this moment is in.
    pub fn month_at(self, moment: Timestamp) -> NaiveDate {
        month_of(moment.utc().with_timezone(&self.timezone).date_naive())
    }

    /// When this day begins.
    pub fn start_of(self, day: NaiveDate) -> Timestamp {
        days::beginning(day, self.timezone)
    }
}

/// The first day of this day's month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America, Asia, Pacific};
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_around_new_year_belong_to_the_year_of_their_thursday() {
        // By ISO 8601: 2026 has 53 weeks, 2025 and 2027 have 52.
        for (today, year, number, start, end) in [
            ("2025-12-28", 2025, 52, "2025-12-22", "2025-12-28"),
            ("2025-12-29", 2026, 1, "2025-12-29", "2026-01-04"),
            ("2026-12-31", 2026, 53, "2026-12-28", "2027-01-03"),
            ("2027-01-03", 2026, 53, "2026-12-28", "2027-01-03"),
            ("2027-01-04", 2027, 1, "2027-01-04", "2027-01-10"),
        ] {
            let week = Calendar::new(day(today), Asia::Seoul).week();
            assert_eq!(week, Week { year, number, start: day(start), end: day(end) }, "{today}");
        }
        let weeks = Calendar::new(day("2027-01-05"), Asia::Seoul).weeks(3);
        let weeks: Vec<(i64, i64)> = weeks.iter().map(|week| (week.year, week.number)).collect();
        assert_eq!(weeks, [(2026, 52), (2026, 53), (2027, 1)]);
    }

    proptest! {
        #[test]
        fn weeks_and_months_follow_one_another_up_to_today(days in 737_000..760_000_i32, count in 1..105_usize) {
            let today = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let calendar = Calendar::new(today, Asia::Seoul);
            let (weeks, months) = (calendar.weeks(count as i64), calendar.months(count as i64));
            prop_assert_eq!((weeks.len(), months.len()), (count, count));
            for pair in weeks.windows(2) {
                prop_assert_eq!(pair[0].end.succ_opt().unwrap(), pair[1].start);
            }
            for pair in months.windows(2) {
                prop_assert_eq!(pair[0].next, pair[1].first);
            }
            let (week, month) = (weeks[weeks.len() - 1], months[months.len() - 1]);
            prop_assert!((week.start..=week.end).contains(&today));
            prop_assert!((month.first..month.next).contains(&today));
        }

        #[test]
        fn a_moment_is_in_the_month_whose_days_hold_it(micros in 1_577_836_800_000_000_i64..4_102_444_800_000_000) {
            for timezone in [Asia::Seoul, Asia::Kathmandu, America::New_York, Pacific::Apia] {
                let moment = Timestamp::from_micros(micros).unwrap();
                let calendar = Calendar::new(day("2026-02-07"), timezone);
                let first = calendar.month_at(moment);
                let next = first.checked_add_months(Months::new(1)).unwrap();
                prop_assert!(calendar.start_of(first) <= moment && moment < calendar.start_of(next), "{timezone}");
            }
        }
    }
}
