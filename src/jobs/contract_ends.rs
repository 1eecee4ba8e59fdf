//! Contracts past their last day: they expire, or are renewed if they renew themselves, as often as it takes to reach
//! today.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tracing::warn;

use super::Run;
use super::runner::reason;
use super::store::{self, ContractPlace};
use super::tenants::Tenants;
use crate::auth::Scope;
use crate::contracts::{self, Ended};
use crate::db::{lost_to_another_transaction, transaction};
use crate::error::{ApiError, Code};
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;

/// How many contracts are looked for at once.
const BATCH: i64 = 100;
/// How many of these batches are ended before it is the next tenant's turn.
const TURN: u32 = 5;
/// When a run leaves the rest to the next one. A run that takes longer than [`super::runner::LONGEST_RUN`] is broken off,
/// and could not say what it has done.
const ENOUGH: Duration = Duration::from_secs(50 * 60);

/// What has been done so far.
#[derive(Debug, Default)]
struct Tally {
    expired: u32,
    renewed: u32,
    /// How many of these renewals pass over missed terms.
    passing_over: u32,
    failed: u32,
    first_failure: Option<String>,
}

/// A tenant, and where the walk over his contracts is.
struct Walk {
    scope: Scope,
    after: ContractPlace,
}

/// Ends what has come to its end. A contract that cannot be ended stays as it is and keeps no other one waiting, and one
/// tenant's many contracts keep no other tenant waiting for long; but when something is left the run has failed.
pub async fn run(run: &Run) -> Result<String, ApiError> {
    let mut tally = Tally::default();
    let walked = walk(run, Instant::now() + ENOUGH, &mut tally).await;
    let Tally { expired, renewed, passing_over, failed, first_failure } = tally;
    let mut done = format!("{expired} expired, {renewed} renewed");
    if passing_over > 0 {
        done.push_str(&format!(", {passing_over} of them over many missed terms"));
    }
    if let Some(failure) = first_failure {
        done.push_str(&format!(", {failed} failed: {failure}"));
    }
    match walked {
        Err(error) => done.push_str(&format!("; broken off: {}", reason(&error))),
        Ok(0) if failed == 0 => return Ok(done),
        Ok(0) => {}
        Ok(unfinished) => done.push_str(&format!("; tenants unfinished: {unfinished}")),
    }
    Err(ApiError::internal(done))
}

/// Gives how many tenants there are with something left to end.
async fn walk(run: &Run, deadline: Instant, tally: &mut Tally) -> Result<usize, ApiError> {
    let mut unfinished = VecDeque::new();
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(&run.app).await? {
        let mut walk = Walk { scope, after: ContractPlace::default() };
        if !take_turn(run, &mut walk, deadline, tally).await? {
            unfinished.push_back(walk);
        }
    }
    while Instant::now() < deadline {
        let Some(mut walk) = unfinished.pop_front() else { break };
        if !take_turn(run, &mut walk, deadline, tally).await? {
            unfinished.push_back(walk);
        }
    }
    Ok(unfinished.len())
}

/// Gives whether nothing is left.
async fn take_turn(run: &Run, walk: &mut Walk, deadline: Instant, tally: &mut Tally) -> Result<bool, ApiError> {
    for _ in 0..TURN {
        let mut conn = run.app.db.read().await?;
        let places = store::ended_contracts(&mut conn, &walk.scope, run.today, walk.after, BATCH).await?;
        drop(conn);
        if places.is_empty() {
            return Ok(true);
        }
        for place in places {
            // What follows a renewed contract may be over too, and end before what the walk comes to next.
            let mut over = Some(place.id);
            while let Some(id) = over {
                if Instant::now() >= deadline {
                    return Ok(false);
                }
                over = end(run, &walk.scope, id, tally).await?;
            }
            walk.after = place;
        }
    }
    Ok(false)
}

/// Ends one contract with all that belongs to it, in one transaction, and gives the one that follows it if that is over
/// too. Gives an error only where going on makes no sense.
async fn end(run: &Run, scope: &Scope, id: i64, tally: &mut Tally) -> Result<Option<i64>, ApiError> {
    let now = run.app.clock.now();
    let ended = transaction!(run.app.db, |tx| {
        run.lease.hold(tx, now).await?;
        let Some(ended) = contracts::end(tx, scope, &run.app.amounts, id, run.today, now).await? else {
            return Ok(None);
        };
        if let Some(notice) = notice(&ended, run.today) {
            let managers = store::managers(tx, scope).await?;
            notifications::send(tx, scope, notice, &managers, now).await?;
        }
        Ok(Some(ended))
    });
    let tenant = scope.tenant();
    match ended {
        Ok(None) => {}
        Ok(Some(Ended { successor: None, .. })) => tally.expired += 1,
        Ok(Some(Ended { successor: Some(successor), passes_over, .. })) => {
            tally.renewed += 1;
            if passes_over {
                tally.passing_over += 1;
                warn!(%tenant, contract = id, successor = successor.id, "many missed terms are passed over");
            }
            return Ok((successor.end_date < run.today).then_some(successor.id));
        }
        Err(error) if is_beyond_one(run, &error) => return Err(error),
        Err(error) => {
            let reason = reason(&error);
            warn!(%tenant, contract = id, reason, "a contract past its last day stays active");
            tally.failed += 1;
            tally.first_failure.get_or_insert_with(|| format!("contract {id} of {tenant}: {reason}"));
        }
    }
    Ok(None)
}

/// Whether the others would fail as well. A contract that somebody else holds for too long is alone with that.
fn is_beyond_one(run: &Run, error: &ApiError) -> bool {
    let is_held = error.database().is_some_and(lost_to_another_transaction);
    run.lease.is_lost() || (error.code() == Code::Unavailable && !is_held)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::runner::LONGEST_RUN;

    #[test]
    fn a_run_ends_before_it_is_broken_off() {
        assert!(ENOUGH < LONGEST_RUN);
    }
}
