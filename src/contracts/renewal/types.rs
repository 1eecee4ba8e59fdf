//! What callers send to renew a contract.

use chrono::NaiveDate;
use utoipa::ToSchema;

use super::term::Term;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::store::ContractRow;
use crate::contracts::types::{ContractPatch, ContractStatus};
use crate::db::text_enum;
use crate::error::{ApiError, FieldMessage};
use crate::fields::{self, Fields, FromFields};

text_enum! {
    /// Where a contract that follows another one can be at first.
    pub enum SuccessorStatus {
        /// Being written.
        Draft = "draft",
        /// In force.
        Active = "active",
    }
}

impl From<SuccessorStatus> for ContractStatus {
    fn from(status: SuccessorStatus) -> Self {
        match status {
            SuccessorStatus::Draft => Self::Draft,
            SuccessorStatus::Active => Self::Active,
        }
    }
}

/// A contract that follows another one: absent fields are as in the other one, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"contract_number": "MSSP-2027-001", "amount": "60000000.00"}))]
pub struct RenewContract {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 100, example = "MSSP-2027-001")]
    pub contract_number: String,
    /// First day, after the other one's first; by default the one after its last.
    #[schema(nullable = false)]
    pub start_date: Option<NaiveDate>,
    /// Last day, not before the first; by default it lasts as long as the other one.
    #[schema(nullable = false)]
    pub end_date: Option<NaiveDate>,
    /// By default `active` when the other one is, else `draft`.
    #[schema(nullable = false)]
    pub status: Option<SuccessorStatus>,
    /// What else differs from the other one.
    #[serde(flatten)]
    pub rest: ContractPatch,
}

impl FromFields for RenewContract {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let contract_number = fields.required("contract_number", fields::text(1, 100));
        let status = fields.optional("status", fields::one_of::<SuccessorStatus>);
        let rest = ContractPatch::from_fields(fields)?;
        let (start_date, end_date) = (rest.start_date, rest.end_date);
        Some(Self { contract_number: contract_number?, start_date, end_date, status, rest })
    }
}

impl RenewContract {
    /// With this number, and all else as it is in the other one.
    pub fn unchanged(contract_number: String) -> Self {
        Self { contract_number, start_date: None, end_date: None, status: None, rest: ContractPatch::default() }
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
        if start <= old.start_date {
            return Err(ApiError::field("start_date", FieldMessage::StartsBeforePredecessor));
        }
        if end < start {
            return Err(ApiError::field("end_date", FieldMessage::EndsBeforeStart));
        }
        let follows = if old.status == ContractStatus::Active { ContractStatus::Active } else { ContractStatus::Draft };
        let patch = ContractPatch {
            contract_number: Some(self.contract_number),
            start_date: Some(start),
            end_date: Some(end),
            status: Some(self.status.map_or(follows, Into::into)),
            ..self.rest
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
