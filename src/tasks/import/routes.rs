//! `/tasks/import`.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::bulk::{self, Draft};
use super::super::trail;
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

/// The largest file, in bytes.
const FILE_LIMIT: usize = 10 * 1024 * 1024;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(import_tasks)).layer(DefaultBodyLimit::max(FILE_LIMIT))
}

/// Make tasks from CSV
///
/// The first line names the fields, as a new task has them, in any case; what else `GET /tasks` exports is ignored, so
/// that its file can come back. An empty cell is none. Between cells stands `,`, `;` or a tab, whichever the first line
/// has most of or a line `sep=;` before it says; between tags stands `;`, or `\;` where it is a part of one. `'` before
/// what would be a formula is taken off, as the export puts it there. The text is UTF-8, what its byte order mark or the
/// Content-Type's `charset` says, or else CP949. At most 10 MiB and 5000 tasks, all of them or none. What is wrong comes
/// by line: `{"3": {"title": ["…"]}}`.
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
        (status = 413, description = "The file is larger than 10 MiB", body = ErrorBody),
        (status = 415, description = "The body is not CSV, or of an unknown charset, by its Content-Type", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn import_tasks(
    May(scope, _): May<CreateTask>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    Query(query): Query<ImportQuery>,
    csv: CsvBody,
) -> Result<Response, ApiError> {
    if query.dry_run {
        let (drafts, now) = (read(csv).await?, app.clock.now());
        let valid = bulk::check(&mut app.db.read().await?, &scope, &drafts, now).await?.len();
        return Ok(Json(TasksValid { message: "Tasks can be imported", valid }).into_response());
    }
    let once = match key.begin(&app, &scope, &csv.bytes).await? {
        Begun::Before(answer) => return Ok(answer.into_response()),
        Begun::First(once) => once,
    };
    let (drafts, now) = (read(csv).await?, app.clock.now());
    let answer = transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let imported = bulk::insert(tx, &scope, &drafts, now).await?.len();
        trail::imported(tx, &scope, imported, now).await?;
        let answer = TasksImported { message: "Tasks imported successfully", imported };
        once.settle(tx, &scope, Created::new(&answer)?).await
    })?;
    Ok(answer.into_response())
}

/// The tasks of the file, read where it keeps no other request waiting.
async fn read(CsvBody { bytes, charset }: CsvBody) -> Result<Vec<Draft>, ApiError> {
    spawn_blocking(move || reader::read(&bytes, charset.as_deref())).await.map_err(ApiError::internal)?
}
