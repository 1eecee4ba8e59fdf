//! The audit log as files: CSV for spreadsheets, and JSON lines that prove themselves.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::chain::Entry;
use super::store::{self, AuditLogRow, SealedRow};
use super::types::{AuditLog, AuditLogQuery};
use crate::app::AppState;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::csv_export::Export;
use crate::error::ApiError;
use crate::export::{File, Steps, convert};
use crate::fields;

/// All rows that match, as CSV.
pub struct AuditLogExport {
    /// The application.
    pub app: AppState,
    /// Whose rows.
    pub scope: Scope,
    /// Which of them.
    pub query: AuditLogQuery,
}

impl Export for AuditLogExport {
    const FILE: &'static str = "audit-logs.csv";
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("seq", "/seq"),
        ("created_at", "/created_at"),
        ("user_id", "/user_id"),
        ("user_name", "/user_name"),
        ("action", "/action"),
        ("resource_type", "/resource_type"),
        ("resource_id", "/resource_id"),
        ("changes", "/changes"),
        ("ip", "/ip"),
        ("user_agent", "/user_agent"),
        ("request_id", "/request_id"),
    ];
    type Row = AuditLogRow;

    async fn ids(&self) -> Result<Vec<i64>, ApiError> {
        Ok(store::ids(&mut self.app.db.read().await?, &self.scope, &self.query).await?)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<AuditLogRow>, ApiError> {
        Ok(store::rows(&mut self.app.db.read().await?, &self.scope, ids).await?)
    }

    fn json(&self, row: AuditLogRow) -> serde_json::Result<Value> {
        serde_json::to_value(AuditLog::from(row))
    }
}

/// All sealed rows that match, as JSON lines in the order of the chain.
pub struct SealedExport {
    /// The application.
    pub app: AppState,
    /// Whose rows.
    pub scope: Scope,
    /// Which of them.
    pub query: AuditLogQuery,
    /// The number up to which the chain has been looked at.
    after: i64,
    /// The number it ends with. The chain grows while the file is sent, and whoever reads numbers that are yet to come
    /// skips the rows that come under them later.
    until: i64,
}

impl SealedExport {
    /// The file.
    pub const FILE: File = File { name: "audit-logs.jsonl", kind: "application/x-ndjson" };

    /// Of what is sealed by now.
    pub async fn new(app: AppState, scope: Scope, query: AuditLogQuery) -> Result<Self, ApiError> {
        let last = store::last_seq(&mut app.db.read().await?, &scope).await?;
        Ok(Self { app, scope, query, after: i64::MIN, until: last.unwrap_or(i64::MIN) })
    }
}

impl Steps for SealedExport {
    /// Looks at this many numbers of the chain.
    async fn step(&mut self, rows: usize) -> Result<Option<Vec<u8>>, ApiError> {
        let mut conn = self.app.db.read().await?;
        let next = store::next_seq(&mut conn, &self.scope, self.after).await?;
        let Some(first) = next.filter(|first| *first <= self.until) else { return Ok(None) };
        let numbers = i64::try_from(rows).unwrap_or(i64::MAX);
        let last = first.saturating_add(numbers - 1).min(self.until);
        let rows = store::walk_chain(&mut conn, &self.scope, &self.query, (first, last)).await?;
        drop(conn);
        self.after = last;
        let scope = self.scope.clone();
        let lines = convert(move || {
            let mut lines = Vec::new();
            for row in rows {
                serde_json::to_writer(&mut lines, &Line::new(scope.tenant(), row)?).map_err(ApiError::internal)?;
                lines.push(b'\n');
            }
            Ok(lines)
        });
        Ok(Some(lines.await?))
    }
}

/// A row as a line of JSON. The user's name is for the reader and not signed: it is as it was when the file was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    tenant_id: String,
    seq: Option<i64>,
    id: i64,
    created_at: String,
    user_id: Option<i64>,
    user_name: Option<String>,
    action: String,
    resource_type: String,
    resource_id: Option<i64>,
    /// To the letter, since it was signed so.
    changes: Box<RawValue>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    nonce: String,
    mac: String,
    previous_seal: Option<String>,
    seal: Option<String>,
}

impl Line {
    fn new(tenant: &str, row: SealedRow) -> Result<Self, ApiError> {
        let SealedRow { row, nonce, mac, previous_seal, seal } = row;
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
            created_at,
        } = row;
        Ok(Self {
            tenant_id: tenant.to_owned(),
            seq,
            id,
            created_at: text(created_at),
            user_id,
            user_name,
            action,
            resource_type,
            resource_id,
            changes: RawValue::from_string(changes).map_err(ApiError::internal)?,
            ip,
            user_agent,
            request_id,
            nonce,
            mac,
            previous_seal,
            seal,
        })
    }

    /// The tenant, and the row as the chain knows it.
    pub fn into_entry(self) -> (String, Entry) {
        let created_at = fields::moment(self.created_at.as_str().into()).ok();
        // In other words it is not what was written.
        let created_at = created_at.filter(|moment| text(*moment) == self.created_at);
        let entry = Entry {
            id: self.id,
            seq: self.seq,
            nonce: self.nonce,
            action: self.action,
            resource_type: self.resource_type,
            resource_id: self.resource_id.map(|id| id.to_string()),
            user_id: self.user_id.map(|id| id.to_string()),
            ip: self.ip,
            user_agent: self.user_agent,
            request_id: self.request_id,
            changes: self.changes.get().to_owned(),
            created_at,
            mac: self.mac,
            previous_seal: self.previous_seal,
            seal: self.seal,
        };
        (self.tenant_id, entry)
    }
}

/// The moment as it is written everywhere.
fn text(moment: Timestamp) -> String {
    match serde_json::to_value(moment) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}
