//! Bodies and answers of users.

use secrecy::SecretString;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::MemberRow;
use crate::auth::types::new_password;
use crate::clock::Timestamp;
use crate::fields::{self, Fields, FromFields};
use crate::page::{Page, PageAnswer};
use crate::policy::Role;

/// A user to make.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "email": "hong@example.com", "password": "password123", "name": "Hong Gil-dong", "role": "analyst",
}))]
pub struct NewUser {
    /// Unique over all tenants; case does not count.
    #[schema(format = "email", max_length = 255, example = "hong@example.com")]
    pub email: String,
    /// Password.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024, example = "password123")]
    pub password: SecretString,
    /// Display name.
    #[schema(min_length = 2, max_length = 100, example = "Hong Gil-dong")]
    pub name: String,
    /// Role in the tenant; only an owner may make an owner.
    pub role: Role,
}

impl FromFields for NewUser {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", fields::email);
        let password = fields.required("password", new_password);
        let name = fields.required("name", name);
        let role = fields.required("role", fields::one_of::<Role>);
        Some(Self { email: email?, password: password?.into(), name: name?, role: role? })
    }
}

/// A change of a user: absent fields stay.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"role": "editor"}))]
pub struct UserPatch {
    /// Display name. One's own may be changed by everybody.
    #[schema(min_length = 2, max_length = 100, nullable = false, example = "Kim Ji-eun")]
    pub name: Option<String>,
    /// Role in the tenant; only an owner may give and take the role of owner.
    #[schema(nullable = false)]
    pub role: Option<Role>,
    /// Whether signing in is allowed. Who is let in no more loses every session.
    #[schema(nullable = false)]
    pub is_active: Option<bool>,
}

impl FromFields for UserPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.optional("name", name),
            role: fields.optional("role", fields::one_of::<Role>),
            is_active: fields.optional("is_active", fields::boolean),
        })
    }
}

impl UserPatch {
    /// The row with the change applied.
    pub fn apply(self, row: &MemberRow) -> MemberRow {
        let Self { name, role, is_active } = self;
        let mut row = row.clone();
        fields::replace(&mut row.name, name);
        fields::replace(&mut row.role, role);
        fields::replace(&mut row.is_active, is_active);
        row
    }
}

fn name(value: serde_json::Value) -> fields::Read<String> {
    fields::text(2, 100)(value)
}

/// Which users, and which page of them.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Role in the tenant.
    pub role: Option<Role>,
    /// Whether signing in is allowed.
    pub is_active: Option<bool>,
    /// Text in the name or, for admins and owners, in the e-mail address; case does not count.
    #[param(example = "hong")]
    pub q: Option<String>,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for UserQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            role: fields.optional("role", fields::one_of::<Role>),
            is_active: fields.optional("is_active", fields::boolean),
            q: fields.optional("q", fields::search_text),
            page: Page::from_fields::<MemberRow>(fields)?,
        })
    }
}

/// A user of the tenant. Admins and owners see all of it, others what it takes to pick one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Tenant.
    #[schema(example = "test-001")]
    pub tenant_id: String,
    /// Display name.
    #[schema(example = "Hong Gil-dong")]
    pub name: String,
    /// Role in the tenant.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
    /// As it was registered. Only for admins and owners; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "email", nullable = false, example = "hong@example.com")]
    pub email: Option<String>,
    /// When the account was made. Absent for others than admins and owners, but no secret: a task shows its assignee's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    pub created_at: Option<Timestamp>,
    /// Last sign-in; null before the first. Absent for others than admins and owners, but no secret: a task shows its
    /// assignee's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login: Option<Option<Timestamp>>,
}

impl Member {
    /// What is shown of the row, all of it or not.
    pub fn new(row: MemberRow, all: bool) -> Self {
        let MemberRow { id, tenant_id, email, name, role, is_active, last_login, version, created_at, updated_at: _ } =
            row;
        Self {
            id,
            tenant_id,
            name,
            role,
            is_active,
            version,
            email: all.then_some(email),
            created_at: all.then_some(created_at),
            last_login: all.then_some(last_login),
        }
    }
}

/// An answer with a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberAnswer {
    /// The user.
    pub user: Member,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberChanged {
    /// For people.
    #[schema(value_type = String, example = "User created successfully")]
    pub message: &'static str,
    /// The user as he is now.
    pub user: Member,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberList {
    /// The page.
    pub users: Vec<Member>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}
