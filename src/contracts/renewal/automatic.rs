//! Contracts that renew themselves.

use chrono::NaiveDate;

use super::missed::{self, Next};
use super::number;
use super::routes::{close, insert};
use super::store;
use super::term::Term;
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

/// A contract that has renewed itself.
#[derive(Debug)]
pub struct Renewed {
    /// As it is now.
    pub contract: ContractRow,
    /// The contract that follows.
    pub successor: ContractRow,
    /// Whether that one starts later than the day after this one's last: too many terms were missed.
    pub passes_over: bool,
}

/// Renews the contract for a term of the same length, with a number made from its own. The term is the next one; if more
/// than a few were missed since, it is the one that today is in.
pub async fn renew_itself(
    conn: &mut Conn,
    scope: &Scope,
    amounts: &AmountCipher,
    old: &ContractRow,
    today: NaiveDate,
    now: Timestamp,
) -> Result<Renewed, ApiError> {
    let no_term = || ApiError::internal("no term of the same length follows");
    let term = Term { start: old.start_date, end: old.end_date };
    let Next { term, passes_over } = missed::next(term, today).ok_or_else(no_term)?;
    let number = free_number(conn, scope, old).await?;
    let renewal =
        RenewContract { start_date: Some(term.start), end_date: Some(term.end), ..RenewContract::unchanged(number) };
    let (new, _) = renewal.into_row(old, scope, now).map_err(|_| no_term())?;
    let amount = open(amounts, scope, old.id, &old.amount_encrypted);
    let amount = amount.ok_or_else(|| ApiError::internal("its amount does not open"))?;
    let contract = close(conn, scope, old, ContractStatus::Renewed, HistoryAction::Renewed, now).await?;
    let successor = insert(conn, scope, amounts, &new, &amount, old.id).await?;
    Ok(Renewed { contract, successor, passes_over })
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
