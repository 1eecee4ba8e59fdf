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
            Some(months) => start.checked_add_months(Months::new(months)).and_then(|next| next.pred_opt()),
            None => start.checked_add_signed(self.end - self.start),
        };
        in_calendar(end)
    }

    /// How many months it lasts, if it lasts whole ones.
    fn months(self) -> Option<u32> {
        let next = self.end.succ_opt()?;
        let months = (next.year() - self.start.year()) * 12 + next.month() as i32 - self.start.month() as i32;
        let months = u32::try_from(months).ok().filter(|months| *months > 0)?;
        (self.start.checked_add_months(Months::new(months)) == Some(next)).then_some(months)
    }
}

fn in_calendar(date: Option<NaiveDate>) -> Option<NaiveDate> {
    date.filter(|date| date.year() <= LAST_YEAR)
}

#[cfg(test)]
mod tests {
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
    fn days_are_followed_by_as_many_days() {
        for (start, end, next_start, next_end) in [
            ("2026-01-01", "2026-01-01", "2026-01-02", "2026-01-02"),
            ("2026-01-01", "2026-01-30", "2026-01-31", "2026-03-01"),
            ("2024-01-01", "2024-12-30", "2024-12-31", "2025-12-30"),
        ] {
            assert_eq!(followed_by(start, end), Some((next_start.into(), next_end.into())), "{start}");
        }
    }

    #[test]
    fn nothing_follows_the_last_day_of_the_calendar() {
        assert_eq!(followed_by("9999-01-01", "9999-12-31"), None);
        assert_eq!(followed_by("9998-01-02", "9999-12-30"), None);
    }
}
