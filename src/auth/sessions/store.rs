//! Which tokens do not count any more: those of an older generation, and those revoked one by one.

use std::collections::HashSet;

use crate::auth::Scope;
use crate::auth::store::UserRow;
use crate::clock::Timestamp;
use crate::db::{self, Conn, DbResult, sql};

/// The ids of the user's tokens that were revoked and would still count.
pub async fn revoked(conn: &mut Conn, user: &UserRow, now: Timestamp) -> DbResult<HashSet<String>> {
    let select = sql("select jti from revoked_tokens where tenant_id = ? and user_id = ? and expires_at > ?");
    let rows = conn.fetch_all::<(String,)>(select.bind(&user.tenant_id).bind(user.id).bind(now)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Revokes one token of the caller until its end.
pub async fn revoke(conn: &mut Conn, scope: &Scope, id: &str, expires_at: Timestamp) -> DbResult<()> {
    let insert = sql("insert into revoked_tokens (tenant_id, user_id, jti, expires_at) values (?, ?, ?, ?)");
    let insert = insert.bind(scope.tenant()).bind(scope.user()).bind(id.to_owned()).bind(expires_at);
    match conn.execute(insert).await {
        // Another request has just done it.
        Err(error) if db::is_duplicate(&error) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// Drops what is known of the caller's tokens that have ended.
pub async fn drop_expired(conn: &mut Conn, scope: &Scope, now: Timestamp) -> DbResult<()> {
    let delete = sql("delete from revoked_tokens where tenant_id = ? and user_id = ? and expires_at <= ?");
    conn.execute(delete.bind(scope.tenant()).bind(scope.user()).bind(now)).await?;
    Ok(())
}

/// Ends every session of the caller.
pub async fn end_all(conn: &mut Conn, scope: &Scope) -> DbResult<()> {
    let update = sql("update users set token_generation = token_generation + 1 where tenant_id = ? and id = ?");
    conn.execute(update.bind(scope.tenant()).bind(scope.user())).await?;
    Ok(())
}

/// Replaces the caller's password and ends his sessions, unless the old hash is not there any more; gives whether it
/// was.
pub async fn replace_password(conn: &mut Conn, scope: &Scope, old: &str, new: &str) -> DbResult<bool> {
    let update = "update users set password_hash = ?, token_generation = token_generation + 1 \
                  where tenant_id = ? and id = ? and password_hash = ?";
    let update = sql(update).bind(new.to_owned()).bind(scope.tenant()).bind(scope.user()).bind(old.to_owned());
    Ok(conn.execute(update).await? == 1)
}
