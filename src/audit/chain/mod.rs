//! The chain that a tenant's rows are sealed into, as plain values: what a row's code and seal are made of, how rows
//! are added at the end, and how old ones go from the beginning.
//!
//! * A row's **code** is made by its writer, from all that the row says. It proves that the server wrote it.
//! * A row's **seal** is made later, from its number, its id, its code and the seal before it. It proves its place.
//! * The chain's **head** names the last seal, so that rows cannot be cut off at the end.
//! * Its **checkpoint** names the first row that must be there, and the seal before it, so that old rows can go.

pub mod problem;
pub mod store;
pub mod verifier;

use super::key::{AuditKey, same};
use crate::clock::Timestamp;
use crate::db::{Stored, readable};

/// Stands for the seal before the first row.
const NO_SEAL: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Up to here a number is believed that nothing proves: behind it there is room for all rows to come.
const MOST_BELIEVED: i64 = i64::MAX >> 1;

/// All that a row says, as it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Drawn by lot, so that no two rows are alike.
    pub nonce: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub resource_type: &'a str,
    /// To which one.
    pub resource_id: Option<&'a str>,
    /// By whom.
    pub user_id: Option<&'a str>,
    /// From where.
    pub ip: Option<&'a str>,
    /// With what.
    pub user_agent: Option<&'a str>,
    /// In which request.
    pub request_id: Option<&'a str>,
    /// The JSON of what changed, to the letter.
    pub changes: &'a str,
    /// When; nothing for what cannot be read.
    pub created_at: Option<Timestamp>,
}

impl Facts<'_> {
    /// The row's code.
    pub fn sign(&self, key: &AuditKey, tenant: &str) -> String {
        let Self {
            nonce,
            action,
            resource_type,
            resource_id,
            user_id,
            ip,
            user_agent,
            request_id,
            changes,
            created_at,
        } = *self;
        let created_at = created_at.map(|moment| moment.micros().to_string());
        let signing = key.sign("row").text(tenant).text(nonce).text(action).text(resource_type).maybe(resource_id);
        let signing = signing.maybe(user_id).maybe(ip).maybe(user_agent).maybe(request_id).text(changes);
        signing.maybe(created_at.as_deref()).finish()
    }
}

/// A row as the database has it. Whoever can write there can put in anything, so every column is read as what is
/// stored there, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// Key.
    pub id: i64,
    /// Number in the chain; nothing while it is not sealed.
    pub seq: Option<i64>,
    /// Drawn by lot.
    #[sqlx(try_from = "Stored<String>")]
    pub nonce: String,
    /// What was done.
    #[sqlx(try_from = "Stored<String>")]
    pub action: String,
    /// To what.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_type: String,
    /// To which one.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_id: Option<String>,
    /// By whom.
    #[sqlx(try_from = "Stored<String>")]
    pub user_id: Option<String>,
    /// From where.
    #[sqlx(try_from = "Stored<String>")]
    pub ip: Option<String>,
    /// With what.
    #[sqlx(try_from = "Stored<String>")]
    pub user_agent: Option<String>,
    /// In which request.
    #[sqlx(try_from = "Stored<String>")]
    pub request_id: Option<String>,
    /// The JSON of what changed.
    #[sqlx(try_from = "Stored<String>")]
    pub changes: String,
    /// When.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub created_at: Option<Timestamp>,
    /// The row's code.
    #[sqlx(try_from = "Stored<String>")]
    pub mac: String,
    /// The seal before its own.
    #[sqlx(try_from = "Stored<String>")]
    pub previous_seal: Option<String>,
    /// Its seal.
    #[sqlx(try_from = "Stored<String>")]
    pub seal: Option<String>,
}

/// Who sealed a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedAs {
    /// The server, which found its code right.
    Genuine,
    /// The server, which found its code wrong.
    Forged,
    /// Nobody, at this place.
    Nothing,
}

impl Entry {
    /// When it was written, if that can be read.
    pub fn moment(&self) -> Option<Timestamp> {
        self.created_at.and_then(readable)
    }

    /// The code that a row with this content has.
    pub fn sign(&self, key: &AuditKey, tenant: &str) -> String {
        let facts = Facts {
            nonce: &self.nonce,
            action: &self.action,
            resource_type: &self.resource_type,
            resource_id: self.resource_id.as_deref(),
            user_id: self.user_id.as_deref(),
            ip: self.ip.as_deref(),
            user_agent: self.user_agent.as_deref(),
            request_id: self.request_id.as_deref(),
            changes: &self.changes,
            created_at: self.moment(),
        };
        facts.sign(key, tenant)
    }

    /// Whether its content is what its writer signed.
    pub fn is_genuine(&self, key: &AuditKey, tenant: &str) -> bool {
        same(&self.mac, &self.sign(key, tenant))
    }

    /// Whether its seal is of its number, its id, its code and the seal that it names before its own.
    pub fn sealed_as(&self, key: &AuditKey, tenant: &str) -> SealedAs {
        let (Some(seq), Some(previous), Some(seal)) = (self.seq, &self.previous_seal, &self.seal) else {
            return SealedAs::Nothing;
        };
        let is = |is_genuine| same(seal, &sign_seal(key, tenant, is_genuine, seq, self.id, previous, &self.mac));
        if is(true) {
            SealedAs::Genuine
        } else if is(false) {
            SealedAs::Forged
        } else {
            SealedAs::Nothing
        }
    }
}

/// The seal of a row. One whose code is wrong is sealed as such: it must not hold up the others, and nobody can later
/// pretend that it was right.
fn sign_seal(
    key: &AuditKey,
    tenant: &str,
    is_genuine: bool,
    seq: i64,
    id: i64,
    previous_seal: &str,
    mac: &str,
) -> String {
    let purpose = if is_genuine { "seal" } else { "seal of a forged row" };
    key.sign(purpose).text(tenant).number(seq).number(id).text(previous_seal).text(mac).finish()
}

/// A seal for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The row.
    pub id: i64,
    /// Its number.
    pub seq: i64,
    /// The seal before.
    pub previous_seal: String,
    /// Its seal.
    pub seal: String,
    /// Whether its code is right.
    pub is_genuine: bool,
}

/// Where a tenant's chain begins and ends.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Chain {
    /// The head: the number of the last row that was sealed.
    pub last_seq: i64,
    /// The head: its seal.
    #[sqlx(try_from = "Stored<String>")]
    pub last_seal: String,
    /// The head: how often the server itself came upon tampering.
    pub faults: i64,
    /// The head: at which number the last time.
    pub fault_seq: Option<i64>,
    /// The head: when.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub fault_at: Option<Timestamp>,
    /// The head's code.
    #[sqlx(try_from = "Stored<String>")]
    pub head_mac: String,
    /// The checkpoint: the number of the first row that must be there.
    pub first_seq: i64,
    /// The checkpoint: the seal before it.
    #[sqlx(try_from = "Stored<String>")]
    pub previous_seal: String,
    /// The checkpoint: rows from before this moment have been deleted.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub deleted_before: Option<Timestamp>,
    /// The checkpoint's code.
    #[sqlx(try_from = "Stored<String>")]
    pub checkpoint_mac: String,
}

impl Chain {
    /// Of a tenant whose rows begin at this number, after this seal.
    pub fn starting(key: &AuditKey, tenant: &str, first_seq: i64, previous_seal: &str) -> Self {
        let mut chain = Self {
            last_seq: first_seq.saturating_sub(1),
            last_seal: previous_seal.to_owned(),
            faults: 0,
            fault_seq: None,
            fault_at: None,
            head_mac: String::new(),
            first_seq,
            previous_seal: previous_seal.to_owned(),
            deleted_before: None,
            checkpoint_mac: String::new(),
        };
        chain.head_mac = chain.sign_head(key, tenant);
        chain.checkpoint_mac = chain.sign_checkpoint(key, tenant);
        chain
    }

    /// Of a tenant without rows.
    pub fn new(key: &AuditKey, tenant: &str) -> Self {
        Self::starting(key, tenant, 1, NO_SEAL)
    }

    /// Whether the head is as it was signed.
    pub fn has_genuine_head(&self, key: &AuditKey, tenant: &str) -> bool {
        same(&self.head_mac, &self.sign_head(key, tenant))
    }

    /// Whether the checkpoint is as it was signed.
    pub fn has_genuine_checkpoint(&self, key: &AuditKey, tenant: &str) -> bool {
        same(&self.checkpoint_mac, &self.sign_checkpoint(key, tenant))
    }

    /// Gives these rows, in this order, their places at the end.
    pub fn append(&mut self, key: &AuditKey, tenant: &str, entries: &[Entry]) -> Vec<Link> {
        let mut links = Vec::with_capacity(entries.len());
        for entry in entries {
            let (id, is_genuine) = (entry.id, entry.is_genuine(key, tenant));
            let (seq, previous_seal) = (self.last_seq.saturating_add(1), self.last_seal.clone());
            let seal = sign_seal(key, tenant, is_genuine, seq, id, &previous_seal, &entry.mac);
            (self.last_seq, self.last_seal) = (seq, seal.clone());
            links.push(Link { id, seq, previous_seal, seal, is_genuine });
        }
        self.head_mac = self.sign_head(key, tenant);
        links
    }

    /// The chain to go on with when there is none, or when its head is not as it was signed: with the seal of the last
    /// row that has a good one, or else from its beginning, but behind every number that a row has or the head names.
    /// No number comes a second time: under another key all old rows are still there. `last` are the last rows, the
    /// very last one first. That this was found is remembered, so that the new head covers nothing up; only without any
    /// sealed row it is a new chain.
    pub fn recovered(
        key: &AuditKey,
        tenant: &str,
        found: Option<Self>,
        first: Option<&Entry>,
        last: &[Entry],
        now: Timestamp,
    ) -> Self {
        let mut chain = match (found, first) {
            (Some(chain), _) => chain,
            (None, None) => return Self::new(key, tenant),
            (None, Some(first)) => {
                let previous_seal = first.previous_seal.as_deref().unwrap_or_default();
                Self::starting(key, tenant, first.seq.unwrap_or(1).max(1), previous_seal)
            }
        };
        let in_use = last.first().and_then(|last| last.seq).max(Some(chain.last_seq)).unwrap_or_default();
        let last = last.iter().find(|entry| entry.sealed_as(key, tenant) != SealedAs::Nothing);
        let last = last.and_then(|last| Some((last.seq?, last.seal.clone()?)));
        (chain.last_seq, chain.last_seal) = match last {
            Some(last) => last,
            None if chain.has_genuine_checkpoint(key, tenant) => {
                (chain.first_seq.saturating_sub(1), chain.previous_seal.clone())
            }
            None => (0, NO_SEAL.to_owned()),
        };
        chain.last_seq = chain.last_seq.max(in_use.min(MOST_BELIEVED));
        chain.note_faults(key, tenant, 1, chain.last_seq.saturating_add(1), now);
        chain
    }

    /// Remembers that tampering was found.
    pub fn note_faults(&mut self, key: &AuditKey, tenant: &str, count: i64, seq: i64, now: Timestamp) {
        self.faults = self.faults.max(0).saturating_add(count);
        (self.fault_seq, self.fault_at) = (Some(seq), Some(now));
        self.head_mac = self.sign_head(key, tenant);
    }

    /// Forgets tampering that was found before this moment: it is remembered for as long as rows are.
    pub fn forget_faults(&mut self, key: &AuditKey, tenant: &str, before: Timestamp) -> bool {
        let is_old = self.fault_at.is_some_and(|moment| moment < before);
        if is_old {
            (self.faults, self.fault_seq, self.fault_at) = (0, None, None);
            self.head_mac = self.sign_head(key, tenant);
        }
        is_old
    }

    /// Lets the chain begin later, after rows from before this moment have been deleted.
    pub fn begin_at(
        &mut self,
        key: &AuditKey,
        tenant: &str,
        first_seq: i64,
        previous_seal: &str,
        deleted_before: Timestamp,
    ) {
        (self.first_seq, self.previous_seal) = (first_seq, previous_seal.to_owned());
        self.deleted_before = self.deleted_before.max(Some(deleted_before));
        self.checkpoint_mac = self.sign_checkpoint(key, tenant);
    }

    fn sign_head(&self, key: &AuditKey, tenant: &str) -> String {
        let signing = key.sign("head").text(tenant).number(self.last_seq).text(&self.last_seal).number(self.faults);
        let (seq, moment) = (self.fault_seq.map(|seq| seq.to_string()), micros(self.fault_at));
        signing.maybe(seq.as_deref()).maybe(moment.as_deref()).finish()
    }

    fn sign_checkpoint(&self, key: &AuditKey, tenant: &str) -> String {
        let signing = key.sign("checkpoint").text(tenant).number(self.first_seq).text(&self.previous_seal);
        signing.maybe(micros(self.deleted_before).as_deref()).finish()
    }
}

fn micros(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.micros().to_string())
}

#[cfg(test)]
mod tests;
