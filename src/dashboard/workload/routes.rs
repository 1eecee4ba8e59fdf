//! `/dashboard/workload`.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{UserWork, Workload, WorkloadAnswer};
use crate::app::AppState;
use crate::auth::May;
use crate::dashboard::calendar::Calendar;
use crate::error::ApiError;
use crate::policy::ReadDashboard;

/// The most users.
const LIMIT: usize = 1_000;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_workload))
}

/// Count what each user has to do
///
/// Today and this week are those of `APP_TIMEZONE`; weeks are ISO 8601 weeks. A task has no time of completion, so it
/// counts as completed in the week that it belongs to.
#[utoipa::path(
    get, path = "/dashboard/workload", tag = "dashboard",
    responses((status = 200, description = "The workload", body = WorkloadAnswer)),
    security(("bearer" = [])),
)]
async fn get_workload(
    May(scope, _): May<ReadDashboard>,
    State(app): State<AppState>,
) -> Result<Json<WorkloadAnswer>, ApiError> {
    let calendar = Calendar::new(app.today(), app.timezone);
    let mut conn = app.db.read().await?;
    // One more than are shown tells whether there are more.
    let mut users = store::list(&mut conn, &scope, calendar, LIMIT as i64 + 1).await?;
    let unassigned = store::find_unassigned(&mut conn, &scope, calendar).await?.into();
    let truncated = users.len() > LIMIT;
    users.truncate(LIMIT);
    let users = users.into_iter().map(UserWork::from).collect();
    Ok(Json(WorkloadAnswer { workload: Workload { users, unassigned, truncated } }))
}
