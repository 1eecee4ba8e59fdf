//! Bodies and answers of signing in.

use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::UserRow;
use crate::clock::Timestamp;
use crate::error::FieldMessage;
use crate::fields::{self, Fields, FromFields};
use crate::policy::Role;

/// The shortest password that registration takes.
pub const PASSWORD_LENGTH: usize = 8;
/// The longest, so that hashing stays bounded.
pub const MAX_PASSWORD_LENGTH: usize = 1024;

/// Signs in.
#[derive(Debug, ToSchema)]
pub struct Login {
    /// Case does not count.
    #[schema(format = "email", example = "owner@demo.example")]
    pub email: String,
    /// Password.
    #[schema(value_type = String, format = "password", max_length = 1024, example = "demo-password")]
    pub password: SecretString,
}

impl FromFields for Login {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", fields::email);
        let password = fields.required("password", fields::text_up_to(MAX_PASSWORD_LENGTH));
        Some(Self { email: email?, password: password?.into() })
    }
}

/// Makes an account.
#[derive(Debug, ToSchema)]
// All fields together would be refused.
#[schema(example = json!({
    "email": "test@example.com", "password": "password123", "name": "Test User", "tenant_id": "test-001",
}))]
pub struct Register {
    /// Unique over all tenants; case does not count.
    #[schema(format = "email", max_length = 255, example = "test@example.com")]
    pub email: String,
    /// Password.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024, example = "password123")]
    pub password: SecretString,
    /// Display name.
    #[schema(min_length = 2, max_length = 100, example = "Test User")]
    pub name: String,
    /// The tenant to join, by an account without an invitation; a new one is made.
    #[schema(min_length = 1, max_length = 50, nullable = false, example = "test-001")]
    pub tenant_id: Option<String>,
    /// From an invitation to this address, which decides on tenant and role.
    #[schema(value_type = Option<String>, nullable = false)]
    pub invite_token: Option<SecretString>,
}

impl FromFields for Register {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", fields::email);
        let password = fields.required("password", new_password);
        let name = fields.required("name", fields::text(2, 100));
        let (mut tenant_id, mut invite_token) = (None, None);
        if fields.has("invite_token") {
            invite_token = fields.required("invite_token", fields::any_text).map(SecretString::from);
            if fields.optional("tenant_id", fields::text(1, 50)).is_some() {
                fields.fault("tenant_id", FieldMessage::Unknown);
            }
        } else {
            tenant_id = fields.required("tenant_id", fields::text(1, 50));
        }
        Some(Self { email: email?, password: password?.into(), name: name?, tenant_id, invite_token })
    }
}

/// The rule for a password that is being set.
pub fn new_password(value: serde_json::Value) -> fields::Read<String> {
    let text = fields::text_from(PASSWORD_LENGTH)(value)?;
    fields::text_up_to(MAX_PASSWORD_LENGTH)(text.into())
}

/// A refresh token for callers that do not send it as a Bearer.
#[derive(Debug, ToSchema)]
pub struct Refresh {
    /// From signing in.
    #[schema(value_type = String)]
    pub refresh_token: SecretString,
}

impl FromFields for Refresh {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let refresh_token = fields.required("refresh_token", fields::any_text)?;
        Some(Self { refresh_token: refresh_token.into() })
    }
}

/// A user, as he sees himself.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Tenant.
    #[schema(example = "test-001")]
    pub tenant_id: String,
    /// As it was registered.
    #[schema(format = "email", example = "test@example.com")]
    pub email: String,
    /// Display name.
    #[schema(example = "Test User")]
    pub name: String,
    /// Role in the tenant.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Last sign-in; null before the first.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_login: Option<Timestamp>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow {
            id,
            tenant_id,
            email,
            password_hash: _,
            name,
            role,
            is_active,
            last_login,
            token_generation: _,
            version,
            created_at,
        } = row;
        Self { id, tenant_id, email, name, role, is_active, created_at, last_login, version }
    }
}

/// An answer with a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserAnswer {
    /// The user.
    pub user: User,
}

/// The answer to a registration.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// For people.
    #[schema(value_type = String, example = "User registered successfully")]
    pub message: &'static str,
    /// The new user.
    pub user: User,
}

/// The answer to signing in.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// For every call, as `Authorization: Bearer …`.
    pub access_token: String,
    /// For `/auth/refresh`.
    pub refresh_token: String,
    /// Who signed in.
    pub user: User,
}

/// The answer to a refresh.
#[derive(Serialize, ToSchema)]
pub struct Refreshed {
    /// The new access token, with the role of now.
    pub access_token: String,
}
