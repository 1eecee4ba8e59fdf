//! Which tokens do not count any more: those of an older generation, and those revoked one by one.

use crate::auth::Scope;
use crate::auth::store::UserRow;
use crate::auth::token::VerifiedToken;
use crate::clock::Timestamp;
use crate::db::{self, Conn, DbResult, sql};

/// Whether this token of the user was revoked, or the refresh token of its session. They are found by their key, however
/// many the user has revoked.
pub async fn is_revoked(conn: &mut Conn, user: &UserRow, token: &VerifiedToken, now: Timestamp) -> DbResult<bool> {
    let ids = [token.id(), token.session()].into_iter().flatten().map(str::to_owned);
    let count = sql("select count(*) from revoked_tokens where tenant_id = ? and user_id = ? and jti in ");
    let count = count.bind(&user.tenant_id).bind(user.id).list(ids);
    Ok(conn.count(count.push(" and expires_at > ?").bind(now)).await? > 0)
}

/// Revokes one token of the caller until its end. The jobs forget it after that: to look for what has ended here would
/// lock where others insert.
pub async fn revoke(conn: &mut Conn, scope: &Scope, id: &str, expires_at: Timestamp) -> DbResult<()> {
    let insert = sql("insert into revoked_tokens (tenant_id, user_id, jti, expires_at) values (?, ?, ?, ?)");
    let insert = insert.bind(scope.tenant()).bind(scope.user()).bind(id.to_owned()).bind(expires_at);
    match conn.execute(insert).await {
        // Another request has just done it.
        Err(error) if db::is_duplicate(&error) => Ok(()),
        result => result.map(|_| ()),
    }
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
