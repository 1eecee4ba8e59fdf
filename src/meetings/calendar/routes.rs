//! `/meetings/{meeting_id}/calendar.ics`.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::event::MeetingEvent;
use crate::app::AppState;
use crate::auth::May;
use crate::error::{ApiError, Language};
use crate::etag::Conditions;
use crate::extract::Id;
use crate::icalendar;
use crate::meetings::attendees::store as attendees;
use crate::meetings::change::find;
use crate::meetings::store;
use crate::policy::ReadMeetings;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_meeting_calendar))
}

/// Get a meeting for a calendar program
///
/// A file (iCalendar, RFC 5545) with one event, an hour long: a meeting has no end. Attendees, agenda and decisions
/// are in its description, long texts cut after 2,000 characters; a draft is tentative. The description's own words
/// are in the language of `Accept-Language`.
#[utoipa::path(
    get, path = "/meetings/{meeting_id}/calendar.ics", tag = "meetings",
    params(
        ("meeting_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (
            status = 200, description = "The meeting", content((String = "text/calendar")),
            headers(("ETag" = String), ("Content-Disposition" = String)),
        ),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_meeting_calendar(
    Id(id): Id,
    May(scope, _): May<ReadMeetings>,
    State(app): State<AppState>,
    headers: HeaderMap,
    conditions: Conditions,
) -> Result<Response, ApiError> {
    let mut conn = app.db.read().await?;
    let row = find(&mut conn, &scope, id).await?;
    let parts = store::parts(&mut conn, &scope, std::slice::from_ref(&row)).await?.remove(&id);
    let attended = attendees::last_change(&mut conn, &scope, id).await?;
    let language = Language::negotiate(headers.get(header::ACCEPT_LANGUAGE));
    let event = MeetingEvent::new(row, parts.unwrap_or_default(), attended);
    let calendar = icalendar::write(None, vec![event.into_event(scope.tenant(), &app.calendar_domain, language)]);
    let answer = icalendar::answer(&conditions, &format!("meeting-{id}.ics"), calendar);
    Ok(([(header::VARY, "accept-language")], answer).into_response())
}
