//! `/contracts/{contract_id}/history`.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, HistoryRow};
use super::types::{AMOUNT, HistoryEntry, HistoryList, HistoryQuery};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::May;
use crate::contracts::access::{find, show};
use crate::contracts::trail;
use crate::error::ApiError;
use crate::extract::{Id, Query};
use crate::page::PageParams;
use crate::policy::ReadContracts;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_contract_history))
}

/// List what has happened to a contract
///
/// The last change first. Long texts are cut: `…+12` at the end says that twelve characters are left out.
#[utoipa::path(
    get, path = "/contracts/{contract_id}/history", tag = "contracts",
    params(("contract_id" = i64, Path, description = "Key", example = 1), HistoryQuery, PageParams),
    responses((status = 200, description = "A page of its history", body = HistoryList)),
    security(("bearer" = [])),
)]
async fn list_contract_history(
    Id(id): Id,
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    method: Method,
    Query(query): Query<HistoryQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let mut conn = app.db.read().await?;
    find(&mut conn, &scope, id).await?;
    let (rows, page) = store::list(&mut conn, &scope, id, &query).await?.split();
    let mut changes = store::changes(&mut conn, &scope, &rows).await?;
    drop(conn);
    if changes.values().any(|changes| changes.contains_key(AMOUNT)) {
        trail::shown(&app, &scope, &method, &[id]).await?;
    }
    let entry = |row: HistoryRow| {
        let changes = changes.remove(&row.id).unwrap_or_default();
        HistoryEntry::new(row, changes, |sealed| show(&app.amounts, &scope, id, sealed))
    };
    Ok(([NO_STORE], Json(HistoryList { history: rows.into_iter().map(entry).collect(), page })))
}
