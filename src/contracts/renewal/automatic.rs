//! Contracts that renew themselves.

use super::number;
use super::routes::{close, insert};
use super::store;
use super::types::RenewContract;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::access::open;
use crate::contracts::amount::AmountCipher;
use crate::contracts::history::types::HistoryAction;
use crate::contracts::store::ContractRow;
use crate::contracts::types::ContractStatus;
use crate::db::Conn;
use crate::error::{ApiError, Code};

/// Renews the contract for a term of the same length, with a number made from its own; gives it as it is now, and the
/// contract that follows.
pub async fn renew_itself(
    conn: &mut Conn,
    scope: &Scope,
    amounts: &AmountCipher,
    old: &ContractRow,
    now: Timestamp,
) -> Result<(ContractRow, ContractRow), ApiError> {
    let number = free_number(conn, scope, old).await?;
    let (new, _) = RenewContract::unchanged(number)
        .into_row(old, scope, now)
        .map_err(|_| ApiError::internal("no term of the same length follows"))?;
    let amount = open(amounts, scope, old.id, &old.amount_encrypted);
    let amount = amount.ok_or_else(|| ApiError::internal("its amount does not open"))?;
    let renewed = close(conn, scope, old, ContractStatus::Renewed, HistoryAction::Renewed, now).await?;
    let successor = insert(conn, scope, amounts, &new, &amount, old.id).await?;
    Ok((renewed, successor))
}

/// The first number for its successor that no other contract has.
async fn free_number(conn: &mut Conn, scope: &Scope, old: &ContractRow) -> Result<String, ApiError> {
    for number in number::following(&old.contract_number, old.parent_id.is_some()) {
        if !store::is_number_taken(conn, scope, &number).await? {
            return Ok(number);
        }
    }
    Err(Code::ContractNumberTaken.into())
}
