//! Verifies a tenant's log in the database, in steps, while the server goes on writing, sealing and deleting.

use std::sync::Arc;

use super::chain::store;
use super::chain::verifier::{Noted, Report, Verifier};
use super::key::AuditKey;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult};

pub use super::chain::store::tenants;

/// Rows a step: few, since a row may tell of megabytes.
const STEP: usize = 200;
/// The most copies that are shown.
const MOST_COPIES: usize = 1000;

/// Verifies the tenant's log, as it is now; looks for a noted head in it, if there is one.
pub async fn verify(
    conn: &mut Conn,
    key: &AuditKey,
    tenant: &Arc<str>,
    noted: Option<Noted>,
    now: Timestamp,
) -> DbResult<Report> {
    let mut before = store::find(conn, tenant).await?;
    let mut verifier = Verifier::new(key, tenant, noted, before.as_ref());
    let mut place = None;
    loop {
        let entries = store::sealed(conn, tenant, place, STEP).await?;
        // Read once more: a row that is missing above may have been deleted by retention since the last look.
        let after = store::find(conn, tenant).await?;
        verifier.refresh(after.as_ref());
        entries.iter().for_each(|entry| verifier.sealed(entry));
        place = entries.last().and_then(|last| Some((last.seq?, last.id))).or(place);
        // The rows end where the head says only if it did not move while they were read.
        if entries.is_empty() && before == after {
            break;
        }
        before = after;
    }
    let mut id = None;
    loop {
        let entries = store::unsealed(conn, tenant, id, STEP).await?;
        entries.iter().for_each(|entry| verifier.unsealed(entry, now));
        id = entries.last().map(|last| last.id).or(id);
        if entries.len() < STEP {
            break;
        }
    }
    for (seq, id, _) in store::copies(conn, tenant, MOST_COPIES).await? {
        verifier.copied(seq, id);
    }
    Ok(verifier.finish(before.as_ref()))
}
