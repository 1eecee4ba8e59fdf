//! Whom a token stands for: from the database, remembered for a moment so that a request costs no query.

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
/// The most tokens to remember at once.
const REMEMBERED: u64 = 100_000;
/// Counters of changes; users share them, which costs a query now and then and nothing else.
const COUNTERS: usize = 256;

/// What a request needs to know of its token's user.
#[derive(Debug, Clone)]
pub struct KnownUser {
    /// His tenant.
    pub tenant: Arc<str>,
    /// His role.
    pub role: Role,
    session: Session,
    /// The counter of changes, before this was read.
    changes: u64,
}

/// Whether a token counts.
#[derive(Debug, Clone, Copy)]
struct Session {
    /// The user's generation of tokens.
    generation: i64,
    /// The token was revoked, or its session was ended.
    is_revoked: bool,
}

/// Remembers for a few seconds the active users of tokens, by user and token.
#[derive(Debug)]
pub struct KnownUsers {
    users: Cache<(i64, Option<String>), KnownUser>,
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
        let is_fresh = |known: &KnownUser| known.changes == changes && known.session.generation >= token.generation();
        let key = (token.user(), token.id().map(str::to_owned));
        let known = match self.users.get(&key).filter(is_fresh) {
            Some(known) => known,
            None => {
                let (user, session) = load(db, token, now).await?;
                let known = KnownUser { tenant: user.tenant_id.into(), role: user.role, session, changes };
                self.users.insert(key, known.clone());
                known
            }
        };
        known.session.check(token)?;
        Ok(known)
    }

    /// To be called after the commit of whatever changed the user's role, activity or sessions.
    pub fn forget(&self, id: i64) {
        self.changes(id).fetch_add(1, Ordering::SeqCst);
    }

    fn changes(&self, id: i64) -> &AtomicU64 {
        &self.changes[id.unsigned_abs() as usize % COUNTERS]
    }
}

impl Session {
    fn check(self, token: &VerifiedToken) -> Result<(), ApiError> {
        let counts = !self.is_revoked && token.generation() == self.generation;
        if counts { Ok(()) } else { Err(Code::RevokedToken.into()) }
    }
}

/// The active user of this token, as the database says now.
pub async fn load_by_token(db: &Db, token: &VerifiedToken, now: Timestamp) -> Result<UserRow, ApiError> {
    let (user, session) = load(db, token, now).await?;
    session.check(token)?;
    Ok(user)
}

/// The active user with the id of a valid token.
pub async fn load_active(db: &Db, id: i64) -> Result<UserRow, ApiError> {
    find_active(&mut db.read().await?, id).await
}

async fn load(db: &Db, token: &VerifiedToken, now: Timestamp) -> Result<(UserRow, Session), ApiError> {
    let mut conn = db.read().await?;
    let user = find_active(&mut conn, token.user()).await?;
    let is_revoked = sessions::store::is_revoked(&mut conn, &user, token, now).await?;
    let session = Session { generation: user.token_generation, is_revoked };
    Ok((user, session))
}

async fn find_active(conn: &mut Conn, id: i64) -> Result<UserRow, ApiError> {
    let user = store::find_by_id(conn, id).await?;
    user.filter(|user| user.is_active).ok_or_else(|| Code::RevokedToken.into())
}
