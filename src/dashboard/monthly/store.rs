//! Counts of contracts by day and by month, and sealed amounts, read from indexes alone.
//!
//! All of it comes from one statement, so that a contract that moves is in one place.

use chrono::NaiveDate;
use tokio::sync::mpsc::Sender;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::dashboard::amounts::AT_ONCE;
use crate::db::{Conn, DbResult, Sql, sql};

/// Some contracts: one of the three tells what they have in common, and is null in the others.
#[derive(Debug, sqlx::FromRow)]
pub struct MonthRow {
    /// They start on this day.
    pub first_day: Option<NaiveDate>,
    /// They end on this day.
    pub last_day: Option<NaiveDate>,
    /// They were made in one span of time, the first of them at this moment. Null when there is none, too.
    pub earliest: Option<Timestamp>,
    /// How many they are.
    pub contracts: i64,
    /// The contract's key, where it is one that starts; with it comes what it is worth.
    pub id: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Sealed for the contract.
    pub amount_encrypted: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last one.
    pub until: NaiveDate,
    /// When each of the months begins, and when the next one does.
    pub months: Vec<(Timestamp, Timestamp)>,
}

/// Counts the contracts that start, by their first day; those that end, by their last day; and those that were made, by
/// month.
pub async fn count(conn: &mut Conn, scope: &Scope, span: &Span) -> DbResult<Vec<MonthRow>> {
    const STARTING: &str = "select start_date as first_day, null as last_day, null as earliest, \
                            count(*) as contracts, null as id, null as currency, null as amount_encrypted \
                            from contracts where tenant_id = ? and start_date >= ? and start_date < ? \
                            group by start_date";
    conn.fetch_all(statement(STARTING, scope, span)).await
}

/// Likewise, but sends them as they come, each contract that starts with what it is worth.
pub async fn send(conn: &mut Conn, scope: &Scope, span: &Span, to: &Sender<Vec<MonthRow>>) -> DbResult<()> {
    const STARTING: &str = "select start_date as first_day, null as last_day, null as earliest, 1 as contracts, id, \
                            currency, amount_encrypted from contracts where tenant_id = ? and start_date >= ? \
                            and start_date < ?";
    conn.send_all(statement(STARTING, scope, span), AT_ONCE, to).await
}

fn statement(starting: &'static str, scope: &Scope, span: &Span) -> Sql {
    const ENDING: &str = " union all select null, end_date, null, count(*), null, null, null from contracts \
                          where tenant_id = ? and end_date >= ? and end_date < ? group by end_date";
    const NEW: &str = " union all select null, null, min(created_at), count(*), null, null, null from contracts \
                       where tenant_id = ? and created_at >= ? and created_at < ?";
    let Span { from, until, months } = span;
    let statement = sql(starting).bind(scope.tenant()).bind(*from).bind(*until);
    let statement = statement.push(ENDING).bind(scope.tenant()).bind(*from).bind(*until);
    months
        .iter()
        .fold(statement, |statement, (start, end)| statement.push(NEW).bind(scope.tenant()).bind(*start).bind(*end))
}
