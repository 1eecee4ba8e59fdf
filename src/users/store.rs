//! The rows of users, as their tenant sees them.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::types::UserQuery;
use crate::auth::Scope;
use crate::auth::store::email_key;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};
use crate::policy::{ManageUsers, Role};

/// A user, without what belongs to signing in.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MemberRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// As it was registered.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// Last sign-in.
    pub last_login: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
}

impl MemberRow {
    /// Whether it is one of those of whom a tenant keeps one.
    pub fn is_active_owner(&self) -> bool {
        self.role == Role::Owner && self.is_active
    }
}

impl Sortable for MemberRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "name", column: "u.name", kind: Kind::Text, nullable: false },
        SortField { name: "email", column: "u.email", kind: Kind::Text, nullable: false },
        SortField { name: "created_at", column: "u.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "last_login", column: "u.last_login", kind: Kind::Time, nullable: true },
        SortField { name: "id", column: "u.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "name";
    const ID: &'static str = "u.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "name" => (&self.name).into(),
            "email" => (&self.email).into(),
            "created_at" => self.created_at.into(),
            "last_login" => self.last_login.into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "u.id, u.tenant_id, u.email, u.name, u.role, u.is_active, u.last_login, u.version, u.created_at, u.updated_at"
    };
}

/// A page of the users that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &UserQuery) -> DbResult<Listing<MemberRow>> {
    const LIST: List = List { table: "users u", from: "users u", columns: columns!() };
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The user.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<MemberRow>> {
    const FIND: &str = concat!("select ", columns!(), " from users u where u.tenant_id = ? and u.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// How many active owners the tenant has.
pub async fn count_active_owners(conn: &mut Conn, scope: &Scope) -> DbResult<i64> {
    let count = sql("select count(*) from users where tenant_id = ? and role = ? and is_active = ?");
    conn.count(count.bind(scope.tenant()).bind(Role::Owner).bind(true)).await
}

/// Writes the row's values and its new version. Whoever is let in no more loses his sessions for good.
pub async fn update(conn: &mut Conn, scope: &Scope, old: &MemberRow, new: &MemberRow) -> DbResult<()> {
    const UPDATE: &str = "update users set name = ?, name_folded = ?, role = ?, is_active = ?, \
                          token_generation = token_generation + ?, version = ?, updated_at = ? \
                          where tenant_id = ? and id = ?";
    let update = sql(UPDATE)
        .bind(&new.name)
        .bind(fold(&new.name))
        .bind(new.role)
        .bind(new.is_active)
        .bind(i64::from(old.is_active && !new.is_active))
        .bind(new.version)
        .bind(new.updated_at);
    conn.execute(update.bind(scope.tenant()).bind(new.id)).await?;
    Ok(())
}

fn filter(scope: &Scope, query: &UserQuery) -> Sql {
    let mut filter = sql("u.tenant_id = ?").bind(scope.tenant());
    if let Some(role) = query.role {
        filter = filter.push(" and u.role = ?").bind(role);
    }
    if let Some(is_active) = query.is_active {
        filter = filter.push(" and u.is_active = ?").bind(is_active);
    }
    if let Some(text) = &query.q {
        filter = filter.push(" and (u.name_folded like ? escape '!'").bind(escape_like(&fold(text)));
        // Nobody finds by an address that he may not see.
        if scope.may::<ManageUsers>() {
            for pattern in address_patterns(text) {
                filter = filter.push(" or u.email_key like ? escape '!'").bind(pattern);
            }
        }
        filter = filter.push(")");
    }
    filter
}

/// An address is known as it was typed, in lower case: its letters may be composed or not, and so may those that are
/// looked for.
fn address_patterns(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let decomposed = folded.nfd().collect();
    [email_key(text), folded, decomposed].iter().map(|text| escape_like(text)).collect()
}
