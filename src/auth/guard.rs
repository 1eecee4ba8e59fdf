//! Who is asking, and whether he may: the only place that makes a [`Scope`].

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use moka::sync::Cache;
use tracing::Span;
use tracing::field::display;

use super::store::{self, UserRow};
use super::token::{TokenType, bearer};
use crate::app::AppState;
use crate::db::Db;
use crate::error::{ApiError, Code};
use crate::policy::{Action, Reach, Role, RolePolicy};

/// How long a role or a deactivation may go unnoticed by another instance.
const FRESHNESS: Duration = Duration::from_secs(5);
/// The most users to remember at once.
const REMEMBERED_USERS: u64 = 100_000;

/// Whose rows a request may reach. Every store function of a tenant's table takes one, and only the guard (and the
/// operator at the command line) can make one.
#[derive(Debug, Clone)]
pub struct Scope {
    tenant: Arc<str>,
    user: i64,
    role: Role,
    policy: RolePolicy,
}

impl Scope {
    /// For the operator at the command line, who owns the database anyway.
    pub fn operator(tenant: &str, user: i64) -> Self {
        Self { tenant: tenant.into(), user, role: Role::Owner, policy: RolePolicy::Compatible }
    }

    /// The tenant.
    pub fn tenant(&self) -> &Arc<str> {
        &self.tenant
    }

    /// The user's id.
    pub fn user(&self) -> i64 {
        self.user
    }

    /// Whether the user may do `A` to everything in the tenant.
    pub fn may<A: Action>(&self) -> bool {
        self.policy.reach::<A>(self.role) == Reach::All
    }

    /// Refuses with 403 unless the user may do `A` to what `author` created.
    pub fn check<A: Action>(&self, author: Option<i64>) -> Result<(), ApiError> {
        match self.policy.reach::<A>(self.role) {
            Reach::All => Ok(()),
            Reach::Own if author == Some(self.user) => Ok(()),
            Reach::Own | Reach::Nothing => Err(self.refusal::<A>()),
        }
    }

    fn refusal<A: Action>(&self) -> ApiError {
        ApiError::role(self.policy.roles::<A>(), self.role)
    }
}

/// The guard: the request carries a valid access token of an active user whose role may do `A`.
#[derive(Debug)]
pub struct May<A>(pub Scope, pub PhantomData<fn() -> A>);

impl<S, A> FromRequestParts<S> for May<A>
where
    S: Send + Sync,
    A: Action,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = AppState::from_ref(state);
        let id = app.tokens.verify(TokenType::Access, bearer(&parts.headers)?, app.clock.now())?;
        let known = app.users.get(&app.db, id).await?;
        Span::current().record("tenant", display(&known.tenant)).record("user", id);
        let scope = Scope { tenant: known.tenant, user: id, role: known.role, policy: app.role_policy };
        if scope.policy.reach::<A>(scope.role) == Reach::Nothing {
            return Err(scope.refusal::<A>());
        }
        Ok(Self(scope, PhantomData))
    }
}

/// What a request needs to know of its user.
#[derive(Debug, Clone)]
pub struct KnownUser {
    tenant: Arc<str>,
    role: Role,
}

/// Remembers active users for a few seconds, so that a request costs no query for its role.
#[derive(Debug, Clone)]
pub struct KnownUsers(Cache<i64, KnownUser>);

impl Default for KnownUsers {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED_USERS).time_to_live(FRESHNESS).build())
    }
}

impl KnownUsers {
    /// The active user, at most five seconds old; a deleted or deactivated one has no valid token.
    async fn get(&self, db: &Db, id: i64) -> Result<KnownUser, ApiError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known);
        }
        let user = load_active(db, id).await?;
        let known = KnownUser { tenant: user.tenant_id.into(), role: user.role };
        self.0.insert(id, known.clone());
        Ok(known)
    }
}

/// The active user with the id of a valid token.
pub async fn load_active(db: &Db, id: i64) -> Result<UserRow, ApiError> {
    let user = store::find_by_id(&mut db.read().await?, id).await?;
    user.filter(|user| user.is_active).ok_or_else(|| Code::RevokedToken.into())
}
