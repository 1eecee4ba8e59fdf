//! Deletes old rows from the beginning of each chain, and leaves a signed checkpoint behind from which the rest still
//! verifies.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use tracing::error;

use super::chain::verifier::Verifier;
use super::chain::{Chain, Entry, SealedAs, store};
use super::key::AuditKey;
use crate::clock::Timestamp;
use crate::db::{Conn, Db, transaction};
use crate::error::ApiError;

/// Rows that are deleted in one transaction: few enough that nobody waits for long on SQLite, which has one writer.
const BATCH: usize = 200;
/// The most copies of rows that are looked for.
const MOST_COPIES: usize = 1000;

/// The moment before which rows are to be deleted.
pub fn oldest_kept(now: Timestamp, days: u32) -> Timestamp {
    Timestamp::new(now.utc() - TimeDelta::days(days.into()))
}

/// Deletes every tenant's sealed rows from before this moment, up to the first one that is not; gives how many. One
/// tenant's failure does not hold up the others; the last one is given.
pub async fn delete_expired(db: &Db, key: &AuditKey, older_than: Timestamp, now: Timestamp) -> Result<u64, ApiError> {
    let tenants = store::chained_tenants(&mut db.read().await?).await?;
    let (mut count, mut failure) = (0, None);
    for tenant in tenants {
        let cut = Cut { key, tenant: &tenant, older_than, now };
        match cut.all(db).await {
            Ok(deleted) => count += deleted,
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(count), Err)
}

/// Cuts off what is old of a tenant's rows.
#[derive(Clone, Copy)]
pub struct Cut<'a> {
    /// What the rows are signed under.
    pub key: &'a AuditKey,
    /// Whose rows.
    pub tenant: &'a Arc<str>,
    /// Rows from before this moment go.
    pub older_than: Timestamp,
    /// Now.
    pub now: Timestamp,
}

impl Cut<'_> {
    async fn all(self, db: &Db) -> Result<u64, ApiError> {
        let first = store::sealed(&mut db.read().await?, self.tenant, store::START, BATCH).await?;
        let mut copies = HashSet::new();
        if self.expired(&first) > 0 {
            // Only when there is something to delete: it looks through all rows.
            let found = store::copies(&mut db.read().await?, self.tenant, MOST_COPIES).await?;
            copies.extend(found.into_iter().map(|(_, _, nonce)| nonce));
        }
        let mut count = 0;
        loop {
            let deleted = transaction!(db, |tx| self.batch(tx, &copies).await)?;
            if deleted == 0 {
                return Ok(count);
            }
            count += deleted as u64;
        }
    }

    async fn batch(self, tx: &mut Conn, copies: &HashSet<String>) -> Result<usize, ApiError> {
        store::lock(tx, self.tenant).await?;
        let Some(mut chain) = store::find(tx, self.tenant).await? else { return Ok(0) };
        let mut entries = store::sealed(tx, self.tenant, store::START, BATCH).await?;
        entries.truncate(self.expired(&entries));
        let has_changed = self.advance(&mut chain, &entries, copies);
        for entry in &entries {
            store::delete(tx, self.tenant, entry.id).await?;
        }
        if has_changed {
            store::update(tx, self.tenant, &chain).await?;
        }
        Ok(entries.len())
    }

    /// How many of these rows, from the first one on, are old enough. A row that was tampered with is as old as those
    /// around it: it may say anything.
    pub fn expired(self, entries: &[Entry]) -> usize {
        let Self { key, tenant, older_than, now: _ } = self;
        let mut count = 0;
        for (index, entry) in entries.iter().enumerate() {
            if entry.moment().is_some_and(|moment| moment < older_than) {
                count = index + 1;
            } else if entry.is_genuine(key, tenant) && entry.sealed_as(key, tenant) == SealedAs::Genuine {
                break;
            }
        }
        count
    }

    /// Lets the chain begin behind these rows; gives whether it has changed. They are verified before they go, so that
    /// tampering that nobody has looked for yet is remembered, not forgotten with them. `copies` are the nonces of rows
    /// that are there twice.
    pub fn advance(self, chain: &mut Chain, entries: &[Entry], copies: &HashSet<String>) -> bool {
        let Self { key, tenant, older_than, now } = self;
        // A head that is not as it was signed must not be signed again.
        let has_genuine_head = chain.has_genuine_head(key, tenant);
        let has_forgotten = has_genuine_head && chain.forget_faults(key, tenant, older_than);
        if entries.is_empty() {
            return has_forgotten;
        }
        let mut verifier = Verifier::new(key, tenant, None, Some(&*chain));
        for entry in entries {
            verifier.sealed(entry);
            if copies.contains(&entry.nonce) {
                verifier.copied(entry.seq, entry.id);
            }
        }
        verifier.settle();
        let problems = verifier.problems();
        for problem in &problems.list {
            error!(%tenant, %problem, "the audit log has been tampered with; the row is old and goes");
        }
        if let (Some(problem), true) = (problems.list.first(), has_genuine_head) {
            let seq = problem.seqs.map_or(chain.first_seq, |(first, _)| first);
            let count = i64::try_from(problems.count()).unwrap_or(i64::MAX);
            chain.note_faults(key, tenant, count, seq, now);
        }
        let last = entries.iter().rev().find(|entry| entry.sealed_as(key, tenant) != SealedAs::Nothing);
        if let Some((seq, seal)) = last.and_then(|last| Some((last.seq?, last.seal.as_deref()?))) {
            chain.begin_at(key, tenant, seq.saturating_add(1), seal, older_than);
        }
        true
    }
}
