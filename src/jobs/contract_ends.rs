//! Contracts past their last day: they expire, or are renewed if they renew themselves, as often as it takes to reach
//! today.

use chrono::NaiveDate;
use tracing::warn;

use super::runner::reason;
use super::tenants::Tenants;
use super::{Run, store};
use crate::auth::Scope;
use crate::contracts::{self, Ended};
use crate::db::transaction;
use crate::error::{ApiError, Code};
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;

/// How many contracts are looked for at once.
const BATCH: i64 = 100;
/// The most renewals of one run: a contract of one day that ended decades ago would keep it busy for too long. What is
/// left follows with the next run.
const MOST_RENEWALS: u32 = 10_000;

/// What has been done so far.
#[derive(Debug, Default)]
struct Tally {
    expired: u32,
    renewed: u32,
    failed: u32,
    first_failure: Option<String>,
}

/// Ends what has come to its end. A contract that cannot be ended stays as it is and keeps no other one waiting, but
/// the run has failed then.
pub async fn run(run: &Run<'_>) -> Result<String, ApiError> {
    let mut tally = Tally::default();
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(run.app).await? {
        // What follows a renewed contract has a greater id: if it is over too, the walk comes to it.
        let mut after = 0;
        loop {
            let ids = store::ended_contracts(&mut run.app.db.read().await?, &scope, run.today, after, BATCH).await?;
            let Some((last,)) = ids.last().copied() else { break };
            for (id,) in ids {
                end(run, &scope, id, &mut tally).await?;
            }
            if tally.renewed >= MOST_RENEWALS {
                return Err(ApiError::internal(format!("{} renewals are enough for one run", tally.renewed)));
            }
            after = last;
        }
    }
    let Tally { expired, renewed, failed, first_failure } = tally;
    let done = format!("{expired} expired, {renewed} renewed");
    match first_failure {
        None => Ok(done),
        Some(failure) => Err(ApiError::internal(format!("{done}, {failed} failed: {failure}"))),
    }
}

/// Ends one contract with all that belongs to it, in one transaction. Gives an error only where going on makes no
/// sense.
async fn end(run: &Run<'_>, scope: &Scope, id: i64, tally: &mut Tally) -> Result<(), ApiError> {
    let now = run.app.clock.now();
    let is_renewed = transaction!(run.app.db, |tx| {
        run.lease.hold(tx, now).await?;
        let Some(ended) = contracts::end(tx, scope, &run.app.amounts, id, run.today, now).await? else {
            return Ok(None);
        };
        if let Some(notice) = notice(&ended, run.today) {
            let managers = store::managers(tx, scope).await?;
            notifications::send(tx, scope, notice, &managers, now).await?;
        }
        Ok(Some(ended.successor.is_some()))
    });
    match is_renewed {
        Ok(None) => {}
        Ok(Some(true)) => tally.renewed += 1,
        Ok(Some(false)) => tally.expired += 1,
        Err(error) if run.lease.is_lost() || error.code() == Code::Unavailable => return Err(error),
        Err(error) => {
            let (tenant, reason) = (scope.tenant(), reason(&error));
            warn!(%tenant, contract = id, reason, "a contract past its last day stays active");
            tally.failed += 1;
            tally.first_failure.get_or_insert_with(|| format!("contract {id} of {tenant}: {reason}"));
        }
    }
    Ok(())
}

/// Tells of the contract that follows, if one does. One that is over already tells of nothing: after a long pause there
/// are many of them, and what counts is the one that they lead to.
fn notice(ended: &Ended, today: NaiveDate) -> Option<Notice> {
    let (kind, contract) = match &ended.successor {
        Some(successor) if successor.end_date < today => return None,
        Some(successor) => (Kind::ContractRenewed, successor),
        None => (Kind::ContractExpired, &ended.new),
    };
    let (title, resource_id) = (contract.title.clone(), contract.id);
    Some(Notice { kind, title, resource_type: Resource::Contract, resource_id })
}
