//! What of signing in has expired. Each function deletes at most as many rows as `limit`, the oldest first, and gives how
//! many: to be called again, in another transaction, until it gives 0.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// Deletes the invitations that expired before this moment, used or not.
pub async fn delete_invitations(conn: &mut Conn, scope: &Scope, before: Timestamp, limit: i64) -> DbResult<u64> {
    const EXPIRED: &str =
        "select id from invitations where tenant_id = ? and expires_at < ? order by expires_at limit ?";
    let expired = sql(EXPIRED).bind(scope.tenant()).bind(before).bind(limit);
    let expired = conn.fetch_all::<(i64,)>(expired).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let delete = sql("delete from invitations where tenant_id = ? and id in ").bind(scope.tenant());
    conn.execute(delete.list(expired.into_iter().map(|(id,)| id))).await
}

/// Forgets the revoked tokens that would not count any more anyway.
pub async fn delete_revoked_tokens(conn: &mut Conn, scope: &Scope, now: Timestamp, limit: i64) -> DbResult<u64> {
    const EXPIRED: &str = "select user_id, jti from revoked_tokens where tenant_id = ? and expires_at <= ? \
                           order by expires_at limit ?";
    const DELETE: &str =
        "delete from revoked_tokens where tenant_id = ? and user_id = ? and jti = ? and expires_at <= ?";
    let expired = sql(EXPIRED).bind(scope.tenant()).bind(now).bind(limit);
    let mut deleted = 0;
    for (user, jti) in conn.fetch_all::<(i64, String)>(expired).await? {
        deleted += conn.execute(sql(DELETE).bind(scope.tenant()).bind(user).bind(jti).bind(now)).await?;
    }
    Ok(deleted)
}

/// Forgets the tickets for streams that nobody used in time.
pub async fn delete_stream_tickets(conn: &mut Conn, scope: &Scope, now: Timestamp, limit: i64) -> DbResult<u64> {
    const EXPIRED: &str =
        "select token_hash from stream_tickets where tenant_id = ? and expires_at <= ? order by expires_at limit ?";
    let expired = sql(EXPIRED).bind(scope.tenant()).bind(now).bind(limit);
    let expired = conn.fetch_all::<(String,)>(expired).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let delete = sql("delete from stream_tickets where tenant_id = ? and token_hash in ").bind(scope.tenant());
    conn.execute(delete.list(expired.into_iter().map(|(hash,)| hash))).await
}
