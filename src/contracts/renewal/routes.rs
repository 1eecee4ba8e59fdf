//! `/contracts/{contract_id}/renew`.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store as renewals;
use super::types::{RenewContract, missing};
use crate::answer::Created;
use crate::app::AppState;
use crate::auth::{May, Scope};
use crate::clock::Timestamp;
use crate::contracts::access::{answer, find, find_to_change, open, seal};
use crate::contracts::amount::AmountCipher;
use crate::contracts::history::{self, types::HistoryAction};
use crate::contracts::store::{self, ContractRow};
use crate::contracts::trail;
use crate::contracts::types::{ContractChanged, ContractStatus};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody};
use crate::etag::Conditions;
use crate::extract::{Body, Id};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::policy::RenewContract as RenewAction;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(renew_contract))
}

/// Renew a contract
///
/// Makes the contract that follows it, with `parent_id`; this one is `renewed` then. Once: as long as that one is
/// there, no other one can follow. What is `draft` or `terminated` is not renewed.
#[utoipa::path(
    post, path = "/contracts/{contract_id}/renew", tag = "contracts",
    params(
        ("contract_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the contract as the caller has seen it"),
    ),
    request_body = RenewContract,
    responses(
        (
            status = 201, description = "The contract that follows", body = ContractChanged,
            headers(("Location" = String), ("ETag" = String)),
        ),
        (status = 409, description = "It is renewed already or cannot be, or the number is taken", body = ErrorBody),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn renew_contract(
    Id(id): Id,
    May(scope, _): May<RenewAction>,
    State(app): State<AppState>,
    conditions: Conditions,
    key: IdempotencyKey,
    body: Body<RenewContract>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => {
            trail::replayed(&app, &scope, &answer).await?;
            return Ok(answer);
        }
        Begun::First(once) => once,
    };
    let body = body.read_for(async { find(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    transaction!(app.db, |tx| {
        once.claim(tx, &scope).await?;
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        if renewals::is_renewed(tx, &scope, id).await? {
            return Err(Code::AlreadyRenewed.into());
        }
        // One that is called renewed may have lost its successor.
        if matches!(old.status, ContractStatus::Draft | ContractStatus::Terminated) {
            return Err(Code::NotRenewable.into());
        }
        let (new, amount) = body.clone().into_row(&old, &scope, now)?;
        let amount = match amount {
            Some(amount) => amount,
            None => open(&app.amounts, &scope, id, &old.amount_encrypted).ok_or_else(|| missing("amount"))?,
        };
        close(tx, &scope, &old, ContractStatus::Renewed, HistoryAction::Renewed, now).await?;
        let row = insert(tx, &scope, &app.amounts, &new, &amount, id).await?;
        let (place, tag) = (format!("contracts/{}", row.id), row.version);
        let contract = answer(&app.amounts, &scope, row);
        let answer = ContractChanged { message: "Contract renewed successfully", contract };
        once.settle(tx, &scope, Created::new(&answer)?.at(place).tagged(tag).private()).await
    })
}

/// Gives the contract its last status; gives it as it is then.
pub async fn close(
    conn: &mut Conn,
    scope: &Scope,
    old: &ContractRow,
    status: ContractStatus,
    action: HistoryAction,
    now: Timestamp,
) -> Result<ContractRow, ApiError> {
    let closed = ContractRow { status, version: old.version + 1, updated_at: now, ..old.clone() };
    if !store::update(conn, scope, old, &closed).await? {
        return Err(Code::PreconditionFailed.into());
    }
    history::record(conn, scope, action, Some(old), &closed, now).await?;
    Ok(closed)
}

/// Makes the contract that follows `parent`.
pub async fn insert(
    conn: &mut Conn,
    scope: &Scope,
    amounts: &AmountCipher,
    new: &ContractRow,
    amount: &str,
    parent: i64,
) -> Result<ContractRow, ApiError> {
    let now = new.created_at;
    let id =
        store::insert(conn, scope, new).await.map_err(|error| ApiError::duplicate(error, Code::ContractNumberTaken))?;
    store::set_amount(conn, scope, id, &seal(amounts, scope, id, amount)?).await?;
    renewals::insert(conn, scope, id, parent).await?;
    let row = find(conn, scope, id).await?;
    history::record(conn, scope, HistoryAction::Created, None, &row, now).await?;
    Ok(row)
}
