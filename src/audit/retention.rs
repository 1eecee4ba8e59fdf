//! Deletes old rows from the beginning of each chain, and signs where it begins then, so that the rest still verifies.
//!
//! How old a row is tells the moment of its seal: that is the server's that sealed it, and nobody without the key can
//! give a row another one. A clock that was wrong when a row was written makes no difference.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use tracing::{error, warn};

use super::chain::verifier::Verifier;
use super::chain::{Chain, Entry, SealedAs, TOLERANCE, store};
use super::key::AuditKey;
use crate::clock::Timestamp;
use crate::db::{Conn, Db, DbResult, transaction};
use crate::error::ApiError;

/// Rows that are deleted in one transaction: few enough that nobody waits for long on SQLite, which has one writer.
const BATCH: usize = 200;
/// The most copies of rows that are looked for.
const MOST_COPIES: usize = 1000;

/// The moment before which rows are to be deleted.
pub fn oldest_kept(now: Timestamp, days: u32) -> Timestamp {
    Timestamp::new(now.utc() - TimeDelta::days(days.into()))
}

/// Deletes every tenant's rows that were sealed before this moment, up to the first one that was not; gives how many.
/// Where the chain is not as it was signed nothing is touched: that would be lost what was tampered with. One tenant's
/// failure does not hold up the others; the last one is given.
pub async fn delete_expired(db: &Db, key: &AuditKey, older_than: Timestamp, now: Timestamp) -> Result<u64, ApiError> {
    let tenants = store::known_tenants(&mut db.read().await?).await?;
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
    /// Rows that were sealed before this moment go.
    pub older_than: Timestamp,
    /// Now.
    pub now: Timestamp,
}

impl Cut<'_> {
    async fn all(self, db: &Db) -> Result<u64, ApiError> {
        let mut copies = HashSet::new();
        {
            let mut conn = db.read().await?;
            let first = store::sealed(&mut conn, self.tenant, None, BATCH).await?;
            if self.expired(&mut conn, &first).await? > 0 {
                // Only when there is something to delete: it looks through all rows.
                let found = store::copies(&mut conn, self.tenant, MOST_COPIES).await?;
                copies.extend(found.into_iter().map(|(_, _, nonce)| nonce));
            }
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
        let Self { key, tenant, .. } = self;
        store::lock(tx, tenant).await?;
        let chain = store::find(tx, tenant).await?.filter(|chain| chain.is_genuine(key, tenant));
        let Some(mut chain) = chain else {
            error!(%tenant, "the chain of the audit log is missing or forged; no old row is deleted");
            return Ok(0);
        };
        let mut entries = store::sealed(tx, tenant, None, BATCH).await?;
        let expired = self.expired(tx, &entries).await?;
        entries.truncate(expired);
        let has_changed = self.advance(&mut chain, &entries, copies);
        for entry in &entries {
            store::delete(tx, tenant, entry.id).await?;
        }
        if has_changed {
            store::update(tx, tenant, &chain).await?;
        }
        Ok(entries.len())
    }

    /// How many of these rows, from the first one on, are old enough; those behind them are read if that is not clear.
    async fn expired(self, conn: &mut Conn, entries: &[Entry]) -> DbResult<usize> {
        let (count, is_settled) = self.count_expired(entries);
        if is_settled || count == entries.len() {
            return Ok(count);
        }
        let mut place = entries.last().and_then(|last| Some((last.seq?, last.id)));
        while place.is_some() {
            let behind = store::sealed(conn, self.tenant, place, BATCH).await?;
            match self.count_expired(&behind) {
                (0, false) => place = behind.last().and_then(|last| Some((last.seq?, last.id))),
                (0, true) => return Ok(count),
                _ => return Ok(entries.len()),
            }
        }
        Ok(count)
    }

    /// How many of these rows, from the first one on, are old enough, and whether one behind them is not. A row is at
    /// least as old as those behind it. So one that was tampered with, which may say anything, is as old as those around
    /// it, and so is one that was sealed in the future: the clock was wrong.
    pub fn count_expired(self, entries: &[Entry]) -> (usize, bool) {
        let Self { key, tenant, older_than, now } = self;
        let mut count = 0;
        for (index, entry) in entries.iter().enumerate() {
            let Some(moment) = entry.sealed_moment() else { continue };
            if moment < older_than {
                count = index + 1;
            } else if moment.micros().saturating_sub(TOLERANCE) <= now.micros()
                && entry.sealed_as(key, tenant) != SealedAs::Nothing
            {
                return (count, true);
            }
        }
        (count, false)
    }

    /// Lets the chain begin behind these rows; gives whether it has changed. They are verified before they go, so that
    /// tampering that nobody has looked for yet is remembered, not forgotten with them. `copies` are the nonces of rows
    /// that are there twice.
    pub fn advance(self, chain: &mut Chain, entries: &[Entry], copies: &HashSet<String>) -> bool {
        let Self { key, tenant, older_than, now } = self;
        let has_forgotten = chain.forget_faults(key, tenant, older_than);
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
            if problem.kind.is_of_time() {
                warn!(%tenant, %problem, "a row of the audit log goes that was told of up to now");
            } else {
                error!(%tenant, %problem, "the audit log has been tampered with; the row is old and goes");
            }
        }
        let tampering = problems.list.iter().filter(|problem| !problem.kind.is_of_time());
        let count = i64::try_from(tampering.clone().count()).unwrap_or(i64::MAX);
        if let Some(problem) = tampering.clone().next() {
            let seq = problem.seqs.map_or(chain.first_seq, |(first, _)| first);
            chain.note_faults(key, tenant, count, seq, now);
        }
        let sealed = entries.iter().filter(|entry| entry.sealed_as(key, tenant) != SealedAs::Nothing);
        let last = sealed.clone().next_back().and_then(|last| Some((last.seq?, last.seal.as_deref()?)));
        // A row that was deleted before, and put back, is no place to begin at.
        if let Some((seq, seal)) = last.filter(|(seq, _)| *seq >= chain.first_seq) {
            let until = sealed.filter_map(Entry::sealed_moment).filter(|moment| *moment < older_than).max();
            chain.begin_at(key, tenant, seq.saturating_add(1), seal, until);
        }
        true
    }
}
