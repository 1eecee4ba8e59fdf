//! Sums in answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::Sum;

/// The exact sum of amounts in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrencySum {
    /// ISO 4217.
    #[schema(example = "KRW")]
    pub currency: String,
    /// A decimal, exact to the digit; with as many digits behind the point as the amount that has most of them.
    #[schema(example = "55000000.00")]
    pub total: String,
    /// How many amounts are in `total`.
    #[schema(example = 1)]
    pub count: i64,
    /// How many are not, because what is stored does not open or is no decimal.
    #[schema(example = 0)]
    pub unreadable: i64,
}

impl From<(String, Sum)> for CurrencySum {
    fn from((currency, sum): (String, Sum)) -> Self {
        Self { currency, total: sum.total(), count: sum.count, unreadable: sum.unreadable }
    }
}
