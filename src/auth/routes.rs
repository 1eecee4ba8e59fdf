//! `/auth`: register, login, refresh, me.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use secrecy::ExposeSecret;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::invitations::{self, Invited};
use super::known_users::{load_active, load_by_token};
use super::login_failure::LoginFailure;
use super::password::{self, Verdict};
use super::store::{self, NewUserRow, UserRow};
use super::token::{SessionTokens, TokenType, bearer};
use super::types::{LoggedIn, Login, Refresh, Refreshed, Register, Registered, User, UserAnswer};
use super::{May, Scope, calendar_feeds, sessions, stream_tickets};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::config::Registration;
use crate::db::transaction;
use crate::error::{ApiError, Code, ErrorBody, FieldMessage};
use crate::extract::Body;
use crate::origin::Origin;
use crate::policy::{ReadSelf, Role};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh_token))
        .routes(routes!(get_current_user))
        .merge(sessions::router())
        .merge(invitations::router())
        .merge(calendar_feeds::router())
        .merge(stream_tickets::router())
}

/// Make an account
///
/// By invitation, which decides on tenant and role; or, only where `REGISTRATION` is `open`, as a `viewer` in any
/// tenant.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "user_register",
    request_body = Register,
    responses(
        (status = 201, description = "The account", body = Registered),
        (status = 403, description = "Registration is closed, or needs an invitation", body = ErrorBody),
        (status = 409, description = "The e-mail address is taken", body = ErrorBody),
    ),
)]
async fn register(
    State(app): State<AppState>,
    origin: Origin,
    body: Body<Register>,
) -> Result<impl IntoResponse, ApiError> {
    match app.registration {
        Registration::Closed => return Err(Code::RegistrationClosed.into()),
        Registration::Invite if !body.has("invite_token")? => return Err(Code::InvitationRequired.into()),
        Registration::Invite | Registration::Open => {}
    }
    let Register { email, password, name, tenant_id, invite_token } = body.read()?;
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    // All that can fail comes before the costly hash; the transaction has the last word.
    let invited = match &invite_token {
        Some(token) => Some(Invited::find(&mut conn, app.role_policy, token, &email, now).await?),
        None => None,
    };
    if store::find_by_email(&mut conn, &email).await?.is_some() {
        return Err(Code::EmailTaken.into());
    }
    drop(conn);
    let (tenant_id, role, created_by) = match (&invited, tenant_id) {
        (Some(invited), _) => invited.place(),
        (None, Some(tenant_id)) => (tenant_id, Role::Viewer, None),
        (None, None) => return Err(ApiError::field("tenant_id", FieldMessage::Required)),
    };
    let turn = app.failed_logins.turn(origin.ip).await?;
    let password_hash = password::hash(password).await?;
    drop(turn);
    let new = NewUserRow { tenant_id, email, password_hash, name, role, created_by, created_at: now };
    let user = transaction!(app.db, |tx| {
        match &invited {
            Some(invited) => invited.use_up(tx, app.role_policy, now).await?,
            None => store::ensure_tenant(tx, &new.tenant_id, &app.audit_key, now).await?,
        }
        let id = store::insert(tx, &new).await.map_err(|error| ApiError::duplicate(error, Code::EmailTaken))?;
        let user = store::find_by_id(tx, id).await?.ok_or_else(|| ApiError::internal("a new user is gone"))?;
        let scope = Scope::of(&user, &app, origin.clone());
        // By which invitation; without one he has made the account himself.
        let changes = Changes::created(&User::from(user.clone()));
        let changes = changes.field("invitation_id", Value::Null, invited.as_ref().map(Invited::id));
        audit::record(tx, &scope, Event::new(Action::Registered, Resource::User, id).with(changes), now).await?;
        Ok(user)
    })?;
    let answer = Registered { message: "User registered successfully", user: user.into() };
    Ok((StatusCode::CREATED, [NO_STORE], Json(answer)))
}

/// Sign in
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "user_login",
    request_body = Login,
    responses(
        (status = 200, description = "The tokens", body = LoggedIn),
        (status = 401, description = "Unknown e-mail address or wrong password", body = ErrorBody),
        (status = 403, description = "The account is inactive", body = ErrorBody),
        (status = 429, description = "Too many failures with this account, or from this address", body = ErrorBody),
    ),
)]
async fn login(State(app): State<AppState>, origin: Origin, body: Body<Login>) -> Result<impl IntoResponse, ApiError> {
    let Login { email, password } = body.read()?;
    let attempt = app.failed_logins.attempt(&email, origin.ip).await?;
    let user = store::find_by_email(&mut app.db.read().await?, &email).await?;
    let verdict = password::verify(user.as_ref().map(|user| user.password_hash.clone()), password).await?;
    let user = match user {
        Some(user) if verdict != Verdict::Wrong => user,
        user => {
            let is_closed = attempt.failed();
            if let Some(user) = user {
                let reasons = LoginFailure::WrongPassword.followed_by(is_closed);
                record_refusal(app, &user, origin, reasons);
            }
            return Err(Code::WrongCredentials.into());
        }
    };
    drop(attempt);
    if !user.is_active {
        record_refusal(app, &user, origin, vec![LoginFailure::Inactive]);
        return Err(Code::AccountInactive.into());
    }
    let (scope, now) = (Scope::of(&user, &app, origin), app.clock.now());
    transaction!(app.db, |tx| {
        if let Verdict::Outdated(new) = &verdict {
            store::replace_password_hash(tx, user.id, &user.password_hash, new).await?;
        }
        store::touch_last_login(tx, user.id, now).await?;
        audit::record(tx, &scope, Event::new(Action::LoggedIn, Resource::Session, user.id), now).await
    })?;
    let SessionTokens { access_token, refresh_token } = app.tokens.begin_session(&user, now)?;
    let answer = LoggedIn { access_token, refresh_token, user: User { last_login: Some(now), ..user.into() } };
    Ok(([NO_STORE], Json(answer)))
}

/// Renew the access token
///
/// The refresh token comes as a Bearer or in the body. Role and tenant are read afresh.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "token_refresh",
    request_body = Option<Refresh>,
    responses((status = 200, description = "A new access token", body = Refreshed)),
    security(("bearer" = []), ()),
)]
async fn refresh_token(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Body<Refresh>,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    // As on the Flask server a good header is enough, whatever the body is. But a client that sends its access token
    // with every call means the token in the body.
    let by_header = bearer(&headers).map_err(ApiError::from);
    let token = match by_header.and_then(|token| app.tokens.verify(TokenType::Refresh, token, now)) {
        Ok(token) => token,
        Err(fault) => match body.read_optional() {
            Ok(Some(body)) => app.tokens.verify(TokenType::Refresh, body.refresh_token.expose_secret(), now)?,
            Err(wrong_body) if !headers.contains_key(header::AUTHORIZATION) => return Err(wrong_body),
            Ok(None) | Err(_) => return Err(fault),
        },
    };
    let user = load_by_token(&app.db, &token, now).await?;
    let answer = Refreshed { access_token: app.tokens.renew(&token, &user, now)? };
    Ok(([NO_STORE], Json(answer)))
}

/// Who am I
#[utoipa::path(
    get, path = "/auth/me", tag = "auth", operation_id = "get_current_user",
    responses((status = 200, description = "The caller", body = UserAnswer)),
    security(("bearer" = [])),
)]
async fn get_current_user(
    May(scope, _): May<ReadSelf>,
    State(app): State<AppState>,
) -> Result<impl IntoResponse, ApiError> {
    let user = load_active(&app.db, scope.user()).await?;
    Ok(([NO_STORE], Json(UserAnswer { user: user.into() })))
}

/// Writes down that somebody was not let in to this account; nobody waits for it, or an address with an account would be
/// told from one without by the time that its refusal takes.
fn record_refusal(app: AppState, user: &UserRow, origin: Origin, reasons: Vec<LoginFailure>) {
    let (scope, id, now) = (Scope::of_nobody(user, &app, origin), user.id, app.clock.now());
    app.clone().tracker.spawn(async move {
        let events: Vec<Event> = reasons.into_iter().map(|reason| reason.event(id)).collect();
        let recorded = transaction!(app.db, |tx| audit::record_all(tx, &scope, events.clone(), now).await);
        if let Err(error) = recorded {
            tracing::error!(%error, user = id, "a failed login could not be written to the audit log");
        }
    });
}
