//! The rows of `Idempotency-Key`s.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// A request that has had its effect.
#[derive(Debug, sqlx::FromRow)]
pub struct KeyRow {
    /// What was asked for; empty when it is not known any more.
    pub fingerprint: String,
    /// What was answered, sealed.
    pub answer: String,
    /// When.
    pub created_at: Timestamp,
}

/// The request of this user that had this key.
pub async fn find(conn: &mut Conn, scope: &Scope, key: &str) -> DbResult<Option<KeyRow>> {
    let find = "select fingerprint, answer, created_at from idempotency_keys where tenant_id = ? and user_id = ? and \
                idempotency_key = ?";
    conn.fetch_optional(sql(find).bind(scope.tenant()).bind(scope.user()).bind(key.to_owned())).await
}

/// Takes the key, without an answer yet. False, after a second, while another transaction is taking it.
pub async fn insert(conn: &mut Conn, scope: &Scope, key: &str, fingerprint: &str, now: Timestamp) -> DbResult<bool> {
    const INSERT: &str =
        "insert into idempotency_keys (tenant_id, user_id, idempotency_key, fingerprint, answer, created_at) values ";
    let values = vec![
        scope.tenant().into(),
        scope.user().into(),
        key.to_owned().into(),
        fingerprint.to_owned().into(),
        "".into(),
        now.into(),
    ];
    conn.execute_within_a_second(sql(INSERT).values([values])).await
}

/// Keeps the answer with the key.
pub async fn set_answer(conn: &mut Conn, scope: &Scope, key: &str, answer: String) -> DbResult<()> {
    let update = "update idempotency_keys set answer = ? where tenant_id = ? and user_id = ? and idempotency_key = ?";
    let update = sql(update).bind(answer).bind(scope.tenant()).bind(scope.user()).bind(key.to_owned());
    conn.execute(update).await.map(|_| ())
}

/// Forgets the key, if it is from before this moment.
pub async fn delete(conn: &mut Conn, scope: &Scope, key: &str, until: Timestamp) -> DbResult<()> {
    let delete = "delete from idempotency_keys where tenant_id = ? and user_id = ? and idempotency_key = ? and \
                  created_at <= ?";
    let delete = sql(delete).bind(scope.tenant()).bind(scope.user()).bind(key.to_owned()).bind(until);
    conn.execute(delete).await.map(|_| ())
}

/// Forgets keys of the tenant from before this moment, the oldest first, at most as many as `limit`. Gives how many.
pub async fn delete_expired(conn: &mut Conn, scope: &Scope, until: Timestamp, limit: i64) -> DbResult<u64> {
    const EXPIRED: &str = "select user_id, idempotency_key from idempotency_keys where tenant_id = ? and \
                           created_at <= ? order by created_at limit ?";
    // Each by its whole key: a range would lock the places of keys that come meanwhile, and they would seem to be taken.
    const DELETE: &str = "delete from idempotency_keys where tenant_id = ? and user_id = ? and idempotency_key = ? and \
                          created_at <= ?";
    let expired = sql(EXPIRED).bind(scope.tenant()).bind(until).bind(limit);
    let mut deleted = 0;
    for (user, key) in conn.fetch_all::<(i64, String)>(expired).await? {
        deleted += conn.execute(sql(DELETE).bind(scope.tenant()).bind(user).bind(key).bind(until)).await?;
    }
    Ok(deleted)
}
