//! What callers send.

use chrono::NaiveDate;
use utoipa::ToSchema;

use super::{ContractStatus, ContractType};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::contracts::store::ContractRow;
use crate::error::FieldMessage;
use crate::fields::{self, Change, Fields, FromFields};

/// The currency when none is given.
const DEFAULT_CURRENCY: &str = "KRW";

/// A new contract.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({
    "contract_number": "MSSP-2026-001", "customer_name": "한빛정보", "title": "Managed detection and response",
    "amount": "55000000.00", "currency": "KRW", "start_date": "2026-01-01", "end_date": "2026-12-31",
    "status": "active", "contact_email": "sales@example.com",
}))]
pub struct NewContract {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 100, example = "MSSP-2026-001")]
    pub contract_number: String,
    /// With whom.
    #[schema(min_length = 1, max_length = 255, example = "한빛정보")]
    pub customer_name: String,
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, example = "Managed detection and response")]
    pub title: String,
    /// `service` by default.
    #[schema(value_type = Option<ContractType>, nullable = false)]
    pub contract_type: ContractType,
    /// More about it.
    pub description: Option<String>,
    /// A decimal, exact to the digit; at most 18 digits before the point and 4 behind it.
    #[schema(pattern = r"^[0-9]{1,18}(\.[0-9]{1,4})?$", example = "55000000.00")]
    pub amount: String,
    /// ISO 4217; `KRW` by default.
    #[schema(value_type = Option<String>, nullable = false, example = "KRW")]
    pub currency: String,
    /// First day.
    #[schema(example = "2026-01-01")]
    pub start_date: NaiveDate,
    /// Last day; not before the first.
    #[schema(example = "2026-12-31")]
    pub end_date: NaiveDate,
    /// Whether it renews itself; false by default.
    #[schema(value_type = Option<bool>, nullable = false)]
    pub auto_renewal: bool,
    /// `draft` by default.
    #[schema(value_type = Option<ContractStatus>, nullable = false)]
    pub status: ContractStatus,
    /// Whom to write to.
    #[schema(format = "email", example = "sales@example.com")]
    pub contact_email: Option<String>,
    /// Whom to call.
    #[schema(max_length = 50, example = "02-1234-5678")]
    pub contact_phone: Option<String>,
    /// For ourselves.
    pub notes: Option<String>,
}

impl FromFields for NewContract {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let contract_number = fields.required("contract_number", fields::text(1, 100));
        let customer_name = fields.required("customer_name", fields::text(1, 255));
        let title = fields.required("title", fields::text(1, 255));
        let contract_type = fields.optional("contract_type", fields::one_of::<ContractType>);
        let description = fields.nullable("description", fields::any_text);
        let amount = fields.required("amount", fields::amount);
        let currency = fields.optional("currency", fields::currency);
        let start_date = fields.required("start_date", fields::date);
        let end_date = fields.required("end_date", fields::date);
        let auto_renewal = fields.optional("auto_renewal", fields::boolean);
        let status = fields.optional("status", fields::one_of::<ContractStatus>);
        let contact_email = fields.nullable("contact_email", fields::email);
        let contact_phone = fields.nullable("contact_phone", fields::text_up_to(50));
        let notes = fields.nullable("notes", fields::any_text);
        check_order(fields, start_date, end_date);
        Some(Self {
            contract_number: contract_number?,
            customer_name: customer_name?,
            title: title?,
            contract_type: contract_type.unwrap_or_default(),
            description,
            amount: amount?,
            currency: currency.unwrap_or_else(|| DEFAULT_CURRENCY.into()),
            start_date: start_date?,
            end_date: end_date?,
            auto_renewal: auto_renewal.unwrap_or(false),
            status: status.unwrap_or_default(),
            contact_email,
            contact_phone,
            notes,
        })
    }
}

impl NewContract {
    /// The row to insert, by this user and at this time, and the amount in clear.
    pub fn into_row(self, scope: &Scope, now: Timestamp) -> (ContractRow, String) {
        let Self {
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
        } = self;
        let row = ContractRow {
            id: 0,
            tenant_id: scope.tenant().to_string(),
            contract_number,
            customer_name,
            title,
            contract_type,
            description,
            amount_encrypted: String::new(),
            currency,
            start_date,
            end_date,
            auto_renewal,
            status,
            contact_email,
            contact_phone,
            notes,
            parent_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: scope.author(),
        };
        (row, amount)
    }
}

/// A change of a contract: absent fields stay, null clears.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({"status": "active", "amount": "60000000.00"}))]
pub struct ContractPatch {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub contract_number: Option<String>,
    /// With whom.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub customer_name: Option<String>,
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, nullable = false, example = "Managed detection and response")]
    pub title: Option<String>,
    /// What kind of contract it is.
    #[schema(nullable = false)]
    pub contract_type: Option<ContractType>,
    /// More about it.
    #[schema(value_type = Option<String>)]
    pub description: Change<String>,
    /// A decimal, exact to the digit.
    #[schema(pattern = r"^[0-9]{1,18}(\.[0-9]{1,4})?$", nullable = false)]
    pub amount: Option<String>,
    /// ISO 4217.
    #[schema(nullable = false)]
    pub currency: Option<String>,
    /// First day.
    #[schema(nullable = false)]
    pub start_date: Option<NaiveDate>,
    /// Last day; not before the first.
    #[schema(nullable = false)]
    pub end_date: Option<NaiveDate>,
    /// Whether it renews itself.
    #[schema(nullable = false)]
    pub auto_renewal: Option<bool>,
    /// Where it is in its life.
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

impl FromFields for ContractPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let start_date = fields.optional("start_date", fields::date);
        let end_date = fields.optional("end_date", fields::date);
        check_order(fields, start_date, end_date);
        Some(Self {
            contract_number: fields.optional("contract_number", fields::text(1, 100)),
            customer_name: fields.optional("customer_name", fields::text(1, 255)),
            title: fields.optional("title", fields::text(1, 255)),
            contract_type: fields.optional("contract_type", fields::one_of::<ContractType>),
            description: fields.change("description", fields::any_text),
            amount: fields.optional("amount", fields::amount),
            currency: fields.optional("currency", fields::currency),
            start_date,
            end_date,
            auto_renewal: fields.optional("auto_renewal", fields::boolean),
            status: fields.optional("status", fields::one_of::<ContractStatus>),
            contact_email: fields.change("contact_email", fields::email),
            contact_phone: fields.change("contact_phone", fields::text_up_to(50)),
            notes: fields.change("notes", fields::any_text),
        })
    }
}

impl ContractPatch {
    /// The row with the change applied, and the new amount in clear; sealing it is up to the caller.
    pub fn apply(self, row: &ContractRow) -> (ContractRow, Option<String>) {
        let Self {
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
        } = self;
        let mut row = row.clone();
        fields::replace(&mut row.contract_number, contract_number);
        fields::replace(&mut row.customer_name, customer_name);
        fields::replace(&mut row.title, title);
        fields::replace(&mut row.contract_type, contract_type);
        description.apply(&mut row.description);
        fields::replace(&mut row.currency, currency);
        fields::replace(&mut row.start_date, start_date);
        fields::replace(&mut row.end_date, end_date);
        fields::replace(&mut row.auto_renewal, auto_renewal);
        fields::replace(&mut row.status, status);
        contact_email.apply(&mut row.contact_email);
        contact_phone.apply(&mut row.contact_phone);
        notes.apply(&mut row.notes);
        (row, amount)
    }
}

/// A contract does not end before it starts.
fn check_order(fields: &mut Fields, start: Option<NaiveDate>, end: Option<NaiveDate>) {
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        fields.fault("end_date", FieldMessage::EndsBeforeStart);
    }
}
