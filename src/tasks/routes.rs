//! `/tasks`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::export::TaskExport;
use super::row::TaskRow;
use super::types::{NewTask, Task, TaskAnswer, TaskChanged, TaskList, TaskPatch, TaskQuery};
use super::{comments, links, store, trail};
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
use crate::mirror::{self, Moved};
use crate::page::PageParams;
use crate::policy::{CreateTask, DeleteTask, ReadTasks, UpdateTask};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_tasks, create_task)).routes(routes!(get_task, update_task, delete_task))
}

/// List tasks
///
/// Sorts by `created_at`, `updated_at`, `due_date`, `title`, `status`, `priority`, `year`, `week_number` or `id`.
///
/// With `Accept: text/csv` it is a file for spreadsheets, of all tasks that match: no page counts. That
/// somebody took it is a row in the audit log.
#[utoipa::path(
    get, path = "/tasks", tag = "tasks",
    params(TaskQuery, PageParams),
    responses((
        status = 200, description = "A page of tasks; as CSV, all of them",
        content((TaskList = "application/json"), (String = "text/csv")),
    )),
    security(("bearer" = [])),
)]
async fn list_tasks(
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
    method: Method,
    WantsCsv(wants_csv): WantsCsv,
    Query(query): Query<TaskQuery>,
) -> Result<Response, ApiError> {
    if wants_csv {
        audit::record_export(&app, &scope, &method, Resource::Task, "csv", &query).await?;
        return csv_export::answer(TaskExport { app, scope, query }).await;
    }
    let tasks = store::list(&mut app.db.read().await?, &scope, &query).await?;
    Ok(([(header::VARY, "accept")], Json(TaskList::from(tasks))).into_response())
}

/// Make a task
#[utoipa::path(
    post, path = "/tasks", tag = "tasks",
    request_body = NewTask,
    responses((
        status = 201, description = "The task", body = TaskChanged,
        headers(("Location" = String), ("ETag" = String)),
    )),
    security(("bearer" = [])),
)]
async fn create_task(
    May(scope, _): May<CreateTask>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewTask>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let now = app.clock.now();
    let row = body.read()?.into_row(&scope, now);
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        store::lock(tx, &scope, row.parent_id.as_slice()).await?;
        let faults = links::faults_of_new(tx, &scope, &row).await?;
        if !faults.is_empty() {
            return Err(ApiError::fields(faults));
        }
        let id = store::insert(tx, &scope, &row).await?;
        let row = find(tx, &scope, id).await?;
        trail::created(tx, &scope, std::slice::from_ref(&row), now).await?;
        let task = Task::from(row);
        let tag = task.tag();
        let answer = TaskChanged { message: "Task created successfully", task };
        let answer = Created::new(&answer)?.at(format_args!("tasks/{id}")).tagged(tag);
        once.settle(tx, &scope, answer).await
    })
}

/// Get a task
#[utoipa::path(
    get, path = "/tasks/{task_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The task", body = TaskAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_task(
    Id(id): Id,
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let task = Task::from(find(&mut app.db.read().await?, &scope, id).await?);
    Ok(conditions.answer(task.tag(), TaskAnswer { task }))
}

/// Change a task
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/tasks/{task_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the task as the caller has seen it"),
    ),
    request_body = TaskPatch,
    responses(
        (status = 200, description = "The task as it is now", body = TaskChanged, headers(("ETag" = String))),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_task(
    Id(id): Id,
    May(scope, _): May<UpdateTask>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<TaskPatch>,
) -> Result<Response, ApiError> {
    let patch = body.read_for(async { find_to_change(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let task = transaction!(app.db, |tx| {
        store::lock(tx, &scope, &patch.reach(&[id])).await?;
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        let new = patch.clone().apply(&old);
        if new == old { Ok(old) } else { change(tx, &scope, old, new, now).await }
    })?;
    let task = Task::from(task);
    Ok(([etag(task.tag())], Json(TaskChanged { message: "Task updated successfully", task })).into_response())
}

/// Delete a task
///
/// Its comments go with it, and so `If-Match` compares the whole `ETag`: their number is a part of it, and the
/// assignee's account. Its subtasks stay, as top-level tasks.
#[utoipa::path(
    delete, path = "/tasks/{task_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the task as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It, or what it shows, has changed since; it is still there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_task(
    Id(id): Id,
    May(scope, _): May<DeleteTask>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        let task = store::find_for_update(tx, &scope, id).await?.ok_or(Code::TaskNotFound)?;
        conditions.check_whole(Task::from(task.clone()).tag())?;
        comments::all_deleted(tx, &scope, id, now).await?;
        let bereft = store::delete(tx, &scope, &task, now).await?.ok_or(Code::PreconditionFailed)?;
        trail::deleted(tx, &scope, &task, &bereft, now).await
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<TaskRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::TaskNotFound.into())
}

/// The task, if the caller may change it.
async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<TaskRow, ApiError> {
    let task = find(conn, scope, id).await?;
    scope.check::<UpdateTask>(task.created_by)?;
    Ok(task)
}

async fn change(
    conn: &mut Conn,
    scope: &Scope,
    old: TaskRow,
    mut new: TaskRow,
    now: Timestamp,
) -> Result<TaskRow, ApiError> {
    new.version += 1;
    new.updated_at = now;
    let changes = [(old, new)];
    let faults = links::faults_of_change(conn, scope, &changes).await?;
    if !faults.is_empty() {
        return Err(ApiError::fields(faults));
    }
    let [(old, new)] = &changes;
    if store::update(conn, scope, old, new).await? {
        let moved = Moved { id: new.id, from: old.status.as_str(), to: new.status.as_str() };
        mirror::tasks_moved(conn, scope, &[moved], now).await?;
        trail::updated(conn, scope, &changes, now).await?;
        find(conn, scope, new.id).await
    } else {
        Err(Code::PreconditionFailed.into())
    }
}
