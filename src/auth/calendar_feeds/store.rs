//! The rows of calendar feeds.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, sql};

/// The link to a user's calendar, without its secret.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FeedRow {
    /// Key.
    pub id: i64,
    /// Whose calendar.
    pub user_id: i64,
    /// The language of the calendar's own words.
    pub locale: String,
    /// The user's generation of tokens when it was made; with another one it has ended.
    pub token_generation: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Last used, to the hour.
    pub last_used_at: Option<Timestamp>,
}

/// A link to insert.
#[derive(Debug)]
pub struct NewFeedRow {
    /// SHA-256 of its secret.
    pub token_hash: String,
    /// The language of the calendar's own words.
    pub locale: &'static str,
    /// The user's generation of tokens.
    pub token_generation: i64,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! columns {
    () => {
        "f.id, f.user_id, f.locale, f.token_generation, f.created_at, f.last_used_at"
    };
}

/// The caller's link, if it has not ended.
pub async fn find(conn: &mut Conn, scope: &Scope) -> DbResult<Option<FeedRow>> {
    const FIND: &str = concat!(
        "select ",
        columns!(),
        " from calendar_feeds f \
         join users u on u.tenant_id = f.tenant_id and u.id = f.user_id and u.token_generation = f.token_generation \
         where f.tenant_id = ? and f.user_id = ?",
    );
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(scope.user())).await
}

/// The link with this secret, in any tenant; it may have ended.
pub async fn find_by_token(conn: &mut Conn, token_hash: &str) -> DbResult<Option<FeedRow>> {
    const FIND: &str = concat!("select ", columns!(), " from calendar_feeds f where f.token_hash = ?");
    conn.fetch_optional(sql(FIND).bind(token_hash.to_owned())).await
}

/// Lets changes of the caller's link wait for one another, and gives his generation of tokens.
pub async fn lock_owner(conn: &mut Conn, scope: &Scope) -> DbResult<Option<i64>> {
    let lock = sql("select token_generation from users where tenant_id = ? and id = ?");
    let rows: Vec<(i64,)> = conn.fetch_all_locked(lock.bind(scope.tenant()).bind(scope.user())).await?;
    Ok(rows.first().map(|(generation,)| *generation))
}

/// Inserts the caller's link and gives its id.
pub async fn insert(conn: &mut Conn, scope: &Scope, new: &NewFeedRow) -> DbResult<i64> {
    const INSERT: &str = "insert into calendar_feeds (tenant_id, user_id, token_hash, locale, token_generation, \
                          created_at) values (?, ?, ?, ?, ?, ?) returning id";
    let insert = sql(INSERT).bind(scope.tenant()).bind(scope.user()).bind(&new.token_hash).bind(new.locale);
    conn.insert(insert.bind(new.token_generation).bind(new.created_at)).await
}

/// Deletes the caller's link, and one that has ended.
pub async fn delete(conn: &mut Conn, scope: &Scope) -> DbResult<()> {
    let delete = sql("delete from calendar_feeds where tenant_id = ? and user_id = ?");
    conn.execute(delete.bind(scope.tenant()).bind(scope.user())).await?;
    Ok(())
}

/// Records that the link was used.
pub async fn touch(conn: &mut Conn, scope: &Scope, id: i64, now: Timestamp) -> DbResult<()> {
    let update = sql("update calendar_feeds set last_used_at = ? where tenant_id = ? and id = ?");
    conn.execute(update.bind(now).bind(scope.tenant()).bind(id)).await?;
    Ok(())
}
