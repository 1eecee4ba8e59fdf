//! Where a tenant's chain begins and ends.

use super::{Entry, Link, Place, SealedAs, TOLERANCE};
use crate::audit::key::{AuditKey, same};
use crate::clock::Timestamp;
use crate::db::Stored;

/// Stands for the seal before the first row.
const NO_SEAL: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Up to here a number is believed that nothing proves: behind it there is room for all rows to come.
pub const MOST_BELIEVED: i64 = i64::MAX >> 1;

/// Where a tenant's chain begins and ends, under one code: nobody can put one part back without the others.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Chain {
    /// The number of the last row that was sealed.
    pub last_seq: i64,
    /// Its seal.
    #[sqlx(try_from = "Stored<String>")]
    pub last_seal: String,
    /// When it was sealed.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub last_sealed_at: Option<Timestamp>,
    /// How often the server itself came upon tampering.
    pub faults: i64,
    /// At which number the last time.
    pub fault_seq: Option<i64>,
    /// When.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub fault_at: Option<Timestamp>,
    /// The number of the first row that must be there.
    pub first_seq: i64,
    /// The seal before it.
    #[sqlx(try_from = "Stored<String>")]
    pub previous_seal: String,
    /// When the last row that was deleted had been sealed.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub deleted_until: Option<Timestamp>,
    /// The code of all of it.
    #[sqlx(try_from = "Stored<String>")]
    pub mac: String,
}

impl Chain {
    /// Of a tenant whose rows begin at this number, after this seal.
    fn starting(key: &AuditKey, tenant: &str, first_seq: i64, previous_seal: &str) -> Self {
        let mut chain = Self {
            last_seq: first_seq.saturating_sub(1),
            last_seal: previous_seal.to_owned(),
            last_sealed_at: None,
            faults: 0,
            fault_seq: None,
            fault_at: None,
            first_seq,
            previous_seal: previous_seal.to_owned(),
            deleted_until: None,
            mac: String::new(),
        };
        chain.mac = chain.sign(key, tenant);
        chain
    }

    /// Of a tenant without rows.
    pub fn new(key: &AuditKey, tenant: &str) -> Self {
        Self::starting(key, tenant, 1, NO_SEAL)
    }

    /// Whether it is as it was signed.
    pub fn is_genuine(&self, key: &AuditKey, tenant: &str) -> bool {
        same(&self.mac, &self.sign(key, tenant))
    }

    /// Gives these rows, in this order, their places at the end. Moments do not go back along the chain, unless the
    /// clock was far ahead before: then the right time counts again.
    pub fn append(&mut self, key: &AuditKey, tenant: &str, entries: &[Entry], now: Timestamp) -> Vec<Link> {
        let last = self.last_sealed_at.filter(|last| last.micros().saturating_sub(TOLERANCE) <= now.micros());
        let sealed_at = last.map_or(now, |last| last.max(now));
        let mut links = Vec::with_capacity(entries.len());
        for entry in entries {
            let (id, is_genuine) = (entry.id, entry.is_genuine(key, tenant));
            let (seq, previous_seal) = (self.last_seq.saturating_add(1), self.last_seal.clone());
            let place = Place { seq, id, previous_seal: &previous_seal, sealed_at };
            let seal = place.seal(key, tenant, is_genuine, &entry.mac);
            (self.last_seq, self.last_seal, self.last_sealed_at) = (seq, seal.clone(), Some(sealed_at));
            links.push(Link { id, seq, previous_seal, seal, sealed_at, is_genuine });
        }
        self.mac = self.sign(key, tenant);
        links
    }

    /// The chain to go on with when there is none, or when it is not as it was signed: with the seal of the last row
    /// that has a good one, or else from its beginning, but behind every number that a row has or the chain names. No
    /// number comes a second time: under another key all old rows are still there. It begins at the first row that is
    /// there, or before it if the chain said so. `last` are the last rows, the very last one first. That this was found
    /// is remembered, so that the new code covers nothing up.
    pub fn recovered(
        key: &AuditKey,
        tenant: &str,
        found: Option<Self>,
        first: Option<&Entry>,
        last: &[Entry],
        now: Timestamp,
    ) -> Self {
        let named = found.as_ref().map(|chain| (chain.first_seq, chain.previous_seal.clone()));
        let there = first.and_then(|first| Some((first.seq?, first.previous_seal.clone().unwrap_or_default())));
        let earliest = match (named, there) {
            (Some(named), Some(there)) => Some(if named.0 < there.0 { named } else { there }),
            (named, there) => named.or(there),
        };
        let (first_seq, previous_seal) = earliest.unwrap_or_else(|| (1, NO_SEAL.to_owned()));
        let mut chain = Self::starting(key, tenant, first_seq.clamp(1, MOST_BELIEVED), &previous_seal);
        let in_use = last.first().and_then(|last| last.seq).max(found.map(|found| found.last_seq)).unwrap_or_default();
        let last = last.iter().find(|entry| entry.sealed_as(key, tenant) != SealedAs::Nothing);
        if let Some((seq, seal, entry)) = last.and_then(|last| Some((last.seq?, last.seal.clone()?, last))) {
            (chain.last_seq, chain.last_seal, chain.last_sealed_at) = (seq, seal, entry.sealed_moment());
        }
        chain.last_seq = chain.last_seq.max(in_use.min(MOST_BELIEVED));
        chain.note_faults(key, tenant, 1, chain.last_seq.saturating_add(1), now);
        chain
    }

    /// Remembers that tampering was found.
    pub fn note_faults(&mut self, key: &AuditKey, tenant: &str, count: i64, seq: i64, now: Timestamp) {
        self.faults = self.faults.max(0).saturating_add(count);
        (self.fault_seq, self.fault_at) = (Some(seq), Some(now));
        self.mac = self.sign(key, tenant);
    }

    /// Forgets tampering that was found before this moment: it is remembered for as long as rows are.
    pub fn forget_faults(&mut self, key: &AuditKey, tenant: &str, before: Timestamp) -> bool {
        let is_old = self.fault_at.is_some_and(|moment| moment < before);
        if is_old {
            (self.faults, self.fault_seq, self.fault_at) = (0, None, None);
            self.mac = self.sign(key, tenant);
        }
        is_old
    }

    /// Lets the chain begin later, after rows have been deleted that were sealed up to this moment.
    pub fn begin_at(
        &mut self,
        key: &AuditKey,
        tenant: &str,
        first_seq: i64,
        previous_seal: &str,
        deleted_until: Option<Timestamp>,
    ) {
        (self.first_seq, self.previous_seal) = (first_seq, previous_seal.to_owned());
        self.deleted_until = self.deleted_until.max(deleted_until);
        self.mac = self.sign(key, tenant);
    }

    fn sign(&self, key: &AuditKey, tenant: &str) -> String {
        let Self {
            last_seq,
            last_seal,
            last_sealed_at,
            faults,
            fault_seq,
            fault_at,
            first_seq,
            previous_seal,
            deleted_until,
            mac: _,
        } = self;
        let signing = key.sign("chain").text(tenant).number(*last_seq).text(last_seal);
        let signing = signing.maybe(micros(*last_sealed_at).as_deref()).number(*faults);
        let signing = signing.maybe(fault_seq.map(|seq| seq.to_string()).as_deref());
        let signing = signing.maybe(micros(*fault_at).as_deref()).number(*first_seq).text(previous_seal);
        signing.maybe(micros(*deleted_until).as_deref()).finish()
    }
}

fn micros(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.micros().to_string())
}
