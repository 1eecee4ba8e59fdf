//! The rows of tickets.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// A ticket.
#[derive(Debug, sqlx::FromRow)]
pub struct TicketRow {
    /// Whose.
    pub user_id: i64,
    /// The id of the access token that it was made with.
    pub jti: Option<String>,
    /// The id of that token's session.
    pub sid: Option<String>,
    /// That token's generation.
    pub token_generation: i64,
    /// When that token ends, and with it the stream.
    pub ends_at: Timestamp,
    /// Until when the ticket counts.
    pub expires_at: Timestamp,
}

/// A ticket to insert.
#[derive(Debug)]
pub struct NewTicketRow {
    /// SHA-256 of the ticket.
    pub token_hash: String,
    /// The id of the access token that it is made with.
    pub jti: Option<String>,
    /// The id of that token's session.
    pub sid: Option<String>,
    /// That token's generation.
    pub token_generation: i64,
    /// When that token ends.
    pub ends_at: Timestamp,
    /// Until when the ticket counts.
    pub expires_at: Timestamp,
}

/// Inserts a ticket of the caller.
pub async fn insert(conn: &mut Conn, scope: &Scope, new: &NewTicketRow) -> DbResult<()> {
    const INSERT: &str = "insert into stream_tickets (tenant_id, user_id, token_hash, jti, sid, token_generation, \
                          ends_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sql(INSERT)
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(&new.token_hash)
        .bind(&new.jti)
        .bind(&new.sid)
        .bind(new.token_generation)
        .bind(new.ends_at)
        .bind(new.expires_at);
    conn.execute(insert).await?;
    Ok(())
}

/// Drops the caller's tickets that nobody used in time.
pub async fn drop_expired(conn: &mut Conn, scope: &Scope, now: Timestamp) -> DbResult<()> {
    let delete = sql("delete from stream_tickets where tenant_id = ? and user_id = ? and expires_at <= ?");
    conn.execute(delete.bind(scope.tenant()).bind(scope.user()).bind(now)).await?;
    Ok(())
}

/// The ticket with this hash, in any tenant.
pub async fn find(conn: &mut Conn, token_hash: &str) -> DbResult<Option<TicketRow>> {
    const FIND: &str =
        "select user_id, jti, sid, token_generation, ends_at, expires_at from stream_tickets where token_hash = ?";
    conn.fetch_optional(sql(FIND).bind(token_hash.to_owned())).await
}

/// Deletes the ticket with this hash; gives whether it was there.
pub async fn delete(conn: &mut Conn, token_hash: &str) -> DbResult<bool> {
    let delete = sql("delete from stream_tickets where token_hash = ?").bind(token_hash.to_owned());
    Ok(conn.execute(delete).await? == 1)
}
