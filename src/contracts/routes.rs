//! `/contracts`.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{answer, find, find_to_change, open, seal};
use super::export::ContractExport;
use super::history::types::HistoryAction;
use super::store::ContractRow;
use super::types::{
    ContractAnswer, ContractChanged, ContractList, ContractPatch, ContractQuery, ExpiringQuery, NewContract,
};
use super::{history, renewal, store, trail};
use crate::answer::{Created, NO_STORE};
use crate::app::AppState;
use crate::audit;
use crate::auth::May;
use crate::csv_export::{self, WantsCsv};
use crate::db::transaction;
use crate::error::{ApiError, Code, ErrorBody, FieldMessage};
use crate::etag::{Conditions, etag};
use crate::extract::{Body, Id, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::page::PageParams;
use crate::policy::{CreateContract, DeleteContract, ReadContracts, UpdateContract};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_contracts, create_contract))
        .routes(routes!(list_expiring_contracts))
        .routes(routes!(get_contract, update_contract, delete_contract))
        .merge(history::router())
        .merge(renewal::router())
}

/// List contracts
///
/// Sorts by `end_date`, `start_date`, `created_at`, `updated_at`, `contract_number`, `customer_name`, `title` or `id`.
///
/// With `Accept: text/csv` it is a file for spreadsheets, of all contracts that match: no page counts. That
/// somebody took it is a row in the audit log.
#[utoipa::path(
    get, path = "/contracts", tag = "contracts",
    params(ContractQuery, PageParams),
    responses((
        status = 200, description = "A page of contracts; as CSV, all of them",
        content((ContractList = "application/json"), (String = "text/csv")),
    )),
    security(("bearer" = [])),
)]
async fn list_contracts(
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    method: Method,
    WantsCsv(wants_csv): WantsCsv,
    Query(query): Query<ContractQuery>,
) -> Result<Response, ApiError> {
    if wants_csv {
        audit::record_export(&app, &scope, &method, Resource::Contract, "csv", &query).await?;
        let file = csv_export::answer(ContractExport { app, scope, query }).await?;
        return Ok(([NO_STORE], file).into_response());
    }
    let (rows, page) = store::list(&mut app.db.read().await?, &scope, &query).await?.split();
    trail::shown(&app, &scope, &method, &ids(&rows)).await?;
    let contracts = rows.into_iter().map(|row| answer(&app.amounts, &scope, row)).collect();
    let vary = (header::VARY, "accept");
    Ok(([NO_STORE, vary], Json(ContractList { contracts, page })).into_response())
}

/// Make a contract
#[utoipa::path(
    post, path = "/contracts", tag = "contracts",
    request_body = NewContract,
    responses(
        (
            status = 201, description = "The contract", body = ContractChanged,
            headers(("Location" = String), ("ETag" = String)),
        ),
        (status = 409, description = "The number is taken", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn create_contract(
    May(scope, _): May<CreateContract>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewContract>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => {
            trail::replayed(&app, &scope, &answer).await?;
            return Ok(answer);
        }
        Begun::First(once) => once,
    };
    let now = app.clock.now();
    let (row, amount) = body.read()?.into_row(&scope, now);
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let id = store::insert(tx, &scope, &row)
            .await
            .map_err(|error| ApiError::duplicate(error, Code::ContractNumberTaken))?;
        store::set_amount(tx, &scope, id, &seal(&app.amounts, &scope, id, &amount)?).await?;
        let row = find(tx, &scope, id).await?;
        history::record(tx, &scope, HistoryAction::Created, None, &row, now).await?;
        let (tag, contract) = (row.version, answer(&app.amounts, &scope, row));
        let answer = ContractChanged { message: "Contract created successfully", contract };
        let answer = Created::new(&answer)?.at(format_args!("contracts/{id}")).tagged(tag).private();
        once.settle(tx, &scope, answer).await
    })
}

/// List contracts that end soon
///
/// The active ones that end between today and `days` from now, both included, in `APP_TIMEZONE`; those that end first
/// come first. Sorts as the list of all contracts does.
#[utoipa::path(
    get, path = "/contracts/expiring", tag = "contracts",
    params(ExpiringQuery, PageParams),
    responses((status = 200, description = "A page of contracts", body = ContractList)),
    security(("bearer" = [])),
)]
async fn list_expiring_contracts(
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    method: Method,
    Query(query): Query<ExpiringQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let query = query.starting(app.today());
    let (rows, page) = store::list(&mut app.db.read().await?, &scope, &query).await?.split();
    trail::shown(&app, &scope, &method, &ids(&rows)).await?;
    let contracts = rows.into_iter().map(|row| answer(&app.amounts, &scope, row)).collect();
    Ok(([NO_STORE], Json(ContractList { contracts, page })))
}

/// Get a contract
#[utoipa::path(
    get, path = "/contracts/{contract_id}", tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The contract", body = ContractAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_contract(
    Id(id): Id,
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    method: Method,
    conditions: Conditions,
) -> Result<impl IntoResponse, ApiError> {
    let row = find(&mut app.db.read().await?, &scope, id).await?;
    let version = row.version;
    let answer = conditions.answer(version, ContractAnswer { contract: answer(&app.amounts, &scope, row) });
    // 304 shows nothing.
    if answer.status() == StatusCode::OK {
        trail::shown(&app, &scope, &method, &[id]).await?;
    }
    Ok(([NO_STORE], answer))
}

/// Change a contract
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/contracts/{contract_id}", tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the contract as the caller has seen it"),
    ),
    request_body = ContractPatch,
    responses(
        (status = 200, description = "The contract as it is now", body = ContractChanged, headers(("ETag" = String))),
        (status = 409, description = "The number is taken", body = ErrorBody),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_contract(
    Id(id): Id,
    May(scope, _): May<UpdateContract>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<ContractPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = body.read_for(async { find(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let (row, has_changed) = transaction!(app.db, |tx| {
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        let (mut new, amount) = patch.clone().apply(&old);
        if let Some(amount) = amount
            && open(&app.amounts, &scope, id, &old.amount_encrypted).as_ref() != Some(&amount)
        {
            new.amount_encrypted = seal(&app.amounts, &scope, id, &amount)?;
        }
        if new == old {
            return Ok((old, false));
        }
        // Flask's contracts may be wrong already; they can still be changed otherwise.
        let moves = (new.start_date, new.end_date) != (old.start_date, old.end_date);
        if moves && new.end_date < new.start_date {
            return Err(ApiError::field("end_date", FieldMessage::EndsBeforeStart));
        }
        new.version += 1;
        new.updated_at = now;
        let updated = store::update(tx, &scope, &old, &new).await;
        if !updated.map_err(|error| ApiError::duplicate(error, Code::ContractNumberTaken))? {
            return Err(Code::PreconditionFailed.into());
        }
        history::record(tx, &scope, HistoryAction::Updated, Some(&old), &new, now).await?;
        Ok((new, true))
    })?;
    if !has_changed {
        trail::viewed(&app, &scope, &[id]).await?;
    }
    let tag = etag(row.version);
    let contract = answer(&app.amounts, &scope, row);
    Ok(([tag], [NO_STORE], Json(ContractChanged { message: "Contract updated successfully", contract })))
}

/// Delete a contract
///
/// Its history goes with it. A contract that follows it stays, without `parent_id`.
#[utoipa::path(
    delete, path = "/contracts/{contract_id}", tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the contract as the caller has seen it"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It has changed since, and is still there", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn delete_contract(
    Id(id): Id,
    May(scope, _): May<DeleteContract>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        let contract = find_to_change(tx, &scope, id).await?;
        conditions.check(contract.version)?;
        renewal::release(tx, &scope, id, now).await?;
        if !store::delete(tx, &scope, id, contract.version).await? {
            return Err(Code::PreconditionFailed.into());
        }
        trail::deleted(tx, &scope, &contract, now).await?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn ids(rows: &[ContractRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}
