//! What has happened to a contract: every change with what was before and what came after.

mod routes;
mod store;
pub mod types;

use std::collections::BTreeMap;

use serde_json::Value;

use self::types::{FieldChange, HistoryAction};
use super::store::ContractRow;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;
use crate::resource::Resource;

pub use routes::router;

/// Writes down what has been done to a contract, here and in the audit log, in the same transaction; `old` is nothing for
/// a new one.
pub async fn record(
    conn: &mut Conn,
    scope: &Scope,
    action: HistoryAction,
    old: Option<&ContractRow>,
    new: &ContractRow,
    now: Timestamp,
) -> Result<(), ApiError> {
    write(conn, scope, action, old, new, now).await?;
    let changes = changes(old, new).into_iter();
    let audited =
        changes.fold(Changes::default(), |audited, (field, FieldChange { from, to })| audited.field(field, from, to));
    let event = Event::new(action.into(), Resource::Contract, new.id).with(audited.hide(types::AMOUNT));
    audit::record(conn, scope, event, now).await
}

/// Writes it down here alone: for what is told as if it had been done long ago.
pub async fn write(
    conn: &mut Conn,
    scope: &Scope,
    action: HistoryAction,
    old: Option<&ContractRow>,
    new: &ContractRow,
    now: Timestamp,
) -> Result<(), ApiError> {
    let changes = serde_json::to_string(&changes(old, new)).map_err(ApiError::internal)?;
    Ok(store::insert(conn, scope, new.id, action, changes, now).await?)
}

impl From<HistoryAction> for Action {
    fn from(action: HistoryAction) -> Self {
        match action {
            HistoryAction::Created => Self::Created,
            HistoryAction::Updated => Self::Updated,
            HistoryAction::Renewed => Self::Renewed,
            HistoryAction::Expired => Self::Expired,
        }
    }
}

/// The fields that are not as they were.
fn changes(old: Option<&ContractRow>, new: &ContractRow) -> BTreeMap<&'static str, FieldChange> {
    let before = old.map(values);
    let before = |index: usize| before.as_ref().map_or(Value::Null, |values| values[index].1.clone());
    let after = values(new).into_iter().enumerate();
    let changes = after.map(|(index, (field, to))| (field, FieldChange { from: before(index), to }));
    changes.filter(|(_, change)| change.from != change.to).collect()
}

/// What history tells of a contract, by its names in the API; the amount as it is sealed.
fn values(contract: &ContractRow) -> [(&'static str, Value); 15] {
    let ContractRow {
        id: _,
        tenant_id: _,
        contract_number,
        customer_name,
        title,
        contract_type,
        description,
        amount_encrypted,
        currency,
        start_date,
        end_date,
        auto_renewal,
        status,
        contact_email,
        contact_phone,
        notes,
        parent_id,
        version: _,
        created_at: _,
        updated_at: _,
        created_by: _,
    } = contract;
    [
        ("contract_number", contract_number.as_str().into()),
        ("customer_name", customer_name.as_str().into()),
        ("title", title.as_str().into()),
        ("contract_type", contract_type.as_str().into()),
        ("description", description.as_deref().into()),
        (types::AMOUNT, amount_encrypted.as_str().into()),
        ("currency", currency.as_str().into()),
        ("start_date", start_date.to_string().into()),
        ("end_date", end_date.to_string().into()),
        ("auto_renewal", (*auto_renewal).into()),
        ("status", status.as_str().into()),
        ("contact_email", contact_email.as_deref().into()),
        ("contact_phone", contact_phone.as_deref().into()),
        ("notes", notes.as_deref().into()),
        ("parent_id", (*parent_id).into()),
    ]
}
