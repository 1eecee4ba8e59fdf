//! What callers ask of the audit log and get of it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::changes::{Change, Changes};
use super::event::Action;
use super::store::AuditLogRow;
use crate::clock::Timestamp;
use crate::fields::{self, Fields, FromFields};
use crate::page::{Listing, Page, PageAnswer};
use crate::resource::Resource;

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLog {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Number in the tenant's chain, without gaps; null in the first seconds, until the row is sealed.
    #[schema(required)]
    pub seq: Option<i64>,
    /// What was done.
    #[schema(value_type = Action)]
    pub action: String,
    /// To what.
    #[schema(value_type = Resource)]
    pub resource_type: String,
    /// To which one; null when it was none, or many.
    #[schema(required)]
    pub resource_id: Option<i64>,
    /// Who did it; null for the system, and for somebody unknown.
    #[schema(required)]
    pub user_id: Option<i64>,
    /// His name by now.
    #[schema(required)]
    pub user_name: Option<String>,
    /// The address that the request came from.
    #[schema(required)]
    pub ip: Option<String>,
    /// The program that sent it.
    #[schema(required)]
    pub user_agent: Option<String>,
    /// The request, as in `X-Request-Id` and in the log.
    #[schema(required)]
    pub request_id: Option<String>,
    /// The fields that changed, from what to what. Amounts are never shown. Text of more than 2,000 characters is cut
    /// to these and `…+` with the number of the others; a list of texts likewise.
    pub changes: BTreeMap<String, Change>,
    /// When; in the year 1 for a moment that cannot be read, since somebody has tampered with the row.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<AuditLogRow> for AuditLog {
    fn from(row: AuditLogRow) -> Self {
        let created_at = row.moment();
        let AuditLogRow {
            id,
            seq,
            action,
            resource_type,
            resource_id,
            user_id,
            user_name,
            ip,
            user_agent,
            request_id,
            changes,
            created_at: _,
        } = row;
        // What does not read has been tampered with; verifying names it.
        let Changes(changes) = serde_json::from_str(&changes).unwrap_or_default();
        Self {
            id,
            seq,
            action,
            resource_type,
            resource_id: number(resource_id),
            user_id: number(user_id),
            user_name,
            ip,
            user_agent,
            request_id,
            changes,
            created_at,
        }
    }
}

/// A key; nothing for what is none.
pub fn number(stored: Option<String>) -> Option<i64> {
    stored.and_then(|text| text.parse().ok())
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLogList {
    /// The page.
    pub audit_logs: Vec<AuditLog>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl From<Listing<AuditLogRow>> for AuditLogList {
    fn from(listing: Listing<AuditLogRow>) -> Self {
        let (rows, page) = listing.split();
        Self { audit_logs: rows.into_iter().map(AuditLog::from).collect(), page }
    }
}

/// Which rows of the audit log, and which page of them.
#[derive(Debug, Clone, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditLogQuery {
    /// What was done.
    pub action: Option<Action>,
    /// To what.
    pub resource_type: Option<Resource>,
    /// To which one.
    pub resource_id: Option<i64>,
    /// Who did it.
    pub user_id: Option<i64>,
    /// At this date or date-time, or later.
    #[param(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// At this date-time or earlier; a bare date includes its day.
    #[param(value_type = Option<String>)]
    pub to: Option<Timestamp>,
    /// Page and order.
    #[serde(skip)]
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for AuditLogQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            action: fields.optional("action", fields::one_of::<Action>),
            resource_type: fields.optional("resource_type", fields::one_of::<Resource>),
            resource_id: fields.optional("resource_id", fields::integer),
            user_id: fields.optional("user_id", fields::integer),
            from: fields.optional("from", fields::from_moment),
            to: fields.optional("to", fields::to_moment),
            page: Page::from_fields::<AuditLogRow>(fields)?,
        })
    }
}
