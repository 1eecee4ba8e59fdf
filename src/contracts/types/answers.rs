//! What callers get.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ContractStatus, ContractType};
use crate::clock::Timestamp;
use crate::contracts::store::ContractRow;
use crate::page::PageAnswer;

/// A contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contract {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Tenant.
    #[schema(example = "test-001")]
    pub tenant_id: String,
    /// Unique in the tenant.
    #[schema(example = "MSSP-2026-001")]
    pub contract_number: String,
    /// With whom.
    pub customer_name: String,
    /// What it is about.
    pub title: String,
    /// What kind of contract it is.
    pub contract_type: ContractType,
    /// More about it.
    #[schema(required)]
    pub description: Option<String>,
    /// In clear for owner and admin, `***` for others; null when what is stored does not open.
    #[schema(required, example = "55000000.00")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[schema(example = "KRW")]
    pub currency: String,
    /// First day.
    pub start_date: NaiveDate,
    /// Last day.
    pub end_date: NaiveDate,
    /// Whether it renews itself.
    pub auto_renewal: bool,
    /// Where it is in its life.
    pub status: ContractStatus,
    /// Whom to write to.
    #[schema(required)]
    pub contact_email: Option<String>,
    /// Whom to call.
    #[schema(required)]
    pub contact_phone: Option<String>,
    /// For ourselves.
    #[schema(required)]
    pub notes: Option<String>,
    /// The contract that it succeeds.
    #[schema(required)]
    pub parent_id: Option<i64>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a value last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl Contract {
    /// The answer from the row and what the caller may know of its amount.
    pub fn new(row: ContractRow, amount: Option<String>) -> Self {
        let ContractRow {
            id,
            tenant_id,
            contract_number,
            customer_name,
            title,
            contract_type,
            description,
            amount_encrypted: _,
            currency,
            start_date,
            end_date,
            auto_renewal,
            status,
            contact_email,
            contact_phone,
            notes,
            parent_id,
            version,
            created_at,
            updated_at,
            created_by: _,
        } = row;
        Self {
            id,
            tenant_id,
            contract_number,
            customer_name,
            title,
            contract_type,
            description,
            amount,
            currency,
            start_date,
            end_date,
            auto_renewal,
            status,
            contact_email,
            contact_phone,
            notes,
            parent_id,
            created_at,
            updated_at,
            version,
        }
    }
}

/// An answer with a contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractAnswer {
    /// The contract.
    pub contract: Contract,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractChanged {
    /// For people.
    #[schema(value_type = String, example = "Contract created successfully")]
    pub message: &'static str,
    /// The contract as it is now.
    pub contract: Contract,
}

/// A page of contracts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContractList {
    /// The page.
    pub contracts: Vec<Contract>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}
