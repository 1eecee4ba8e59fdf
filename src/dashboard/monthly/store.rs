//! Counts of contracts by day and by month, read from an index alone.

use chrono::NaiveDate;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// Contracts of one day.
#[derive(Debug, sqlx::FromRow)]
pub struct DayCountRow {
    /// The day.
    pub day: NaiveDate,
    /// How many.
    pub contracts: i64,
}

/// Counts the contracts by their first day, of those that start from `from` on and before `until`.
pub async fn count_starting(
    conn: &mut Conn,
    scope: &Scope,
    from: NaiveDate,
    until: NaiveDate,
) -> DbResult<Vec<DayCountRow>> {
    const COUNT: &str = "select start_date as day, count(*) as contracts from contracts \
                         where tenant_id = ? and start_date >= ? and start_date < ? group by start_date";
    conn.fetch_all(sql(COUNT).bind(scope.tenant()).bind(from).bind(until)).await
}

/// Counts the contracts by their last day, of those that end from `from` on and before `until`.
pub async fn count_ending(
    conn: &mut Conn,
    scope: &Scope,
    from: NaiveDate,
    until: NaiveDate,
) -> DbResult<Vec<DayCountRow>> {
    const COUNT: &str = "select end_date as day, count(*) as contracts from contracts \
                         where tenant_id = ? and end_date >= ? and end_date < ? group by end_date";
    conn.fetch_all(sql(COUNT).bind(scope.tenant()).bind(from).bind(until)).await
}

/// Contracts made in one span of time.
#[derive(Debug, sqlx::FromRow)]
pub struct NewCountRow {
    /// When the first of them was made; null when there is none.
    pub earliest: Option<Timestamp>,
    /// How many.
    pub contracts: i64,
}

/// Counts the contracts made in each of these spans, from its first moment on and before its second one.
pub async fn count_new(conn: &mut Conn, scope: &Scope, spans: &[(Timestamp, Timestamp)]) -> DbResult<Vec<NewCountRow>> {
    const COUNT: &str = "select min(created_at) as earliest, count(*) as contracts from contracts \
                         where tenant_id = ? and created_at >= ? and created_at < ?";
    let mut count = sql("");
    for (index, (from, until)) in spans.iter().enumerate() {
        let union = if index == 0 { "" } else { " union all " };
        count = count.push(union).push(COUNT).bind(scope.tenant()).bind(*from).bind(*until);
    }
    conn.fetch_all(count).await
}
