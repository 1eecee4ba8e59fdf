//! From when until when a contract runs.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The last year that both databases keep.
const LAST_YEAR: i32 = 9999;

/// The first and the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The first day.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
}

impl Term {
    /// The day after the last one.
    pub fn next_start(self) -> Option<NaiveDate> {
        in_calendar(self.end.checked_add_days(Days::new(1)))
    }

    /// The last day of a term as long as this one: of as many months when it is one of whole months, else of as many
    /// days.
    pub fn end_from(self, start: NaiveDate) -> Option<NaiveDate> {
        let end = match self.months() {
            Some(months) => last_day(start, months),
            None => start.checked_add_signed(self.end - self.start),
        };
        in_calendar(end)
    }

    /// How many months it lasts, if it lasts whole ones.
    fn months(self) -> Option<u32> {
        let months = (self.end.year() - self.start.year()) * 12 + self.end.month() as i32 - self.start.month() as i32;
        // It may end in the month before that of the day on which the next one starts.
        let months = [months, months + 1].into_iter().filter_map(|months| u32::try_from(months).ok());
        months.filter(|months| *months > 0).find(|months| self.lasts(*months))
    }

    fn lasts(self, months: u32) -> bool {
        // Programs that count from the 31st of January end a month the day before the 28th of February.
        let is_short = || self.start.checked_add_months(Months::new(months)) == self.end.succ_opt();
        last_day(self.start, months) == Some(self.end) || is_short()
    }
}

/// The last day of so many months from this one on: the day before the same day of the month. Where that month has no
/// such day, it is the month's last one (Korean Civil Act, article 160 (3)).
fn last_day(start: NaiveDate, months: u32) -> Option<NaiveDate> {
    let next = start.checked_add_months(Months::new(months))?;
    if next.day() == start.day() { next.pred_opt() } else { Some(next) }
}

fn in_calendar(date: Option<NaiveDate>) -> Option<NaiveDate> {
    date.filter(|date| date.year() <= LAST_YEAR)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn followed_by(start: &str, end: &str) -> Option<(String, String)> {
        let term = Term { start: date(start), end: date(end) };
        let start = term.next_start()?;
        Some((start.to_string(), term.end_from(start)?.to_string()))
    }

    #[test]
    fn a_year_is_followed_by_a_year_and_a_month_by_a_month() {
        for (start, end, next_start, next_end) in [
            ("2026-01-01", "2026-12-31", "2027-01-01", "2027-12-31"),
            ("2027-01-01", "2027-12-31", "2028-01-01", "2028-12-31"),
            ("2023-03-01", "2024-02-29", "2024-03-01", "2025-02-28"),
            ("2026-01-15", "2028-01-14", "2028-01-15", "2030-01-14"),
            ("2026-01-01", "2026-01-31", "2026-02-01", "2026-02-28"),
        ] {
            assert_eq!(followed_by(start, end), Some((next_start.into(), next_end.into())), "{start}");
        }
    }

    #[test]
    fn where_a_month_has_no_such_day_a_term_ends_with_the_month() {
        for (start, end, next_start, next_end) in [
            // A year, half a year, a month, a quarter, four years.
            ("2024-02-29", "2025-02-28", "2025-03-01", "2026-02-28"),
            ("2025-08-31", "2026-02-28", "2026-03-01", "2026-08-31"),
            ("2026-01-31", "2026-02-28", "2026-03-01", "2026-03-31"),
            ("2024-01-30", "2024-02-29", "2024-03-01", "2024-03-31"),
            ("2025-11-30", "2026-02-28", "2026-03-01", "2026-05-31"),
            ("2026-03-31", "2026-04-30", "2026-05-01", "2026-05-31"),
            ("2024-02-29", "2028-02-28", "2028-02-29", "2032-02-28"),
            // A day short.
            ("2024-02-29", "2025-02-27", "2025-02-28", "2026-02-27"),
            ("2026-01-31", "2026-02-27", "2026-02-28", "2026-03-27"),
        ] {
            assert_eq!(followed_by(start, end), Some((next_start.into(), next_end.into())), "{start} to {end}");
        }
        // Of a term that starts elsewhere.
        let month = Term { start: date("2026-01-01"), end: date("2026-01-31") };
        for (start, end) in [("2026-01-31", "2026-02-28"), ("2028-01-30", "2028-02-29"), ("2026-02-28", "2026-03-27")] {
            assert_eq!(month.end_from(date(start)), Some(date(end)), "{start}");
        }
    }

    #[test]
    fn days_are_followed_by_as_many_days() {
        for (start, end, next_start, next_end) in [
            ("2026-01-01", "2026-01-01", "2026-01-02", "2026-01-02"),
            ("2026-01-01", "2026-01-30", "2026-01-31", "2026-03-01"),
            ("2024-01-01", "2024-12-30", "2024-12-31", "2025-12-30"),
            ("2026-02-01", "2026-02-27", "2026-02-28", "2026-03-26"),
            ("2026-01-31", "2026-02-26", "2026-02-27", "2026-03-25"),
            ("2025-12-31", "2026-03-01", "2026-03-02", "2026-05-01"),
        ] {
            assert_eq!(followed_by(start, end), Some((next_start.into(), next_end.into())), "{start}");
        }
    }

    #[test]
    fn nothing_follows_the_last_day_of_the_calendar() {
        assert_eq!(followed_by("9999-01-01", "9999-12-31"), None);
        assert_eq!(followed_by("9998-01-02", "9999-12-30"), None);
    }

    fn any_start() -> impl Strategy<Value = NaiveDate> {
        (1990..2100, 1..=12_u32, 1..=31_u32)
            .prop_filter_map("no such day", |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day))
    }

    fn renewed(term: Term) -> Term {
        let start = term.next_start().unwrap();
        Term { start, end: term.end_from(start).unwrap() }
    }

    proptest! {
        #[test]
        fn a_term_of_months_lasts_as_many_months(start in any_start(), months in 1..200_u32) {
            let term = Term { start, end: last_day(start, months).unwrap() };
            prop_assert_eq!(term.months(), Some(months));
        }

        #[test]
        fn terms_of_months_do_not_drift(start in any_start(), months in 1..40_u32) {
            let mut term = Term { start, end: last_day(start, months).unwrap() };
            for number in 1..40_u32 {
                term = renewed(term);
                prop_assert_eq!(term.months(), Some(months), "{:?}", term);
                // Once a month ended before such a day, every term starts on the first.
                prop_assert!([start.day(), 1].contains(&term.start.day()), "{:?}", term);
                let due = start.checked_add_months(Months::new(months * number)).unwrap();
                prop_assert!((0..=3).contains(&(term.start - due).num_days()), "{:?} was due on {}", term, due);
            }
        }

        #[test]
        fn terms_of_days_last_as_many_days(start in any_start(), days in 0..2000_i64) {
            let term = Term { start, end: start + TimeDelta::days(days) };
            prop_assume!(term.months().is_none());
            let next = renewed(term);
            prop_assert_eq!((next.start - term.end).num_days(), 1);
            prop_assert_eq!((next.end - next.start).num_days(), days);
        }
    }
}
