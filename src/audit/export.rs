//! The audit log as files: CSV for spreadsheets, and JSON lines that prove themselves.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::chain::{self, Chain, Entry};
use super::end::{End, EndLine, Ends};
use super::store::{self, AuditLogRow, SealedRow};
use super::types::{AuditLog, AuditLogQuery, number};
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

/// All sealed rows that match, as JSON lines in the order of the chain, and a line that proves them as a whole.
pub struct SealedExport {
    /// The application.
    app: AppState,
    /// Whose rows.
    scope: Scope,
    /// Which of them.
    query: AuditLogQuery,
    /// The number it ends with. The chain grows while the file is sent, and whoever reads numbers that are yet to come
    /// skips the rows that come under them later.
    until: Option<i64>,
    /// The chain as it was when the file began, if it was as it was signed.
    chain: Option<Chain>,
    /// How many rows were not sealed then.
    unsealed: i64,
    sent: Sent,
    /// Whether its last line has been sent.
    has_ended: bool,
}

/// What has been sent.
#[derive(Debug, Clone, Default)]
struct Sent {
    /// The number up to which rows have been looked at.
    up_to: Option<i64>,
    rows: u64,
    seqs: Option<(i64, i64)>,
    digest: Sha256,
}

impl SealedExport {
    /// The file.
    pub const FILE: File = File { name: "audit-logs.jsonl", kind: "application/x-ndjson" };

    /// Of what is sealed by now.
    pub async fn new(app: AppState, scope: Scope, query: AuditLogQuery) -> Result<Self, ApiError> {
        let mut conn = app.db.read().await?;
        // First, so that the file reaches up to its end.
        let chain = chain::store::find(&mut conn, scope.tenant()).await?;
        let until = store::last_seq(&mut conn, &scope).await?;
        let unsealed = store::count_unsealed(&mut conn, &scope).await?;
        drop(conn);
        let chain = chain.filter(|chain| chain.is_genuine(&app.audit_key, scope.tenant()));
        let (sent, has_ended) = (Sent::default(), false);
        Ok(Self { app, scope, query, until, chain, unsealed, sent, has_ended })
    }

    /// The line that ends the file.
    async fn end(&self) -> Result<Vec<u8>, ApiError> {
        // Retention may have deleted rows before they were self.sent.
        let now = chain::store::find(&mut self.app.db.read().await?, self.scope.tenant()).await?;
        let now = now.filter(|chain| chain.is_genuine(&self.app.audit_key, self.scope.tenant()));
        let ends = self.chain.as_ref().map(|chain| Ends {
            first_seq: now.map_or(chain.first_seq, |now| now.first_seq),
            last_seq: chain.last_seq,
            last_seal: chain.last_seal.clone(),
            faults: chain.faults,
            fault_seq: chain.fault_seq,
        });
        let end = End {
            tenant_id: self.scope.tenant().to_string(),
            made_at: text(self.app.clock.now()),
            query: filters(&self.query).map_err(ApiError::internal)?,
            rows: self.sent.rows,
            first_seq: self.sent.seqs.map(|(first, _)| first),
            last_seq: self.sent.seqs.map(|(_, last)| last),
            unsealed: self.unsealed,
            chain: ends,
            digest: hex::encode(self.sent.digest.clone().finalize()),
            mac: String::new(),
        };
        let end = end.signed(&self.app.audit_key).map_err(ApiError::internal)?;
        let mut line = serde_json::to_vec(&EndLine { end }).map_err(ApiError::internal)?;
        line.push(b'\n');
        Ok(line)
    }
}

/// The filters that were given, as JSON.
fn filters(query: &AuditLogQuery) -> serde_json::Result<Box<RawValue>> {
    let mut filters = serde_json::to_value(query)?;
    if let Value::Object(filters) = &mut filters {
        filters.retain(|_, value| !value.is_null());
    }
    serde_json::value::to_raw_value(&filters)
}

impl Steps for SealedExport {
    /// Looks at this many numbers of the chain.
    async fn step(&mut self, rows: usize) -> Result<Option<Vec<u8>>, ApiError> {
        if self.has_ended {
            return Ok(None);
        }
        let mut conn = self.app.db.read().await?;
        let next = store::next_seq(&mut conn, &self.scope, self.sent.up_to).await?;
        let range = next.zip(self.until).filter(|(first, until)| first <= until);
        let Some((first, until)) = range else {
            drop(conn);
            self.has_ended = true;
            return Ok(Some(self.end().await?));
        };
        let numbers = i64::try_from(rows).unwrap_or(i64::MAX);
        let last = first.saturating_add(numbers - 1).min(until);
        let rows = store::walk_chain(&mut conn, &self.scope, &self.query, (first, last)).await?;
        drop(conn);
        let (scope, mut sent) = (self.scope.clone(), self.sent.clone());
        let step = convert(move || {
            let mut lines = Vec::new();
            for row in rows {
                let line = Line::new(scope.tenant(), row)?;
                if let Some(seq) = line.seq {
                    sent.seqs = Some((sent.seqs.map_or(seq, |(first, _)| first), seq));
                }
                sent.rows += 1;
                serde_json::to_writer(&mut lines, &line).map_err(ApiError::internal)?;
                lines.push(b'\n');
            }
            sent.digest.update(&lines);
            sent.up_to = Some(last);
            Ok((lines, sent))
        });
        let (lines, sent) = step.await?;
        self.sent = sent;
        Ok(Some(lines))
    }
}

/// A row as a line of JSON. The user's name is for the reader, as it was when the file was made; the line that ends the
/// file covers it, the row's own code does not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    sealed_at: Option<String>,
}

impl Line {
    fn new(tenant: &str, row: SealedRow) -> Result<Self, ApiError> {
        let SealedRow { row, nonce, mac, previous_seal, seal, sealed_at } = row;
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
        Ok(Self {
            tenant_id: tenant.to_owned(),
            seq,
            id,
            created_at: text(created_at),
            user_id: number(user_id),
            user_name,
            action,
            resource_type,
            resource_id: number(resource_id),
            changes: raw(&changes).map_err(ApiError::internal)?,
            ip,
            user_agent,
            request_id,
            nonce,
            mac,
            previous_seal,
            seal,
            sealed_at: sealed_at.map(text),
        })
    }

    /// The tenant, and the row as the chain knows it.
    pub fn into_entry(self) -> (String, Entry) {
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
            created_at: read(&self.created_at),
            mac: self.mac,
            previous_seal: self.previous_seal,
            seal: self.seal,
            sealed_at: self.sealed_at.as_deref().and_then(read),
        };
        (self.tenant_id, entry)
    }
}

/// The JSON as it is; what is none, or more than a line, has been tampered with, and is shown as text.
fn raw(changes: &str) -> serde_json::Result<Box<RawValue>> {
    if changes.contains('\n') {
        return serde_json::value::to_raw_value(changes);
    }
    RawValue::from_string(changes.to_owned()).or_else(|_| serde_json::value::to_raw_value(changes))
}

/// The moment as it is written everywhere.
fn text(moment: Timestamp) -> String {
    match serde_json::to_value(moment) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The moment that is written so; in other words it is not what was written.
fn read(written: &str) -> Option<Timestamp> {
    fields::moment(written.into()).ok().filter(|moment| text(*moment) == written)
}
