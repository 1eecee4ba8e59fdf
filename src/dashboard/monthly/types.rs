//! Contracts by month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::MonthRow;
use crate::dashboard::amounts::{Amount, CurrencySum, Sums};
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

/// What is known of some months, each by its first day.
#[derive(Debug, Default)]
pub struct Figures {
    starting: BTreeMap<NaiveDate, i64>,
    ending: BTreeMap<NaiveDate, i64>,
    new: BTreeMap<NaiveDate, i64>,
    started_amounts: Option<Sums<NaiveDate>>,
}

impl Figures {
    /// Nothing yet, with sums.
    pub fn with_sums() -> Self {
        Self { started_amounts: Some(Sums::new()), ..Self::default() }
    }

    /// Adds these contracts; `open` gives a contract's amount.
    pub fn add(&mut self, row: MonthRow, calendar: Calendar, open: impl FnOnce(i64, &str) -> Option<Amount>) {
        let MonthRow { first_day, last_day, earliest, contracts, id, currency, amount_encrypted } = row;
        let figures = [
            (&mut self.starting, first_day.map(month_of)),
            (&mut self.ending, last_day.map(month_of)),
            (&mut self.new, earliest.map(|made| calendar.month_at(made))),
        ];
        for (figure, month) in figures {
            if let Some(month) = month {
                *figure.entry(month).or_default() += contracts;
            }
        }
        let worth = first_day.zip(id).zip(currency).zip(amount_encrypted);
        if let (Some(sums), Some((((day, id), currency), sealed))) = (&mut self.started_amounts, worth) {
            sums.entry((month_of(day), currency)).or_default().add(open(id, &sealed));
        }
    }

    /// What is known of this month.
    pub fn of(&self, month: Month) -> MonthOfContracts {
        let Self { starting, ending, new, started_amounts } = self;
        let count = |figure: &BTreeMap<NaiveDate, i64>| figure.get(&month.first).copied().unwrap_or_default();
        let sums = |sums: &Sums<NaiveDate>| {
            let sums = sums.iter().filter(|((first, _), _)| *first == month.first);
            sums.map(|((_, currency), sum)| CurrencySum::from((currency.clone(), *sum))).collect()
        };
        MonthOfContracts {
            month: month.first.format("%Y-%m").to_string(),
            starting: count(starting),
            ending: count(ending),
            new: count(new),
            started_amounts: started_amounts.as_ref().map(sums),
        }
    }
}
