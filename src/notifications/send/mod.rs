//! Makes notifications, in the transaction of what they tell of.

mod store;

use std::collections::{BTreeMap, HashSet};

use self::store::NewNotification;
use super::types::NotificationKind;
use crate::auth::{self, Scope};
use crate::clock::Timestamp;
use crate::db::{Conn, pieces};
use crate::error::ApiError;
use crate::mail::{self, Letter};
use crate::resource::Resource;

/// The most users, and the most rows, of a statement: far below the most values that it may have.
const AT_ONCE: usize = 1000;

/// What is told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What it tells of.
    pub kind: NotificationKind,
    /// What it is about: the title of the task, the meeting or the contract, or what is to be done after the meeting.
    /// What is too long is cut off.
    pub title: String,
    /// Where to see it: something that has an address of its own.
    pub resource_type: Resource,
    /// Its key.
    pub resource_id: i64,
}

/// Notifies these users: those who are active in the tenant and want this kind, but not who does it himself.
///
/// Comes last in a transaction: until its end nobody else can notify the same users.
pub async fn send(conn: &mut Conn, scope: &Scope, notice: Notice, to: &[i64], now: Timestamp) -> Result<(), ApiError> {
    send_all(conn, scope, vec![(notice, to.to_vec())], now).await
}

/// Like [`send()`], for many notices with few statements. A transaction calls either of them once: two calls could wait
/// for each other's users.
pub async fn send_all(
    conn: &mut Conn,
    scope: &Scope,
    notices: Vec<(Notice, Vec<i64>)>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let (notices, recipients): (Vec<Notice>, Vec<Vec<i64>>) = notices.into_iter().unzip();
    // In one order, so that two transactions do not wait for each other's users.
    let mut by_user: BTreeMap<i64, Vec<&Notice>> = BTreeMap::new();
    for (notice, users) in notices.iter().zip(recipients) {
        let users: HashSet<i64> = users.into_iter().filter(|user| scope.author() != Some(*user)).collect();
        for user in users {
            by_user.entry(user).or_default().push(notice);
        }
    }
    while !by_user.is_empty() {
        let next = by_user.keys().nth(AT_ONCE).copied();
        let rest = next.map(|user| by_user.split_off(&user)).unwrap_or_default();
        deliver(conn, scope, &by_user, now).await?;
        by_user = rest;
    }
    Ok(())
}

async fn deliver(
    conn: &mut Conn,
    scope: &Scope,
    by_user: &BTreeMap<i64, Vec<&Notice>>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let active = auth::store::active_members(conn, scope, &by_user.keys().copied().collect()).await?;
    let wishes = store::wishes(conn, scope, &active).await?;
    let mut rows: Vec<NewNotification<'_>> = Vec::new();
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (user, notices) in by_user.iter().filter(|(user, _)| active.contains(*user)) {
        for notice in notices.iter().copied() {
            let wish = wishes.get(&(*user, notice.kind)).copied().unwrap_or_default();
            if wish.in_app || wish.email {
                let count = counts.entry(*user).or_default();
                *count += 1;
                rows.push(NewNotification { user: *user, seq: *count, notice, wish });
            }
        }
    }
    let users: Vec<i64> = counts.keys().copied().collect();
    let Some(most) = counts.into_values().max() else { return Ok(()) };
    let last = store::reserve(conn, scope, &users, most).await?;
    for row in &mut rows {
        row.seq += last.get(&row.user).ok_or_else(|| ApiError::internal("a user has no counter"))?;
    }
    for rows in pieces(&rows, AT_ONCE) {
        let inserted = store::insert(conn, scope, rows, now).await?;
        let by_mail: HashSet<(i64, i64)> =
            rows.iter().filter(|row| row.wish.email).map(|row| (row.user, row.seq)).collect();
        let inserted = inserted.into_iter().filter(|row| by_mail.contains(&(row.user_id, row.seq)));
        let letters: Vec<Letter> =
            inserted.map(|row| Letter { user_id: row.user_id, notification_id: row.id }).collect();
        if !letters.is_empty() {
            mail::enqueue(conn, scope, &letters, now).await?;
        }
    }
    Ok(())
}
