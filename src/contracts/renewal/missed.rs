//! Which term follows one that is over, after however long a pause.

use std::iter::successors;

use chrono::{NaiveDate, TimeDelta};

use super::term::Term;

/// The most missed terms that follow one by one. After more of them, as where a year is mistyped, the term that today
/// is in comes next.
const MOST_MISSED: usize = 24;
/// In days. Terms that are shorter are never whole months.
const SHORTEST_MONTH: i64 = 28;

/// The term that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// From when until when.
    pub term: Term,
    /// Whether missed terms are passed over.
    pub passes_over: bool,
}

/// The term that follows this one; nothing when it would go beyond the calendar.
pub fn next(term: Term, today: NaiveDate) -> Option<Next> {
    let first = following(term)?;
    let mut chain = successors(Some(first), |term| following(*term)).take(MOST_MISSED + 1);
    if chain.any(|term| term.end >= today) {
        return Some(Next { term: first, passes_over: false });
    }
    Some(Next { term: reaching(first, today)?, passes_over: true })
}

fn following(term: Term) -> Option<Term> {
    let start = term.next_start()?;
    Some(Term { start, end: term.end_from(start)? })
}

/// Of the terms that follow one another from this one on, the first that is not over today.
fn reaching(mut term: Term, today: NaiveDate) -> Option<Term> {
    let days = (term.end - term.start).num_days() + 1;
    if days < SHORTEST_MONTH {
        // Each has as many days, and there may be hundreds of thousands of them.
        let over = TimeDelta::days((today - term.start).num_days().max(0) / days * days);
        term = Term { start: term.start.checked_add_signed(over)?, end: term.end.checked_add_signed(over)? };
    }
    while term.end < today {
        term = following(term)?;
    }
    Some(term)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn term(start: &str, end: &str) -> Term {
        Term { start: date(start), end: date(end) }
    }

    #[test]
    fn up_to_twenty_four_missed_terms_follow_one_by_one() {
        let month = term("2024-01-01", "2024-01-31");
        for (today, next_term, passes_over) in [
            ("2024-02-01", term("2024-02-01", "2024-02-29"), false),
            ("2026-02-28", term("2024-02-01", "2024-02-29"), false),
            ("2026-03-01", term("2026-03-01", "2026-03-31"), true),
            ("2026-03-31", term("2026-03-01", "2026-03-31"), true),
            ("2026-04-01", term("2026-04-01", "2026-04-30"), true),
        ] {
            assert_eq!(next(month, date(today)), Some(Next { term: next_term, passes_over }), "{today}");
        }
    }

    #[test]
    fn a_mistyped_year_leads_to_today() {
        for (start, end, next_start, next_end) in [
            ("0026-01-01", "0026-01-01", "2026-02-07", "2026-02-07"),
            ("0026-01-01", "0026-12-31", "2026-01-01", "2026-12-31"),
            ("0202-06-01", "0202-08-31", "2025-12-01", "2026-02-28"),
            ("0001-01-31", "0001-02-27", "2026-01-28", "2026-02-27"),
        ] {
            let expected = Next { term: term(next_start, next_end), passes_over: true };
            assert_eq!(next(term(start, end), date("2026-02-07")), Some(expected), "{start} to {end}");
        }
    }

    #[test]
    fn nothing_follows_the_last_day_of_the_calendar() {
        assert_eq!(next(term("9999-01-01", "9999-12-31"), date("9999-12-31")), None);
    }

    proptest! {
        #[test]
        fn passing_over_comes_to_where_walking_does(ce in 690_000..739_000_i32, days in 0..800_i64) {
            let start = NaiveDate::from_num_days_from_ce_opt(ce).unwrap();
            let today = date("2026-02-07");
            let old = Term { start, end: start + TimeDelta::days(days) };
            prop_assume!(old.end < today);
            let mut missed = 0;
            let mut walked = following(old).unwrap();
            while walked.end < today {
                missed += 1;
                walked = following(walked).unwrap();
            }
            let expected = if missed > MOST_MISSED {
                Next { term: walked, passes_over: true }
            } else {
                Next { term: following(old).unwrap(), passes_over: false }
            };
            prop_assert_eq!(next(old, today), Some(expected));
        }
    }
}
