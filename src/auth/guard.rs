//! Who is asking, and whether he may: the place where every [`Scope`] is made.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use tracing::Span;
use tracing::field::display;

use super::store::{self, UserRow};
use super::token::{TokenType, VerifiedToken, bearer};
use crate::app::AppState;
use crate::audit::AuditKey;
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::origin::Origin;
use crate::policy::{Action, Reach, Role, RolePolicy};

/// Whose rows a request may reach. Every store function of a tenant's table takes one, and only what proves who asks can
/// get one: this folder, the operator's command line and the daily jobs.
#[derive(Debug, Clone)]
pub struct Scope {
    tenant: Arc<str>,
    user: Option<i64>,
    role: Role,
    policy: RolePolicy,
    /// The generation of the tokens that showed who the user is; nothing where none did.
    generation: Option<i64>,
    origin: Arc<Origin>,
    audit_key: AuditKey,
}

impl Scope {
    /// For the operator at the command line, who owns the database anyway.
    pub fn operator(tenant: &str, user: i64, audit_key: AuditKey) -> Self {
        Self { user: Some(user), ..Self::system(tenant, audit_key) }
    }

    /// For jobs and commands, behind which is no user.
    pub fn system(tenant: &str, audit_key: AuditKey) -> Self {
        let (role, policy) = (Role::Owner, RolePolicy::Compatible);
        let origin = Arc::default();
        Self { tenant: tenant.into(), user: None, role, policy, generation: None, origin, audit_key }
    }

    /// For an active user who has shown by something other than an access token who he is.
    pub(super) fn of(user: &UserRow, app: &AppState, origin: Origin) -> Self {
        Self {
            tenant: user.tenant_id.as_str().into(),
            user: Some(user.id),
            role: user.role,
            policy: app.role_policy,
            generation: Some(user.token_generation),
            origin: origin.into(),
            audit_key: app.audit_key.clone(),
        }
    }

    /// For who has not shown that he is this user; all that it is good for is to say so in the audit log.
    pub(super) fn of_nobody(user: &UserRow, app: &AppState, origin: Origin) -> Self {
        Self { user: None, role: Role::Viewer, ..Self::of(user, app, origin) }
    }

    /// For the active user of a valid token, if his role may do `A`.
    pub(in crate::auth) async fn of_token<A: Action>(
        app: &AppState,
        token: &VerifiedToken,
        origin: Origin,
    ) -> Result<Self, ApiError> {
        let known = app.users.get(&app.db, token, app.clock.now()).await?;
        Span::current().record("tenant", display(&known.tenant)).record("user", token.user());
        let scope = Self {
            tenant: known.tenant,
            user: Some(token.user()),
            role: known.role,
            policy: app.role_policy,
            generation: Some(token.generation()),
            origin: origin.into(),
            audit_key: app.audit_key.clone(),
        };
        scope.admitted::<A>()
    }

    /// The same user as he is now, if he may still do `A`: 401 when he is let in no more or has ended his sessions, 403
    /// when his role does not suffice any more. Until the transaction ends, nobody's role or activity in the tenant
    /// changes.
    ///
    /// Comes first in every transaction that changes who is in the tenant, and as what. What the guard knows is as old as
    /// the request, or some seconds older; who has just lost his role could give it back to himself by it, or leave
    /// accounts behind.
    pub async fn afresh<A: Action>(&self, tx: &mut Conn) -> Result<Self, ApiError> {
        store::lock_tenant(tx, &self.tenant).await?;
        // The operator has no session that could end.
        let Some(generation) = self.generation else { return Ok(self.clone()) };
        let user = store::find_by_id(tx, self.user())
            .await?
            .filter(|user| user.is_active && user.token_generation == generation && user.tenant_id == *self.tenant);
        self.with_role(user.ok_or(Code::RevokedToken)?.role).admitted::<A>()
    }

    /// For the same user, whose role is this one now.
    pub(in crate::auth) fn with_role(&self, role: Role) -> Self {
        Self { role, ..self.clone() }
    }

    /// The tenant.
    pub fn tenant(&self) -> &Arc<str> {
        &self.tenant
    }

    /// The user's id; 0, which nobody has, for the system.
    pub fn user(&self) -> i64 {
        self.user.unwrap_or_default()
    }

    /// Who is to be named as the author of what is made; nobody for the system.
    pub fn author(&self) -> Option<i64> {
        self.user
    }

    /// Signs what is written to the audit log.
    pub fn audit_key(&self) -> &AuditKey {
        &self.audit_key
    }

    /// Where the request comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How the table of permissions is read.
    pub fn policy(&self) -> RolePolicy {
        self.policy
    }

    /// Whether the user may do `A` to everything in the tenant.
    pub fn may<A: Action>(&self) -> bool {
        self.policy.reach::<A>(self.role) == Reach::All
    }

    /// Refuses with 403 unless the user may do `A` to what `author` created.
    pub fn check<A: Action>(&self, author: Option<i64>) -> Result<(), ApiError> {
        match self.policy.reach::<A>(self.role) {
            Reach::All => Ok(()),
            Reach::Own if author.is_some() && author == self.user => Ok(()),
            Reach::Own | Reach::Nothing => Err(self.refusal::<A>()),
        }
    }

    fn admitted<A: Action>(self) -> Result<Self, ApiError> {
        if self.policy.reach::<A>(self.role) == Reach::Nothing { Err(self.refusal::<A>()) } else { Ok(self) }
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
        let token = app.tokens.verify(TokenType::Access, bearer(&parts.headers)?, app.clock.now())?;
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        Ok(Self(Scope::of_token::<A>(&app, &token, origin).await?, PhantomData))
    }
}
