//! `/dashboard/contracts/monthly`.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{Figures, MonthsAnswer, MonthsQuery};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::dashboard::calendar::{Calendar, Month};
use crate::dashboard::{amounts, trail};
use crate::error::{ApiError, ErrorBody};
use crate::extract::Query;
use crate::policy::{ReadAmounts, ReadContracts};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_monthly_contracts))
}

/// Count contracts by month
///
/// The last calendar months up to this one, in `APP_TIMEZONE`.
///
/// For owner and admin, who see sums of amounts, each call is a row in the audit log.
#[utoipa::path(
    get, path = "/dashboard/contracts/monthly", tag = "dashboard",
    params(MonthsQuery),
    responses(
        (status = 200, description = "The months", body = MonthsAnswer),
        (status = 400, description = "Wrong parameters: all of them in `errors`", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn get_monthly_contracts(
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    method: Method,
    Query(query): Query<MonthsQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let calendar = Calendar::new(app.today(), app.timezone);
    let months = calendar.months(query.months);
    let figures = figures(&app, &scope, calendar, &months).await?;
    trail::viewed(&app, &scope, &method, "monthly").await?;
    let months = months.into_iter().map(|month| figures.of(month, calendar)).collect();
    Ok(([NO_STORE], Json(MonthsAnswer { months })))
}

async fn figures(app: &AppState, scope: &Scope, calendar: Calendar, months: &[Month]) -> Result<Figures, ApiError> {
    let today = calendar.today();
    let from = months.first().map_or(today, |month| month.first);
    let until = months.last().map_or(today, |month| month.next);
    let spans = months.iter().map(|month| (calendar.start_of(month.first), calendar.start_of(month.next)));
    let spans: Vec<_> = spans.collect();
    let conn = &mut app.db.read().await?;
    Ok(Figures {
        starting: store::count_starting(conn, scope, from, until).await?,
        ending: store::count_ending(conn, scope, from, until).await?,
        new: store::count_new(conn, scope, &spans).await?,
        started_amounts: if scope.may::<ReadAmounts>() {
            Some(amounts::of_months(app, conn, scope, months).await?)
        } else {
            None
        },
    })
}
