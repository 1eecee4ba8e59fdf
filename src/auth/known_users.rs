//! Whom a token stands for: from the database, remembered for a moment so that a request costs no query.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::sessions;
use super::store::{self, UserRow};
use super::token::VerifiedToken;
use crate::clock::Timestamp;
use crate::db::{Conn, Db};
use crate::error::{ApiError, Code};
use crate::policy::Role;

/// How long a change of a user may go unnoticed by another instance.
const FRESHNESS: Duration = Duration::from_secs(5);
/// The most users to remember at once.
const REMEMBERED: u64 = 100_000;
/// Counters of changes; users share them, which costs a query now and then and nothing else.
const COUNTERS: usize = 256;

/// What a request needs to know of its user.
#[derive(Debug, Clone)]
pub struct KnownUser {
    /// His tenant.
    pub tenant: Arc<str>,
    /// His role.
    pub role: Role,
    sessions: Arc<Sessions>,
    /// The counter of changes, before this was read.
    changes: u64,
}

/// Which of a user's tokens count.
#[derive(Debug)]
struct Sessions {
    generation: i64,
    revoked: HashSet<String>,
}

/// Remembers active users for a few seconds.
#[derive(Debug)]
pub struct KnownUsers {
    users: Cache<i64, KnownUser>,
    changes: [AtomicU64; COUNTERS],
}

impl Default for KnownUsers {
    fn default() -> Self {
        Self {
            users: Cache::builder().max_capacity(REMEMBERED).time_to_live(FRESHNESS).build(),
            changes: [const { AtomicU64::new(0) }; COUNTERS],
        }
    }
}

impl KnownUsers {
    /// The active user of this token, at most five seconds old; one who is gone or inactive has no valid token.
    pub async fn get(&self, db: &Db, token: &VerifiedToken, now: Timestamp) -> Result<KnownUser, ApiError> {
        // Before the row is read: what was read while it changed is not used a second time.
        let changes = self.changes(token.user()).load(Ordering::SeqCst);
        // A token newer than what is remembered comes from another instance, where he has just changed.
        let is_fresh = |known: &KnownUser| known.changes == changes && known.sessions.generation >= token.generation();
        let known = match self.users.get(&token.user()).filter(is_fresh) {
            Some(known) => known,
            None => {
                let (user, sessions) = load(db, token.user(), now).await?;
                let (tenant, sessions) = (user.tenant_id.into(), Arc::new(sessions));
                let known = KnownUser { tenant, role: user.role, sessions, changes };
                self.users.insert(token.user(), known.clone());
                known
            }
        };
        known.sessions.check(token)?;
        Ok(known)
    }

    /// To be called after the commit of whatever changed the user's role, activity or sessions.
    pub fn forget(&self, id: i64) {
        self.changes(id).fetch_add(1, Ordering::SeqCst);
        self.users.invalidate(&id);
    }

    fn changes(&self, id: i64) -> &AtomicU64 {
        &self.changes[id.unsigned_abs() as usize % COUNTERS]
    }
}

impl Sessions {
    fn check(&self, token: &VerifiedToken) -> Result<(), ApiError> {
        let is_revoked = token.id().is_some_and(|id| self.revoked.contains(id));
        if is_revoked || token.generation() != self.generation { Err(Code::RevokedToken.into()) } else { Ok(()) }
    }
}

/// The active user of this token, as the database says now.
pub async fn load_by_token(db: &Db, token: &VerifiedToken, now: Timestamp) -> Result<UserRow, ApiError> {
    let (user, sessions) = load(db, token.user(), now).await?;
    sessions.check(token)?;
    Ok(user)
}

/// The active user with the id of a valid token.
pub async fn load_active(db: &Db, id: i64) -> Result<UserRow, ApiError> {
    find_active(&mut db.read().await?, id).await
}

async fn load(db: &Db, id: i64, now: Timestamp) -> Result<(UserRow, Sessions), ApiError> {
    let mut conn = db.read().await?;
    let user = find_active(&mut conn, id).await?;
    let revoked = sessions::store::revoked(&mut conn, &user, now).await?;
    let sessions = Sessions { generation: user.token_generation, revoked };
    Ok((user, sessions))
}

async fn find_active(conn: &mut Conn, id: i64) -> Result<UserRow, ApiError> {
    let user = store::find_by_id(conn, id).await?;
    user.filter(|user| user.is_active).ok_or_else(|| Code::RevokedToken.into())
}
