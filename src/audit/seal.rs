//! Seals rows in the background, so that those who write them need not wait for each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::chain::verifier::Noted;
use super::chain::{Chain, Entry, TOLERANCE, store};
use super::key::{AuditKey, same};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::db::{Conn, Db, transaction};
use crate::error::ApiError;

/// How long it rests between two rounds.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long it rests at most, when one round after the other fails.
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);
/// How long a transaction may take, whatever holds it up.
const LONGEST_BATCH: Duration = Duration::from_secs(10);
/// After how long a tenant that cannot be sealed is an error, and again one, in microseconds.
const LAG: i64 = 60 * 1_000_000;
/// How much time there is between two looks at the heads for the log, in microseconds.
const BETWEEN_HEADS: i64 = 60 * 60 * 1_000_000;
/// Rows that are sealed in one transaction: few, since a row may tell of megabytes.
const BATCH: usize = 200;
/// Batches of a tenant before it is the others' turn.
const BATCHES: usize = 25;
/// Among how many of the last rows one with a good seal is looked for, to go on from when the chain is none.
const LAST_ROWS: usize = 200;

/// Seals what is written, until it is stopped; then once more.
pub async fn run(app: AppState, stop: CancellationToken) {
    let mut sealer = Sealer { app, heads: BTreeMap::new(), troubles: BTreeMap::new(), looked_at: None };
    let mut interval = INTERVAL;
    loop {
        let is_last = stop.is_cancelled();
        let sealed = sealer.round(is_last).await;
        sealer.look_if_due(is_last).await;
        interval = match sealed {
            Ok(true) => Duration::ZERO,
            Ok(false) => INTERVAL,
            Err(error) => {
                warn!(%error, "sealing the audit log failed; it is tried again");
                (interval * 2).clamp(INTERVAL, LONGEST_INTERVAL)
            }
        };
        if is_last && interval != Duration::ZERO {
            return;
        }
        tokio::select! {
            // What comes now is the last round.
            () = stop.cancelled() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
}

/// What a server knows of the chains.
struct Sealer {
    app: AppState,
    /// Each one's head as this server left it: nobody may put an earlier one in its place.
    heads: BTreeMap<Arc<str>, Noted>,
    troubles: BTreeMap<Arc<str>, Trouble>,
    /// When the heads were written to the server's log.
    looked_at: Option<Timestamp>,
}

/// A tenant whose rows cannot be sealed.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    since: Timestamp,
    tried_at: Timestamp,
    told_at: Timestamp,
}

impl Sealer {
    /// Seals what is written by now; gives whether there is more. Those in trouble are tried one a round, after the
    /// others, which it does not keep waiting for longer than a lock does.
    async fn round(&mut self, is_last: bool) -> Result<bool, ApiError> {
        let tenants = store::unsealed_tenants(&mut self.app.db.read().await?).await?;
        self.troubles.retain(|tenant, _| tenants.contains(tenant));
        let (mut troubled, well): (Vec<_>, Vec<_>) =
            tenants.into_iter().partition(|tenant| self.troubles.contains_key(tenant));
        troubled.sort_by_key(|tenant| self.troubles.get(tenant).map(|trouble| trouble.tried_at));
        troubled.truncate(if is_last { usize::MAX } else { 1 });
        let mut has_more = false;
        for tenant in well.into_iter().chain(troubled) {
            has_more |= self.seal(&tenant).await;
        }
        Ok(has_more)
    }

    /// Seals the tenant's rows; gives whether there are more.
    async fn seal(&mut self, tenant: &Arc<str>) -> bool {
        let now = self.app.clock.now();
        let sealed = seal_some(&self.app.db, &self.app.audit_key, tenant, self.heads.get(tenant), now).await;
        match sealed {
            Ok(Sealed { count: _, head, has_more }) => {
                self.heads.insert(Arc::clone(tenant), head);
                self.troubles.remove(tenant);
                has_more
            }
            Err(error) => {
                warn!(%tenant, %error, "sealing a tenant's audit log failed; it is tried again");
                let trouble = Trouble { since: now, tried_at: now, told_at: now };
                let trouble = self.troubles.entry(Arc::clone(tenant)).or_insert(trouble);
                trouble.tried_at = now;
                if now.micros().saturating_sub(trouble.told_at.micros()) >= LAG {
                    trouble.told_at = now;
                    let since = trouble.since.utc().to_rfc3339();
                    error!(%tenant, %since, "the audit log is not sealed: whoever keeps it from that can delete rows");
                }
                false
            }
        }
    }

    /// Once in an hour, at the beginning and at the end, looks at every tenant's chain and writes its head to the
    /// server's log. Whoever keeps that elsewhere can later show that nothing before these heads has changed.
    async fn look_if_due(&mut self, is_last: bool) {
        let now = self.app.clock.now();
        let is_due = self.looked_at.is_none_or(|then| (now.micros() - then.micros()).abs() >= BETWEEN_HEADS);
        if !is_due && !is_last {
            return;
        }
        self.looked_at = Some(now);
        if let Err(error) = self.look().await {
            warn!(%error, "the heads of the audit log could not be read");
        }
    }

    async fn look(&mut self) -> Result<(), ApiError> {
        let mut tenants = store::known_tenants(&mut self.app.db.read().await?).await?;
        tenants.extend(self.heads.keys().cloned());
        tenants.sort();
        tenants.dedup();
        for tenant in tenants {
            match self.head_in_order(&tenant).await? {
                Some(head) => _ = self.heads.insert(Arc::clone(&tenant), head),
                // Notes what is wrong.
                None => _ = self.seal(&tenant).await,
            }
            if let Some(Noted { seq, seal }) = self.heads.get(&tenant) {
                info!(%tenant, head = format_args!("{seq}:{seal}"), "head of the audit log");
            }
        }
        Ok(())
    }

    /// The tenant's head; nothing when it is not what it should be.
    async fn head_in_order(&self, tenant: &Arc<str>) -> Result<Option<Noted>, ApiError> {
        let mut conn = self.app.db.read().await?;
        let chain = store::find(&mut conn, tenant).await?;
        let Some(chain) = chain.filter(|chain| chain.is_genuine(&self.app.audit_key, tenant)) else { return Ok(None) };
        if let Some(noted) = self.heads.get(tenant)
            && is_put_back(&mut conn, tenant, &chain, noted).await?
        {
            return Ok(None);
        }
        Ok(Some(head(&chain)))
    }
}

/// What was sealed of a tenant's rows.
struct Sealed {
    count: u64,
    head: Noted,
    has_more: bool,
}

/// Seals all that is written by now, of every tenant; gives how many rows. One tenant's failure does not hold up the
/// others; the last one is given.
pub async fn seal_all(db: &Db, key: &AuditKey, now: Timestamp) -> Result<u64, ApiError> {
    let tenants = store::unsealed_tenants(&mut db.read().await?).await?;
    let (mut count, mut failure) = (0, None);
    for tenant in tenants {
        let mut has_more = true;
        while has_more {
            has_more = match seal_some(db, key, &tenant, None, now).await {
                Ok(sealed) => {
                    count += sealed.count;
                    sealed.has_more
                }
                Err(error) => {
                    failure = Some(error);
                    false
                }
            };
        }
    }
    failure.map_or(Ok(count), Err)
}

/// Seals what is written by now of this tenant, up to some thousand rows; for who does not wait for the server to do it.
/// That it failed is only told in the log: the rows are there, and the server seals them later.
pub async fn seal_tenant(db: &Db, key: &AuditKey, tenant: &Arc<str>, now: Timestamp) {
    if let Err(error) = seal_some(db, key, tenant, None, now).await {
        warn!(%tenant, %error, "the audit log could not be sealed; a server will do it");
    }
}

/// Seals rows of this tenant, as many as the others may wait for.
async fn seal_some(
    db: &Db,
    key: &AuditKey,
    tenant: &Arc<str>,
    noted: Option<&Noted>,
    now: Timestamp,
) -> Result<Sealed, ApiError> {
    let (mut count, mut batches, mut noted) = (0, 0, noted.cloned());
    loop {
        let step = Step { key, tenant, noted: noted.as_ref(), now };
        let sealing = async { transaction!(db, |tx| step.batch(tx).await) };
        let (sealed, chain) =
            timeout(LONGEST_BATCH, sealing).await.map_err(|_| ApiError::internal("it took too long"))??;
        count += sealed as u64;
        batches += 1;
        let head = head(&chain);
        if sealed < BATCH || batches == BATCHES {
            return Ok(Sealed { count, head, has_more: sealed == BATCH });
        }
        noted = Some(head);
    }
}

/// A transaction that seals some rows.
#[derive(Clone, Copy)]
struct Step<'a> {
    key: &'a AuditKey,
    tenant: &'a Arc<str>,
    /// The head that is known.
    noted: Option<&'a Noted>,
    now: Timestamp,
}

impl Step<'_> {
    /// Seals some rows; gives how many, and the chain as it is then.
    async fn batch(self, tx: &mut Conn) -> Result<(usize, Chain), ApiError> {
        let Self { key, tenant, noted, now } = self;
        // Of two servers at once the second one waits here, and finds nothing left to do.
        if !store::try_lock(tx, tenant).await? {
            return Err(ApiError::internal("another transaction holds the chain"));
        }
        let found = store::find(tx, tenant).await?;
        let entries = store::unsealed(tx, tenant, None, BATCH).await?;
        let (is_new, mut has_changed) = (found.is_none(), !entries.is_empty());
        let mut chain = match found {
            Some(mut chain) if chain.is_genuine(key, tenant) => {
                if let Some(noted) = noted
                    && is_put_back(tx, tenant, &chain, noted).await?
                {
                    let seq = chain.last_seq.saturating_add(1);
                    error!(%tenant, seq, known = noted.seq, "the chain of the audit log has been put back");
                    chain.note_faults(key, tenant, 1, seq, now);
                    has_changed = true;
                }
                chain
            }
            found => {
                has_changed = true;
                self.recover(tx, found).await?
            }
        };
        if !has_changed {
            return Ok((0, chain));
        }
        warn_of_late(tenant, &entries, now);
        for link in chain.append(key, tenant, &entries, now) {
            if !link.is_genuine {
                error!(%tenant, id = link.id, seq = link.seq, "a row of the audit log is not as it was written");
            }
            if !store::seal(tx, tenant, link).await? {
                return Err(ApiError::internal("a row of the audit log is held, or has gone while it was sealed"));
            }
        }
        if is_new {
            store::insert(tx, tenant, &chain).await?;
        } else {
            store::update(tx, tenant, &chain).await?;
        }
        Ok((entries.len(), chain))
    }

    /// The chain to go on with when there is none, or when it is not as it was signed: behind every number in use. A
    /// tenant gets its chain when it is made, so that this is a fault, and remembered: the new code covers nothing up.
    async fn recover(self, tx: &mut Conn, found: Option<Chain>) -> Result<Chain, ApiError> {
        let Self { key, tenant, noted: _, now } = self;
        let first = store::sealed(tx, tenant, None, 1).await?;
        let last = store::last_sealed(tx, tenant, LAST_ROWS).await?;
        let chain = Chain::recovered(key, tenant, found, first.first(), &last, now);
        let seq = chain.last_seq;
        error!(%tenant, seq, "the chain of the audit log is missing or forged; sealing goes on behind this number");
        Ok(chain)
    }
}

fn head(chain: &Chain) -> Noted {
    Noted { seq: chain.last_seq, seal: chain.last_seal.clone() }
}

/// Whether the chain is not what follows this head. Another server may have gone on behind it.
async fn is_put_back(conn: &mut Conn, tenant: &Arc<str>, chain: &Chain, noted: &Noted) -> Result<bool, ApiError> {
    if chain.last_seq == noted.seq {
        return Ok(!same(&chain.last_seal, &noted.seal));
    }
    if chain.last_seq < noted.seq {
        return Ok(true);
    }
    // Retention may have deleted it, and before the first row there is none.
    if noted.seq < chain.first_seq {
        return Ok(false);
    }
    let seals = store::seals(conn, tenant, noted.seq).await?;
    Ok(!seals.iter().any(|seal| same(seal, &noted.seal)))
}

fn warn_of_late(tenant: &str, entries: &[Entry], now: Timestamp) {
    let is_late = |entry: &&Entry| entry.moment().is_some_and(|at| at.micros() + TOLERANCE < now.micros());
    let count = entries.iter().filter(is_late).count();
    if count > 0 {
        warn!(tenant, count, "rows of the audit log are sealed long after they were written");
    }
}
