//! The demo's contracts.

use std::ops::RangeInclusive;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use secrecy::ExposeSecret;

use super::texts::{CONTRACTS, CUSTOMERS};
use super::{EVENING, Scene, TENANT, korean};
use crate::auth::Scope;
use crate::config::Config;
use crate::contracts::history::{self, types::HistoryAction};
use crate::contracts::store::{self, ContractRow};
use crate::contracts::types::ContractStatus::{self, Active, Draft, Expired, Renewed, Terminated};
use crate::contracts::types::ContractType;
use crate::contracts::{AmountCipher, Place};
use crate::db::{Conn, Db, transaction};
use crate::error::ApiError;
use crate::policy::Role;

/// Contracts that are alike in their dates.
struct Kind {
    count: usize,
    status: ContractStatus,
    /// Days from today.
    end: RangeInclusive<i64>,
    /// How long they last, in months.
    months: &'static [u32],
}

/// As many in all as there are customers; some end within seven days and some within thirty, whatever the time zone.
const KINDS: &[Kind] = &[
    Kind { count: 4, status: Active, end: 2..=6, months: &[12] },
    Kind { count: 7, status: Active, end: 9..=28, months: &[12, 24] },
    Kind { count: 16, status: Active, end: 40..=330, months: &[12, 12, 24, 36] },
    Kind { count: 4, status: Draft, end: 380..=410, months: &[12] },
    Kind { count: 5, status: Expired, end: -200..=-5, months: &[12] },
    Kind { count: 2, status: Renewed, end: -150..=-10, months: &[12] },
    Kind { count: 2, status: Terminated, end: -120..=-20, months: &[5, 7] },
];

/// When a contract runs, and what has become of it.
struct Term {
    start: NaiveDate,
    end: NaiveDate,
    status: ContractStatus,
}

/// Makes the contracts and gives their number.
pub async fn fill(db: &Db, scene: &mut Scene, config: &Config) -> Result<usize, ApiError> {
    let amounts = AmountCipher::new(config.contract_encryption_key.expose_secret());
    let scope = scene.scope(Role::Admin);
    let terms = terms(scene).into_iter().zip(&CUSTOMERS).enumerate();
    let contracts: Vec<(ContractRow, String)> =
        terms.map(|(index, (term, customer))| contract(scene, &scope, index, &term, *customer)).collect();
    transaction!(db, |tx| {
        for (contract, amount) in &contracts {
            let id = store::insert(tx, &scope, contract).await?;
            let place = Place { tenant: scope.tenant(), contract: id };
            let sealed = amounts.seal(amount, place).map_err(ApiError::internal)?;
            store::set_amount(tx, &scope, id, &sealed).await?;
            record(tx, &scope, &ContractRow { id, amount_encrypted: sealed, ..contract.clone() }).await?;
        }
        Ok(contracts.len())
    })
}

/// Writes the contract's history: what is over was in force once.
async fn record(conn: &mut Conn, scope: &Scope, contract: &ContractRow) -> Result<(), ApiError> {
    let is_over = contract.version > 1;
    let status = if is_over { Active } else { contract.status };
    let new = ContractRow { status, ..contract.clone() };
    history::write(conn, scope, HistoryAction::Created, None, &new, contract.created_at).await?;
    if is_over {
        let action = if contract.status == Renewed { HistoryAction::Renewed } else { HistoryAction::Updated };
        history::write(conn, scope, action, Some(&new), contract, contract.updated_at).await?;
    }
    Ok(())
}

/// The terms, in the order in which they start.
fn terms(scene: &mut Scene) -> Vec<Term> {
    let mut terms = Vec::new();
    for Kind { count, status, end, months } in KINDS {
        for _ in 0..*count {
            let days = scene.rng.i64(end.clone());
            let end = scene.today + TimeDelta::days(days);
            let start = end + TimeDelta::days(1) - Months::new(scene.pick(months));
            terms.push(Term { start, end, status: *status });
        }
    }
    terms.sort_by_key(|term| term.start);
    terms
}

/// The row and the amount in clear.
fn contract(
    scene: &mut Scene,
    scope: &Scope,
    index: usize,
    term: &Term,
    (customer, domain): (&str, &str),
) -> (ContractRow, String) {
    let Term { start, end, status } = *term;
    let (title, description) = scene.pick(CONTRACTS);
    let (amount, currency) = if index % 13 == 6 {
        (format!("{}.{:02}", scene.rng.u32(18_000..=240_000), scene.rng.u32(..100)), "USD")
    } else {
        (format!("{}00000.00", scene.rng.u32(120..=4800)), "KRW")
    };
    let created_at = scene.office_hours(start - TimeDelta::days(20)).clamp(scene.joined, scene.now);
    let is_over = matches!(status, Expired | Renewed | Terminated);
    let contract = ContractRow {
        id: 0,
        tenant_id: TENANT.into(),
        contract_number: format!("MSSP-{}-{:03}", start.year(), index + 1),
        customer_name: customer.into(),
        title: format!("{}년 {title}", start.year()),
        contract_type: if title.contains("운영") { ContractType::Maintenance } else { ContractType::Service },
        description: Some(description.into()),
        amount_encrypted: String::new(),
        currency: currency.into(),
        start_date: start,
        end_date: end,
        auto_renewal: status == Active && scene.rng.bool(),
        status,
        contact_email: Some(format!("security@{domain}.example")),
        contact_phone: Some(format!("02-1234-{:04}", scene.rng.u32(..10_000))),
        notes: note(status).map(Into::into),
        parent_id: None,
        version: if is_over { 2 } else { 1 },
        created_at,
        updated_at: if is_over { korean(end, EVENING).clamp(created_at, scene.now) } else { created_at },
        created_by: scope.author(),
    };
    (contract, amount)
}

fn note(status: ContractStatus) -> Option<&'static str> {
    match status {
        Draft => Some("계약 조건 협의 중"),
        Active => None,
        Expired => Some("계약 만료, 재계약 미체결"),
        Terminated => Some("고객사 요청으로 중도 해지"),
        Renewed => Some("후속 계약으로 갱신 완료"),
    }
}
