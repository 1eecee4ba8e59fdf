//! Which contract follows which.

use crate::auth::Scope;
use crate::db::{Conn, DbResult, sql};

/// Whether another contract follows this one.
pub async fn is_renewed(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let count = sql("select count(*) from contract_renewals where tenant_id = ? and parent_id = ?");
    Ok(conn.count(count.bind(scope.tenant()).bind(id)).await? > 0)
}

/// Whether a contract has this number.
pub async fn is_number_taken(conn: &mut Conn, scope: &Scope, number: &str) -> DbResult<bool> {
    let count = sql("select count(*) from contracts where tenant_id = ? and contract_number = ?");
    Ok(conn.count(count.bind(scope.tenant()).bind(number.to_owned())).await? > 0)
}

/// Lets one contract follow another.
pub async fn insert(conn: &mut Conn, scope: &Scope, id: i64, parent: i64) -> DbResult<()> {
    let insert = sql("insert into contract_renewals (tenant_id, contract_id, parent_id) values (?, ?, ?)");
    conn.execute(insert.bind(scope.tenant()).bind(id).bind(parent)).await?;
    Ok(())
}
