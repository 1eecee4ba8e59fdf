//! The week of a task that an action item becomes.

use chrono::{Datelike, NaiveDate, Weekday};

/// The last week of a long year; a short one ends with the week before.
const LAST: i64 = 53;
/// Within so many years there always is a long one.
const YEARS_AROUND: i32 = 7;

/// The ISO year and week of what is to be done on this day, if the caller gives not both, which are taken as they are.
pub fn week_of(year: Option<i64>, number: Option<i64>, day: NaiveDate) -> (i64, i64) {
    let own = day.iso_week();
    match (year, number) {
        (Some(year), Some(number)) => (year, number),
        (Some(year), None) => (year, within(year, own.week().into())),
        (None, Some(number)) => (nearest_year(number, day), number),
        (None, None) => (own.year().into(), own.week().into()),
    }
}

/// The week's number in this year, which may be a short one.
fn within(year: i64, number: i64) -> i64 {
    let is_there = i32::try_from(year).is_ok_and(|year| monday(year, number).is_some());
    if number == LAST && !is_there { LAST - 1 } else { number }
}

/// The year in which the week of this number lies nearest to that of the day; of two, the later one.
fn nearest_year(number: i64, day: NaiveDate) -> i64 {
    let (year, own) = (day.iso_week().year(), day.week(Weekday::Mon).first_day());
    let distance = |year: i32| Some(((monday(year, number)? - own).num_days().abs(), year));
    let years = (year - YEARS_AROUND..=year + YEARS_AROUND).rev().filter_map(distance);
    years.min_by_key(|(days, _)| *days).map_or(year, |(_, year)| year).into()
}

/// When the week begins, if the year has it.
fn monday(year: i32, number: i64) -> Option<NaiveDate> {
    NaiveDate::from_isoywd_opt(year, u32::try_from(number).ok()?, Weekday::Mon)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn half_a_week_is_completed_by_the_day() {
        // By ISO 8601: 2020, 2026 and 2032 have 53 weeks, the years between them 52.
        for (year, number, today, expected) in [
            (None, None, "2026-12-31", (2026, 53)),
            (None, None, "2025-12-29", (2026, 1)),
            (Some(2027), None, "2026-12-31", (2027, 52)),
            (Some(2032), None, "2026-12-31", (2032, 53)),
            (Some(2030), None, "2026-02-07", (2030, 6)),
            (None, Some(1), "2026-12-31", (2027, 1)),
            (None, Some(53), "2027-01-04", (2026, 53)),
            (None, Some(52), "2026-01-01", (2025, 52)),
            (None, Some(7), "2026-02-07", (2026, 7)),
            (None, Some(5), "2026-02-07", (2026, 5)),
            // As far from the one of the year before.
            (None, Some(32), "2026-02-07", (2026, 32)),
            (None, Some(33), "2026-02-07", (2025, 33)),
            (None, Some(53), "2023-06-01", (2020, 53)),
            (None, Some(53), "2024-06-01", (2026, 53)),
            (Some(2027), Some(53), "2026-02-07", (2027, 53)),
        ] {
            assert_eq!(week_of(year, number, day(today)), expected, "{year:?} {number:?} {today}");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_week_of_its_year_and_no_nearer_one_has_its_number(days in 366..3_660_000_i32, number in 1..=53_i64) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let (year, found) = week_of(None, Some(number), day);
            prop_assert_eq!(found, number);
            let own = day.week(Weekday::Mon).first_day();
            let distance = |year: i64| Some((monday(year as i32, number)? - own).num_days().abs());
            let least = distance(year).unwrap();
            prop_assert!((year - 10..=year + 10).filter_map(distance).all(|other| other >= least));
            let (year, found) = week_of(Some(year), None, day);
            prop_assert!(monday(year as i32, found).is_some());
        }
    }
}
