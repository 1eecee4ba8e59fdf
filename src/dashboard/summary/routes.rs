//! `/dashboard/summary`.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{ContractSummary, DashboardSummary, SummaryAnswer, TaskSummary};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::dashboard::calendar::Calendar;
use crate::dashboard::{amounts, trail};
use crate::db::Conn;
use crate::error::ApiError;
use crate::policy::{ReadAmounts, ReadContracts, ReadDashboard};

/// How far ahead to look for contracts that end, and for those that end soon.
const AHEAD: (TimeDelta, TimeDelta) = (TimeDelta::days(30), TimeDelta::days(7));

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_dashboard_summary))
}

/// Summarise tasks, meetings and contracts
///
/// Today and this week are those of `APP_TIMEZONE`; weeks are ISO 8601 weeks. A task has no time of completion, so it
/// counts as done in the week that it belongs to.
///
/// For owner and admin, who see sums of amounts, each call is a row in the audit log.
#[utoipa::path(
    get, path = "/dashboard/summary", tag = "dashboard",
    responses((status = 200, description = "The summary", body = SummaryAnswer)),
    security(("bearer" = [])),
)]
async fn get_dashboard_summary(
    May(scope, _): May<ReadDashboard>,
    State(app): State<AppState>,
    method: Method,
) -> Result<impl IntoResponse, ApiError> {
    let calendar = Calendar::new(app.today(), app.timezone);
    let (today, week) = (calendar.start_of(calendar.today()), calendar.week());
    let mut conn = app.db.read().await?;
    let tasks = store::count_tasks(&mut conn, &scope, today).await?;
    let tasks = TaskSummary::new(tasks, store::count_completed(&mut conn, &scope, week).await?);
    let meetings = store::count_meetings(&mut conn, &scope, app.clock.now(), calendar.span(week)).await?.into();
    let contracts = if scope.may::<ReadContracts>() {
        Some(summarise_contracts(&app, &mut conn, &scope, calendar).await?)
    } else {
        None
    };
    drop(conn);
    trail::viewed(&app, &scope, &method, "summary").await?;
    Ok(([NO_STORE], Json(SummaryAnswer { summary: DashboardSummary { tasks, meetings, contracts } })))
}

async fn summarise_contracts(
    app: &AppState,
    conn: &mut Conn,
    scope: &Scope,
    calendar: Calendar,
) -> Result<ContractSummary, ApiError> {
    let today = calendar.today();
    let counts = store::count_contracts(conn, scope, today, (today + AHEAD.0, today + AHEAD.1)).await?;
    let sums = if scope.may::<ReadAmounts>() { Some(amounts::of_all(app, conn, scope).await?) } else { None };
    Ok(ContractSummary::new(counts, sums))
}
