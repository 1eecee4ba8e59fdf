//! The audit log: who did what, from where and when, written in the same transaction as what was done.
//!
//! # What it proves
//!
//! Every row is signed by its writer under a key that is derived from `SECRET_KEY` and is not in the database. A step
//! in the background then seals each tenant's rows into a chain, in the order in which it finds them: a row's seal is
//! of its number, its id, its content, the moment and the seal before it ([`chain`]). Writers wait neither for each
//! other nor for the seals; a row is unsealed for a second or two while the server runs. Where the chain begins and ends
//! stands, signed as a whole, in a row that is made together with the tenant.
//!
//! Whoever can write to the database, but does not have the key, cannot hide from `bizcenter audit verify` that he
//!
//! * edited a row, sealed or not,
//! * removed, inserted, copied, renumbered or reordered sealed rows, or cut rows off at the end,
//! * edited or removed the row that tells where the chain begins and ends, or put an earlier one back,
//! * undid seals, to remove or reorder rows before they are sealed anew: the new seals are of a later moment. Rows that
//!   were sealed more than ten minutes after they were written are named,
//! * keeps rows from being sealed for more than ten minutes,
//! * put rows back that retention has deleted.
//!
//! It names the place of each. Neither the next seal nor retention covers tampering up: sealing goes on behind it, but
//! what the server came upon is kept, signed, for as long as rows are; retention touches no chain that is not as it was
//! signed. A running server also knows the heads as it left them, and notes it when an earlier one is in their place.
//!
//! A file of JSON lines ends with a line that is signed for all the lines before it, so that nothing can be cut off it,
//! at the beginning, in the middle or at the end, nor be edited, be it only a name that stands there for the reader.
//!
//! # What it does not prove
//!
//! * A row that is deleted **before it is sealed** leaves no trace. Nobody can tell it from one that was never written.
//!   Who keeps the sealer away has ten minutes for that; then the rows beside it are named.
//! * Rows of the **last ten minutes** can be removed by whoever undoes their seals and puts an earlier end of the chain
//!   back, unless a server that knows the later one is running: it notes that with the next row, or within an hour.
//! * A database that is put back **as a whole** to an earlier state, rows and ends, is a valid earlier state. So is one
//!   tenant's log whose rows are cut off while an old end is put back. A server that ran meanwhile notes it. After that
//!   only a head shows it that was noted elsewhere: the server logs all heads when it starts, every hour and when it
//!   stops, `audit verify` and an export as JSON lines tell them, and `audit verify --head SEQ:SEAL` looks for one.
//!   That a whole tenant has gone, with its row in `tenants`, shows the same way.
//! * "Sealed late" is **not always tampering**: a server that is killed leaves the rows of its last second or two
//!   unsealed, and when the next one starts more than ten minutes later it seals them late. So it is after a backup was
//!   put back. Then those are the last rows before the gap, there are few of them, and none is missing among what they
//!   tell of. Rows of hours or days that were sealed at one moment are something else.
//! * A **clock** that is wrong by more than ten minutes is named at the rows that it wrote or sealed, and at no others.
//! * Whoever **has the key**, and so whoever commands a server's process, can forge everything that has no noted head
//!   behind it. A noted head stands for all rows before it: not even with the key can they be changed under it.
//! * That what was written is **true**. The server writes what it sees: an address that a trusted proxy tells, a name
//!   that signs in with a stolen password.
//! * Under another `SECRET_KEY` nothing verifies that was written before, and the first seal under it notes a fault.
//!   Keep the old one to verify the old rows.
//!
//! # Layout
//!
//! [`record`] and [`record_all`] are for those who change something, [`record_export`] for those who hand out a file,
//! [`open_chain`] for those who make a tenant. `seal` and [`retention`] work on the chain, and [`verify`] looks at it;
//! `export` is what callers take away, and [`exported`] checks that later.

pub mod chain;
mod changes;
mod end;
mod event;
mod export;
pub mod exported;
mod key;
pub mod retention;
mod routes;
pub mod seal;
pub mod store;
pub mod types;
pub mod verify;

pub use changes::{Change, Changes, shortened};
pub use event::{Action, Event};
pub use key::AuditKey;
pub use routes::router;

use std::sync::Arc;

use axum::http::Method;
use serde::Serialize;
use uuid::Uuid;

use self::chain::{Chain, Facts};
use self::store::NewAuditLogRow;
use crate::app::AppState;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, Db, DbResult, is_duplicate, transaction};
use crate::error::ApiError;
use crate::resource::Resource;

/// Writes down what was done, in the transaction that does it.
pub async fn record(conn: &mut Conn, scope: &Scope, event: Event, now: Timestamp) -> Result<(), ApiError> {
    record_all(conn, scope, vec![event], now).await
}

/// Writes down all that was done, in the transaction that does it, with few statements.
pub async fn record_all(conn: &mut Conn, scope: &Scope, events: Vec<Event>, now: Timestamp) -> Result<(), ApiError> {
    let rows = events.into_iter().map(|event| signed(scope, event, now));
    let rows = rows.collect::<Result<_, _>>().map_err(ApiError::internal)?;
    Ok(store::insert(conn, scope, rows).await?)
}

/// Writes down that the caller takes a file of all that matches this query, in a transaction of its own: to be called
/// before the file begins. Without its row there is no file. Whoever asks only for its head (HEAD) takes none.
pub async fn record_export(
    app: &AppState,
    scope: &Scope,
    method: &Method,
    resource_type: Resource,
    format: &str,
    query: &impl Serialize,
) -> Result<(), ApiError> {
    if method == Method::HEAD {
        return Ok(());
    }
    let (event, now) = (Event::export(resource_type, format, query), app.clock.now());
    transaction!(app.db, |tx| record(tx, scope, event.clone(), now).await)
}

/// Begins the chain of a new tenant, in the transaction that makes him. A chain that is there stays as it is.
pub async fn open_chain(conn: &mut Conn, key: &AuditKey, tenant: &str) -> DbResult<()> {
    let (tenant, chain) = (Arc::<str>::from(tenant), Chain::new(key, tenant));
    match chain::store::insert(conn, &tenant, &chain).await {
        Err(error) if is_duplicate(&error) => Ok(()),
        result => result,
    }
}

/// Begins the chains of the tenants that were there before there was an audit log: to be called once, when its tables
/// have been made. Later a tenant without a chain is one whose chain was removed.
pub async fn open_chains(db: &Db, key: &AuditKey) -> Result<(), ApiError> {
    let tenants = chain::store::known_tenants(&mut db.read().await?).await?;
    for tenant in tenants {
        transaction!(db, |tx| Ok(open_chain(tx, key, &tenant).await?))?;
    }
    Ok(())
}

/// The row of an event, with its code.
fn signed(scope: &Scope, event: Event, now: Timestamp) -> Result<NewAuditLogRow, serde_json::Error> {
    let Event { action, resource_type, resource_id, changes } = event;
    let changes = serde_json::to_string(&changes)?;
    let (origin, user_id) = (scope.origin(), scope.author());
    let (ip, nonce) = (origin.ip.map(|ip| ip.to_string()), Uuid::new_v4().simple().to_string());
    let (resource, user) = (resource_id.map(|id| id.to_string()), user_id.map(|id| id.to_string()));
    let facts = Facts {
        nonce: &nonce,
        action: action.as_str(),
        resource_type: resource_type.as_str(),
        resource_id: resource.as_deref(),
        user_id: user.as_deref(),
        ip: ip.as_deref(),
        user_agent: origin.user_agent.as_deref(),
        request_id: origin.request_id.as_deref(),
        changes: &changes,
        created_at: Some(now),
    };
    let mac = facts.sign(scope.audit_key(), scope.tenant());
    Ok(NewAuditLogRow {
        action,
        resource_type,
        resource_id,
        user_id,
        ip,
        user_agent: origin.user_agent.clone(),
        request_id: origin.request_id.clone(),
        changes,
        created_at: now,
        nonce,
        mac,
    })
}
