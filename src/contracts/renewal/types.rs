//! What callers send to renew a contract.

use chrono::NaiveDate;
use utoipa::ToSchema;

use super::term::Term;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::store::ContractRow;
use crate::contracts::types::{ContractPatch, ContractStatus, ContractType, check_order};
use crate::error::{ApiError, FieldMessage};
use crate::fields::{self, Change, Fields, FromFields};

/// A contract that follows another one: absent fields are as in the other one, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"contract_number": "MSSP-2027-001", "amount": "60000000.00"}))]
pub struct RenewContract {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 100, example = "MSSP-2027-001")]
    pub contract_number: String,
    /// With whom.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub customer_name: Option<String>,
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub title: Option<String>,
    /// What kind of contract it is.
    #[schema(nullable = false)]
    pub contract_type: Option<ContractType>,
    /// More about it.
    #[schema(value_type = Option<String>)]
    pub description: Change<String>,
    /// A decimal, exact to the digit.
    #[schema(pattern = r"^[0-9]{1,18}(\.[0-9]{1,4})?$", nullable = false, example = "60000000.00")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[schema(nullable = false)]
    pub currency: Option<String>,
    /// First day; by default the one after the other one's last.
    #[schema(nullable = false)]
    pub start_date: Option<NaiveDate>,
    /// Last day, not before the first; by default it lasts as long as the other one.
    #[schema(nullable = false)]
    pub end_date: Option<NaiveDate>,
    /// Whether it renews itself.
    #[schema(nullable = false)]
    pub auto_renewal: Option<bool>,
    /// By default `active` when the other one is, else `draft`.
    #[schema(nullable = false)]
    pub status: Option<ContractStatus>,
    /// Whom to write to.
    #[schema(value_type = Option<String>, format = "email")]
    pub contact_email: Change<String>,
    /// Whom to call.
    #[schema(value_type = Option<String>, max_length = 50)]
    pub contact_phone: Change<String>,
    /// For ourselves.
    #[schema(value_type = Option<String>)]
    pub notes: Change<String>,
}

impl FromFields for RenewContract {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let contract_number = fields.required("contract_number", fields::text(1, 100));
        let start_date = fields.optional("start_date", fields::date);
        let end_date = fields.optional("end_date", fields::date);
        check_order(fields, start_date, end_date);
        let ContractPatch {
            contract_number: _,
            customer_name,
            title,
            contract_type,
            description,
            amount,
            currency,
            start_date: _,
            end_date: _,
            auto_renewal,
            status,
            contact_email,
            contact_phone,
            notes,
        } = ContractPatch::from_fields(fields)?;
        Some(Self {
            contract_number: contract_number?,
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
        })
    }
}

impl RenewContract {
    /// With this number, and all else as it is in the other one.
    pub fn unchanged(contract_number: String) -> Self {
        Self {
            contract_number,
            customer_name: None,
            title: None,
            contract_type: None,
            description: Change::Keep,
            amount: None,
            currency: None,
            start_date: None,
            end_date: None,
            auto_renewal: None,
            status: None,
            contact_email: Change::Keep,
            contact_phone: Change::Keep,
            notes: Change::Keep,
        }
    }

    /// The row to insert, by this user and at this time, and its amount in clear if it has one of its own.
    pub fn into_row(
        self,
        old: &ContractRow,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(ContractRow, Option<String>), ApiError> {
        let term = Term { start: old.start_date, end: old.end_date };
        let start = self.start_date.or_else(|| term.next_start()).ok_or_else(|| missing("start_date"))?;
        let end = self.end_date.or_else(|| term.end_from(start)).ok_or_else(|| missing("end_date"))?;
        if end < start {
            return Err(ApiError::field("end_date", FieldMessage::EndsBeforeStart));
        }
        let follows = if old.status == ContractStatus::Active { ContractStatus::Active } else { ContractStatus::Draft };
        let status = self.status.unwrap_or(follows);
        let patch = ContractPatch {
            contract_number: Some(self.contract_number),
            customer_name: self.customer_name,
            title: self.title,
            contract_type: self.contract_type,
            description: self.description,
            amount: self.amount,
            currency: self.currency,
            start_date: Some(start),
            end_date: Some(end),
            auto_renewal: self.auto_renewal,
            status: Some(status),
            contact_email: self.contact_email,
            contact_phone: self.contact_phone,
            notes: self.notes,
        };
        let (row, amount) = patch.apply(old);
        let row = ContractRow {
            id: 0,
            amount_encrypted: String::new(),
            parent_id: Some(old.id),
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: scope.author(),
            ..row
        };
        Ok((row, amount))
    }
}

/// The fault of a field whose default is no value: the calendar ends, or an amount does not open.
pub fn missing(field: &str) -> ApiError {
    ApiError::field(field, FieldMessage::Required)
}
