//! Counts of tasks by week, read from an index alone.

use crate::auth::Scope;
use crate::dashboard::calendar::Week;
use crate::db::{Conn, DbResult, sql};
use crate::tasks::types::TaskStatus;

/// Tasks of one week and status.
#[derive(Debug, sqlx::FromRow)]
pub struct WeekCountRow {
    /// ISO year.
    pub year: i64,
    /// ISO week.
    pub week_number: i64,
    /// Status.
    pub status: TaskStatus,
    /// How many.
    pub tasks: i64,
}

/// Counts the tasks of these weeks, which follow one another.
pub async fn count(conn: &mut Conn, scope: &Scope, weeks: &[Week]) -> DbResult<Vec<WeekCountRow>> {
    // One range of the index per year.
    const COUNT: &str = "select year, week_number, status, count(*) as tasks from tasks \
                         where tenant_id = ? and year = ? and week_number between ? and ? \
                         group by year, week_number, status";
    let mut count = sql("");
    for (index, weeks) in weeks.chunk_by(|week, next| week.year == next.year).enumerate() {
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else { continue };
        let union = if index == 0 { "" } else { " union all " };
        count = count.push(union).push(COUNT);
        count = count.bind(scope.tenant()).bind(first.year).bind(first.number).bind(last.number);
    }
    conn.fetch_all(count).await
}
