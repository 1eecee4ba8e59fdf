//! `/reports`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tracing::Span;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::format::ReportFormat;
use super::store::{self, Rows};
use super::types::{WeeklyQuery, WeeklyReport, WeeklyReportAnswer};
use super::week::{Period, Week};
use super::words::Words;
use super::{html, markdown};
use crate::app::AppState;
use crate::auth::May;
use crate::clock::Timestamp;
use crate::error::{ApiError, ErrorBody, Language};
use crate::extract::Query;
use crate::policy::ReadReports;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_weekly_report))
}

/// Get the report of a week
///
/// What was done, is open and is late, person by person, and the meetings of the week with what was decided.
///
/// A task belongs to the week that its `year` and `week_number` name, and to its assignee. `completed` is done;
/// `pending`, `in_progress` and `review` are open; `cancelled` is only counted. An open task is late when the day of
/// its due date, in `APP_TIMEZONE`, is before today; in the report of a week that is over, when that day is before the
/// week's end (`late_before`). One without a due date is late when its week has ended by then. Open tasks of earlier
/// weeks are carried over, late or not: listed and counted apart. Statuses are those of now, for a past week too.
///
/// A meeting belongs to the week in which it is by the clocks of `APP_TIMEZONE`, whatever its status.
///
/// A task of a week 53 that its year does not have belongs to no report; if it is open, it is carried over into those of
/// later weeks.
///
/// Lists are bounded, and `truncated` tells which of them do not show everything; counts are of everything. A decision
/// or an action item of more than 2,000 characters is cut to these and ends with `…`.
///
/// With `format`, or else with `Accept`, it comes as Markdown or as a page to print, in Korean for
/// `Accept-Language: ko`.
#[utoipa::path(
    get, path = "/reports/weekly", tag = "reports",
    params(WeeklyQuery),
    responses(
        (
            status = 200, description = "The report",
            content((WeeklyReportAnswer = "application/json"), (String = "text/markdown"), (String = "text/html")),
        ),
        (status = 400, description = "Wrong parameters, or a week that the year does not have", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn get_weekly_report(
    May(scope, _): May<ReadReports>,
    State(app): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<WeeklyQuery>,
) -> Result<Response, ApiError> {
    let today = app.today();
    let period = Period::new(query.week(today)?, today, app.timezone);
    let rows = store::read(&mut app.db.read().await?, &scope, &period).await?;
    let now = app.clock.now();
    let language = Language::negotiate(headers.get(header::ACCEPT_LANGUAGE));
    let words = Words { language, timezone: app.timezone };
    let format = query.format.unwrap_or_else(|| ReportFormat::negotiate(&headers));
    // Thousands of rows keep a thread busy for long.
    let span = Span::current();
    let written = tokio::task::spawn_blocking(move || span.in_scope(|| write(rows, period, now, words, format)));
    written.await.map_err(ApiError::internal)
}

/// The answer with the report that these rows make.
fn write(rows: Rows, period: Period, now: Timestamp, words: Words, format: ReportFormat) -> Response {
    let Words { language, timezone } = words;
    let report = WeeklyReport::new(rows, &period, timezone, now);
    match format {
        ReportFormat::Json => ([(header::VARY, "accept")], Json(WeeklyReportAnswer { report })).into_response(),
        ReportFormat::Markdown => {
            let text = markdown::document(&report, words);
            document("text/markdown; charset=utf-8", "md", period.week, language, text)
        }
        ReportFormat::Html => {
            let page = html::page(&report, words);
            let page = document("text/html; charset=utf-8", "html", period.week, language, page);
            ([(header::CONTENT_SECURITY_POLICY, html::POLICY.as_str())], page).into_response()
        }
    }
}

/// A report for people.
fn document(content_type: &str, extension: &str, week: Week, language: Language, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_LANGUAGE, language.tag().to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"weekly-report-{week}.{extension}\"")),
        (header::VARY, "accept, accept-language".to_owned()),
    ];
    (headers, text).into_response()
}
