//! `/calendar/feed`: one's own link.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, NewFeedRow};
use super::types::{CalendarFeedAnswer, CalendarFeedCreated, NewCalendarFeed};
use crate::answer::Created;
use crate::app::AppState;
use crate::audit::{self, Action, Event};
use crate::auth::{May, Scope, secret};
use crate::clock::Timestamp;
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody, Language};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::policy::{ChangeSelf, ReadMeetings, ReadSelf};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_calendar_feed, replace_calendar_feed, delete_calendar_feed))
}

/// Get one's own calendar link
///
/// When it was made and used, but not the link: it is shown only by the call that makes it.
#[utoipa::path(
    get, path = "/calendar/feed", tag = "calendar",
    responses(
        (status = 200, description = "There is one", body = CalendarFeedAnswer),
        (status = 404, description = "There is none", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn get_calendar_feed(
    May(scope, _): May<ReadSelf>,
    State(app): State<AppState>,
) -> Result<Json<CalendarFeedAnswer>, ApiError> {
    let feed = store::find(&mut app.db.read().await?, &scope).await?.ok_or(Code::CalendarFeedNotFound)?;
    Ok(Json(CalendarFeedAnswer { calendar_feed: feed.into() }))
}

/// Make a link for calendar programs
///
/// By it a calendar program reads the caller's calendar, as `GET /calendar.ics` shows it to him at that time. Whoever
/// has the link reads it too. It ends for good when another one is made, when it is deleted, and with every session of
/// its user: when he is deactivated, has a new password or signs out everywhere (`all`). The calendar's own words are in
/// the language of `Accept-Language` of this call.
#[utoipa::path(
    post, path = "/calendar/feed", tag = "calendar",
    responses((
        status = 201, description = "The link; the one before counts no more", body = CalendarFeedCreated,
        headers(("Location" = String)),
    )),
    security(("bearer" = [])),
)]
async fn replace_calendar_feed(
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    headers: HeaderMap,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, b"").await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let (token, now) = (secret::generate(), app.clock.now());
    let locale = Language::negotiate(headers.get(header::ACCEPT_LANGUAGE)).tag();
    let token_hash = secret::hash(&token);
    let calendar_feed = NewCalendarFeed { url: format!("/api/v1/calendar/feeds/{token}.ics"), created_at: now };
    let answer = CalendarFeedCreated { message: "Calendar feed created successfully", calendar_feed };
    let answer = Created::new(&answer)?.at("calendar/feed").private();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let token_generation = store::lock_owner(tx, &scope).await?.ok_or(Code::RevokedToken)?;
        withdraw(tx, &scope, now).await?;
        let new = NewFeedRow { token_hash: token_hash.clone(), locale, token_generation, created_at: now };
        let id = store::insert(tx, &scope, &new).await?;
        audit::record(tx, &scope, Event::new(Action::Created, Resource::CalendarFeed, id), now).await?;
        once.settle(tx, &scope, answer.clone()).await
    })
}

/// Delete one's own calendar link
///
/// No calendar program reads by it any more.
#[utoipa::path(
    delete, path = "/calendar/feed", tag = "calendar",
    responses((status = 204, description = "There is none now")),
    security(("bearer" = [])),
)]
async fn delete_calendar_feed(
    May(scope, _): May<ChangeSelf>,
    State(app): State<AppState>,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        store::lock_owner(tx, &scope).await?;
        withdraw(tx, &scope, now).await
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the caller's link, if he has one.
async fn withdraw(tx: &mut Conn, scope: &Scope, now: Timestamp) -> Result<(), ApiError> {
    let feed = store::find(tx, scope).await?;
    store::delete(tx, scope).await?;
    match feed {
        Some(feed) => audit::record(tx, scope, Event::new(Action::Revoked, Resource::CalendarFeed, feed.id), now).await,
        None => Ok(()),
    }
}
