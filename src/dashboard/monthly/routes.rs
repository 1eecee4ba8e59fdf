//! `/dashboard/contracts/monthly`.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, MonthRow, Span};
use super::types::{Figures, MonthsAnswer, MonthsQuery};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::dashboard::amounts::Adder;
use crate::dashboard::calendar::{Calendar, Month};
use crate::dashboard::trail;
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
    let months = months.into_iter().map(|month| figures.of(month)).collect();
    Ok(([NO_STORE], Json(MonthsAnswer { months })))
}

/// With sums for whoever may see them; in his turn, and without a connection until it comes.
async fn figures(app: &AppState, scope: &Scope, calendar: Calendar, months: &[Month]) -> Result<Figures, ApiError> {
    let today = calendar.today();
    let span = Span {
        from: months.first().map_or(today, |month| month.first),
        until: months.last().map_or(today, |month| month.next),
        months: months.iter().map(|month| (calendar.start_of(month.first), calendar.start_of(month.next))).collect(),
    };
    if !scope.may::<ReadAmounts>() {
        let mut figures = Figures::default();
        let rows = store::count(&mut app.db.read().await?, scope, &span).await?;
        rows.into_iter().for_each(|row| figures.add(row, calendar, |_, _| None));
        return Ok(figures);
    }
    let turn = app.sums.take().await?;
    let mut conn = app.db.read().await?;
    let adder = Adder::start(app, scope, turn, Figures::with_sums(), move |figures, row: MonthRow, opener| {
        figures.add(row, calendar, |id, sealed| opener.open(id, sealed));
    });
    store::send(&mut conn, scope, &span, adder.rows()).await?;
    drop(conn);
    adder.finish().await
}
