//! `/meetings`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{check_publishing, find, find_changeable, find_to_change};
use super::export::MeetingExport;
use super::store::{self, MeetingParts, MeetingRow};
use super::types::{
    Meeting, MeetingAnswer, MeetingChanged, MeetingList, MeetingPatch, MeetingQuery, MeetingStatus, NewMeeting,
};
use super::{action_items, attendees, calendar, trail};
use crate::answer::Created;
use crate::app::AppState;
use crate::audit;
use crate::auth::{May, Scope};
use crate::clock::Timestamp;
use crate::csv_export::{self, WantsCsv};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody};
use crate::etag::{Conditions, etag};
use crate::extract::{Body, Id, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::page::PageParams;
use crate::policy::{CreateMeeting, DeleteMeeting, PublishMeeting, ReadMeetings, UpdateMeeting};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_meetings, create_meeting))
        .routes(routes!(get_meeting, update_meeting, delete_meeting))
        .routes(routes!(publish_meeting))
        .merge(attendees::router())
        .merge(action_items::router())
        .merge(calendar::router())
}

/// List meetings
///
/// Sorts by `meeting_date`, `created_at`, `updated_at`, `title` or `id`.
///
/// With `Accept: text/csv` it is a file for spreadsheets, of all meetings that match: no page counts. That
/// somebody took it is a row in the audit log.
#[utoipa::path(
    get, path = "/meetings", tag = "meetings",
    params(MeetingQuery, PageParams),
    responses((
        status = 200, description = "A page of meetings; as CSV, all of them",
        content((MeetingList = "application/json"), (String = "text/csv")),
    )),
    security(("bearer" = [])),
)]
async fn list_meetings(
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    method: Method,
    WantsCsv(wants_csv): WantsCsv,
    Query(query): Query<MeetingQuery>,
) -> Result<Response, ApiError> {
    if wants_csv {
        audit::record_export(&app, &scope, &method, Resource::Meeting, "csv", &query).await?;
        return csv_export::answer(MeetingExport { app, scope, query }).await;
    }
    let mut conn = app.db.read().await?;
    let (rows, page) = store::list(&mut conn, &scope, &query).await?.split();
    let mut parts = store::parts(&mut conn, &scope, &rows).await?;
    let meetings = rows.into_iter().map(|row| {
        let parts = parts.remove(&row.id).unwrap_or_default();
        Meeting::new(row, parts)
    });
    let answer = MeetingList { meetings: meetings.collect(), page };
    Ok(([(header::VARY, "accept")], Json(answer)).into_response())
}

/// Make a meeting
#[utoipa::path(
    post, path = "/meetings", tag = "meetings",
    request_body = NewMeeting,
    responses((
        status = 201, description = "The meeting", body = MeetingChanged,
        headers(("Location" = String), ("ETag" = String)),
    )),
    security(("bearer" = [])),
)]
async fn create_meeting(
    May(scope, _): May<CreateMeeting>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewMeeting>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let now = app.clock.now();
    let row = body.read()?.into_row(&scope, now);
    check_publishing(&scope, &row)?;
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let id = store::insert(tx, &scope, &row).await?;
        let row = find(tx, &scope, id).await?;
        trail::meeting(tx, &scope, None, Some(&row), now).await?;
        let meeting = find_whole(tx, &scope, id).await?;
        let tag = meeting.tag();
        let answer = MeetingChanged { message: "Meeting created successfully", meeting };
        let answer = Created::new(&answer)?.at(format_args!("meetings/{id}")).tagged(tag);
        once.settle(tx, &scope, answer).await
    })
}

/// Get a meeting
#[utoipa::path(
    get, path = "/meetings/{meeting_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The meeting", body = MeetingAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_meeting(
    Id(id): Id,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let meeting = find_whole(&mut app.db.read().await?, &scope, id).await?;
    Ok(conditions.answer(meeting.tag(), MeetingAnswer { meeting }))
}

/// Change a meeting
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same. The `ETag` tells of attendees and action items too,
/// but only a change of the meeting itself makes it another one for `If-Match`.
///
/// `published_at` stays when a published meeting is a draft again: it tells when it was published first.
#[utoipa::path(
    method(put, patch), path = "/meetings/{meeting_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the meeting as the caller has seen it"),
    ),
    request_body = MeetingPatch,
    responses(
        (status = 200, description = "The meeting as it is now", body = MeetingChanged, headers(("ETag" = String))),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_meeting(
    Id(id): Id,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<MeetingPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = body.read_for(async { find_changeable(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let meeting = transaction!(app.db, |tx| {
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        let new = patch.clone().apply(&old);
        write(tx, &scope, &old, new, now).await?;
        find_whole(tx, &scope, id).await
    })?;
    Ok(([etag(meeting.tag())], Json(MeetingChanged { message: "Meeting updated successfully", meeting })))
}

/// Delete a meeting
///
/// Its attendees and action items go with it, and so `If-Match` compares the whole `ETag`, of which they are a part.
#[utoipa::path(
    delete, path = "/meetings/{meeting_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the meeting as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It, or what goes with it, has changed since; all is there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_meeting(
    Id(id): Id,
    May(scope, _): May<DeleteMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        store::lock(tx, &scope, id).await?;
        action_items::store::lock_all(tx, &scope, id).await?;
        let meeting = find(tx, &scope, id).await?;
        let parts = find_parts(tx, &scope, &meeting).await?;
        conditions.check_whole(Meeting::new(meeting.clone(), parts.clone()).tag())?;
        trail::parts_deleted(tx, &scope, parts, now).await?;
        if !store::delete(tx, &scope, id, meeting.version).await? {
            return Err(Code::PreconditionFailed.into());
        }
        trail::meeting(tx, &scope, Some(&meeting), None, now).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// Publish a meeting
///
/// `published_at` tells when it was published first; its attendees hear of it then, and of no later time. One that is
/// published stays as it is.
#[utoipa::path(
    post, path = "/meetings/{meeting_id}/publish", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the meeting as the caller has seen it"),
    ),
    responses(
        (status = 200, description = "The meeting as it is now", body = MeetingChanged, headers(("ETag" = String))),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn publish_meeting(
    Id(id): Id,
    May(scope, _): May<PublishMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    let meeting = transaction!(app.db, |tx| {
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        let new = MeetingRow { status: MeetingStatus::Published, ..old.clone() };
        write(tx, &scope, &old, new, now).await?;
        find_whole(tx, &scope, id).await
    })?;
    Ok(([etag(meeting.tag())], Json(MeetingChanged { message: "Meeting published successfully", meeting })))
}

/// Writes what has changed, if anything has.
async fn write(
    conn: &mut Conn,
    scope: &Scope,
    old: &MeetingRow,
    mut new: MeetingRow,
    now: Timestamp,
) -> Result<(), ApiError> {
    if new == *old {
        return Ok(());
    }
    check_publishing(scope, &new)?;
    if new.status == MeetingStatus::Published && old.status != MeetingStatus::Published {
        new.published_at = new.published_at.or(Some(now));
    }
    new.version += 1;
    new.updated_at = now;
    if !store::update(conn, scope, old, &new).await? {
        return Err(Code::PreconditionFailed.into());
    }
    trail::meeting(conn, scope, Some(old), Some(&new), now).await
}

async fn find_whole(conn: &mut Conn, scope: &Scope, id: i64) -> Result<Meeting, ApiError> {
    let row = find(conn, scope, id).await?;
    let parts = find_parts(conn, scope, &row).await?;
    Ok(Meeting::new(row, parts))
}

async fn find_parts(conn: &mut Conn, scope: &Scope, row: &MeetingRow) -> Result<MeetingParts, ApiError> {
    let parts = store::parts(conn, scope, std::slice::from_ref(row)).await?.remove(&row.id);
    Ok(parts.unwrap_or_default())
}
