//! Contracts by month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::{DayCountRow, NewCountRow};
use crate::dashboard::amounts::{CurrencySum, Sum};
use crate::dashboard::calendar::{Calendar, Month, month_of};
use crate::fields::{self, Fields, FromFields};

/// How many months when nothing else is asked for.
const DEFAULT_MONTHS: i64 = 12;
/// The most months.
const MAX_MONTHS: i64 = 60;

/// How far to look back.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonthsQuery {
    /// How many months, this one included.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 60, default = 12)]
    pub months: i64,
}

impl FromFields for MonthsQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let months = fields.optional("months", fields::integer_between(1, MAX_MONTHS));
        Some(Self { months: months.unwrap_or(DEFAULT_MONTHS) })
    }
}

/// An answer with months.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthsAnswer {
    /// The months, the oldest first and this one last; those without contracts too.
    pub months: Vec<MonthOfContracts>,
}

/// The contracts of a month, whatever their status.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthOfContracts {
    /// Year and month.
    #[schema(example = "2026-02")]
    pub month: String,
    /// Contracts whose first day is in it.
    pub starting: i64,
    /// Contracts whose last day is in it.
    pub ending: i64,
    /// Contracts that were entered in it.
    pub new: i64,
    /// What those are worth whose first day is in it: a sum per currency, sorted by it. Only for owner and admin;
    /// absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started_amounts: Option<Vec<CurrencySum>>,
}

/// What the database knows of some months.
#[derive(Debug)]
pub struct Figures {
    /// Contracts by their first day.
    pub starting: Vec<DayCountRow>,
    /// Contracts by their last day.
    pub ending: Vec<DayCountRow>,
    /// Contracts by when they were entered.
    pub new: Vec<NewCountRow>,
    /// By the month's first day and by currency, for those who may see them.
    pub started_amounts: Option<BTreeMap<(NaiveDate, String), Sum>>,
}

impl Figures {
    /// What is known of this month.
    pub fn of(&self, month: Month, calendar: Calendar) -> MonthOfContracts {
        let Self { starting, ending, new, started_amounts } = self;
        let count = |rows: &[DayCountRow]| {
            rows.iter().filter(|row| month_of(row.day) == month.first).map(|row| row.contracts).sum()
        };
        let is_new = |row: &&NewCountRow| row.earliest.is_some_and(|made| calendar.month_at(made) == month.first);
        let sums = |sums: &BTreeMap<(NaiveDate, String), Sum>| {
            let sums = sums.iter().filter(|((first, _), _)| *first == month.first);
            sums.map(|((_, currency), sum)| CurrencySum::from((currency.clone(), *sum))).collect()
        };
        MonthOfContracts {
            month: month.first.format("%Y-%m").to_string(),
            starting: count(starting),
            ending: count(ending),
            new: new.iter().filter(is_new).map(|row| row.contracts).sum(),
            started_amounts: started_amounts.as_ref().map(sums),
        }
    }
}
