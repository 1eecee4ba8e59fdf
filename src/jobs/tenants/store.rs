//! Which tenants there are: the one statement of the jobs that reaches all of them.

use crate::db::{Conn, DbResult, sql};

/// The first tenants after this one, in order of their ids.
pub async fn after(conn: &mut Conn, tenant: &str, limit: i64) -> DbResult<Vec<(String,)>> {
    let select = sql("select id from tenants where id > ? order by id limit ?");
    conn.fetch_all(select.bind(tenant.to_owned()).bind(limit)).await
}
