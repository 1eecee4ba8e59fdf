//! `/meetings/{meeting_id}/action-items`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{find_item, find_item_to_change};
use super::store;
use super::types::{
    ActionItem, ActionItemAnswer, ActionItemChanged, ActionItemList, ActionItemPatch, ActionItemQuery, NewActionItem,
};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::{self, May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody, FieldMessage};
use crate::etag::{Conditions, etag};
use crate::extract::{Body, Id, Ids, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::meetings::change::{find, find_changeable, find_to_change};
use crate::meetings::trail;
use crate::mirror::{self, Moved};
use crate::page::PageParams;
use crate::policy::{ReadMeetings, UpdateMeeting};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_action_items, create_action_item)).routes(routes!(
        get_action_item,
        update_action_item,
        delete_action_item
    ))
}

/// List a meeting's action items
///
/// Sorts by `id`, `due_date` or `created_at`.
#[utoipa::path(
    get, path = "/meetings/{meeting_id}/action-items", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "The meeting's key", example = 1), ActionItemQuery, PageParams),
    responses((status = 200, description = "A page of action items", body = ActionItemList)),
    security(("bearer" = [])),
)]
async fn list_action_items(
    Id(meeting): Id,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    Query(query): Query<ActionItemQuery>,
) -> Result<Json<ActionItemList>, ApiError> {
    let mut conn = app.db.read().await?;
    find(&mut conn, &scope, meeting).await?;
    let items = store::list(&mut conn, &scope, meeting, &query).await?;
    Ok(Json(items.into()))
}

/// Make an action item
#[utoipa::path(
    post, path = "/meetings/{meeting_id}/action-items", tag = "meetings",
    params(("meeting_id" = i64, Path, description = "The meeting's key", example = 1)),
    request_body = NewActionItem,
    responses((
        status = 201, description = "The action item", body = ActionItemChanged,
        headers(("Location" = String), ("ETag" = String)),
    )),
    security(("bearer" = [])),
)]
async fn create_action_item(
    Id(meeting): Id,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewActionItem>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let new = body.read_for(async { find_changeable(&mut app.db.read().await?, &scope, meeting).await }).await?;
    let now = app.clock.now();
    let row = new.into_row(meeting, now);
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        find_to_change(tx, &scope, meeting).await?;
        check_assignee(tx, &scope, row.assigned_to).await?;
        let id = store::insert(tx, &scope, &row).await?;
        let item = find_item(tx, &scope, meeting, id).await?;
        trail::action_item(tx, &scope, None, Some(&item), now).await?;
        let action_item = ActionItem::from(item);
        let tag = action_item.tag();
        let answer = ActionItemChanged { message: "Action item created successfully", action_item };
        let answer = Created::new(&answer)?.at(format_args!("meetings/{meeting}/action-items/{id}")).tagged(tag);
        once.settle(tx, &scope, answer).await
    })
}

/// Get an action item
#[utoipa::path(
    get, path = "/meetings/{meeting_id}/action-items/{item_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("item_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The action item", body = ActionItemAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_action_item(
    Ids(meeting, id): Ids,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let mut conn = app.db.read().await?;
    find(&mut conn, &scope, meeting).await?;
    let action_item = ActionItem::from(find_item(&mut conn, &scope, meeting, id).await?);
    Ok(conditions.answer(action_item.tag(), ActionItemAnswer { action_item }))
}

/// Change an action item
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same. When it is completed, or taken up again, so is the
/// task that it became.
#[utoipa::path(
    method(put, patch), path = "/meetings/{meeting_id}/action-items/{item_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("item_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the action item as the caller has seen it"),
    ),
    request_body = ActionItemPatch,
    responses(
        (
            status = 200, description = "The action item as it is now", body = ActionItemChanged,
            headers(("ETag" = String)),
        ),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_action_item(
    Ids(meeting, id): Ids,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<ActionItemPatch>,
) -> Result<Response, ApiError> {
    let find_to_read_for = async {
        let mut conn = app.db.read().await?;
        find_changeable(&mut conn, &scope, meeting).await?;
        find_item(&mut conn, &scope, meeting, id).await
    };
    let patch = body.read_for(find_to_read_for).await?;
    let now = app.clock.now();
    let item = transaction!(app.db, |tx| {
        let old = find_item_to_change(tx, &scope, meeting, id).await?;
        conditions.check(old.version)?;
        let new = patch.clone().apply(&old);
        if new == old {
            return Ok(old);
        }
        if new.assigned_to != old.assigned_to {
            check_assignee(tx, &scope, new.assigned_to).await?;
        }
        if !store::update(tx, &scope, &new, now).await? {
            return Err(Code::PreconditionFailed.into());
        }
        if let Some(task) = old.task_id {
            let moved = Moved { id: task, from: old.status.as_str(), to: new.status.as_str() };
            mirror::action_item_moved(tx, &scope, moved, now).await?;
        }
        let new = find_item(tx, &scope, meeting, id).await?;
        trail::action_item(tx, &scope, Some(&old), Some(&new), now).await?;
        Ok(new)
    })?;
    let action_item = ActionItem::from(item);
    let tag = etag(action_item.tag());
    let answer = ActionItemChanged { message: "Action item updated successfully", action_item };
    Ok(([tag], Json(answer)).into_response())
}

/// Delete an action item
///
/// A task that it became stays.
#[utoipa::path(
    delete, path = "/meetings/{meeting_id}/action-items/{item_id}", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("item_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the action item as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It has changed since, and is still there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_action_item(
    Ids(meeting, id): Ids,
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        let item = find_item_to_change(tx, &scope, meeting, id).await?;
        conditions.check(item.version)?;
        if !store::delete(tx, &scope, &item).await? {
            return Err(Code::PreconditionFailed.into());
        }
        trail::action_item(tx, &scope, Some(&item), None, now).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn check_assignee(conn: &mut Conn, scope: &Scope, assigned_to: Option<i64>) -> Result<(), ApiError> {
    let Some(user) = assigned_to else { return Ok(()) };
    if auth::store::is_active_member(conn, scope, user).await? {
        Ok(())
    } else {
        Err(ApiError::field("assigned_to", FieldMessage::NotAMember))
    }
}
