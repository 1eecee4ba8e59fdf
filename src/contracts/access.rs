//! Finding contracts, and what a caller may know of their amounts.

use super::amount::{AmountCipher, Place};
use super::store::{self, ContractRow};
use super::types::Contract;
use crate::auth::Scope;
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::policy::ReadAmounts;

/// What stands for an amount that the caller may not see.
const HIDDEN: &str = "***";

/// The contract.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<ContractRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::ContractNotFound.into())
}

/// The contract, for a change: no other transaction changes it before this one ends.
pub async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<ContractRow, ApiError> {
    store::find_for_update(conn, scope, id).await?.ok_or_else(|| Code::ContractNotFound.into())
}

/// The contract as the caller may see it.
pub fn answer(amounts: &AmountCipher, scope: &Scope, row: ContractRow) -> Contract {
    let amount = show(amounts, scope, row.id, &row.amount_encrypted);
    Contract::new(row, amount)
}

/// A sealed amount of this contract as the caller may see it; nothing when it does not open.
pub fn show(amounts: &AmountCipher, scope: &Scope, contract: i64, sealed: &str) -> Option<String> {
    if scope.may::<ReadAmounts>() { open(amounts, scope, contract, sealed) } else { Some(HIDDEN.into()) }
}

/// A sealed amount of this contract in clear; nothing when it does not open.
pub fn open(amounts: &AmountCipher, scope: &Scope, contract: i64, sealed: &str) -> Option<String> {
    amounts.open_or_report(sealed, Place { tenant: scope.tenant(), contract })
}

/// The text to store for an amount of this contract.
pub fn seal(amounts: &AmountCipher, scope: &Scope, contract: i64, amount: &str) -> Result<String, ApiError> {
    amounts.seal(amount, Place { tenant: scope.tenant(), contract }).map_err(ApiError::internal)
}
