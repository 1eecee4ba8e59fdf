//! `/audit-logs`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::export::{AuditLogExport, SealedExport};
use super::types::{AuditLogList, AuditLogQuery};
use super::{record_export, seal, store};
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::May;
use crate::csv_export;
use crate::error::ApiError;
use crate::export::{self, Format};
use crate::extract::Query;
use crate::page::PageParams;
use crate::policy::ReadAuditLog;
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_logs))
}

/// List what was done in the tenant
///
/// Sorts by `id` or `created_at`; the last one first by default. Nothing in the API changes or deletes a row; after
/// `AUDIT_RETENTION_DAYS` it goes.
///
/// With `Accept: text/csv` it is a file for spreadsheets, with `Accept: application/x-ndjson` one JSON object a line in
/// the order of the chain, with all that `bizcenter audit verify --export` needs. Both hold every row that matches: no
/// page counts. That somebody took a file is a row of its own.
///
/// The JSON lines hold what is sealed by now. The last one is `{"end": {…}}`: tenant, filters, the number of rows, the
/// first and the last one's `seq`, where the chain began and ended, how many rows were not sealed yet, a digest of all
/// lines before it, and a code under the server's key. A file without it has been cut off.
#[utoipa::path(
    get, path = "/audit-logs", tag = "audit",
    params(AuditLogQuery, PageParams),
    responses((
        status = 200, description = "A page of rows; as CSV or JSON lines, all of them",
        content((AuditLogList = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
    )),
    security(("bearer" = [])),
)]
async fn list_audit_logs(
    May(scope, _): May<ReadAuditLog>,
    State(app): State<AppState>,
    method: Method,
    format: Format,
    Query(query): Query<AuditLogQuery>,
) -> Result<Response, ApiError> {
    let answer = match format {
        Format::Json => {
            let rows = store::list(&mut app.db.read().await?, &scope, &query).await?;
            ([(header::VARY, "accept")], Json(AuditLogList::from(rows))).into_response()
        }
        Format::Csv => {
            record_export(&app, &scope, &method, Resource::AuditLog, "csv", &query).await?;
            csv_export::answer(AuditLogExport { app, scope, query }).await?
        }
        Format::JsonLines => {
            record_export(&app, &scope, &method, Resource::AuditLog, "jsonl", &query).await?;
            // Only sealed rows have something to verify: what has happened up to now is to be among them. If that cannot
            // be, or would take long, the file says how many are not.
            seal::seal_tenant(&app.db, &app.audit_key, scope.tenant(), app.clock.now()).await;
            let rows = SealedExport::new(app, scope, query).await?;
            export::send(rows, Vec::new(), SealedExport::FILE).await?
        }
    };
    Ok(([NO_STORE], answer).into_response())
}
