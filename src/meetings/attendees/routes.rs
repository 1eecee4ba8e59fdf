//! `/meetings/{meeting_id}/attendees`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, AttendeeRow};
use super::types::{
    Attendee, AttendeeAnswer, AttendeeChanged, AttendeeList, AttendeePatch, AttendeeQuery, AttendeesAdded, NewAttendees,
};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::{self, May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody, FieldFault, FieldFaults, FieldMessage};
use crate::etag::{Conditions, etag};
use crate::extract::{Body, Id, Ids, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::meetings::change::{find, find_changeable, find_to_change};
use crate::meetings::trail;
use crate::page::PageParams;
use crate::policy::{ReadMeetings, UpdateMeeting};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_attendees, add_attendees)).routes(routes!(
        get_attendee,
        update_attendee,
        delete_attendee
    ))
}

/// List a meeting's attendees
///
/// In the order in which they were added.
#[utoipa::path(
    get, path = "/meetings/{meeting_id}/attendees", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "The meeting's key", example = 1), AttendeeQuery, PageParams),
    responses((status = 200, description = "A page of attendees", body = AttendeeList)),
    security(("bearer" = [])),
)]
async fn list_attendees(
    Id(meeting): Id,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    Query(query): Query<AttendeeQuery>,
) -> Result<Json<AttendeeList>, ApiError> {
    let mut conn = app.db.read().await?;
    find(&mut conn, &scope, meeting).await?;
    let attendees = store::list(&mut conn, &scope, meeting, &query).await?;
    Ok(Json(attendees.into()))
}

/// Add attendees to a meeting
///
/// One, or up to 100 at once: all or none.
#[utoipa::path(
    post, path = "/meetings/{meeting_id}/attendees", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "The meeting's key", example = 1)),
    request_body = NewAttendees,
    responses(
        (status = 201, description = "Those who were added", body = AttendeesAdded, headers(("Location" = String))),
        (status = 409, description = "One of them attends already", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn add_attendees(
    Id(meeting): Id,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewAttendees>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let new = body.read_for(async { find_changeable(&mut app.db.read().await?, &scope, meeting).await }).await?;
    let is_list = new.attendees.is_some();
    let new = new.into_list();
    let users: Vec<i64> = new.iter().map(|attendee| attendee.user_id).collect();
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let meeting_row = find_to_change(tx, &scope, meeting).await?;
        check_members(tx, &scope, &users, is_list).await?;
        let rows: Vec<AttendeeRow> = new.iter().cloned().map(|attendee| attendee.into_row(meeting)).collect();
        store::insert(tx, &scope, &rows, now)
            .await
            .map_err(|error| ApiError::duplicate(error, Code::AttendeeExists))?;
        let rows = store::list_users(tx, &scope, meeting, &users).await?;
        trail::attendees_added(tx, &scope, &meeting_row, &rows, now).await?;
        let attendees = rows.into_iter().map(Attendee::from).collect();
        let answer = AttendeesAdded { message: "Attendees added successfully", attendees };
        let answer = Created::new(&answer)?.at(format_args!("meetings/{meeting}/attendees"));
        once.settle(tx, &scope, answer).await
    })
}

/// Get an attendee
#[utoipa::path(
    get, path = "/meetings/{meeting_id}/attendees/{attendee_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("attendee_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The attendee", body = AttendeeAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_attendee(
    Ids(meeting, id): Ids,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let mut conn = app.db.read().await?;
    find(&mut conn, &scope, meeting).await?;
    let attendee = Attendee::from(find_attendee(&mut conn, &scope, meeting, id).await?);
    Ok(conditions.answer(attendee.tag(), AttendeeAnswer { attendee }))
}

/// Change an attendee
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/meetings/{meeting_id}/attendees/{attendee_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("attendee_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the attendee as the caller has seen it"),
    ),
    request_body = AttendeePatch,
    responses(
        (status = 200, description = "The attendee as it is now", body = AttendeeChanged, headers(("ETag" = String))),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_attendee(
    Ids(meeting, id): Ids,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<AttendeePatch>,
) -> Result<Response, ApiError> {
    let find_to_read_for = async {
        let mut conn = app.db.read().await?;
        find_changeable(&mut conn, &scope, meeting).await?;
        find_attendee(&mut conn, &scope, meeting, id).await
    };
    let patch = body.read_for(find_to_read_for).await?;
    let now = app.clock.now();
    let attendee = transaction!(app.db, |tx| {
        find_to_change(tx, &scope, meeting).await?;
        let old = find_attendee(tx, &scope, meeting, id).await?;
        conditions.check(old.version)?;
        let new = patch.clone().apply(&old);
        if new == old {
            return Ok(old);
        }
        if !store::update(tx, &scope, &new, now).await? {
            return Err(Code::PreconditionFailed.into());
        }
        let new = find_attendee(tx, &scope, meeting, id).await?;
        trail::attendee(tx, &scope, &old, Some(&new), now).await?;
        Ok(new)
    })?;
    let attendee = Attendee::from(attendee);
    let tag = etag(attendee.tag());
    Ok(([tag], Json(AttendeeChanged { message: "Attendee updated successfully", attendee })).into_response())
}

/// Remove an attendee
#[utoipa::path(
    delete, path = "/meetings/{meeting_id}/attendees/{attendee_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("attendee_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the attendee as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It has changed since, and is still there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_attendee(
    Ids(meeting, id): Ids,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        find_to_change(tx, &scope, meeting).await?;
        let attendee = find_attendee(tx, &scope, meeting, id).await?;
        conditions.check(attendee.version)?;
        if !store::delete(tx, &scope, &attendee, now).await? {
            return Err(Code::PreconditionFailed.into());
        }
        trail::attendee(tx, &scope, &attendee, None, now).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn find_attendee(conn: &mut Conn, scope: &Scope, meeting: i64, id: i64) -> Result<AttendeeRow, ApiError> {
    store::find(conn, scope, meeting, id).await?.ok_or_else(|| Code::AttendeeNotFound.into())
}

/// Refuses those who are no active users of the tenant; in a list by their index.
async fn check_members(conn: &mut Conn, scope: &Scope, users: &[i64], is_list: bool) -> Result<(), ApiError> {
    let members = auth::store::active_members(conn, scope, &users.iter().copied().collect()).await?;
    let fault = || FieldFaults::one("user_id", FieldMessage::NotAMember);
    let mut faults = FieldFaults::default();
    for (index, _) in users.iter().enumerate().filter(|(_, user)| !members.contains(*user)) {
        faults.add(index.to_string(), FieldFault::Parts(fault()));
    }
    match (faults.is_empty(), is_list) {
        (true, _) => Ok(()),
        (false, true) => Err(ApiError::fields(FieldFaults::one("attendees", FieldFault::Parts(faults)))),
        (false, false) => Err(ApiError::fields(fault())),
    }
}
