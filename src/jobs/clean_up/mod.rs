//! Deletes rows that nothing will ever ask for again.

mod store;

use chrono::TimeDelta;

use super::Run;
use super::tenants::Tenants;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::ApiError;
use crate::{idempotency, mail, notifications};

/// How long an invitation is kept after it has expired.
const INVITATIONS: TimeDelta = TimeDelta::days(30);
/// How many rows are deleted in one transaction.
const BATCH: i64 = 1000;

/// Deletes in a transaction of its own for each batch, until one finds nothing, and gives the number of rows.
macro_rules! in_batches {
    ($run:ident, |$tx:ident, $now:ident| $delete:expr) => {{
        let mut deleted = 0;
        loop {
            let $now = $run.app.clock.now();
            let batch = transaction!($run.app.db, |$tx| {
                $run.lease.hold($tx, $now).await?;
                Ok($delete.await?)
            })?;
            if batch == 0 {
                break deleted;
            }
            deleted += batch;
        }
    }};
}

/// Deletes what has expired.
pub async fn run(run: &Run) -> Result<String, ApiError> {
    let letters: u64 = in_batches!(run, |tx, now| mail::delete_expired(tx, now, BATCH));
    let (mut answers, mut notices, mut invitations, mut tokens) = (0, 0, 0, 0);
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(&run.app).await? {
        let scope = &scope;
        answers += in_batches!(run, |tx, now| {
            idempotency::delete_expired(tx, scope, before(now, idempotency::LIFETIME), BATCH)
        });
        notices += in_batches!(run, |tx, now| notifications::delete_expired(tx, scope, now));
        invitations +=
            in_batches!(run, |tx, now| { store::delete_invitations(tx, scope, before(now, INVITATIONS), BATCH) });
        tokens += in_batches!(run, |tx, now| store::delete_revoked_tokens(tx, scope, now, BATCH));
        tokens += in_batches!(run, |tx, now| store::delete_stream_tickets(tx, scope, now, BATCH));
    }
    Ok(format!(
        "{answers} kept answers, {letters} letters, {notices} notifications, {invitations} invitations, {tokens} \
         tokens and tickets deleted"
    ))
}

fn before(now: Timestamp, age: TimeDelta) -> Timestamp {
    Timestamp::new(now.utc() - age)
}
