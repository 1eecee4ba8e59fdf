//! `/notifications`.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{AllRead, Notification, NotificationChanged, NotificationList, NotificationQuery, ReadAll};
use crate::app::AppState;
use crate::auth::May;
use crate::db::transaction;
use crate::error::{ApiError, Code};
use crate::extract::{Body, Id, Query};
use crate::page::PageParams;
use crate::policy::{ChangeNotifications, ReadNotifications};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_notifications))
        .routes(routes!(read_notification))
        .routes(routes!(read_all_notifications))
}

/// List one's own notifications
///
/// The newest first by default. Sorts by `id` or `created_at`.
#[utoipa::path(
    get, path = "/notifications", tag = "notifications",
    params(NotificationQuery, PageParams),
    responses((status = 200, description = "A page of notifications", body = NotificationList)),
    security(("bearer" = [])),
)]
async fn list_notifications(
    May(scope, _): May<ReadNotifications>,
    State(app): State<AppState>,
    Query(query): Query<NotificationQuery>,
) -> Result<Json<NotificationList>, ApiError> {
    let mut conn = app.db.read().await?;
    // Before the page: a stream that goes on from here may repeat what the page has, but misses nothing.
    let last_event_id = store::last_seq(&mut conn, &scope).await?;
    let (rows, page) = store::list(&mut conn, &scope, &query).await?.split();
    let unread_count = store::count_unread(&mut conn, &scope).await?;
    let notifications = rows.into_iter().map(Notification::from).collect();
    Ok(Json(NotificationList { notifications, unread_count, last_event_id, page }))
}

/// Mark a notification as read
///
/// One's own. When it is read already, nothing changes.
#[utoipa::path(
    post, path = "/notifications/{notification_id}/read", tag = "notifications",
    params(("notification_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 200, description = "The notification as it is now", body = NotificationChanged)),
    security(("bearer" = [])),
)]
async fn read_notification(
    Id(id): Id,
    May(scope, _): May<ChangeNotifications>,
    State(app): State<AppState>,
) -> Result<Json<NotificationChanged>, ApiError> {
    let now = app.clock.now();
    let row = transaction!(app.db, |tx| {
        store::mark_read(tx, &scope, id, now).await?;
        store::find(tx, &scope, id).await?.ok_or_else(|| ApiError::from(Code::NotificationNotFound))
    })?;
    Ok(Json(NotificationChanged { message: "Notification marked as read", notification: row.into() }))
}

/// Mark all one's own notifications as read
///
/// Or, with `up_to`, only those that one has seen.
#[utoipa::path(
    post, path = "/notifications/read-all", tag = "notifications",
    request_body = Option<ReadAll>,
    responses((status = 200, description = "How many were not read before", body = AllRead)),
    security(("bearer" = [])),
)]
async fn read_all_notifications(
    May(scope, _): May<ChangeNotifications>,
    State(app): State<AppState>,
    body: Body<ReadAll>,
) -> Result<Json<AllRead>, ApiError> {
    let ReadAll { up_to } = body.read_optional()?.unwrap_or_default();
    let now = app.clock.now();
    let updated = transaction!(app.db, |tx| Ok(store::mark_all_read(tx, &scope, up_to, now).await?))?;
    Ok(Json(AllRead { message: "Notifications marked as read", updated }))
}
