//! What becomes of a contract past its last day: it expires, or another one follows it by itself.

use chrono::NaiveDate;

use super::amount::AmountCipher;
use super::history::types::HistoryAction;
use super::renewal::{self, Renewed};
use super::store::{self, ContractRow};
use super::types::ContractStatus;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;

/// A contract that has come to its end.
#[derive(Debug)]
pub struct Ended {
    /// As it was.
    pub old: ContractRow,
    /// As it is now: expired, or renewed.
    pub new: ContractRow,
    /// The contract that follows a renewed one.
    pub successor: Option<ContractRow>,
    /// Whether terms between the two were passed over.
    pub passes_over: bool,
}

/// Ends the contract, with its history, if it is active and its last day is before today. One that renews itself and
/// was not renewed yet is renewed for a term of the same length, which may be over as well: then it is that one's turn.
/// Every other one expires.
pub async fn end(
    conn: &mut Conn,
    scope: &Scope,
    amounts: &AmountCipher,
    id: i64,
    today: NaiveDate,
    now: Timestamp,
) -> Result<Option<Ended>, ApiError> {
    let found = store::find_for_update(conn, scope, id).await?;
    let is_over = |contract: &ContractRow| contract.status == ContractStatus::Active && contract.end_date < today;
    let Some(old) = found.filter(is_over) else { return Ok(None) };
    if old.auto_renewal && !renewal::is_renewed(conn, scope, id).await? {
        let renewed = renewal::renew_itself(conn, scope, amounts, &old, today, now).await?;
        let Renewed { contract: new, successor, passes_over } = renewed;
        return Ok(Some(Ended { old, new, successor: Some(successor), passes_over }));
    }
    let new = renewal::close(conn, scope, &old, ContractStatus::Expired, HistoryAction::Expired, now).await?;
    Ok(Some(Ended { old, new, successor: None, passes_over: false }))
}
