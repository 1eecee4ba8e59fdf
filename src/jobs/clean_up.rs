//! Deletes rows that nothing will ever ask for again.

use chrono::TimeDelta;

use super::tenants::Tenants;
use super::{Run, store};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::ApiError;
use crate::{idempotency, mail, notifications};

/// How long an invitation is kept after it has expired.
const INVITATIONS: TimeDelta = TimeDelta::days(30);
/// How many rows are deleted in one transaction.
const BATCH: i64 = 1000;

/// Deletes what has expired.
pub async fn run(run: &Run<'_>) -> Result<String, ApiError> {
    let letters = delete_letters(run).await?;
    let (mut answers, mut notices, mut invitations, mut tokens) = (0, 0, 0, 0);
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(run.app).await? {
        answers += delete_answers(run, &scope).await?;
        notices += delete_notifications(run, &scope).await?;
        let deleted = delete_credentials(run, &scope).await?;
        invitations += deleted.0;
        tokens += deleted.1;
    }
    Ok(format!(
        "{answers} kept answers, {letters} letters, {notices} notifications, {invitations} invitations, {tokens} \
         tokens and tickets deleted"
    ))
}

async fn delete_answers(run: &Run<'_>, scope: &Scope) -> Result<u64, ApiError> {
    let mut deleted = 0;
    loop {
        let now = run.app.clock.now();
        let batch = transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            Ok(idempotency::delete_expired(tx, scope, before(now, idempotency::LIFETIME), BATCH).await?)
        })?;
        if batch == 0 {
            return Ok(deleted);
        }
        deleted += batch;
    }
}

async fn delete_letters(run: &Run<'_>) -> Result<u64, ApiError> {
    let mut deleted = 0;
    loop {
        let now = run.app.clock.now();
        let batch = transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            Ok(mail::delete_expired(tx, now, BATCH).await?)
        })?;
        if batch == 0 {
            return Ok(deleted);
        }
        deleted += batch;
    }
}

async fn delete_notifications(run: &Run<'_>, scope: &Scope) -> Result<u64, ApiError> {
    let mut deleted = 0;
    loop {
        let now = run.app.clock.now();
        let batch = transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            Ok(notifications::delete_expired(tx, scope, now).await?)
        })?;
        if batch == 0 {
            return Ok(deleted);
        }
        deleted += batch;
    }
}

/// Invitations; revoked tokens and tickets for streams.
async fn delete_credentials(run: &Run<'_>, scope: &Scope) -> Result<(u64, u64), ApiError> {
    let now = run.app.clock.now();
    transaction!(run.app.db, |tx| {
        run.lease.hold(tx, now).await?;
        let invitations = store::delete_invitations(tx, scope, before(now, INVITATIONS)).await?;
        let tokens = store::delete_revoked_tokens(tx, scope, now).await?;
        let tickets = store::delete_stream_tickets(tx, scope, now).await?;
        Ok((invitations, tokens + tickets))
    })
}

fn before(now: Timestamp, age: TimeDelta) -> Timestamp {
    Timestamp::new(now.utc() - age)
}
