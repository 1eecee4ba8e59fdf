//! Tells active owners and admins of active contracts that end soon: 30 days before, and again 7 days before.
//!
//! Each reminder goes out once for a contract and its end. Another end is another one, so reminders start over when it
//! moves, and do not when it moves back to where it was told of. A contract that is first seen with 7 days left or
//! fewer gets the nearer reminder alone. One that renews itself is told of like any other: whoever wants to stop it has
//! to know.

use chrono::{Days, NaiveDate};

use super::Run;
use super::store::{self, ContractPlace, EndingContract, Window};
use super::tenants::Tenants;
use crate::auth::Scope;
use crate::db::transaction;
use crate::error::ApiError;
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;

/// How many days before its end a contract is told of; the nearest first.
const REMINDERS: [u32; 2] = [7, 30];
/// How many contracts are told of in one transaction.
const BATCH: i64 = 100;

/// Sends what is due.
pub async fn run(run: &Run) -> Result<String, ApiError> {
    let mut sent = 0;
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(&run.app).await? {
        // With nobody to tell, contracts wait for somebody.
        if store::managers(&mut run.app.db.read().await?, &scope).await?.is_empty() {
            continue;
        }
        for window in windows(run.today) {
            sent += remind(run, &scope, window).await?;
        }
    }
    Ok(format!("{sent} contracts told of"))
}

/// Each day from today on belongs to the nearest reminder before it.
fn windows(today: NaiveDate) -> Vec<Window> {
    let after = |days: u32| today.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
    let mut windows: Vec<Window> = Vec::new();
    for days in REMINDERS {
        let from = windows.last().map_or(today, |nearer| nearer.to.succ_opt().unwrap_or(NaiveDate::MAX));
        windows.push(Window { from, to: after(days), days: days.into() });
    }
    windows
}

async fn remind(run: &Run, scope: &Scope, window: Window) -> Result<usize, ApiError> {
    let (mut sent, mut after) = (0, ContractPlace::default());
    loop {
        let places = store::ending_contracts(&mut run.app.db.read().await?, scope, window, after, BATCH).await?;
        let Some(last) = places.last().copied() else { return Ok(sent) };
        let ids: Vec<i64> = places.into_iter().map(|place| place.id).collect();
        let now = run.app.clock.now();
        sent += transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            let contracts = store::lock_ending_contracts(tx, scope, window, &ids).await?;
            let managers = store::managers(tx, scope).await?;
            if contracts.is_empty() || managers.is_empty() {
                return Ok(0);
            }
            store::insert_contract_reminders(tx, scope, &contracts, window.days, now).await?;
            let notices = contracts.iter().map(|contract| (notice(contract), managers.clone())).collect();
            notifications::send_all(tx, scope, notices, now).await?;
            Ok(contracts.len())
        })?;
        after = last;
    }
}

fn notice(contract: &EndingContract) -> Notice {
    let EndingContract { id, title, end_date: _ } = contract;
    Notice { kind: Kind::ContractExpiring, title: title.clone(), resource_type: Resource::Contract, resource_id: *id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_ahead_belongs_to_one_reminder() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let windows: Vec<_> = windows(date("2028-02-01")).into_iter().map(|it| (it.from, it.to, it.days)).collect();
        assert_eq!(
            windows,
            [(date("2028-02-01"), date("2028-02-08"), 7), (date("2028-02-09"), date("2028-03-02"), 30),]
        );
    }
}
