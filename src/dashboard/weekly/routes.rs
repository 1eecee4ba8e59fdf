//! `/dashboard/tasks/weekly`.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{WeekOfTasks, WeeksAnswer, WeeksQuery};
use crate::app::AppState;
use crate::auth::May;
use crate::dashboard::calendar::Calendar;
use crate::error::{ApiError, ErrorBody};
use crate::extract::Query;
use crate::policy::ReadDashboard;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_weekly_tasks))
}

/// Count tasks by week
///
/// The last ISO weeks up to this one, in `APP_TIMEZONE`. A task counts in the week that it belongs to; one of a week 53
/// that its year does not have counts in none.
#[utoipa::path(
    get, path = "/dashboard/tasks/weekly", tag = "dashboard",
    params(WeeksQuery),
    responses(
        (status = 200, description = "The weeks", body = WeeksAnswer),
        (status = 400, description = "Wrong parameters: all of them in `errors`", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn get_weekly_tasks(
    May(scope, _): May<ReadDashboard>,
    State(app): State<AppState>,
    Query(query): Query<WeeksQuery>,
) -> Result<Json<WeeksAnswer>, ApiError> {
    let weeks = Calendar::new(app.today(), app.timezone).weeks(query.weeks);
    let rows = store::count(&mut app.db.read().await?, &scope, &weeks).await?;
    Ok(Json(WeeksAnswer { weeks: weeks.into_iter().map(|week| WeekOfTasks::new(week, &rows)).collect() }))
}
