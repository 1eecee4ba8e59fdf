//! `/calendar.ics` and `/calendar/feeds/{token}`.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::content;
use super::types::CalendarQuery;
use crate::app::AppState;
use crate::auth::{FeedOwner, May};
use crate::error::{ApiError, ErrorBody, Language};
use crate::etag::Conditions;
use crate::extract::Query;
use crate::icalendar;
use crate::policy::ReadMeetings;

/// What the file is called.
const FILE: &str = "calendar.ics";

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_calendar)).routes(routes!(read_calendar_feed))
}

/// Get one's own calendar
///
/// A file (iCalendar, RFC 5545) of what is from 90 days ago to 366 days ahead: meetings, each an hour long, and as whole
/// days what is due: open tasks and action items of the caller, and, for who may read contracts, the ends of contracts.
/// There are at most 1,000 of each kind. Of more, those from 30 days ago on come first, the earliest first, and then
/// those before, the latest first. Days are in `APP_TIMEZONE`. The calendar's own words are in the language of
/// `Accept-Language`.
#[utoipa::path(
    get, path = "/calendar.ics", tag = "calendar",
    params(
        CalendarQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (
            status = 200, description = "The calendar", content((String = "text/calendar")),
            headers(("ETag" = String), ("Content-Disposition" = String)),
        ),
        (status = 304, description = "It is as the caller has it"),
        (status = 400, description = "Wrong query parameters: all of them in `errors`", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn get_calendar(
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    headers: HeaderMap,
    conditions: Conditions,
    Query(query): Query<CalendarQuery>,
) -> Result<Response, ApiError> {
    let language = Language::negotiate(headers.get(header::ACCEPT_LANGUAGE));
    let calendar = content::write(&app, &scope, query.scope.unwrap_or_default(), language).await?;
    Ok(([(header::VARY, "accept-language")], icalendar::answer(&conditions, FILE, calendar)).into_response())
}

/// Read a calendar by its link
///
/// For calendar programs, which can send no token in a header: the secret in the link, from `POST /calendar/feed`,
/// stands for it. As `GET /calendar.ics`, with the rights that the link's user has now.
#[utoipa::path(
    get, path = "/calendar/feeds/{token}", tag = "calendar",
    params(
        ("token" = String, Path, description = "The secret of the link, with `.ics` behind it or without"),
        CalendarQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (
            status = 200, description = "The calendar", content((String = "text/calendar")),
            headers(("ETag" = String), ("Content-Disposition" = String)),
        ),
        (status = 304, description = "It is as the caller has it"),
        (status = 400, description = "Wrong query parameters: all of them in `errors`", body = ErrorBody),
        (status = 404, description = "There is no such link, or none any more", body = ErrorBody),
    ),
)]
async fn read_calendar_feed(
    FeedOwner { scope, language }: FeedOwner,
    State(app): State<AppState>,
    conditions: Conditions,
    Query(query): Query<CalendarQuery>,
) -> Result<Response, ApiError> {
    let calendar = content::write(&app, &scope, query.scope.unwrap_or_default(), language).await?;
    Ok(icalendar::answer(&conditions, FILE, calendar))
}
