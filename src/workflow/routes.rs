//! `/meetings/{meeting_id}/action-items/{item_id}/convert-to-task`.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::types::{ActionItemConverted, ConvertActionItem};
use crate::answer::Created;
use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::{self, May};
use crate::db::transaction;
use crate::error::{ApiError, Code, ErrorBody};
use crate::etag::Conditions;
use crate::extract::{Body, Ids};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::meetings::action_items::{self, find_item, find_item_to_change};
use crate::policy::UpdateMeeting;
use crate::resource::Resource;
use crate::tasks;
use crate::tasks::types::Task;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(convert_action_item))
}

/// Make an action item a task
///
/// The task takes over description, assignee, due date and status; its title is the description's first line. From now
/// on the two are completed, and taken up again, together. Nobody gets a task who is no longer active.
///
/// The `ETag` of the answer is the task's.
#[utoipa::path(
    post, path = "/meetings/{meeting_id}/action-items/{item_id}/convert-to-task", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "The meeting's key", example = 1),
        ("item_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the action item as the caller has seen it"),
    ),
    request_body = Option<ConvertActionItem>,
    responses(
        (
            status = 201, description = "The task and its action item", body = ActionItemConverted,
            headers(("Location" = String), ("ETag" = String)),
        ),
        (status = 409, description = "It is a task already", body = ErrorBody),
        (status = 412, description = "The action item has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn convert_action_item(
    Ids(meeting, id): Ids,
    // Whoever may change a meeting may make tasks too, under either policy.
    May(scope, _): May<UpdateMeeting>,
    State(app): State<AppState>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body<ConvertActionItem>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let find = async { find_item_to_change(&mut app.db.read().await?, &scope, meeting, id).await };
    let body = body.read_optional_for(find).await?.unwrap_or_default();
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let item = find_item_to_change(tx, &scope, meeting, id).await?;
        conditions.check(item.version)?;
        if item.task_id.is_some() {
            return Err(Code::AlreadyConverted.into());
        }
        let day = item.due_date.map_or_else(|| app.today(), |due| app.day_of(due));
        let mut task = body.clone().into_row(&item, &scope, day, now)?;
        if let Some(user) = task.assigned_to
            && !auth::store::is_active_member(tx, &scope, user).await?
        {
            task.assigned_to = None;
        }
        let task = tasks::store::insert(tx, &scope, &task).await?;
        if !action_items::store::link(tx, &scope, &item, task, now).await? {
            return Err(Code::PreconditionFailed.into());
        }
        let task = tasks::store::find(tx, &scope, task).await?.ok_or(Code::TaskNotFound)?;
        tasks::trail::created(tx, &scope, std::slice::from_ref(&task), now).await?;
        let changes = Changes::default().field("task_id", (), task.id);
        audit::record(tx, &scope, Event::new(Action::Converted, Resource::ActionItem, id).with(changes), now).await?;
        let (task, action_item) = (Task::from(task), find_item(tx, &scope, meeting, id).await?.into());
        let (place, tag) = (format!("tasks/{}", task.id), task.tag());
        let answer = ActionItemConverted { message: "Action item converted successfully", task, action_item };
        once.settle(tx, &scope, Created::new(&answer)?.at(place).tagged(tag)).await
    })
}
