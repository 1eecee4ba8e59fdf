//! The rows of the outbox, with what a letter is made of.
//!
//! Sending and cleaning up are no request of anybody's, so they look for rows in all tenants; what is then done with a
//! row names its tenant.

use chrono::TimeDelta;
use tracing::warn;

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Value, pieces, sql, text_enum};
use crate::notifications::Kind;
use crate::policy::Role;
use crate::resource::Resource;

/// How many rows one statement inserts.
const ROWS_PER_INSERT: usize = 500;
/// How long a letter may wait to be sent, while nobody sends any.
const PENDING_KEPT: TimeDelta = TimeDelta::days(7);
/// How long it is known what became of a letter.
const SETTLED_KEPT: TimeDelta = TimeDelta::days(30);

text_enum! {
    /// What has become of a letter.
    pub enum State {
        /// It is to be sent.
        Pending = "pending",
        /// The mail server has taken it.
        Sent = "sent",
        /// It is given up, or not wanted any more.
        Dead = "dead",
    }
}

/// A letter to write: who shall read of which notification.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    /// Who.
    pub user_id: i64,
    /// Of what.
    pub notification_id: i64,
}

/// Which letter.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Key {
    /// Tenant.
    pub tenant_id: String,
    /// Key.
    pub id: i64,
}

/// What a letter is made of, as it is now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LetterRow {
    /// Tenant.
    pub tenant_id: String,
    /// Key.
    pub id: i64,
    /// How often it has been tried.
    pub attempts: i64,
    /// What happened.
    pub kind: Kind,
    /// What to.
    pub title: String,
    /// What kind of thing that is.
    pub resource_type: Resource,
    /// Its key.
    pub resource_id: i64,
    /// The reader's name.
    pub name: String,
    /// The reader's address.
    pub email: String,
    /// His role.
    pub role: Role,
    /// Whether he may still sign in.
    pub is_active: bool,
    /// Whether he wants such letters; nothing means no.
    pub wants_mail: Option<bool>,
    /// In which language; nothing means Korean.
    pub locale: Option<String>,
}

/// What has become of a letter after an attempt.
#[derive(Debug)]
pub struct Settled {
    /// Whether it is done with.
    pub state: State,
    /// How often it has been tried.
    pub attempts: i64,
    /// When it is tried again, if it is pending.
    pub next_attempt_at: Timestamp,
    /// Why it was not sent.
    pub last_error: Option<String>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

/// Puts letters into the outbox, in the transaction of what they tell of.
pub async fn enqueue(conn: &mut Conn, scope: &Scope, letters: &[Letter], now: Timestamp) -> DbResult<()> {
    const INSERT: &str = "insert into mail_outbox (tenant_id, notification_id, user_id, state, attempts, \
                          next_attempt_at, created_at) values ";
    for letters in pieces(letters, ROWS_PER_INSERT) {
        let rows = letters.iter().map(|letter| -> Vec<Value> {
            let Letter { user_id, notification_id } = *letter;
            let (tenant, state) = (scope.tenant().into(), State::Pending.into());
            vec![tenant, notification_id.into(), user_id.into(), state, 0_i64.into(), now.into(), now.into()]
        });
        conn.execute(sql(INSERT).values(rows)).await?;
    }
    Ok(())
}

/// Letters of all tenants that are due, not too old and not being sent, those that have waited longest first.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> DbResult<Vec<Key>> {
    const DUE: &str = "select tenant_id, id from mail_outbox where state = ? and next_attempt_at <= ? \
                       and created_at > ? and (claimed_until is null or claimed_until <= ?) \
                       order by next_attempt_at, id limit ?";
    let due = sql(DUE).bind(State::Pending).bind(now).bind(before(now, PENDING_KEPT)).bind(now);
    conn.fetch_all(due.bind(limit)).await
}

/// Takes the letter until this moment, which no other taker shares; gives whether it was still to be had.
///
/// Locked and changed by its key alone: with more to go by, MariaDB may choose another index and wait there for letters
/// that are just being put in, and their writers for it.
pub async fn claim(conn: &mut Conn, key: &Key, now: Timestamp, until: Timestamp) -> DbResult<bool> {
    const IS_FREE: &str = "select count(*) from mail_outbox where tenant_id = ? and id = ? and state = ? \
                           and next_attempt_at <= ? and (claimed_until is null or claimed_until <= ?)";
    let lock = sql("select id from mail_outbox where tenant_id = ? and id = ?");
    conn.lock(lock.bind(&key.tenant_id).bind(key.id)).await?;
    let is_free = sql(IS_FREE).bind(&key.tenant_id).bind(key.id).bind(State::Pending).bind(now).bind(now);
    if conn.count(is_free).await? == 0 {
        return Ok(false);
    }
    let claim = sql("update mail_outbox set claimed_until = ? where tenant_id = ? and id = ?");
    conn.execute(claim.bind(until).bind(&key.tenant_id).bind(key.id)).await?;
    Ok(true)
}

/// What the letter is made of.
pub async fn find(conn: &mut Conn, key: &Key) -> DbResult<Option<LetterRow>> {
    const FIND: &str = "select o.tenant_id, o.id, o.attempts, n.kind, n.title, n.resource_type, n.resource_id, \
                        u.name, u.email, u.role, u.is_active, p.email as wants_mail, s.locale from mail_outbox o \
                        join notifications n on n.tenant_id = o.tenant_id and n.id = o.notification_id \
                        join users u on u.tenant_id = o.tenant_id and u.id = o.user_id \
                        left join notification_preferences p on p.tenant_id = o.tenant_id \
                        and p.user_id = o.user_id and p.kind = n.kind \
                        left join notification_settings s on s.tenant_id = o.tenant_id and s.user_id = o.user_id \
                        where o.tenant_id = ? and o.id = ?";
    conn.fetch_optional(sql(FIND).bind(&key.tenant_id).bind(key.id)).await
}

/// Whether there still is what the letter tells of.
pub async fn is_there(conn: &mut Conn, letter: &LetterRow) -> DbResult<bool> {
    let count = match letter.resource_type {
        Resource::Task => sql("select count(*) from tasks where tenant_id = ? and id = ?"),
        Resource::Meeting => sql("select count(*) from meetings where tenant_id = ? and id = ?"),
        Resource::ActionItem => sql("select count(*) from action_items where tenant_id = ? and id = ?"),
        Resource::Contract => sql("select count(*) from contracts where tenant_id = ? and id = ?"),
        _ => return Ok(true),
    };
    Ok(conn.count(count.bind(&letter.tenant_id).bind(letter.resource_id)).await? > 0)
}

/// Writes what has become of the letter, unless another one has taken it since.
pub async fn settle(conn: &mut Conn, key: &Key, claim: Timestamp, settled: &Settled) -> DbResult<bool> {
    const SETTLE: &str = "update mail_outbox set state = ?, attempts = ?, next_attempt_at = ?, claimed_until = null, \
                          last_error = ?, sent_at = ? where tenant_id = ? and id = ? and claimed_until = ?";
    let Settled { state, attempts, next_attempt_at, last_error, sent_at } = settled;
    let settle = sql(SETTLE).bind(*state).bind(*attempts).bind(*next_attempt_at).bind(last_error).bind(*sent_at);
    Ok(conn.execute(settle.bind(&key.tenant_id).bind(key.id).bind(claim)).await? == 1)
}

/// Deletes at most this many letters that nobody has sent for a week, or that were settled and are 30 days old, in
/// all tenants; gives how many it were.
pub async fn delete_expired(conn: &mut Conn, now: Timestamp, limit: i64) -> DbResult<u64> {
    const EXPIRED: &str = "select id, state from mail_outbox where state = ? and created_at <= ? \
                           or state in (?, ?) and created_at <= ? limit ?";
    let expired = sql(EXPIRED).bind(State::Pending).bind(before(now, PENDING_KEPT));
    let expired = expired.bind(State::Sent).bind(State::Dead).bind(before(now, SETTLED_KEPT)).bind(limit);
    let expired = conn.fetch_all::<(i64, State)>(expired).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let given_up = expired.iter().filter(|(_, state)| *state == State::Pending).count();
    if given_up > 0 {
        warn!(letters = given_up, "letters that could not be sent for a week are given up");
    }
    conn.execute(sql("delete from mail_outbox where id in ").list(expired.into_iter().map(|(id, _)| id))).await
}

fn before(now: Timestamp, kept: TimeDelta) -> Timestamp {
    Timestamp::new(now.utc() - kept)
}
