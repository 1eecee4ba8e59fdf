//! `/tasks/{task_id}/comments`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::store as tasks;
use super::store::{self, CommentRow};
use super::trail;
use super::types::{Comment, CommentAnswer, CommentChanged, CommentList, CommentPatch, CommentQuery, NewComment};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody};
use crate::etag::{Conditions, etag};
use crate::extract::{Body, Id, Ids, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::page::PageParams;
use crate::policy::{CreateComment, DeleteComment, ReadTasks, UpdateComment};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_comments, create_comment)).routes(routes!(
        get_comment,
        update_comment,
        delete_comment
    ))
}

/// List a task's comments
///
/// Sorts by `created_at`, `updated_at` or `id`; the oldest first by default.
#[utoipa::path(
    get, path = "/tasks/{task_id}/comments", tag = "tasks",
    params(("task_id" = i64, Path, description = "The task's key", example = 1), PageParams),
    responses((status = 200, description = "A page of comments", body = CommentList)),
    security(("bearer" = [])),
)]
async fn list_comments(
    Id(task): Id,
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
    Query(query): Query<CommentQuery>,
) -> Result<Json<CommentList>, ApiError> {
    let mut conn = app.db.read().await?;
    let comments = store::list(&mut conn, &scope, task, &query.page).await?;
    if comments.rows.is_empty() {
        check_task(&mut conn, &scope, task).await?;
    }
    Ok(Json(comments.into()))
}

/// Comment on a task
#[utoipa::path(
    post, path = "/tasks/{task_id}/comments", tag = "tasks",
    params(("task_id" = i64, Path, description = "The task's key", example = 1)),
    request_body = NewComment,
    responses((
        status = 201, description = "The comment", body = CommentChanged,
        headers(("Location" = String), ("ETag" = String)),
    )),
    security(("bearer" = [])),
)]
async fn create_comment(
    Id(task): Id,
    May(scope, _): May<CreateComment>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewComment>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let new = body.read_for(async { check_task(&mut app.db.read().await?, &scope, task).await }).await?;
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let id = store::insert(tx, &scope, task, &new.content, now).await?.ok_or(Code::TaskNotFound)?;
        let comment = Comment::from(find(tx, &scope, task, id).await?);
        let task_row = tasks::find(tx, &scope, task).await?.ok_or(Code::TaskNotFound)?;
        trail::created(tx, &scope, &task_row, &comment, now).await?;
        let tag = comment.tag();
        let answer = CommentChanged { message: "Comment created successfully", comment };
        let answer = Created::new(&answer)?.at(format_args!("tasks/{task}/comments/{id}")).tagged(tag);
        once.settle(tx, &scope, answer).await
    })
}

/// Get a comment
#[utoipa::path(
    get, path = "/tasks/{task_id}/comments/{comment_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "The task's key", example = 1),
        ("comment_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The comment", body = CommentAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_comment(
    Ids(task, id): Ids,
    May(scope, _): May<ReadTasks>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let comment = Comment::from(find(&mut app.db.read().await?, &scope, task, id).await?);
    Ok(conditions.answer(comment.tag(), CommentAnswer { comment }))
}

/// Change a comment
///
/// Its author may, and admins and owners. An absent field stays. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/tasks/{task_id}/comments/{comment_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "The task's key", example = 1),
        ("comment_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the comment as the caller has seen it"),
    ),
    request_body = CommentPatch,
    responses(
        (status = 200, description = "The comment as it is now", body = CommentChanged, headers(("ETag" = String))),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_comment(
    Ids(task, id): Ids,
    May(scope, _): May<UpdateComment>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<CommentPatch>,
) -> Result<Response, ApiError> {
    let find_to_read_for = async {
        let comment = find(&mut app.db.read().await?, &scope, task, id).await?;
        scope.check::<UpdateComment>(comment.created_by)
    };
    let CommentPatch { content } = body.read_for(find_to_read_for).await?;
    let now = app.clock.now();
    let row = transaction!(app.db, |tx| {
        let old = find_for_update(tx, &scope, task, id).await?;
        scope.check::<UpdateComment>(old.created_by)?;
        conditions.check(old.version)?;
        match &content {
            Some(content) if *content != old.content => {
                if !store::update(tx, &scope, &old, content, now).await? {
                    return Err(Code::PreconditionFailed.into());
                }
                let new = find(tx, &scope, task, id).await?;
                trail::updated(tx, &scope, &old, &new, now).await?;
                Ok(new)
            }
            _ => Ok(old),
        }
    })?;
    let comment = Comment::from(row);
    let tag = etag(comment.tag());
    Ok(([tag], Json(CommentChanged { message: "Comment updated successfully", comment })).into_response())
}

/// Delete a comment
///
/// Its author may, and admins and owners.
#[utoipa::path(
    delete, path = "/tasks/{task_id}/comments/{comment_id}", tag = "tasks",
    params(
        ("task_id" = i64, Path, description = "The task's key", example = 1),
        ("comment_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the comment as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It has changed since, and is still there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_comment(
    Ids(task, id): Ids,
    May(scope, _): May<DeleteComment>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        let comment = find_for_update(tx, &scope, task, id).await?;
        scope.check::<DeleteComment>(comment.created_by)?;
        conditions.check(comment.version)?;
        if !store::delete(tx, &scope, &comment).await? {
            return Err(Code::PreconditionFailed.into());
        }
        trail::deleted(tx, &scope, &comment, now).await
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn check_task(conn: &mut Conn, scope: &Scope, task: i64) -> Result<(), ApiError> {
    if tasks::exists(conn, scope, task).await? { Ok(()) } else { Err(Code::TaskNotFound.into()) }
}

async fn find(conn: &mut Conn, scope: &Scope, task: i64, id: i64) -> Result<CommentRow, ApiError> {
    let found = store::find(conn, scope, task, id).await?;
    known(conn, scope, task, found).await
}

async fn find_for_update(conn: &mut Conn, scope: &Scope, task: i64, id: i64) -> Result<CommentRow, ApiError> {
    let found = store::find_for_update(conn, scope, task, id).await?;
    known(conn, scope, task, found).await
}

/// The comment, or whether it or its task is missing.
async fn known(conn: &mut Conn, scope: &Scope, task: i64, comment: Option<CommentRow>) -> Result<CommentRow, ApiError> {
    match comment {
        Some(comment) => Ok(comment),
        None => {
            check_task(conn, scope, task).await?;
            Err(Code::CommentNotFound.into())
        }
    }
}
