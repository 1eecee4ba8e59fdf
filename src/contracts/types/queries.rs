//! Which contracts callers want.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;
use utoipa::IntoParams;

use super::{ContractStatus, ContractType};
use crate::contracts::store::ContractRow;
use crate::fields::{self, Fields, FromFields};
use crate::page::Page;

/// How far ahead to look when nothing else is asked for.
const DEFAULT_DAYS: i64 = 30;
/// How far ahead one can look.
const MAX_DAYS: i64 = 365;
/// Those that end first come first.
const SOONEST_FIRST: &str = "end_date";

/// Which contracts, and which page of them.
#[derive(Debug, Clone, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContractQuery {
    /// Where they are in their life.
    pub status: Option<ContractStatus>,
    /// What kind of contracts they are.
    pub contract_type: Option<ContractType>,
    /// Part of the customer's name; case does not count.
    pub customer_name: Option<String>,
    /// The contract that they succeed.
    pub parent_id: Option<i64>,
    /// Ending on this day or later.
    pub end_from: Option<NaiveDate>,
    /// Ending on this day or earlier.
    pub end_to: Option<NaiveDate>,
    /// Text in number, customer, title, description or notes; case does not count.
    pub q: Option<String>,
    /// Page and order.
    #[serde(skip)]
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for ContractQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            status: fields.optional("status", fields::one_of::<ContractStatus>),
            contract_type: fields.optional("contract_type", fields::one_of::<ContractType>),
            customer_name: fields.optional("customer_name", fields::text_up_to(255)),
            parent_id: fields.optional("parent_id", fields::integer),
            end_from: fields.optional("end_from", fields::date),
            end_to: fields.optional("end_to", fields::date),
            q: fields.optional("q", fields::search_text),
            page: Page::from_fields::<ContractRow>(fields)?,
        })
    }
}

/// How far ahead to look for contracts that end.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExpiringQuery {
    /// Days from today.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 365, default = 30)]
    pub days: i64,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for ExpiringQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let days = fields.optional("days", fields::integer_between(1, MAX_DAYS));
        let page = Page::sorted_by::<ContractRow>(SOONEST_FIRST, fields);
        Some(Self { days: days.unwrap_or(DEFAULT_DAYS), page: page? })
    }
}

impl ExpiringQuery {
    /// The active contracts that end between today and then, both included.
    pub fn starting(self, today: NaiveDate) -> ContractQuery {
        let Self { days, page } = self;
        ContractQuery {
            status: Some(ContractStatus::Active),
            contract_type: None,
            customer_name: None,
            parent_id: None,
            end_from: Some(today),
            end_to: today.checked_add_signed(TimeDelta::days(days)),
            q: None,
            page,
        }
    }
}
