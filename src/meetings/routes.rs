//! `/meetings`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, MeetingRow};
use super::types::{
    Meeting, MeetingAnswer, MeetingChanged, MeetingList, MeetingPatch, MeetingQuery, MeetingStatus, NewMeeting,
};
use crate::answer::created;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code};
use crate::extract::{Body, Id, Query};
use crate::page::PageParams;
use crate::policy::{CreateMeeting, DeleteMeeting, PublishMeeting, ReadMeetings, UpdateMeeting};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_meetings, create_meeting)).routes(routes!(
        get_meeting,
        update_meeting,
        delete_meeting
    ))
}

/// List meetings
///
/// Sorts by `meeting_date`, `created_at`, `updated_at`, `title` or `id`.
#[utoipa::path(
    get, path = "/meetings", tag = "meetings",
    params(MeetingQuery, PageParams),
    responses((status = 200, description = "A page of meetings", body = MeetingList)),
    security(("bearer" = [])),
)]
async fn list_meetings(
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    Query(query): Query<MeetingQuery>,
) -> Result<Json<MeetingList>, ApiError> {
    let mut conn = app.db.read().await?;
    let (rows, page) = store::list(&mut conn, &scope, &query).await?.split();
    let mut parts = store::parts(&mut conn, &scope, &rows).await?;
    let meetings = rows.into_iter().map(|row| {
        let parts = parts.remove(&row.id).unwrap_or_default();
        Meeting::new(row, parts)
    });
    Ok(Json(MeetingList { meetings: meetings.collect(), page }))
}

/// Make a meeting
#[utoipa::path(
    post, path = "/meetings", tag = "meetings",
    request_body = NewMeeting,
    responses((status = 201, description = "The meeting", body = MeetingChanged, headers(("Location" = String)))),
    security(("bearer" = [])),
)]
async fn create_meeting(
    May(scope, _): May<CreateMeeting>,
    State(app): State<AppState>,
    body: Body<NewMeeting>,
) -> Result<Response, ApiError> {
    let row = body.read()?.into_row(&scope, app.clock.now());
    check_publishing(&scope, MeetingStatus::Draft, row.status)?;
    let meeting = transaction!(app.db, |tx| {
        let id = store::insert(tx, &scope, &row).await?;
        find_whole(tx, &scope, id).await
    })?;
    Ok(created("meetings", meeting.id, MeetingChanged { message: "Meeting created successfully", meeting }))
}

/// Get a meeting
#[utoipa::path(
    get, path = "/meetings/{meeting_id}", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 200, description = "The meeting", body = MeetingAnswer)),
    security(("bearer" = [])),
)]
async fn get_meeting(
    Id(id): Id,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
) -> Result<Json<MeetingAnswer>, ApiError> {
    let meeting = find_whole(&mut app.db.read().await?, &scope, id).await?;
    Ok(Json(MeetingAnswer { meeting }))
}

/// Change a meeting
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/meetings/{meeting_id}", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "Key", example = 1)),
    request_body = MeetingPatch,
    responses((status = 200, description = "The meeting as it is now", body = MeetingChanged)),
    security(("bearer" = [])),
)]
async fn update_meeting(
    Id(id): Id,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    body: Body<MeetingPatch>,
) -> Result<Json<MeetingChanged>, ApiError> {
    let patch = body.read_for(async { find_to_change(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let meeting = transaction!(app.db, |tx| {
        let old = find_to_change(tx, &scope, id).await?;
        let mut new = patch.clone().apply(&old);
        if new != old {
            check_publishing(&scope, old.status, new.status)?;
            new.version += 1;
            new.updated_at = now;
            store::update(tx, &scope, &new).await?;
        }
        find_whole(tx, &scope, id).await
    })?;
    Ok(Json(MeetingChanged { message: "Meeting updated successfully", meeting }))
}

/// Delete a meeting
///
/// Its attendees and action items go with it.
#[utoipa::path(
    delete, path = "/meetings/{meeting_id}", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = [])),
)]
async fn delete_meeting(
    Id(id): Id,
    May(scope, _): May<DeleteMeeting>,
    State(app): State<AppState>,
) -> Result<StatusCode, ApiError> {
    let deleted = transaction!(app.db, |tx| Ok(store::delete(tx, &scope, id).await?))?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Code::MeetingNotFound.into()) }
}

async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::MeetingNotFound.into())
}

async fn find_whole(conn: &mut Conn, scope: &Scope, id: i64) -> Result<Meeting, ApiError> {
    let row = find(conn, scope, id).await?;
    let parts = store::parts(conn, scope, std::slice::from_ref(&row)).await?.remove(&id);
    Ok(Meeting::new(row, parts.unwrap_or_default()))
}

async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    let meeting = store::find_for_update(conn, scope, id).await?.ok_or(Code::MeetingNotFound)?;
    scope.check::<UpdateMeeting>(meeting.created_by)?;
    Ok(meeting)
}

/// Moving a meeting into or out of `published` is a permission of its own.
fn check_publishing(scope: &Scope, from: MeetingStatus, to: MeetingStatus) -> Result<(), ApiError> {
    if from == to || (from != MeetingStatus::Published && to != MeetingStatus::Published) {
        return Ok(());
    }
    scope.check::<PublishMeeting>(None)
}
