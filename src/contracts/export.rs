//! Contracts as CSV.

use serde_json::Value;

use super::access::answer;
use super::store::{self, ContractRow};
use super::types::ContractQuery;
use crate::app::AppState;
use crate::auth::Scope;
use crate::csv_export::Export;
use crate::error::ApiError;

/// All contracts that match, their amounts as the caller may see them.
pub struct ContractExport {
    /// The application.
    pub app: AppState,
    /// Whose contracts.
    pub scope: Scope,
    /// Which of them.
    pub query: ContractQuery,
}

impl Export for ContractExport {
    const FILE: &'static str = "contracts.csv";
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("contract_number", "/contract_number"),
        ("customer_name", "/customer_name"),
        ("title", "/title"),
        ("contract_type", "/contract_type"),
        ("description", "/description"),
        ("amount", "/amount"),
        ("currency", "/currency"),
        ("start_date", "/start_date"),
        ("end_date", "/end_date"),
        ("auto_renewal", "/auto_renewal"),
        ("status", "/status"),
        ("contact_email", "/contact_email"),
        ("contact_phone", "/contact_phone"),
        ("notes", "/notes"),
        ("parent_id", "/parent_id"),
        ("created_at", "/created_at"),
        ("updated_at", "/updated_at"),
        ("version", "/version"),
    ];
    type Row = ContractRow;

    async fn ids(&self) -> Result<Vec<i64>, ApiError> {
        Ok(store::ids(&mut self.app.db.read().await?, &self.scope, &self.query).await?)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<ContractRow>, ApiError> {
        Ok(store::rows(&mut self.app.db.read().await?, &self.scope, ids).await?)
    }

    fn json(&self, row: ContractRow) -> serde_json::Result<Value> {
        serde_json::to_value(answer(&self.app.amounts, &self.scope, row))
    }
}
