//! `/auth/password` and `/auth/logout`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use secrecy::{ExposeSecret, SecretString};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{Logout, PasswordChange, PasswordChanged};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::audit::{self, Action, Event};
use crate::auth::known_users::load_active;
use crate::auth::login_failure::LoginFailure;
use crate::auth::password::{self, Verdict};
use crate::auth::store::find_by_id;
use crate::auth::token::{SessionTokens, TokenType, VerifiedToken, bearer};
use crate::auth::{May, Scope};
use crate::db::transaction;
use crate::error::{ApiError, Code, ErrorBody, FieldMessage};
use crate::extract::Body;
use crate::origin::Origin;
use crate::policy::ChangeSelf;
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change_password)).routes(routes!(logout))
}

/// Change one's own password
///
/// Every session ends, on every device, and so does the calendar link; the caller goes on with the new tokens in the
/// answer.
#[utoipa::path(
    put, path = "/auth/password", tag = "auth",
    request_body = PasswordChange,
    responses(
        (status = 200, description = "New tokens", body = PasswordChanged),
        (status = 429, description = "Too many wrong passwords", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn change_password(
    May(scope, _): May<ChangeSelf>,
    State(app): State<AppState>,
    origin: Origin,
    body: Body<PasswordChange>,
) -> Result<impl IntoResponse, ApiError> {
    let PasswordChange { current_password, new_password } = body.read()?;
    let user = load_active(&app.db, scope.user()).await?;
    // Whoever found a signed-in page must not guess the password there faster than at the login.
    let attempt = app.failed_logins.attempt(&user.email, origin.ip).await?;
    if password::verify(Some(user.password_hash.clone()), current_password).await? == Verdict::Wrong {
        let reasons = LoginFailure::WrongCurrentPassword.followed_by(attempt.failed());
        let events: Vec<Event> = reasons.into_iter().map(|reason| reason.event(scope.user())).collect();
        let now = app.clock.now();
        transaction!(app.db, |tx| audit::record_all(tx, &scope, events.clone(), now).await)?;
        return Err(wrong_password());
    }
    let new_hash = password::hash(new_password).await?;
    drop(attempt);
    let now = app.clock.now();
    let user = transaction!(app.db, |tx| {
        // Of two changes at once the second one does not know the password of now any more.
        if !store::replace_password(tx, &scope, &user.password_hash, &new_hash).await? {
            return Err(wrong_password());
        }
        audit::record(tx, &scope, Event::new(Action::PasswordChanged, Resource::User, scope.user()), now).await?;
        find_by_id(tx, scope.user()).await?.ok_or_else(|| ApiError::from(Code::RevokedToken))
    })?;
    app.users.forget(user.id);
    let SessionTokens { access_token, refresh_token } = app.tokens.begin_session(&user, now)?;
    let answer = PasswordChanged { message: "Password changed successfully", access_token, refresh_token };
    Ok(([NO_STORE], Json(answer)))
}

/// Sign out
///
/// The access token of this call counts no more, nor does the refresh token in the body, if there is one, with every
/// access token of its session. With `all` every session ends, and the calendar link with them.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth",
    request_body = Option<Logout>,
    responses((status = 204, description = "Signed out")),
    security(("bearer" = [])),
)]
async fn logout(
    May(scope, _): May<ChangeSelf>,
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Body<Logout>,
) -> Result<StatusCode, ApiError> {
    let Logout { refresh_token, all } = body.read_optional()?.unwrap_or_default();
    let now = app.clock.now();
    let access = app.tokens.verify(TokenType::Access, bearer(&headers)?, now)?;
    let refresh = refresh_token.map(|token| own_refresh_token(&app, &scope, &token)).transpose()?;
    let session = refresh.as_ref().map(|token| app.tokens.revocation_of_session(token)).transpose()?;
    let revocations: Vec<_> = [access.revocation()?].into_iter().chain(session).collect();
    transaction!(app.db, |tx| {
        if all {
            store::end_all(tx, &scope).await?;
        }
        for (id, expires_at) in &revocations {
            store::revoke(tx, &scope, id, *expires_at).await?;
        }
        audit::record(tx, &scope, Event::new(Action::LoggedOut, Resource::Session, scope.user()), now).await
    })?;
    app.users.forget(scope.user());
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's refresh token. It may have expired: access tokens of its session may not.
fn own_refresh_token(app: &AppState, scope: &Scope, token: &SecretString) -> Result<VerifiedToken, ApiError> {
    let token = app.tokens.verify_at_any_time(TokenType::Refresh, token.expose_secret());
    let own = token.ok().filter(|token| token.user() == scope.user());
    own.ok_or_else(|| ApiError::field("refresh_token", FieldMessage::NotARefreshToken))
}

fn wrong_password() -> ApiError {
    ApiError::field("current_password", FieldMessage::WrongPassword)
}
