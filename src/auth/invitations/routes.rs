//! `/auth/invitations`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, InvitationRow, NewInvitationRow};
use super::types::{Invitation, InvitationAnswer, InvitationCreated, InvitationList, InvitationQuery, NewInvitation};
use crate::answer::{Created, NO_STORE};
use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::store::find_by_email;
use crate::auth::{May, Scope, secret};
use crate::clock::Timestamp;
use crate::config::Registration;
use crate::db::transaction;
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{Body, Id, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::page::PageParams;
use crate::policy::{ManageOwners, ManageUsers, Role};
use crate::resource::Resource;

/// How long an invitation counts.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(get_invitation, delete_invitation))
}

/// List invitations
///
/// Those that count now: used, expired and withdrawn ones are not here. Sorts by `created_at`, `expires_at`, `email` or
/// `id`.
#[utoipa::path(
    get, path = "/auth/invitations", tag = "auth",
    params(PageParams),
    responses((status = 200, description = "A page of invitations", body = InvitationList)),
    security(("bearer" = [])),
)]
async fn list_invitations(
    May(scope, _): May<ManageUsers>,
    State(app): State<AppState>,
    Query(query): Query<InvitationQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let invitations = store::list(&mut app.db.read().await?, &scope, &query, app.clock.now()).await?;
    Ok(([NO_STORE], Json(InvitationList::from(invitations))))
}

/// Invite somebody
///
/// The answer has the token to register with, which counts once and for seven days; it is shown only here, and sent to
/// nobody. A new invitation takes the place of an open one to the same address. Only an owner may invite an owner. Where
/// `REGISTRATION` is `closed` nobody is invited, since nobody could register.
#[utoipa::path(
    post, path = "/auth/invitations", tag = "auth",
    request_body = NewInvitation,
    responses(
        (status = 201, description = "The invitation", body = InvitationCreated, headers(("Location" = String))),
        (status = 403, description = "The caller's role may not do this, or registration is closed", body = ErrorBody),
        (status = 409, description = "The e-mail address has an account", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn create_invitation(
    May(scope, _): May<ManageUsers>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewInvitation>,
) -> Result<Created, ApiError> {
    if app.registration == Registration::Closed {
        return Err(Code::RegistrationClosed.into());
    }
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let NewInvitation { email, role } = body.read()?;
    check_role(&scope, role)?;
    let (token, created_at) = (secret::generate(), app.clock.now());
    let expires_at = Timestamp::new(created_at.utc() + LIFETIME);
    let new = NewInvitationRow { email, role, token_hash: secret::hash(&token), expires_at, created_at };
    transaction!(app.db, |tx| {
        let scope = scope.afresh::<ManageUsers>(tx).await?;
        check_role(&scope, role)?;
        once.claim(tx, &scope).await?;
        // What nobody sees, since its author could not give it any more, keeps nobody from giving another one.
        for invitation in store::pending_for(tx, &scope, &new.email, created_at).await? {
            check_role(&scope, invitation.role)?;
        }
        let replaced = store::open(tx, &scope, &new.email, created_at).await?;
        let id = store::insert(tx, &scope, &new).await?;
        if find_by_email(tx, &new.email).await?.is_some() {
            return Err(ApiError::from(Code::EmailTaken));
        }
        let row = store::find(tx, &scope, id).await?.ok_or_else(|| ApiError::internal("a new invitation is gone"))?;
        let invitation = Invitation::from(row);
        // What had expired and went too counted for nobody any more: nothing has changed for it.
        let mut events: Vec<Event> = replaced.into_iter().map(revoked).collect();
        events.push(Event::new(Action::Invited, Resource::Invitation, id).with(Changes::created(&invitation)));
        audit::record_all(tx, &scope, events, created_at).await?;
        let invitation = Invitation { token: Some(token.clone()), ..invitation };
        let answer = InvitationCreated { message: "Invitation created successfully", invitation };
        let answer = Created::new(&answer)?.at(format_args!("auth/invitations/{id}")).private();
        once.settle(tx, &scope, answer).await
    })
}

/// Get an invitation
///
/// If it counts now, as in the list; without its token.
#[utoipa::path(
    get, path = "/auth/invitations/{invitation_id}", tag = "auth",
    params(("invitation_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 200, description = "The invitation", body = InvitationAnswer)),
    security(("bearer" = [])),
)]
async fn get_invitation(
    Id(id): Id,
    May(scope, _): May<ManageUsers>,
    State(app): State<AppState>,
) -> Result<impl IntoResponse, ApiError> {
    let row = store::find_pending(&mut app.db.read().await?, &scope, id, app.clock.now()).await?;
    let invitation = row.ok_or(Code::InvitationNotFound)?.into();
    Ok(([NO_STORE], Json(InvitationAnswer { invitation })))
}

/// Withdraw an invitation
///
/// Its token counts no more.
#[utoipa::path(
    delete, path = "/auth/invitations/{invitation_id}", tag = "auth",
    params(("invitation_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = [])),
)]
async fn delete_invitation(
    Id(id): Id,
    May(scope, _): May<ManageUsers>,
    State(app): State<AppState>,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        let scope = scope.afresh::<ManageUsers>(tx).await?;
        let invitation = store::find(tx, &scope, id).await?.ok_or(Code::InvitationNotFound)?;
        check_role(&scope, invitation.role)?;
        if !store::delete(tx, &scope, id).await? {
            return Err(Code::InvitationNotFound.into());
        }
        audit::record(tx, &scope, revoked(invitation), now).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn revoked(invitation: InvitationRow) -> Event {
    let event = Event::new(Action::Revoked, Resource::Invitation, invitation.id);
    event.with(Changes::deleted(&Invitation::from(invitation)))
}

/// What concerns an owner is for owners.
fn check_role(scope: &Scope, role: Role) -> Result<(), ApiError> {
    if role == Role::Owner { scope.check::<ManageOwners>(None) } else { Ok(()) }
}
