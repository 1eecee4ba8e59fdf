//! `/tasks`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, TaskRow};
use super::types::{NewTask, TaskAnswer, TaskChanged, TaskList, TaskPatch, TaskQuery};
use crate::answer::created;
use crate::app::AppState;
use crate::auth::{self, May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, FieldMessage};
use crate::extract::{Body, Id, Query};
use crate::page::PageParams;
use crate::policy::{CreateTask, DeleteTask, ReadTasks, UpdateTask};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_tasks, create_task)).routes(routes!(get_task, update_task, delete_task))
}

/// List tasks
///
/// Sorts by `created_at`, `updated_at`, `due_date`, `title`, `status`, `priority`, `year`, `week_number` or `id`.
#[utoipa::path(
    get, path = "/tasks", tag = "tasks",
    params(TaskQuery, PageParams),
    responses((status = 200, description = "A page of tasks", body = TaskList)),
    security(("bearer" = [])),
)]
async fn list_tasks(
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
    Query(query): Query<TaskQuery>,
) -> Result<Json<TaskList>, ApiError> {
    let tasks = store::list(&mut app.db.read().await?, &scope, &query).await?;
    Ok(Json(tasks.into()))
}

/// Make a task
#[utoipa::path(
    post, path = "/tasks", tag = "tasks",
    request_body = NewTask,
    responses((status = 201, description = "The task", body = TaskChanged, headers(("Location" = String)))),
    security(("bearer" = [])),
)]
async fn create_task(
    May(scope, _): May<CreateTask>,
    State(app): State<AppState>,
    body: Body<NewTask>,
) -> Result<Response, ApiError> {
    let task = body.read()?.into_row(&scope, app.clock.now());
    let task = transaction!(app.db, |tx| {
        check_assignee(tx, &scope, task.assigned_to).await?;
        let id = store::insert(tx, &scope, &task).await?;
        find(tx, &scope, id).await
    })?;
    Ok(created("tasks", task.id, TaskChanged { message: "Task created successfully", task: task.into() }))
}

/// Get a task
#[utoipa::path(
    get, path = "/tasks/{task_id}", tag = "tasks",
    params(("task_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 200, description = "The task", body = TaskAnswer)),
    security(("bearer" = [])),
)]
async fn get_task(
    Id(id): Id,
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
) -> Result<Json<TaskAnswer>, ApiError> {
    let task = find(&mut app.db.read().await?, &scope, id).await?;
    Ok(Json(TaskAnswer { task: task.into() }))
}

/// Change a task
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/tasks/{task_id}", tag = "tasks",
    params(("task_id" = i64, Path, description = "Key", example = 1)),
    request_body = TaskPatch,
    responses((status = 200, description = "The task as it is now", body = TaskChanged)),
    security(("bearer" = [])),
)]
async fn update_task(
    Id(id): Id,
    May(scope, _): May<UpdateTask>,
    State(app): State<AppState>,
    body: Body<TaskPatch>,
) -> Result<Json<TaskChanged>, ApiError> {
    let patch = body.read_for(async { find_to_change(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let task = transaction!(app.db, |tx| {
        let old = find_to_change(tx, &scope, id).await?;
        let mut new = patch.clone().apply(&old);
        if new == old {
            return Ok(old);
        }
        if new.assigned_to != old.assigned_to {
            check_assignee(tx, &scope, new.assigned_to).await?;
        }
        new.version += 1;
        new.updated_at = now;
        store::update(tx, &scope, &old, &new).await?;
        find(tx, &scope, id).await
    })?;
    Ok(Json(TaskChanged { message: "Task updated successfully", task: task.into() }))
}

/// Delete a task
///
/// Its comments go with it.
#[utoipa::path(
    delete, path = "/tasks/{task_id}", tag = "tasks",
    params(("task_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = [])),
)]
async fn delete_task(
    Id(id): Id,
    May(scope, _): May<DeleteTask>,
    State(app): State<AppState>,
) -> Result<StatusCode, ApiError> {
    let deleted = transaction!(app.db, |tx| Ok(store::delete(tx, &scope, id).await?))?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Code::TaskNotFound.into()) }
}

async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<TaskRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::TaskNotFound.into())
}

async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<TaskRow, ApiError> {
    let task = store::find_for_update(conn, scope, id).await?.ok_or(Code::TaskNotFound)?;
    scope.check::<UpdateTask>(task.created_by)?;
    Ok(task)
}

async fn check_assignee(conn: &mut Conn, scope: &Scope, assigned_to: Option<i64>) -> Result<(), ApiError> {
    let Some(user) = assigned_to else { return Ok(()) };
    if auth::store::is_active_member(conn, scope, user).await? {
        Ok(())
    } else {
        Err(ApiError::field("assigned_to", FieldMessage::NotAMember))
    }
}
