//! The rows of invitations.

use super::types::InvitationQuery;
use crate::auth::Scope;
use crate::auth::store::email_key;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};
use crate::policy::{ManageOwners, ManageUsers, Role, RolePolicy};

/// An invitation with the name of who gave it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InvitationRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// For whom.
    pub email: String,
    /// The role to be.
    pub role: Role,
    /// Until when.
    pub expires_at: Timestamp,
    /// Made.
    pub created_at: Timestamp,
    /// Who gave it.
    pub created_by: i64,
    /// His name.
    pub created_by_name: String,
}

/// An invitation to insert.
#[derive(Debug)]
pub struct NewInvitationRow {
    /// For whom.
    pub email: String,
    /// The role to be.
    pub role: Role,
    /// SHA-256 of the token.
    pub token_hash: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

impl Sortable for InvitationRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "created_at", column: "i.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "expires_at", column: "i.expires_at", kind: Kind::Time, nullable: false },
        SortField { name: "email", column: "i.email", kind: Kind::Text, nullable: false },
        SortField { name: "id", column: "i.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "-created_at";
    const ID: &'static str = "i.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "created_at" => self.created_at.into(),
            "expires_at" => self.expires_at.into(),
            "email" => (&self.email).into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "i.id, i.tenant_id, i.email, i.role, i.expires_at, i.created_at, i.created_by, u.name as created_by_name"
    };
}

macro_rules! from {
    () => {
        "invitations i join users u on u.tenant_id = i.tenant_id and u.id = i.created_by"
    };
}

/// A page of the invitations that count now.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    query: &InvitationQuery,
    now: Timestamp,
) -> DbResult<Listing<InvitationRow>> {
    const LIST: List = List { table: from!(), from: from!(), columns: columns!() };
    let filter = sql("i.tenant_id = ?").bind(scope.tenant()).append(&pending(scope.policy(), now));
    query.page.fetch(conn, &LIST, &filter).await
}

/// The invitation, unless it was used.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<InvitationRow>> {
    const FIND: &str =
        concat!("select ", columns!(), " from ", from!(), " where i.tenant_id = ? and i.id = ? and i.used_at is null");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// The invitation, if it counts now.
pub async fn find_pending(conn: &mut Conn, scope: &Scope, id: i64, now: Timestamp) -> DbResult<Option<InvitationRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where i.tenant_id = ? and i.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id).append(&pending(scope.policy(), now))).await
}

/// The invitation with this token in any tenant, if it counts now.
pub async fn find_by_token(
    conn: &mut Conn,
    policy: RolePolicy,
    token_hash: &str,
    now: Timestamp,
) -> DbResult<Option<InvitationRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where i.token_hash = ?");
    conn.fetch_optional(sql(FIND).bind(token_hash.to_owned()).append(&pending(policy, now))).await
}

/// Those for this address that are neither used nor expired, whether they count now or not.
pub async fn open(conn: &mut Conn, scope: &Scope, email: &str, now: Timestamp) -> DbResult<Vec<InvitationRow>> {
    const OPEN: &str = concat!(
        "select ",
        columns!(),
        " from ",
        from!(),
        " where i.tenant_id = ? and i.email_key = ? and i.used_at is null and i.expires_at > ? order by i.id"
    );
    conn.fetch_all(sql(OPEN).bind(scope.tenant()).bind(email_key(email)).bind(now)).await
}

/// Those for this address that count now.
pub async fn pending_for(conn: &mut Conn, scope: &Scope, email: &str, now: Timestamp) -> DbResult<Vec<InvitationRow>> {
    const PENDING: &str =
        concat!("select ", columns!(), " from ", from!(), " where i.tenant_id = ? and i.email_key = ?");
    let select = sql(PENDING).bind(scope.tenant()).bind(email_key(email));
    conn.fetch_all(select.append(&pending(scope.policy(), now))).await
}

/// Inserts an invitation and gives its id. It takes the place of what was open for the same address; what has expired
/// goes too. The tenant is locked.
pub async fn insert(conn: &mut Conn, scope: &Scope, new: &NewInvitationRow) -> DbResult<i64> {
    const INSERT: &str = "insert into invitations (tenant_id, email, email_key, role, token_hash, expires_at, \
                          created_at, created_by) values (?, ?, ?, ?, ?, ?, ?, ?) returning id";
    let delete = "delete from invitations where tenant_id = ? and used_at is null \
                  and (email_key = ? or expires_at <= ?)";
    conn.execute(sql(delete).bind(scope.tenant()).bind(email_key(&new.email)).bind(new.created_at)).await?;
    let insert = sql(INSERT)
        .bind(scope.tenant())
        .bind(&new.email)
        .bind(email_key(&new.email))
        .bind(new.role)
        .bind(&new.token_hash)
        .bind(new.expires_at)
        .bind(new.created_at)
        .bind(scope.author());
    conn.insert(insert).await
}

/// Marks the invitation as used; gives whether it was not before.
pub async fn use_up(conn: &mut Conn, invitation: &InvitationRow, now: Timestamp) -> DbResult<bool> {
    let update = sql("update invitations set used_at = ? where tenant_id = ? and id = ? and used_at is null");
    Ok(conn.execute(update.bind(now).bind(&invitation.tenant_id).bind(invitation.id)).await? == 1)
}

/// Withdraws the invitation, unless it was used; gives whether it was there.
pub async fn delete(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<bool> {
    let delete = sql("delete from invitations where tenant_id = ? and id = ? and used_at is null");
    Ok(conn.execute(delete.bind(scope.tenant()).bind(id)).await? == 1)
}

/// Which invitations count: neither used nor expired, and from somebody who could give them today.
fn pending(policy: RolePolicy, now: Timestamp) -> Sql {
    sql(" and i.used_at is null and i.expires_at > ? and u.is_active = ?")
        .bind(now)
        .bind(true)
        .push(" and (u.role in ")
        .list(policy.roles::<ManageOwners>())
        .push(" or i.role <> ? and u.role in ")
        .bind(Role::Owner)
        .list(policy.roles::<ManageUsers>())
        .push(")")
}
