//! `/tasks/bulk`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::row::TaskRow;
use super::super::types::Task;
use super::super::{links, store as tasks, trail};
use super::types::{NewTasks, TasksChanged, TasksPatch};
use super::{drafts, store};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, FieldFault, FieldFaults, FieldMessage};
use crate::extract::Body;
use crate::idempotency::{Begun, IdempotencyKey};
use crate::mirror::{self, Moved};
use crate::policy::{CreateTask, UpdateTask};

/// The most text that the tasks of a change have before it, in MiB: all of it is read, and answered.
const MAX_TEXT: usize = 16;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_tasks, patch_tasks))
}

/// Make many tasks
///
/// All of them or none. What is wrong comes by index: `{"3": {"title": ["…"]}}`.
#[utoipa::path(
    post, path = "/tasks/bulk", tag = "tasks",
    request_body = NewTasks,
    responses((status = 201, description = "The tasks", body = TasksChanged)),
    security(("bearer" = [])),
)]
async fn create_tasks(
    May(scope, _): May<CreateTask>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewTasks>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let drafts = body.read()?.tasks;
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let ids = drafts::insert(tx, &scope, &drafts, now).await?;
        // Ids grow from row to row, so this is the order of the request.
        let rows = tasks::find_all(tx, &scope, &ids).await?;
        once.settle(tx, &scope, Created::new(&changed("Tasks created successfully", rows))?).await
    })
}

/// Change many tasks
///
/// The same change in all of them, or in none. The text of the change, times the number of tasks, is at most 4 MiB, and
/// their descriptions have at most 16 MiB together.
#[utoipa::path(
    patch, path = "/tasks/bulk", tag = "tasks",
    request_body = TasksPatch,
    responses((status = 200, description = "The tasks as they are now", body = TasksChanged)),
    security(("bearer" = [])),
)]
async fn patch_tasks(
    May(scope, _): May<UpdateTask>,
    State(app): State<AppState>,
    body: Body<TasksPatch>,
) -> Result<Json<TasksChanged>, ApiError> {
    let TasksPatch { ids, changes } = body.read()?;
    let now = app.clock.now();
    let rows = transaction!(app.db, |tx| {
        tasks::lock(tx, &scope, &changes.reach(&ids)).await?;
        if tasks::description_size(tx, &scope, &ids).await? > MAX_TEXT * 1024 * 1024 {
            return Err(ApiError::field("ids", FieldMessage::TooMuchText(MAX_TEXT)));
        }
        let old = find_to_change(tx, &scope, &ids).await?;
        let rows = old.into_iter().map(|old| {
            let new = changes.clone().apply(&old);
            (old, new)
        });
        let rows: Vec<(TaskRow, TaskRow)> = rows.filter(|(old, new)| old != new).collect();
        let faults = links::faults_of_change(tx, &scope, &rows).await?;
        if !faults.is_empty() {
            return Err(ApiError::fields(FieldFaults::one("changes", FieldFault::Parts(faults))));
        }
        store::update(tx, &scope, &rows, &changes, now).await?;
        let moved =
            rows.iter().map(|(old, new)| Moved { id: new.id, from: old.status.as_str(), to: new.status.as_str() });
        mirror::tasks_moved(tx, &scope, &moved.collect::<Vec<_>>(), now).await?;
        trail::updated(tx, &scope, &rows, now).await?;
        find_in_order(tx, &scope, &ids).await
    })?;
    Ok(Json(changed("Tasks updated successfully", rows)))
}

/// The tasks in the order of their ids here; one that is not there is wrong by its index.
async fn find_in_order(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<TaskRow>, ApiError> {
    let rows = tasks::find_all(conn, scope, ids).await?;
    let mut by_id: HashMap<i64, TaskRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let (mut rows, mut faults) = (Vec::with_capacity(ids.len()), FieldFaults::default());
    for (index, id) in ids.iter().enumerate() {
        match by_id.remove(id) {
            Some(row) => rows.push(row),
            None => faults.add(index.to_string(), FieldMessage::NoSuchTask),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(ApiError::fields(FieldFaults::one("ids", FieldFault::Parts(faults)))) }
}

/// The tasks, if the caller may change each of them.
async fn find_to_change(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<TaskRow>, ApiError> {
    let rows = find_in_order(conn, scope, ids).await?;
    for row in &rows {
        scope.check::<UpdateTask>(row.created_by)?;
    }
    Ok(rows)
}

fn changed(message: &'static str, rows: Vec<TaskRow>) -> TasksChanged {
    TasksChanged { message, tasks: rows.into_iter().map(Task::from).collect() }
}
