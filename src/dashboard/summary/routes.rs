//! `/dashboard/summary`.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, ContractCountRow, ContractRow};
use super::types::{ContractCounts, ContractSummary, DashboardSummary, SummaryAnswer, TaskSummary};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::contracts::types::ContractStatus;
use crate::dashboard::amounts::{Adder, Sums};
use crate::dashboard::calendar::Calendar;
use crate::dashboard::{Turn, trail};
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
    let turn = if scope.may::<ReadAmounts>() { Some(app.sums.take().await?) } else { None };
    let mut conn = app.db.read().await?;
    let tasks = store::count_tasks(&mut conn, &scope, today).await?;
    let tasks = TaskSummary::new(tasks, store::count_completed(&mut conn, &scope, week).await?);
    let meetings = store::count_meetings(&mut conn, &scope, app.clock.now(), calendar.span(week)).await?.into();
    let contracts = if scope.may::<ReadContracts>() {
        Some(summarise_contracts(&app, conn, &scope, calendar, turn).await?)
    } else {
        drop(conn);
        None
    };
    trail::viewed(&app, &scope, &method, "summary").await?;
    Ok(([NO_STORE], Json(SummaryAnswer { summary: DashboardSummary { tasks, meetings, contracts } })))
}

/// With sums for whoever has a turn at them; then counts and sums come from one statement.
async fn summarise_contracts(
    app: &AppState,
    mut conn: Conn,
    scope: &Scope,
    calendar: Calendar,
    turn: Option<Turn>,
) -> Result<ContractSummary, ApiError> {
    let today = calendar.today();
    let (later, sooner) = (today + AHEAD.0, today + AHEAD.1);
    let Some(turn) = turn else {
        let mut counts = ContractCounts::default();
        let rows = store::count_contracts(&mut conn, scope, today, (later, sooner)).await?;
        rows.iter().for_each(|row| counts.add(row));
        return Ok(ContractSummary::new(counts, None));
    };
    let beginning = (ContractCounts::default(), Sums::<bool>::new());
    let adder = Adder::start(app, scope, turn, beginning, move |(counts, sums), row: ContractRow, opener| {
        let ContractRow { id, status, currency, end_date, amount_encrypted } = row;
        let ends_by = |day| i64::from((today..=day).contains(&end_date));
        counts.add(&ContractCountRow { status, contracts: 1, ending: ends_by(later), ending_soon: ends_by(sooner) });
        let amount = opener.open(id, &amount_encrypted);
        sums.entry((status == ContractStatus::Active, currency)).or_default().add(amount);
    });
    store::send_contracts(&mut conn, scope, adder.rows()).await?;
    drop(conn);
    let (counts, sums) = adder.finish().await?;
    Ok(ContractSummary::new(counts, Some(sums)))
}
