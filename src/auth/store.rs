//! The rows of tenants and users.
//!
//! Signing in comes before any tenant is known, so the look-ups by e-mail and by a token's user id take none.

use std::collections::{BTreeSet, HashSet};

use crate::audit::{self, AuditKey};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{self, Conn, DbResult, fold, sql};
use crate::policy::Role;

/// A user.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UserRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// As it was registered.
    pub email: String,
    /// Argon2id in PHC form, or werkzeug's.
    pub password_hash: String,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// Last sign-in.
    pub last_login: Option<Timestamp>,
    /// His tokens carry it; those with a smaller one are revoked.
    pub token_generation: i64,
    /// Counts changes.
    pub version: i64,
    /// When the row was made.
    pub created_at: Timestamp,
}

/// A user to insert.
#[derive(Debug)]
pub struct NewUserRow {
    /// Tenant.
    pub tenant_id: String,
    /// As given.
    pub email: String,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Who made or invited him.
    pub created_by: Option<i64>,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! select_user {
    ($where:literal) => {
        concat!(
            "select id, tenant_id, email, password_hash, name, role, is_active, last_login, token_generation, \
             version, created_at from users where ",
            $where
        )
    };
}

/// The user with this e-mail address, in any tenant. Case does not count.
pub async fn find_by_email(conn: &mut Conn, email: &str) -> DbResult<Option<UserRow>> {
    conn.fetch_optional(sql(select_user!("email_key = ?")).bind(email_key(email))).await
}

/// The user with this id, in any tenant.
pub async fn find_by_id(conn: &mut Conn, id: i64) -> DbResult<Option<UserRow>> {
    conn.fetch_optional(sql(select_user!("id = ?")).bind(id)).await
}

/// Inserts a user; a taken e-mail address is a duplicate.
pub async fn insert(conn: &mut Conn, user: &NewUserRow) -> DbResult<i64> {
    const COUNTER: &str = "insert into notification_counters (tenant_id, user_id, last_seq) values (?, ?, 0)";
    let insert =
        sql("insert into users (tenant_id, email, email_key, password_hash, name, name_folded, role, is_active, \
             version, created_at, updated_at, created_by) values (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) returning id")
        .bind(&user.tenant_id)
        .bind(&user.email)
        .bind(email_key(&user.email))
        .bind(&user.password_hash)
        .bind(&user.name)
        .bind(fold(&user.name))
        .bind(user.role)
        .bind(true)
        .bind(user.created_at)
        .bind(user.created_at)
        .bind(user.created_by);
    let id = conn.insert(insert).await?;
    // Whoever notifies users counts there, in the order of their ids. Were it made only then, two could wait for each
    // other: MariaDB locks the gap where the row is to be.
    conn.execute(sql(COUNTER).bind(&user.tenant_id).bind(id)).await?;
    Ok(id)
}

/// Makes the tenant if it is not there, with the beginning of its audit log.
pub async fn ensure_tenant(conn: &mut Conn, tenant_id: &str, audit_key: &AuditKey, now: Timestamp) -> DbResult<()> {
    let id = tenant_id.to_owned();
    if conn.count(sql("select count(*) from tenants where id = ?").bind(&id)).await? == 1 {
        return Ok(());
    }
    match conn.execute(sql("insert into tenants (id, created_at) values (?, ?)").bind(&id).bind(now)).await {
        // Another transaction made it in between.
        Err(error) if db::is_duplicate(&error) => Ok(()),
        result => {
            result?;
            audit::open_chain(conn, audit_key, tenant_id).await
        }
    }
}

/// Lets changes of who is in the tenant, and as what, wait for one another; those by a user begin with
/// [`Scope::afresh`], which does this. Comes first in a transaction. Locking the rows themselves would lock the
/// gaps between them too, where each change writes.
pub async fn lock_tenant(conn: &mut Conn, tenant_id: &str) -> DbResult<()> {
    conn.lock(sql("select 1 from tenants where id = ?").bind(tenant_id.to_owned())).await
}

/// Records a sign-in.
pub async fn touch_last_login(conn: &mut Conn, id: i64, now: Timestamp) -> DbResult<()> {
    conn.execute(sql("update users set last_login = ? where id = ?").bind(now).bind(id)).await?;
    Ok(())
}

/// Replaces a password hash, unless it has changed since it was read.
pub async fn replace_password_hash(conn: &mut Conn, id: i64, old: &str, new: &str) -> DbResult<()> {
    let update = "update users set password_hash = ? where id = ? and password_hash = ?";
    conn.execute(sql(update).bind(new.to_owned()).bind(id).bind(old.to_owned())).await?;
    Ok(())
}

/// Gives the user of `scope` a new password and ends his sessions.
pub async fn set_password(conn: &mut Conn, scope: &Scope, password_hash: &str) -> DbResult<()> {
    let update = "update users set password_hash = ?, token_generation = token_generation + 1 \
                  where tenant_id = ? and id = ?";
    let update = sql(update).bind(password_hash.to_owned()).bind(scope.tenant()).bind(scope.user());
    conn.execute(update).await?;
    Ok(())
}

/// Whether this id is an active user of the tenant.
pub async fn is_active_member(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let count = "select count(*) from users where tenant_id = ? and id = ? and is_active = ?";
    Ok(conn.count(sql(count).bind(scope.tenant()).bind(id).bind(true)).await? == 1)
}

/// Those of these ids that are active users of the tenant.
pub async fn active_members(conn: &mut Conn, scope: &Scope, ids: &BTreeSet<i64>) -> DbResult<HashSet<i64>> {
    const SELECT: &str = "select id from users where tenant_id = ? and is_active = ? and id in ";
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let select = sql(SELECT).bind(scope.tenant()).bind(true).list(ids.iter().copied());
    let rows: Vec<(i64,)> = conn.fetch_all(select).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What makes two addresses the same account: MariaDB under Flask's collation ignored case, so do we everywhere.
pub fn email_key(email: &str) -> String {
    email.to_lowercase()
}
