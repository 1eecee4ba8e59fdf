//! Seals rows in the background, so that those who write them need not wait for each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::chain::verifier::Noted;
use super::chain::{Chain, store};
use super::key::AuditKey;
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::db::{Conn, Db, transaction};
use crate::error::ApiError;

/// How long it rests between two rounds.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long it rests at most, when one round after the other fails.
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);
/// How many rounds there are between two looks at the heads for the log: an hour.
const ROUNDS_BETWEEN_HEADS: u32 = 3600;
/// Rows that are sealed in one transaction: few, since a row may tell of megabytes.
const BATCH: usize = 200;
/// Among how many of the last rows one with a good seal is looked for, to go on from when the head is none.
const LAST_ROWS: usize = 200;

/// The heads of chains that have grown, by tenant.
type Heads = BTreeMap<Arc<str>, Noted>;

/// Seals what is written, until it is stopped; then once more.
pub async fn run(app: AppState, stop: CancellationToken) {
    let (mut interval, mut rounds, mut heads) = (INTERVAL, 0_u32, Heads::new());
    loop {
        let is_last = stop.is_cancelled();
        let sealed = seal_and_note(&app.db, &app.audit_key, app.clock.now(), &mut heads).await;
        interval = match sealed {
            Ok(_) => INTERVAL,
            Err(error) => {
                warn!(%error, "sealing the audit log failed; it is tried again");
                (interval * 2).min(LONGEST_INTERVAL)
            }
        };
        rounds += 1;
        if rounds == ROUNDS_BETWEEN_HEADS || is_last {
            log_heads(&mut heads);
            rounds = 0;
        }
        if is_last {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
}

/// Whoever keeps the log elsewhere can later show that nothing before these heads has changed.
fn log_heads(heads: &mut Heads) {
    for (tenant, Noted { seq, seal }) in std::mem::take(heads) {
        info!(%tenant, head = format_args!("{seq}:{seal}"), "head of the audit log");
    }
}

/// Seals all that is written by now, of every tenant; gives how many rows. One tenant's failure does not hold up the
/// others; the last one is given.
pub async fn seal_all(db: &Db, key: &AuditKey, now: Timestamp) -> Result<u64, ApiError> {
    seal_and_note(db, key, now, &mut Heads::new()).await
}

async fn seal_and_note(db: &Db, key: &AuditKey, now: Timestamp, heads: &mut Heads) -> Result<u64, ApiError> {
    let tenants = store::unsealed_tenants(&mut db.read().await?).await?;
    let (mut count, mut failure) = (0, None);
    for tenant in tenants {
        match seal_tenant(db, key, &tenant, now).await {
            Ok((sealed, Some(head))) => {
                count += sealed;
                heads.insert(tenant, head);
            }
            Ok((_, None)) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(count), Err)
}

/// Seals all that is written by now of this tenant; gives how many rows, and the head if there were any.
pub async fn seal_tenant(
    db: &Db,
    key: &AuditKey,
    tenant: &Arc<str>,
    now: Timestamp,
) -> Result<(u64, Option<Noted>), ApiError> {
    let (mut count, mut head) = (0, None);
    loop {
        let (sealed, chain) = transaction!(db, |tx| seal_batch(tx, key, tenant, now).await)?;
        count += sealed as u64;
        head = chain.map(|chain| Noted { seq: chain.last_seq, seal: chain.last_seal }).or(head);
        if sealed < BATCH {
            return Ok((count, head));
        }
    }
}

/// Seals some rows; gives how many, and the chain as it is then.
async fn seal_batch(
    tx: &mut Conn,
    key: &AuditKey,
    tenant: &Arc<str>,
    now: Timestamp,
) -> Result<(usize, Option<Chain>), ApiError> {
    // Of two servers at once the second one waits here, and finds nothing left to do.
    store::lock(tx, tenant).await?;
    let found = store::find(tx, tenant).await?;
    let entries = store::unsealed(tx, tenant, i64::MIN, BATCH).await?;
    if entries.is_empty() {
        return Ok((0, None));
    }
    let is_new = found.is_none();
    let mut chain = match found {
        Some(chain) if chain.has_genuine_head(key, tenant) => chain,
        found => recover(tx, key, tenant, found, now).await?,
    };
    for link in chain.append(key, tenant, &entries) {
        if !link.is_genuine {
            error!(%tenant, id = link.id, seq = link.seq, "a row of the audit log is not as it was written");
        }
        if !store::seal(tx, tenant, link).await? {
            return Err(ApiError::internal("a row of the audit log has gone while it was sealed"));
        }
    }
    if is_new {
        store::insert(tx, tenant, &chain).await?;
    } else {
        store::update(tx, tenant, &chain).await?;
    }
    Ok((entries.len(), Some(chain)))
}

/// The chain to go on with when there is none, or when its head is not as it was signed: behind every number in use.
/// What was found is remembered, so that the new head covers nothing up.
async fn recover(
    tx: &mut Conn,
    key: &AuditKey,
    tenant: &Arc<str>,
    found: Option<Chain>,
    now: Timestamp,
) -> Result<Chain, ApiError> {
    let first = store::sealed(tx, tenant, store::START, 1).await?;
    let last = store::last_sealed(tx, tenant, LAST_ROWS).await?;
    let is_fault = found.is_some() || !first.is_empty();
    let chain = Chain::recovered(key, tenant, found, first.first(), &last, now);
    if is_fault {
        let seq = chain.last_seq;
        error!(%tenant, seq, "the head of the audit log is not as it was signed; sealing goes on behind this number");
    }
    Ok(chain)
}
