//! The rows that a notice makes.

use std::collections::{HashMap, HashSet};

use super::Notice;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, sql};
use crate::notifications::preferences::KindPreference;
use crate::notifications::types::NotificationKind;

/// The longest title, in characters.
const TITLE_LENGTH: usize = 255;

/// A notification to insert.
#[derive(Debug)]
pub struct NewNotification<'a> {
    /// For whom.
    pub user: i64,
    /// His next `seq`.
    pub seq: i64,
    /// What is told.
    pub notice: &'a Notice,
    /// How it reaches him.
    pub wish: KindPreference,
}

/// The keys of a notification that was inserted.
#[derive(Debug, sqlx::FromRow)]
pub struct InsertedRow {
    /// Key.
    pub id: i64,
    /// For whom.
    pub user_id: i64,
    /// His `seq`.
    pub seq: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct WishRow {
    user_id: i64,
    kind: NotificationKind,
    in_app: bool,
    email: bool,
}

/// What these users have chosen, by user and kind.
pub async fn wishes(
    conn: &mut Conn,
    scope: &Scope,
    users: &HashSet<i64>,
) -> DbResult<HashMap<(i64, NotificationKind), KindPreference>> {
    const SELECT: &str =
        "select user_id, kind, in_app, email from notification_preferences where tenant_id = ? and user_id in ";
    let select = sql(SELECT).bind(scope.tenant()).list(users.iter().copied());
    let rows = conn.fetch_all::<WishRow>(select).await?;
    let wish = |WishRow { user_id, kind, in_app, email }| ((user_id, kind), KindPreference { in_app, email });
    Ok(rows.into_iter().map(wish).collect())
}

/// Takes the next `count` values of `seq` of each of these users, the smallest id first, and gives the last ones before.
///
/// Whoever comes later waits for the end of this transaction, and so a user's `seq` grows in the order of the commits.
pub async fn reserve(conn: &mut Conn, scope: &Scope, users: &[i64], count: i64) -> DbResult<HashMap<i64, i64>> {
    const UPDATE: &str = "update notification_counters set last_seq = last_seq + ? where tenant_id = ? and user_id in ";
    const SELECT: &str = "select user_id, last_seq from notification_counters where tenant_id = ? and user_id in ";
    const INSERT: &str = "insert into notification_counters (tenant_id, user_id, last_seq) values (?, ?, ?)";
    conn.execute(sql(UPDATE).bind(count).bind(scope.tenant()).list(users.iter().copied())).await?;
    // On MariaDB the snapshot may be older than the others' commits, but what this transaction has changed it sees.
    let rows: Vec<(i64, i64)> = conn.fetch_all(sql(SELECT).bind(scope.tenant()).list(users.iter().copied())).await?;
    let mut last: HashMap<i64, i64> = rows.into_iter().map(|(user, last)| (user, last - count)).collect();
    // A counter is made with its user, but not by a server of an older version that has not been stopped yet.
    let missing: Vec<i64> = users.iter().copied().filter(|user| !last.contains_key(user)).collect();
    for user in missing {
        conn.execute(sql(INSERT).bind(scope.tenant()).bind(user).bind(count)).await?;
        last.insert(user, 0);
    }
    Ok(last)
}

/// Inserts notifications; gives their keys in any order.
pub async fn insert(
    conn: &mut Conn,
    scope: &Scope,
    new: &[NewNotification<'_>],
    now: Timestamp,
) -> DbResult<Vec<InsertedRow>> {
    const INSERT: &str = "insert into notifications (tenant_id, user_id, seq, kind, title, resource_type, \
                          resource_id, in_app, created_at) values ";
    let row = |new: &NewNotification<'_>| -> Vec<Value> {
        let Notice { kind, title, resource_type, resource_id } = new.notice;
        vec![
            scope.tenant().into(),
            new.user.into(),
            new.seq.into(),
            (*kind).into(),
            title.chars().take(TITLE_LENGTH).collect::<String>().into(),
            (*resource_type).into(),
            (*resource_id).into(),
            new.wish.in_app.into(),
            now.into(),
        ]
    };
    conn.fetch_all(sql(INSERT).values(new.iter().map(row)).push(" returning id, user_id, seq")).await
}
