//! What callers get of a contract's history.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use super::store::HistoryRow;
use crate::audit;
use crate::clock::Timestamp;
use crate::db::text_enum;
use crate::fields::{self, Fields, FromFields};
use crate::page::{Page, PageAnswer};

/// The field whose values are sealed at rest.
pub const AMOUNT: &str = "amount";

text_enum! {
    /// What was done to a contract.
    pub enum HistoryAction {
        /// It was made.
        Created = "created",
        /// Its values changed.
        Updated = "updated",
        /// Another contract followed it.
        Renewed = "renewed",
        /// Its last day was over.
        Expired = "expired",
    }
}

/// A value of a field before and after. It is written whole; read back, a long text is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// Before; null when there was none.
    #[schema(schema_with = before)]
    #[serde(deserialize_with = "shortened")]
    pub from: Value,
    /// After; null when there is none.
    #[schema(schema_with = after)]
    #[serde(deserialize_with = "shortened")]
    pub to: Value,
}

fn shortened<'de, D: Deserializer<'de>>(value: D) -> Result<Value, D::Error> {
    Value::deserialize(value).map(audit::shortened)
}

/// The fields that changed, by name.
pub type FieldChanges = BTreeMap<String, FieldChange>;

fn before() -> Object {
    value("Before; null when there was none.")
}

fn after() -> Object {
    value("After; null when there is none.")
}

/// What the fields of a contract can be.
fn value(description: &str) -> Object {
    let types = [Type::String, Type::Integer, Type::Boolean, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(types)).description(Some(description)).build()
}

/// Something that was done to a contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Key.
    pub id: i64,
    /// What was done.
    pub action: HistoryAction,
    /// The fields that changed. Amounts are in clear for owner and admin, `***` for others. Of a long text it is the
    /// first 2000 characters, then `…+` and the number of the others.
    pub changes: BTreeMap<String, FieldChange>,
    /// Who did it; nobody for what the daily job did.
    #[schema(required)]
    pub created_by: Option<i64>,
    /// His name.
    #[schema(required)]
    pub created_by_name: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl HistoryEntry {
    /// The answer from the row and its changes; `show` gives what the caller may see of a sealed amount.
    pub fn new(row: HistoryRow, mut changes: FieldChanges, show: impl Fn(&str) -> Option<String>) -> Self {
        let HistoryRow { id, action, size: _, created_by, created_by_name, created_at } = row;
        if let Some(FieldChange { from, to }) = changes.get_mut(AMOUNT) {
            for amount in [from, to] {
                *amount = amount.as_str().and_then(&show).into();
            }
        }
        Self { id, action, changes, created_by, created_by_name, created_at }
    }
}

/// A page of a contract's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryList {
    /// The page, the last change first.
    pub history: Vec<HistoryEntry>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

/// Which page of a contract's history.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// What was done.
    pub action: Option<HistoryAction>,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for HistoryQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            action: fields.optional("action", fields::one_of::<HistoryAction>),
            page: Page::from_fields::<HistoryRow>(fields)?,
        })
    }
}
