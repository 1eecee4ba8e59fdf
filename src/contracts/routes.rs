//! `/contracts`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::amount::{AmountCipher, Place};
use super::store::{self, ContractRow};
use super::types::{
    Contract, ContractAnswer, ContractChanged, ContractList, ContractPatch, ContractQuery, NewContract,
};
use crate::answer::{NO_STORE, created};
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody, FieldMessage};
use crate::extract::{Body, Id, Query};
use crate::page::PageParams;
use crate::policy::{CreateContract, DeleteContract, ReadAmounts, ReadContracts, UpdateContract};

/// What stands for an amount that the caller may not see.
const HIDDEN: &str = "***";

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_contracts, create_contract)).routes(routes!(
        get_contract,
        update_contract,
        delete_contract
    ))
}

/// List contracts
///
/// Sorts by `end_date`, `start_date`, `created_at`, `updated_at`, `contract_number`, `customer_name`, `title` or `id`.
#[utoipa::path(
    get, path = "/contracts", tag = "contracts",
    params(ContractQuery, PageParams),
    responses((status = 200, description = "A page of contracts", body = ContractList)),
    security(("bearer" = [])),
)]
async fn list_contracts(
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
    Query(query): Query<ContractQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let (rows, page) = store::list(&mut app.db.read().await?, &scope, &query).await?.split();
    let contracts = rows.into_iter().map(|row| answer(&app.amounts, &scope, row)).collect();
    Ok(([NO_STORE], Json(ContractList { contracts, page })))
}

/// Make a contract
#[utoipa::path(
    post, path = "/contracts", tag = "contracts",
    request_body = NewContract,
    responses(
        (status = 201, description = "The contract", body = ContractChanged, headers(("Location" = String))),
        (status = 409, description = "The number is taken", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn create_contract(
    May(scope, _): May<CreateContract>,
    State(app): State<AppState>,
    body: Body<NewContract>,
) -> Result<impl IntoResponse, ApiError> {
    let (row, amount) = body.read()?.into_row(&scope, app.clock.now());
    let row = transaction!(app.db, |tx| {
        let id = store::insert(tx, &scope, &row)
            .await
            .map_err(|error| ApiError::duplicate(error, Code::ContractNumberTaken))?;
        store::set_amount(tx, &scope, id, &seal(&app.amounts, &scope, id, &amount)?).await?;
        find(tx, &scope, id).await
    })?;
    let contract = answer(&app.amounts, &scope, row);
    let id = contract.id;
    Ok(([NO_STORE], created("contracts", id, ContractChanged { message: "Contract created successfully", contract })))
}

/// Get a contract
#[utoipa::path(
    get, path = "/contracts/{contract_id}", tag = "contracts",
    params(("contract_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 200, description = "The contract", body = ContractAnswer)),
    security(("bearer" = [])),
)]
async fn get_contract(
    Id(id): Id,
    May(scope, _): May<ReadContracts>,
    State(app): State<AppState>,
) -> Result<impl IntoResponse, ApiError> {
    let row = find(&mut app.db.read().await?, &scope, id).await?;
    Ok(([NO_STORE], Json(ContractAnswer { contract: answer(&app.amounts, &scope, row) })))
}

/// Change a contract
///
/// Absent fields stay, null clears. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/contracts/{contract_id}", tag = "contracts",
    params(("contract_id" = i64, Path, description = "Key", example = 1)),
    request_body = ContractPatch,
    responses(
        (status = 200, description = "The contract as it is now", body = ContractChanged),
        (status = 409, description = "The number is taken", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_contract(
    Id(id): Id,
    May(scope, _): May<UpdateContract>,
    State(app): State<AppState>,
    body: Body<ContractPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = body.read_for(async { find(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let row = transaction!(app.db, |tx| {
        let old = store::find_for_update(tx, &scope, id).await?.ok_or(Code::ContractNotFound)?;
        let (mut new, amount) = patch.clone().apply(&old);
        if let Some(amount) = amount
            && open(&app.amounts, &scope, &old).as_ref() != Some(&amount)
        {
            new.amount_encrypted = seal(&app.amounts, &scope, id, &amount)?;
        }
        if new == old {
            return Ok(old);
        }
        // Flask's contracts may be wrong already; they can still be changed otherwise.
        let moves = (new.start_date, new.end_date) != (old.start_date, old.end_date);
        if moves && new.end_date < new.start_date {
            return Err(ApiError::field("end_date", FieldMessage::EndsBeforeStart));
        }
        new.version += 1;
        new.updated_at = now;
        store::update(tx, &scope, &new).await.map_err(|error| ApiError::duplicate(error, Code::ContractNumberTaken))?;
        Ok(new)
    })?;
    let contract = answer(&app.amounts, &scope, row);
    Ok(([NO_STORE], Json(ContractChanged { message: "Contract updated successfully", contract })))
}

/// Delete a contract
///
/// Its history goes with it.
#[utoipa::path(
    delete, path = "/contracts/{contract_id}", tag = "contracts",
    params(("contract_id" = i64, Path, description = "Key", example = 1)),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = [])),
)]
async fn delete_contract(
    Id(id): Id,
    May(scope, _): May<DeleteContract>,
    State(app): State<AppState>,
) -> Result<StatusCode, ApiError> {
    let deleted = transaction!(app.db, |tx| Ok(store::delete(tx, &scope, id).await?))?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Code::ContractNotFound.into()) }
}

async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<ContractRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::ContractNotFound.into())
}

fn answer(amounts: &AmountCipher, scope: &Scope, row: ContractRow) -> Contract {
    let amount = if scope.may::<ReadAmounts>() { open(amounts, scope, &row) } else { Some(HIDDEN.into()) };
    Contract::new(row, amount)
}

fn open(amounts: &AmountCipher, scope: &Scope, row: &ContractRow) -> Option<String> {
    amounts.open_or_report(&row.amount_encrypted, Place { tenant: scope.tenant(), contract: row.id })
}

fn seal(amounts: &AmountCipher, scope: &Scope, id: i64, amount: &str) -> Result<String, ApiError> {
    amounts.seal(amount, Place { tenant: scope.tenant(), contract: id }).map_err(ApiError::internal)
}
