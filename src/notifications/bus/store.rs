//! For whom there is something new, in every tenant at once. It shows nobody anything: a stream that is woken reads its
//! own user's rows.

use crate::db::{Conn, DbResult, sql};

/// The newest notification of a user.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct NewestRow {
    /// The user.
    pub user_id: i64,
    /// Its `seq`.
    pub seq: i64,
    /// The largest key.
    pub id: i64,
}

/// The id of the last notification; 0 when there is none.
pub async fn last_id(conn: &mut Conn) -> DbResult<i64> {
    conn.count(sql("select coalesce(max(id), 0) from notifications")).await
}

/// The newest notification behind this id of each user.
pub async fn newest(conn: &mut Conn, id: i64) -> DbResult<Vec<NewestRow>> {
    const SELECT: &str =
        "select user_id, max(seq) as seq, max(id) as id from notifications where id > ? group by user_id";
    conn.fetch_all(sql(SELECT).bind(id)).await
}
