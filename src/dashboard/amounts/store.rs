//! The sealed amounts of contracts.
//!
//! They are read from the contracts themselves: on MariaDB no index can hold a sealed amount.

use chrono::NaiveDate;

use crate::auth::Scope;
use crate::contracts::types::ContractStatus;
use crate::db::{Conn, DbResult, sql};

/// How many are read at once.
const AT_ONCE: i64 = 5_000;

/// A sealed amount, and what decides which sum it belongs to.
#[derive(Debug, sqlx::FromRow)]
pub struct AmountRow {
    /// The contract's key.
    pub id: i64,
    /// The contract's status.
    pub status: ContractStatus,
    /// The contract's first day.
    pub start_date: NaiveDate,
    /// ISO 4217.
    pub currency: String,
    /// Sealed for the contract.
    pub amount_encrypted: String,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select id, status, start_date, currency, amount_encrypted from contracts where tenant_id = ? and ",
            $condition,
            " limit ?",
        )
    };
}

/// The amounts that come after this contract's, by id; some of them, and none at the end.
pub async fn list(conn: &mut Conn, scope: &Scope, after: i64) -> DbResult<Vec<AmountRow>> {
    const LIST: &str = select!("id > ? order by id");
    conn.fetch_all(sql(LIST).bind(scope.tenant()).bind(after).bind(AT_ONCE)).await
}

/// The amounts that come after this contract's, by first day and id, of those that start before `until`; some of them,
/// and none at the end.
pub async fn list_started(
    conn: &mut Conn,
    scope: &Scope,
    (day, id): (NaiveDate, i64),
    until: NaiveDate,
) -> DbResult<Vec<AmountRow>> {
    const SAME_DAY: &str = select!("start_date = ? and id > ? order by id");
    const LATER: &str = select!("start_date > ? and start_date < ? order by start_date, id");
    let same_day = sql(SAME_DAY).bind(scope.tenant()).bind(day).bind(id).bind(AT_ONCE);
    let mut rows: Vec<AmountRow> = conn.fetch_all(same_day).await?;
    let missing = AT_ONCE.saturating_sub_unsigned(rows.len() as u64);
    if missing > 0 {
        let later = sql(LATER).bind(scope.tenant()).bind(day).bind(until).bind(missing);
        rows.extend(conn.fetch_all::<AmountRow>(later).await?);
    }
    Ok(rows)
}
