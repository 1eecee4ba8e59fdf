//! `/notifications/stream`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::store;
use super::flow::Flow;
use super::types::{StreamQuery, event_id};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::StreamUser;
use crate::error::{ApiError, ErrorBody, FieldFaults};
use crate::extract::Query;
use crate::policy::ReadNotifications;

/// Where a stream goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx, and others like it, to pass each event on at once.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream_notifications))
}

/// One's own notifications as they come
///
/// Server-Sent Events: `event: notification` with a notification as `data`, as in the list. Their `id` counts them; as
/// `Last-Event-ID` it makes the next stream go on without gap or repeat. Without it a stream begins with what comes from
/// now on, and says so with an `id` of its own. While nothing happens, comments come. The stream ends with the access token
/// that it, or its ticket, was opened with, when the user is let in no more, and when he has opened twenty others since.
#[utoipa::path(
    get, path = "/notifications/stream", tag = "notifications",
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id` of the last event that the caller has"),
        StreamQuery,
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 400, description = "That is no id of an event", body = ErrorBody),
    ),
    security(("bearer" = []), ("ticket" = [])),
)]
async fn stream_notifications(
    StreamUser(scope, right, _): StreamUser<ReadNotifications>,
    State(app): State<AppState>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let last = last_event_id(&headers)?.or(query.last_event_id);
    // Before the start is known: whatever comes behind it wakes the stream.
    let subscription = app.subscribers.subscribe(scope.user())?;
    let newest = store::last_seq(&mut app.db.read().await?, &scope).await?;
    // An id that was not given yet, of a database that was set back, must not silence the stream until it is reached.
    let last = last.map_or(newest, |last| last.min(newest));
    let flow = Flow::new(app, scope, right, subscription, last);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), NO_STORE, UNBUFFERED];
    Ok((headers, Body::from_stream(flow.into_stream())).into_response())
}

/// The header `Last-Event-ID`; an empty one is none.
fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let id = String::from_utf8_lossy(id.as_bytes()).into_owned();
    let fault = |fault| ApiError::query(FieldFaults::one(LAST_EVENT_ID.as_str(), fault));
    event_id(id.into()).map(Some).map_err(fault)
}
