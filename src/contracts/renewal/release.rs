//! What becomes of a contract whose predecessor is deleted.

use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::history::{self, types::HistoryAction};
use crate::contracts::store::{self, ContractRow};
use crate::db::Conn;
use crate::error::{ApiError, Code};

/// Before the contract is deleted, in the same transaction: the one that follows it, if one does, stays without
/// `parent_id`. That is a change of it like any other; the link itself goes with the contract.
pub async fn release(conn: &mut Conn, scope: &Scope, parent: i64, now: Timestamp) -> Result<(), ApiError> {
    let Some(old) = store::find_successor_for_update(conn, scope, parent).await? else { return Ok(()) };
    let new = ContractRow { parent_id: None, version: old.version + 1, updated_at: now, ..old.clone() };
    if !store::update(conn, scope, &old, &new).await? {
        return Err(Code::PreconditionFailed.into());
    }
    history::record(conn, scope, HistoryAction::Updated, Some(&old), &new, now).await
}
