//! Deletes rows that nothing will ever ask for again.

use chrono::TimeDelta;

use super::tenants::Tenants;
use super::{Run, store};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::ApiError;
use crate::{idempotency, notifications};

/// How long the answer to a request with an `Idempotency-Key` is kept.
const ANSWERS: TimeDelta = TimeDelta::hours(24);
/// How long an invitation is kept after it has expired.
const INVITATIONS: TimeDelta = TimeDelta::days(30);
/// How many rows are deleted in one transaction.
const BATCH: i64 = 1000;

/// Deletes what has expired.
pub async fn run(run: &Run<'_>) -> Result<String, ApiError> {
    let answers = delete_answers(run).await?;
    let notices = delete_notifications(run).await?;
    let (mut invitations, mut tokens) = (0, 0);
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(run.app).await? {
        let deleted = delete_of_tenant(run, &scope).await?;
        invitations += deleted.0;
        tokens += deleted.1;
    }
    Ok(format!(
        "{answers} kept answers, {notices} notifications, {invitations} invitations, {tokens} revoked tokens deleted"
    ))
}

async fn delete_answers(run: &Run<'_>) -> Result<u64, ApiError> {
    let mut deleted = 0;
    loop {
        let now = run.app.clock.now();
        let batch = transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            Ok(idempotency::delete_expired(tx, before(now, ANSWERS), BATCH).await?)
        })?;
        deleted += batch;
        if batch < BATCH as u64 {
            return Ok(deleted);
        }
    }
}

async fn delete_notifications(run: &Run<'_>) -> Result<u64, ApiError> {
    notifications::delete_expired(run.app, run.app.clock.now()).await
}

/// Invitations and revoked tokens.
async fn delete_of_tenant(run: &Run<'_>, scope: &Scope) -> Result<(u64, u64), ApiError> {
    let now = run.app.clock.now();
    transaction!(run.app.db, |tx| {
        run.lease.hold(tx, now).await?;
        let invitations = store::delete_invitations(tx, scope, before(now, INVITATIONS)).await?;
        let tokens = store::delete_revoked_tokens(tx, scope, now).await?;
        Ok((invitations, tokens))
    })
}

fn before(now: Timestamp, age: TimeDelta) -> Timestamp {
    Timestamp::new(now.utc() - age)
}
