//! Adds the amounts of contracts up.
//!
//! They are read in steps, so that memory stays bounded, and each step is opened on a thread that may be busy while the
//! next one is read.

mod exact;
mod store;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use tracing::Span;

use self::exact::Amount;
use self::store::AmountRow;
use super::calendar::{Month, month_of};
use crate::app::AppState;
use crate::auth::Scope;
use crate::contracts::Place;
use crate::contracts::types::ContractStatus;
use crate::db::Conn;
use crate::error::ApiError;

pub use exact::Sum;
pub use types::CurrencySum;

/// How many contracts the log names whose amounts cannot be read; there may be as many as there are contracts.
const NAMED: usize = 10;

/// The sums of all contracts, by currency and by whether they are in force.
pub async fn of_all(app: &AppState, conn: &mut Conn, scope: &Scope) -> Result<BTreeMap<(String, bool), Sum>, ApiError> {
    let mut sums = BTreeMap::new();
    let mut rows = store::list(conn, scope, 0).await?;
    while let Some(last) = rows.last().map(|row| row.id) {
        let next = async { store::list(conn, scope, last).await.map_err(ApiError::from) };
        let added = add(app, scope, sums, rows, |row| (row.currency.clone(), row.status == ContractStatus::Active));
        (rows, sums) = tokio::try_join!(next, added)?;
    }
    Ok(sums)
}

/// The sums of the contracts that start in these months, which follow one another, by month and currency.
pub async fn of_months(
    app: &AppState,
    conn: &mut Conn,
    scope: &Scope,
    months: &[Month],
) -> Result<BTreeMap<(NaiveDate, String), Sum>, ApiError> {
    let mut sums = BTreeMap::new();
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Ok(sums) };
    let until = last.next;
    let mut rows = store::list_started(conn, scope, (first.first, 0), until).await?;
    while let Some(last) = rows.last().map(|row| (row.start_date, row.id)) {
        let next = async { store::list_started(conn, scope, last, until).await.map_err(ApiError::from) };
        let added = add(app, scope, sums, rows, |row| (month_of(row.start_date), row.currency.clone()));
        (rows, sums) = tokio::try_join!(next, added)?;
    }
    Ok(sums)
}

/// Opens the amounts and adds each to the sum of its group.
async fn add<G: Ord + Send + 'static>(
    app: &AppState,
    scope: &Scope,
    mut sums: BTreeMap<G, Sum>,
    rows: Vec<AmountRow>,
    group: fn(&AmountRow) -> G,
) -> Result<BTreeMap<G, Sum>, ApiError> {
    let (app, tenant, span) = (app.clone(), Arc::clone(scope.tenant()), Span::current());
    let added = tokio::task::spawn_blocking(move || {
        let _entered = span.entered();
        let mut unreadable = Vec::new();
        for row in &rows {
            let place = Place { tenant: &tenant, contract: row.id };
            // What the Flask server took for an amount may be any text.
            let amount = app.amounts.open(&row.amount_encrypted, place).ok().and_then(|text| Amount::parse(&text));
            if amount.is_none() {
                unreadable.push(row.id);
            }
            sums.entry(group(row)).or_default().add(amount);
        }
        report(&app, &tenant, &unreadable);
        sums
    });
    added.await.map_err(ApiError::internal)
}

/// Logs and counts the amounts that are in no sum.
fn report(app: &AppState, tenant: &str, contracts: &[i64]) {
    if contracts.is_empty() {
        return;
    }
    let unreadable = app.amounts.count_unreadable(contracts.len() as u64);
    let (count, first) = (contracts.len(), &contracts[..contracts.len().min(NAMED)]);
    tracing::error!(tenant, count, contracts = ?first, unreadable, "amounts of contracts cannot be added up");
}
