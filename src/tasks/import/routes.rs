//! `/tasks/import`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{bulk, trail};
use super::reader;
use super::types::{ImportQuery, TasksImported, TasksValid};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::May;
use crate::db::transaction;
use crate::error::{ApiError, ErrorBody};
use crate::extract::{CsvBody, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::policy::CreateTask;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(import_tasks))
}

/// Make tasks from CSV
///
/// The first line names the fields, as a new task has them; `;` stands between tags; an empty cell is none. UTF-8, at
/// most 5000 tasks, all of them or none. What is wrong comes by line: `{"3": {"title": ["…"]}}`.
#[utoipa::path(
    post, path = "/tasks/import", tag = "tasks",
    params(ImportQuery),
    request_body(
        content = String, content_type = "text/csv", description = "The tasks",
        example = "title,week_number,year,tags\r\nWeekly security report,7,2026,report;weekly\r\n",
    ),
    responses(
        (status = 200, description = "The dry run found nothing wrong", body = TasksValid),
        (status = 201, description = "The tasks are there", body = TasksImported),
        (status = 415, description = "The body is not CSV by its Content-Type", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn import_tasks(
    May(scope, _): May<CreateTask>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    Query(query): Query<ImportQuery>,
    CsvBody(csv): CsvBody,
) -> Result<Response, ApiError> {
    let drafts = reader::read(&csv)?;
    let now = app.clock.now();
    if query.dry_run {
        let valid = bulk::check(&mut app.db.read().await?, &scope, &drafts, now).await?.len();
        return Ok(Json(TasksValid { message: "Tasks can be imported", valid }).into_response());
    }
    let once = match key.begin(&app, &scope, &csv).await? {
        Begun::Before(answer) => return Ok(answer.into_response()),
        Begun::First(once) => once,
    };
    let answer = transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let imported = bulk::insert(tx, &scope, &drafts, now).await?.len();
        trail::imported(tx, &scope, imported, now).await?;
        let answer = TasksImported { message: "Tasks imported successfully", imported };
        once.settle(tx, &scope, Created::new(&answer)?).await
    })?;
    Ok(answer.into_response())
}
