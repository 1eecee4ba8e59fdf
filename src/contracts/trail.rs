//! What the audit log says of contracts, beside their changes: who has seen an amount in clear, and who has deleted one.

use axum::http::Method;

use super::store::ContractRow;
use super::types::Contract;
use crate::answer::Created;
use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, transaction};
use crate::error::ApiError;
use crate::policy::ReadAmounts;
use crate::resource::Resource;

/// A read is about to show these contracts, unless it asks only for the head of the answer (HEAD).
pub async fn shown(app: &AppState, scope: &Scope, method: &Method, contracts: &[i64]) -> Result<(), ApiError> {
    if method == Method::HEAD {
        return Ok(());
    }
    viewed(app, scope, contracts).await
}

/// The caller is about to see these contracts, with their amounts if he may.
pub async fn viewed(app: &AppState, scope: &Scope, contracts: &[i64]) -> Result<(), ApiError> {
    if !scope.may::<ReadAmounts>() {
        return Ok(());
    }
    let event = match contracts {
        [] => return Ok(()),
        [one] => Event::new(Action::Viewed, Resource::Contract, *one),
        several => {
            let changes = Changes::default().field("contracts", (), several.to_vec());
            Event { resource_id: None, ..Event::new(Action::Viewed, Resource::Contract, 0).with(changes) }
        }
    };
    let now = app.clock.now();
    transaction!(app.db, |tx| audit::record(tx, scope, event.clone(), now).await)
}

/// The caller is about to see once more the contract that he has made.
pub async fn replayed(app: &AppState, scope: &Scope, answer: &Created) -> Result<(), ApiError> {
    viewed(app, scope, answer.id().as_slice()).await
}

/// The contract is gone.
pub async fn deleted(conn: &mut Conn, scope: &Scope, row: &ContractRow, now: Timestamp) -> Result<(), ApiError> {
    // The amount is hidden whatever it is.
    let contract = Contract::new(row.clone(), Some(String::new()));
    let event = Event::new(Action::Deleted, Resource::Contract, row.id);
    audit::record(conn, scope, event.with(Changes::deleted(&contract).hide("amount")), now).await
}
